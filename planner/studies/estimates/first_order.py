"""What other numbers in a program do to the cost of its plan, to first order.

With plan x and duals y of min c'x, b <= Ax, to first order the cost of a program with other
numbers changes by dc'x + y'(db - dA x), and by the reduced cost of each bound of a column that
moved. Nothing needs to be known of where a figure enters: the program is built again with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp.blocks import Columns, RowBounds
    from planner.lp.change import Arrays


@dataclass(frozen=True)
class Effect:
    """What other numbers do to the cost."""

    musd: float  # cost after less cost before, to first order. [MUSD]
    # the same with every number that moved taken by its size: no part of the change that moves some of these numbers
    # does more, where it moves them as far. [MUSD]
    most_musd: float


@dataclass(frozen=True, eq=False)
class AtPlan:
    """A program with a plan and its duals."""

    arrays: Arrays  # the program
    x: Floats  # the plan, and the duals with integers as they are
    row_dual: Floats

    def effect(self, new: Arrays) -> Effect:
        """Return what other numbers of the program do to the cost."""
        old, x, y = self.arrays, self.x, self.row_dual
        reduced = old.reduced_costs(y)
        is_free = ~old.columns.integer
        parts = [
            np.array([new.columns.offset - old.columns.offset]),
            (new.columns.cost - old.columns.cost) * x,
            _of_bound(y, new.rows, old.rows),
            _of_bound(np.where(is_free, reduced, 0.0), new.columns, old.columns),
            -self._matrix_part(new),
        ]
        every = np.concatenate(parts)
        return Effect(float(every.sum()), float(np.abs(every).sum()))

    def _matrix_part(self, new: Arrays) -> Floats:
        """Return what each changed coefficient adds to y'Ax."""
        old = self.arrays.matrix
        of_new, of_old = new.matrix.row_of_value(), old.row_of_value()
        if np.array_equal(old.column, new.matrix.column) and np.array_equal(of_old, of_new):
            moved = np.flatnonzero(new.matrix.value != old.value)
            change = new.matrix.value[moved] - old.value[moved]
            return np.asarray(self.row_dual[of_old[moved]] * change * self.x[old.column[moved]])
        row = np.concatenate((of_new, of_old)).astype(np.int64)
        column = np.concatenate((new.matrix.column, old.column))
        value = np.concatenate((new.matrix.value, -old.value))
        place, at = np.unique(row * old.columns + column, return_inverse=True)
        change = np.asarray(np.bincount(at, value), dtype=np.float64)
        dual, plan = self.row_dual[place // old.columns], self.x[place % old.columns]
        return np.asarray(dual * change * plan)


def _of_bound(price: Floats, new: Columns | RowBounds, old: Columns | RowBounds) -> Floats:
    """Return the price of each bound that moved, times how far; a bound in force has a price."""
    after, before = (np.where(price > 0.0, one.lower, one.upper) for one in (new, old))
    counts = (price != 0.0) & np.isfinite(after) & np.isfinite(before)
    moved = np.subtract(after, before, out=np.zeros_like(price), where=counts)
    return np.asarray(price * moved)
