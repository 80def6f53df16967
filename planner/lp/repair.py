"""A plan near a trial of the master: where pieces miss rows, their columns are decided again."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from planner.lp.blocks import Columns, RowBounds
from planner.lp.change import Arrays
from planner.lp.engine import Engine
from planner.lp.matrix import Matrix
from planner.lp.progress import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.split import Split

__all__ = ["repaired"]

_TOLERANCE: Final = 1e-9  # [-]; as in master and pieces
_MOST_AT_ONCE: Final = 1_000_000
"""Coefficients of parts that HiGHS gets together, so that those of a whole year take little
memory; a part alone may have more."""


def repaired(
    whole: Arrays,
    split: Split,
    plan: Floats,
    missed: Positions,
    seconds: float,
    interrupt: threading.Event | None,
) -> Floats | None:
    """Return a plan near a trial that misses rows of pieces.

    Columns of the master that have a part in a piece with a missed row are free, and so is every
    piece that they have a part in; all others stay. These programs fall apart, mostly by site,
    and each is solved with its rows as they are, so that what is missed by little is met for
    little: a peak is raised, or load and what serves it change a little.

    Parameters
    ----------
    whole : Arrays
        The program, without integers.
    split : Split
        Its pieces.
    plan : array of float
        The trial: every column of the program; it meets the rows of the master.
    missed : array of int
        Rows of pieces that it misses.
    seconds : float
        Most time. [s]
    interrupt : threading.Event, optional
        Set it to stop.

    Returns
    -------
    array of float or None
        None where there is no such plan, or none was found in time.
    """
    matrix, columns = whole.matrix, whole.columns
    rows = csr_array(
        (matrix.value, matrix.column, matrix.start), shape=(matrix.rows, matrix.columns)
    )
    new, watch, until = plan.copy(), Watch(None, interrupt), time.perf_counter() + seconds
    for of_rows, free in _parts(rows, split, missed):
        if watch.must_stop:  # small programs end before they look
            return None
        fixed = new.copy()
        fixed[free] = 0.0
        here = rows[of_rows]
        at_fixed = np.asarray(here @ fixed)
        own = here[:, free].tocsr()
        part = Arrays(
            Columns(
                columns.cost[free],
                columns.lower[free],
                columns.upper[free],
                np.zeros(free.size, dtype=np.bool_),
                0.0,
            ),
            Matrix(free.size, own.indptr, own.indices, own.data),
            RowBounds(whole.rows.lower[of_rows] - at_fixed, whole.rows.upper[of_rows] - at_fixed),
        )
        engine = Engine(
            {
                "primal_feasibility_tolerance": _TOLERANCE,
                "dual_feasibility_tolerance": _TOLERANCE,
                "threads": 1,
            }
        )
        engine.watch = watch
        engine.pass_model(part)
        if engine.run(until - time.perf_counter()) != highspy.HighsModelStatus.kOptimal:
            return None
        value = np.array(engine.highs.getSolution().col_value)
        new[free] = np.clip(value, part.columns.lower, part.columns.upper)
    return new


def _parts(rows: Any, split: Split, missed: Positions) -> Iterator[tuple[Positions, Positions]]:
    """Yield rows and free columns of programs that have no column in common."""
    of_row, of_column = split.piece_of_row, split.piece_of_column
    misses = np.zeros(split.pieces, dtype=np.bool_)
    misses[of_row[missed]] = True
    is_free = np.zeros(of_column.size, dtype=np.bool_)
    is_free[rows[np.flatnonzero((of_row >= 0) & misses[of_row])].indices] = True
    is_free &= of_column < 0
    # A piece is one node, as all of its columns are free; so is each row of the master.
    node = np.where(of_row >= 0, of_row, split.pieces + np.arange(of_row.size))
    first = split.pieces + of_row.size
    ends = _pairs(rows, node, is_free)
    size = first + of_column.size
    graph = coo_array(
        (np.ones(ends.shape[1], dtype=np.int8), (ends[0], first + ends[1])), shape=(size, size)
    )
    label = connected_components(graph, directed=False)[1]
    labels = np.unique(label[ends[0]])
    part_of = np.full(label.max() + 1, -1, dtype=np.intp)
    terms = np.bincount(label[node], np.diff(rows.indptr), part_of.size)[labels]
    part_of[labels] = np.cumsum(terms).astype(np.int64) // _MOST_AT_ONCE
    of_rows, of_pieces = part_of[label[node]], part_of[label[: split.pieces]]
    of_columns = np.where(of_column >= 0, of_pieces[of_column], -1)
    of_columns[is_free] = part_of[label[first:][is_free]]
    for number in np.unique(part_of[labels]):
        yield np.flatnonzero(of_rows == number), np.flatnonzero(of_columns == number)


def _pairs(rows: Any, node: Positions, is_free: Bools) -> Positions:
    """Return which nodes have a free column in a row, and which, each pair once.

    Rows are looked at some at a time, since those of a whole year are as many as take a GiB.
    """
    found = [np.empty(0, dtype=np.int64)]
    last = rows.indptr[-1]
    bounds = np.searchsorted(rows.indptr, np.arange(0, last, _MOST_AT_ONCE))
    for begin, end in pairwise([*np.unique(bounds).tolist(), node.size]):
        first = rows.indptr[begin]
        columns = rows.indices[first : rows.indptr[end]]
        at = np.flatnonzero(is_free[columns])
        row = np.searchsorted(rows.indptr[begin:end], first + at, "right") - 1 + begin
        found.append(np.unique(node[row] * is_free.size + columns[at]))
    return np.stack(np.divmod(np.unique(np.concatenate(found)), is_free.size))
