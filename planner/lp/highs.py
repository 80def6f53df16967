"""The fast path to HiGHS: arrays in, verdict and arrays out, and warm re-solves in between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Unpack

import highspy
import numpy as np

from planner.lp.change import Arrays, Change, Edits
from planner.lp.engine import Engine, basis_at, check, find_conflict, pass_model
from planner.lp.matrix import check_sizes
from planner.lp.outcome import (
    MOST_STEPS,
    PROVEN_GAP_FRAC,
    SIMPLEX,
    Attempt,
    Method,
    Outcome,
    ProgressEvent,
    Status,
    Watch,
    attempts,
    optimal_gap_frac,
    relative_gap,
    search,
)
from planner.lp.start import Start, cold_steps, most_steps

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.lp.problem import ArrayProblem, NewColumns

_STATUS: Mapping[Any, Status] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kIterationLimit: "iteration_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
}

_FEASIBLE = int(highspy.kSolutionStatusFeasible)


class HighsSession:
    """HiGHS with a program in it: solve, change what changed, solve again from there.

    >>> from planner.lp import UNIT, ArrayProblem
    >>> problem = ArrayProblem("tiny")
    >>> power_mw = problem.variable("power_mw", UNIT, upper=7.0)
    >>> problem.rows("demand", power_mw >= 3.0)
    >>> problem.minimise(power_mw * 2.0)
    >>> outcome = HighsSession(problem).solve()
    >>> outcome.status, outcome.objective, outcome.row_dual.tolist()
    ('optimal', 6.0, [2.0])
    """

    _hands_over_at_once = True

    def __init__(self, problem: ArrayProblem, options: Mapping[str, bool | float | str] | None = None) -> None:
        self._engine = Engine(options or {})
        self._own_limit = int((options or {}).get("simplex_iteration_limit", MOST_STEPS))
        self._highs = self._engine.highs
        self._problem = problem
        self._arrays = Arrays.from_problem(problem)
        check_sizes(problem, self._arrays)
        self._basis: Any | None = None
        # The one that HiGHS holds with its factors and edge weights, which a basis that is given
        # to it has not: making them again takes longer than many a solve.
        self._held_basis: Any | None = None
        # The program that the basis is of, and what is out of bounds there already.
        self._arrays_of_basis, self._out_at_basis = self._arrays, Change()
        self._first_basis: Any | None = None
        self._most_steps: int | None = None  # of the next solve from a basis, where that is known
        self._is_in_highs = False
        if self._hands_over_at_once:
            self._hand_over()

    def _hand_over(self) -> None:
        """Give HiGHS the program, if it has not got it."""
        if not self._is_in_highs:
            pass_model(self._highs, self._arrays)
            self._is_in_highs = True

    @property
    def has_pieces(self) -> bool:
        """Whether the program it holds is solved in pieces: never, in this session."""
        return False

    # --- solving ------------------------------------------------------------------------

    def solve(
        self,
        method: Method = "auto",
        *,
        time_limit_s: float | None = None,
        threads: int = 1,
        on_progress: Callable[[ProgressEvent], None] | None = None,
        interrupt: threading.Event | None = None,
        start: Floats | None = None,
        gap_frac: float = PROVEN_GAP_FRAC,
        strictly: bool = False,
    ) -> Outcome:
        """Solve the program the session holds.

        `method`: ``"auto"`` goes on from the last basis where there is one, and so does ``"decomposed"`` in a session
        without pieces: by primal simplex when costs changed or bounds only went away (the last plan is still one then),
        else by dual simplex. After as many steps as take as long as a solve without a basis, and where there is none,
        it is interior point (IPX) with crossover; steps, not seconds, so that a busy machine finds the same plan. The
        others start afresh; ``"ipm"`` leaves it to HiGHS to choose between IPX and HiPO. With integers the method is
        that of the relaxations inside the search. PDLP can not be interrupted; it meets bounds to 1e-4 or so, and
        simplex goes on from its point.
        """
        self._hand_over()
        least_gap = max(gap_frac, optimal_gap_frac(0.0) / 2.0)
        self._engine.set_options({"threads": threads, "mip_rel_gap": least_gap})
        self._engine.be_strict(strictly=strictly)
        watch = self._engine.watch = Watch(on_progress, interrupt)
        deadline = np.inf if time_limit_s is None else watch.began + time_limit_s
        status: Status = "error"
        iterations, name, message, given_up = 0, "none", "", ""
        for attempt in self._attempts(method):
            if not all(self._engine.accepts(name, value) for name, value in attempt.options.items()):
                given_up += f" (HiGHS refused {attempt.name})"
                continue
            if attempt.starts_afresh:
                check(self._highs.clearSolver(), "clear the last solution")
                if start is not None:
                    self._engine.start_from(start)
            elif self._held_basis is not self._basis:
                check(self._highs.setBasis(self._basis), "take the last basis")
            self._held_basis = None
            self._engine.set_option("simplex_iteration_limit", min(attempt.steps, self._own_limit))
            status, message = self._run(deadline - time.perf_counter())
            steps = self._iterations()
            iterations += steps
            name = attempt.name
            if name == "pdlp" and status == "optimal":
                status, message = self._polished(deadline - time.perf_counter())
                iterations += self._iterations()
                name = "pdlp, simplex from its point"
            ran_out = status == "iteration_limit" and attempt.steps < self._own_limit
            if status == "error" or ran_out:
                given_up += f" (gave up {attempt.name} after {steps:,} steps)"
                continue
            break
        self._most_steps = None
        return self._outcome(status, iterations, name + given_up, message, gap_frac)

    def _attempts(self, method: Method) -> list[Attempt]:
        if self._arrays.columns.integer.any():
            return [search(method)]
        changed = None if self._basis is None else self._changed()
        steps = self._most_steps
        if steps is None:
            steps = cold_steps(self._arrays.matrix.rows)
        return attempts(method, changed, steps)

    def _changed(self) -> Change:
        """Return what differs from the program of the basis; what was changed back does not."""
        return self._out_at_basis + Edits.between(self._arrays_of_basis, self._arrays).change

    def _run(self, seconds: float) -> tuple[Status, str]:
        until = time.perf_counter() + seconds
        verdict = self._engine.run(seconds)
        message = str(self._highs.modelStatusToString(verdict))
        if verdict == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            return self._settled(until - time.perf_counter()), message
        if verdict == highspy.HighsModelStatus.kModelEmpty:
            bounds = self._arrays.rows
            is_met = (bounds.lower <= 0.0).all() and (bounds.upper >= 0.0).all()
            return ("optimal" if is_met else "infeasible"), message
        return _STATUS.get(verdict, "error"), message

    def _polished(self, seconds: float) -> tuple[Status, str]:
        """Go on by simplex from the point of a method that gives no basis."""
        solution = self._highs.getSolution()
        basis = basis_at(np.array(solution.col_value), np.array(solution.row_value), self._arrays)
        check(self._highs.setBasis(basis), "take a basis near a point")
        self._engine.set_options(SIMPLEX)
        return self._run(seconds)

    def _settled(self, seconds: float) -> Status:
        """Tell unbounded from infeasible: without costs nothing is unbounded."""
        cost = self._arrays.columns.cost
        every = np.arange(len(cost), dtype=np.int32)
        self._highs.changeColsCost(len(cost), every, np.zeros(len(cost)))
        status = _STATUS.get(self._engine.run(seconds), "error")
        self._highs.changeColsCost(len(cost), every, cost)
        return "unbounded" if status == "optimal" else status

    def _iterations(self) -> int:
        info = self._highs.getInfo()
        counts = (
            info.simplex_iteration_count,
            info.ipm_iteration_count,
            info.crossover_iteration_count,
            info.pdlp_iteration_count,
        )
        return sum(max(0, count) for count in counts)

    def _outcome(self, status: Status, iterations: int, method: str, message: str, gap_frac: float) -> Outcome:
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        columns, rows = self._arrays.matrix.columns, self._arrays.matrix.rows
        is_mip = bool(self._arrays.columns.integer.any())
        has_plan = status == "optimal" or (
            info.primal_solution_status == _FEASIBLE and status not in {"infeasible", "unbounded"}
        )
        has_duals = status == "optimal" and not is_mip
        objective = info.objective_function_value if has_plan else np.nan
        if columns == 0 and has_plan:
            objective = self._arrays.columns.offset  # an empty model has no info
        bound = self._dual_bound(status, objective, is_mip=is_mip)
        gap = relative_gap(objective, bound)
        if status == "optimal" and not is_mip:
            basis = self._highs.getBasis()
            self._basis = self._held_basis = basis if basis.valid else None
            self._arrays_of_basis, self._out_at_basis = self._arrays, Change()
            if self._first_basis is None:
                self._first_basis = self._basis
        if status == "optimal" and gap > optimal_gap_frac(gap_frac):
            status = "within_gap"
        duals = np.full(rows, np.nan)
        if has_duals:
            duals = self._engine.row_duals(self._arrays.reduced_costs)
        return Outcome(
            status=status,
            has_plan=has_plan,
            has_duals=has_duals,
            objective=objective,
            dual_bound=bound,
            gap=gap,
            x=_array(solution.col_value, columns, is_known=has_plan),
            row_value=_array(solution.row_value, rows, is_known=has_plan),
            row_dual=duals,
            reduced_cost=_array(solution.col_dual, columns, is_known=has_duals),
            basis=self._basis,
            seconds=time.perf_counter() - self._engine.watch.began,
            iterations=iterations,
            method_used=method,
            message=message,
        )

    def _dual_bound(self, status: Status, objective: float, *, is_mip: bool) -> float:
        info = self._highs.getInfo()
        if status in {"infeasible", "unbounded"}:
            return np.inf if status == "infeasible" else -np.inf
        if is_mip:
            return float(info.mip_dual_bound)
        if status == "optimal":
            return objective
        # A basis that is feasible in the dual alone has the objective of a lower bound.
        is_bound = info.dual_solution_status == _FEASIBLE and self._highs.getBasis().valid
        return float(info.objective_function_value) if is_bound else -np.inf

    def start_at(self, x: Floats, row_dual: Floats) -> None:
        """Let the next solve go on from a plan with its duals, as one that was stored."""
        self._basis = basis_at(x, self._arrays.matrix.times(x), self._arrays, row_dual)
        self._arrays_of_basis, self._out_at_basis = self._arrays, Change()

    def start_from(self, start: Start) -> bool:
        """Let the next solve go on from the basis of a like program without integers, where that promises to pay.

        What is out of bounds at the basis is counted, which takes a hundredth of a solve, and says how many steps it
        will take.
        """
        self._hand_over()
        self._engine.set_options(SIMPLEX)
        self._held_basis = None
        check(self._highs.clearSolver(), "clear the last solution")
        check(self._highs.setBasis(start.for_problem(self._problem)), "take the basis of a like program")
        self._engine.set_option("simplex_iteration_limit", 0)
        self._engine.watch = Watch(None, None)
        self._engine.run(np.inf)
        info, basis = self._highs.getInfo(), self._highs.getBasis()
        out, prices = info.num_primal_infeasibilities, info.num_dual_infeasibilities
        steps = most_steps(self._arrays.matrix.rows, out + prices)
        if not (basis.valid and steps) or out < 0 or prices < 0:
            check(self._highs.clearSolver(), "clear the last solution")
            return False
        self._basis, self._most_steps = basis, steps
        self._arrays_of_basis = self._arrays
        self._out_at_basis = Change(row_bounds=out) if out else Change(costs=max(prices, 1))
        return True

    def start(self) -> Start | None:
        """Return where a like program may begin: the first basis that was proven the best."""
        return None if self._first_basis is None else Start.from_basis(self._problem, self._first_basis)

    # --- changing -----------------------------------------------------------------------

    def update(self, problem: ArrayProblem) -> Change:
        """Take over another problem of the same shape, perhaps with rows added below, by sending only what differs.

        With another number of columns, or fewer rows, it replaces the program and nothing is kept.
        """
        self._problem = problem
        return self.take(Arrays.from_problem(problem))

    def set_columns(self, **changed: Unpack[NewColumns]) -> Change:
        """Give every column another cost, bound or kind, until the next `update`."""
        return self.take(self._arrays.with_columns(**changed))

    def set_rows(self, lower: Floats, upper: Floats) -> Change:
        """Give every row other bounds, until the next `update`."""
        return self.take(self._arrays.with_rows(lower, upper))

    def take(self, new: Arrays) -> Change:
        """Hold another program, given as arrays, until the next `update`."""
        edits = Edits.between(self._arrays, new)
        first_new_row, self._arrays = self._arrays.matrix.rows, new
        if edits.change.is_new_shape:
            self._basis, self._first_basis, self._most_steps = None, None, None
        if not self._is_in_highs:
            return edits.change
        if edits.change.is_new_shape or edits.change.coefficients:
            self._held_basis = None
            pass_model(self._highs, new)  # one call; a call per coefficient takes longer
        else:
            self._engine.send(new, edits)
            if edits.change.new_rows:
                self._add_rows(new, first_new_row)
        return edits.change

    def _add_rows(self, new: Arrays, first: int) -> None:
        self._held_basis = None
        if self._basis is not None:
            check(self._highs.setBasis(self._basis), "take the last basis")
        self._engine.add_rows(new, first)
        if self._basis is not None:
            self._basis = self._highs.getBasis()  # the same, with the new rows in it

    # --- why there is no plan -----------------------------------------------------------

    def iis(self, *, time_limit_s: float | None = None) -> list[str]:
        """Return rows and bounds that conflict, none of which could be left out."""
        self._hand_over()
        self._engine.watch = Watch(None, None)
        self._held_basis = None
        self._engine.set_option("simplex_iteration_limit", self._own_limit)
        seconds = np.inf if time_limit_s is None else time_limit_s
        found = find_conflict(self._engine, self._arrays, seconds)
        if found is None:
            return []
        row_name, column_name = self._problem.row_name, self._problem.column_name
        return [
            *(row_name(int(row)) for row in found.rows),
            *(f"lower bound of {column_name(int(column))}" for column in found.lower_bounds),
            *(f"upper bound of {column_name(int(column))}" for column in found.upper_bounds),
        ]


def _array(values: list[float], size: int, *, is_known: bool) -> Floats:
    return np.array(values, dtype=np.float64) if is_known else np.full(size, np.nan)
