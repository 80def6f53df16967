"""Halls that a delay moves to a later year keep the build rate of the years of their plan.

Decisions begin in 2026 and connections take 24 months, so that halls serve from 2028 on. Crews of
Prairie build 10 MW a year. A model year has those since the one before: 2028 has 2027 and 2028,
2029 has one, 2031 has 2030 and 2031. With 12 months of delay what was to serve in 2028 comes in
2029, in 2029 in 2030, which is of model year 2031, and in 2031 after the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.inputs import Inputs, build_inputs
from planner.scenario import load_scenario

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Index

PRAIRIE = (
    "{name: Prairie, country: US, lat: 32.8, lon: -96.8, like: us-tx-dallas, retail_usd_per_mwh: 55, land_limit_mw: 70,"
    " build_rate_mw_per_year: 10, minimum_size_mw: 17}"
)
WORLD = (
    "years=[2026,2028,2029,2031]",
    f"new_sites.prairie={PRAIRIE}",
    "scope.sites=[north,coast,prairie,us-la-richland]",
    "lead_times.permit_months=5",
    "lead_times.construction_months=9",
    "lead_times.switchgear_months=7",
    "lead_times.transformer_months=11",
    "lead_times.interconnection_months=24",
    "build.market_rate_mw_per_year.dallas=33",
    "demand.explicit=[{workload: train_frontier, unit: kh100e, by_year: {2026: 24, 2028: 33, 2029: 37, 2031:"
    " 47}},{workload: chat_interactive, unit: kh100e, by_year: {2026: 7, 2028: 8, 2029: 12, 2031: 13}}]",
)
LATE = "lead_times.interconnection_delay_months=12"


def made(*settings: str) -> Inputs:
    return build_inputs(load_scenario("tiny", (*WORLD, *settings)))


def by_year(inputs: Inputs, figure: str, site: str) -> dict[int, float]:
    over = inputs.sites.site_year
    return _of(over, getattr(inputs.sites, figure), "site", site)


def _of(over: Index, values: Floats, axis: str, label: str) -> dict[int, float]:
    rows = zip(over.labels(axis), over.labels("year"), values, strict=True)
    return {int(year): float(mw) for one, year, mw in rows if one == label}


@pytest.mark.parametrize(
    ("setting", "rate_mw", "pace_mw"),
    [
        ((), {2028: 20, 2029: 10, 2031: 20}, {2028: 20, 2029: 10, 2031: 20}),
        # 2029 has the two years of 2028, and is asked for no more than its own; 2031 has the one of
        # 2029, and its own two, but what was ordered for 2029 is enough for a site that opens.
        ((LATE,), {2029: 20, 2031: 20}, {2029: 10, 2031: 10}),
        (("lead_times.delay_months=12",), {2029: 20, 2031: 20}, {2029: 10, 2031: 10}),
        # Of 30 months without a delay nobody says that halls are late.
        (("lead_times.interconnection_months=36",), {2029: 10, 2031: 20}, {2029: 10, 2031: 20}),
        # In half a year less, 2028.5 comes in 2029.0, 2029 in 2031, 2031 after the plan.
        (
            ("lead_times.interconnection_months=30", "lead_times.delay_months=6"),
            {2029: 20, 2031: 20},
            {2029: 10, 2031: 10},
        ),
        (
            ("lead_times.interconnection_months=30", "lead_times.delay_months=-6"),
            {2028: 20, 2029: 10, 2031: 20},
            {2028: 20, 2029: 10, 2031: 20},
        ),
    ],
)
def test_late_halls_keep_the_build_rate_of_their_own_years(setting, rate_mw, pace_mw) -> None:
    inputs = made(*setting)

    assert by_year(inputs, "build_rate_mw", "prairie") == pytest.approx(rate_mw)
    assert by_year(inputs, "pace_mw", "prairie") == pytest.approx(pace_mw)
    assert by_year(inputs, "reach_mw", "prairie")[2031] == pytest.approx(sum(rate_mw.values()))


def test_committed_halls_come_in_time_and_leave_nothing_to_a_later_year() -> None:
    # At Richland 2,262 MW of facility power, at 1.15 MW for one of racks, are to serve in 2028:
    # more than crews build in two years at 700 MW a year.
    committed_mw = 2262 / 1.15
    crews = "sites.us-la-richland.build_rate_mw_per_year=700"

    for inputs in (made(crews), made(crews, LATE)):
        rates = by_year(inputs, "build_rate_mw", "us-la-richland")
        assert rates == pytest.approx({2028: committed_mw, 2029: 700, 2031: 1400})
