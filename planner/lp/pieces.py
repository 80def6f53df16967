"""The pieces of a split program: what each costs at given columns of the master, and its duals."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from planner.base.errors import SolverError
from planner.lp.engine import check, run_apart
from planner.lp.expression import added_up
from planner.lp.progress import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.change import Arrays
    from planner.lp.split import Split

__all__ = ["PENALTY", "Pieces", "Priced"]

PENALTY: Final = 40.0
"""What a unit of a row that the master leaves no room for costs at first. [MUSD per unit]

High enough that plans avoid it, and not so high that a few rows hide all others: with 1,000 hourly
`us-base` takes three times the rounds.
"""
_TOLERANCE: Final = 1e-9  # [-]; of each piece: what a thousand of them miss adds up
_NO_PRICE: Final = 1e-8  # [MUSD per unit]; of a column, ten times what HiGHS takes for none
_MOST_KEPT: Final = 20_000_000
"""Coefficients of all pieces up to which HiGHS keeps each, warm: each takes some 45 bytes. Above, a
piece is given to HiGHS for every solve, with the basis that it ended with."""
_LONG: Final = 1000
"""Rows of a piece from which on its solve is looked into, to stop it: shorter ones end at once."""
_OPTIONS: Final[Mapping[str, bool | str | int | float]] = {
    "output_flag": False,
    "presolve": "off",  # pieces are small, and go on from their last basis
    "solver": "simplex",
    "threads": 1,
    "small_matrix_value": 1e-12,
    "primal_feasibility_tolerance": _TOLERANCE,
    "dual_feasibility_tolerance": _TOLERANCE,
}


@dataclass(frozen=True, eq=False)
class Priced:
    """What the pieces cost at a trial of the master.

    Parameters
    ----------
    y : array of float
        Value of every column of the pieces, in the order of `Pieces.columns`.
    dual : array of float
        Dual of every row of the pieces, in the order of `Pieces.rows`.
    cost : array of float
        Cost of each piece, without penalties.
    missed : array of float
        By how much each row of the pieces is missed, which penalties are paid for.
    constant : array of float
        For each piece, what its duals prove that it costs where all columns of the master are 0.
    slope : scipy.sparse.csr_array
        Pieces by columns of the master: what one more unit of each adds to that.
    is_proof : array of bool
        Pieces for which `constant` and `slope` hold, as `Pieces.proven` says.
    """

    y: Floats
    dual: Floats
    cost: Floats
    missed: Floats
    constant: Floats
    slope: Any
    is_proof: Bools

    def bound_at(self, x: Floats) -> Floats:
        """Return for each piece what it costs at least at columns of the master."""
        return np.asarray(self.constant + self.slope @ x)


class Pieces:
    """Linear programs of the columns that are local, each in a HiGHS of its own that stays warm.

    Rows that the master has a part in may be missed at a penalty, so that a piece has a plan
    whatever the master does, if it has one at all.

    Parameters
    ----------
    arrays : Arrays
        The whole program.
    split : Split
        Its pieces; at least one.
    """

    def __init__(self, arrays: Arrays, split: Split) -> None:
        matrix = arrays.matrix
        whole = csr_array(
            (matrix.value, matrix.column, matrix.start), shape=(matrix.rows, matrix.columns)
        )
        self.count = split.pieces
        self.penalty = PENALTY
        self.columns, self._piece_of_column = _in_order(split.piece_of_column)
        self.rows, self._piece_of_row = _in_order(split.piece_of_row)
        self.of_master = np.flatnonzero(split.piece_of_column < 0)
        rows = whole[self.rows]
        self._own = rows[:, self.columns].tocsr()
        self._others = rows[:, self.of_master].tocsr()
        self._row_lower, self._row_upper = (
            arrays.rows.lower[self.rows],
            arrays.rows.upper[self.rows],
        )
        self._cost = arrays.columns.cost[self.columns]
        self._lower = arrays.columns.lower[self.columns]
        self._upper = arrays.columns.upper[self.columns]
        self._may_miss = np.diff(self._others.indptr) > 0
        pieces = np.arange(self.count + 1)
        self._row_ends = np.searchsorted(self._piece_of_row, pieces)
        self._column_ends = np.searchsorted(self._piece_of_column, pieces)
        self._is_kept = self._own.nnz + self._others.nnz <= _MOST_KEPT
        self._programs: list[Any | None] = [None] * self.count
        self._bases: list[Any | None] = [None] * self.count
        self._y, self._dual = np.zeros(self.columns.size), np.zeros(self.rows.size)
        self._shift: Floats | None = None
        self._is_stale = np.ones(self.count, dtype=np.bool_)
        self._watch, self._until = Watch(None, None), np.inf
        self._steps = np.zeros(self.count, dtype=np.int64)

    def _program(self, piece: int) -> Any:
        rows, columns = self._places(piece)
        low, high = self._row_lower[rows], self._row_upper[rows]
        may_miss = self._may_miss[rows]
        short, over = (
            np.flatnonzero(may_miss & np.isfinite(low)),
            np.flatnonzero(may_miss & np.isfinite(high)),
        )
        count = short.size + over.size
        sign = np.repeat([1.0, -1.0], [short.size, over.size])
        place = (np.concatenate((short, over)), np.arange(count))
        missed = coo_array((sign, place), shape=(low.size, count))
        matrix = hstack([self._own[rows][:, columns], missed]).tocsr()
        size = matrix.shape[1]
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in _OPTIONS.items():
            check(highs.setOptionValue(name, value), f"take the option {name}")
        passed = highs.passModel(
            size,
            low.size,
            matrix.nnz,
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            np.concatenate((self._cost[columns], np.full(count, self.penalty))),
            np.concatenate((self._lower[columns], np.zeros(count))),
            np.concatenate((self._upper[columns], np.full(count, np.inf))),
            low,
            high,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(size, dtype=np.int32),
        )
        check(passed, "take a piece of the program")
        if low.size >= _LONG:
            highs.setCallback(self._on_callback, None)
            highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)
        return highs

    def _on_callback(self, _kind: Any, _text: str, _seen: Any, answer: Any, _data: Any) -> None:
        answer.user_interrupt = self._must_stop()  # said every time: HiGHS remembers it

    def _must_stop(self) -> bool:
        return self._watch.must_stop or time.perf_counter() >= self._until

    def _places(self, piece: int) -> tuple[slice, slice]:
        return (
            slice(self._row_ends[piece], self._row_ends[piece + 1]),
            slice(self._column_ends[piece], self._column_ends[piece + 1]),
        )

    @property
    def iterations(self) -> int:
        """Steps of simplex so far."""
        return int(self._steps.sum())

    @property
    def least(self) -> Floats:
        """Least cost of each piece within the bounds of its columns; -inf without bounds."""
        with np.errstate(invalid="ignore"):
            ends = self._cost * np.stack((self._lower, self._upper))
        worth = np.where(self._cost == 0.0, 0.0, ends.min(axis=0))
        return added_up(worth, self._piece_of_column, self.count)

    def raise_penalty(self) -> None:
        """Make what is missed ten times as expensive."""
        self.penalty *= 10.0
        for piece, highs in enumerate(self._programs):
            if highs is None:
                continue
            _, columns = self._places(piece)
            first = columns.stop - columns.start
            which = np.arange(first, highs.getNumCol(), dtype=np.int32)
            highs.changeColsCost(which.size, which, np.full(which.size, self.penalty))
        self._is_stale[:] = True

    def solve_at(
        self,
        x: Floats,
        seconds: float = np.inf,
        interrupt: threading.Event | None = None,
        threads: int = 1,
    ) -> Priced | None:
        """Solve the pieces that a trial of the master changes.

        Parameters
        ----------
        x : array of float
            Columns of the master, in the order of `of_master`.
        seconds : float
            Most time. [s]
        interrupt : threading.Event, optional
            Set it to stop.
        threads : int
            Pieces that are solved at the same time.

        Returns
        -------
        Priced or None
            None if it was stopped.

        Raises
        ------
        SolverError
            If a piece has no plan, however much its rows are missed, or no least cost.
        """
        shift = np.asarray(self._others @ x)
        if self._shift is not None:
            moved = np.add.reduceat(shift != self._shift, self._row_ends[:-1]) > 0
            self._is_stale |= moved
        self._shift = shift
        low, high = self._row_lower - shift, self._row_upper - shift
        self._watch, self._until = Watch(None, interrupt), time.perf_counter() + seconds

        stale = np.flatnonzero(self._is_stale)

        def solve_stale(first: int) -> None:
            for piece in stale[first::threads].tolist():
                if self._must_stop():
                    return
                self._solve(piece, low, high)

        def solve_all() -> None:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(solve_stale, range(threads)))  # raises what a thread raised

        run_apart(solve_all if threads > 1 else lambda: solve_stale(0), self._watch)
        return None if self._is_stale.any() else self._priced(x)

    def _given_to_highs(self, piece: int) -> Any:
        """Return a piece in HiGHS, which begins where its last solve ended."""
        highs = self._programs[piece]
        if highs is None:
            highs = self._program(piece)
            if self._is_kept:
                self._programs[piece] = highs
            elif self._bases[piece] is not None:
                check(highs.setBasis(self._bases[piece]), "take the last basis of a piece")
        return highs

    def _solve(self, piece: int, low: Floats, high: Floats) -> None:
        rows, columns = self._places(piece)
        highs = self._given_to_highs(piece)
        count = rows.stop - rows.start
        every = np.arange(count, dtype=np.int32)
        highs.changeRowsBounds(count, every, low[rows], high[rows])
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            return
        if status != highspy.HighsModelStatus.kOptimal:
            message = f"piece {piece}: {highs.modelStatusToString(status)}"
            raise SolverError(message)
        solution = highs.getSolution()
        self._y[columns] = solution.col_value[: columns.stop - columns.start]
        self._dual[rows] = solution.row_dual
        self._steps[piece] += highs.getInfo().simplex_iteration_count
        if not self._is_kept:
            self._bases[piece] = highs.getBasis()
        self._is_stale[piece] = False

    def _priced(self, x: Floats) -> Priced:
        y, dual = self._y.copy(), self._dual.copy()
        value = self._own @ y + self._others @ x
        missed = np.maximum(np.maximum(self._row_lower - value, value - self._row_upper), 0.0)
        constant, slope, is_proof = self.proven(dual)
        return Priced(
            y,
            dual,
            added_up(self._cost * y, self._piece_of_column, self.count),
            missed,
            constant,
            slope,
            is_proof,
        )

    def proven(self, dual: Floats) -> tuple[Floats, Any, Bools]:
        """Return what duals prove of the cost of each piece.

        Parameters
        ----------
        dual : array of float
            Any number for every row of the pieces.

        Returns
        -------
        constant : array of float
            Least cost of each piece where all columns of the master are 0.
        slope : scipy.sparse.csr_array
            Pieces by columns of the master: what one more unit of each adds to it.
        is_proof : array of bool
            Pieces for which that holds: no price points to a bound that a column has not.
        """
        side = _side(dual, self._row_lower, self._row_upper)
        dual, worth = np.where(np.isfinite(side), dual, 0.0), dual * _finite(side)
        reduced = self._cost - self._own.T @ dual
        held_at = _side(reduced, self._lower, self._upper)
        constant = added_up(worth, self._piece_of_row, self.count)
        constant += added_up(reduced * _finite(held_at), self._piece_of_column, self.count)
        weights = csr_array((-dual, np.arange(dual.size), self._row_ends), (self.count, dual.size))
        is_held = np.isfinite(held_at) | (np.abs(reduced) <= _NO_PRICE)
        is_proof = np.ones(self.count, dtype=np.bool_)
        is_proof[self._piece_of_column[~is_held]] = False
        return constant, (weights @ self._others).tocsr(), is_proof


def _side(price: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the bound that a price points to: 0 without a price, infinite without a bound."""
    return np.where(price > 0.0, lower, np.where(price < 0.0, upper, 0.0))


def _finite(numbers: Floats) -> Floats:
    return np.where(np.isfinite(numbers), numbers, 0.0)


def _in_order(piece: Positions) -> tuple[Positions, Positions]:
    """Return the places that belong to pieces, piece by piece, and the piece of each."""
    at = np.flatnonzero(piece >= 0)
    at = at[np.argsort(piece[at], kind="stable")]
    return at, piece[at]
