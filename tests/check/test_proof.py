"""What the stored program, solution and duals prove of a plan, and how a false proof shows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from good_plan import RICH, Plan
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiled_proof import SPOILED_PROOF, SPOILED_WHOLE_PROOF, proven, reported
from spoiled_siting import WHOLE

from planner.check import duals, optimality, rows
from planner.check.optimality import StoredProgram
from planner.check.stated_tables import tables_as_stated
from planner.check.verdict import rules_of
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.solve import solve

OPTIMALITY = rules_of(optimality)
RULES = (*OPTIMALITY, tables_as_stated, rows.solution_table, duals.prices_as_solved)


@dataclasses.dataclass(frozen=True)
class World:
    """A scenario with its model and optimum."""

    scenario: object
    model: object
    outcome: object

    @property
    def plan(self):
        return Plan.of(self.model, self.outcome, self.scenario)

    def ended(self, **changes):
        """Return the plan of a solve that ended otherwise."""
        outcome = dataclasses.replace(self.outcome, **changes)
        return Plan.of(self.model, outcome, self.scenario)


@pytest.fixture(scope="module")
def rich():
    scenario = load_scenario(str(RICH))
    model = build_model(build_inputs(scenario))
    return World(scenario, model, HighsSession(model.problem).solve())


@pytest.fixture(scope="module")
def good(rich):
    return rich.plan


@pytest.fixture(scope="module")
def costlier(rich):
    """A plan that keeps every rule and costs more: the optimum of other costs at the true ones."""
    columns = rich.model.problem.columns()
    session = HighsSession(rich.model.problem)
    others = np.where(np.arange(len(columns.cost)) % 2 == 0, 3.0, 0.5)
    session.set_columns(cost=columns.cost * others)
    x = session.solve().x
    objective = float(columns.offset + columns.cost @ x)
    assert objective > rich.outcome.objective * 1.001
    return rich.ended(x=x, objective=objective, dual_bound=objective, gap=0.0)


@pytest.fixture(scope="module")
def searched():
    """No rounding of it has a plan, so its bound comes from branch and bound."""
    plan = Plan.of_solve(solve(WHOLE))
    assert plan.proof.bound_by == "search"
    return plan


@pytest.fixture(scope="module")
def whole(searched):
    """The same plan with no more of a bound than the relaxation gives."""
    bound = optimality.proven_bound_musd(searched.case)
    gap = (searched.objective_musd - bound) / searched.objective_musd
    assert gap > 1e-4
    rounded = reported(searched, bound_musd=bound, gap_frac=gap, status="within_gap")
    return proven(rounded, "program", bound_by=["relaxation"])


def wrong_of(plan):
    return {check.name for check in plan.verdict().broken}


@pytest.mark.parametrize("world", ["good", "whole", "searched"])
def test_an_optimum_is_proven_from_its_stored_program(world, request):
    plan = request.getfixturevalue(world)

    verdict = plan.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()
    tested = {rule.name for rule in RULES if verdict[rule.name].tested}
    assert tested >= {rule.name for rule in RULES} - {"program_integers_whole"}
    assert verdict["strong_duality"].worst < 1e-9 * plan.objective_musd
    assert verdict["bound_proven"].worst < 1e-9 * plan.objective_musd


@pytest.mark.parametrize(("name", "spoil"), [s[1:] for s in SPOILED_PROOF], ids=[s[0] for s in SPOILED_PROOF])
def test_a_false_proof_or_price_is_found_out(good, name, spoil):
    check = spoil(good).check(name)

    assert not check.ok
    assert check.broken >= 1
    assert check.place


@pytest.mark.parametrize(
    ("name", "spoil"), [s[1:] for s in SPOILED_WHOLE_PROOF], ids=[s[0] for s in SPOILED_WHOLE_PROOF]
)
def test_a_false_proof_with_integers_is_found_out(whole, name, spoil):
    assert not spoil(whole).check(name).ok


def test_a_more_expensive_plan_in_itself_consistent_is_not_called_optimal(costlier):
    wrong = wrong_of(costlier)

    assert {"strong_duality", "bound_proven"} <= wrong
    assert wrong <= {rule.name for rule in OPTIMALITY}


def test_the_tables_of_a_more_expensive_plan_do_not_go_with_the_proof_of_the_best(costlier, good):
    mixed = dataclasses.replace(costlier, proof=good.proof)

    assert {"tables_as_stated", "program_objective", "strong_duality"} <= wrong_of(mixed)


def test_a_plan_stopped_by_a_limit_is_not_proven_and_not_refused(rich, costlier):
    stopped = rich.ended(
        x=costlier.proof.column("x"),
        objective=costlier.objective_musd,
        status="time_limit",
        has_duals=False,
        dual_bound=-np.inf,
        gap=np.inf,
    )

    verdict = stopped.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()
    assert not verdict["strong_duality"].tested
    assert not verdict["bound_proven"].tested
    assert verdict["program_rows_kept"].tested > 1000
    assert "not proven optimal" in verdict.proven
    assert not stopped.reported(solution=stopped.tables["solution"].assign(gap_frac=0.0)).check("solution_table").ok


def test_a_plan_stopped_by_a_limit_is_refused_once_it_is_called_optimal(rich):
    claimed = rich.ended(has_duals=False)

    assert {"dual_signs", "bound_proven"} <= wrong_of(claimed)


def test_the_verdict_says_which_part_of_the_bound_is_the_solvers_word(good, whole, searched):
    words = searched.verdict().proven

    assert f"{whole.bound_musd:,.6g} MUSD" in words
    assert f"bound of {searched.bound_musd:,.6g} MUSD is the solver's word" in words
    assert "word" not in whole.verdict().proven
    assert good.verdict().proven.startswith("Optimal, proven without the solver")
    wrong = dataclasses.replace(good, objective_musd=1.0).verdict().proven
    assert wrong.startswith("Nothing is proven of the optimum: program_objective, strong_duality")


def test_that_nothing_is_left_out_is_said_where_the_lists_are_what_the_scenario_allows(good):
    said = "scenario allows: none was left out."
    verdict = good.verdict()
    fewer = [
        dataclasses.replace(check, ok=False) if check.name == "columns_as_stated" else check for check in verdict.checks
    ]

    assert said in verdict.proven
    shorter = optimality.what_is_proven(good.case, fewer)
    assert shorter.startswith("Optimal, proven")
    assert said not in shorter


@settings(max_examples=40, derandomize=True)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.01, 0.3, 1.0, 3.0]))
def test_no_duals_prove_more_than_the_optimum(good, seed, scale):
    proof, random = good.proof, np.random.default_rng(seed)
    some = random.random(len(proof.rows)) < 0.2
    dual = proof.row("dual") + some * random.normal(0.0, scale, len(proof.rows))

    bound = StoredProgram(proof).bound(
        dual, proof.column("lower"), proof.column("upper"), proof.column("x"), good.objective_musd
    )

    assert bound.musd <= good.objective_musd * (1.0 + 1e-9)
    assert not bound.is_open.any()


def test_bounds_that_follow_from_the_rows_hold_for_plans_that_cost_no_more(rich, costlier):
    proof = rich.plan.proof
    lower, upper = StoredProgram(proof).implied(proof.column("lower"), proof.column("upper"), costlier.objective_musd)

    for x in (rich.outcome.x, costlier.proof.column("x")):
        assert (x <= upper + 1e-6).all()
        assert (x >= lower - 1e-6).all()
    assert np.isfinite(upper).mean() > 0.99
    assert np.isinf(proof.column("upper")).mean() > 0.5


def test_a_program_stored_in_another_order_proves_as_much(good):
    case = good.case
    order = np.random.default_rng(7).permutation(len(case.proof.matrix))
    other = dataclasses.replace(case.proof, matrix=case.proof.matrix.iloc[order])
    x, dual = case.proof.column("x"), case.proof.row("dual")
    bounds = case.proof.column("lower"), case.proof.column("upper")

    one, two = (StoredProgram(of).bound(dual, *bounds, x, case.objective_musd).musd for of in (case.proof, other))

    assert two == pytest.approx(one, rel=1e-12)
