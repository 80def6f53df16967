"""Solves on the way to an answer: they keep the scenario's limits and can be stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError, LimitReachedError, SolverError
from planner.lp import UNIT, Expression
from planner.lp.highs import HighsSession
from planner.model import build_model
from planner.studies.solve.answers import stopped
from planner.studies.solve.solves import STOPPED
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.inputs.prepared import Cell, PreparedScenario
    from planner.lp import Outcome
    from planner.lp.methods import Method
    from planner.model import Model
    from planner.scenario import Setting

__all__ = ["Asking", "relaxed_session", "session_of", "without_costs"]


@dataclass(frozen=True, eq=False)
class Asking:
    """How questions are put to the solver."""

    report_stage: Callable[[str], None]  # called with what is being done
    interrupt: threading.Event | None = None  # set it to stop

    def solve(self, question: PreparedScenario, model: Model, method: Method = "auto") -> Outcome:
        """Solve a program with the scenario's tolerance and limits, integers as fractions."""
        return self.solve_session(question, relaxed_session(question, model), method)

    def solve_session(
        self, question: PreparedScenario, session: HighsSession, method: Method = "auto", *, most_s: float = math.inf
    ) -> Outcome:
        """Solve what a session holds, for `most_s` at most; a stop ends the whole study."""
        solver = question.scenario.solver
        outcome = session.solve(
            method, time_limit_s=min(solver.time_limit_s, most_s), threads=solver.threads, interrupt=self.interrupt
        )
        if outcome.status == "interrupted":
            message = f"{question.scenario.name}: interrupted"
            raise LimitReachedError(message)
        return outcome

    def has_plan(self, question: PreparedScenario, session: HighsSession) -> bool:
        """Find out whether there is any plan; the session holds a program without costs."""
        outcome = self.solve_session(question, session, "simplex")
        if outcome.status in {"optimal", "infeasible"}:
            return outcome.status == "optimal"
        name = question.scenario.name
        if outcome.status in {"time_limit", "iteration_limit"}:
            message = f"{name}: time ran out before it was clear whether there is a plan"
            raise LimitReachedError(message)
        message = f"{name}: {outcome.status}: {outcome.message}"
        raise SolverError(message)

    def is_possible(self, question: PreparedScenario) -> bool:
        """Find out whether a scenario has any plan, its integers kept."""
        model = without_costs(build_model(question.inputs))
        if not self.has_plan(question, relaxed_session(question, model)):
            return False
        return not model.problem.isMIP() or self.has_whole_plan(question, model)

    def has_whole_plan(self, question: PreparedScenario, model: Model) -> bool:
        """Find out whether a program with integers has a plan, by rounding, then a search."""
        session = session_of(question, model)
        solver = question.scenario.solver
        outcome = find_plan(model, session, solver, interrupt=self.interrupt)
        if not outcome.has_plan and outcome.status != "infeasible":
            name = question.scenario.name
            if outcome.status in STOPPED:
                raise stopped(name, outcome, "it was clear whether there is a plan with integers")
            message = f"{name}: {outcome.status}: {outcome.message}"
            raise SolverError(message)
        return outcome.has_plan

    def is_enough(self, question: PreparedScenario, settings: Sequence[Setting], cells: Sequence[Cell] = ()) -> bool:
        """Change settings and figures, and look for a plan; what makes no scenario is no help."""
        try:
            changed = question.changed(settings, cells)
        except InputError:
            return False
        return self.is_possible(changed)


def session_of(question: PreparedScenario, model: Model) -> HighsSession:
    """Hand a program to the solver with the tolerance of its scenario."""
    tolerance = question.scenario.solver.tolerance
    return HighsSession(model.problem, {"primal_feasibility_tolerance": tolerance})


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
