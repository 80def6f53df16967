"""The figures whose low and high move the cost of a plan most."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, LimitReachedError, Problem
from planner.inputs.build import build_inputs_from
from planner.inputs.figures import Figure, figures_of, with_values
from planner.inputs.question import Question
from planner.lp.change import Arrays
from planner.model import build_model
from planner.studies.estimates.aligned import aligned
from planner.studies.estimates.first_order import AtPlan, Effect
from planner.studies.solve.at_plan import fixed_program, has_program, integers_fixed, proof_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.inputs.inputs import Inputs
    from planner.model import Model
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.studies.solve.asking import Asking

__all__ = ["COLUMNS", "Estimates", "estimates"]

COLUMNS: Final = (
    "rank",
    "table",
    "item",
    "column",
    "unit",
    "kind",
    "value",
    "low",
    "high",
    "low_musd",
    "high_musd",
    "swing_musd",
    "low_resolved_musd",
    "high_resolved_musd",
    "racks_moved_mw",
    "source",
)
_MOST: Final = 10
_NO_EFFECT_MUSD: Final = 1e-6
_SMALL_STEP: Final = 0.001  # of the way to the low or high


@dataclass(frozen=True, eq=False)
class Estimates:
    """Which figures decide.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`, the figure that moves the cost most first. Its effects are changes of the cost
        of the plan at the low and at the high end; those found by solving again are missing where
        that was not asked for, `racks_moved_mw` is how much of what is bought becomes another
        rack, at the end where that is more.
    figures : int
        How many figures have a low and a high.
    without_effect : int
        Of these, those that the plan does not depend on.
    unknown : tuple of str
        Those whose low or high changes what can be done when, as lead times do, or makes no valid
        input: first order says nothing of them.
    """

    table: pd.DataFrame
    figures: int
    without_effect: int
    unknown: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Program:
    """The program of a plan, and the same with other figures."""

    scenario: Scenario
    inputs: Inputs
    model: Model
    plan: AtPlan

    def with_figures(self, values: Sequence[tuple[Figure, float]]) -> Arrays | None:
        """Build it with other values of figures, in the rows and columns of the plan.

        None where they make no valid input, or take away what the plan makes use of.
        """
        tables = with_values(self.inputs.tables, values)
        try:
            model = build_model(build_inputs_from(self.scenario, tables))
        except InputError:
            return None
        plan = self.plan
        return aligned(self.model.problem, model.problem, plan.arrays, plan.x, plan.row_dual)

    def effect(self, values: Sequence[tuple[Figure, float]]) -> Effect | None:
        """Return what other values do to the cost at first order; None as `with_figures`.

        Where they take away what the plan makes use of, as a rack that is then no longer on offer,
        a small step towards them does not, and is taken that many times.
        """
        for step in (1.0, _SMALL_STEP):
            stepped = [(one, one.value + step * (end - one.value)) for one, end in values]
            built = self.with_figures(stepped)
            if built is not None:
                effect = self.plan.effect(built)
                return Effect(effect.musd / step, effect.most_musd / step)
        return None


@dataclass
class _Found:
    """What a search has found so far."""

    effects: list[tuple[Figure, float, float]] = field(default_factory=list)
    unknown: list[Figure] = field(default_factory=list)
    without_effect: int = 0


def estimates(
    run: Run,
    scenario: Scenario,
    inputs: Inputs,
    ask: Asking,
    *,
    resolve: bool = False,
    most: int = _MOST,
) -> Estimates:
    """Find the figures whose low and high move the cost of a plan most.

    Each figure is moved to its low and its high with all others as they are. The change of cost
    is first order, from the plan and its duals; the program is built again for it, not solved.
    Figures are first moved by groups: where a group does little, no figure of it does more.

    Parameters
    ----------
    run : Run
        Its program, plan and duals.
    scenario, inputs
        What it was made of.
    ask : Asking
        Is told how far it is, and solves.
    resolve : bool
        Solve again with each of the figures found at its low and its high, integers as they are.
    most : int
        How many figures to find.

    Raises
    ------
    InputError
        If the run has no duals, or this version builds another program from its inputs.
    LimitReachedError
        If it was stopped.
    """
    proof = proof_of(run)
    model = build_model(inputs)
    arrays = Arrays.of(model.problem)
    if proof is None or not has_program(proof, arrays):
        raise InputError([_no_duals(run)])
    plan = AtPlan(arrays, proof.column("x"), np.nan_to_num(proof.row("dual")))
    program = _Program(scenario, inputs, model, plan)
    figures = figures_of(inputs.tables)
    found = _search(program, figures, most, ask.report_stage, ask.interrupt)
    rows = [_row(rank, *one) for rank, one in enumerate(found.effects, start=1)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if resolve:
        chosen = [figure for figure, _, _ in found.effects]
        table = _resolved(table, chosen, program, model, ask, run)
    unknown = tuple(f"{one.table}: {one.item}" for one in found.unknown)
    return Estimates(table, len(figures), found.without_effect, unknown)


def _no_duals(run: Run) -> Problem:
    return Problem(
        str(run.folder or run.name),
        None,
        None,
        "the run stores no program with duals that this version builds from its inputs",
        "a plan that was solved to its end, by this version",
        f"solve it again: dcplan solve {run.name}",
    )


def _search(
    program: _Program,
    figures: Sequence[Figure],
    most: int,
    report: Callable[[str], None],
    interrupt: threading.Event | None,
) -> _Found:
    """Find the figures with the largest effects, groups that may hold them first."""
    found, order = _Found(), count()
    queue: list[tuple[float, int, list[Figure]]] = []
    groups: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((figure.table, figure.column), []).append(figure)
    open_figures = len(figures)

    def look(group: list[Figure]) -> None:
        nonlocal open_figures
        if interrupt is not None and interrupt.is_set():
            message = "stopped before it was clear which figures decide"
            raise LimitReachedError(message)
        report(f"Moving figures to their low and high: {open_figures} of {len(figures)} left")
        effect = program.effect([(figure, figure.further) for figure in group])
        if effect is None and len(group) == 1:
            found.unknown += group
            open_figures -= 1
        elif effect is not None and effect.most_musd <= _NO_EFFECT_MUSD:
            found.without_effect += len(group)
            open_figures -= len(group)
        else:  # a group whose effect is unknown is split before all others
            bound = np.inf if effect is None else effect.most_musd
            heapq.heappush(queue, (-bound, next(order), group))

    for group in groups.values():
        look(group)
    while queue:
        bound, _, group = heapq.heappop(queue)
        if len(found.effects) >= most and -bound <= _swing(found.effects[most - 1]):
            break
        if len(group) > 1:
            middle = len(group) // 2
            look(group[:middle])
            look(group[middle:])
            continue
        (figure,) = group
        open_figures -= 1
        ends = [program.effect([(figure, end)]) for end in (figure.low, figure.high)]
        if any(end is None for end in ends):
            found.unknown.append(figure)
            continue
        low, high = (end.musd for end in ends if end is not None)
        found.effects.append((figure, low, high))
        found.effects.sort(key=lambda one: -_swing(one))
    del found.effects[most:]
    return found


def _swing(one: tuple[Figure, float, float]) -> float:
    _, low, high = one
    return max(abs(low), abs(high))


def _row(rank: int, figure: Figure, low_musd: float, high_musd: float) -> dict[str, object]:
    return {
        "rank": rank,
        "table": figure.table,
        "item": figure.item,
        "column": figure.column,
        "unit": figure.unit,
        "kind": figure.kind,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "low_musd": low_musd,
        "high_musd": high_musd,
        "swing_musd": _swing((figure, low_musd, high_musd)),
        "low_resolved_musd": np.nan,
        "high_resolved_musd": np.nan,
        "racks_moved_mw": np.nan,
        "source": figure.source,
    }


def _resolved(
    table: pd.DataFrame,
    figures: Sequence[Figure],
    program: _Program,
    model: Model,
    ask: Asking,
    run: Run,
) -> pd.DataFrame:
    """Solve again with each figure at its low and its high, from the plan and its duals."""
    question = Question(program.scenario, program.inputs)
    fixed = fixed_program(question, model, ask, proof_of(run))
    ask.report_stage("Solving the program as it is")
    before = ask.solve_session(question, fixed.session)
    bought = _racks_bought(model, before.x)
    table = table.copy()
    for at, figure in enumerate(figures):
        moved = []
        for name, value in (("low", figure.low), ("high", figure.high)):
            done = f"{at + 1} of {len(figures)}"
            ask.report_stage(f"Solving again: figure {done} at its {name}")
            built = program.with_figures([(figure, value)])
            if built is None:
                continue
            fixed.session.take(integers_fixed(model, built, program.plan.x))
            after = ask.solve_session(question, fixed.session)
            if after.status != "optimal":
                continue
            table.loc[at, f"{name}_resolved_musd"] = after.objective - before.objective
            moved.append(float(np.abs(_racks_bought(model, after.x) - bought).sum()) / 2.0)
        table.loc[at, "racks_moved_mw"] = max(moved, default=np.nan)
    return table


def _racks_bought(model: Model, x: np.ndarray) -> np.ndarray:
    """Return what is bought of each rack in all years. [MW]"""
    rack = model.install.over["rack"]
    return np.bincount(rack, model.install.value(x), minlength=len(model.p.sets.rack))
