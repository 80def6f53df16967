"""Studies by the hour in pieces: rows over all hours are split, answers are those of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plans import MINI

from planner.lp import Outcome
from planner.lp.decomposed import DecomposedSession
from planner.scenario.tree import Node, Place
from planner.studies.alternatives import alternatives
from planner.studies.frontier import frontier
from planner.studies.stochastic.stochastic import programs
from planner.studies.stochastic.study import StochasticPrograms
from planner.studies.sweep.axes import Risk, Uncertainty
from planner.studies.sweep.futures import read_sweep

HOURLY = "time.slot_h=1"
ONE_COOLING = "halls.cooling=[air_dry]"  # pieces of like sizes: none is too large a part of all
IN_PIECES = "solver.method=decomposed"
SWEEP = """version: 1
base: {base}
set: {{solver: {{method: {method}}}, time: {{slot_h: 1}}}}
futures:
  low:
    demand: {{scale_frac: 0.9}}
  high:
    demand: {{scale_frac: 1.1}}
uncertainty: {{known_from: 2027}}
"""


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Outcomes of all sessions that may solve in pieces."""
    outcomes, solve = [], DecomposedSession.solve

    def kept(session: DecomposedSession, *args, **kwargs) -> Outcome:
        outcomes.append(solve(session, *args, **kwargs))
        return outcomes[-1]

    monkeypatch.setattr(DecomposedSession, "solve", kept)
    return outcomes


def pieces_and_rounds(outcome: Outcome) -> tuple[int, int]:
    name, pieces, _, rounds, _ = outcome.method_used.split()
    assert name == "decomposed:"
    return int(pieces), int(rounds)


def test_a_frontier_in_pieces_is_that_of_the_whole(solved: list[Outcome]) -> None:
    whole = frontier(MINI, against="carbon", points=4, overrides=[HOURLY, ONE_COOLING]).table
    assert not solved

    found = frontier(MINI, against="carbon", points=4, overrides=[HOURLY, ONE_COOLING, IN_PIECES]).table

    for name in ("measure", "cost_musd", "slope_musd_per_unit"):
        expected = pytest.approx(whole[name].to_numpy(), rel=1e-6, nan_ok=True)
        assert found[name].to_numpy() == expected, name
    assert len(solved) == 6
    assert {pieces_and_rounds(outcome)[0] for outcome in solved} == {16}  # 4 sites in 4 years
    measured, steps = solved[1], solved[3:]
    assert max(pieces_and_rounds(one)[1] for one in steps) < pieces_and_rounds(measured)[1]


def test_alternatives_in_pieces_are_those_of_the_whole(solved: list[Outcome]) -> None:
    def ranges(*settings: str) -> list[tuple[float, float]]:
        found = alternatives(MINI, slacks=[0.02], of=["zone"], different=0, plans=False, overrides=settings)
        table = found.ranges
        return list(zip(table["least_mw"], table["most_mw"], strict=True))

    whole = ranges(HOURLY, ONE_COOLING)
    assert not solved

    found = ranges(HOURLY, ONE_COOLING, IN_PIECES)

    assert np.array(found) == pytest.approx(np.array(whole), rel=1e-6)
    assert {pieces_and_rounds(outcome)[0] for outcome in solved} == {16}


def test_all_futures_in_pieces_cost_what_they_cost_whole(tmp_path: Path, solved: list[Outcome]) -> None:
    at, weights = Node(2027, Place("futures.yaml", 3, 5)), {"low": 0.4, "high": 0.6}
    least = np.array([3600.0, 5400.0])

    def costs(method: str) -> list[float]:
        path = tmp_path / f"{method}.yaml"
        path.write_text(SWEEP.format(base=MINI, method=method), encoding="utf-8")
        futures = programs(read_sweep(path))
        expected, averse = (
            StochasticPrograms("two", futures, Uncertainty(2027, weights, risk, None, at))
            for risk in (Risk(), Risk(0.4, 0.5))
        )
        regret = (averse.in_every_future("minimax", averse.minimax(least)).costs - least).max()
        return [expected.stochastic()[1].objective, averse.stochastic()[1].objective, regret]

    whole = costs("ipx")
    assert not solved

    found = costs("decomposed")

    assert found[:2] == pytest.approx(whole[:2], rel=1e-7)
    assert found[2] == pytest.approx(whole[2], rel=1e-5)
    assert whole[1] > 1.01 * whole[0]
    assert [pieces_and_rounds(outcome)[0] for outcome in solved] == [32, 32, 16, 16, 32, 32]
