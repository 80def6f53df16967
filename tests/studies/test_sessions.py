"""Which programs are solved in pieces where nobody says how."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs import build_inputs
from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.lp.decomposed import DecomposedSession
from planner.lp.shares import Shares
from planner.model import build_model
from planner.scenario import load_scenario
from planner.scenario.schema import Solver
from planner.studies.solve import at_plan as sessions


def hours_of(sites: int) -> ArrayProblem:
    """Grid power of sites, with three coefficients for each of 24 hours."""
    site = Axis("site", tuple(f"s{i}" for i in range(sites)))
    slot = Axis("slot", tuple(f"h{i}" for i in range(24)))
    problem = ArrayProblem("hours")
    firm = problem.variable("firm", Index.full("firm", site))
    load = problem.variable("load", Index.full("load", site), lower=3.5)
    hours = Index.full("hours", site, slot)
    grid = problem.variable("grid", hours)
    peak = problem.variable("peak", Index.full("peak", site, Axis("period", ("all",))))
    own = hours["site"]
    every = np.arange(hours.size)
    wanted = load.map(hours, own, every) - firm.map(hours, own, every) * 0.25
    problem.rows("balance", grid >= wanted)
    problem.rows("billed", grid <= peak.map(hours, own, every))
    problem.minimise(firm.total() * 7.0 + grid.total() * 0.3 + peak.total() * 2.0)
    return problem


@pytest.mark.parametrize(
    ("method", "sites", "least", "is_in_pieces"),
    [
        ("decomposed", 3, 10**9, True),
        ("auto", 30, 3600, True),  # 30 sites, 24 hours, 3 + 2 coefficients
        ("auto", 30, 3601, False),
        ("auto", 9, 300, True),  # of nine pieces each has a ninth, of eight an eighth
        ("auto", 8, 300, False),
        ("ipx", 30, 3600, False),
    ],
)
def test_pieces_are_taken_where_much_is_in_many(
    method: str, sites: int, least: int, is_in_pieces: bool, monkeypatch
) -> None:
    monkeypatch.setattr(sessions, "LEAST_NONZEROS", least)
    problem = hours_of(sites)

    session = sessions.plan_session(problem, Solver.model_validate({"method": method}))

    assert isinstance(session, DecomposedSession) == is_in_pieces
    assert session.solve().objective == pytest.approx(HighsSession(problem).solve().objective)


@pytest.mark.parametrize(("share", "is_in_pieces"), [(0.98, True), (0.99, False)])
def test_pieces_are_taken_where_hours_are_most_of_the_program(
    share: float, is_in_pieces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LEAST_NONZEROS", 3600)
    monkeypatch.setattr(sessions, "LEAST_SHARE", share)
    problem, site = hours_of(30), Axis("site", tuple(f"s{i}" for i in range(30)))
    firm = problem._column_blocks["firm"]
    problem.rows("land", firm.map(Index.full("land", site), np.arange(30), np.arange(30)) <= 7.5)
    problem.rows("power", firm.total() <= 150.5)  # 60 of 3,660 coefficients are not over hours

    session = sessions.plan_session(problem, Solver.model_validate({"method": "auto"}))

    assert isinstance(session, DecomposedSession) == is_in_pieces


@pytest.mark.parametrize(
    ("name", "hours", "is_in_pieces"),
    [
        ("us-base", 6, False),  # 131,000 coefficients of rows over hours, a fifth of all
        ("us-base", 2, True),  # 485,000, half of all
        ("us-follow-the-power", 1, True),  # 978,000, at most 9 % of them in one piece
    ],
)
def test_shipped_scenarios_are_solved_in_pieces_where_hours_are_many(name: str, hours: int, is_in_pieces: bool) -> None:
    scenario = load_scenario(name, [f"time.slot_h={hours}"])
    problem = build_model(build_inputs(scenario)).problem

    session = sessions.plan_session(problem, scenario.solver)

    assert isinstance(session, DecomposedSession) == is_in_pieces


def test_pieces_are_left_where_rows_that_a_study_adds_make_one_of_many(monkeypatch) -> None:
    monkeypatch.setattr(sessions, "LEAST_NONZEROS", 3600)
    problem, only = hours_of(30), Index.full("only", Axis("only", ("here",)))
    session = sessions.plan_session(problem, Solver.model_validate({"method": "auto"}))
    assert session.has_pieces
    assert session.solve().method_used.startswith("decomposed: 30 pieces")

    grid, rng = problem._column_blocks["grid"], np.random.default_rng(7)
    for number in range(5):  # more than shares of pieces may be
        emitted = grid * rng.uniform(0.5, 2.0, grid.over.size)
        total = emitted.map(only, np.arange(grid.over.size), np.zeros(grid.over.size, int))
        problem.rows(f"cap_{number}", total <= 3700.0)
    session.update(problem)

    assert not session.has_pieces
    outcome = session.solve()
    assert "decomposed" not in outcome.method_used
    assert outcome.objective == pytest.approx(HighsSession(problem).solve().objective)


def test_which_rows_are_split_is_found_once(monkeypatch) -> None:
    monkeypatch.setattr(sessions, "LEAST_NONZEROS", 3600)
    found, find = [], Shares.from_arrays

    def counted(*args) -> Shares:
        found.append(find(*args))
        return found[-1]

    monkeypatch.setattr(Shares, "from_arrays", counted)
    session = sessions.plan_session(hours_of(30), Solver.model_validate({"method": "auto"}))

    assert session.solve().method_used.startswith("decomposed: 30 pieces")
    assert session.has_pieces
    assert len(found) == 1
