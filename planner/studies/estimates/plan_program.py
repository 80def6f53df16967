"""The program of a plan with other figures: what they do to its cost, to first order.

With plan x and duals y of min c'x, b <= Ax, to first order the cost of a program with other
numbers changes by dc'x + y'(db - dA x), and by the reduced cost of each bound of a column that
moved. Nothing needs to be known of where a figure enters: the program is built again with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError
from planner.inputs.build import inputs_without_notes
from planner.inputs.uncertain_figures import UncertainFigure, with_values
from planner.lp.blocks import Columns, RowBounds
from planner.lp.change import Arrays
from planner.lp.index import positions
from planner.lp.matrix import Matrix
from planner.model import Model, build_model
from planner.studies.solve.solves import add_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.inputs import Inputs
    from planner.lp import ArrayProblem
    from planner.scenario import Scenario

SMALL_STEP: Final = 0.001
"""Part of the way to the low or high of a figure that is a small step."""
_NOTHING = 1e-6  # [MW, MUSD per unit]


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
        from scipy.sparse import csr_array

        after, before = (
            csr_array((of.value, of.column, of.start), shape=(of.rows, of.columns))
            for of in (new.matrix, self.arrays.matrix)
        )
        change = (after - before).tocoo()
        return np.asarray(self.row_dual[change.row] * change.data * self.x[change.col])


def _of_bound(price: Floats, new: Columns | RowBounds, old: Columns | RowBounds) -> Floats:
    """Return the price of each bound that moved, times how far; a bound in force has a price."""
    after, before = (np.where(price > 0.0, one.lower, one.upper) for one in (new, old))
    counts = (price != 0.0) & np.isfinite(after) & np.isfinite(before)
    moved = np.subtract(after, before, out=np.zeros_like(price), where=counts)
    return np.asarray(price * moved)


# --- A program in the rows and columns of another one, matched by their labels --------------------


class _Places:
    """Where the rows or columns of a new program are in the old one, -1 where they are not."""

    def __init__(self, kind: str, old: ArrayProblem, new: ArrayProblem) -> None:
        of_old, of_new = (
            {
                name: (getattr(one, f"{kind}s_over")(name), getattr(one, f"{kind}_block")(name).start)
                for name in getattr(one, f"{kind}_block_names")
            }
            for one in (old, new)
        )
        self.size = sum(over.size for over, _ in of_old.values())
        self.place = np.full(sum(over.size for over, _ in of_new.values()), -1, dtype=np.intp)
        for name in of_old.keys() & of_new.keys():
            (over, old_start), (new_over, start) = of_old[name], of_new[name]
            at = positions(over, new_over)
            self.place[start : start + len(at)] = np.where(at >= 0, at + old_start, -1)

    def lost(self) -> Positions:
        """Return those of the old program that the new one lacks."""
        return np.setdiff1d(np.arange(self.size), self.place)

    def moved(self, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """Return numbers of the new program in the order of the old, whose own fill the gaps."""
        moved, kept = old.copy(), self.place >= 0
        moved[self.place[kept]] = new[kept]
        return moved


def aligned(problem: ArrayProblem, new: ArrayProblem, arrays: Arrays, x: Floats, row_dual: Floats) -> Arrays | None:
    """Return the arrays of a new program in the rows and columns of an old one.

    A figure may decide which racks and designs are on offer at all. Columns that only the new
    program has are left out, as the plan has nothing of them; those that it lacks are kept at
    nothing, rows that it lacks are free.
    """
    columns, rows = _Places("column", problem, new), _Places("row", problem, new)
    gone, free = columns.lost(), rows.lost()
    if np.any(np.abs(x[gone]) > _NOTHING) or np.any(np.abs(row_dual[free]) > _NOTHING):
        return None
    after, bounds, matrix = new.columns(), new.row_bounds(), new.matrix()
    upper = columns.moved(after.upper, arrays.columns.upper)
    upper[gone] = np.maximum(0.0, arrays.columns.lower[gone])
    low, high = (rows.moved(getattr(bounds, end), getattr(arrays.rows, end)) for end in ("lower", "upper"))
    low[free], high[free] = -np.inf, np.inf
    row, column = rows.place[matrix.row_of_value()], columns.place[matrix.column]
    kept = (row >= 0) & (column >= 0)
    terms = (row[kept].astype(np.int32), column[kept].astype(np.int32), matrix.value[kept])
    cost, lower = (columns.moved(getattr(after, name), getattr(arrays.columns, name)) for name in ("cost", "lower"))
    new_columns = Columns(cost, lower, upper, arrays.columns.integer, after.offset)
    return Arrays(new_columns, Matrix.of_terms(*terms, (len(row_dual), len(x))), RowBounds(low, high))


# --- The program of a plan, and the same with other figures ---------------------------------------


@dataclass(frozen=True, eq=False)
class PlanProgram:
    """The program of a plan, and the same with other figures."""

    scenario: Scenario
    model: Model
    plan: AtPlan
    cuts: FailoverInputs

    def inputs_with(self, values: Sequence[tuple[UncertainFigure, float]]) -> Inputs | None:
        """Make inputs with other values of figures; None where they make none that are valid."""
        try:
            return inputs_without_notes(self.scenario, with_values(self.model.p.tables, values))
        except InputError:
            return None

    def arrays_with(self, values: Sequence[tuple[UncertainFigure, float]]) -> Arrays | None:
        """Build the program with other values of figures, in the rows and columns of the plan.

        None where they make no valid input, or it lacks what the plan makes use of.
        """
        inputs = self.inputs_with(values)
        if inputs is None:
            return None
        plan, model = self.plan, build_model(inputs)
        if inputs.failover.reserve.matches(self.model.p.failover.reserve):
            # What the plan must survive was added to its program while it was solved.
            add_cuts(model, self.cuts)
        old, new = self.model.problem, model.problem
        return aligned(old, new, plan.arrays, plan.x, plan.row_dual)

    def moved(self, values: Sequence[tuple[UncertainFigure, float]], step: float = 1.0) -> Effect | None:
        """Return what moving figures to some values does to the cost to first order.

        They go a step of the way, and what that does is scaled to the whole of it. None where the
        values make no valid input, or take away what the plan makes use of.
        """
        arrays = self.arrays_with([(of, of.value + step * (end - of.value)) for of, end in values])
        if arrays is None:
            return None
        effect = self.plan.effect(arrays)
        return Effect(effect.musd / step, effect.most_musd / step)

    def is_changed(self, inputs: Inputs) -> bool:
        """Return whether inputs make another program than that of the plan."""
        old, new = self.model.problem, build_model(inputs).problem
        places = [_Places(kind, old, new) for kind in ("column", "row")]
        if any(one.lost().size or (one.place != np.arange(one.place.size)).any() for one in places):
            return True
        before, after = Arrays.from_problem(old), Arrays.from_problem(new)
        return not all(map(np.array_equal, _numbers(before), _numbers(after)))

    def counts_in_steps(self, group: Sequence[UncertainFigure]) -> bool:
        """Return whether the ends of figures make another program, and less does not."""

        def does_anything(value: Callable[[UncertainFigure], float]) -> bool:
            inputs = self.inputs_with([(of, value(of)) for of in group])
            return inputs is None or self.is_changed(inputs)

        if not does_anything(lambda of: of.low) and not does_anything(lambda of: of.high):
            return False
        return group[0].is_whole or not does_anything(lambda of: of.value + SMALL_STEP * (of.further - of.value))

    def ends(self, figure: UncertainFigure) -> tuple[float, float] | None:
        """Return what the low and the high of a figure do to the cost. [MUSD]"""
        low, high = (self.moved([(figure, end)]) for end in (figure.low, figure.high))
        return None if low is None or high is None else (low.musd, high.musd)


def _numbers(of: Arrays) -> tuple[np.ndarray, ...]:
    columns, rows, matrix = of.columns, of.rows, of.matrix
    bounds = (columns.lower, columns.upper, columns.integer, rows.lower, rows.upper)
    return (*bounds, columns.cost, np.array(columns.offset), matrix.row_of_value(), matrix.column, matrix.value)
