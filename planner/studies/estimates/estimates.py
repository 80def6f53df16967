"""The figures whose low and high move the cost of a plan most."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, LimitReachedError, Problem
from planner.inputs.build import offers_of
from planner.inputs.prepared import PreparedScenario, refuse_short_view
from planner.inputs.uncertain_figures import figures_of, unmoved_figures
from planner.lp.change import Arrays
from planner.model import build_model
from planner.studies.estimates.plan_program import SMALL_STEP, AtPlan, Effect, PlanProgram
from planner.studies.estimates.solved_again import solved_again
from planner.studies.estimates.table import (
    COLUMNS,
    NO_EFFECT_MUSD,
    Estimates,
    FoundFigures,
    first_order_row,
    note_of,
    swing_musd,
)
from planner.studies.solve.at_plan import duals_of, has_program, proof_of
from planner.studies.solve.failover import add_cuts, stored_cuts

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.inputs.inputs import Inputs
    from planner.inputs.uncertain_figures import UncertainFigure
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.studies.solve.asking import Asking

_MOST: Final = 10


def estimates(
    run: Run,
    scenario: Scenario,
    inputs: Inputs,
    ask: Asking,
    *,
    resolve: bool = False,
    seconds: float = math.inf,
    most: int = _MOST,
) -> Estimates:
    """Find the figures whose low and high move the cost of a plan most.

    Each figure is moved to its low and its high with all others as they are. The change of cost
    is first order, from the plan and its duals: inputs are built again with the figures moved, and
    of the program what that changes; nothing is solved. Figures are first moved by groups, a small step: where a group
    does little, no figure of it does more.
    Takes `seconds` [s].

    `resolve`: Solve again with each of the figures found at its low and its high, integers as they are; and with
    those that count in steps where they take away what the plan makes use of, to rank them with the others.
    """
    refuse_short_view(scenario)
    proof = proof_of(run)
    model = build_model(inputs)
    if proof is None:
        raise InputError([_no_duals(run)])
    cuts = stored_cuts(model, proof)
    arrays = Arrays.from_problem(add_cuts(model, cuts).problem)
    if not has_program(proof, arrays):
        raise InputError([_no_duals(run)])
    plan = AtPlan(arrays, proof.column("x"), np.nan_to_num(duals_of(proof, arrays)))
    program = PlanProgram(scenario, offers_of(scenario, inputs.tables), model, plan, cuts)
    figures = figures_of(inputs.tables)
    found = deciding_figures(program, figures, most, ask.report_stage, ask.interrupt)
    if resolve:
        table, again = solved_again(found, program, PreparedScenario(scenario, inputs), ask, run, most, seconds)
    else:
        again = None
        rows = [first_order_row(rank, *one) for rank, one in enumerate(found.effects, start=1)]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
    unmoved = unmoved_figures(inputs.tables)
    in_steps = tuple(found.in_steps)
    made = Estimates(table, len(figures), found.without_effect, in_steps, unmoved, again)
    table.attrs["note"] = note_of(made, _count(run.meta["merged"]))
    return made


def _count(settings: object) -> int:
    """Count the values in settings within settings."""
    return sum(map(_count, settings.values())) if isinstance(settings, Mapping) else 1


def _no_duals(run: Run) -> Problem:
    held_before = run.meta.get("orders_held_before")
    if held_before is not None:
        return Problem.of(
            str(run.folder or run.name),
            f"the plan has its orders before {held_before} from a stochastic program",
            "a plan whose orders are its own",
            "solve the future alone: dcplan solve with its settings, or dcplan sweep with its file",
        )
    return Problem.of(
        str(run.folder or run.name),
        "the run stores no program with duals that this version builds from its inputs",
        "a plan that was solved to its end, by this version",
        f"solve it again: dcplan solve {run.name}",
    )


# --- The figures with the largest effects, found by groups that are split -------------------------

_BEND: Final = 1.5
"""The whole way may do so many times what a small step, scaled, says; a figure in a power does."""


def deciding_figures(
    program: PlanProgram,
    figures: Sequence[UncertainFigure],
    most: int,
    report: Callable[[str], None],
    interrupt: threading.Event | None,
) -> FoundFigures:
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
        if interrupt is not None and interrupt.is_set():
            raise LimitReachedError("stopped before it was clear which figures decide")
        return program.moved([(figure, figure.further) for figure in group], SMALL_STEP)

    moving = "Moving figures to their low and high"
    for number, group in enumerate(groups.values(), start=1):
        report(f"{moving}: column {number} of {len(groups)}")
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
        report(f"{moving}: {len(found.effects)} of those that decide found")
        ends = program.ends(figure)
        if ends is None:
            found.in_steps.append(figure)
            continue
        found.effects.append((figure, *ends))
        found.effects.sort(key=lambda one: -swing_musd(*one[1:]))
    del found.effects[most:]
    return found
