"""Blocks of a class: which are chosen, against every choice there is."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.solve.rounding import nearest_blocks, underfilled_blocks
from planner.studies.solve.solves import Solves
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    from planner.model import Model

ROUNDED = "solver.gap_frac=0.9"  # what rounding finds is enough, whatever its gap


def moved_mw(racks_mw: np.ndarray, kept: np.ndarray, block_mw: float) -> float:
    """Least MW that move so that kept sites have a block, and others nothing."""
    raised = np.maximum(block_mw - racks_mw[kept], 0.0).sum()
    return max(raised, racks_mw[~kept].sum())


@settings(max_examples=60)
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


@pytest.mark.parametrize(("block_mw", "off_frac"), [(5.0, 0.0), (9.5, 0.0), (15.0, 0.021)])
def test_rounded_blocks_are_near_the_best_of_all_choices(block_mw: float, off_frac: float) -> None:
    scenario = load_scenario("tiny", [f"siting.block_mw={{train_frontier: {block_mw}}}", ROUNDED])
    model = build_model(build_inputs(scenario))
    columns, holds = model.problem.columns(), model.problem.column_block("holds")
    solves = Solves(model, HighsSession(model.problem), scenario.solver, None)
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


def racks_mw(model: Model, whole: np.ndarray) -> float:
    x = np.zeros(model.problem.column_count)
    x[model.problem.columns().integer] = whole
    return float(x[model.problem.column_block("lot_racks")] @ model.p.racks.lot_rack_mw)
