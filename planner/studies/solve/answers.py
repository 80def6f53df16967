"""Answers of the solver within a study: a plan, or the error that ends the study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.errors import InfeasibleError, LimitReachedError, SolverError
from planner.results.ended import PLANNED
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from planner.lp import Outcome

_STOPS: Final = {
    "time_limit": "the time limit (solver.time_limit_s) was reached",
    "iteration_limit": "the limit of rounds (failover.most_rounds) was reached",
    "interrupted": "interrupted",
}
_WHAT_NEXT: Final = "allow more time, or try another method (solver.method)"


def stopped(name: str, outcome: Outcome, before: str, known: str = "") -> LimitReachedError:
    """Return the error of a solve that was stopped, with what can be done."""
    parts = [f"{name}: {_STOPS[outcome.status]} before {before}"]
    parts += [known] if known else []
    parts += [_WHAT_NEXT] if outcome.status == "time_limit" else []
    return LimitReachedError("; ".join(parts))


def with_plan(outcome: Outcome, scenario: str, before: str, *, good: AbstractSet[str] = PLANNED) -> Outcome:
    """Return an answer if it is one that a study can go on with."""
    status = outcome.status
    if status in good:
        return outcome
    if status in STOPPED:
        raise stopped(scenario, outcome, before)
    if status == "infeasible":
        message = f"{scenario}: no plan meets all constraints; dcplan diagnose says why"
        raise InfeasibleError(message)
    message = f"{scenario}: {status}: {outcome.message}"
    raise SolverError(message)
