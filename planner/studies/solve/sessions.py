"""The session that finds a plan: the program whole, or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.lp.highs import HighsSession

if TYPE_CHECKING:
    from planner.lp import ArrayProblem
    from planner.scenario.schema import Solver

__all__ = ["HOURLY", "plan_session"]

HOURLY: Final = frozenset({"slot", "period"})
"""Axes of decisions that are made again in every time slice, or billed by its season."""


_LEAST_NONZEROS: Final = 600_000
"""Coefficients of rows over hours from which on pieces are quicker; see `docs/decisions.md`."""
_MOST_OF_ONE: Final = 0.05
"""Share of these that the largest piece may have."""


def plan_session(problem: ArrayProblem, solver: Solver) -> HighsSession:
    """Hand a program to the solver as its settings say: whole, or in pieces.

    Parameters
    ----------
    problem : ArrayProblem
        The program.
    solver : Solver
        Method and tolerance. `auto` takes pieces where there are many and much is in them.
    """
    options = {"primal_feasibility_tolerance": solver.tolerance}
    is_asked = solver.method == "decomposed"
    if not is_asked and (solver.method != "auto" or _nonzeros(problem) < _LEAST_NONZEROS):
        return HighsSession(problem, options)
    # scipy's graphs take a while to import.
    from planner.lp.decomposed import DecomposedSession, local_columns
    from planner.lp.split import Split

    is_local = local_columns(problem, HOURLY)
    if not is_asked:
        matrix = problem.matrix()
        size = Split.from_matrix(matrix, is_local).sizes(matrix)
        if size.sum() < _LEAST_NONZEROS or size.max() > _MOST_OF_ONE * size.sum():
            return HighsSession(problem, options)
    ends_at_gap = is_asked and not problem.isMIP()
    gap_frac = (solver.gap_frac or 0.0) if ends_at_gap else 0.0
    return DecomposedSession(problem, options, is_local, gap_frac)


def _nonzeros(problem: ArrayProblem) -> int:
    return len(problem.matrix().value)
