"""The solves that a plan takes, on one clock, until it survives the outage of any one site where that is asked for."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

import numpy as np

from planner.base.errors import SolverError
from planner.lp import Axis, HighsSession, Index
from planner.lp.outcome import relative_gap
from planner.model.failover import OutageTakeovers, outage_exposure, with_cuts
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.results.store import cleaned

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from planner.base.arrays import Floats, Positions
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.inputs import Inputs
    from planner.lp import ArrayProblem, Outcome, ProgressEvent
    from planner.lp.decomposed import DecomposedSession
    from planner.lp.outcome import Method
    from planner.lp.start import Start
    from planner.model import Model
    from planner.results.proof import Proof
    from planner.scenario import Scenario
    from planner.scenario.schema import Solver

Step = Literal["", "relaxed", "tightened", "blocks", "fixed", "search"]
"""What a solve is for; nothing where the program has no integers."""

_OF_SOME_INTEGERS: Final[frozenset[Step]] = frozenset({"blocks", "fixed"})
"""Steps in which integers are fixed, some or all."""
STOPPED: Final = frozenset({"time_limit", "iteration_limit", "interrupted"})
_EXACT: Final = 1e-9  # further than this from an integer, a fixed one is met by tolerance alone
_MANY_PER_ROW: Final = 0.01
_MANY: Final = 200
"""Where so many columns, most of them integers that are fixed, move into their new bounds, for each
row and at all, a basis is of no use."""
_ELSEWHERE: Final = 1e-6  # further than this outside its new bounds, a column was elsewhere


class SolveHooks(NamedTuple):
    """Where progress of the solver goes, and what stops it."""

    on_progress: Callable[[ProgressEvent], None] | None = None
    interrupt: threading.Event | None = None


NO_HOOKS: Final = SolveHooks()


class Solves:
    """A program in a session, solved in several ways with the time that is left."""

    def __init__(
        self,
        model: Model,
        session: HighsSession,
        solver: Solver,
        cuts: FailureCuts | None,
        hooks: SolveHooks = NO_HOOKS,
    ) -> None:
        self._model, self._session, self._solver, self._cuts, self._hooks = model, session, solver, cuts, hooks
        self._began: float | None = None
        self._count, self._has_own_cost = 0, True
        self._last_x: Floats | None = None
        self.reserve_s = 0.0  # time that is kept for later
        self.iterations = 0
        self.step: Step = ""
        self.bound = -np.inf

    @property
    def seconds(self) -> float:
        """Time since the first solve began. [s]"""
        return 0.0 if self._began is None else time.perf_counter() - self._began

    @property
    def cold_method(self) -> Method:
        """Method of a solve that differs so much from the last that its basis is of little use."""
        goes_on = self._solver.method in {"auto", "decomposed"}
        return "ipx" if goes_on else self._solver.method

    @property
    def has_cuts(self) -> bool:
        """Whether there are cuts to keep."""
        return self._cuts is not None

    @property
    def most_searches(self) -> int:
        """Most searches one after the other: one, one strictly, and one for each round of cuts."""
        return 2 + (self._cuts.most_rounds if self._cuts is not None else 0)

    def left_s(self) -> float:
        """Time that is left, less what is kept for later; the clock starts when first asked. [s]"""
        left_s = max(0.0, self._solver.time_limit_s - self.seconds - self.reserve_s)
        if self._began is None:
            self._began = time.perf_counter()
        return left_s

    def relaxed(self, method: Method) -> Outcome:
        """Solve without insisting on integers."""
        columns = self._model.problem.columns()
        return self.solve_within(columns.lower, columns.upper, method=method)

    def fixed(
        self, whole: Floats, *, strictly: bool = False, afresh: bool = False, start: Start | None = None
    ) -> Outcome:
        """Solve with the integers fixed, from where a like program ended if that promises to pay, or the last basis.

        A coefficient of a million makes 0.05 of a fixed 0 that is met to 5e-8, so what is not met exactly is solved
        again, strictly.
        """
        lower, upper, whole = self._with_integers(whole)
        method: Method = "auto"
        if start is None and (afresh or self._begins_afresh(lower, upper)):
            method = self.cold_method
        outcome = self.solve_within(lower, upper, method=method, strictly=strictly, start=start)
        off = np.abs(outcome.x[self._model.problem.columns().integer] - whole).max(initial=0.0)
        if strictly or outcome.status != "optimal" or off <= _EXACT:
            return outcome
        return self.solve_within(lower, upper, strictly=True)

    def _with_integers(self, whole: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the bounds of columns with integers fixed, and at what: some may be decided already."""
        columns = self._model.problem.columns()
        lower, upper, integer = columns.lower.copy(), columns.upper.copy(), columns.integer
        lower[integer] = upper[integer] = whole = np.clip(whole, lower[integer], upper[integer])
        return lower, upper, whole

    def _begins_afresh(self, lower: Floats, upper: Floats) -> bool:
        """Return whether bounds leave too little of the last solution for its basis to help; pieces keep their cuts."""
        x = self._last_x
        if x is None or self._session.has_pieces or self._solver.method != "auto":
            return False
        moved = (x < lower - _ELSEWHERE) | (x > upper + _ELSEWHERE)
        return int(moved.sum()) > max(_MANY_PER_ROW * self._model.problem.row_count, _MANY)

    def solve_within(
        self,
        lower: Floats,
        upper: Floats,
        *,
        method: Method = "auto",  # from the last basis, whatever method made it
        strictly: bool = False,
        cost: Floats | None = None,  # in place of what the columns cost
        adds_cuts: bool = True,
        start: Start | None = None,
    ) -> Outcome:
        """Solve within bounds of the columns, integers relaxed, from `start` if that promises to be quicker.

        With cuts it is solved again, from the last basis, until none is broken. A limit on the way leaves the last
        solution there is, with the limit as its status and without duals.
        """
        self._has_own_cost = cost is None
        cost = self._model.problem.columns().cost if cost is None else cost

        def once(method: Method, start: Start | None = None) -> Outcome:
            integer = np.zeros(len(lower), dtype=np.bool_)
            # Copies: a session finds what changed by comparing with the arrays it was given before.
            self._session.set_columns(cost=cost.copy(), lower=lower.copy(), upper=upper.copy(), integer=integer)
            if start is not None:
                self._session.start_from(start)
            outcome = self._session.solve(method, **self._next_solve(), strictly=strictly)
            self.iterations += outcome.iterations
            self._last_x = outcome.x if outcome.has_plan else None
            return outcome

        outcome = once(method, start)
        if self._cuts is None or not adds_cuts:
            return outcome
        rounds = 0
        while outcome.status == "optimal" and self._cuts.are_broken(outcome.x):
            if rounds == self._cuts.most_rounds:
                return replace(outcome, status="iteration_limit", has_duals=False)
            rounds += 1
            self._cuts.add()
            self.rows_added()
            after = once("auto")
            if after.status in STOPPED and not after.has_plan:
                return replace(outcome, status=after.status, has_duals=False)
            outcome = _together(outcome, after, rounds)
        return outcome

    def exact(self, outcome: Outcome, whole: Floats | None = None) -> Outcome:
        """Return an optimum with duals that are exact, or without any."""
        if not self._session.has_pieces:
            return outcome
        if whole is not None:
            columns, (lower, upper, _) = self._model.problem.columns(), self._with_integers(whole)
            no_integers = np.zeros_like(columns.integer)
            self._session.set_columns(cost=columns.cost, lower=lower, upper=upper, integer=no_integers)
        exact = cast("DecomposedSession", self._session).exact(outcome, **self._next_solve())
        self.iterations += exact.iterations - outcome.iterations
        return exact

    def searched(self, start: Floats | None, gap_frac: float, *, strictly: bool) -> Outcome:
        """Search by branch and bound, from a plan where there is one."""
        columns = self._model.problem.columns()
        self._has_own_cost = True
        self._session.set_columns(cost=columns.cost, lower=columns.lower, upper=columns.upper, integer=columns.integer)
        how = self._next_solve()
        outcome = self._session.solve(self._solver.method, **how, start=start, gap_frac=gap_frac, strictly=strictly)
        self.iterations += outcome.iterations
        return outcome

    def _next_solve(self) -> dict[str, Any]:
        """Count a solve; return its time, what reports its progress, and what stops it."""
        self._count += 1
        report = self._hooks.on_progress

        def report_step(event: ProgressEvent) -> None:
            cost = event.objective if self._has_own_cost else np.nan
            # What is found of a program with fixed integers bounds no plan with others.
            is_of_all = self.step not in _OF_SOME_INTEGERS
            bound = max(event.dual_bound, self.bound) if is_of_all else self.bound
            gap = event.gap if is_of_all else relative_gap(cost, bound)
            within_plan = replace(event, step=self.step, solve=self._count)
            if report is not None:
                report(replace(within_plan, objective=cost, dual_bound=bound, gap=gap))

        how = {"time_limit_s": self.left_s(), "threads": self._solver.threads}
        return {**how, "interrupt": self._hooks.interrupt, "on_progress": None if report is None else report_step}

    def rows_added(self) -> None:
        """Hand over the rows that were added to the problem."""
        self._session.update(self._model.problem)

    def has_bound_rows(self) -> bool:
        """Return whether there are rows that only tighten the bound."""
        return any(name.startswith(ONLY_FOR_THE_BOUND) for name in self._model.problem.row_block_names)

    def free_bound_rows(self) -> None:
        """Free those rows: the plan stays, only its duals are taken, and no cuts are looked for after that."""
        self._cuts = None
        self._session.set_rows(self._model.problem.row_bounds().lower, upper_of_plan(self._model.problem))

    def add_cuts(self, x: Floats) -> bool:
        """Add cuts that a solution breaks; return whether there are any."""
        if self._cuts is None or not self._cuts.are_broken(x):
            return False
        self._cuts.add()
        self.rows_added()
        return True

    def whole_of(self, x: Floats) -> Floats:
        """Return the integers of a solution, rounded."""
        return np.round(x[self._model.problem.columns().integer])


def upper_of_plan(problem: ArrayProblem) -> Floats:
    """Return the upper sides of rows, free where they only tighten the bound."""
    upper = problem.row_bounds().upper.copy()
    for name in problem.row_block_names:
        if name.startswith(ONLY_FOR_THE_BOUND):
            upper[problem.row_block(name)] = np.inf
    return upper


def _together(before: Outcome, after: Outcome, rounds: int) -> Outcome:
    """Return the later outcome with the time and the steps of both."""
    first, method = before.method_used.partition(",")[0], after.method_used
    return replace(
        after,
        seconds=before.seconds + after.seconds,
        iterations=before.iterations + after.iterations,
        method_used=f"{first}, {rounds} rounds of cuts by {method}",
    )


# --- The outage of each site of a plan, and the rows that ask for the reserve that it lacked --------

_CUTS: Final = "failure_cut_"


def take_over(p: Inputs, served_kh100e: Floats, reserve_kh100e: Floats) -> OutageTakeovers:
    """Let every site fail in turn and send its work to the reserves in reach. Takes [served] and [reserve]."""
    work = outage_exposure(p, served_kh100e, reserve_kh100e)
    unserved, taken = np.zeros(work.service.size), np.zeros(len(work.of_service))
    for program in work.programs():
        outcome = HighsSession(program.problem).solve("simplex")
        if outcome.status != "optimal":
            raise SolverError(f"the site outages could not be computed: {outcome.status}")
        unserved[program.service] = program.unserved.value(outcome.x)
        taken[program.arc] = program.taken.value(outcome.x)
    return OutageTakeovers(work.service, work.kh100e, unserved, work.of_service, work.reserve, taken)


def site_outages(model: Model, outcome: Outcome) -> OutageTakeovers:
    """Say who takes over the work of each site of a plan, were it lost."""
    x = cleaned(outcome.x)
    return take_over(model.p, cleaned(model.served.value(x)), cleaned(model.failover.reserve.value(x)))


def stored_cuts(model: Model, proof: Proof) -> FailoverInputs:
    """Return what a stored program asks of a plan so that it survives the loss of any one site."""
    p, problem = model.p, model.problem
    first = problem.row_count
    row, column, _ = proof.terms()
    row, column = row[row >= first] - first, column[row >= first]
    of_reserve, of_served = (_places(problem, name, column) for name in ("reserve", "served"))
    labels = proof.rows.iloc[first:]
    if labels.empty or (np.maximum(of_reserve, of_served) < 0).any():
        return p.failover
    axes = (p.sets.site, p.sets.workload, p.sets.year)
    codes = [[axis.code(str(label)) for label in labels[axis.name].astype(str)] for axis in axes]
    number = Axis("cut", tuple(str(i + 1) for i in range(len(labels))))
    return p.failover.changed(
        cut=Index.sparse("cut", (*axes, number), (*codes, np.arange(len(labels)))),
        cut_served_row=row[of_served >= 0],
        cut_served=of_served[of_served >= 0],
        cut_reserve_row=row[of_reserve >= 0],
        cut_reserve=of_reserve[of_reserve >= 0],
    )


def add_cuts(model: Model, p: FailoverInputs) -> Model:
    """Add all cuts to a program that has none, below its rows as when they were found."""
    if p.cut.size:
        model.problem.rows(f"{_CUTS}0", model.failover.survives(p))
    return model


def _places(problem: ArrayProblem, variable: str, column: Positions) -> Positions:
    """Return the places of columns in a variable, -1 of others."""
    block = problem.column_block(variable)
    return np.where((column >= block.start) & (column < block.stop), column - block.start, -1)


class FailureCuts:
    """Rows that ask for the reserves that solutions lacked, added below the others.

    Every plan that survives the outage of any one site keeps them, wherever they were found.
    """

    def __init__(self, model: Model, most_rounds: int) -> None:
        self._model = model
        self._blocks = 0
        self.most_rounds = most_rounds  # most times in a row that one solve is done again with more of them
        self.inputs: Inputs = model.p
        """Inputs of the program with the cuts it has by now."""

    @classmethod
    def where_asked(cls, scenario: Scenario, model: Model) -> FailureCuts | None:
        """Return those of a program, none where no workload asks for failover."""
        return cls(model, scenario.failover.most_rounds) if model.p.failover.reserve.size else None

    def are_broken(self, x: Floats) -> bool:
        """Let every site fail in turn and look for work that is left unserved."""
        model = self._model
        served, reserve = model.served.value(x), model.failover.reserve.value(x)
        self._found = take_over(model.p, np.maximum(served, 0.0), np.maximum(reserve, 0.0))
        return bool(self._found.is_unserved.any())

    def add(self) -> None:
        """Add a row for each site, workload and year whose loss left work unserved."""
        first = self.inputs.failover.cut.size
        self.inputs = with_cuts(self.inputs, self._found)
        rows = self._model.failover.survives(self.inputs.failover, first)
        self._model.problem.rows(f"{_CUTS}{self._blocks}", rows)
        self._blocks += 1
