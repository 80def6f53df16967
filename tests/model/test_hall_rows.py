"""Halls: power and floor for racks, new, standing, turned to another cooling, leased."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, inputs_with, is_possible, only, part, solve, tables

RACKS_MW = 1250 * 0.2 / 1.16  # 1.25 GW of facilities, a fifth of them ours, 1.16 MW per MW
CHAT_HALL_MW = 0.9 + 0.11  # diversity and companions, of a MW of racks for chat
OAK_LIQUID_MW, OAK_AIR_MW = (RACKS_MW * 0.38 * x * CHAT_HALL_MW for x in (0.21, 0.79))
MARGIN = 0.01  # MW

LIQUID, AIR = "plate_dry|2N", "air_dry|2N"
NEW_CHAT = ("oak", "liquid27", LIQUID, "chat", "2027")
NEW_HALL = ("oak", LIQUID, "2027")


def stand_still(m):
    """Nothing is built, turned or let."""
    return [only(m.build, {}), only(m.retrofit, {}), only(m.lease, {})]


def use_in_standing_halls(mw: float) -> Wish:
    return lambda m: [*stand_still(m), only(m.used, {NEW_CHAT: mw})]


def test_hall_power_bites_at_what_the_hall_can_feed(inputs):
    racks_mw = OAK_LIQUID_MW / CHAT_HALL_MW

    assert_bites(
        "hall_power", inputs, use_in_standing_halls(racks_mw - MARGIN), use_in_standing_halls(racks_mw + MARGIN)
    )


def test_hall_power_bites_at_what_is_not_kept_free():
    # Halls of the base year are larger by what is kept free; what racks may take stays the same.
    inputs = inputs_of("halls.free_frac=0.13")
    hall = inputs.halls.hall.position("oak", LIQUID, "2027")
    racks_mw = OAK_LIQUID_MW / CHAT_HALL_MW

    assert inputs.halls.existing_mw[hall] == pytest.approx(OAK_LIQUID_MW / 0.87)
    assert_bites(
        "hall_power", inputs, use_in_standing_halls(racks_mw - MARGIN), use_in_standing_halls(racks_mw + MARGIN)
    )


def test_a_new_hall_keeps_its_share_free():
    inputs = inputs_of("halls.free_frac=0.13")
    solved = solve(inputs, lambda m: [only(m.build, {NEW_HALL: 30.0}), only(m.retrofit, {})])
    at_oak = inputs.halls.hall.position("oak", LIQUID, "2027")

    usable_mw = solved.at(solved.model.halls.usable_mw, "oak", LIQUID, "2027")
    drawn_mw = solved.model.in_service_times(inputs.racks.hall_mw_per_mw).sum_to(inputs.halls.hall)

    assert solved.at(drawn_mw, "oak", LIQUID, "2027") <= 0.87 * usable_mw + 1e-6
    assert inputs.halls.fill_frac[at_oak] == pytest.approx(0.87)


def test_new_halls_beside_a_fuller_one_keep_their_share_free():
    # What stated racks take of the stated hall, 96 %, is no licence for a new hall of the design.
    inputs = inputs_of("halls.free_frac=0.13")
    fill_frac = inputs.halls.fill_frac.copy()
    fill_frac[inputs.halls.hall.position("oak", LIQUID, "2027")] = 0.96
    fuller = changed(inputs, "halls", fill_frac=fill_frac)
    months = 2 / 3
    new_mw = 30.0 * (0.2 * months + 0.4 * months**2)  # as it ramps, see below
    racks_mw = (0.96 * OAK_LIQUID_MW / 0.87 + 0.87 * new_mw) / CHAT_HALL_MW

    def with_new_hall(mw: float) -> Wish:
        return lambda m: [
            only(m.build, {NEW_HALL: 30.0}),
            only(m.retrofit, {}),
            only(m.lease, {}),
            only(m.used, {NEW_CHAT: mw}),
        ]

    assert_bites("hall_power", fuller, with_new_hall(racks_mw - MARGIN), with_new_hall(racks_mw + MARGIN))


def test_what_is_retrofitted_is_no_longer_as_full_as_it_was():
    inputs = inputs_of("halls.free_frac=0.13")
    fuller = changed(inputs, "halls", fill_frac=np.full(inputs.halls.hall.size, 0.96))
    work = ("oak", AIR, LIQUID, "2025")

    solved = solve(fuller, lambda m: [only(m.build, {}), only(m.retrofit, {work: 20.0})])

    for_racks = {hall: solved.at(solved.model.halls.for_racks_mw, "oak", hall, "2027") for hall in (AIR, LIQUID)}
    # Halls of the base year are larger by what is kept free; a retrofit keeps 0.94 of its power.
    assert for_racks == pytest.approx(
        {AIR: 0.96 * (OAK_AIR_MW / 0.87 - 20.0), LIQUID: 0.96 * OAK_LIQUID_MW / 0.87 + 0.87 * 20.0 * 0.94}
    )


def test_hall_space_bites_at_the_floor_the_hall_has(inputs):
    # 3.5 m2 of 228 kW on a floor for 90 kW/m2, far less than racks of such density need.
    density = inputs.halls.density_kw_per_m2.copy()
    density[inputs.sets.hall.code(LIQUID)] = 90.0
    dense = changed(inputs, "halls", density_kw_per_m2=density)

    floor_m2 = OAK_LIQUID_MW * 1000 / 90.0
    racks_mw = floor_m2 / (3.5 / 0.228)
    assert_bites(
        "hall_space", dense, use_in_standing_halls(racks_mw - MARGIN), use_in_standing_halls(racks_mw + MARGIN)
    )


def test_no_more_is_operated_otherwise_than_there_is_of_a_design(inputs):
    as_other = ("oak", LIQUID, "plate_dry|N", "2027")

    def operate(mw: float) -> Wish:
        return lambda m: [*stand_still(m), only(m.operate, {as_other: mw}), only(m.used, {})]

    beyond = operate(OAK_LIQUID_MW + MARGIN)
    assert is_possible(inputs, operate(OAK_LIQUID_MW - MARGIN))
    assert not is_possible(inputs, beyond)
    # Power and floor would be less than none.
    assert is_possible(inputs, beyond, without=["hall_power", "hall_space"])


def test_a_new_hall_ramps_over_its_first_year(inputs):
    # Permits and construction from March 2025: in service on 1 May 2027 (2027 1/3). The usable
    # share rises from 0.2 to 1 over twelve months, 0.2 + 0.8 x: over the 8 months of 2027 that
    # is 0.2 x 2/3 + 0.4 x (2/3)^2 of a year's use.
    solved = solve(inputs, lambda m: [only(m.build, {NEW_HALL: 30.0}), only(m.retrofit, {})])

    months = 2 / 3
    usable = OAK_LIQUID_MW + 30.0 * (0.2 * months + 0.4 * months**2)
    assert solved.at(solved.model.halls.usable_mw, *NEW_HALL) == pytest.approx(usable)


def test_retrofitted_power_leaves_when_work_begins_and_comes_when_it_is_done(inputs):
    # Model year 2025 stands for 2025 and 2026. Work begins on 1 March 2025, the first day of
    # decisions, 22 months before their end, takes 8 months and keeps 0.94 of the power.
    work = ("oak", AIR, LIQUID, "2025")

    solved = solve(inputs, lambda m: [only(m.build, {}), only(m.retrofit, {work: 20.0})])

    usable = {
        (hall, year): solved.at(solved.model.halls.usable_mw, "oak", hall, year)
        for hall in (AIR, LIQUID)
        for year in ("2025", "2027")
    }
    assert usable == pytest.approx(
        {
            (AIR, "2025"): OAK_AIR_MW - 20.0 * 22 / 24,
            (AIR, "2027"): OAK_AIR_MW - 20.0,
            (LIQUID, "2025"): OAK_LIQUID_MW + 20.0 * 0.94 * 14 / 24,
            (LIQUID, "2027"): OAK_LIQUID_MW + 20.0 * 0.94,
        }
    )


def test_retrofit_source_bites_at_what_stands_and_is_not_let():
    # What is leased in the same design is another's, and cannot be turned to another cooling.
    air_to_let = tables()["leases"].assign(redundancy="2N")
    # Nor are new halls of it built to be turned.
    inputs = inputs_with("lease.allow=true", "halls.cooling=[plate_dry]", leases=air_to_let)
    lease = {("oak", AIR, year): 12.0 for year in ("2025", "2027")}

    def turn(mw: float) -> Wish:
        work = ("oak", AIR, LIQUID, "2025")
        return lambda m: [only(m.lease, lease), only(m.retrofit, {work: mw})]

    assert_bites("retrofit_source", inputs, turn(OAK_AIR_MW - MARGIN), turn(OAK_AIR_MW + MARGIN))


def test_retrofit_source_bites_at_what_lasts_although_work_begins_within_the_year():
    # A ends with the two years of 2025, and F follows it: only C can be turned before, and work
    # from March on takes no more of it.
    own = ("made up", 2025, "own")
    columns = ["site", "hall", "cooling", "redundancy", "it_mw", "first_year", "last_year"]
    rows = [
        ("oak", "A", "air_dry", "2N", 40.0, 2019, 2026, *own),
        ("oak", "C", "air_dry", "2N", 12.0, 2020, None, *own),
        ("oak", "F", "air_dry", "2N", 40.0, 2027, None, *own),
    ]
    halls = pd.DataFrame(rows, columns=[*columns, "source", "source_year", "kind"])
    inputs = inputs_with(existing_halls=halls.astype({"last_year": "Int64"}))

    def turn(mw: float) -> Wish:
        work = ("oak", AIR, LIQUID, "2025")
        return lambda m: [only(m.retrofit, {work: mw})]

    assert_bites("retrofit_source", inputs, turn(12 - MARGIN), turn(12 + MARGIN))


def test_committed_halls_bites_at_what_is_under_construction(inputs):
    # 55 MW of facility by 2026, a fifth of it ours, 1.16 MW per MW of racks
    committed_mw = 55 * 0.2 / 1.16

    def build_early(mw: float) -> Wish:
        return lambda m: [part(m.build, site="oak", year="2025") >= mw]

    assert_bites("committed_halls", inputs, build_early(committed_mw - MARGIN), build_early(committed_mw + MARGIN))


def test_lease_depth_bites_at_what_is_to_let():
    inputs = inputs_of("lease.allow=true", "lease.depth_mw_per_site=13")

    def rent(mw: float) -> Wish:
        return lambda m: [part(m.lease, site="oak", year="2027") >= mw]

    assert_bites("lease_depth", inputs, rent(13 - MARGIN), rent(13 + MARGIN))


def test_a_leased_hall_feeds_racks_like_an_own_one():
    inputs = inputs_with("lease.allow=true", leases=tables()["leases"].assign(cooling="plate_dry", redundancy="2N"))

    solved = solve(
        inputs,
        lambda m: [
            only(m.build, {}),
            only(m.retrofit, {}),
            only(m.lease, {NEW_HALL: 7.0}),
            at(m.used, *NEW_CHAT) >= (OAK_LIQUID_MW + 7.0) / CHAT_HALL_MW - MARGIN,
        ],
    )

    assert solved.outcome.status == "optimal"
    assert solved.at(solved.model.halls.usable_mw, *NEW_HALL) == pytest.approx(OAK_LIQUID_MW + 7.0)
