"""How a solve is asked for, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InfeasibleError, InputError, LimitReachedError, SolverError
from planner.base.units import MUSD_PER_BUSD
from planner.base.words import duration
from planner.lp import UNIT, Expression
from planner.lp.highs import HighsSession
from planner.model import build_model
from planner.results.ended import PLANNED
from planner.studies.solve.solves import STOPPED, SolveHooks
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from planner.base.errors import Problem
    from planner.inputs.build import Cell, PreparedScenario
    from planner.lp import Outcome, ProgressEvent
    from planner.lp.outcome import Method
    from planner.model import Model
    from planner.scenario import Setting


# --- What an answer of the solver is within a study: a plan, or the error that ends the study ------

_STOPS: Final = {
    "time_limit": "the time limit (solver.time_limit_s) was reached",
    "iteration_limit": "the limit of rounds (failover.most_rounds) was reached",
    "interrupted": "interrupted",
}
_WHAT_NEXT: Final = "allow more time, or try another method (solver.method)"


def stopped(name: str, outcome: Outcome, before: str, known: str = "") -> LimitReachedError:
    """Return the error of a solve that was stopped, with what can be done."""
    next_ = _WHAT_NEXT if outcome.status == "time_limit" else ""
    parts = (f"{name}: {_STOPS[outcome.status]} before {before}", known, next_)
    return LimitReachedError("; ".join(filter(None, parts)))


def with_plan(outcome: Outcome, scenario: str, before: str, *, good: AbstractSet[str] = PLANNED) -> Outcome:
    """Return an answer if it is one that a study can go on with."""
    status = outcome.status
    if status in good:
        return outcome
    if status in STOPPED:
        raise stopped(scenario, outcome, before)
    if status == "infeasible":
        raise InfeasibleError(f"{scenario}: no plan meets all constraints; dcplan diagnose says why")
    raise SolverError(f"{scenario}: {status}: {outcome.message}")


# --- Solves on the way to an answer: they keep the scenario's limits and can be stopped -----------


@dataclass(frozen=True, eq=False)
class Asking:
    """How questions are put to the solver."""

    report_stage: Callable[[str], None]  # called with what is being done
    interrupt: threading.Event | None = None  # set it to stop

    @property
    def hooks(self) -> SolveHooks:
        """What stops the solver, without progress on it."""
        return SolveHooks(None, self.interrupt)

    def solve(self, question: PreparedScenario, model: Model, method: Method = "auto") -> Outcome:
        """Solve a program with the scenario's tolerance and limits, integers as fractions."""
        return self.solve_session(question, relaxed_session(question, model), method)

    def solve_session(
        self, question: PreparedScenario, session: HighsSession, method: Method = "auto", *, most_s: float = inf
    ) -> Outcome:
        """Solve what a session holds, for `most_s` at most; a stop ends the whole study."""
        solver = question.scenario.solver
        most_s = min(solver.time_limit_s, most_s)
        outcome = session.solve(method, time_limit_s=most_s, threads=solver.threads, interrupt=self.interrupt)
        if outcome.status == "interrupted":
            raise LimitReachedError(f"{question.scenario.name}: interrupted")
        return outcome

    def has_plan(self, question: PreparedScenario, session: HighsSession) -> bool:
        """Find out whether there is any plan; the session holds a program without costs."""
        outcome = self.solve_session(question, session, "simplex")
        before = "it was clear whether there is a plan"
        return with_plan(outcome, question.scenario.name, before, good={"optimal", "infeasible"}).status == "optimal"

    def is_possible(self, question: PreparedScenario) -> bool:
        """Find out whether a scenario has any plan, its integers kept."""
        model = without_costs(build_model(question.inputs))
        if not self.has_plan(question, relaxed_session(question, model)):
            return False
        return not model.problem.has_integers or self.has_whole_plan(question, model)

    def has_whole_plan(self, question: PreparedScenario, model: Model) -> bool:
        """Find out whether a program with integers has a plan, by rounding, then a search."""
        outcome = find_plan(model, session_of(question, model), question.scenario.solver, hooks=self.hooks)
        if not outcome.has_plan:
            before = "it was clear whether there is a plan with integers"
            with_plan(outcome, question.scenario.name, before, good={"infeasible"})
        return outcome.has_plan

    def is_enough(self, question: PreparedScenario, settings: Sequence[Setting], cells: Sequence[Cell] = ()) -> bool:
        """Change settings and figures, and look for a plan; what makes no scenario is no help."""
        try:
            return self.is_possible(question.changed(settings, cells))
        except InputError:
            return False


def session_of(question: PreparedScenario, model: Model) -> HighsSession:
    """Hand a program to the solver with the tolerance of its scenario."""
    return HighsSession(model.problem, {"primal_feasibility_tolerance": question.scenario.solver.tolerance})


def relaxed_session(question: PreparedScenario, model: Model) -> HighsSession:
    """Hand over a program that does not insist on integers."""
    session = session_of(question, model)
    is_whole = model.problem.columns().integer
    if is_whole.any():
        session.set_columns(integer=np.zeros_like(is_whole))
    return session


def without_costs(model: Model) -> Model:
    """Make every plan of a program cost nothing, so that any one will do."""
    model.problem.minimise(Expression.constant(UNIT, 0.0))
    return model


def hear_warnings(
    warnings: Sequence[Problem], on_warning: Callable[[Problem], None] | None, *, strict: bool = False
) -> None:
    """Tell of each figure that is allowed but implausible; where that is strict, refuse them."""
    if strict and warnings:
        raise InputError(warnings)
    if on_warning is not None:
        for warning in warnings:
            on_warning(warning)


# --- What is said of a solve while it runs, on a terminal and on a page ---------------------------

STAGES: Final = {
    "read": "Reading scenario and data",
    "build": "Building the linear program",
    "decide": "Deciding year by year",
    "solve": "Solving",
    "results": "Making tables",
    "check": "Checking the plan",
    "dispatch": "Operating the plan",
    "write": "Writing the run folder",
}
"""What is said of each stage of a solve."""
_FEWEST: Final = 2  # solves that say how long the others take: the first takes longer than those
_PHASES: Final = {"simplex": "simplex", "ipm": "interior point", "mip": "branch and bound", "rounds": "decomposed"}
_STEPS: Final = {
    "relaxed": "integers relaxed",
    "tightened": "raising the bound",
    "blocks": "campuses and deployments",
    "fixed": "integers fixed",
    "dive": "integers one by one",
    "search": "searching integers",
}
"""What is said of each step to a plan with integers."""
_BOUNDED: Final = frozenset({"mip", "rounds"})
"""Phases that have a plan and a bound before they end."""


class Pace:
    """Says how far a study is that solves several times."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()

    def describe(self, done: int, total: int) -> str:
        """Say which of how many is next, and about how long the rest takes, once that is known.

        >>> seconds = iter([0.0, 12.0])
        >>> Pace(lambda: next(seconds)).describe(4, 10)
        '5 of 10, about 18 s left'
        """
        total = max(total, done + 1)
        if done < _FEWEST:
            return f"{done + 1} of {total}"
        left_s = (self._clock() - self._began) / done * (total - done)
        return f"{done + 1} of {total}, about {duration(left_s)} left"


def solver_words(event: ProgressEvent) -> str:
    """Say how far the solver is: in which solve of a plan, what it is for, and at what cost.

    >>> from planner.lp import ProgressEvent
    >>> nan = float("nan")
    >>> solver_words(ProgressEvent("simplex", 2.0, 445, nan, 115_290.0, nan, "blocks", 7))
    'campuses and deployments, solve 7, simplex, iteration 445, at least 115.29 BUSD'
    """
    parts = [_STEPS[event.step]] if event.step else []
    parts += [f"solve {event.solve}"] if event.solve > 1 else []
    parts += [_PHASES[event.phase]]
    unit = "round" if event.phase == "rounds" else "iteration"
    parts += [f"{unit} {event.iterations:,}"] if event.iterations else []  # interior point says none before it is done
    if isfinite(event.objective):
        parts += [f"cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"]
    if event.phase in _BOUNDED and event.gap < 1.0:
        parts += [f"within {event.gap:.2%} of the bound"]
    elif 0.0 < event.dual_bound < inf:  # one below 0 says nothing
        parts += [f"at least {event.dual_bound / MUSD_PER_BUSD:,.2f} BUSD"]
    if isfinite(event.left_s):
        parts += [f"about {duration(event.left_s)} left in this solve"]
    return ", ".join(parts)
