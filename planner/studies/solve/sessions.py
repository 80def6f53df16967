"""The session that finds a plan: the program whole, or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.lp.highs import HighsSession

if TYPE_CHECKING:
    from planner.lp import ArrayProblem
    from planner.scenario.schema import Solver

__all__ = ["HOURLY", "plan_session"]

HOURLY: Final = frozenset({"slot", "period"})
"""Axes of decisions that are made again in every slot, or billed by its season."""


def plan_session(problem: ArrayProblem, solver: Solver) -> HighsSession:
    """Hand a program to the solver as its settings say: whole, or in pieces.

    Parameters
    ----------
    problem : ArrayProblem
        The program.
    solver : Solver
        Method and tolerance.
    """
    options = {"primal_feasibility_tolerance": solver.tolerance}
    if solver.method != "decomposed":
        return HighsSession(problem, options)
    # scipy's graphs take a while to import.
    from planner.lp.decomposed import DecomposedSession, local_columns

    return DecomposedSession(problem, options, local_columns(problem, HOURLY))
