"""A good plan passes; with one thing wrong it is found out, by the check named for that thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from good_plan import MINI, RICH, solved
from spoiled import ASSUMED, SPOILED, costlier
from spoiled_existing import SPOILED_EXISTING
from spoiled_failover import SPOILED_FAILOVER
from spoiled_non_firm import ASSUMED as NON_FIRM_ASSUMED
from spoiled_non_firm import BILLS as NON_FIRM_BILLS
from spoiled_non_firm import SPOILED as NON_FIRM_SPOILED
from spoiled_proof import SPOILED_PROOF, SPOILED_WHOLE_PROOF
from spoiled_siting import SPOILED_SITING
from spoiled_supply import ASSUMED as SUPPLY_ASSUMED
from spoiled_supply import SPOILED as SUPPLY_SPOILED
from spoiled_tariffs import SPOILED_TARIFFS
from test_columns import BREAKS as BROKEN_BY_COLUMN

from planner.check import RULES, tariffs
from planner.check.all_checks import REREAD
from planner.check.money import HEADINGS
from planner.check.routes import round_trips
from planner.scenario import load_scenario


@pytest.fixture(scope="module")
def good():
    return solved(RICH)


@pytest.fixture(scope="module")
def judged(good):
    return good.verdict()


OF_OWN_POWER = {*(item for item, (heading, _) in HEADINGS.items() if heading == "own power"), "carbon_schemes"}
OF_OTHER_PLANS = {*tariffs.LINES, *NON_FIRM_BILLS, "service_network", "tariff_exit_fee"}
BILLS_HERE = [item for item in HEADINGS if item not in OF_OWN_POWER | OF_OTHER_PLANS]
BROKEN_HERE = {*(name for _, name, _ in SPOILED), *(name for name, _ in ASSUMED)}
# Each list is that of a test of its own, with a plan of its own.
BROKEN_ELSEWHERE = {
    *(
        name
        for spoiled in (
            SUPPLY_SPOILED,
            NON_FIRM_SPOILED,
            SPOILED_FAILOVER,
            SPOILED_EXISTING,
            SPOILED_PROOF,
            SPOILED_WHOLE_PROOF,
            SPOILED_SITING,
            SPOILED_TARIFFS,
        )
        for _, name, _ in spoiled
    ),
    *(name for name, *_ in (*SUPPLY_ASSUMED, *NON_FIRM_ASSUMED)),
    *("columns_as_stated", "costs_as_stated"),  # in test_offers.py
    "demand_as_asked",  # in test_ledger.py, unit by unit
    # The ledger's test makes figures wrong; where it names one rule alone, that one must break.
    *(names[0] for names in REREAD.values() if len(names) == 1),
}
OWN = RICH.with_name("own.yaml")
SETTINGS = (
    "finance.end_of_horizon=perpetuity",
    "finance.end_of_horizon=truncated_salvage",
    "time.season_days=12",
    "time.slot_h=12",
    "time.chronological=true",
    "time={chronological: true, days_repeat: true}",
    "time.peak_weather=extreme",
    "flexibility.deferral=false",
    "years=[2025,2027]",
)


@pytest.mark.parametrize("path", [MINI, RICH, OWN], ids=["mini", "rich", "own"])
def test_a_good_plan_passes_every_check(path):
    verdict = solved(path).verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


def test_own_round_trips_are_held_to_what_the_scenario_declares_of_them():
    plan = solved(OWN)
    access, gaps = (
        replace(plan, scenario=load_scenario(str(OWN), [f"latency.own_rtt_{key}=false"]))
        for key in ("includes_last_mile", "fill_missing")
    )
    unlisted = pd.DataFrame({"region": ["bay"], "workload": ["chat"], "site": ["elm"]})

    assert plan.check("round_trips_reported").ok
    assert not access.check("round_trips_reported").ok
    assert round_trips(plan.case, unlisted)["rtt_ms"].max() < 100.0
    assert np.isinf(round_trips(gaps.case, unlisted)["rtt_ms"]).all()


@pytest.mark.parametrize("change", SETTINGS)
def test_a_good_plan_passes_whatever_the_settings(change):
    verdict = solved(RICH, change).verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


@pytest.mark.parametrize(("name", "spoil"), [s[1:] for s in SPOILED], ids=[s[0].replace(" ", "_") for s in SPOILED])
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, judged, name, spoil):
    check = spoil(good).check(name)

    assert judged[name].ok
    assert not check.ok
    assert check.worst > check.tolerance
    assert check.broken >= 1
    assert check.place


@pytest.mark.parametrize("item", BILLS_HERE)
def test_a_wrong_cost_line_is_found_out(good, judged, item):
    check = costlier(item, good).check("costs_paid")

    assert judged["costs_paid"].ok
    assert check.place.startswith(item)


def test_a_costlier_cost_line_leaves_the_other_lines_alone(good):
    verdict = costlier("site_fixed", good).verdict()

    wrong = {check.name for check in verdict.broken}
    assert wrong == {
        "costs_paid",
        "money_by_year",
        "objective",
        "rent_and_unmet_apart",
        "sites_summed",
        "unit_costs_shared",
    }


@pytest.mark.parametrize(("name", "spoil"), ASSUMED, ids=[a[0] for a in ASSUMED])
def test_a_wrong_figure_is_found_out_from_the_tables(good, judged, name, spoil):
    assert judged[name].ok
    assert not spoil(good).check(name).ok


def test_every_rule_has_a_plan_that_breaks_it():
    assert {one.name for one in RULES} <= BROKEN_HERE | BROKEN_ELSEWHERE | {*BROKEN_BY_COLUMN}


def test_the_verdict_says_what_was_verified_where_and_how_closely(judged):
    frame = judged.frame()

    assert list(frame.columns) == ["name", "ok", "verified", "tested", "broken", "worst", "unit", "place", "tolerance"]
    assert len(frame) == len(RULES)
    assert frame["name"].is_unique
    assert (frame["tolerance"] > 0.0).all()
    assert frame["verified"].str.endswith(".").all()
    without_rows = (BROKEN_ELSEWHERE | {*BROKEN_BY_COLUMN}) - BROKEN_HERE
    assert (frame.loc[~frame["name"].isin(without_rows), "tested"] > 0).mean() > 0.95
