"""Answers of the solver within a study: a plan, or the error that ends the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import InfeasibleError, LimitReachedError, SolverError
from planner.results.ended import PLANNED
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from planner.lp import Outcome

__all__ = ["with_plan"]


def with_plan(
    outcome: Outcome, scenario: str, before: str, *, good: AbstractSet[str] = PLANNED
) -> Outcome:
    """Return an answer if it is one that a study can go on with.

    Parameters
    ----------
    outcome : Outcome
        Of a solve.
    scenario : str
        Its name.
    before : str
        What was not done yet, for the message of a stop: "the frontier was traced".
    good : set of str
        Statuses that it may have.

    Raises
    ------
    LimitReachedError
        If a limit or an interrupt stopped the solver.
    InfeasibleError
        If no plan is feasible.
    SolverError
        If the solver failed.
    """
    status = outcome.status
    if status in good:
        return outcome
    if status in STOPPED:
        message = f"{scenario}: stopped ({status}) before {before}"
        raise LimitReachedError(message)
    if status == "infeasible":
        message = f"{scenario}: no plan meets all constraints; dcplan diagnose says why"
        raise InfeasibleError(message)
    message = f"{scenario}: {status}: {outcome.message}"
    raise SolverError(message)
