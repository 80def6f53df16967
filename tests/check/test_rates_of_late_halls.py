"""The check of build rates where a delay moves halls to a later year."""

from __future__ import annotations

import pytest
from ledger_worlds import RULE, NoTables

from planner.check.case import Case
from planner.check.verdict import judged
from planner.inputs import build_inputs
from planner.scenario import load_scenario

# Halls serve from 2028 on, or from 2029 if connections are 12 months late. At Richland more is
# committed for 2028 than crews build, and at North, whose lead time is its own, nothing is late.
WORLD = (
    "years=[2026,2028,2029,2031]",
    "new_sites.prairie={name: Prairie, country: US, lat: 32.8, lon: -96.8, like: us-tx-dallas,"
    " retail_usd_per_mwh: 55, land_limit_mw: 70, build_rate_mw_per_year: 10}",
    "sites.us-la-richland.build_rate_mw_per_year=700",
    "scope.sites=[north,coast,prairie,us-la-richland,us-va-ashburn]",
    "lead_times.interconnection_months=24",
    "lead_times.permit_months=5",
    "lead_times.construction_months=9",
    "build.market_rate_mw_per_year={dallas: 33, northern-virginia: 47}",
    "demand.explicit=["
    "{workload: train_frontier, unit: kh100e, by_year: {2026: 24, 2028: 33, 2029: 37, 2031: 47}},"
    "{workload: chat_interactive, unit: kh100e, by_year: {2026: 7, 2028: 8, 2029: 12, 2031: 13}}]",
)
LATE = "lead_times.interconnection_delay_months=12"
RULES = {
    "build_rates_from_tables": ("build_rate_mw", "pace_mw", "reach_mw"),
    "market_limits_from_scenario": ("market_rate_mw",),
}


def made(*settings):
    scenario = load_scenario("tiny", (*WORLD, *settings))
    return scenario, build_inputs(scenario)


def check(rule, scenario, inputs):
    return judged(RULE[rule], Case(scenario, inputs, NoTables(), 0.0, "", 0.0, 0.0, NoTables()))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "delay", ["interconnection_delay_months", "delay_months", "interconnection_delay_months_by_zone"]
)
def test_build_rates_of_late_halls_are_found_to_be_right(rule, delay) -> None:
    months = "{ERCOT: 12, PJM: 3}" if delay.endswith("zone") else "12"

    found = check(rule, *made(f"lead_times.{delay}={months}"))

    assert found.ok, found.place


@pytest.mark.parametrize(("sites", "rate_mw"), [("prairie", 66), ("prairie,north", 33)])
def test_a_market_with_a_site_that_is_in_time_has_no_years_of_late_ones(sites, rate_mw) -> None:
    scenario, inputs = made(f"scope.sites=[{sites},us-va-ashburn]", LATE)
    limits = inputs.sites.market_rate
    at = (limits.labels("market") == "dallas") & (limits.labels("year") == "2029")

    assert inputs.sites.market_rate_mw[at].tolist() == [rate_mw]
    assert check("market_limits_from_scenario", scenario, inputs).ok


@pytest.mark.parametrize(("rule", "field"), [(r, field) for r in RULES for field in RULES[r]])
def test_rates_as_if_nothing_were_late_are_found_to_be_wrong(rule, field) -> None:
    (_, in_time), (scenario, late) = made("lead_times.interconnection_months=36"), made(LATE)
    assert in_time.sites.site_year.size == late.sites.site_year.size
    sites = late.sites.changed(**{field: getattr(in_time.sites, field)})

    found = check(rule, scenario, late.changed(sites=sites))

    assert not found.ok
