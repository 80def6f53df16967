"""One future: its program in a session, solved alone or with orders held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InfeasibleError
from planner.model import build_model
from planner.model.money import penalty_musd
from planner.results.frame import cleaned
from planner.studies.solve.answers import with_plan
from planner.studies.solve.conflict_rules import conflict_rules, in_words
from planner.studies.solve.failover import FailureCuts
from planner.studies.solve.no_plan import why_no_plan
from planner.studies.solve.sessions import plan_session
from planner.studies.solve.solves import Solves

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import Outcome, ProgressEvent
    from planner.model import Model
    from planner.studies.stochastic.decisions import Received

__all__ = ["BEFORE", "CONFLICT_SECONDS", "SOLVED", "FutureProgram", "hold_orders"]

SOLVED: Final = frozenset({"optimal"})
"""Status of a program without integers that was solved to its end."""
CONFLICT_SECONDS: Final = 60.0
"""Most time to find out which constraints conflict. [s]"""
BEFORE: Final = "it was solved; nothing is written"
_ORDERS_SLACK: Final = 1e-6
"""By how much orders may be missed where rounding in the solver leaves no plan. [-]"""


class FutureProgram:
    """The program of a future, integers relaxed, in a session that goes on from solve to solve."""

    def __init__(
        self, name: str, question: PreparedScenario, on_progress: Callable[[ProgressEvent], None] | None
    ) -> None:
        self.name, self.question = name, question
        self.model: Model = build_model(question.inputs)
        solver = question.scenario.solver
        self._session = plan_session(self.model.problem, solver, ends_at_gap=False)
        self._on_progress = on_progress
        has_cuts = bool(question.inputs.failover.reserve.size)
        most_rounds = question.scenario.failover.most_rounds
        self._cuts = FailureCuts(self.model, most_rounds) if has_cuts else None

    def alone(self) -> Outcome:
        """Solve it as if it were certain."""
        columns = self.model.problem.columns()
        outcome = self._within(columns.lower, columns.upper)
        if outcome.status == "infeasible":
            name = f"future {self.name}"
            raise why_no_plan(name, outcome, self._session, self.question, self.model)
        return outcome

    def penalty_musd(self, outcome: Outcome) -> float:
        """Return what of the cost of a solution is the penalty of unmet demand. [MUSD]"""
        return float(cleaned(penalty_musd(self.model).value(outcome.x))[0])

    def with_orders(self, received: Received, ordered: Floats) -> tuple[Outcome, float] | None:
        """Solve it with the orders of another plan."""
        columns = self.model.problem.columns()
        for slack in (0.0, _ORDERS_SLACK):
            lower, upper = columns.lower.copy(), columns.upper.copy()
            at = received.column
            low, high = _bounds(received, ordered, slack)
            lower[at] = np.clip(low, lower[at], upper[at])
            upper[at] = np.clip(high, lower[at], upper[at])
            outcome = self._within(lower, upper)
            if outcome.status != "infeasible":
                return outcome, slack
        return None

    def why_not(self) -> InfeasibleError:
        """Return the error that says why the last solve, with orders held, had no plan."""
        names = self._session.iis(time_limit_s=CONFLICT_SECONDS)
        lines = in_words(conflict_rules(self.question, self.model.problem, names))
        head = f"future {self.name}: the orders leave no plan"
        text = f"{head}; these conflict with them:" if lines else head
        return InfeasibleError("\n".join([text, *lines]), tuple(names))

    def is_to_add_cuts(self, x: Floats) -> bool:
        """Add rows that the loss of a site asks for and a solution breaks; say whether any are."""
        if self._cuts is None or not self._cuts.are_broken(x):
            return False
        self._cuts.add()
        self._session.update(self.model.problem)
        return True

    def _within(self, lower: Floats, upper: Floats) -> Outcome:
        solver = self.question.scenario.solver
        solves = Solves(self.model, self._session, solver, self._cuts, self._on_progress, None)
        outcome = solves.solve_within(lower, upper, method="auto")
        good = SOLVED | {"infeasible"}
        return with_plan(outcome, f"future {self.name}", BEFORE, good=good)


def hold_orders(model: Model, received: Received, ordered: Floats, slack: float) -> None:
    """Hold decisions of a program to what of some orders enters them."""
    low, high = _bounds(received, ordered, slack)
    model.problem.hold(received.column, low, high)


def _bounds(received: Received, ordered: Floats, slack: float) -> tuple[Floats, Floats]:
    enters = cleaned(received.entering(ordered))
    margin = slack * np.maximum(np.abs(enters), 1.0)
    low = np.maximum(enters - margin, 0.0)
    return low, np.where(received.is_all, enters + margin, np.inf)
