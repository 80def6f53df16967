"""The matrix of a program, and numbers too large to compute with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from planner.base.errors import InputError, Problem
from planner.lp.expression import added_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.base.arrays import Floats
    from planner.lp.change import Arrays
    from planner.lp.expression import Ints
    from planner.lp.problem import ArrayProblem

# --- Sparse rows as three arrays, and how many terms become such rows -----------------------------

_AT_ONCE: Final = 4_000_000
"""Non-zeros that are worked on at once: a program over all hours of a year has 60 million."""


@dataclass(frozen=True, eq=False)
class Matrix:
    """Compressed sparse rows: columns ascend within a row, no place comes twice, no zeros."""

    columns: int  # number of columns
    start: Ints  # where each row begins in `column` and `value`; one longer than there are rows
    column: Ints  # place and number of each non-zero
    value: Floats

    @classmethod
    def of_terms(cls, row: Ints, column: Ints, value: Floats, shape: tuple[int, int]) -> Matrix:
        """Return the matrix of any terms; those at one place are added up."""
        rows, columns = shape
        key = row.astype(np.int64) * columns + column
        if not (key[1:] > key[:-1]).all():
            # A stable sort adds up in the order of writing, so every machine gets the same bits.
            order = np.argsort(key, kind="stable")
            key, value = key[order], value[order]
            is_new = key[1:] != key[:-1]
            if not is_new.all():
                first = np.flatnonzero(np.concatenate(([True], is_new)))
                value = np.add.reduceat(value, first)
                order = order[first]
            row, column = row[order], column[order]
        solid = value != 0.0
        if not solid.all():
            row, column, value = row[solid], column[solid], value[solid]
        start = np.zeros(rows + 1, dtype=np.int32)
        np.cumsum(np.bincount(row, minlength=rows), out=start[1:])
        return cls(columns, start, column.astype(np.int32, copy=False), value)

    @classmethod
    def stacked(cls, parts: Sequence[Matrix], columns: int) -> Matrix:
        """Return the rows of all parts, one part below the other."""
        offsets = np.cumsum([0, *(len(part.value) for part in parts)], dtype=np.int32)
        starts = [part.start[:-1] + offset for part, offset in zip(parts, offsets, strict=False)]
        return cls(
            columns,
            np.concatenate([*starts, offsets[-1:]]),
            np.concatenate([np.empty(0, dtype=np.int32), *(part.column for part in parts)]),
            np.concatenate([np.empty(0), *(part.value for part in parts)]),
        )

    def moved(self, columns: int) -> Matrix:
        """Return the same rows of a program that has so many columns before these."""
        place = self.column + np.int32(columns)
        return Matrix(self.columns + columns, self.start, place, self.value)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.start) - 1

    def row_of_value(self) -> Ints:
        """Return the row of every non-zero."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.start))

    def times(self, x: npt.ArrayLike) -> Floats:
        """Return the value of every row at a plan `x`, one number per column."""
        given, value = np.asarray(x, dtype=np.float64), np.empty(self.rows)
        for rows in self.row_ranges():
            start = self.start[rows.start : rows.stop + 1]
            terms = slice(start[0], start[-1])
            worth = self.value[terms] * given[self.column[terms]]
            row = np.repeat(np.arange(start.size - 1, dtype=np.int32), np.diff(start))
            value[rows] = added_up(worth, row, start.size - 1)
        return value

    def column_prices(self, dual: Floats) -> Floats:
        """Return what one unit of every column uses of the rows, at their duals."""
        total = np.zeros(self.columns)
        for rows in self.row_ranges():
            start = self.start[rows.start : rows.stop + 1]
            terms = slice(start[0], start[-1])
            worth = self.value[terms] * np.repeat(dual[rows], np.diff(start))
            total += added_up(worth, self.column[terms], self.columns)
        return total

    def row_ranges(self) -> Iterator[slice]:
        """Yield ranges of rows of at most four million non-zeros, or of one longer row."""
        begin = 0
        while begin < self.rows:
            most = int(self.start[begin]) + _AT_ONCE
            end = max(begin + 1, int(np.searchsorted(self.start, most, side="right")) - 1)
            yield slice(begin, end)
            begin = end


# --- Whether the numbers of a program are of a size that a solver computes with -------------------

LARGEST_NUMBER: Final = 1e12
"""Of coefficients, costs and bounds. HiGHS takes bounds from 1e20 on for none and refuses
coefficients from 1e15 on; those of shipped scenarios end at 1e5."""


def check_sizes(problem: ArrayProblem, arrays: Arrays) -> None:
    """Refuse a program with numbers that no solver can distinguish from others."""
    row_of_value = np.repeat(np.arange(arrays.matrix.rows), np.diff(arrays.matrix.start))
    found = []
    for values, what, name in (
        (arrays.matrix.value, "a coefficient of", lambda at: problem.row_name(int(row_of_value[at]))),
        (arrays.rows.lower, "a bound of", problem.row_name),
        (arrays.rows.upper, "a bound of", problem.row_name),
        (arrays.columns.lower, "a bound of", problem.column_name),
        (arrays.columns.upper, "a bound of", problem.column_name),
        (arrays.columns.cost, "the cost of", problem.column_name),
    ):
        wrong = np.flatnonzero(_is_wrong(values))
        if wrong.size:
            place = f"{what} {name(int(wrong[0]))} is {values[wrong[0]]:.3g}"
            others = f", and {wrong.size - 1:,} more" if wrong.size > 1 else ""
            found.append(
                Problem(
                    problem.name,
                    None,
                    None,
                    place + others,
                    f"at most {LARGEST_NUMBER:g} in size",
                    "look for a figure of it in a wrong unit",
                )
            )
    if found:
        raise InputError(found)


def _is_wrong(values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    size = np.abs(values)
    return np.asarray((size > LARGEST_NUMBER) & np.isfinite(size))
