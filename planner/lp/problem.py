"""A `pulp.LpProblem` whose columns, rows and objective live in arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pulp

from planner.lp.blocks import Blocks, Columns, RowBlock, RowBounds
from planner.lp.expression import to_pulp_name, tuple_name, tuple_names
from planner.lp.matrix import Matrix

if TYPE_CHECKING:
    from planner.base.arrays import Floats, Positions
    from planner.lp.expression import Expression

# PuLP has no types of its own.
PulpVariable = Any
PulpExpression = Any
PulpConstraint = Any
PulpSolver = Any

_LONGEST_LP_NAME = 255  # of the LP format; PuLP's own default, 100, is short for long labels
_FEASIBILITY_TOLERANCE = 1e-6  # [-], of a row's size; the tolerance PuLP's solvers work to


class _BlockRow(pulp.LpConstraint):  # type: ignore[misc]
    """A row of a block, as PuLP sees it."""


class ArrayProblem(Blocks, pulp.LpProblem):  # type: ignore[misc]
    """A minimisation in arrays that is also a `pulp.LpProblem`.

    PuLP's variables and constraints are made only when something asks for them: ``solve`` with
    any PuLP solver, ``writeLP``, ``writeMPS``, ``variables()``, ``constraints``. A user's own
    rows (``problem += expression <= 5``), own variables, bounds changed on PuLP variables and an
    objective set or changed through PuLP count on the fast path too. Rows of blocks can be read
    through PuLP but not changed.

    >>> from planner.lp import Axis, Index
    >>> site = Index.full("site", Axis("site", ("new-york", "new_york")))
    >>> problem = ArrayProblem("tiny")
    >>> racks = problem.variable("racks", site, upper=[30.0, 40.0])
    >>> problem.rows("demand", racks.total() >= 50.0)
    >>> problem.minimise((racks * [2.0, 3.0]).total())
    >>> problem += problem.pulp_variable("racks", "new-york") <= 20
    >>> pulp.LpStatus[problem.solve()], problem.values().tolist()
    ('Optimal', [20.0, 30.0])
    """

    def __init__(self, name: str = "dcplan") -> None:
        Blocks.__init__(self)
        self._pulp_columns: dict[int, PulpVariable] = {}
        self._column_of: dict[int, int] = {}  # by the variable's own hash, as PuLP does
        self._pulp_rows: dict[str, PulpConstraint] = {}
        self._pulp_objective: PulpExpression | None = None
        self._one: PulpVariable = self.add_variable("objective_constant", 1, 1)
        self._row_blocks_shown = 0
        self._rows_shown = 0
        pulp.LpProblem.__init__(self, to_pulp_name(name), pulp.LpMinimize)

    def __repr__(self) -> str:
        rows, columns = self.numConstraints(), self.numVariables()
        return f"<{type(self).__name__} {self.name}: {rows} rows, {columns} columns>"

    # --- arrays, with what came through PuLP --------------------------------------------

    def minimise(self, total: Expression) -> None:
        """Set what is made as small as possible; see `Blocks.minimise`."""
        super().minimise(total)
        self._pulp_objective = None

    def hold(self, columns: Positions, lower: Floats, upper: Floats) -> None:
        """Narrow the bounds of some columns; see `Blocks.hold`."""
        if self._pulp_columns:
            message = "bounds are narrowed before PuLP sees the columns"
            raise ValueError(message)
        super().hold(columns, lower, upper)

    def columns(self) -> Columns:
        """Return cost, bounds and kind of every column; users' own variables come last."""
        own = super().columns()
        foreign = list(self._foreign().values())
        lower = np.concatenate((own.lower, np.full(len(foreign), -np.inf)))
        upper = np.concatenate((own.upper, np.full(len(foreign), np.inf)))
        integer = np.concatenate((own.integer, np.zeros(len(foreign), dtype=np.bool_)))
        seen = self._pulp_columns | dict(enumerate(foreign, start=self._block_columns))
        for column, variable in seen.items():
            lower[column] = -np.inf if variable.lowBound is None else variable.lowBound
            upper[column] = np.inf if variable.upBound is None else variable.upBound
            integer[column] = variable.cat == pulp.LpInteger
        cost = np.concatenate((own.cost, np.zeros(len(foreign))))
        offset = own.offset
        if self._pulp_objective is not None:
            place = self._places()
            cost[:], offset = 0.0, float(self._pulp_objective.constant)
            for variable, value in self._pulp_objective.items():
                if variable is self._one:
                    offset += value
                else:
                    cost[place[variable.hash]] = value
        return Columns(cost, lower, upper, integer, offset)

    def matrix(self) -> Matrix:
        """Return the coefficients of all rows; users' own rows come last."""
        place, rows = self._places(), list(self._users_rows().values())
        terms = [
            (row, place[variable.hash], value)
            for row, constraint in enumerate(rows)
            for variable, value in constraint.items()
        ]
        row, column, value = np.array(terms, dtype=np.float64).reshape(-1, 3).T
        count = self.numVariables()
        shape = (len(rows), count)
        users = Matrix.of_terms(row.astype(np.int32), column.astype(np.int32), value, shape)
        return Matrix.stacked([*self._matrices(), users], count)

    def row_bounds(self) -> RowBounds:
        """Return the bounds of every row; users' own rows come last."""
        own, rows = super().row_bounds(), self._users_rows().values()
        lows, highs = [row.getLb() for row in rows], [row.getUb() for row in rows]
        return RowBounds(
            np.concatenate((own.lower, [-np.inf if low is None else low for low in lows])),
            np.concatenate((own.upper, [np.inf if high is None else high for high in highs])),
        )

    def column_name(self, column: int) -> str:
        """Return the name of a column, such as ``racks(ashburn,2028)``."""
        if column < self._block_columns:
            return super().column_name(column)
        return str(list(self._foreign().values())[column - self._block_columns].name)

    def row_name(self, row: int) -> str:
        """Return the name of a row, such as ``power_balance(ashburn,2028)``."""
        if row < self._block_rows:
            return super().row_name(row)
        return list(self._users_rows())[row - self._block_rows]

    def _users_rows(self) -> dict[str, PulpConstraint]:
        users, shown = {}, 0
        for name, row in self._pulp_rows.items():
            if not isinstance(row, _BlockRow):
                users[name] = row
            elif row.modified:
                message = f"row {name} was changed through PuLP; add a row of your own instead"
                raise ValueError(message)
            else:
                shown += 1
        if shown < self._rows_shown:
            message = "a row of a block was removed through PuLP; build the problem without it"
            raise ValueError(message)
        return users

    def _foreign(self) -> dict[int, PulpVariable]:
        """Return users' own variables, in the order of their first use."""
        held = list(self._users_rows().values())
        if self._pulp_objective is not None:
            held.append(self._pulp_objective)
        return {
            variable.hash: variable
            for expression in held
            for variable in expression.keys()  # noqa: SIM118 - constraints iterate otherwise
            if variable.hash not in self._column_of and variable is not self._one
        }

    def _places(self) -> dict[int, int]:
        """Return the column of every PuLP variable, by its hash."""
        foreign = {key: at for at, key in enumerate(self._foreign(), start=self._block_columns)}
        return self._column_of | foreign

    # --- what PuLP asks for -------------------------------------------------------------

    def pulp_variable(self, name: str, *labels: str) -> PulpVariable:
        """Return the PuLP variable of one column, to write rows of your own."""
        column = self.column_block(name).start
        block = self._column_blocks[name]
        position = block.over.position(*labels)
        return self._shown_column(
            column + position,
            to_pulp_name(tuple_name(name, block.over, position)),
            float(block.lower[position]),
            float(block.upper[position]),
            integer=block.integer,
        )

    def _shown_column(self, column: int, safe_name: str, lower: float, upper: float, *, integer: bool) -> PulpVariable:
        if column not in self._pulp_columns:
            low = None if lower == -np.inf else lower
            high = None if upper == np.inf else upper
            kind = pulp.LpInteger if integer else pulp.LpContinuous
            variable = self.add_variable(safe_name, low, high, kind)
            self._pulp_columns[column] = variable
            self._column_of[variable.hash] = column
        return self._pulp_columns[column]

    def _show_columns(self) -> list[PulpVariable]:
        """Make the PuLP variables that are not made yet, and return all, by column."""
        if len(self._pulp_columns) < self._block_columns:
            for block in self._column_blocks.values():
                names = tuple_names(block.name, block.over)
                bounds = zip(names, block.lower.tolist(), block.upper.tolist(), strict=True)
                for column, (name, low, high) in enumerate(bounds, start=block.first_column):
                    self._shown_column(column, name, low, high, integer=block.integer)
        return [self._pulp_columns[column] for column in range(self._block_columns)]

    @property
    def _constraints(self) -> dict[str, PulpConstraint]:
        """Rows as PuLP keeps them, by name; those of blocks are made here."""
        if self._row_blocks_shown < len(self._row_blocks):  # PuLP asks once for each row
            variables = self._show_columns()
            for block in list(self._row_blocks.values())[self._row_blocks_shown :]:
                self._show_rows(block, variables)
                self._row_blocks_shown += 1
        return self._pulp_rows

    @_constraints.setter
    def _constraints(self, rows: dict[str, PulpConstraint]) -> None:
        self._pulp_rows = rows

    def _show_rows(self, block: RowBlock, variables: list[PulpVariable]) -> None:
        start, column = block.matrix.start.tolist(), block.matrix.column.tolist()
        value, low, high = block.matrix.value.tolist(), block.lower.tolist(), block.upper.tolist()
        for row, name in enumerate(tuple_names(block.name, block.over)):
            if low[row] == -np.inf and high[row] == np.inf:
                continue  # PuLP has no row without a bound
            sense = pulp.LpConstraintEQ
            if low[row] != high[row]:
                sense = pulp.LpConstraintLE if low[row] == -np.inf else pulp.LpConstraintGE
            here = slice(start[row], start[row + 1])
            terms = dict(zip((variables[j] for j in column[here]), value[here], strict=True))
            rhs = low[row] if high[row] == np.inf else high[row]
            shown = _BlockRow(pulp.LpAffineExpression(terms), sense, name, rhs)
            shown.modified = False
            self._check_row_name(name)
            self._pulp_rows[name] = shown
            self._rows_shown += 1

    @property
    def objective(self) -> PulpExpression | None:
        """The objective as PuLP keeps it; None before one is set."""
        if self._pulp_objective is None and self._cost is not None:
            variables, own = self._show_columns(), Blocks.columns(self)
            used = np.flatnonzero(own.cost)
            costs = zip(used.tolist(), own.cost[used].tolist(), strict=True)
            terms = {variables[column]: cost for column, cost in costs}
            if own.offset:
                # The LP and MPS writers drop a constant, so it rides on a column fixed at one.
                terms[self._one] = own.offset
            self._pulp_objective = pulp.LpAffineExpression(terms)
        return self._pulp_objective

    @objective.setter
    def objective(self, expression: PulpExpression | None) -> None:
        self._pulp_objective = expression
        if expression is None:
            self._cost = None

    @property
    def sense(self) -> int:
        """Always `pulp.LpMinimize`: duals change their sign in a maximisation."""
        return int(pulp.LpMinimize)

    @sense.setter
    def sense(self, sense: int) -> None:
        if sense != pulp.LpMinimize:
            message = "an ArrayProblem minimises; turn the sign of the objective instead"
            raise ValueError(message)

    def variables(self) -> list[PulpVariable]:
        """Return all PuLP variables, by name."""
        shown: list[PulpVariable] = self._variables
        known = len(shown)
        self._add_variables(self._show_columns())
        self._add_variables(self._foreign().values())
        if self.objective is not None:
            self._add_variables(self.objective.keys())
        if len(shown) > known:
            shown.sort(key=lambda variable: str(variable.name))
        return shown

    def addConstraint(self, constraint: PulpConstraint, name: str | None = None) -> None:
        """Add a row of your own; ``problem += row, name`` comes here."""
        if not isinstance(constraint, pulp.LpConstraint):
            message = f"{constraint!r} is not a PuLP constraint"
            raise TypeError(message)
        constraint.name = name or constraint.name or self.unusedConstraintName()
        self._check_row_name(constraint.name)
        self._pulp_rows[constraint.name] = constraint

    def _check_row_name(self, name: str) -> None:
        if name in self._pulp_rows:
            message = f"overlapping constraint names: {name}"
            raise pulp.PulpError(message)

    def unusedConstraintName(self) -> str:
        """Return a name that no row has yet."""
        self.lastUnused += 1
        while f"_C{self.lastUnused}" in self._pulp_rows.keys() | self._row_blocks.keys():
            self.lastUnused += 1
        return f"_C{self.lastUnused}"

    def numVariables(self) -> int:
        """Return the number of columns."""
        return self._block_columns + len(self._foreign())

    def numConstraints(self) -> int:
        """Return the number of rows."""
        return self._block_rows + len(self._users_rows())

    def isMIP(self) -> bool:
        """Return whether any column is to be an integer."""
        return bool(self.columns().integer.any())

    def writeLP(
        self, filename: str, writeSOS: int = 1, mip: int = 1, max_length: int = _LONGEST_LP_NAME
    ) -> list[PulpVariable]:
        """Write an LP file; see `pulp.LpProblem.writeLP`."""
        written: list[PulpVariable] = super().writeLP(filename, writeSOS, mip, max_length)
        return written

    # --- after a solve through PuLP -----------------------------------------------------

    def solve(self, solver: PulpSolver | None = None, **options: Any) -> int:
        """Solve with a PuLP solver, HiGHS by default."""
        super().solve(solver or self.solver or pulp.HiGHS(msg=False), **options)
        if self.sol_status == pulp.LpSolutionIntegerFeasible and not self._is_met():
            self.assignStatus(self.status, pulp.LpSolutionNoSolutionFound)
        return int(self.status)

    def assignStatus(self, status: int, sol_status: int | None = None) -> bool:
        """Take a solver's verdict; PuLP calls a run stopped by a limit optimal, this does not."""
        if status == pulp.LpStatusOptimal and sol_status not in {None, pulp.LpSolutionOptimal}:
            status = pulp.LpStatusNotSolved
        return bool(super().assignStatus(status, sol_status))

    def _is_met(self) -> bool:
        columns, bounds, x = self.columns(), self.row_bounds(), self.values()
        row_value = self.matrix().times(x)
        return _within(x, columns.lower, columns.upper) and _within(row_value, bounds.lower, bounds.upper)

    def values(self) -> Floats:
        """Return the value of every column after a solve through PuLP; nan where it has none."""
        variables = (*self._show_columns(), *self._foreign().values())
        values = [variable.varValue for variable in variables]
        return np.array(values, dtype=np.float64)


def _within(values: Floats, lower: Floats, upper: Floats) -> bool:
    slack = _FEASIBILITY_TOLERANCE * (1.0 + np.abs(values))
    return bool(((values >= lower - slack) & (values <= upper + slack)).all())
