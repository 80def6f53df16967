"""The linear program as blocks of columns and rows, one block per family of the mathematics; and as PuLP has it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import numpy as np
import numpy.typing as npt

from planner.lp.expression import Comparison, Expression, Variable, added_up, check_block_name, to_pulp_name, tuple_name
from planner.lp.index import UNIT
from planner.lp.matrix import Matrix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planner.base.arrays import Floats, Positions
    from planner.lp.index import Index

Bools = npt.NDArray[np.bool_]
_Block = TypeVar("_Block")


@dataclass(frozen=True, eq=False)
class Columns:
    """What a solver must know of the columns: arrays of one number per column, and the offset."""

    cost: Floats  # cost of one unit
    lower: Floats  # bounds; infinite where free
    upper: Floats
    integer: Bools  # whether only integers are allowed
    offset: float  # constant part of the objective


class NewColumns(TypedDict, total=False):
    """Other numbers for all columns, as `Columns` has them; what is left out stays."""

    cost: Floats
    lower: Floats
    upper: Floats
    integer: Bools


@dataclass(frozen=True, eq=False)
class RowBounds:
    """Least and most value of every row; infinite where a side is free."""

    lower: Floats
    upper: Floats


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Rows of one name: their list, where they begin, and their arrays."""

    name: str
    over: Index
    first: int
    matrix: Matrix
    lower: Floats
    upper: Floats


class ArrayProblem:
    """Columns, rows and objective of a minimisation, kept as arrays; `to_pulp` shows it to other solvers.

    >>> from planner.lp import Axis, HighsSession, Index
    >>> site = Index.full("site", Axis("site", ("new-york", "new_york")))
    >>> problem = ArrayProblem("tiny")
    >>> racks = problem.variable("racks", site, upper=[20.0, 40.0])
    >>> problem.rows("demand", racks.total() >= 50.0)
    >>> problem.minimise((racks * [2.0, 3.0]).total())
    >>> HighsSession(problem).solve().x.tolist()
    [20.0, 30.0]
    """

    def __init__(self, name: str = "dcplan") -> None:
        self.name = name
        self._column_blocks: dict[str, Variable] = {}
        self._row_blocks: dict[str, RowBlock] = {}
        self._cost: Expression | None = None

    # --- building -----------------------------------------------------------------------

    def variable(
        self,
        name: str,
        over: Index,
        lower: npt.ArrayLike = 0.0,
        upper: npt.ArrayLike = np.inf,
        *,
        integer: bool = False,
    ) -> Variable:
        """Add one column per tuple of a list."""
        self._check_new(name, self._column_blocks)
        low, high = _per_tuple(over, lower), _per_tuple(over, upper)
        _refuse(name, over, np.isnan(low) | (low == np.inf), "lower bound is", low)
        _refuse(name, over, np.isnan(high) | (high == -np.inf), "upper bound is", high)
        made = Variable(name, over, low, high, integer=integer, first_column=self.column_count)
        self._column_blocks[name] = made
        return made

    def rows(self, name: str, comparison: Comparison) -> None:
        """Add one row per tuple of a comparison's list."""
        self._check_new(name, self._row_blocks)
        over, terms = comparison.over, comparison.expression
        shape = (over.size, self.column_count)
        matrix = Matrix.of_terms(terms.row, terms.column, terms.value_of_term, shape)
        low, high = comparison.lower, comparison.upper
        _refuse(name, over, np.isnan(low) | (low == np.inf), "lower bound is", low)
        _refuse(name, over, np.isnan(high) | (high == -np.inf), "upper bound is", high)
        is_range = np.isfinite(low) & np.isfinite(high) & (low != high)
        _refuse(name, over, is_range, "two bounds make two rows; the lower is", low)
        self._row_blocks[name] = RowBlock(name, over, self.row_count, matrix, low, high)

    def minimise(self, total: Expression) -> None:
        """Set what is made as small as possible; a later call replaces an earlier one."""
        if not total.over.matches(UNIT):
            raise ValueError(f"the objective is over {total.over.name}{total.over.axis_names}; use .total()")
        if not np.isfinite(total.constants).all():
            raise ValueError(f"the objective's constant is {total.constants[0]}")
        self._cost = total

    @property
    def total(self) -> Expression:
        """What is made as small as possible; nothing before it is set."""
        return Expression.constant(UNIT, 0.0) if self._cost is None else self._cost

    def include(self, other: ArrayProblem, prefix: str) -> int:
        """Add all columns and rows of another program beside those there are."""
        first = self.column_count
        for name, block in other._column_blocks.items():
            self.variable(prefix + name, block.over, block.lower, block.upper, integer=block.integer)
        for name, rows in other._row_blocks.items():
            self._check_new(prefix + name, self._row_blocks)
            matrix = rows.matrix.moved(first)
            self._row_blocks[prefix + name] = RowBlock(
                prefix + name, rows.over, self.row_count, matrix, rows.lower, rows.upper
            )
        return first

    def hold(self, columns: Positions, lower: Floats, upper: Floats) -> None:
        """Narrow the bounds of some columns."""
        low, high = self._block_bounds()
        low[columns] = np.maximum(low[columns], lower)
        high[columns] = np.minimum(high[columns], upper)
        for block in self._column_blocks.values():
            here = slice(block.first_column, block.first_column + block.over.size)
            block.lower, block.upper = low[here], high[here]

    def _check_new(self, name: str, blocks: Iterable[str]) -> None:
        check_block_name(name)
        if name in blocks:
            raise ValueError(f"block name {name!r} is taken")

    # --- arrays -------------------------------------------------------------------------

    @property
    def column_count(self) -> int:
        """Number of columns."""
        last = next(reversed(self._column_blocks.values()), None)
        return 0 if last is None else last.first_column + last.over.size

    @property
    def row_count(self) -> int:
        """Number of rows."""
        last = next(reversed(self._row_blocks.values()), None)
        return 0 if last is None else last.first + last.over.size

    @property
    def has_integers(self) -> bool:
        """Whether any column is to be an integer."""
        return any(block.integer and block.over.size for block in self._column_blocks.values())

    def columns(self) -> Columns:
        """Return cost, bounds and kind of every column."""
        blocks = self._column_blocks.values()
        count = self.column_count
        cost, offset = np.zeros(count), 0.0
        if self._cost is not None:
            terms = self._cost
            cost = added_up(terms.value_of_term, terms.column, count)
            offset = float(terms.constants[0])
        integers = [np.full(block.over.size, block.integer) for block in blocks]
        lower, upper = self._block_bounds()
        return Columns(cost, lower, upper, np.concatenate([np.empty(0, dtype=np.bool_), *integers]), offset)

    def _block_bounds(self) -> tuple[Floats, Floats]:
        blocks = self._column_blocks.values()
        return (
            np.concatenate([np.empty(0), *(block.lower for block in blocks)]),
            np.concatenate([np.empty(0), *(block.upper for block in blocks)]),
        )

    def matrix(self) -> Matrix:
        """Return the coefficients of all rows."""
        return Matrix.stacked([block.matrix for block in self._row_blocks.values()], self.column_count)

    def row_bounds(self) -> RowBounds:
        """Return the bounds of every row."""
        blocks = self._row_blocks.values()
        return RowBounds(
            np.concatenate([np.empty(0), *(block.lower for block in blocks)]),
            np.concatenate([np.empty(0), *(block.upper for block in blocks)]),
        )

    def free(self, rows: Bools) -> None:
        """Take the bounds of some rows away, so that they ask for nothing."""
        for name, block in self._row_blocks.items():
            is_free = rows[block.first : block.first + block.over.size]
            self._row_blocks[name] = replace(
                block, lower=np.where(is_free, -np.inf, block.lower), upper=np.where(is_free, np.inf, block.upper)
            )

    def sizes(self) -> dict[str, int]:
        """Return how many rows, columns and nonzeros it has."""
        matrix = self.matrix()
        return {"rows": matrix.rows, "columns": matrix.columns, "nonzeros": len(matrix.value)}

    # --- names --------------------------------------------------------------------------

    def column_block(self, name: str) -> slice:
        """Return where a block's columns stand among all columns."""
        block = _known(self._column_blocks, name, "columns")
        return slice(block.first_column, block.first_column + block.over.size)

    def row_block(self, name: str) -> slice:
        """Return where a block's rows stand among all rows."""
        block = _known(self._row_blocks, name, "rows")
        return slice(block.first, block.first + block.over.size)

    @property
    def row_block_names(self) -> tuple[str, ...]:
        """Names of the blocks of rows, in order."""
        return tuple(self._row_blocks)

    def rows_over(self, name: str) -> Index:
        """Return the list that a block of rows runs over."""
        return _known(self._row_blocks, name, "rows").over

    @property
    def column_block_names(self) -> tuple[str, ...]:
        """Names of the blocks of columns, in order."""
        return tuple(self._column_blocks)

    def columns_over(self, name: str) -> Index:
        """Return the list that a block of columns runs over."""
        return _known(self._column_blocks, name, "columns").over

    def column_name(self, column: int) -> str:
        """Return the name of a column, such as ``racks(ashburn,2028)``."""
        blocks = list(self._column_blocks.values())
        block = blocks[bisect_right(blocks, column, key=lambda block: block.first_column) - 1]
        return tuple_name(block.name, block.over, column - block.first_column)

    def row_name(self, row: int) -> str:
        """Return the name of a row, such as ``power_balance(ashburn,2028)``."""
        blocks = list(self._row_blocks.values())
        block = blocks[bisect_right(blocks, row, key=lambda block: block.first) - 1]
        return tuple_name(block.name, block.over, row - block.first)

    # --- the program as PuLP has it: for LP and MPS files, and for PuLP's solvers ---------

    def to_pulp(self) -> Any:
        """Return the program as a new `pulp.LpProblem`, its names made safe by `to_pulp_name`.

        >>> from planner.lp import UNIT
        >>> problem = ArrayProblem("tiny")
        >>> power_mw = problem.variable("power_mw", UNIT, upper=7.0)
        >>> problem.rows("demand", power_mw >= 3.0)
        >>> problem.minimise(power_mw * 2.0)
        >>> shown = problem.to_pulp()
        >>> shown.constraints()[0].name, shown.objective
        ('demand', 2.0*power_mw + 0.0)
        """
        import pulp  # which no solve needs

        columns, matrix, bounds = self.columns(), self.matrix(), self.row_bounds()
        shown = pulp.LpProblem(to_pulp_name(self.name), pulp.LpMinimize)
        kind = np.where(columns.integer, pulp.LpInteger, pulp.LpContinuous).tolist()
        ends = ([None if np.isinf(at) else at for at in bound.tolist()] for bound in (columns.lower, columns.upper))
        named = zip(_pulp_names(self._column_blocks.values()), *ends, kind, strict=True)
        variables = [shown.add_variable(*variable) for variable in named]
        shown._add_variables(variables)  # those in no row too
        paid = np.flatnonzero(columns.cost)
        costs = {variables[at]: cost for at, cost in zip(paid.tolist(), columns.cost[paid].tolist(), strict=True)}
        if columns.offset:  # the LP and MPS writers drop a constant, so it rides on a column fixed at one
            costs[shown.add_variable("objective_constant", 1, 1)] = columns.offset
        shown += pulp.LpAffineExpression(costs)
        start, column, value = matrix.start.tolist(), matrix.column.tolist(), matrix.value.tolist()
        sides = zip(_pulp_names(self._row_blocks.values()), bounds.lower.tolist(), bounds.upper.tolist(), strict=True)
        for row, (name, low, high) in enumerate(sides):
            if low == -np.inf and high == np.inf:
                continue  # PuLP has no row without a bound
            sense = pulp.LpConstraintEQ
            if low != high:
                sense = pulp.LpConstraintLE if low == -np.inf else pulp.LpConstraintGE
            here = slice(start[row], start[row + 1])
            terms = dict(zip((variables[at] for at in column[here]), value[here], strict=True))
            rhs = low if high == np.inf else high
            shown += pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, name, rhs)
        return shown


def _known(blocks: dict[str, _Block], name: str, kind: str) -> _Block:
    if name not in blocks:
        raise ValueError(f"no block of {kind} is called {name!r}; there are {', '.join(blocks)}")
    return blocks[name]


def _per_tuple(over: Index, values: npt.ArrayLike) -> Floats:
    return Expression.constant(over, values).constants


def _refuse(block: str, over: Index, wrong: Bools, what: str, values: Floats) -> None:
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(f"{tuple_name(block, over, at)}: {what} {values[at]}")


def _pulp_names(blocks: Iterable[Variable | RowBlock]) -> Iterator[str]:
    return (to_pulp_name(tuple_name(of.name, of.over, at)) for of in blocks for at in range(of.over.size))
