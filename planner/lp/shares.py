"""Shares of rows that pieces have in common, and the repair of a plan made of pieces."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from planner.lp.change import Arrays
from planner.lp.engine import Engine, pass_model
from planner.lp.expression import added_up
from planner.lp.index import Axis, Index
from planner.lp.matrix import Matrix
from planner.lp.outcome import Watch
from planner.lp.pieces import Split
from planner.lp.problem import Columns, RowBounds

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.expression import Ints
    from planner.lp.outcome import Outcome
    from planner.lp.problem import ArrayProblem

# --- A plan near a trial of the master: where pieces miss rows, their columns are decided again ---

_OPTIONS: Final[Mapping[str, bool | float | str]] = {
    "primal_feasibility_tolerance": 1e-9,  # [-]; as in master and pieces
    "dual_feasibility_tolerance": 1e-9,
    "threads": 1,
}
_MOST_AT_ONCE: Final = 1_000_000
"""Coefficients of parts that HiGHS gets together, so that those of a whole year take little
memory; a part alone may have more."""


def repaired(
    whole: Arrays, split: Split, plan: Floats, missed: Positions, seconds: float, interrupt: threading.Event | None
) -> Floats | None:
    """Return a plan near a trial that misses rows of pieces. Takes `seconds` [s].

    Columns of the master with a part in a piece with a missed row are free, and so is every piece that they have a part
    in, and small groups of columns of no piece next to them; all others stay. These programs fall apart, mostly by
    site, and each is solved with its rows as they are: a peak or a connection is raised, or a contract is larger.
    """
    matrix, columns = whole.matrix, whole.columns
    rows = csr_array((matrix.value, matrix.column, matrix.start), shape=(matrix.rows, matrix.columns))
    new, watch, until = plan.copy(), Watch(None, interrupt), time.perf_counter() + seconds
    for of_rows, free in _parts(matrix, split, missed):
        fixed = new.copy()
        fixed[free] = 0.0
        here = rows[of_rows]
        at_fixed = np.asarray(here @ fixed)
        own = here[:, free].tocsr()
        part = Arrays(
            Columns(
                columns.cost[free], columns.lower[free], columns.upper[free], np.zeros(free.size, dtype=np.bool_), 0.0
            ),
            Matrix(free.size, own.indptr, own.indices, own.data),
            RowBounds(whole.rows.lower[of_rows] - at_fixed, whole.rows.upper[of_rows] - at_fixed),
        )
        if watch.must_stop:  # small programs end before they look
            return None
        value = _solved(part, watch, until - time.perf_counter())
        if value is None:
            return None
        new[free] = value
    return new


def _solved(program: Arrays, watch: Watch, seconds: float) -> Floats | None:
    engine = Engine(_OPTIONS)
    engine.watch = watch
    pass_model(engine.highs, program)
    if engine.run(seconds) != highspy.HighsModelStatus.kOptimal:
        return None
    value = np.array(engine.highs.getSolution().col_value)
    return np.asarray(np.clip(value, program.columns.lower, program.columns.upper))


def _parts(matrix: Matrix, split: Split, missed: Positions) -> Iterator[tuple[Positions, Positions]]:
    """Yield rows and free columns of programs that have no column in common."""
    of_row, of_column = split.piece_of_row, split.piece_of_column
    is_free = _free(matrix, split, missed)
    # A piece is one node, as all of its columns are free; so is each row of the master.
    node = np.where(of_row >= 0, of_row, split.pieces + np.arange(of_row.size))
    pairs = [np.empty(0, dtype=np.int64)]  # of a node and a free column in its rows
    for row, column in _terms(matrix):
        is_here = is_free[column]
        pairs.append(np.unique(node[row[is_here]] * is_free.size + column[is_here]))
    ends = np.divmod(np.unique(np.concatenate(pairs)), is_free.size)
    first = split.pieces + of_row.size
    graph = coo_array(
        (np.ones(ends[0].size, dtype=np.int8), (ends[0], first + ends[1])),
        shape=(first + is_free.size, first + is_free.size),
    )
    label = connected_components(graph, directed=False)[1]
    labels = np.unique(label[ends[0]])
    part_of = np.full(label.max() + 1, -1, dtype=np.intp)
    terms = np.bincount(label[node], np.diff(matrix.start), part_of.size)[labels]
    part_of[labels] = np.cumsum(terms).astype(np.int64) // _MOST_AT_ONCE
    of_rows, of_pieces = part_of[label[node]], part_of[label[: split.pieces]]
    of_columns = np.where(of_column >= 0, of_pieces[of_column], -1)
    of_columns[is_free] = part_of[label[first:][is_free]]
    for number in np.unique(part_of[labels]):
        yield np.flatnonzero(of_rows == number), np.flatnonzero(of_columns == number)


def _free(matrix: Matrix, split: Split, missed: Positions) -> Bools:
    """Return which columns of the master are free."""
    of_row = split.piece_of_row
    misses = np.zeros(split.pieces, dtype=np.bool_)
    misses[of_row[missed]] = True
    is_free, is_in_piece = np.zeros((2, matrix.columns), dtype=np.bool_)
    for row, column in _terms(matrix):
        is_of_piece = of_row[row] >= 0
        is_in_piece[column[is_of_piece]] = True
        is_free[column[is_of_piece & misses[of_row[row]]]] = True
    is_of_master = split.piece_of_column < 0
    is_free &= is_of_master
    return is_free | _small_groups_next_to(matrix, is_free, is_of_master & ~is_in_piece)


def _small_groups_next_to(matrix: Matrix, is_free: Bools, is_alone: Bools) -> Bools:
    """Return which columns of no piece are to be free too: small groups with free columns in their rows.

    A group is what rows tie together, such as the contracts of which a capacity is the sum: that can change only if
    they do. One with more columns than are free already, in the whole program, stays as it is: where many miss rows,
    all solves together are large in any case.
    """
    columns, rows = matrix.columns, matrix.rows
    has_free = np.zeros(rows, dtype=np.bool_)
    of_column, of_row = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for row, column in _terms(matrix):
        has_free[row[is_free[column]]] = True
        is_here = is_alone[column]
        of_column.append(column[is_here].astype(np.int64))
        of_row.append(row[is_here])
    ends = np.concatenate(of_column), columns + np.concatenate(of_row)
    size = columns + rows
    graph = coo_array((np.ones(ends[0].size, dtype=np.int8), ends), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    is_next = np.zeros(size, dtype=np.bool_)
    is_next[label[columns:][has_free]] = True
    is_small = np.bincount(label[:columns][is_alone], minlength=size) <= is_free.sum()
    return np.asarray(is_alone & (is_next & is_small)[label[:columns]])


def _terms(matrix: Matrix) -> Iterator[tuple[Positions, Ints]]:
    """Yield row and column of all coefficients, some at a time."""
    for rows in matrix.row_ranges():
        start = matrix.start[rows.start : rows.stop + 1]
        row = np.repeat(np.arange(rows.start, rows.stop), np.diff(start))
        yield row, matrix.column[start[0] : start[-1]]


# --- Rows that couple many pieces, split into each piece's share of them and a sum in the master ---

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

    Where a row couples local columns of several pieces, the master has a column for each piece's share and holds the
    row over shares; the piece keeps its own columns within its share. A share is in units of the row's largest
    coefficient, so that the penalty for what a piece misses of it is one of a unit of a column, as in other rows.
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

        Rows are taken by their number of local columns, above a power of 2 that falls until the largest piece has at
        most a twentieth of all coefficients of rows with local columns. No row is split where pieces are so small
        already, where a share would stand for few columns or a piece have many shares, or where the largest piece stays
        above 12 %, or above half of what it was.
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
        """Return a program that fits with a column for each share, last, and a row, after those when it was split."""
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
        """Return how far a plan misses the split row it misses most, in units of the row's largest coefficient."""
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
        """Return what was found with shares for the program itself: a split row has its dual in the master."""
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
