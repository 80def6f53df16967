"""The session that finds a plan: the program whole, or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.lp.highs import HighsSession

if TYPE_CHECKING:
    from planner.lp import ArrayProblem
    from planner.scenario.schema import Solver
    from planner.studies.cluster.pieces import ClusterOfPieces

__all__ = ["HOURLY", "LEAST_NONZEROS", "WITH_PIECES", "plan_session"]

HOURLY: Final = frozenset({"slot", "period"})
"""Axes of decisions that are made again in every time slice, or billed by its season."""


WITH_PIECES: Final = frozenset({"auto", "decomposed"})
"""Settings of the method that may solve a program in pieces."""
LEAST_NONZEROS: Final = 600_000
"""Coefficients of rows over hours from which on pieces are quicker; see `docs/decisions.md`."""
_MOST_OF_ONE: Final = 0.05
"""Share of these that the largest piece may have."""


def plan_session(
    problem: ArrayProblem, solver: Solver, cluster: ClusterOfPieces | None = None
) -> HighsSession:
    """Hand a program to the solver as its settings say: whole, or in pieces.

    Parameters
    ----------
    problem : ArrayProblem
        The program.
    solver : Solver
        Method and tolerance. `auto` takes pieces where there are many and much is in them.
    cluster : ClusterOfPieces, optional
        Solves the pieces; left out, threads of this process do.
    """
    options = {"primal_feasibility_tolerance": solver.tolerance}
    is_asked = solver.method == "decomposed"
    if not is_asked and (solver.method != "auto" or _nonzeros(problem) < LEAST_NONZEROS):
        return HighsSession(problem, options)
    # scipy's graphs take a while to import.
    from planner.lp.decomposed import DecomposedSession, local_columns
    from planner.lp.split import Split

    is_local = local_columns(problem, HOURLY)
    if not is_asked:
        matrix = problem.matrix()
        size = Split.from_matrix(matrix, is_local).sizes(matrix)
        if size.sum() < LEAST_NONZEROS or size.max() > _MOST_OF_ONE * size.sum():
            return HighsSession(problem, options)
    ends_at_gap = is_asked and not problem.isMIP()
    gap_frac = (solver.gap_frac or 0.0) if ends_at_gap else 0.0
    if cluster is None:
        return DecomposedSession(problem, options, is_local, gap_frac)
    return DecomposedSession(problem, options, is_local, gap_frac, cluster.solver)


def _nonzeros(problem: ArrayProblem) -> int:
    return len(problem.matrix().value)
