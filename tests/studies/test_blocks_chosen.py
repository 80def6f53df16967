"""Blocks of a class: which are chosen, against every choice there is."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.solve import rounding
from planner.studies.solve.block_search import furthest_short, nearest_blocks, underfilled_blocks
from planner.studies.solve.rounding import with_more_racks
from planner.studies.solve.solves import Solves
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    from planner.lp import Outcome
    from planner.model import Model

ROUNDED = "solver.gap_frac=0.9"  # what rounding finds is enough, whatever its gap


def moved_mw(racks_mw: np.ndarray, kept: np.ndarray, block_mw: float) -> float:
    """Least MW that move so that kept sites have a block, and others nothing."""
    raised = np.maximum(block_mw - racks_mw[kept], 0.0).sum()
    return max(raised, racks_mw[~kept].sum())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.5, 30.0), min_size=2, max_size=7), st.floats(2.0, 12.0))
def test_no_other_choice_moves_less(racks: list[float], block_mw: float) -> None:
    racks_mw = np.array(racks)
    total_mw = racks_mw.sum()
    n = racks_mw.size

    kept = nearest_blocks(racks_mw, np.full(n, block_mw), np.full(n, 400.0), np.zeros(n, np.intp))

    choices = [np.array(choice, dtype=bool) for choice in product((False, True), repeat=n)]
    fitting = [c for c in choices if c.any() and (c.sum() == 1 or c.sum() * block_mw <= total_mw)]
    least = min(moved_mw(racks_mw, choice, block_mw) for choice in fitting)
    assert moved_mw(racks_mw, kept, block_mw) == pytest.approx(least, rel=1e-6, abs=1e-5)


def test_blocks_are_chosen_class_by_class_and_where_there_is_room() -> None:
    # Two classes over four sites: blocks of 10 and of 2 MW.
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    block_mw = np.array([10.0] * 4 + [2.0] * 4)
    racks_mw = np.array([9.0, 3.5, 13.0, 4.0, 1.25, 0.5, 0.0, 7.0])
    room_mw = np.array([8.0, 40.0, 41.0, 42.0, 5.0, 6.0, 3.0, 8.0])

    kept = nearest_blocks(racks_mw, block_mw, room_mw, group)

    # The first site lacks room. Of 29.5 MW its 9 and the 3.5 move, 6 of them to the last site;
    # to close the last as well would move 16.5. In the second class 0.75 MW are lacking at the
    # first site, so 0.75 move; to close it as well would move 1.75.
    assert kept.tolist() == [False, False, True, True, True, False, False, True]


def test_where_the_largest_have_no_room_for_all_one_with_room_is_chosen() -> None:
    racks_mw, room_mw = np.array([31.5, 7.0]), np.array([32.0, 73.0])

    # 38.5 MW are no two blocks of 25, and the first site holds 32 of them.
    kept = nearest_blocks(racks_mw, np.full(2, 25.0), room_mw, np.zeros(2, np.intp))

    assert kept.tolist() == [False, True]


def test_of_blocks_short_at_one_place_the_one_that_lacks_most_is_closed() -> None:
    # Two classes at one site lack 97 and 1.5 MW, one at another 0.4, and a third is 6 MW over.
    lack_mw, place = np.array([97.0, 0.4, 1.5, -6.0]), np.array([3, 5, 3, 5])

    assert furthest_short(lack_mw, place).tolist() == [True, True, False, False]


@pytest.mark.parametrize(("block_mw", "off_frac"), [(5.0, 0.0), (9.5, 0.0), (15.0, 0.021)])
def test_rounded_blocks_are_near_the_best_of_all_choices(block_mw: float, off_frac: float) -> None:
    scenario = load_scenario("tiny", [f"siting.block_mw={{train_frontier: {block_mw}}}", ROUNDED])
    model = build_model(build_inputs(scenario))
    columns, holds = model.problem.columns(), model.problem.column_block("holds")
    solves = Solves(model, HighsSession(model.problem), scenario.solver, None, None, None)
    costs = []
    for choice in product((0.0, 1.0), repeat=3 * 2):  # sites and years
        lower, upper = columns.lower.copy(), columns.upper.copy()
        lower[holds] = upper[holds] = choice
        outcome = solves.solve_within(lower, upper)
        costs.append(outcome.objective if outcome.status == "optimal" else np.inf)

    found = find_plan(model, HighsSession(model.problem), scenario.solver)

    assert "searched" not in found.method_used
    assert not underfilled_blocks(model, found.x).any()
    assert found.objective == pytest.approx(min(costs), rel=max(off_frac, 1e-6))
    assert found.objective >= min(costs) * (1.0 - 1e-9)


def test_a_block_that_is_decided_is_filled() -> None:
    """As where earlier years are held: by itself no plan trains on the coast, which is dearest."""
    asked = ["siting.block_mw={train_frontier: 9.5}", "racks.whole=true", ROUNDED]
    scenario = load_scenario("tiny", asked)
    model = build_model(build_inputs(scenario))
    holds, block = model.problem.column_block("holds"), model.p.siting.block
    places = list(zip(block.labels("site"), block.labels("year"), strict=True))
    at = np.array([holds.start + places.index(("coast", "2027"))])
    model.problem.hold(at, np.ones(1), np.ones(1))

    found = find_plan(model, HighsSession(model.problem), scenario.solver)

    assert "dived" not in found.method_used
    assert "searched" not in found.method_used
    assert model.siting.in_block_mw.value(found.x)[at - holds.start] >= 9.5 - 1e-6
    assert found.gap < 0.02


def test_blocks_and_whole_racks_are_kept_together() -> None:
    plan = planner.solve(
        "tiny", ["siting.table_blocks=true", "siting.block_mw={train_frontier: 9.5}", "racks.whole=true", ROUNDED]
    )

    blocks, installs = plan.tables["blocks"], plan.tables["installs"]
    assert (blocks["used_mw"] >= blocks["block_mw"] - 1e-6).all()
    assert set(blocks["block_mw"]) > {9.5}
    racks = installs["racks"].to_numpy()
    assert np.abs(racks - np.round(racks)).max() < 1e-6
    assert racks.min() > 0.5
    assert plan.verdict.ok, plan.verdict.broken


def lots_too_small(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], fewer: float = 0.0
) -> tuple[Model, Solves, np.ndarray, Outcome]:
    """Round lots down, and by some racks more; return the integers, which leave no plan.

    With the model, its solves, and the plan that was found in the end.
    """

    def rounded_down(model: Model, x: np.ndarray, _: np.ndarray) -> np.ndarray:
        wanted = model.install.on(model.p.racks.lot).value(x) / model.p.racks.lot_rack_mw
        return np.maximum(np.floor(wanted + 1e-6) - fewer, 0.0)

    tried: list[np.ndarray] = []
    fixed = Solves.fixed

    def noted(self: Solves, whole: np.ndarray, *args: object, **options: object) -> Outcome:
        tried.append(whole)
        return fixed(self, whole, *args, **options)

    scenario = load_scenario("tiny", ["racks.whole=true", ROUNDED, *asked])
    model = build_model(build_inputs(scenario))
    with monkeypatch.context() as patched:
        patched.setattr(rounding, "_racks", rounded_down)
        patched.setattr(Solves, "fixed", noted)
        found = find_plan(model, HighsSession(model.problem), scenario.solver)
    solves = Solves(model, HighsSession(model.problem), scenario.solver, None, None, None)
    assert solves.fixed(tried[0]).status == "infeasible"
    return model, solves, tried[0], found


def racks_mw(model: Model, whole: np.ndarray) -> float:
    x = np.zeros(model.problem.numVariables())
    x[model.problem.columns().integer] = whole
    return float(x[model.problem.column_block("lot_racks")] @ model.p.racks.lot_rack_mw)


@pytest.mark.parametrize("fewer", [0.0, 2.0, 3.0])
@pytest.mark.parametrize(
    "asked",
    [
        ["siting.block_mw={train_frontier: 9.5}"],
        ["siting.block_mw={train_frontier: 12.3}"],
        ["siting.block_mw={train_frontier: 9.5, chat_interactive: 3.3}"],
    ],
)
def test_where_lots_leave_a_block_short_no_fewer_mw_of_racks_would_do(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], fewer: float
) -> None:
    model, solves, whole, found = lots_too_small(monkeypatch, asked, fewer)

    outcome, more = with_more_racks(model, solves, whole, 0.0)

    columns, lots = model.problem.columns(), model.problem.column_block("lot_racks")
    lower, upper = columns.lower.copy(), columns.upper.copy()
    lower[columns.integer] = upper[columns.integer] = whole
    upper[lots] = columns.upper[lots]
    cost, is_lot = np.zeros_like(lower), np.zeros(lower.size, dtype=np.bool_)
    cost[lots], is_lot[lots] = model.p.racks.lot_rack_mw, True
    search = HighsSession(model.problem)
    search.set_columns(cost=cost, lower=lower, upper=upper, integer=is_lot)
    least = search.solve("auto", gap_frac=1e-6)
    assert outcome.method_used == "ipx"  # no basis of another cost
    assert (more >= whole).all()
    assert racks_mw(model, more) == pytest.approx(cost @ least.x, abs=1e-6)
    assert solves.fixed(more).status == "optimal"
    assert re.search(r"no plan\), racks added \(ipx, \d+\), fixed with them \(ipx, gap", found.method_used)
    assert not underfilled_blocks(model, found.x).any()


def test_what_is_added_costs_its_mw_and_leaves_time_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["siting.block_mw={train_frontier: 12.3}"]
    model, solves, whole, _ = lots_too_small(monkeypatch, asked)
    asked_for: list[dict[str, Any]] = []
    solve_within = Solves.solve_within

    def noted(self: Solves, *bounds: np.ndarray, **options: Any) -> Outcome:
        asked_for.append(options)
        return solve_within(self, *bounds, **options)

    monkeypatch.setattr(Solves, "solve_within", noted)
    with_more_racks(model, solves, whole, 37.5)

    (options,) = asked_for
    lots = model.problem.column_block("lot_racks")
    expected = np.zeros(model.problem.numVariables())
    expected[lots] = model.p.racks.lot_rack_mw
    assert 0.0 < expected[lots].min() < 1.0
    assert np.array_equal(options["cost"], expected)
    assert options["reserve_s"] == 37.5
    assert not options["adds_cuts"]


def test_lots_that_are_decided_are_not_made_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["siting.block_mw={train_frontier: 9.5}"]
    model, solves, whole, _ = lots_too_small(monkeypatch, asked)
    integer = np.flatnonzero(model.problem.columns().integer)
    _, more = with_more_racks(model, solves, whole, 0.0)
    (larger,) = np.flatnonzero(more > whole)
    at, count = integer[[larger]], whole[[larger]]

    model.problem.hold(at, count, count)  # no block with this lot as it is, as racks are bought once
    outcome, others = with_more_racks(model, solves, whole, 0.0)

    assert others[larger] == whole[larger]
    assert outcome.status in {"optimal", "infeasible"}
    assert (outcome.status == "optimal") == bool((others > whole).any())


def test_where_no_lot_may_be_larger_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["siting.block_mw={train_frontier: 9.5}"]
    model, solves, whole, _ = lots_too_small(monkeypatch, asked)
    x = np.zeros(model.problem.numVariables())
    x[model.problem.columns().integer] = whole
    lots = model.problem.column_block("lot_racks")
    model.problem.hold(np.arange(lots.start, lots.stop), x[lots], x[lots])

    outcome, more = with_more_racks(model, solves, whole, 0.0)

    assert outcome.status == "infeasible"
    assert np.array_equal(more, whole)


CUT = [  # five markets of us-base, which train at all of them in 2026 if they may
    "scope.sites=[us-va-ashburn, us-oh-columbus, us-tx-dallas, us-ga-atlanta, us-az-phoenix]",
    "scope.workloads=[train_frontier, train_finetune, batch_inference]",
    "years=[2025, 2026, 2027]",
    "operator.demand_share_frac=0.05",
    "operator.site_limit_share_frac=0.1",
    "operator.headroom_share_frac=0.1",
    "operator.pipeline_share_frac=0.1",
]


def test_least_campuses_are_kept_before_new_halls_can_be_there() -> None:
    plan = planner.solve("us-base", CUT)

    blocks, racks = plan.tables["blocks"], plan.tables["installs"]["racks"].to_numpy()
    frontier = blocks[blocks["workload"] == "train_frontier"]
    # In shares all five sites train frontier models in 2026; no new hall is there before 2028.
    sites = frontier.groupby("year")["site"].size().to_dict()
    assert set(sites) == {2026, 2027}
    assert min(sites.values()) >= 4
    assert (blocks["used_mw"] >= blocks["block_mw"] - 1e-6).all()
    assert set(frontier["block_mw"]) == {100.0}
    assert np.abs(racks - np.round(racks)).max() < 1e-6
    assert plan.outcome.gap <= 0.03  # as asked for
    assert plan.verdict.ok, plan.verdict.broken
