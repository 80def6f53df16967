"""The solver that is run again after changes, and which rows of a program without a plan conflict."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

import highspy
import numpy as np

from planner.base.errors import SolverError
from planner.lp.expression import added_up
from planner.lp.outcome import SIMPLEX, Phase, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats, Positions
    from planner.lp.change import Arrays, Edits
    from planner.lp.expression import Ints

# --- HiGHS, given arrays at once: what it is given, how it is run, when it is stopped -------------

_SECONDS_BETWEEN_LOOKS = 0.1  # where a wait can not be interrupted, Ctrl-C waits for so long
_NEAR_BOUND = 1e-5  # [-]; a first-order method meets bounds so far
_NO_PRICE = 1e-7  # [MUSD per unit]; the tolerance that HiGHS meets prices of bounds to
_STRICT_TOLERANCE = 1e-10  # [-]; the least that HiGHS takes
_TOLERANCES = ("primal_feasibility_tolerance", "dual_feasibility_tolerance", "mip_feasibility_tolerance")
_PRICE_IN_BASIS = 1e-9  # [MUSD per unit]; most that is taken for rounding
_SMALLEST_COEFFICIENT = 1e-12  # [-]; HiGHS drops what is smaller, and by default below 1e-9

_Callback = highspy.cb.HighsCallbackType
_PHASES: Mapping[int, Phase] = {
    int(_Callback.kCallbackSimplexInterrupt): "simplex",
    int(_Callback.kCallbackIpmInterrupt): "ipm",
    int(_Callback.kCallbackMipInterrupt): "mip",
}


class Engine:
    """One HiGHS object, silent, that can be watched and stopped."""

    def __init__(self, options: Mapping[str, bool | float | str]) -> None:
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self.watch = Watch(None, None)
        # A search ends by the gap as a share alone: a gap of 1 USD is much of a small plan.
        quiet = {"output_flag": False, "small_matrix_value": _SMALLEST_COEFFICIENT, "mip_abs_gap": 0.0}
        self.set_options({**quiet, **options})
        self._tolerances = {name: self.highs.getOptionValue(name)[1] for name in _TOLERANCES}
        self.highs.setCallback(called_weakly(self._on_callback), None)
        for kind in _PHASES:
            self.highs.startCallback(_Callback(kind))

    def accepts(self, name: str, value: bool | float | str) -> bool:
        """Set an option; return whether HiGHS takes it."""
        return bool(self.highs.setOptionValue(name, value) != highspy.HighsStatus.kError)

    def set_option(self, name: str, value: bool | float | str) -> None:
        """Set an option that must be taken."""
        if not self.accepts(name, value):
            raise SolverError(f"HiGHS refuses the option {name} = {value!r}")

    def set_options(self, options: Mapping[str, bool | float | str]) -> None:
        """Set options that must be taken."""
        for name, value in options.items():
            self.set_option(name, value)

    def be_strict(self, *, strictly: bool) -> None:
        """Meet bounds and integers to 1e-10 from now on, or to the tolerances given at first."""
        self.set_options(dict.fromkeys(_TOLERANCES, _STRICT_TOLERANCE) if strictly else self._tolerances)

    def send(self, new: Arrays, edits: Edits, held: Ints | None = None) -> None:
        """Give HiGHS the numbers that make a new program of the one it holds, whose rows are `held` there."""
        highs, costs, columns, kinds = self.highs, edits.costs, edits.columns, edits.kinds
        rows = edits.rows if held is None else held[edits.rows]
        cost, kind = new.columns.cost[costs], new.columns.integer[kinds].astype(np.uint8)
        lower, upper = new.columns.lower[columns], new.columns.upper[columns]
        row_lower, row_upper = new.rows.lower[edits.rows], new.rows.upper[edits.rows]
        for sent, what in (
            (highs.changeObjectiveOffset(new.columns.offset), "the objective's constant"),
            (highs.changeColsCost(len(costs), costs, cost), "costs"),
            (highs.changeColsBounds(len(columns), columns, lower, upper), "column bounds"),
            (highs.changeRowsBounds(len(rows), rows, row_lower, row_upper), "row bounds"),
            (highs.changeColsIntegrality(len(kinds), kinds, kind), "integrality"),
        ):
            check(sent, f"take new {what}")

    def add_rows(self, arrays: Arrays, first: int) -> None:
        """Give HiGHS the rows of a program from one on; it holds those before."""
        matrix, rows = arrays.matrix, arrays.rows
        begin = matrix.start[first]
        added = self.highs.addRows(
            matrix.rows - first,
            rows.lower[first:],
            rows.upper[first:],
            len(matrix.value) - int(begin),
            matrix.start[first:-1] - begin,
            matrix.column[begin:],
            matrix.value[begin:],
        )
        check(added, "take new rows")

    def start_from(self, x: Floats) -> None:
        """Give HiGHS a plan that its search may start from."""
        solution = highspy.HighsSolution()
        solution.col_value = x.tolist()
        check(self.highs.setSolution(solution), "take a plan to start from")

    def run(self, seconds: float) -> Any:
        """Run for at most so many seconds and return HiGHS' model status. [s]"""
        # HiGHS counts the time of all runs of one object against its limit.
        self.set_option("time_limit", max(0.0, seconds) + self.highs.getRunTime())
        run_apart(self.highs.run, self.watch)
        return self.highs.getModelStatus()

    def row_duals(self, reduced_costs: Callable[[Floats], Floats]) -> Floats:
        """Return the duals of the last optimum, as exact as its basis is. [MUSD per unit]

        By the duals that HiGHS gives of the rows a column in the basis may have a reduced cost, of 2e-6 where a master
        has many cuts. Then the basis is factored again and its duals are computed again, without a step.
        """
        solution, basis = self.highs.getSolution(), self.highs.getBasis()
        dual = np.array(solution.row_dual)
        off = np.abs(reduced_costs(dual) - np.array(solution.col_dual)).max(initial=0.0)
        if off <= _PRICE_IN_BASIS or not basis.valid:
            return dual
        _, limit = self.highs.getOptionValue("simplex_iteration_limit")
        self.set_options({**SIMPLEX, "simplex_iteration_limit": 0})
        check(self.highs.setBasis(basis), "take the last basis")
        self.run(np.inf)
        self.set_option("simplex_iteration_limit", limit)
        return np.array(self.highs.getSolution().row_dual)

    def dual_ray(self, seconds: float) -> Floats | None:
        """Return row multipliers that prove that there is no plan, or None without any. Takes `seconds` [s]."""
        _, is_there, ray = self.highs.getDualRay()
        if not is_there:
            # Presolve finds infeasibility without a proof, and only simplex leaves a ray. From the
            # last basis it takes few steps, or ends without a verdict; from nothing it has one.
            _, presolve = self.highs.getOptionValue("presolve")
            self.set_options({**SIMPLEX, "presolve": "off"})
            until = time.monotonic() + seconds
            self.run(seconds)
            _, is_there, ray = self.highs.getDualRay()
            if not is_there:
                check(self.highs.clearSolver(), "clear the last solution")
                self.run(until - time.monotonic())
                _, is_there, ray = self.highs.getDualRay()
            self.set_option("presolve", presolve)
        return np.array(ray) if is_there else None

    def _on_callback(self, kind: Any, _text: str, seen: Any, answer: Any, _data: Any) -> None:
        # What is raised in here can not pass through HiGHS: it is kept and raised after the run.
        try:
            stop = self.watch.update(_PHASES[int(kind)], seen)
        except BaseException as error:
            self.watch.raised = error
            stop = True
        answer.user_interrupt = stop  # said every time: HiGHS remembers it from run to run


def called_weakly(method: Callable[..., None]) -> Callable[..., None]:
    """Return what calls a method as long as its object lives: HiGHS and the object would keep each other for ever."""
    known = WeakMethod(method)

    def call(*given: Any) -> None:
        alive = known()
        if alive is not None:
            alive(*given)

    return call


def run_apart(work: Callable[[], object], watch: Watch) -> None:
    """Run HiGHS in a thread of its own until it ends, and raise what was raised meanwhile.

    Ctrl-C is raised in the main thread: inside a callback HiGHS would swallow it and call the solve a failure. And
    HiGHS keeps a pool of threads for each thread that calls it: one pool asked for another size solves nothing.
    """
    is_done = threading.Event()

    def worked() -> None:
        try:
            work()
        except BaseException as error:
            watch.raised = error
        finally:
            is_done.set()

    thread = threading.Thread(target=worked, name="HiGHS")
    try:
        thread.start()
    except BaseException as error:  # Ctrl-C, as a rule when it has begun
        watch.raised = error
        if thread.ident is None:
            raise
    while not is_done.is_set():
        try:
            is_done.wait(_SECONDS_BETWEEN_LOOKS)
        except BaseException as error:
            watch.raised = error  # stops HiGHS, and is raised when it has stopped
    if watch.raised is not None:
        raise watch.raised


def basis_at(x: Floats, row_value: Floats, arrays: Arrays, row_dual: Floats | None = None) -> Any:
    """Return a basis near a point: what lies at a bound of it is not in the basis.

    With duals only where it costs to move away from that bound: of the others HiGHS keeps as many as there is room for.
    """
    columns, rows = arrays.columns, arrays.rows
    reduced = None if row_dual is None else arrays.reduced_costs(row_dual)
    basis = highspy.HighsBasis()
    basis.col_status = _statuses(x, columns.lower, columns.upper, reduced)
    basis.row_status = _statuses(row_value, rows.lower, rows.upper, row_dual)
    basis.valid = basis.alien = True  # of any size: HiGHS completes it
    return basis


def _statuses(value: Floats, lower: Floats, upper: Floats, price: Floats | None) -> list[Any]:
    """Return whether values lie at their lower bound, upper one, or neither, as in a range whose bound has no price."""
    near = _NEAR_BOUND * np.maximum(1.0, np.abs(value))
    place = np.where(value <= lower + near, 0, np.where(value >= upper - near, 2, 1))
    if price is not None:
        place = np.where((np.abs(price) < _NO_PRICE) & (lower < upper), 1, place)
    kind = highspy.HighsBasisStatus
    of_place = (kind.kLower, kind.kBasic, kind.kUpper)
    return [of_place[at] for at in place.tolist()]


def pass_model(highs: Any, arrays: Arrays) -> None:
    """Give HiGHS a whole program in place of what it holds."""
    columns, matrix, rows = arrays.columns, arrays.matrix, arrays.rows
    passed = highs.passModel(
        matrix.columns,
        matrix.rows,
        len(matrix.value),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        columns.offset,
        columns.cost,
        columns.lower,
        columns.upper,
        rows.lower,
        rows.upper,
        matrix.start,
        matrix.column,
        matrix.value,
        columns.integer.astype(np.int32),
    )
    check(passed, "take the program")


def check(returned: Any, what: str) -> None:
    """Raise where HiGHS says that a call failed."""
    if returned == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS could not {what}")


# --- Rows and bounds that conflict, none of which could be left out -------------------------------

_NOTHING = 1e-9  # [-], multipliers as a share of the greatest


@dataclass(frozen=True, eq=False)
class Conflict:
    """Places of rows, and of columns by the bound that takes part."""

    rows: Positions
    lower_bounds: Positions
    upper_bounds: Positions


def find_conflict(engine: Engine, arrays: Arrays, seconds: float) -> Conflict | None:
    r"""Return an irreducible infeasible set of rows and bounds. Takes `seconds` [s].

    Where no plan exists there are multipliers :math:`y` of the rows with

    .. math:: y^T b > \max \{ y^T A x : l \le x \le u \}

    and an infeasible dual simplex ends with such a :math:`y`, its ray. It is an extreme one, so the rows and bounds it
    uses are a smallest conflict. It costs one simplex run at most, where HiGHS' own search (`getIis`) tries bound by
    bound.

    Source: Gleeson and Ryan, ORSA Journal on Computing 2(1), 1990.
    """
    columns, matrix, rows = arrays.columns, arrays.matrix, arrays.rows
    none = np.empty(0, dtype=np.intp)
    crossed = np.flatnonzero(columns.lower > columns.upper)[:1]
    if len(crossed):
        return Conflict(none, crossed, crossed)
    is_empty = np.diff(matrix.start) == 0
    unmet = np.flatnonzero(is_empty & ((rows.lower > 0.0) | (rows.upper < 0.0)))[:1]
    if len(unmet):
        return Conflict(unmet, none, none)
    ray = engine.dual_ray(seconds)
    if ray is None:
        return None
    ray = ray / np.abs(ray).max()
    weights = ray[matrix.row_of_value()] * matrix.value
    pull = added_up(weights, matrix.column, matrix.columns)
    # What is left of terms that cancel is nothing compared with their size.
    size = added_up(np.abs(weights), matrix.column, matrix.columns)
    is_pulled = np.abs(pull) > _NOTHING * np.maximum(size, 1.0)
    return Conflict(
        np.flatnonzero(np.abs(ray) > _NOTHING),
        np.flatnonzero(is_pulled & (pull < 0.0)),
        np.flatnonzero(is_pulled & (pull > 0.0)),
    )
