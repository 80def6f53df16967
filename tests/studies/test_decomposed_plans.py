"""Plans found piece by piece: as dear as those of the whole program, and clean in the check."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from plans import plan_of

from planner.check import check_plan
from planner.inputs import build_inputs
from planner.lp import HighsSession, ProgressEvent
from planner.lp.start import Start
from planner.model import build_model
from planner.runs.plan import Plan
from planner.scenario import load_scenario
from planner.studies.solve.checked_plan import StageTimes, solve
from planner.studies.solve.checked_plan import plan_of as plan_of_inputs

CHECK = Path(__file__).parent.parent / "check"
DECOMPOSED = "solver.method=decomposed"
WORLDS = {
    "tiny": 30,
    "rich": 4,  # storage, work that waits or moves, hourly claims: each year is one piece, nearly
    "non_firm": 6,
    "tariffs": 15,
    "classes": 32,  # integers
    "failover": 24,  # rows that are added while it is solved
}


@pytest.mark.parametrize("world", WORLDS)
def test_plans_found_in_pieces_cost_the_same_and_pass_every_check(world: str) -> None:
    scenario = world if world == "tiny" else CHECK / f"{world}.yaml"

    plan, whole = solve(scenario, [DECOMPOSED]), plan_of(scenario)

    assert plan.outcome.status == whole.outcome.status
    assert f"decomposed: {WORLDS[world]} pieces" in plan.outcome.method_used
    assert plan.outcome.objective == pytest.approx(whole.outcome.objective, rel=1e-7)
    assert plan.outcome.dual_bound == pytest.approx(whole.outcome.dual_bound, rel=1e-7)
    assert plan.verdict.ok, [check.name for check in plan.verdict.checks if not check.ok]


def test_clean_power_by_the_hour_of_a_country_costs_the_same_in_pieces_and_whole() -> None:
    sites = "us-or-hillsboro,us-az-phoenix,us-tx-dallas,us-ia-desmoines,us-oh-columbus"
    settings = [
        f"scope.sites=[{sites}]",
        "years=[2026,2027,2028]",
        "time.slot_h=6",
        "operator.stock_sites=5",
        "operator.demand_share_frac=0.02",
        "contracts.area=country",  # one pool of all sites
        "siting.whole_openings=false",
        "siting.table_blocks=false",
        "racks.whole=false",
        "solver.gap_frac=1e-7",
    ]

    plan, whole = (solve("us-247-cfe", [*settings, f"solver.method={method}"]) for method in ("decomposed", "ipx"))

    assert plan.outcome.status == "optimal"
    assert plan.outcome.method_used.startswith("decomposed")
    assert plan.outcome.objective == pytest.approx(whole.outcome.objective, rel=1e-6)
    assert plan.verdict.ok, [check.name for check in plan.verdict.checks if not check.ok]


def test_prices_of_a_plan_found_in_pieces_are_slopes_of_the_cost_on_both_sides() -> None:
    """Rounds end within 1e-7 of the optimum, and left these prices off by up to 2 %."""
    settings = ("time.slot_h=3", "years=[2025,2026]")
    plan = solve(CHECK / "own_power.yaml", [*settings, DECOMPOSED])
    problem = build_model(plan.inputs).problem
    whole, bounds = HighsSession(problem), problem.row_bounds()
    least = whole.solve().objective

    assert "rounds, its duals by " in plan.outcome.method_used
    assert plan.outcome.objective == pytest.approx(least, rel=1e-10)
    assert plan.verdict.ok, plan.verdict.broken
    for block, *place in (
        ("exact_balance", "elm", "2026", "d2h00"),
        ("claim_within_draw", "elm", "2025", "d0h18"),
        ("state_of_charge", "elm", "cells", "2026", "d2h00"),
        ("export_connection", "elm", "2026", "d0h21"),
        ("output_limit", "oak", "engine", "2026", "d2h09"),
        ("carbon_cap", "2026"),
    ):
        row = problem.row_block(block).start + problem.rows_over(block).position(*place)
        slopes = []
        for step in (-1e-3, 1e-3):
            moved = np.zeros(len(bounds.lower))
            moved[row] = step
            whole.set_rows(bounds.lower + moved, bounds.upper + moved)
            slopes.append((whole.solve().objective - least) / step)
        assert slopes[0] == pytest.approx(slopes[1], rel=3e-5), block
        assert plan.outcome.row_dual[row] == pytest.approx(slopes[0], rel=3e-5), block


def test_a_plan_within_the_gap_asked_for_has_a_bound_that_the_check_proves() -> None:
    plan = solve(CHECK / "rich.yaml", [DECOMPOSED, "solver.gap_frac=0.03"])
    best = plan_of(CHECK / "rich.yaml").outcome.objective

    assert plan.outcome.status == "within_gap"
    assert plan.outcome.gap <= 0.03
    assert plan.outcome.dual_bound < best < plan.outcome.objective
    assert plan.verdict.ok, [check.name for check in plan.verdict.checks if not check.ok]
    assert plan.verdict.proven.startswith(
        "Proven without the solver: by the duals behind the bound no plan of the stored linear"
    )
    assert not any("solver.gap_frac has no effect" in note for note in plan.inputs.notes)
    assert broken(plan, plan.outcome.dual_bound + 0.5) >= {"bound_proven"}  # nothing proves that
    unproven = replace(plan.proof, rows=plan.proof.rows.assign(bound_dual=np.nan))
    assert "bound_proven" in broken(replace(plan, proof=unproven), plan.outcome.dual_bound)


def broken(plan: Plan, bound_musd: float) -> set[str]:
    """Check a plan again with another bound."""
    cost = plan.outcome.objective
    verdict = check_plan(
        plan.scenario,
        plan.inputs,
        plan.results,
        objective_musd=cost,
        status=plan.outcome.status,
        bound_musd=bound_musd,
        gap_frac=(cost - bound_musd) / cost,
        proof=plan.proof,
    )
    return {check.name for check in verdict.checks if not check.ok}


def test_a_future_begins_with_the_cuts_of_the_one_that_leads_it() -> None:
    def planned(settings: list[str], start: Start | None = None) -> tuple[Plan, list[Start]]:
        scenario, ended = load_scenario(CHECK / "tariffs.yaml", [DECOMPOSED, *settings]), []
        plan = plan_of_inputs(scenario, build_inputs(scenario), StageTimes(), start=start, keep_start=ended.append)
        return plan, ended

    leading, (led,) = planned([])
    other = ["operator.demand_share_frac=0.9"]

    begun, _ = planned(other, led)
    alone, _ = planned(other)

    assert begun.outcome.objective == pytest.approx(alone.outcome.objective, rel=1e-7)
    assert begun.outcome.objective > 2.0 * leading.outcome.objective
    assert begun.verdict.ok
    assert rounds(begun) <= rounds(alone) / 2


def rounds(plan: Plan) -> int:
    return int(plan.outcome.method_used.partition(" rounds")[0].split()[-1])


def test_a_stopped_plan_is_kept_with_its_gap_and_passes_the_check() -> None:
    stop = threading.Event()

    def watch(event: ProgressEvent) -> None:
        if event.gap < 0.5:
            stop.set()

    plan = solve(CHECK / "rich.yaml", [DECOMPOSED], on_progress=watch, interrupt=stop)

    optimum = plan_of(CHECK / "rich.yaml").outcome.objective
    assert plan.outcome.status == "interrupted"
    assert plan.outcome.dual_bound < optimum < plan.outcome.objective
    assert 1e-6 < plan.outcome.gap < 0.5
    assert plan.verdict.ok, [check.name for check in plan.verdict.checks if not check.ok]
