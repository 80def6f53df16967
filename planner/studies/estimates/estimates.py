"""The figures whose low and high move the cost of a plan most."""

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
from planner.inputs.build import refuse_short_view
from planner.inputs.uncertain_figures import UncertainFigure, figures_of, unmoved_figures
from planner.lp.change import Arrays
from planner.model import build_model
from planner.outputs.answer import Answer
from planner.outputs.labels import CANNOT_HOLD, cannot_hold, figure_names, figure_words
from planner.outputs.own_folder import ESTIMATES
from planner.outputs.table_files import records
from planner.studies.estimates.plan_program import SMALL_STEP, AtPlan, Effect, PlanProgram
from planner.studies.solve.at_plan import duals_of, has_program, proof_of
from planner.studies.solve.solves import add_cuts, stored_cuts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.inputs.inputs import Inputs
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


# --- The figures whose low and high move the cost of a plan most ----------------------------------

_MOST: Final = 10


def estimates(run: Run, scenario: Scenario, inputs: Inputs, ask: Asking, *, most: int = _MOST) -> Estimates:
    """Find the figures whose low and high move the cost of a plan most.

    Each figure is moved to its low and its high with all others as they are. The change of cost
    is first order, from the plan and its duals: inputs are built again with the figures moved, and
    of the program what that changes; nothing is solved. Figures are first moved by groups, a small step: where a group
    does little, no figure of it does more.
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
    must_be, fix = "a plan that was solved to its end, by this version", f"solve it again: dcplan solve {run.name}"
    held_before = run.meta.get("orders_held_before")
    if held_before is not None:
        what_is = f"the plan has its orders before {held_before} from a stochastic program"
        must_be = "a plan whose orders are its own"
        fix = "solve the future alone: dcplan solve with its settings, or dcplan sweep with its file"
    return Problem.of(run.folder or run.name, what_is, must_be, fix)


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
