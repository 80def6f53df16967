"""What differs between the program a solver holds and the next one."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np

from planner.lp.matrix import Matrix
from planner.lp.problem import RowBounds

if TYPE_CHECKING:
    from planner.base.arrays import Floats, Positions
    from planner.lp.expression import Ints
    from planner.lp.problem import ArrayProblem, Columns, NewColumns


@dataclass(frozen=True)
class Change:
    """How many numbers of each kind a new program changes."""

    costs: int = 0  # columns, columns, rows, matrix places and columns that differ
    column_bounds: int = 0
    row_bounds: int = 0
    coefficients: int = 0
    integrality: int = 0
    # whether the programs differ in size; then nothing is counted and the solver starts again
    is_new_shape: bool = False
    new_rows: int = 0  # rows added below those there were, which are counted as if they were all
    # of the columns and rows whose bounds differ, those that only lost some: a plan within the old bounds is within the
    # new ones
    freed: int = 0

    @property
    def leaves_plan(self) -> bool:
        """Whether every plan of the old program meets each row and bound of the new one."""
        others = self.bounds - self.freed + self.coefficients + self.new_rows
        return not others and not self.is_new_shape

    @property
    def bounds(self) -> int:
        """Columns and rows whose bounds differ."""
        return self.column_bounds + self.row_bounds

    def __add__(self, later: Change) -> Change:
        return Change(*(one + other for one, other in zip(astuple(self), astuple(later), strict=True)))

    def __bool__(self) -> bool:
        counted = self.bounds + self.costs + self.coefficients + self.integrality
        return bool(counted + self.new_rows) or self.is_new_shape


@dataclass(frozen=True, eq=False)
class Arrays:
    """A whole program as a solver takes it."""

    columns: Columns
    matrix: Matrix
    rows: RowBounds

    @classmethod
    def from_problem(cls, problem: ArrayProblem) -> Arrays:
        """Return the arrays of a problem."""
        return cls(problem.columns(), problem.matrix(), problem.row_bounds())

    def with_columns(self, **changed: Unpack[NewColumns]) -> Arrays:
        """Return the program with other numbers for its columns; those left out stay."""
        return replace(self, columns=replace(self.columns, **changed))

    def with_rows(self, lower: Floats, upper: Floats) -> Arrays:
        """Return the program with other bounds of its rows."""
        return replace(self, rows=RowBounds(lower, upper))

    def reduced_costs(self, dual: Floats) -> Floats:
        """Return the cost of every column, less what it uses of the rows at their duals."""
        return self.columns.cost - self.matrix.column_prices(dual)

    def head(self, rows: int) -> Arrays:
        """Return the program with its first rows alone."""
        matrix, end = self.matrix, int(self.matrix.start[rows])
        return Arrays(
            self.columns,
            Matrix(matrix.columns, matrix.start[: rows + 1], matrix.column[:end], matrix.value[:end]),
            RowBounds(self.rows.lower[:rows], self.rows.upper[:rows]),
        )

    def changed_coefficients(self, new: Arrays) -> int:
        """Return how many places of the matrix hold another number in a new program."""
        if new.matrix is self.matrix:
            return 0
        old_keys, new_keys = self._places(), new._places()
        if np.array_equal(old_keys, new_keys):
            return int((self.matrix.value != new.matrix.value).sum())
        _, at_old, at_new = np.intersect1d(old_keys, new_keys, assume_unique=True, return_indices=True)
        kept = (self.matrix.value[at_old] == new.matrix.value[at_new]).sum()
        # Every other place is in one matrix only, or in both with two numbers.
        return int(len(old_keys) + len(new_keys) - len(at_old) - kept)

    def _places(self) -> Positions:
        row = self.matrix.row_of_value().astype(np.int64)
        return row * self.matrix.columns + self.matrix.column


@dataclass(frozen=True, eq=False)
class Edits:
    """Where a program that a solver holds must be edited to become the next."""

    change: Change  # how many numbers differ. With a new shape or new coefficients the places are not needed
    # columns with a new cost, columns and rows with new bounds, and columns that begin or cease to be integers
    costs: Ints
    columns: Ints
    rows: Ints
    kinds: Ints

    @classmethod
    def between(cls, old: Arrays, new: Arrays) -> Edits:
        """Return what makes the new program of the old."""
        none = np.empty(0, dtype=np.int32)
        new_rows = new.matrix.rows - old.matrix.rows
        if new_rows < 0 or new.matrix.columns != old.matrix.columns:
            return cls(Change(is_new_shape=True), none, none, none, none)
        head = new.head(old.matrix.rows) if new_rows else new
        coefficients = old.changed_coefficients(head)
        if new_rows and coefficients:  # other rows, not the same and more
            return cls(Change(is_new_shape=True), none, none, none, none)
        costs = np.flatnonzero(old.columns.cost != head.columns.cost).astype(np.int32)
        columns, rows = _rebounded(old.columns, head.columns), _rebounded(old.rows, head.rows)
        kinds = np.flatnonzero(old.columns.integer != head.columns.integer).astype(np.int32)
        freed = _freed(old.columns, head.columns, columns) + _freed(old.rows, head.rows, rows)
        change = Change(len(costs), len(columns), len(rows), coefficients, len(kinds), new_rows=new_rows, freed=freed)
        return cls(change, costs, columns, rows, kinds)


def _rebounded(old: Columns | RowBounds, new: Columns | RowBounds) -> Ints:
    """Return the columns or rows whose bounds differ."""
    return np.flatnonzero((old.lower != new.lower) | (old.upper != new.upper)).astype(np.int32)


def _freed(old: Columns | RowBounds, new: Columns | RowBounds, changed: Ints) -> int:
    """Count the changed columns or rows whose new bounds are old ones or none."""
    lower, upper = new.lower[changed], new.upper[changed]
    below = (lower == old.lower[changed]) | (lower == -np.inf)
    above = (upper == old.upper[changed]) | (upper == np.inf)
    return int((below & above).sum())
