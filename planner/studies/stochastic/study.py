"""The solves of a stochastic program: alone, together, and with the orders of other plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InfeasibleError, InputError, LimitReachedError, Problem
from planner.results.store import cleaned
from planner.studies.solve.asking import plan_session, session_of, with_plan
from planner.studies.solve.checked_plan import StageTimes, plan_of
from planner.studies.solve.solves import SolveHooks
from planner.studies.stochastic.decisions import (
    Held,
    InfeasibleFuturesError,
    Received,
    Thing,
    feasible_in_all,
    match_orders,
    orders_of,
    whole_decisions,
    why_no_orders,
)
from planner.studies.stochastic.extensive_form import (
    BEFORE,
    SOLVED,
    ExtensiveForm,
    FutureProgram,
    have_a_mean,
    hold_orders,
    mean_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.base.arrays import Floats
    from planner.lp import HighsSession, Outcome, ProgressEvent
    from planner.model import Model
    from planner.runs.plan import Plan
    from planner.studies.sweep.axes import Uncertainty

    Planned = tuple[Floats, dict[str, Plan], tuple[Thing, ...]]
    """Orders, the checked plan of each future with them, and what had to be left out."""

TOGETHER: Final = "stochastic"
MINIMAX: Final = "minimax_regret"
MEAN: Final = "mean"
CENTRAL: Final = "central"
_SLACK_FRAC: Final = 1e-7
"""By how much the least greatest regret may be missed, so that rounding leaves a plan. [-]"""

_WHAT_NEXT: Final = (
    "An earlier uncertainty.known_from leaves more to order once the future is known;"
    " `demand.unmet: allow` lets demand go unmet at a price."
)


@dataclass(frozen=True, eq=False)
class OrderPlan:
    """Orders, and what each future costs with them."""

    name: str  # ``stochastic``, ``mean``, ``central``, ``minimax_regret`` or ``alone: FUTURE``
    ordered: Floats  # one number per order
    costs: Floats  # one per future, inf where the orders leave no plan. [MUSD]
    penalties: Floats  # what of them is the penalty of unmet demand, nan where there is no plan. [MUSD]


@dataclass(frozen=True, eq=False)
class Compared:
    """All futures alone, and all plans in all futures."""

    alone: Sequence[Outcome]  # of each future as if it were certain
    # the stochastic plan; that of one who plans for a single future; that of least greatest regret
    stochastic: OrderPlan
    single: OrderPlan
    minimax: OrderPlan
    own: Sequence[OrderPlan]  # of each future planned alone
    least_penalties: Floats  # what of the cost of each future as if it were certain is penalty of unmet demand. [MUSD]
    sizes: dict[str, int]  # rows, columns and nonzeros of the program of all futures

    @property
    def least(self) -> Floats:
        """What each future costs as if it were certain. [MUSD]"""
        return np.array([outcome.objective for outcome in self.alone])

    @property
    def plans(self) -> tuple[OrderPlan, ...]:
        """All plans."""
        return (self.stochastic, self.single, self.minimax, *self.own)


class StochasticPrograms:
    """The programs of all futures, and the orders that they share."""

    def __init__(
        self,
        name: str,
        futures: Sequence[FutureProgram],
        uncertainty: Uncertainty,
        report_stage: Callable[[str], None] = lambda _: None,
        on_progress: Callable[[ProgressEvent], None] | None = None,
    ) -> None:
        self.name, self.futures, self.uncertainty = name, futures, uncertainty
        self._report_stage, self._on_progress = report_stage, on_progress
        self.weights = np.array([uncertainty.weights[one.name] for one in futures])
        self._models = [future.model for future in futures]
        tables = [orders_of(one.question.scenario, one.model) for one in futures]
        self.orders, self.received = match_orders(tables, float(uncertainty.known_from))
        if uncertainty.central is None and not have_a_mean(self._models, tables):
            why = "the programs of the futures differ in rows, columns or dates of orders, so they have no mean"
            raise InputError([self._no_single(f"{why}, and uncertainty has no central")])

    @property
    def has_integers(self) -> bool:
        """Whether any future has integers."""
        return any(model.problem.has_integers for model in self._models)

    def compared(self) -> Compared:
        """Solve every future alone and all together, and every plan in every future."""
        alone = self.alone()
        own = [received.placed(outcome.x) for received, outcome in zip(self.received, alone, strict=True)]
        single = self._single(own)
        try:
            together, outcome = self.stochastic()
        except InfeasibleError as error:
            raise InfeasibleError(f"{error}\n{_WHAT_NEXT}", error.conflict) from error
        minimax = self.minimax(np.array([one.objective for one in alone]))
        return Compared(
            alone,
            self.in_every_future(TOGETHER, _orders_in(together, outcome)),
            self.in_every_future(*single),
            self.in_every_future(MINIMAX, minimax),
            [self.in_every_future(f"alone: {of.name}", placed) for of, placed in zip(self.futures, own, strict=True)],
            np.array([future.penalty_musd(outcome) for future, outcome in zip(self.futures, alone, strict=True)]),
            together.problem.sizes(),
        )

    # --- solves -------------------------------------------------------------------------

    def alone(self) -> list[Outcome]:
        """Solve every future as if it were certain."""
        outcomes, infeasible = [], dict[str, InfeasibleError]()
        for number, future in enumerate(self.futures, start=1):
            self._report_stage(f"Solving future {number} of {len(self.futures)} as if it were certain")
            try:
                outcomes.append(future.alone())
            except InfeasibleError as error:
                infeasible[future.name] = error
        if infeasible:
            raise InfeasibleFuturesError(infeasible)
        return outcomes

    def stochastic(self, held: Sequence[Held] = (), *, why: bool = True) -> tuple[ExtensiveForm, Outcome]:
        """Solve all futures as one program."""
        self._report_stage(f"Solving {len(self.futures)} futures as one program")
        risk = self.uncertainty.risk

        def ask(program: ExtensiveForm) -> None:
            program.minimise_cost(self.weights, risk)
            for place, one in enumerate(held):
                program.hold(place, one.column, one.value)

        none = f"no orders before {self.uncertainty.known_from} leave"
        head = f"{self.name}: every future has a plan, but {none} one in all of them"
        return self._together(ask, (self._none_as_rounded if held else head) if why else None)

    @property
    def _none_as_rounded(self) -> str:
        none = f"no orders before {self.uncertainty.known_from} leave"
        return f"with their integers as rounded, {none} a plan in every future"

    def minimax(self, least: Floats) -> Floats:
        """Return the orders of least greatest regret, and of those the least expected cost. Takes `least` [MUSD]."""
        self._report_stage("Solving for the least greatest regret")
        _, outcome = self._together(lambda program: program.minimise_regret(least))
        most = max(outcome.objective, 0.0) + _SLACK_FRAC * max(float(np.abs(least).max()), 1.0)

        def ask(program: ExtensiveForm) -> None:
            program.minimise_regret(least)
            program.hold_regret(most, self.weights)

        return _orders_in(*self._together(ask))

    def in_every_future(self, name: str, ordered: Floats) -> OrderPlan:
        """Return the plan of some orders, with what each future costs with them."""
        self._report_stage(f"Solving every future with the orders of plan {name}")
        found = [
            future.with_orders(received, ordered) for future, received in zip(self.futures, self.received, strict=True)
        ]
        costs = [np.inf if one is None else one[0].objective for one in found]
        both = zip(self.futures, found, strict=True)
        penalties = [np.nan if one is None else future.penalty_musd(one[0]) for future, one in both]
        return OrderPlan(name, ordered, np.array(costs), np.array(penalties))

    def runs(self, ordered: Floats) -> Planned:
        """Return the checked plan of each future with the same orders."""
        failed: list[InfeasibleError] = []
        # What of each future to fix with the orders, in the order in which it is tried.
        fixed = whole_decisions(self.futures, self.received, ordered, self.weights)
        for wanted in fixed if self.has_integers else ((),):
            try:
                if any(one.column.size for one in wanted):
                    orders, held, left_out = self.with_integers_of_all(wanted, why=not failed)
                else:  # no integer is ordered before
                    orders, held, left_out = ordered, wanted, ()
                return orders, self._planned(orders, held), left_out
            except InfeasibleError as error:
                if not self.has_integers:
                    raise
                failed.append(error)
        why = f"; of the first one tried:\n{failed[0]}" if failed else ""
        message = (
            f"{self.name}: no orders with integers (openings, phases, plants) were found that"
            " leave a plan in every future; leave integers out, let demand go unmet at a price, or"
            f" relax what conflicts{why}"
        )
        raise InfeasibleError(message, failed[0].conflict if failed else ())

    def with_integers_of_all(
        self, wanted: Sequence[Held], *, why: bool = True
    ) -> tuple[Floats, Sequence[Held], tuple[Thing, ...]]:
        """Return the orders of all futures as one program with decisions fixed, as far as all can."""
        try:
            return _orders_in(*self.stochastic(wanted, why=False)), wanted, ()
        except InfeasibleError:
            held, left_out = self._feasible_in_all(wanted, why=why)
            return _orders_in(*self.stochastic(held, why=why)), held, left_out

    def _feasible_in_all(self, wanted: Sequence[Held], *, why: bool) -> tuple[Sequence[Held], tuple[Thing, ...]]:
        """Return decisions that all futures can have at once, and what had to be left out.

        A site that opens a year later in one must be built as fast as is usual then, with halls ordered for the year
        before.
        """
        self._report_stage("Finding which openings, phases and plants all futures can have")
        most = [(one.column, one.value) for one in wanted]
        head = self._none_as_rounded if why else None
        together, outcome = self._together(lambda program: program.maximise_sum(most), head)
        reached = [together.solution_of(place, outcome.x)[one.column] for place, one in enumerate(wanted)]
        return feasible_in_all(wanted, reached)

    def _planned(self, ordered: Floats, held: Sequence[Held]) -> dict[str, Plan]:
        slacks, known_from, plans = self._slacks(ordered), self.uncertainty.known_from, {}
        for place, (future, received) in enumerate(zip(self.futures, self.received, strict=True)):
            self._report_stage(f"Planning and checking future {place + 1} of {len(self.futures)}")
            title = {"title": f"{future.name}, with orders before {known_from} held"}

            def hold(model: Model, place: int = place, received: Received = received) -> None:
                hold_orders(model, received, ordered, slacks[place])
                if held:
                    model.problem.hold(held[place].column, held[place].value, held[place].value)

            scenario, inputs = future.question.scenario.model_copy(update=title), future.question.inputs
            how: dict[str, Any] = {"hooks": SolveHooks(self._on_progress), "orders_held_before": known_from}
            plans[future.name] = plan_of(scenario, inputs, StageTimes(), hold=hold, **how)
        return plans

    def _slacks(self, ordered: Floats) -> list[float]:
        """Return by how much each future may miss the orders, where all have a plan with them."""
        slacks, infeasible = [], dict[str, InfeasibleError]()
        for future, received in zip(self.futures, self.received, strict=True):
            found = future.with_orders(received, ordered)
            if found is None:
                infeasible[future.name] = future.why_not()
            else:
                slacks.append(found[1])
        if infeasible:
            raise InfeasibleFuturesError(infeasible)
        return slacks

    def _single(self, own: Sequence[Floats]) -> tuple[str, Floats]:
        """Return the orders of one who plans for a single future: the mean, or the central one."""
        central = self.uncertainty.central
        if central is not None:
            names = [future.name for future in self.futures]
            return CENTRAL, own[names.index(central)]
        self._report_stage("Solving the mean of all futures")
        session = session_of(self.futures[0].question, self._models[0])
        session.take(mean_of(self._models, self.weights))
        outcome = self._solved(session)
        if outcome.status == "infeasible":
            raise InputError([self._no_single("the mean of the futures has no plan, though each future has one")])
        with_plan(outcome, "the mean of all futures", BEFORE, good=SOLVED)
        return MEAN, self.received[0].placed(outcome.x)

    def _solved(self, session: HighsSession) -> Outcome:
        solver = self.futures[0].question.scenario.solver
        how: dict[str, Any] = {"time_limit_s": solver.time_limit_s, "threads": solver.threads}
        return session.solve(solver.method, **how, on_progress=self._on_progress)

    def _no_single(self, what_is: str) -> Problem:
        at = self.uncertainty.at
        must_be = "a future that represents all of them, to plan for a single one"
        fix = "add central: and the name of a future to uncertainty"
        return (at.key_place or at.place).problem(what_is, must_be, fix)

    def _together(self, ask: Callable[[ExtensiveForm], None], head: str | None = None) -> tuple[ExtensiveForm, Outcome]:
        """Solve all futures as one program, until none breaks a cut of the loss of a site."""
        solver = self.futures[0].question.scenario.solver
        most_rounds = max(one.question.scenario.failover.most_rounds for one in self.futures)
        for _ in range(most_rounds + 1):
            program = ExtensiveForm(self._models, self.orders, self.received)
            ask(program)
            session = plan_session(program.problem, solver, ends_at_gap=False)
            session.set_columns(integer=np.zeros_like(program.problem.columns().integer))
            outcome = self._solved(session)
            if outcome.status == "infeasible":
                if head is None:
                    raise InfeasibleError(f"{self.name}: no orders leave a plan in every future")
                raise why_no_orders(head, session, self.futures, self.orders, self.received)
            with_plan(outcome, f"{self.name}: all futures as one program", BEFORE, good=SOLVED)
            solutions = ((one, program.solution_of(place, outcome.x)) for place, one in enumerate(self.futures))
            have_cuts = [future.solves().add_cuts(x) for future, x in solutions]
            if not any(have_cuts):
                return program, outcome
        stopped = f"{self.name}: all futures as one program: stopped after {most_rounds} rounds (failover.most_rounds)"
        raise LimitReachedError(f"{stopped}, and not every plan survives a site outage; nothing is written")


def _orders_in(together: ExtensiveForm, outcome: Outcome) -> Floats:
    return np.maximum(cleaned(together.ordered(outcome.x)), 0.0)
