"""Solve again with the failures that a plan did not survive, until it survives all."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.model import Model, build_model
from planner.model.takeover import take_over, with_cuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.lp import Outcome, Status

__all__ = ["survive_failures"]

_SOLVED: Final = ("optimal", "within_gap")


def survive_failures(
    model: Model,
    outcome: Outcome,
    solve_again: Callable[[Model, float], Outcome],
    *,
    most_rounds: int,
    time_limit_s: float,
) -> tuple[Model, Outcome]:
    """Add the reserves that a plan lacks, until the loss of any one site leaves nothing unserved.

    Parameters
    ----------
    model : Model
        The program.
    outcome : Outcome
        What its solve ended with.
    solve_again : callable
        Solves a model with more rows, within so many seconds, from where the last ended.
    most_rounds : int
        Most times it is called.
    time_limit_s : float
        Most time for all of them. [s]

    Returns
    -------
    tuple of Model, Outcome
        The last model and its outcome. Where rounds or time run out first, the last plan there
        is, with the limit as its status.
    """
    deadline = time.perf_counter() + time_limit_s
    rounds = 0
    while outcome.status in _SOLVED:
        served, reserve = model.served.value(outcome.x), model.failover.reserve.value(outcome.x)
        found = take_over(model.p, np.maximum(served, 0.0), np.maximum(reserve, 0.0))
        if not found.is_unserved.any():
            break
        left_s = deadline - time.perf_counter()
        if rounds == most_rounds or left_s <= 0.0:
            status: Status = "iteration_limit" if rounds == most_rounds else "time_limit"
            return model, replace(outcome, status=status, has_duals=False)
        rounds += 1
        stricter = build_model(with_cuts(model.p, found))
        after = solve_again(stricter, left_s)
        if not after.has_plan and after.status != "infeasible":
            return model, replace(outcome, status=after.status, has_duals=False)
        model, outcome = stricter, _together(outcome, after, rounds)
    return model, outcome


def _together(before: Outcome, after: Outcome, rounds: int) -> Outcome:
    """Return the later outcome with the time and the steps of both."""
    method = after.method_used
    return replace(
        after,
        seconds=before.seconds + after.seconds,
        iterations=before.iterations + after.iterations,
        method_used=f"{before.method_used.partition(',')[0]}, {rounds} rounds of cuts by {method}",
    )
