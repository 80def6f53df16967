"""Pieces of a program: how it is split, and their programs in HiGHS."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from planner.base.errors import SolverError
from planner.lp.engine import check, run_apart
from planner.lp.expression import added_up
from planner.lp.outcome import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.change import Arrays
    from planner.lp.matrix import Matrix

# --- Programs of pieces in HiGHS, each of which goes on from where its last solve ended -----------

_TOLERANCE: Final = 1e-9  # [-]; of each piece: what a thousand of them miss adds up
_MOST_KEPT: Final = 3_500_000
"""Rows and columns of all pieces of a process up to which HiGHS keeps each, warm: each takes some
800 bytes, coefficients few of them. Above, a piece is given to HiGHS for every solve, with the
basis that it ended with."""
_OFF: Final = 1e-6
"""Units of its rows that a piece may miss beside those it pays for: of HiGHS' tolerances."""
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
class PieceArrays:
    """Numbers of some pieces, piece after piece."""

    matrix: Any  # coefficients of their columns in their rows
    cost: Floats  # of each column
    lower: Floats
    upper: Floats
    row_lower: Floats  # of each row, before what the master adds to it
    row_upper: Floats
    of_master: Bools  # rows that the master has a part in: these may be missed
    row_ends: Positions  # where the rows and the columns of each piece begin, and where the last one ends
    column_ends: Positions

    @property
    def count(self) -> int:
        """Number of pieces."""
        return len(self.row_ends) - 1

    def places(self, piece: int) -> tuple[slice, slice]:
        """Return the rows and the columns of a piece."""
        return (
            slice(self.row_ends[piece], self.row_ends[piece + 1]),
            slice(self.column_ends[piece], self.column_ends[piece + 1]),
        )

    def rows_of(self, pieces: Positions) -> Positions:
        """Return the rows of some pieces, in their order."""
        return _between(self.row_ends, pieces)

    def columns_of(self, pieces: Positions) -> Positions:
        """Return the columns of some pieces, in their order."""
        return _between(self.column_ends, pieces)


class _Stop:
    """Says to HiGHS when to stop; it holds no program, which would never be let go."""

    def __init__(self) -> None:
        self._until, self._must_stop = np.inf, _never

    def take(self, seconds: float, must_stop: Callable[[], bool]) -> None:
        """Stop after so many seconds, or when asked to. [s]"""
        self._until, self._must_stop = time.perf_counter() + seconds, must_stop

    def is_due(self) -> bool:
        """Return whether to stop."""
        return self._must_stop() or time.perf_counter() >= self._until

    def on_callback(self, _kind: Any, _text: str, _seen: Any, answer: Any, _data: Any) -> None:
        """Answer HiGHS, every time: it keeps the last answer."""
        answer.user_interrupt = self.is_due()


def _clear(highs: Any) -> None:
    check(highs.clearSolver(), "forget the last basis of a piece")


def _never() -> bool:
    return False


class PiecePrograms:
    """Pieces solved by threads of this process, each in a HiGHS of its own that stays warm."""

    def __init__(self, arrays: PieceArrays) -> None:
        self._arrays = arrays
        self.y, self.dual = np.zeros(arrays.cost.size), np.zeros(arrays.row_lower.size)
        self._is_kept = arrays.row_lower.size + arrays.cost.size <= _MOST_KEPT
        self._programs: list[Any | None] = [None] * arrays.count
        self._bases: list[Any | None] = [None] * arrays.count
        self._steps = np.zeros(arrays.count, dtype=np.int64)
        self._paid = np.zeros(arrays.count)  # units of rows, by piece
        self._penalty = 0.0
        self._stop = _Stop()

    @property
    def iterations(self) -> int:
        """Steps of simplex so far."""
        return int(self._steps.sum())

    def solve(
        self,
        pieces: Positions,
        shift: Floats,
        penalty: float,
        threads: int,
        seconds: float,
        must_stop: Callable[[], bool],
    ) -> Positions:
        """Solve some pieces and return those that were solved. Takes `penalty` [MUSD per unit]."""
        self._take_penalty(penalty)
        self._stop.take(seconds, must_stop)
        low, high = self._arrays.row_lower - shift, self._arrays.row_upper - shift
        is_done = np.zeros(pieces.size, dtype=np.bool_)

        def solve_every(first: int) -> None:
            for at in range(first, pieces.size, threads):
                if self._stop.is_due():
                    return
                is_done[at] = self._solve(int(pieces[at]), low, high)

        try:
            if threads > 1:
                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(solve_every, range(threads)))  # raises what a thread raised
            else:
                solve_every(0)
            for at in np.flatnonzero(is_done & self._is_off(low, high)[pieces]):
                self._forget(int(pieces[at]))
                is_done[at] = self._solve(int(pieces[at]), low, high)
        finally:
            self._stop.take(np.inf, _never)  # HiGHS would keep who asks, and who asks keeps HiGHS
        return pieces[is_done]

    def _is_off(self, low: Floats, high: Floats) -> Bools:
        """Return pieces whose columns miss more of their rows than they pay for.

        From a basis that is nearly singular HiGHS may end with columns that its rows do not have.
        """
        value = self._arrays.matrix @ self.y
        missed = np.maximum(np.maximum(low - value, value - high), 0.0)
        of_piece = np.add.reduceat(missed, self._arrays.row_ends[:-1])
        return np.asarray(of_piece > self._paid + _OFF)

    def _forget(self, piece: int) -> None:
        """Let the next solve of a piece begin without a basis."""
        self._bases[piece] = None
        highs = self._programs[piece]
        if highs is not None:
            _clear(highs)

    def _take_penalty(self, penalty: float) -> None:
        if penalty == self._penalty:
            return
        self._penalty = penalty
        for piece, highs in enumerate(self._programs):
            if highs is None:
                continue
            _, columns = self._arrays.places(piece)
            first = columns.stop - columns.start
            which = np.arange(first, highs.getNumCol(), dtype=np.int32)
            highs.changeColsCost(which.size, which, np.full(which.size, penalty))

    def _solve(self, piece: int, low: Floats, high: Floats) -> bool:
        """Solve a piece; return whether it came to its end."""
        rows, columns = self._arrays.places(piece)
        highs = self._given_to_highs(piece)
        count = rows.stop - rows.start
        every = np.arange(count, dtype=np.int32)
        highs.changeRowsBounds(count, every, low[rows], high[rows])
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:  # as from a basis that is of no use
            _clear(highs)
            highs.run()
            status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            return False
        if status != highspy.HighsModelStatus.kOptimal:
            message = f"piece {piece}: {highs.modelStatusToString(status)}"
            raise SolverError(message)
        solution = highs.getSolution()
        value, own = np.array(solution.col_value), columns.stop - columns.start
        self.y[columns], self._paid[piece] = value[:own], value[own:].sum()
        self.dual[rows] = solution.row_dual
        self._steps[piece] += highs.getInfo().simplex_iteration_count
        if not self._is_kept:
            self._bases[piece] = highs.getBasis()
        return True

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

    def _program(self, piece: int) -> Any:
        arrays = self._arrays
        rows, columns = arrays.places(piece)
        low, high = arrays.row_lower[rows], arrays.row_upper[rows]
        may_miss = arrays.of_master[rows]
        short, over = (np.flatnonzero(may_miss & np.isfinite(low)), np.flatnonzero(may_miss & np.isfinite(high)))
        count = short.size + over.size
        sign = np.repeat([1.0, -1.0], [short.size, over.size])
        place = (np.concatenate((short, over)), np.arange(count))
        missed = coo_array((sign, place), shape=(low.size, count))
        matrix = hstack([arrays.matrix[rows][:, columns], missed]).tocsr()
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
            np.concatenate((arrays.cost[columns], np.full(count, self._penalty))),
            np.concatenate((arrays.lower[columns], np.zeros(count))),
            np.concatenate((arrays.upper[columns], np.full(count, np.inf))),
            low,
            high,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(size, dtype=np.int32),
        )
        check(passed, "take a piece of the program")
        if low.size >= _LONG:
            highs.setCallback(self._stop.on_callback, None)
            highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)
        return highs


def _between(ends: Positions, pieces: Positions) -> Positions:
    """Return all places of some pieces, where each has those from one end to the next."""
    first, count = ends[pieces], np.diff(ends)[pieces]
    before = np.cumsum(count) - count
    return np.repeat(first - before, count) + np.arange(count.sum())


# --- The pieces of a split program: what each costs at given columns of the master, and its duals ---

PENALTY: Final = 40.0
"""What a unit of a row that the master leaves no room for costs at first.

In units of the objective per unit of the row: MUSD, or the kt or m3 that a frontier makes least.
High enough that plans avoid it, and not so high that a few rows hide all others: with 1,000 hourly
`us-base` takes three times the rounds.
"""
_NO_PRICE: Final = 1e-8  # units of the objective per unit of a column, ten times what HiGHS takes for none


@dataclass(frozen=True, eq=False)
class Priced:
    """What the pieces cost at a trial of the master."""

    y: Floats  # value of every column of the pieces, in the order of `Pieces.columns`
    dual: Floats  # dual of every row of the pieces, in the order of `Pieces.rows`
    cost: Floats  # cost of each piece, without penalties
    missed: Floats  # by how much each row of the pieces is missed, which penalties are paid for
    constant: Floats  # for each piece, what its duals prove that it costs where all columns of the master are 0
    slope: Any  # pieces by columns of the master: what one more unit of each adds to that
    is_proof: Bools  # pieces for which `constant` and `slope` hold, as `Pieces.proven` says

    def bound_at(self, x: Floats) -> Floats:
        """Return for each piece what it costs at least at columns of the master."""
        return np.asarray(self.constant + self.slope @ x)


class Pieces:
    """Linear programs of the columns that are local: what each costs at a trial, and proves.

    Rows that the master has a part in may be missed at a penalty, so that a piece has a plan
    whatever the master does, if it has one at all.
    """

    def __init__(self, arrays: Arrays, split: Split, master_columns: Positions | None = None) -> None:
        matrix = arrays.matrix
        whole = csr_array((matrix.value, matrix.column, matrix.start), shape=(matrix.rows, matrix.columns))
        self.count = split.pieces
        self.penalty = PENALTY
        self.columns, self.piece_of_column = _in_order(split.piece_of_column)
        self.rows, self.piece_of_row = _in_order(split.piece_of_row)
        self.master_columns = np.flatnonzero(split.piece_of_column < 0) if master_columns is None else master_columns
        rows = whole[self.rows]
        self._own = rows[:, self.columns].tocsr()
        self._others = rows[:, self.master_columns].tocsr()
        self._row_lower, self._row_upper = (arrays.rows.lower[self.rows], arrays.rows.upper[self.rows])
        self._cost = arrays.columns.cost[self.columns]
        self._lower = arrays.columns.lower[self.columns]
        self._upper = arrays.columns.upper[self.columns]
        pieces = np.arange(self.count + 1)
        self._row_ends = np.searchsorted(self.piece_of_row, pieces)
        self._solver = PiecePrograms(
            PieceArrays(
                self._own,
                self._cost,
                self._lower,
                self._upper,
                self._row_lower,
                self._row_upper,
                np.diff(self._others.indptr) > 0,
                self._row_ends,
                np.searchsorted(self.piece_of_column, pieces),
            )
        )
        self._shift: Floats | None = None
        self._is_stale = np.ones(self.count, dtype=np.bool_)

    @property
    def iterations(self) -> int:
        """Steps of simplex so far."""
        return self._solver.iterations

    def least(self, which: Bools | None = None) -> Floats:
        """Return the least cost of each piece within the bounds of its columns.

        It is -inf without bounds. Of the columns only some count where these are given.
        """
        with np.errstate(invalid="ignore"):
            ends = self._cost * np.stack((self._lower, self._upper))
        worth = np.where(self._cost == 0.0, 0.0, ends.min(axis=0))
        if which is not None:
            worth = np.where(which, worth, 0.0)
        return added_up(worth, self.piece_of_column, self.count)

    def raise_penalty(self) -> None:
        """Make what is missed ten times as expensive."""
        self.penalty *= 10.0
        self._is_stale[:] = True

    def solve_at(
        self, x: Floats, seconds: float = np.inf, interrupt: threading.Event | None = None, threads: int = 1
    ) -> Priced | None:
        """Solve the pieces that a trial of the master changes. Takes `seconds` [s]."""
        shift = np.asarray(self._others @ x)
        if self._shift is not None:
            moved = np.add.reduceat(shift != self._shift, self._row_ends[:-1]) > 0
            self._is_stale |= moved
        self._shift = shift
        watch, stale = Watch(None, interrupt), np.flatnonzero(self._is_stale)

        def solve_stale() -> None:
            done = self._solver.solve(stale, shift, self.penalty, threads, seconds, lambda: watch.must_stop)
            self._is_stale[done] = False

        run_apart(solve_stale, watch)
        return None if self._is_stale.any() else self._priced(x)

    def _priced(self, x: Floats) -> Priced:
        y, dual = self._solver.y.copy(), self._solver.dual.copy()
        value = self._own @ y + self._others @ x
        missed = np.maximum(np.maximum(self._row_lower - value, value - self._row_upper), 0.0)
        constant, slope, is_proof = self.proven(dual)
        return Priced(
            y, dual, added_up(self._cost * y, self.piece_of_column, self.count), missed, constant, slope, is_proof
        )

    def proven(self, dual: Floats) -> tuple[Floats, Any, Bools]:
        """Return what duals prove of the cost of each piece."""
        side = _side(dual, self._row_lower, self._row_upper)
        dual, worth = np.where(np.isfinite(side), dual, 0.0), dual * _finite(side)
        reduced = self._cost - self._own.T @ dual
        held_at = _side(reduced, self._lower, self._upper)
        constant = added_up(worth, self.piece_of_row, self.count)
        constant += added_up(reduced * _finite(held_at), self.piece_of_column, self.count)
        weights = csr_array((-dual, np.arange(dual.size), self._row_ends), (self.count, dual.size))
        is_held = np.isfinite(held_at) | (np.abs(reduced) <= _NO_PRICE)
        is_proof = np.ones(self.count, dtype=np.bool_)
        is_proof[self.piece_of_column[~is_held]] = False
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


# --- Which columns of a program fall into pieces that are independent once the others are fixed ---


@dataclass(frozen=True, eq=False)
class Split:
    """The piece of every column and row; those of the master have none."""

    pieces: int  # number of pieces
    piece_of_column: Positions  # piece of each, -1 for the master
    piece_of_row: Positions

    @classmethod
    def from_matrix(cls, matrix: Matrix, is_local: Bools, is_apart: Bools | None = None) -> Split:
        """Split a program by columns that may be left to pieces."""
        row = matrix.row_of_value()
        is_in = is_local[matrix.column]
        at = np.flatnonzero(is_in if is_apart is None else is_in & ~is_apart[row])
        columns, rows = matrix.columns, matrix.rows
        size = columns + rows
        ends = (matrix.column[at], columns + row[at])
        graph = coo_array((np.ones(at.size, dtype=np.int8), ends), shape=(size, size))
        label = connected_components(graph, directed=False)[1]
        has_end = np.zeros(size, dtype=np.bool_)
        has_end[ends[0]] = has_end[ends[1]] = True
        _, first, inverse = np.unique(label[has_end], return_index=True, return_inverse=True)
        number = np.empty(first.size, dtype=np.intp)
        number[np.argsort(first)] = np.arange(first.size)
        piece = np.full(size, -1, dtype=np.intp)
        piece[has_end] = number[inverse]
        return cls(int(first.size), piece[:columns], piece[columns:])

    def within(self, matrix: Matrix, is_local: Bools, is_apart: Bools) -> Split | None:
        """Split pieces further by leaving out rows that couple their parts."""
        if not is_apart[self.piece_of_row >= 0].any():
            return None
        finer = Split.from_matrix(matrix, is_local, is_apart)
        is_in = finer.piece_of_column >= 0
        whole = np.zeros(finer.pieces, dtype=np.intp)
        whole[finer.piece_of_column[is_in]] = self.piece_of_column[is_in]
        is_part = np.bincount(whole, minlength=self.pieces)[whole] > 1
        if not is_part.any():
            return None
        number = np.append(np.where(is_part, np.cumsum(is_part) - 1, -1), -1)
        return Split(int(is_part.sum()), number[finer.piece_of_column], number[finer.piece_of_row])

    def sizes(self, matrix: Matrix) -> Positions:
        """Return how many coefficients the rows of each piece have."""
        is_in = self.piece_of_row >= 0
        return np.asarray(
            np.bincount(self.piece_of_row[is_in], np.diff(matrix.start)[is_in], self.pieces).astype(np.intp)
        )

    def with_rows(self, count: int) -> Split:
        """Return the split with so many rows of the master added below."""
        below = np.full(count, -1, dtype=np.intp)
        return replace(self, piece_of_row=np.concatenate((self.piece_of_row, below)))
