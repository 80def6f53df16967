"""Plans that are decided year by year: no peeking, never cheaper than foresight, checked."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import planner
from planner.base.errors import InputError, LimitReachedError
from planner.cli import main
from planner.cli.progress import Progress
from planner.inputs import build_inputs
from planner.inputs.inputs import OrderDates
from planner.lp.highs import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.myopic import myopic
from planner.studies.solve import solve
from planner.studies.solve.checked_plan import Decided, _look_to, commitments, decide_year_by_year, decided_in
from planner.studies.solve.whole_numbers import find_plan

CHECK = Path(__file__).parents[1] / "check"
TRAIN_KH100E = {2027: 30.0, 2028: 45.0}
CHAT_KH100E = {2027: 8.0, 2028: 12.0}
H100E_PER_KH100E, HOURS, USD_PER_MUSD = 1000, 8760, 1e6

# What binds other years than its own, in the test worlds that have most, and which of it waits
# for a lead time. A family that adds a decision of this kind has to say which it is.
BINDS = {
    "bill_fee_mw",
    "bill_released_mw",
    "bill_signed_mw",
    "bought",
    "build",
    "connect_mw",
    "expand",
    "heat_connect_mw",
    "holds",
    "install",
    "move_in",
    "move_out",
    "open",
    "phases",
    "redeploy_mw",
    "retrofit",
    "signed_mw",
    "source_mw",
    "store_mwh",
}


@pytest.fixture(scope="module")
def found():
    return myopic("tiny", windows=[1, 2])


@pytest.fixture(scope="module")
def rich():
    return {window: solve(CHECK / "rich.yaml", [f"foresight={{window_years: {window}}}"]) for window in (1, 2)}


def held_cost(scenario, inputs):
    """Decide year by year and price the plan over the whole horizon, without a check."""
    decided = decide_year_by_year(scenario, inputs)
    model = build_model(inputs)
    decided.hold(model)
    return find_plan(model, HighsSession(model.problem), scenario.solver).objective


def three_years(draw):
    """Make a small world of three years with demand, prices and lead times drawn at random."""
    train = [round(draw.uniform(12.0, 40.0), 2) for _ in range(3)]
    chat = [round(draw.uniform(3.0, 13.0), 2) for _ in range(3)]
    years = (2027, 2028, 2029)
    stated = ", ".join(
        f"{{workload: {name}, unit: kh100e, by_year: {{{', '.join(by_year)}}}}}"
        for name, by_year in (
            ("train_frontier", [f"{y}: {v}" for y, v in zip(years, train, strict=True)]),
            ("chat_interactive", [f"{y}: {v}" for y, v in zip(years, chat, strict=True)]),
        )
    )
    return [
        "years=[2027, 2028, 2029]",
        f"demand.explicit=[{stated}]",
        f"sites.north.retail_usd_per_mwh={draw.uniform(30.0, 90.0):.1f}",
        f"sites.south.lead_time_months={draw.choice([3, 12, 20, 30])}",
        f"sites.south.build_rate_mw_per_year={draw.uniform(9.0, 50.0):.1f}",
    ]


# --- by hand ----------------------------------------------------------------------------


def test_what_is_not_seen_when_it_must_be_ordered_is_missing(found):
    """Halls of 2028 are ordered a year ahead; with 2027 alone in view nobody orders them."""
    short = found.plans[1]
    halls = short.site_year.groupby("year")["halls_mw"].sum()

    assert halls[2028] == pytest.approx(halls[2027])
    unmet = short.summary.set_index("year")["unmet_kh100e"]
    growth = sum(demand[2028] - demand[2027] for demand in (TRAIN_KH100E, CHAT_KH100E))
    assert growth == 19.0
    assert unmet.to_dict() == pytest.approx({2027: 0.0, 2028: growth}, abs=1e-9)
    of_unmet = short.costs.groupby(["item", "calendar_year"])["musd"].sum()
    paid = growth * H100E_PER_KH100E * HOURS * 20.0 / USD_PER_MUSD
    assert paid == pytest.approx(3328.8)
    assert of_unmet["unmet_compute", 2028] == pytest.approx(paid)


def test_the_value_of_foresight_is_the_difference_of_two_checked_plans(found):
    foreseen, short = found.plans
    table = found.table

    assert all(plan.verdict.ok for plan in found.plans)
    assert table["foresight_musd"].tolist() == [
        plan.outcome.objective - foreseen.outcome.objective for plan in found.plans
    ]
    assert table["foresight_musd"][1] > 2900.0
    assert table["unmet_kh100e"][1] == pytest.approx(19.0)
    assert table["unmet_year"].tolist() == [0, 2028]
    assert short.run.meta["run"] != foreseen.run.meta["run"]
    assert "with one model year in view" in short.verdict.proven
    assert "in view" not in foreseen.verdict.proven
    assert any("Decided year by year" in note for note in short.run.meta["notes"])


def test_a_stop_keeps_the_plans_that_are_done(monkeypatch, tmp_path):
    """Ctrl-C while the first of two windows is solved: the plan with all years in view is there."""
    module = sys.modules["planner.studies.myopic"]
    solved, whole = module.plan_of, []

    def plan_of(scenario, inputs, clock, *, hooks):
        if whole:  # the solver stops without a plan, as it does where Ctrl-C comes early
            hooks.interrupt.set()
            message = "tiny: interrupted before any plan was found"
            raise LimitReachedError(message)
        whole.append(solved(scenario, inputs, clock))
        return whole[0]

    monkeypatch.setattr(module, "plan_of", plan_of)
    years = ["--set", "years=[2027, 2028, 2029]"]
    asked = ["myopic", "tiny", "--window", "1", "--window", "2", "--no-workbook", "--json"]
    said = CliRunner().invoke(main, [*asked, *years, "-o", str(tmp_path)])

    assert said.exit_code == 4, said.output
    rows = json.loads(said.stdout)["windows"]
    assert [row["status"] for row in rows] == ["optimal", "stopped", "not_solved"]
    assert [row["why"] for row in rows] == [
        None,
        "tiny: interrupted before any plan was found",
        "stopped before it was begun",
    ]
    assert rows[0]["cost_musd"] == pytest.approx(whole[0].outcome.objective)
    assert rows[0]["run"] in {folder.name for folder in tmp_path.iterdir()}
    assert "Stopped with 1 of 3 plans; these are written" in said.stderr


def test_ctrl_c_asks_a_window_to_stop_and_does_not_end_the_command():
    with Progress(quiet=True) as progress:
        progress.stoppable("Solving with 1 of 2 years in view")
        os.kill(os.getpid(), signal.SIGINT)
        assert progress.interrupt.wait(5.0)


def test_the_time_limit_is_of_all_steps_together(monkeypatch):
    given = []

    def find_plan_in(module):
        found = module.find_plan

        def asked(model, session, solver, **more):
            given.append(solver.time_limit_s)
            return found(model, session, solver, **more)

        monkeypatch.setattr(module, "find_plan", asked)

    find_plan_in(sys.modules["planner.studies.solve.checked_plan"])
    solve("tiny", ["foresight={window_years: 1}", "solver.time_limit_s=417"])

    # A search takes all the time it is given: the first of two steps leaves the second its half.
    assert len(given) == 2
    assert 150.0 < given[0] <= 417.0 / 2
    assert 300.0 < given[1] < 417.0


def test_nothing_is_bought_for_years_that_are_out_of_view(monkeypatch):
    """Racks and blocks there would cost nothing, serve nobody and still have to be whole."""
    module, free = sys.modules["planner.studies.solve.checked_plan"], []
    solved = module.find_plan

    def find_plan_in_view(model, session, solver, **more):
        upper = model.problem.columns().upper
        for name in ("install", "lot_racks", "holds"):
            over = model.problem.columns_over(name)
            may = upper[model.problem.column_block(name)] > 0.0
            free.append((name, sorted({over.labels("year")[at] for at in np.flatnonzero(may)})))
        return solved(model, session, solver, **more)

    monkeypatch.setattr(module, "find_plan", find_plan_in_view)
    scenario = load_scenario(
        "tiny",
        [
            "years=[2027, 2028, 2029]",
            "demand.explicit=[{workload: train_frontier, unit: kh100e, by_year: {2027: 21}}]",
            "scope.workloads=[train_frontier]",
            "racks.whole=true",
            "siting.block_mw={train_frontier: 9.5}",
            "foresight={window_years: 2}",
        ],
    )
    decide_year_by_year(scenario, build_inputs(scenario))

    in_view = ["2027", "2028"]
    assert free == [("install", in_view), ("lot_racks", in_view), ("holds", in_view)]


# --- laws -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_no_plan_decided_year_by_year_costs_less_than_one_with_foresight(seed):
    changes = three_years(random.Random(seed))
    scenario = load_scenario("tiny", changes)
    inputs = build_inputs(scenario)
    least = held_cost(scenario, inputs)

    for decides in ("orders", "service"):
        for window in (1, 2, 3, 5):
            view = f"foresight={{window_years: {window}, decides: {decides}}}"
            cost = held_cost(load_scenario("tiny", [*changes, view]), inputs)
            assert cost >= least * (1.0 - 1e-9), view
            if window >= 3:
                assert cost == pytest.approx(least, rel=1e-9), view


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("by", ["orders", "service"])
def test_each_step_with_all_years_in_view_costs_what_foresight_does(seed, by):
    """What a step decides for good leaves the later ones the least cost of the whole horizon."""
    scenario = load_scenario("tiny", three_years(random.Random(seed)))
    inputs = build_inputs(scenario)
    least, dates = held_cost(scenario, inputs), OrderDates(scenario, inputs)
    decided = Decided(np.zeros(0, dtype=np.intp), np.zeros(0))
    for year in range(3):
        model = build_model(inputs)
        decides = decided_in(model, dates if by == "orders" else None)
        _look_to(model, year, 2, decides)
        decided.hold(model)
        outcome = find_plan(model, HighsSession(model.problem), scenario.solver)
        assert outcome.objective == pytest.approx(least, rel=1e-8)
        columns = np.flatnonzero(decides <= year)
        assert columns.size > decided.columns.size
        decided = Decided(columns, np.maximum(outcome.x[columns], 0.0))


@pytest.mark.parametrize("decides", ["orders", "service"])
@pytest.mark.parametrize("window", [1, 2])
def test_what_is_out_of_view_changes_nothing_that_is_decided(window, decides):
    """Another last year leaves every decision that was taken before it came into view."""
    view = f"foresight={{window_years: {window}, decides: {decides}}}"
    taken = []
    for last_kh100e in (9.0, 61.0):
        stated = (
            "demand.explicit=[{workload: train_frontier, unit: kh100e, by_year: "
            f"{{2027: 21, 2028: 33, 2029: {last_kh100e}}}}}]"
        )
        changes = ["years=[2027, 2028, 2029]", "scope.workloads=[train_frontier]", stated, view]
        scenario = load_scenario("tiny", changes)
        decided = decide_year_by_year(scenario, build_inputs(scenario))
        assert decided.steps == 3 - window
        taken.append(decided)

    first, other = taken
    assert first.columns.tolist() == other.columns.tolist()
    assert first.value == pytest.approx(other.value, abs=1e-7)
    assert first.value.max() > 1.0


def test_a_rich_world_is_decided_within_limits_of_later_years_and_checked(rich):
    """A PPA that is signed within a year counts in full in the next: its limit is not forgotten."""
    least = solve(CHECK / "rich.yaml").outcome.objective

    assert all(plan.verdict.ok for plan in rich.values())
    costs = [rich[window].outcome.objective for window in (1, 2)]
    assert costs[0] > costs[1] > least
    force = rich[1].tables["contracts"].groupby(["contract", "year"])["in_force_mw"].sum()
    assert force["sun", 2026] == pytest.approx(430.0)


# --- the parts --------------------------------------------------------------------------


def model_of(name):
    return build_model(build_inputs(load_scenario(CHECK / f"{name}.yaml")))


def test_the_decisions_that_bind_later_years_are_known():
    worlds = ("rich", "own_power", "non_firm", "tariffs", "whole")

    assert set().union(*(commitments(model_of(name)) for name in worlds)) == BINDS


def test_orders_are_decided_as_long_before_service_as_their_lead():
    from planner.inputs.inputs import OrderDates

    changes = [
        "years=[2027, 2028, 2029]",
        "decisions_start=2027-01-01",
        "sites.north.lead_time_months=7",
        "sites.south.lead_time_months=13",
        "sites.coast.lead_time_months=25",
        "demand.explicit=[{workload: train_frontier, unit: kh100e, by_year: {2027: 5, 2029: 9}}]",
        "scope.workloads=[train_frontier]",
    ]
    scenario = load_scenario("tiny", changes)
    inputs = build_inputs(scenario)
    model = build_model(inputs)
    taken = decided_in(model, OrderDates(scenario, inputs))
    over = inputs.halls.build
    of_build = taken[model.problem.column_block("build")]
    by_place = dict(zip(zip(over.labels("site"), over.labels("year"), strict=True), of_build, strict=True))

    # 7 months: within 2027 for 2027, and by June of the year before for later years.
    assert by_place["north", "2027"] == 0
    assert by_place["north", "2028"] == 0
    assert by_place["north", "2029"] == 1
    # 13 months: 1 February 2028 at the soonest; for 1 January 2029 by December 2027.
    assert by_place["south", "2028"] == 0
    assert by_place["south", "2029"] == 0
    # 25 months: 1 February 2029, if it is ordered on the first day.
    assert by_place["coast", "2029"] == 0
    assert ("coast", "2028") not in by_place
    racks = inputs.racks.install
    of_racks = taken[model.problem.column_block("install")]
    assert of_racks.tolist() == racks["year"].tolist()


# --- what goes wrong --------------------------------------------------------------------


def test_every_mistake_is_named_at_once():
    with pytest.raises(InputError) as error:
        myopic("tiny", windows=[2, 0, -3], overrides=["years=[2028, 2027]"])

    said = [problem.what_is for problem in error.value.problems]
    assert set(said) == {"it is 0", "it is -3", "years is [2028, 2027]"}


# --- the command ------------------------------------------------------------------------


def test_the_command_stores_runs_and_prints_what_foresight_is_worth(tmp_path, found):
    runs = tmp_path / "runs"
    solved = CliRunner().invoke(main, ["-q", "solve", "tiny", "--runs", str(runs)])
    said = CliRunner().invoke(main, ["myopic", "tiny", "--no-workbook", "--json", "-q", "--runs", str(runs)])

    assert solved.exit_code == said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["windows"][1]["foresight_musd"] == pytest.approx(found.table["foresight_musd"][1])
    assert sorted(path.name for path in runs.iterdir() if path.is_dir()) == sorted(
        one["run"] for one in told["windows"]
    )
    assert str(runs / told["windows"][0]["run"]) in solved.stdout  # the solve's, of the same plan
    short = planner.load(runs / told["windows"][1]["run"])
    assert short.run.meta["differs"]["foresight.window_years"] == "1"
    assert "foresight.window_years=1" in short.run.label
    checked = CliRunner().invoke(main, ["check", str(runs / told["windows"][1]["run"])])
    assert checked.exit_code == 0, checked.output
