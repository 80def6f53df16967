"""Pieces of a program: how it is split, and what each costs at given columns of the master."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import block_diag, coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from planner.base.errors import SolverError
from planner.lp.change import Arrays
from planner.lp.engine import called_weakly, check, pass_model, run_apart
from planner.lp.expression import added_up
from planner.lp.matrix import Matrix
from planner.lp.outcome import Watch
from planner.lp.problem import Columns, RowBounds

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from planner.base.arrays import Bools, Floats, Positions

# --- The pieces of a split program: what each costs at given columns of the master, and its duals ---

PENALTY: Final = 40.0
"""What a unit of a row that the master leaves no room for costs at first.

In units of the objective per unit of the row: MUSD, or the kt or m3 that a frontier makes least.
High enough that plans avoid it, and not so high that a few rows hide all others: with 1,000 hourly
`us-base` takes three times the rounds.
"""
_NO_PRICE: Final = 1e-8  # units of the objective per unit of a column, ten times what HiGHS takes for none
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
class Priced:
    """What the pieces cost at a trial of the master."""

    # of pieces alone, not of their places
    y: Floats  # value of every column, in the order of `Pieces.columns`
    cost: float  # without penalties
    missed: Floats  # by how much each row is missed, which penalties are paid for, in the order of `Pieces.rows`
    # of pieces, then of their places
    dual: Floats  # dual of every row, in the order of `Pieces.rows`
    constant: Floats  # for each piece, what its duals prove that it costs where all columns of the master are 0
    slope: Any  # pieces by columns of the master: what one more unit of each adds to that
    is_proof: Bools  # pieces for which `constant` and `slope` hold, as `Pieces.proven` says

    def bound_at(self, x: Floats) -> Floats:
        """Return for each piece what it costs at least at columns of the master."""
        return np.asarray(self.constant + self.slope @ x)


class Pieces:
    """Linear programs of the columns that are local: what each costs at a trial, and proves.

    Rows that the master has a part in may be missed at a penalty, so that a piece has a plan whatever the master does,
    if it has one at all. Each is in a HiGHS of its own, which goes on from where its last solve ended. A cut of a piece
    with many places says little of each, so its places are priced apart too, without the rows that couple them, after
    all pieces and with columns and rows of their own.
    """

    def __init__(self, arrays: Arrays, split: Split, within: Split | None = None) -> None:
        matrix = arrays.matrix
        whole = csr_array((matrix.value, matrix.column, matrix.start), shape=(matrix.rows, matrix.columns))
        splits = [split] if within is None else [split, within]
        self.count, self.priced = split.pieces, sum(one.pieces for one in splits)
        columns = [_in_order(one.piece_of_column) for one in splits]
        rows = [_in_order(one.piece_of_row) for one in splits]
        self.columns, self.piece_of_column = _in_one(columns, self.count)
        self.rows, self.piece_of_row = _in_one(rows, self.count)
        self.own_columns, self.own_rows = columns[0][0].size, rows[0][0].size  # of pieces, before those of places
        self.piece_of_place = np.zeros(self.priced - self.count, dtype=np.intp)
        of_places = self.piece_of_column[self.own_columns :] - self.count
        self.piece_of_place[of_places] = split.piece_of_column[self.columns[self.own_columns :]]
        self.master_columns = np.flatnonzero(split.piece_of_column < 0)
        own = [whole[row][:, column] for (row, _), (column, _) in zip(rows, columns, strict=True)]
        self._own = own[0].tocsr() if within is None else block_diag(own, format="csr")
        self._others = whole[self.rows][:, self.master_columns].tocsr()
        self.penalty = PENALTY
        self._row_lower, self._row_upper = (arrays.rows.lower[self.rows], arrays.rows.upper[self.rows])
        self._cost = arrays.columns.cost[self.columns]
        self._lower = arrays.columns.lower[self.columns]
        self._upper = arrays.columns.upper[self.columns]
        ends = np.arange(self.priced + 1)
        self._row_ends = np.searchsorted(self.piece_of_row, ends)
        self._column_ends = np.searchsorted(self.piece_of_column, ends)
        self._y, self._dual = np.zeros(self.columns.size), np.zeros(self.rows.size)
        self._paid = np.zeros(self.priced)  # units of rows, by piece
        self._is_kept = self.rows.size + self.columns.size <= _MOST_KEPT
        self._programs: list[Any | None] = [None] * self.priced
        self._bases: list[Any | None] = [None] * self.priced
        self._steps = np.zeros(self.priced, dtype=np.int64)
        self._until, self._watch = np.inf, Watch(None, None)
        self._shift: Floats | None = None
        self._is_stale = np.ones(self.priced, dtype=np.bool_)

    @property
    def iterations(self) -> int:
        """Steps of simplex so far."""
        return int(self._steps.sum())

    def least(self) -> Floats:
        """Return the least cost of pieces by the bounds of their columns, but for those of places; -inf without."""
        with np.errstate(invalid="ignore"):
            ends = self._cost * np.stack((self._lower, self._upper))
        worth = np.where(self._cost == 0.0, 0.0, ends.min(axis=0))
        own = self.own_columns
        worth[:own][np.isin(self.columns[:own], self.columns[own:])] = 0.0
        return added_up(worth, self.piece_of_column, self.priced)

    def raise_penalty(self) -> None:
        """Make what is missed ten times as expensive."""
        self.penalty *= 10.0
        self._is_stale[:] = True
        for piece, highs in enumerate(self._programs):
            if highs is not None:
                _, columns = self._places(piece)
                which = np.arange(columns.stop - columns.start, highs.getNumCol(), dtype=np.int32)
                highs.changeColsCost(which.size, which, np.full(which.size, self.penalty))

    def solve_at(
        self, x: Floats, seconds: float = np.inf, interrupt: threading.Event | None = None, threads: int = 1
    ) -> Priced | None:
        """Solve the pieces that a trial of the master changes. Takes `seconds` [s]."""
        shift = np.asarray(self._others @ x)
        if self._shift is not None:
            self._is_stale |= np.add.reduceat(shift != self._shift, self._row_ends[:-1]) > 0
        self._shift = shift
        self._until, self._watch = time.perf_counter() + seconds, Watch(None, interrupt)
        low, high = self._row_lower - shift, self._row_upper - shift
        run_apart(lambda: self._solve_stale(low, high, threads), self._watch)
        return None if self._is_stale.any() else self._priced(x)

    def _solve_stale(self, low: Floats, high: Floats, threads: int) -> None:
        stale = self._is_stale.copy()

        def solve_every(first: int) -> None:
            for piece in np.flatnonzero(stale)[first::threads].tolist():
                if self._must_stop():
                    return
                self._is_stale[piece] = not self._solve(piece, low, high)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(solve_every, range(threads)))  # raises what a thread raised
        for piece in np.flatnonzero(stale & ~self._is_stale & self._is_off(low, high)).tolist():
            self._bases[piece] = None
            if self._programs[piece] is not None:
                _clear(self._programs[piece])
            self._is_stale[piece] = not self._solve(piece, low, high)

    def _must_stop(self) -> bool:
        return self._watch.must_stop or time.perf_counter() >= self._until

    def _on_callback(self, _kind: Any, _text: str, _seen: Any, answer: Any, _data: Any) -> None:
        answer.user_interrupt = self._must_stop()  # said every time: HiGHS keeps the last answer

    def _places(self, piece: int) -> tuple[slice, slice]:
        """Return the rows and the columns of a piece."""
        return (
            slice(self._row_ends[piece], self._row_ends[piece + 1]),
            slice(self._column_ends[piece], self._column_ends[piece + 1]),
        )

    def _is_off(self, low: Floats, high: Floats) -> Bools:
        """Return pieces that miss more of their rows than they pay for, as HiGHS gives from a nearly singular basis."""
        of_piece = np.add.reduceat(_missed(self._own @ self._y, low, high), self._row_ends[:-1])
        return np.asarray(of_piece > self._paid + _OFF)

    def _solve(self, piece: int, low: Floats, high: Floats) -> bool:
        """Solve a piece; return whether it came to its end."""
        rows, columns = self._places(piece)
        highs = self._given_to_highs(piece)
        count = rows.stop - rows.start
        highs.changeRowsBounds(count, np.arange(count, dtype=np.int32), low[rows], high[rows])
        highs.run()
        if highs.getModelStatus() == highspy.HighsModelStatus.kUnknown:  # as from a basis that is of no use
            _clear(highs)
            highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            return False
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"piece {piece}: {highs.modelStatusToString(status)}")
        solution = highs.getSolution()
        value, own = np.array(solution.col_value), columns.stop - columns.start
        self._y[columns], self._paid[piece] = value[:own], value[own:].sum()
        self._dual[rows] = solution.row_dual
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
        rows, columns = self._places(piece)
        low, high = self._row_lower[rows], self._row_upper[rows]
        may_miss = np.diff(self._others.indptr)[rows] > 0
        short, over = (np.flatnonzero(may_miss & np.isfinite(low)), np.flatnonzero(may_miss & np.isfinite(high)))
        none = np.zeros(short.size + over.size)
        sign = np.repeat([1.0, -1.0], [short.size, over.size])
        place = (np.concatenate((short, over)), np.arange(none.size))
        missed = coo_array((sign, place), shape=(low.size, none.size))
        matrix = hstack([self._own[rows][:, columns], missed]).tocsr()
        size = matrix.shape[1]
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in _OPTIONS.items():
            check(highs.setOptionValue(name, value), f"take the option {name}")
        with_missed = Columns(
            np.concatenate((self._cost[columns], none + self.penalty)),
            np.concatenate((self._lower[columns], none)),
            np.concatenate((self._upper[columns], none + np.inf)),
            np.zeros(size, dtype=np.bool_),
            0.0,
        )
        start, column = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
        pass_model(highs, Arrays(with_missed, Matrix(size, start, column, matrix.data), RowBounds(low, high)))
        if low.size >= _LONG:
            highs.setCallback(called_weakly(self._on_callback), None)
            highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)
        return highs

    def _priced(self, x: Floats) -> Priced:
        dual, own = self._dual.copy(), slice(self.own_columns)
        missed = _missed(self._own @ self._y + self._others @ x, self._row_lower, self._row_upper)
        cost = float((self._cost[own] * self._y[own]).sum())
        return Priced(self._y[own].copy(), cost, missed[: self.own_rows], dual, *self.proven(dual))

    def proven(self, dual: Floats) -> tuple[Floats, Any, Bools]:
        """Return what duals prove of the cost of each piece."""
        side = _side(dual, self._row_lower, self._row_upper)
        dual, worth = np.where(np.isfinite(side), dual, 0.0), dual * _finite(side)
        reduced = self._cost - self._own.T @ dual
        held_at = _side(reduced, self._lower, self._upper)
        constant = added_up(worth, self.piece_of_row, self.priced)
        constant += added_up(reduced * _finite(held_at), self.piece_of_column, self.priced)
        weights = csr_array((-dual, np.arange(dual.size), self._row_ends), (self.priced, dual.size))
        is_held = np.isfinite(held_at) | (np.abs(reduced) <= _NO_PRICE)
        is_proof = np.ones(self.priced, dtype=np.bool_)
        is_proof[self.piece_of_column[~is_held]] = False
        return constant, (weights @ self._others).tocsr(), is_proof


def _side(price: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the bound that a price points to: 0 without a price, infinite without a bound."""
    return np.where(price > 0.0, lower, np.where(price < 0.0, upper, 0.0))


def _finite(numbers: Floats) -> Floats:
    return np.where(np.isfinite(numbers), numbers, 0.0)


def _missed(value: Floats, low: Floats, high: Floats) -> Floats:
    """Return by how much rows miss their bounds."""
    return np.maximum(np.maximum(low - value, value - high), 0.0)


def _clear(highs: Any) -> None:
    check(highs.clearSolver(), "forget the last basis of a piece")


def _in_order(piece: Positions) -> tuple[Positions, Positions]:
    """Return the places that belong to pieces, piece by piece, and the piece of each."""
    at = np.flatnonzero(piece >= 0)
    at = at[np.argsort(piece[at], kind="stable")]
    return at, piece[at]


def _in_one(parts: list[tuple[Positions, Positions]], pieces: int) -> tuple[Positions, Positions]:
    """Return the places of pieces, then those of their places, which are numbered after so many pieces."""
    numbered = [piece + first for first, (_, piece) in zip((0, pieces), parts, strict=False)]
    return np.concatenate([at for at, _ in parts]), np.concatenate(numbered)


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
