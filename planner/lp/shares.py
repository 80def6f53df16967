"""Rows that couple many pieces, split into each piece's share of them and a sum in the master."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.blocks import Columns, RowBounds
from planner.lp.change import Arrays
from planner.lp.expression import added_up
from planner.lp.index import Axis, Index
from planner.lp.matrix import Matrix
from planner.lp.pieces import Split

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.outcome import Outcome
    from planner.lp.problem import ArrayProblem

_MOST_OF_ONE: Final = 0.05
"""Share of the coefficients of all pieces that the largest may have, or rows are split."""
_MUCH_SMALLER: Final = 0.5
"""Share of the largest piece that splitting more rows may leave, or columns are added to the master
for pieces that take nearly as long. [-]"""
MOST_LEFT: Final = 0.12
"""Share of all coefficients that the largest piece may have once rows are split: less than an
eighth, which took three times the rounds. [-]"""
_MOST_EACH: Final = 4.0  # shares of a piece, on average: cuts that know more prices are many
_COLUMNS_EACH: Final = 8.0  # local columns for which a share column stands, on average


@dataclass(eq=False)
class Shares:
    """Which rows of a program are split, and what of them is the share of which piece.

    Where a row couples local columns of several pieces, the master has a column for each piece's
    share and holds the row over shares; the piece has a row that keeps its own columns within
    its share. A share is in units of the row's largest coefficient, so that the penalty for what
    a piece misses of it is one of a unit of a column, as it is in other rows.
    """

    matrix: Matrix  # of the program that is split
    is_local: Bools  # columns that are left to pieces
    split: Split  # its pieces, before rows of shares are in them
    is_split: Bools  # of each row
    row: Positions  # of each share
    piece: Positions
    unit: Floats  # largest coefficient of its row
    has_lower: Bools  # which sides its row has
    has_upper: Bools
    _made: tuple[Matrix, Matrix] | None = field(default=None, init=False)

    @classmethod
    def from_arrays(cls, arrays: Arrays, is_local: Bools) -> Shares:
        """Choose the rows to split: the fewest of the longest that leave only small pieces.

        Rows are taken by their number of local columns, above a power of 2 that falls until
        the largest piece has at most a twentieth of all coefficients of rows with local columns.
        No row is split where pieces are so small already, where a share would stand for few
        columns or a piece have many shares, or where the largest piece stays above 12 %, or above
        half of what it was.
        """
        matrix = arrays.matrix
        row = matrix.row_of_value()
        is_in = is_local[matrix.column]
        length = np.bincount(row[is_in], minlength=matrix.rows)
        split = Split.from_matrix(matrix, is_local)
        best = cls._of_split(arrays, is_local, np.zeros(matrix.rows, dtype=np.bool_), split)
        coefficients = float(np.diff(matrix.start)[length > 0].sum())
        largest = _largest(split, matrix)
        most = int(np.log2(max(length.max(initial=1) - 1, 1)))
        for power in range(most, 0, -1):
            if largest <= _MOST_OF_ONE * coefficients:
                break
            is_long = length > 2**power
            split = Split.from_matrix(matrix, is_local, is_long)
            shares = cls._of_split(arrays, is_local, is_long, split)
            count = shares.row.size
            few_columns = count * _COLUMNS_EACH > length[shares.is_split].sum()
            if few_columns or count > _MOST_EACH * split.pieces:
                break
            left = _largest(split, matrix)
            if left <= min(MOST_LEFT * coefficients, _MUCH_SMALLER * largest):
                best, largest = shares, left
        return best

    @classmethod
    def _of_split(cls, arrays: Arrays, is_local: Bools, is_long: Bools, split: Split) -> Shares:
        """Return the shares of rows that are long and in several pieces."""
        matrix = arrays.matrix
        row = matrix.row_of_value()
        is_local = is_local & (split.piece_of_column >= 0)  # or it is in rows that are split alone
        at = np.flatnonzero(is_long[row] & is_local[matrix.column])
        piece = split.piece_of_column[matrix.column[at]]
        of_share = np.unique(row[at].astype(np.int64) * split.pieces + piece)
        of_row, of_piece = np.divmod(of_share, max(split.pieces, 1))
        is_split = np.bincount(of_row, minlength=matrix.rows) > 1
        keep = is_split[of_row]
        of_row, of_piece = of_row[keep], of_piece[keep]
        largest = np.zeros(matrix.rows)
        np.maximum.at(largest, row[at], np.abs(matrix.value[at]))
        return cls(
            matrix,
            is_local,
            split,
            is_split,
            of_row,
            of_piece,
            largest[of_row],
            np.isfinite(arrays.rows.lower[of_row]),
            np.isfinite(arrays.rows.upper[of_row]),
        )

    @property
    def rows(self) -> int:
        """Rows of the program when it was split."""
        return self.matrix.rows

    @property
    def columns(self) -> int:
        """Columns of the program."""
        return self.matrix.columns

    def sizes(self) -> Positions:
        """Return how many coefficients the rows of each piece have, those of shares left out."""
        return self.split.sizes(self.matrix)

    def fits(self, arrays: Arrays) -> bool:
        """Return whether a program has these places, and its split rows no side that is new."""
        matrix, rows = arrays.matrix, self.rows
        if matrix.columns != self.columns or matrix.rows < rows:
            return False
        if matrix is not self.matrix and not (
            np.array_equal(matrix.start[: rows + 1], self.matrix.start)
            and np.array_equal(matrix.column[: self.matrix.start[-1]], self.matrix.column)
        ):
            return False
        has_lower = np.isfinite(arrays.rows.lower[self.row])
        has_upper = np.isfinite(arrays.rows.upper[self.row])
        return not ((has_lower & ~self.has_lower) | (has_upper & ~self.has_upper)).any()

    def parts_alike(self, arrays: Arrays) -> bool:
        """Return whether a program fits, and no piece has a part in rows that were added."""
        if not self.fits(arrays):
            return False
        added = arrays.matrix.column[arrays.matrix.start[self.rows] :]
        return not (self.split.piece_of_column[added] >= 0).any()

    def added_to(self, arrays: Arrays) -> Arrays:
        """Return a program that fits with a column and a row for each share.

        Columns of shares come last, rows of shares after the rows there were when it was split.
        """
        if not self.row.size:
            return arrays
        if self._made is None or self._made[0] is not arrays.matrix:
            self._made = (arrays.matrix, self._matrix_of(arrays.matrix))
        matrix, given, count = self._made[1], arrays.columns, self.row.size
        low, high = self._reach(matrix, given)
        at = self.row_at(arrays.matrix.rows)
        of_shares = slice(self.rows, self.rows + count)
        lower, upper = np.empty(matrix.rows), np.empty(matrix.rows)
        lower[at], upper[at] = arrays.rows.lower, arrays.rows.upper
        lower[of_shares] = np.where(self.has_lower, 0.0, -np.inf)
        upper[of_shares] = np.where(self.has_upper, 0.0, np.inf)
        columns = Columns(
            np.concatenate((given.cost, np.zeros(count))),
            np.concatenate((given.lower, low)),
            np.concatenate((given.upper, high)),
            np.concatenate((given.integer, np.zeros(count, dtype=np.bool_))),
            given.offset,
        )
        return Arrays(columns, matrix, RowBounds(lower, upper))

    def _matrix_of(self, matrix: Matrix) -> Matrix:
        count = self.row.size
        share = np.arange(count)
        row, column, value = matrix.row_of_value(), matrix.column, matrix.value
        is_split = np.zeros(matrix.rows, dtype=np.bool_)
        is_split[: self.rows] = self.is_split
        is_moved = is_split[row] & self.is_local[column]
        at, rest = np.flatnonzero(is_moved), np.flatnonzero(~is_moved)
        pieces = int(self.piece.max()) + 1
        goes_to = np.searchsorted(
            self.row * pieces + self.piece, row[at].astype(np.int64) * pieces + self.split.piece_of_column[column[at]]
        )
        rows = (self.row_at(matrix.rows)[row[rest]], self.row, self.rows + goes_to, self.rows + share)
        columns = (column[rest], self.columns + share, column[at], self.columns + share)
        values = (value[rest], self.unit, value[at] / self.unit[goes_to], np.full(count, -1.0))
        return Matrix.of_terms(
            np.concatenate(rows),
            np.concatenate(columns),
            np.concatenate(values),
            (matrix.rows + count, matrix.columns + count),
        )

    def _reach(self, matrix: Matrix, columns: Columns) -> tuple[Floats, Floats]:
        """Return the least and the most that the columns of its piece can make of each share."""
        count = self.row.size
        start = matrix.start[self.rows : self.rows + count + 1]
        share = np.repeat(np.arange(count), np.diff(start))
        column, value = matrix.column[start[0] : start[-1]], matrix.value[start[0] : start[-1]]
        is_own = column < self.columns
        share, column, value = share[is_own], column[is_own], value[is_own]
        ends = value * np.stack((columns.lower[column], columns.upper[column]))
        return added_up(ends.min(axis=0), share, count), added_up(ends.max(axis=0), share, count)

    def row_at(self, rows: int) -> Positions:
        """Return where the rows of the program are among those with shares."""
        place = np.arange(rows)
        return place + np.where(place >= self.rows, self.row.size, 0)

    def to_all(self, of_rows: Floats) -> Floats:
        """Return numbers of the program's rows for those with shares, 0 for the rows of shares."""
        at = self.row_at(len(of_rows))
        result = np.zeros((len(of_rows) + self.row.size, *of_rows.shape[1:]))
        result[at] = of_rows
        return result

    @property
    def place(self) -> slice:
        """Where rows of shares are among those of the program with shares."""
        return slice(self.rows, self.rows + self.row.size)

    def over(self, problem: ArrayProblem) -> Index:
        """Return the row of each share, by its name, and the number of its piece."""
        rows, row = np.unique(self.row, return_inverse=True)
        names = tuple(problem.row_name(int(at)) for at in rows)
        pieces = tuple(str(number) for number in range(self.split.pieces))
        return Index.sparse("share", (Axis("row", names), Axis("piece", pieces)), (row, self.piece))

    def missed(self, arrays: Arrays, plan: Floats) -> float:
        """Return by how much a plan misses the split row that it misses most.

        Each share may be within what is allowed where their sum is not. As a share, it is in
        units of the row's largest coefficient.
        """
        if not self.row.size:
            return 0.0
        value = arrays.matrix.times(plan[: self.columns])[self.row]
        over = value - arrays.rows.upper[self.row]
        by = np.maximum(over, arrays.rows.lower[self.row] - value) / self.unit
        return max(float(by.max()), 0.0)

    def local(self) -> Bools:
        """Return which columns are left to pieces, those of shares among the others."""
        return np.concatenate((self.is_local, np.zeros(self.row.size, dtype=np.bool_)))

    def without(self, outcome: Outcome, arrays: Arrays) -> Outcome:
        """Return what was found of the program with shares for the program itself.

        The dual of a row that is split is the one in the master: what it makes of the columns of
        a piece is what the rows of shares make of them.
        """
        if not self.row.size:
            return outcome
        matrix = arrays.matrix
        at, x = self.row_at(matrix.rows), outcome.x[: self.columns]
        dual = outcome.row_dual[at]
        bound_dual = outcome.bound_row_dual
        return replace(
            outcome,
            x=x,
            row_value=matrix.times(x) if outcome.has_plan else np.full(matrix.rows, np.nan),
            row_dual=dual,
            reduced_cost=arrays.reduced_costs(dual),
            bound_row_dual=None if bound_dual is None else bound_dual[at],
        )


def _largest(split: Split, matrix: Matrix) -> float:
    return float(split.sizes(matrix).max(initial=0))
