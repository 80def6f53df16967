"""The figures whose low and high move the cost of a plan most.

With plan x and duals y of min c'x, b <= Ax, to first order the cost of a program with other
numbers changes by dc'x + y'(db - dA x), and by the reduced cost of each bound of a column that
moved. Nothing needs to be known of where a figure enters: the program is built again with it.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, LimitReachedError, Problem
from planner.base.words import amount
from planner.inputs.build import (
    UncertainFigure,
    figures_of,
    inputs_without_notes,
    refuse_short_view,
    unmoved_figures,
    with_values,
)
from planner.lp.change import Arrays
from planner.lp.index import positions
from planner.lp.matrix import Matrix
from planner.lp.problem import Columns, RowBounds
from planner.model import Model, build_model
from planner.outputs.answer import Answer
from planner.outputs.labels import CANNOT_HOLD, cannot_hold, figure_names, figure_words
from planner.outputs.own_folder import ESTIMATES
from planner.outputs.table_files import records
from planner.studies.solve.asking import duals_of, has_program, proof_of
from planner.studies.solve.solves import add_cuts, stored_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.inputs import Inputs
    from planner.lp import ArrayProblem
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.studies.solve.asking import Asking

# --- The figures that decide, as a table, and how much was solved for it -------------------------

COLUMNS: Final = (
    *("rank", "table", "item", "column", "unit", "kind", "value", "low", "high"),
    *("low_musd", "high_musd", "swing_musd", "source"),
)
NO_EFFECT_MUSD: Final = 1e-6
"""A change of cost that is none. [MUSD]"""


@dataclass(frozen=True, eq=False, repr=False)
class Estimates(Answer):
    """Which figures decide."""

    kind = ESTIMATES
    saved = ("estimates=table",)

    # `COLUMNS`, the figure that moves the cost most first; attribute ``note`` says in words what was not moved
    table: pd.DataFrame
    figures: int  # how many figures have a low and a high
    # of these, those that were moved and do nothing to the plan; some that do little are not looked at one by one
    without_effect: int
    # figures that count in steps, as last years of sale and lead times do: what can be done when changes with them, of
    # which first order says nothing
    in_steps: tuple[UncertainFigure, ...]
    unmoved: int  # figures of the same tables that have no low and high, and are not moved

    def to_json(self) -> list[dict[str, Any]]:
        """Return the figures that decide."""
        return records(self.table)


@dataclass
class FoundFigures:
    """What was found so far: effects of figures at their low and high [MUSD], and others."""

    effects: list[tuple[UncertainFigure, float, float]] = field(default_factory=list)
    in_steps: list[UncertainFigure] = field(default_factory=list)
    without_effect: int = 0


def swing_musd(low_musd: float, high_musd: float) -> float:
    """Return the larger change of cost of a figure at its low and its high. [MUSD]"""
    return max(abs(low_musd), abs(high_musd))


# --- The figures that decide in words --------------------------------------------------------------

_NOISE_MW: Final = 0.05
_KINDS: Final = {"seed": "of the brief", "estimate": "an estimate", "own": "your own"}


def sentences(table: pd.DataFrame, inputs: Inputs, cost_musd: float) -> list[str]:
    """Say of each figure how far it may be off and what that does to the cost."""
    return [_sentence(row, figure_names(inputs.tables), cost_musd) for row in table.to_dict("records")]


def note_of(found: Estimates, settings: int) -> str:
    """Say what was not moved, and how much of what was does nothing."""
    text = (
        f"{found.figures:,} figures have a low and a high of their own; the plan does not depend "
        f"on {found.without_effect:,} of them. {found.unmoved:,} figures of the same tables have "
        f"none, among them prices of power, and were not moved, nor were the {settings:,} settings "
        "of the scenario."
    )
    if found.in_steps:
        by_column = Counter((one.table, one.column) for one in found.in_steps)
        listed = ", ".join(
            f"{count} of {column.replace('_', ' ')} (table {table})" for (table, column), count in by_column.items()
        )
        text += f" Not ranked by first order, as they change in steps what can be done when: {listed}."
    return text


def _sentence(row: Mapping[Any, Any], names: dict[str, str], cost_musd: float) -> str:
    value, low, high = (amount(float(row[name]), 4) for name in ("value", "low", "high"))
    low_musd, high_musd = float(row["low_musd"]), float(row["high_musd"])
    item = figure_words(str(row["item"]), names)
    kind = _KINDS.get(str(row["kind"]), str(row["kind"]))
    unit = "" if row["unit"] == "-" else f" {row['unit']}"
    at_low, at_high = (
        f"{_change(musd)}{f', {CANNOT_HOLD}' if cannot_hold(musd, cost_musd) else ''}" for musd in (low_musd, high_musd)
    )
    costs = f"at {low} the plan costs {at_low}, at {high} {at_high}"
    return f"{item}, {value}{unit} ({kind}; table {row['table']}): {costs}. Source: {row['source']}."


def _change(musd: float) -> str:
    return f"{amount(abs(musd))} MUSD {'less' if musd < 0 else 'more'}"


# --- A program with a plan and its duals, and what other numbers do to its cost -------------------

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
    """Return the arrays of a new program in the rows and columns of an old one; None where it lacks what the plan uses.

    A figure may decide which racks and designs are on offer at all. Columns that only the new program has are left out,
    as the plan has nothing of them; those that it lacks are kept at nothing, rows that it lacks are free.
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
        """Build the program with other figures in the plan's rows and columns; None if it lacks what the plan uses."""
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
        """Return what moving figures a step of the way does to the cost, scaled up, to first order.

        None where it cannot be known.
        """
        arrays = self.arrays_with([(of, of.value + step * (end - of.value)) for of, end in values])
        if arrays is None:
            return None
        effect = self.plan.effect(arrays)
        return Effect(effect.musd / step, effect.most_musd / step)

    def counts_in_steps(self, group: Sequence[UncertainFigure]) -> bool:
        """Return whether the ends of figures make another program, and less does not."""

        def does_anything(value: Callable[[UncertainFigure], float]) -> bool:
            inputs = self.inputs_with([(of, value(of)) for of in group])
            if inputs is None:
                return True
            before, after = (_numbers(Arrays.from_problem(one.problem)) for one in (self.model, build_model(inputs)))
            return not all(map(np.array_equal, before, after))

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


# --- The figures with the largest effects, found by groups that are split -------------------------

_BEND: Final = 1.5
"""The whole way may do so many times what a small step, scaled, says; a figure in a power does."""


def deciding_figures(program: PlanProgram, figures: Sequence[UncertainFigure], most: int, ask: Asking) -> FoundFigures:
    """Find the figures with the largest effects, groups that may hold them first."""
    found, order = FoundFigures(), count()
    queue: list[tuple[float, int, list[UncertainFigure]]] = []
    groups: dict[tuple[str, str], list[UncertainFigure]] = {}
    for figure in figures:
        groups.setdefault((figure.table, figure.column), []).append(figure)

    def put(group: list[UncertainFigure], moved: Effect | None) -> None:
        # A group of which nothing is known is split before all others.
        bound = np.inf if moved is None else (1.0 if group[0].is_price else _BEND) * moved.most_musd
        if bound > NO_EFFECT_MUSD:
            heapq.heappush(queue, (-bound, next(order), group))

    def look(group: list[UncertainFigure]) -> Effect | None:
        if ask.interrupt is not None and ask.interrupt.is_set():
            raise LimitReachedError("stopped before it was clear which figures decide")
        return program.moved([(figure, figure.further) for figure in group], SMALL_STEP)

    moving = "Moving figures to their low and high"
    for number, group in enumerate(groups.values(), start=1):
        ask.report_stage(f"{moving}: column {number} of {len(groups)}")
        moved = None if group[0].is_whole else look(group)
        if moved is not None and moved.most_musd > NO_EFFECT_MUSD:
            put(group, moved)
        elif program.counts_in_steps(group):
            found.in_steps += group
        else:
            found.without_effect += len(group)
    while queue:
        bound, _, group = heapq.heappop(queue)
        if len(found.effects) >= most and -bound <= swing_musd(*found.effects[most - 1][1:]):
            break
        if len(group) > 1:
            for half in (group[: len(group) // 2], group[len(group) // 2 :]):
                put(half, look(half))
            continue
        (figure,) = group
        ask.report_stage(f"{moving}: {len(found.effects)} of those that decide found")
        ends = program.ends(figure)
        if ends is None:
            found.in_steps.append(figure)
            continue
        found.effects.append((figure, *ends))
        found.effects.sort(key=lambda one: -swing_musd(*one[1:]))
    del found.effects[most:]
    return found


# --- The figures whose low and high move the cost of a plan most ----------------------------------

_MOST: Final = 10


def estimates(run: Run, scenario: Scenario, inputs: Inputs, ask: Asking, *, most: int = _MOST) -> Estimates:
    """Find the figures whose low and high move the cost of a plan most.

    Each is moved to its low and its high with all others as they are. The change of cost is first order, from the plan
    and its duals: inputs and program are built again with figures moved, and nothing is solved. They are first moved by
    groups, a small step: where a group does little, no figure of it does more.
    """
    refuse_short_view(scenario)
    proof = proof_of(run)
    model = build_model(inputs)
    cuts = model.p.failover if proof is None else stored_cuts(model, proof)
    arrays = Arrays.from_problem(add_cuts(model, cuts).problem)
    if proof is None or not has_program(proof, arrays):
        raise InputError([_no_duals(run)])
    plan = AtPlan(arrays, proof.column("x"), np.nan_to_num(duals_of(proof, arrays)))
    program = PlanProgram(scenario, model, plan, cuts)
    figures = figures_of(inputs.tables)
    found = deciding_figures(program, figures, most, ask)
    rows = [
        {**vars(figure), "rank": rank, "low_musd": low, "high_musd": high, "swing_musd": swing_musd(low, high)}
        for rank, (figure, low, high) in enumerate(found.effects, start=1)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    of = (len(figures), found.without_effect, tuple(found.in_steps), unmoved_figures(inputs.tables))
    made = Estimates(table, *of)
    table.attrs["note"] = note_of(made, _count(run.meta["merged"]))
    return made


def _count(settings: object) -> int:
    """Count the values in settings within settings."""
    return sum(map(_count, settings.values())) if isinstance(settings, Mapping) else 1


def _no_duals(run: Run) -> Problem:
    what_is = "the run stores no program with duals that this version builds from its inputs"
    must_be = "a plan that was solved to its end, by this version, with orders of its own"
    fix = f"solve it again: dcplan solve {run.name}"
    return Problem.of(run.folder or run.name, what_is, must_be, fix)
