"""A plan is solved again until it survives the loss of any one site; what that is worth."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.base.arrays import Floats
from planner.base.errors import LimitReachedError
from planner.inputs import build_inputs
from planner.lp import HighsSession, Outcome
from planner.model import build_model
from planner.runs.plan import Plan
from planner.scenario import load_scenario
from planner.studies.solve.solves import FailureCuts
from planner.studies.solve.whole_numbers import find_plan

WORLD = Path(__file__).parents[1] / "check" / "failover.yaml"
ANY_USER = "failover.neighbour_users_frac=0"


def solve(*settings: str) -> Plan:
    plan = planner.solve(str(WORLD), settings)
    assert plan.verdict.ok, plan.verdict.broken
    assert plan.outcome.status == "optimal"
    return plan


def cost(*settings: str) -> float:
    return solve(*settings).outcome.objective


def test_surviving_the_loss_of_a_site_costs_something():
    train_alone = "workloads.chat.failover=false"
    none = cost("workloads.train.failover=false", train_alone)
    train, both = cost(train_alone), cost()

    assert none < train < both


def test_stand_bys_of_any_site_in_reach_and_cuts_until_none_is_broken_cost_the_same():
    pairs = cost("failover.form=pairs", "failover.nearest_standbys=all")

    pooled = solve(ANY_USER)

    assert pooled.outcome.objective == pytest.approx(pairs, rel=1e-7)
    assert pooled.proof.rows["family"].astype(str).str.startswith("failure_cut").any()
    assert "rounds of cuts by warm dual" in pooled.outcome.method_used


def test_fewer_stand_bys_to_choose_from_never_cost_less():
    every = cost("failover.form=pairs", "failover.nearest_standbys=all")

    assert cost("failover.form=pairs", "failover.nearest_standbys=1") > every * (1 + 1e-6)


@pytest.mark.parametrize("form", ["neighbours", "pairs"])
def test_the_reserve_is_at_least_the_largest_load_of_a_site(form):
    plan = solve(f"failover.form={form}")

    reported = plan.tables["resilience"]
    # The largest site may hold some itself, which does not help when it is the one that is lost.
    assert (reported["reserve_kh100e"] >= reported["largest_load_kh100e"] - 1e-6).all()
    assert reported["largest_load_kh100e"].max() > 50.0
    assert (reported["unserved_kh100e"] == 0.0).all()


def test_barring_a_pair_never_costs_less():
    assert cost("failover.barred_pairs=[[oak, fir]]") >= cost() * (1 - 1e-9)


def test_a_plan_that_ran_out_of_rounds_is_not_called_optimal_and_does_not_pass():
    plan = planner.solve(str(WORLD), ["failover.most_rounds=1"])

    assert plan.outcome.status == "iteration_limit"
    assert not plan.outcome.has_duals
    assert [check.name for check in plan.verdict.broken] == ["survives_loss_of_any_site"]
    assert plan.exit_code == 4
    assert plan.tables["failures"]["unserved_kh100e"].max() > 0.1
    assert LimitReachedError.exit_code == 4


def test_tables_tell_who_takes_over_what():
    plan = solve()
    takeovers, failures = plan.tables["takeovers"], plan.tables["failures"]
    lost = ["site", "workload", "year"]

    taken = takeovers.groupby(lost)["taken_kh100e"].sum()

    reported = failures.set_index(lost)
    assert taken.to_dict() == pytest.approx(reported["load_kh100e"].to_dict())
    assert (takeovers["site"] != takeovers["standby"]).all()
    by_site = takeovers.groupby([*lost, "standby"])["taken_kh100e"].sum().reset_index()
    room = plan.tables["reserve"].set_index(lost)["reserve_kh100e"]
    for row in by_site.itertuples():
        assert row.taken_kh100e <= room[row.standby, row.workload, row.year] + 1e-6


def test_the_price_of_a_load_is_the_reserve_it_asks_for():
    plan = solve()
    prices, reported = plan.tables["prices"], plan.tables["resilience"]

    reserve = prices[prices["block"] == "reserve_capacity"]

    assert (reserve["value"] > 0.0).all()
    assert reported["value_musd"].sum() > 100.0
    per_hour = reported["value_musd"] * 1e6 / (reported["load_kh100e"] * 1000 * 8760)
    assert reported["value_usd_per_h100e_hour"].dropna().tolist() == pytest.approx(
        per_hour[reported["load_kh100e"] > 0.0].tolist()
    )


PHASES = ("siting.phase_mw=6", "solver.whole_numbers=search", "solver.gap_frac=1e-7")


def found(*settings: str, cuts: type[FailureCuts] = FailureCuts, most_rounds: int = 30) -> tuple[Outcome, FailureCuts]:
    """Find a plan, unchecked."""
    scenario = load_scenario(str(WORLD), settings)
    model = build_model(build_inputs(scenario))
    kept = cuts(model, most_rounds)
    session = HighsSession(model.problem)
    return find_plan(model, session, scenario.solver, cuts=kept), kept


class HeldBack(FailureCuts):
    """Says nothing of the relaxed program, so that integer plans are the first to break any."""

    asked = 0

    def are_broken(self, x: Floats) -> bool:
        self.asked += 1
        return self.asked > 1 and super().are_broken(x)


def test_with_integers_cuts_cost_what_stand_bys_of_any_site_in_reach_cost():
    pairs, _ = found("failover.form=pairs", "failover.nearest_standbys=all", *PHASES)
    in_parts, _ = found(ANY_USER)

    pooled = solve(ANY_USER, *PHASES)

    assert pooled.outcome.objective == pytest.approx(pairs.objective, rel=1e-7)
    assert pooled.outcome.objective > in_parts.objective * (1 + 1e-4)  # phases count
    assert pooled.proof.rows["family"].astype(str).str.startswith("failure_cut").any()
    assert "relaxed (ipx, 2 rounds of cuts by warm dual)" in pooled.outcome.method_used


def test_cuts_that_only_integer_plans_break_lead_to_the_same_plan():
    (early, _), (late, kept) = found(ANY_USER, *PHASES), found(ANY_USER, *PHASES, cuts=HeldBack)

    assert late.status == "optimal"
    assert late.objective == pytest.approx(early.objective, rel=1e-7)
    assert late.method_used.startswith("relaxed (ipx), rounded and fixed (warm dual, ")
    assert "rounds of cuts" in late.method_used
    assert kept.inputs.failover.cut.size > 0
    assert len(late.row_dual) == len(late.row_value) > len(late.bound_row_dual)
