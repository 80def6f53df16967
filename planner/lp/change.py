"""What differs between the program a solver holds and the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.lp.blocks import Columns, RowBounds
    from planner.lp.index import Positions
    from planner.lp.matrix import Matrix
    from planner.lp.problem import ArrayProblem

__all__ = ["Arrays", "Change"]


@dataclass(frozen=True)
class Change:
    """How many numbers of each kind a new program changes.

    Parameters
    ----------
    costs, column_bounds, row_bounds, coefficients, integrality : int
        Columns, columns, rows, matrix places and columns that differ. The constant of the
        objective is not counted: it moves no plan.
    is_new_shape : bool
        Whether the programs differ in size; then nothing is counted and the solver starts anew.
    """

    costs: int = 0
    column_bounds: int = 0
    row_bounds: int = 0
    coefficients: int = 0
    integrality: int = 0
    is_new_shape: bool = False

    @property
    def bounds(self) -> int:
        """Columns and rows whose bounds differ."""
        return self.column_bounds + self.row_bounds

    def __add__(self, later: Change) -> Change:
        return Change(
            self.costs + later.costs,
            self.column_bounds + later.column_bounds,
            self.row_bounds + later.row_bounds,
            self.coefficients + later.coefficients,
            self.integrality + later.integrality,
            self.is_new_shape or later.is_new_shape,
        )

    def __bool__(self) -> bool:
        counted = self.bounds + self.costs + self.coefficients + self.integrality
        return bool(counted) or self.is_new_shape


@dataclass(frozen=True, eq=False)
class Arrays:
    """A whole program as a solver takes it."""

    columns: Columns
    matrix: Matrix
    rows: RowBounds

    @classmethod
    def of(cls, problem: ArrayProblem) -> Arrays:
        """Return the arrays of a problem."""
        return cls(problem.columns(), problem.matrix(), problem.row_bounds())

    def has_shape_of(self, other: Arrays) -> bool:
        """Tell whether both programs have as many columns and rows."""
        mine, theirs = self.matrix, other.matrix
        return (mine.columns, mine.rows) == (theirs.columns, theirs.rows)

    def changed_costs(self, new: Arrays) -> Positions:
        """Return the columns whose cost differs in a new program."""
        return np.flatnonzero(self.columns.cost != new.columns.cost)

    def changed_column_bounds(self, new: Arrays) -> Positions:
        """Return the columns whose bounds differ in a new program."""
        old = self.columns
        differs = (old.lower != new.columns.lower) | (old.upper != new.columns.upper)
        return np.flatnonzero(differs)

    def changed_row_bounds(self, new: Arrays) -> Positions:
        """Return the rows whose bounds differ in a new program."""
        differs = (self.rows.lower != new.rows.lower) | (self.rows.upper != new.rows.upper)
        return np.flatnonzero(differs)

    def changed_kinds(self, new: Arrays) -> Positions:
        """Return the columns that are to be whole numbers in one program only."""
        return np.flatnonzero(self.columns.integer != new.columns.integer)

    def changed_coefficients(self, new: Arrays) -> int:
        """Return how many places of the matrix hold another number in a new program."""
        old_keys, new_keys = self._places(), new._places()
        if np.array_equal(old_keys, new_keys):
            return int((self.matrix.value != new.matrix.value).sum())
        _, at_old, at_new = np.intersect1d(
            old_keys, new_keys, assume_unique=True, return_indices=True
        )
        kept = (self.matrix.value[at_old] == new.matrix.value[at_new]).sum()
        # Every other place is in one matrix only, or in both with two numbers.
        return int(len(old_keys) + len(new_keys) - len(at_old) - kept)

    def _places(self) -> Positions:
        row = self.matrix.row_of_value().astype(np.int64)
        return row * self.matrix.columns + self.matrix.column
