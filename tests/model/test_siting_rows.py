"""Siting: pace of openings, phases, blocks, numbers of sites, service from open sites."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, is_possible, long_inputs_of, part, solve

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


def test_an_open_site_can_have_all_that_its_pace_allows():
    inputs = inputs_of(FIR, WHOLE)

    assert is_possible(inputs, halls("fir", "2027", PACE_MW))
    assert not is_possible(inputs, halls("fir", "2027", PACE_MW + MARGIN))


def test_a_site_that_opens_late_is_built_at_its_pace_until_it_has_its_least_size():
    # A campus has 290 MW at least, and Fir builds 128 MW a year: 128 in its first year, 256 in
    # its second. Opened in whole in 2028, it may not stay smaller.
    inputs = long_inputs_of(FIR, WHOLE, "sites.fir.minimum_size_mw=290")

    def opened_in_2028(mw_2028: float, mw_2029: float) -> Wish:
        return lambda m: [
            at(m.open, "fir", "2027") == 0.0,
            at(m.open, "fir", "2028") == 1.0,
            at(m.halls.stands_mw, "fir", "2028") == mw_2028,
            at(m.halls.stands_mw, "fir", "2029") == mw_2029,
        ]

    assert_bites("minimum_size", inputs, opened_in_2028(128.0, 256.0), opened_in_2028(127.5, 255.5))


def test_a_site_is_open_in_whole_or_not_at_all():
    inputs = inputs_of(FIR, WHOLE)

    assert not is_possible(inputs, lambda m: [at(m.open, "fir", "2027") == 0.4])
    assert is_possible(inputs, lambda m: [at(m.open, "fir", "2027") == 1.0])


def test_hall_phases_bites_between_two_phases():
    inputs = inputs_of("siting.phase_mw=17")

    def build(mw: float) -> Wish:
        return lambda m: [at(m.build, "elm", "plate_dry|N", "2027") == mw]

    assert_bites("hall_phases", inputs, build(3 * 17.0), build(3 * 17.0 + 1.0))


def test_a_site_may_have_phases_of_its_own_and_committed_halls_none():
    inputs = inputs_of("siting.phase_mw=17", "sites.oak.phase_mw=23")
    siting, halls_ = inputs.siting, inputs.halls
    site = siting.phase.labels("site")

    assert set(siting.phase_mw[site == "oak"]) == {23.0}
    assert set(siting.phase_mw[site == "elm"]) == {17.0}
    is_early = halls_.build_is_early[halls_.build.find(siting.phase)]
    assert not is_early.any()
    # 62 MW a year at Oak, over two years, hold five phases of 23 MW; 256 MW at Elm fifteen of 17
    assert set(siting.most_phases[site == "oak"]) == {np.floor(310 * 0.2 * 2 / 23)}
    assert set(siting.most_phases[site == "elm"]) == {np.floor(PACE_MW / 17)}


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


def test_blocks_are_those_of_the_table_but_for_classes_that_are_named():
    siting = inputs_of("siting={table_blocks: true, block_mw: {chat: 1.7}}").siting
    workload, year = siting.block.labels("workload"), siting.block.labels("year")

    assert set(siting.block_mw[workload == "train"]) == {20.0}
    assert set(siting.block_mw[workload == "chat"]) == {1.7}
    # Racks ordered in March 2025 serve from mid-September: what exists in 2025 is as it is.
    assert set(year) == {"2027"}


def test_a_class_needs_its_block_from_the_year_the_scenario_gives_it():
    blocks = "siting={block_mw: {train: 41, chat: 1.7}, block_from_year: {train: 2027}}"
    siting = inputs_of("years=[2025, 2026, 2027]", blocks).siting
    workload, year = siting.block.labels("workload"), siting.block.labels("year")

    assert set(year[workload == "train"]) == {"2027"}
    assert set(year[workload == "chat"]) == {"2026", "2027"}


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
