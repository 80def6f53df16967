"""Which programs are solved in pieces."""

from __future__ import annotations

import numpy as np
import pytest

from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.lp.decomposed import DecomposedSession
from planner.scenario.schema import Solver
from planner.studies.solve.sessions import plan_session


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
    ("method", "is_in_pieces"), [("decomposed", True), ("auto", False), ("ipx", False)]
)
def test_pieces_are_taken_where_they_are_asked_for(method: str, is_in_pieces: bool) -> None:
    problem = hours_of(3)

    session = plan_session(problem, Solver.model_validate({"method": method}))

    assert isinstance(session, DecomposedSession) == is_in_pieces
    assert session.solve().objective == pytest.approx(HighsSession(problem).solve().objective)
