"""Openings and phases in whole: rounded, searched for, told with bound and gap, stopped by time."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest
from plans import plan_of

import planner
from planner.base.errors import InfeasibleError, LimitReachedError
from planner.inputs import build_inputs
from planner.lp import HighsSession, Outcome
from planner.lp.outcome import Method
from planner.model import build_model
from planner.runs.plan import Plan
from planner.scenario import load_scenario
from planner.studies.solve.whole_numbers import find_plan

WHOLE = "siting.whole_openings=true"
SEARCH = "solver.whole_numbers=search"
RATE = 1.085 / 1.025 - 1  # real cost of capital


@pytest.fixture(scope="module")
def in_part() -> Plan:
    return plan_of("tiny")


@pytest.fixture(scope="module")
def rounded() -> Plan:
    return planner.solve("tiny", [WHOLE, "solver.gap_frac=0.02"])  # no nearer than that is asked


@pytest.fixture(scope="module")
def searched() -> Plan:
    return planner.solve("tiny", [WHOLE, SEARCH])


def item_npv(plan: Plan, item: str) -> float:
    costs = plan.costs
    return float(costs.loc[costs["item"] == item, "npv_musd"].sum())


def npv(by_year: dict[int, float]) -> float:
    return sum(musd * (1 + RATE) ** -(year - 2027 + 0.5) for year, musd in by_year.items())


def test_whole_openings_are_paid_in_whole(in_part: Plan, rounded: Plan) -> None:
    # North and the Coast open in 2027, South in 2028. An opening costs 5 MUSD over the 14 years
    # of a facility, an open site 3.5 MUSD a year.
    crf = RATE / (1 - (1 + RATE) ** -14)
    opening = 5.0 * crf / math.sqrt(1 + RATE)

    assert item_npv(rounded, "site_opening") == pytest.approx(npv({2027: 2 * opening, 2028: 3 * opening}), rel=1e-6)
    assert item_npv(rounded, "site_fixed") == pytest.approx(npv({2027: 2 * 3.5, 2028: 3 * 3.5}), rel=1e-6)
    # Nothing else of the plan changes, so the rest costs what it did.
    sites = ("site_opening", "site_fixed")
    rest = [plan.outcome.objective - sum(item_npv(plan, i) for i in sites) for plan in (in_part, rounded)]
    assert rest[0] == pytest.approx(rest[1], rel=1e-6)


def test_a_rounded_plan_tells_how_far_it_may_be_from_the_best(in_part: Plan, rounded: Plan) -> None:
    outcome = rounded.outcome

    # With 26 MW a year to build at South the linear program knows no more than that a site that
    # is 0.09 open costs 0.09; its bound is that of the plan in part.
    assert outcome.status == "within_gap"
    assert outcome.dual_bound == pytest.approx(in_part.outcome.objective, rel=1e-6)
    assert outcome.gap == pytest.approx(1 - outcome.dual_bound / outcome.objective)
    assert rounded.exit_code == 0
    assert rounded.verdict.ok, rounded.verdict.broken
    solution = rounded.tables["solution"].iloc[0]
    assert solution["duals_of"] == "fixed_program"
    assert solution["whole_numbers"] == 3 * 2  # three sites, two years
    assert "rounded and fixed" in solution["found_by"]


def test_a_rounded_plan_far_from_the_best_is_strengthened_and_searched_for(searched: Plan) -> None:
    strengthened = plan_of("tiny", WHOLE)
    in_phases = planner.solve("tiny", ["siting.phase_mw=8"])

    # Rounded, the gap is 1.6 %, and 3 % in phases: 663 MUSD, where 644.1 are enough.
    reported = strengthened.outcome.method_used
    assert re.search(r"rounded and fixed \(warm dual, gap 1\.\d\d%\), tightened \(\d+ rows\)", reported)
    assert "searched" not in reported
    assert strengthened.outcome.gap < 0.01
    assert strengthened.outcome.dual_bound < searched.outcome.objective * (1 + 1e-9)
    reported = in_phases.outcome.method_used
    assert re.search(r"gap 3\.\d\d%\), searched .*, fixed \(warm dual, gap 0\.\d\d%\)", reported)
    assert in_phases.outcome.objective == pytest.approx(644.09, rel=0.01)
    assert in_phases.outcome.status == "within_gap"
    assert in_phases.verdict.ok, in_phases.verdict.broken


@pytest.mark.parametrize("gap_frac", [3e-5, 0.0])
def test_a_gap_below_1e_4_is_reached_and_what_is_called_optimal_is_within_it(gap_frac: float) -> None:
    scenario = load_scenario("tiny", [WHOLE, SEARCH, f"solver.gap_frac={gap_frac}"])
    model = build_model(build_inputs(scenario))
    asked = []

    class Recording(HighsSession):
        def solve(self, method: Method = "auto", **options: Any) -> Outcome:
            outcome = super().solve(method, **options)
            if "gap_frac" in options:
                asked.append(self._highs.getOptionValue("mip_rel_gap")[1])
            return outcome

    outcome = find_plan(model, Recording(model.problem), scenario.solver)

    assert asked == [max(gap_frac, 5e-8)]
    assert outcome.status == "optimal"
    assert outcome.gap <= max(gap_frac, 1e-7)


def test_a_rounded_plan_is_improved_as_far_as_the_gap_that_is_asked_for() -> None:
    phases = "siting.phase_mw=8"
    as_rounding, asked = (planner.solve("tiny", [phases, *more]) for more in ([], ["solver.gap_frac=3e-4"]))

    assert 3e-4 < as_rounding.outcome.gap <= 0.01
    assert asked.outcome.gap <= 3e-4
    assert asked.outcome.objective <= as_rounding.outcome.objective
    assert asked.outcome.dual_bound > as_rounding.outcome.dual_bound


def test_a_search_finds_that_the_coast_may_hold_what_the_north_can_not(rounded: Plan, searched: Plan) -> None:
    # 6.5 MW of halls at South save less than its opening costs.
    assert searched.outcome.status == "optimal"
    assert searched.outcome.objective < rounded.outcome.objective
    assert searched.outcome.gap <= 1e-4
    assert searched.tables["openings"]["site"].tolist() == ["north", "coast"]
    assert searched.verdict.ok, searched.verdict.broken
    assert not searched.prices.empty  # of the program with openings fixed


def test_a_dual_holds_with_openings_as_they_are(searched: Plan) -> None:
    prices = searched.prices
    land = prices[(prices["block"] == "land_limit") & (prices["site"] == "north")]
    more = planner.solve("tiny", [WHOLE, SEARCH, "new_sites.north.land_limit_mw=30.05"]).outcome.objective

    saved = searched.outcome.objective - more
    assert saved == pytest.approx(-0.05 * land["raw_dual"].sum(), rel=1e-3)
    assert saved > 0.0


def test_phases_are_whole_and_the_search_beats_rounding() -> None:
    settings = [WHOLE, "siting.phase_mw=4"]
    rounded = planner.solve("tiny", settings)
    searched = planner.solve("tiny", [*settings, SEARCH])

    for plan in (rounded, searched):
        built = plan.tables["builds"]["built_mw"].to_numpy()
        assert built == pytest.approx(4.0 * np.round(built / 4.0), abs=1e-6)
        assert plan.verdict.ok, plan.verdict.broken
        assert plan.outcome.dual_bound <= searched.outcome.objective * (1 + 1e-9)
    assert searched.outcome.objective <= rounded.outcome.objective
    # North has land for 30 MW, which is seven phases of 4 MW.
    north = searched.tables["phases"].query("site == 'north'")
    assert north["phases"].sum() == 7
    assert north["built_mw"].sum() == pytest.approx(28.0)


def test_training_stands_in_blocks() -> None:
    plan = planner.solve("tiny", ["siting.block_mw={train_frontier: 9.5}", SEARCH])

    blocks = plan.tables["blocks"]
    assert (blocks["used_mw"] >= 9.5 - 1e-6).all()
    # In part South would have 6.8 MW of training in 2028; now North gives some of its own up.
    assert blocks["used_mw"].sum() == pytest.approx((30 + 45) / (182.002 / 132 * 0.85), rel=1e-6)
    assert plan.verdict.ok, plan.verdict.broken


@pytest.mark.parametrize(
    ("setting", "open_sites"),
    [
        ("siting.at_most_sites=1", {"coast"}),
        ("siting.exactly_sites=3", {"north", "south", "coast"}),
        ("siting.must_open=[south]", {"north", "south", "coast"}),
        ("siting.must_not_open=[north]", {"south", "coast"}),
    ],
)
def test_sites_are_counted_forced_and_forbidden(setting: str, open_sites: set[str]) -> None:
    for how in ("round", "search"):
        plan = planner.solve("tiny", [WHOLE, setting, f"solver.whole_numbers={how}"])

        assert plan.verdict.ok, plan.verdict.broken
        assert plan.outcome.dual_bound <= plan.outcome.objective
        if how == "search":
            assert set(plan.tables["openings"]["site"]) == open_sites


@pytest.mark.parametrize(("rows", "how"), [("lazy", "search"), ("lazy", "round"), ("none", "round")])
def test_what_integers_alone_forbid_is_said_with_its_settings(rows: str, how: str) -> None:
    # The Coast alone reaches the users of chat, and has no land for training; half of it and half
    # of South would do.
    settings = [
        WHOLE,
        "siting.at_most_sites=1",
        "new_sites.coast.land_limit_mw=25",
        "demand.unmet=forbid",
        f"siting.open_rows={rows}",
        f"solver.whole_numbers={how}",
    ]

    with pytest.raises(InfeasibleError, match="the relaxation is feasible") as refused:
        planner.solve("tiny", settings)

    reported = str(refused.value)
    assert "siting.at_most_sites: 1 (--set siting.at_most_sites=1)" in reported
    assert "siting.whole_openings: true (--set siting.whole_openings=true)" in reported
    assert "new_sites.coast.land_limit_mw: 25 MW" in reported


def test_a_limit_before_the_first_plan_is_no_plan() -> None:
    with pytest.raises(LimitReachedError, match=r"the time limit .* was reached before any"):
        planner.solve("tiny", [WHOLE, "solver.time_limit_s=1e-9"])


@pytest.mark.parametrize(
    ("stop", "gap_frac", "status", "code"),
    [
        ("time_limit", 0.02, "within_gap", 0),
        ("time_limit", 1e-5, "time_limit", 4),
        ("interrupted", 0.02, "interrupted", 4),
    ],
)
def test_a_plan_that_is_near_enough_when_time_is_up_is_as_asked(
    stop: str, gap_frac: float, status: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve, solves = HighsSession.solve, []

    def stopped_with_a_plan(session, method, **options):  # type: ignore[no-untyped-def]
        outcome = solve(session, method, **options)
        solves.append(outcome)
        if len(solves) == 1:  # the relaxation
            return outcome
        if options.get("start") is not None:  # the search finds nothing in no time
            outcome = dataclasses.replace(outcome, has_plan=False, dual_bound=-math.inf)
        nothing = np.full_like(outcome.row_dual, np.nan)
        return dataclasses.replace(outcome, status=stop, has_duals=False, row_dual=nothing)

    monkeypatch.setattr(HighsSession, "solve", stopped_with_a_plan)
    plan = planner.solve("tiny", [WHOLE, f"solver.gap_frac={gap_frac}"])

    assert len(solves) > 1
    assert 1e-4 < plan.outcome.gap < 0.02
    assert (plan.outcome.status, plan.exit_code) == (status, code)
    assert not plan.proof.has_duals
    assert plan.verdict.ok, plan.verdict.broken


def test_a_search_cut_short_keeps_the_best_plan_and_says_so(monkeypatch: pytest.MonkeyPatch, rounded: Plan) -> None:
    solve = HighsSession.solve

    def stopped_at_once(session, method, **options):  # type: ignore[no-untyped-def]
        outcome = solve(session, method, **options)
        if options.get("start") is None:
            return outcome
        nothing = {"has_plan": False, "objective": math.nan, "dual_bound": -math.inf}
        return dataclasses.replace(outcome, status="time_limit", gap=math.inf, **nothing)

    monkeypatch.setattr(HighsSession, "solve", stopped_at_once)
    plan = planner.solve("tiny", [WHOLE, SEARCH])

    assert plan.outcome.status == "time_limit"
    assert plan.exit_code == 4
    assert plan.outcome.objective == pytest.approx(rounded.outcome.objective)
    assert plan.outcome.gap > 1e-4
    assert plan.verdict.ok, plan.verdict.broken
