"""What duals prove of a linear program: by weak duality, from nothing but its arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.results.proof import Proof

    _Bounds = tuple[Floats, Floats]
    _Terms = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]], Floats]


_MOST_ROUNDS: Final = 30  # bounds that follow from bounds; 4 rounds are enough for us-base
_AT_ONCE: Final = 4_000_000
"""Non-zeros that are worked on at once: a program over all hours of a year has 60 million."""
_NOISE: Final = 1e-12  # of the greatest dual


@dataclass(frozen=True, eq=False)
class Bound:
    """What duals prove."""

    musd: float  # no solution within the bounds costs less, and none that costs less than the cutoff
    # ``cost - A.T @ dual`` of every column, duals of rows without the bound they price left out. [MUSD per unit]
    reduced_cost: Floats
    # columns whose reduced cost points to a side on which neither a bound nor the rows hold them; they are counted at
    # the value given, and `musd` is exact but for them
    is_open: Bools


@dataclass(frozen=True, eq=False)
class StoredProgram:
    """Arrays of a program: minimise ``offset + cost @ x`` within the bounds of rows and columns."""

    proof: Proof  # as stored

    @cached_property
    def terms(self) -> _Terms:
        """Row, column and value of every non-zero, row by row."""
        matrix = self.proof.matrix
        row, column, value = (matrix[name].to_numpy() for name in ("row", "column", "value"))
        if (row[1:] < row[:-1]).any():
            order = np.argsort(row, kind="stable")
            row, column, value = row[order], column[order], value[order]
        return row, column, value

    def _parts(self) -> Iterator[_Terms]:
        """Yield the non-zeros in parts of whole rows, so that what is made of them stays small."""
        row, column, value = self.terms
        begin = 0
        while begin < len(row):
            last = row[min(begin + _AT_ONCE, len(row)) - 1]
            end = int(np.searchsorted(row, last, side="right"))
            part = slice(begin, end)
            yield row[part].astype(np.intp), column[part].astype(np.intp), value[part]
            begin = end

    @cached_property
    def row_lower(self) -> Floats:
        """Least value of every row."""
        return self.proof.row("lower")

    @cached_property
    def row_upper(self) -> Floats:
        """Greatest value of every row."""
        return self.proof.row("upper")

    @cached_property
    def cost(self) -> Floats:
        """Cost of one unit of every column. [MUSD]"""
        return self.proof.column("cost")

    def rows_of(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the value of every row at a solution, and the sum of the sizes of its terms."""
        total, size = np.zeros((2, len(self.row_lower)))
        for row, column, value in self._parts():
            parts = value * x[column]
            np.add.at(total, row, parts)
            np.add.at(size, row, np.abs(parts))
        return total, size

    def column_prices(self, dual: Floats) -> tuple[Floats, Floats]:
        """Return the price of the rows of every column, and the sum of the sizes of its terms."""
        total, size = np.zeros((2, len(self.cost)))
        for row, column, value in self._parts():
            parts = value * dual[row]
            np.add.at(total, column, parts)
            np.add.at(size, column, np.abs(parts))
        return total, size

    def total_musd(self, x: Floats) -> float:
        """Return the cost of a solution. [MUSD]"""
        return self.proof.offset_musd + float(self.cost @ x)

    def bound(self, dual: Floats, lower: Floats, upper: Floats, x: Floats, cutoff: float) -> Bound:
        """Return what duals prove within bounds of the columns. Takes `cutoff` [MUSD].

        For any duals y and d = c - A'y, every solution costs offset + y'Ax + d'x, which is no less
        than y at the bounds of the rows plus d at the bounds of the columns. Where a column has
        no such bound, one that follows from the rows and the cutoff is taken.

        A dual of 1e-12 that is none but for rounding costs much where such a bound is a million,
        so the bound is also computed without duals of that size, and the higher is taken.
        """
        clean = np.where(np.abs(dual) > _NOISE * np.abs(dual).max(initial=0.0), dual, 0.0)
        implied = cache(lambda: self.implied(lower, upper, cutoff))
        bounds = (self._bound(any_dual, (lower, upper), implied, x) for any_dual in (dual, clean))
        return max(bounds, key=lambda bound: bound.musd)

    def _bound(self, dual: Floats, given: _Bounds, implied: Callable[[], _Bounds], x: Floats) -> Bound:
        side = side_of(dual, self.row_lower, self.row_upper)
        usable = np.where(np.isfinite(side), dual, 0.0)
        reduced = self.cost - self.column_prices(usable)[0]
        at = side_of(reduced, *given)
        if not np.isfinite(at).all():
            at = side_of(reduced, *implied())
        is_open = ~np.isfinite(at)
        at = np.where(is_open, x, at)
        total = self.proof.offset_musd + usable @ finite_or_zero(side) + reduced @ at
        return Bound(float(total), reduced, is_open)

    def implied(self, lower: Floats, upper: Floats, cutoff: float) -> tuple[Floats, Floats]:
        """Return bounds for columns that have none, as far as rows, bounds and cutoff give them.

        Every row is read as "at most": of its terms all but one are taken at their least, and the
        rest is what that one may be. Bounds that are found give others, round after round.
        """
        lower, upper = lower.copy(), upper.copy()
        for _ in range(_MOST_ROUNDS):
            above, below = np.full_like(upper, np.inf), np.full_like(lower, -np.inf)
            for row, column, value, limit in self._at_most(cutoff):
                least = value * np.where(value > 0.0, lower[column], upper[column])
                is_free = ~np.isfinite(least)
                known = np.where(is_free, 0.0, least)
                free_others = np.bincount(row, is_free, len(limit))[row] - is_free
                rest = (limit - np.bincount(row, known, len(limit)))[row] + known
                bound = np.where(free_others > 0, np.nan, rest) / value
                np.fmin.at(above, column[value > 0.0], bound[value > 0.0])
                np.fmax.at(below, column[value < 0.0], bound[value < 0.0])
            is_new_upper = np.isinf(upper) & np.isfinite(above)
            is_new_lower = np.isinf(lower) & np.isfinite(below)
            if not (is_new_upper.any() or is_new_lower.any()):
                break
            upper, lower = (np.where(is_new_upper, above, upper), np.where(is_new_lower, below, lower))
        return lower, upper

    def _at_most(self, cutoff: float) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]]:
        """Yield all rows, and the cost below the cutoff, as rows with an upper bound only."""
        for row, column, value in self._parts():
            first, end = row[0], row[-1] + 1
            for sign, limits in ((1.0, self.row_upper), (-1.0, -self.row_lower)):
                limit = limits[first:end]
                here = np.isfinite(limit)[row - first]
                yield row[here] - first, column[here], sign * value[here], limit
        costly = np.flatnonzero(self.cost)
        none = np.zeros(len(costly), dtype=np.intp)
        yield none, costly, self.cost[costly], np.array([cutoff - self.proof.offset_musd])


def side_of(price: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the bound that a price points to: lower if positive, upper if negative, 0 if none."""
    return np.where(price > 0.0, lower, np.where(price < 0.0, upper, 0.0))


def finite_or_zero(numbers: Floats) -> Floats:
    """Return the numbers with 0 in place of infinities."""
    return np.where(np.isfinite(numbers), numbers, 0.0)
