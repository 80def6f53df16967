"""The session that finds a plan: the program whole, or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.lp.highs import HighsSession

if TYPE_CHECKING:
    from planner.lp import ArrayProblem
    from planner.lp.shares import Shares
    from planner.scenario.schema import Solver

__all__ = ["HOURLY", "LEAST_NONZEROS", "LEAST_SHARE", "PLACES", "WITH_PIECES", "plan_session"]

HOURLY: Final = frozenset({"slot", "period"})
"""Axes of decisions that are made again in every time slice, or billed by its season."""
PLACES: Final = frozenset({"site"})
"""Axes of what hours are coupled between: by claims of a pool, by work that moves."""
WITH_PIECES: Final = frozenset({"auto", "decomposed"})
"""Settings of the method that may solve a program in pieces."""
LEAST_NONZEROS: Final = 300_000
"""Coefficients of rows over hours from which on pieces are quicker; see `docs/decisions.md`."""
LEAST_SHARE: Final = 0.4
"""Share of all coefficients that these must be, or the master is nearly the whole program."""


def plan_session(problem: ArrayProblem, solver: Solver, *, ends_at_gap: bool = True) -> HighsSession:
    """Hand a program to the solver as its settings say: whole, or in pieces."""
    options = {"primal_feasibility_tolerance": solver.tolerance}
    is_asked = solver.method == "decomposed"
    if not is_asked and (solver.method != "auto" or _nonzeros(problem) < LEAST_NONZEROS):
        return HighsSession(problem, options)
    # scipy's graphs take a while to import.
    from planner.lp.decomposed import DecomposedSession, local_columns

    may_end = ends_at_gap and is_asked and not problem.isMIP()
    session = DecomposedSession(
        problem,
        options,
        local_columns(problem, HOURLY),
        (solver.gap_frac or 0.0) if may_end else 0.0,
        None if is_asked else _are_worth_it,
        PLACES,
    )
    return session if is_asked or session.has_pieces else HighsSession(problem, options)


def _are_worth_it(shares: Shares) -> bool:
    """Return whether pieces are quicker than the whole: where much is in many of them."""
    from planner.lp.shares import MOST_LEFT

    size = shares.sizes()
    least = max(LEAST_NONZEROS, LEAST_SHARE * len(shares.matrix.value))
    return bool(size.sum() >= least and size.max() <= MOST_LEFT * size.sum())


def _nonzeros(problem: ArrayProblem) -> int:
    return len(problem.matrix().value)
