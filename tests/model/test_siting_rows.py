"""Siting: pace of openings, phases, blocks, numbers of sites, service from open sites."""

from __future__ import annotations

import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, is_possible, part, solve

FIR = "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}"
WHOLE = "siting.whole_openings=true"
PACE_MW = 640 * 0.2 * 2  # a fifth of Elm's 640 MW a year, in the two years up to 2027
MARGIN = 0.01


def halls(site: str, year: str, mw: float) -> Wish:
    return lambda m: [at(m.halls.stands_mw, site, year) == mw]


def test_opening_pace_bites_at_what_can_be_built_by_then():
    # 1,040 MW of land would carry 256 MW of halls on a quarter of an opening. Openings are
    # relaxed here, which is what the row is for; least sizes are out of the way.
    inputs = inputs_of(FIR, WHOLE)
    inputs = changed(inputs, "siting", whole_openings=False)

    def opened(share: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2027") == share, at(m.halls.stands_mw, "fir", "2027") == 0.6 * PACE_MW]

    assert_bites("opening_pace", inputs, opened(0.6), opened(0.6 - 1e-4))


def test_a_site_is_open_in_whole_or_not_at_all():
    inputs = inputs_of(FIR, WHOLE)

    assert not is_possible(inputs, lambda m: [at(m.open, "fir", "2027") == 0.4])
    assert is_possible(inputs, lambda m: [at(m.open, "fir", "2027") == 1.0])


def test_hall_phases_bites_between_two_phases():
    inputs = inputs_of("siting.phase_mw=17")

    def build(mw: float) -> Wish:
        return lambda m: [at(m.build, "elm", "plate_dry|N", "2027", "ordered") == mw]

    assert_bites("hall_phases", inputs, build(3 * 17.0), build(3 * 17.0 + 1.0))


def test_block_least_bites_below_the_block():
    inputs = inputs_of("siting.block_mw={train: 41}")

    def racks(mw: float) -> Wish:
        return lambda m: [at(m.siting.in_block_mw, "elm", "train", "2027") == mw]

    assert_bites("block_least", inputs, racks(41.0 + MARGIN), racks(41.0 - MARGIN))
    assert is_possible(inputs, racks(0.0))


def test_block_or_none_bites_where_a_site_does_not_hold_the_class():
    inputs = inputs_of("siting.block_mw={train: 41}")

    def racks(holds: float) -> Wish:
        return lambda m: [
            at(m.siting.holds, "elm", "train", "2027") == holds,
            at(m.siting.in_block_mw, "elm", "train", "2027") == 47.0,
        ]

    assert_bites("block_or_none", inputs, racks(1.0), racks(0.0))


def test_a_larger_block_never_costs_less():
    costs = [solve(inputs_of(f"siting.block_mw={{train: {mw}}}")).cost_musd for mw in (29, 83, 157)]

    assert costs == sorted(costs)


@pytest.mark.parametrize("count", [2, 3])
def test_exact_sites_bites_at_the_number_asked_for(count):
    # Oak and Elm stand; Fir makes three.
    inputs = inputs_of(FIR, WHOLE, f"siting.exactly_sites={count}")

    def opened(fir: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2027") == fir]

    assert_bites("exact_sites", inputs, opened(count - 2.0), opened(3.0 - count))


def test_most_sites_bites_at_one_more():
    inputs = inputs_of(FIR, WHOLE, "siting.at_most_sites=2")

    def opened(fir: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2027") == fir]

    assert_bites("most_sites", inputs, opened(0.0), opened(1.0))


def test_a_site_that_must_open_opens_and_one_that_must_not_does_not():
    must = solve(inputs_of(FIR, WHOLE, "siting.must_open=[fir]"))
    must_not = solve(inputs_of(FIR, WHOLE, "siting.must_not_open=[fir]"))
    free = solve(inputs_of(FIR, WHOLE))

    assert must.at(must.model.open, "fir", "2027") == pytest.approx(1.0)
    assert must_not.at(must_not.model.open, "fir", "2027") == pytest.approx(0.0)
    assert must_not.sum(must_not.model.build, site="fir") == pytest.approx(0.0)
    assert free.cost_musd == pytest.approx(min(must.cost_musd, must_not.cost_musd), rel=1e-4)


def test_served_only_if_open_bites_at_the_share_that_is_open():
    inputs = inputs_of(FIR, WHOLE, "siting.open_rows=all")
    inputs = changed(inputs, "siting", whole_openings=False)
    demand = inputs.demand
    wanted = demand.demand_kh100e[demand.demand.position("bay", "chat", "2027")]

    def served(kh100e: float) -> Wish:
        return lambda m: [
            at(m.open, "fir", "2027") == 0.55,
            part(m.served, region="bay", workload="chat", site="fir", year="2027") == kh100e,
        ]

    inside, outside = served(0.55 * wanted - MARGIN), served(0.55 * wanted + MARGIN)
    assert_bites("served_only_if_open", inputs, inside, outside)
