"""A plan near a trial of the master: where pieces miss rows, their columns are decided again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from planner.lp.blocks import Columns, RowBounds
from planner.lp.change import Arrays
from planner.lp.engine import Engine
from planner.lp.matrix import Matrix
from planner.lp.outcome import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.expression import Ints
    from planner.lp.pieces import Split

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
    """Return a plan near a trial that misses rows of pieces.

    Columns of the master that have a part in a piece with a missed row are free, and so is every
    piece that they have a part in; all others stay, but for small groups of columns of no piece
    that are in rows with free ones. These programs fall apart, mostly by site, and each is solved
    with its rows as they are, so that what is missed by little is met for little: a peak or a
    connection is raised, or a contract is larger, where that is the sum of few others.
    Takes `seconds` [s].
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
    engine.pass_model(program)
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
    """Return which columns of no piece are to be free too: small groups next to free columns.

    A group is what rows tie together, such as the contracts of which a capacity is the sum: that
    can change only if they do. It is next to free columns if these have a part in its rows.

    One with more columns than are free already, in the whole program, stays as it is. So whether
    a group is free depends on sites that have nothing to do with it, too: where many miss rows,
    all solves together are large in any case, and a larger group adds little to that.
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
