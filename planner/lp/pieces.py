"""The pieces of a split program: what each costs at given columns of the master, and its duals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array

from planner.lp.engine import run_apart
from planner.lp.expression import added_up
from planner.lp.piece_programs import PieceArrays, PiecePrograms
from planner.lp.progress import Watch

if TYPE_CHECKING:
    import threading

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.change import Arrays
    from planner.lp.split import Split

__all__ = ["PENALTY", "Pieces", "Priced"]

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
