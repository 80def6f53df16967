"""Solve again with the failures that a plan did not survive, until it survives all."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import SolverError
from planner.lp import HighsSession
from planner.model import Model, build_model
from planner.model.takeover import Takeover, at_stake, with_cuts
from planner.results.frame import cleaned

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome, Status


__all__ = ["survive_failures", "take_over", "takeover_of"]

_SOLVED: Final = ("optimal", "within_gap")


def take_over(p: Inputs, served_kh100e: Floats, reserve_kh100e: Floats) -> Takeover:
    """Let every site fail in turn and send its work to the reserves in reach.

    Parameters
    ----------
    p : Inputs
        Who reaches whom, and which sites may stand in for which.
    served_kh100e : array of float
        A plan's services. [served]
    reserve_kh100e : array of float
        Its reserves. [reserve of p.failover]

    Returns
    -------
    Takeover
        The least is left unserved, and of such ways the one with the shortest round trips.

    Raises
    ------
    SolverError
        If the solver fails: there is always such a way.
    """
    work = at_stake(p, served_kh100e, reserve_kh100e)
    unserved, taken = np.zeros(work.service.size), np.zeros(len(work.of_service))
    for program in work.programs():
        outcome = HighsSession(program.problem).solve("simplex")
        if outcome.status != "optimal":
            message = f"the loss of sites could not be reckoned: {outcome.status}"
            raise SolverError(message)
        unserved[program.service] = program.unserved.value(outcome.x)
        taken[program.arc] = program.taken.value(outcome.x)
    return Takeover(work.service, work.kh100e, unserved, work.of_service, work.reserve, taken)


def takeover_of(model: Model, outcome: Outcome) -> Takeover:
    """Say who takes over the work of each site of a plan, were it lost.

    Parameters
    ----------
    model : Model
        The program.
    outcome : Outcome
        With a plan.

    Returns
    -------
    Takeover
        Of the plan as its tables show it, numerical dust left out.
    """
    x = cleaned(outcome.x)
    served, reserve = cleaned(model.served.value(x)), cleaned(model.failover.reserve.value(x))
    return take_over(model.p, served, reserve)


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
