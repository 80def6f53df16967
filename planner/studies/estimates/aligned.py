"""A program in the rows and columns of another one, matched by their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.blocks import Columns, RowBounds
from planner.lp.change import Arrays
from planner.lp.index import positions
from planner.lp.matrix import Matrix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.base.arrays import Floats, Positions
    from planner.lp import ArrayProblem, Index

_NOTHING = 1e-6  # [MW, MUSD per unit]
_ENDS = ("lower", "upper")


@dataclass(frozen=True, eq=False)
class _Places:
    """Where the rows or columns of a new program are in the old one, -1 where they are not."""

    place: Positions
    size: int

    def lost(self) -> Positions:
        """Return those of the old program that the new one lacks."""
        is_there = np.zeros(self.size, dtype=np.bool_)
        is_there[self.place[self.place >= 0]] = True
        return np.flatnonzero(~is_there)

    def moved(self, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """Return numbers of the new program in the order of the old, whose own fill the gaps."""
        moved = old.copy()
        kept = self.place >= 0
        moved[self.place[kept]] = new[kept]
        return moved


def aligned(
    problem: ArrayProblem, new: ArrayProblem, arrays: Arrays, x: Floats, row_dual: Floats, *, without_used: bool = False
) -> Arrays | None:
    """Return the arrays of a new program in the rows and columns of an old one.

    A figure may decide which racks and designs are on offer at all. Columns that only the new
    program has are left out, as the plan has nothing of them; those that it lacks are kept at
    nothing, rows that it lacks are free.
    """
    columns, rows = _columns(problem, new), _rows(problem, new)
    gone, free = columns.lost(), rows.lost()
    is_used = np.any(np.abs(x[gone]) > _NOTHING) or np.any(np.abs(row_dual[free]) > _NOTHING)
    if is_used and not without_used:
        return None
    after, bounds, matrix = new.columns(), new.row_bounds(), new.matrix()
    upper = columns.moved(after.upper, arrays.columns.upper)
    upper[gone] = np.maximum(0.0, arrays.columns.lower[gone])
    low, high = (rows.moved(getattr(bounds, end), getattr(arrays.rows, end)) for end in _ENDS)
    low[free], high[free] = -np.inf, np.inf
    row, column = rows.place[matrix.row_of_value()], columns.place[matrix.column]
    kept = (row >= 0) & (column >= 0)
    terms = (row[kept].astype(np.int32), column[kept].astype(np.int32), matrix.value[kept])
    return Arrays(
        Columns(
            columns.moved(after.cost, arrays.columns.cost),
            columns.moved(after.lower, arrays.columns.lower),
            upper,
            arrays.columns.integer,
            after.offset,
        ),
        Matrix.of_terms(*terms, (len(row_dual), len(x))),
        RowBounds(low, high),
    )


def offers_more(problem: ArrayProblem, new: ArrayProblem) -> bool:
    """Return whether a program has columns that another one lacks."""
    places = _columns(problem, new).place
    return int((places >= 0).sum()) < new.numVariables()


def _columns(problem: ArrayProblem, new: ArrayProblem) -> _Places:
    return _places(
        ((name, problem.columns_over(name)) for name in problem.column_block_names),
        {name: new.columns_over(name) for name in new.column_block_names},
        problem.numVariables(),
        new.numVariables(),
        {name: problem.column_block(name).start for name in problem.column_block_names},
        {name: new.column_block(name).start for name in new.column_block_names},
    )


def _rows(problem: ArrayProblem, new: ArrayProblem) -> _Places:
    return _places(
        ((name, problem.rows_over(name)) for name in problem.row_block_names),
        {name: new.rows_over(name) for name in new.row_block_names},
        problem.numConstraints(),
        new.numConstraints(),
        {name: problem.row_block(name).start for name in problem.row_block_names},
        {name: new.row_block(name).start for name in new.row_block_names},
    )


def _places(
    old: Iterable[tuple[str, Index]],
    new: dict[str, Index],
    old_size: int,
    new_size: int,
    old_start: dict[str, int],
    new_start: dict[str, int],
) -> _Places:
    place = np.full(new_size, -1, dtype=np.intp)
    for name, over in old:
        if name not in new:
            continue
        at = positions(over, new[name])
        start = new_start[name]
        place[start : start + len(at)] = np.where(at >= 0, at + old_start[name], -1)
    return _Places(place, old_size)
