"""The figures whose low and high move the cost of a plan most."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, LimitReachedError, Problem
from planner.inputs.build import PreparedScenario, offers_of, refuse_short_view
from planner.inputs.uncertain_figures import figures_of, unmoved_figures
from planner.lp.change import Arrays
from planner.model import build_model
from planner.studies.estimates.plan_program import SMALL_STEP, AtPlan, Effect, PlanProgram
from planner.studies.estimates.table import (
    COLUMNS,
    NO_EFFECT_MUSD,
    Again,
    Estimates,
    FoundFigures,
    first_order_row,
    note_of,
    swing_musd,
)
from planner.studies.solve.at_plan import duals_of, fixed_program, has_program, integers_fixed, proof_of
from planner.studies.solve.failover import add_cuts, stored_cuts

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.inputs.inputs import Inputs
    from planner.inputs.uncertain_figures import UncertainFigure
    from planner.model import Model
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.studies.solve.asking import Asking

# --- Solve again with figures at their low and high, as they were found to decide -----------------

_ENDS: Final = ("low", "high")


def solved_again(
    found: FoundFigures,
    program: PlanProgram,
    question: PreparedScenario,
    ask: Asking,
    run: Run,
    most: int,
    seconds: float,
) -> tuple[pd.DataFrame, Again]:
    """Solve again with each figure at its low and its high, from the plan and its duals."""
    began, model = time.perf_counter(), program.model

    def left_s() -> float:
        return max(0.0, began + seconds - time.perf_counter())

    fixed = fixed_program(question, model, ask, proof_of(run))
    to_solve = _ends_to_solve(found, program)
    ask.report_stage("Solving the program as it is")
    left = left_s()
    before = ask.solve_session(question, fixed.session, most_s=left)
    if before.status == "time_limit":
        ends = len(to_solve.places)
        is_own_limit = left > question.scenario.solver.time_limit_s
        none_solved = Again(0, ends, seconds, ends if is_own_limit else 0)
        return _table_of(found, to_solve, {}, most), none_solved
    bought = _racks_bought(model, before.x)

    def solved(figure: UncertainFigure, end: float, *, in_steps: bool) -> tuple[float, float] | None:
        """Return the change of cost [MUSD] and the racks that become others [MW].

        None where there is no plan, or none can be stated.
        """
        if not left_s():
            raise TimeoutError
        inputs = program.inputs_with([(figure, end)], other_offers=in_steps)
        built = None if inputs is None else program.arrays_of(inputs, without_used=in_steps)
        if built is None:
            return None
        x = np.clip(program.plan.x, built.columns.lower, built.columns.upper)
        fixed.session.take(integers_fixed(model, built, x))
        left = left_s()
        after = ask.solve_session(question, fixed.session, most_s=left)
        if after.status == "time_limit":
            raise _TooSlow if left > question.scenario.solver.time_limit_s else TimeoutError
        if after.status != "optimal":
            return None
        moved = float(np.abs(_racks_bought(model, after.x) - bought).sum()) / 2.0
        return after.objective - before.objective, moved

    results: dict[tuple[int, str], tuple[float, float]] = {}
    done = too_slow = 0
    for at, name in to_solve.places:
        figure = to_solve.figures[at]
        so_far = f"{done} of {len(to_solve.places)} ends, {time.perf_counter() - began:.0f} s"
        of_all = f" of at most {seconds:.0f} s" if math.isfinite(seconds) else ""
        ask.report_stage(f"Solving again: {so_far}{of_all}; now the {name} of {figure.item}")
        try:
            again = solved(figure, getattr(figure, name), in_steps=at >= to_solve.ranked)
        except _TooSlow:
            too_slow += 1
            continue
        except TimeoutError:
            break
        done += 1
        if again is not None:
            results[at, name] = again
    return _table_of(found, to_solve, results, most), Again(done, len(to_solve.places), seconds, too_slow)


def _table_of(
    found: FoundFigures, to_solve: _Ends, results: Mapping[tuple[int, str], tuple[float, float]], most: int
) -> pd.DataFrame:
    """Make the table of figures whose ends were solved again, ranked by what that found."""
    rows = []
    for at, figure in enumerate(to_solve.figures):
        ends = {name: results[at, name] for name in _ENDS if (at, name) in results}
        effects = found.effects[at][1:] if at < to_solve.ranked else (np.nan, np.nan)
        row = first_order_row(at + 1, figure, *effects)
        row |= {f"{name}_resolved_musd": musd for name, (musd, _) in ends.items()}
        row["racks_moved_mw"] = max((mw for _, mw in ends.values()), default=np.nan)
        if at >= to_solve.ranked:
            row["swing_musd"] = max((abs(musd) for musd, _ in ends.values()), default=0.0)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table[table["swing_musd"] > NO_EFFECT_MUSD]
    table = table.sort_values("swing_musd", ascending=False, kind="stable").head(most)
    return table.assign(rank=range(1, len(table) + 1)).reset_index(drop=True)


class _TooSlow(Exception):  # as TimeoutError, of one solve
    """A solve reached the scenario's own limit while there is time for others."""


@dataclass(frozen=True)
class _Ends:
    """Figures to solve again with, and at which of their ends.

    `figures` begins with the `ranked` ones, in the order of first order; `places` are the number
    of a figure and its end, in the order in which they are solved.
    """

    figures: tuple[UncertainFigure, ...]
    ranked: int
    places: tuple[tuple[int, str], ...]


def _ends_to_solve(found: FoundFigures, program: PlanProgram) -> _Ends:
    """List the ends to solve again: of those found, then of steps that only take away."""
    ranked = [figure for figure, _, _ in found.effects]
    stepped: list[UncertainFigure] = []
    places = [(at, name) for at in range(len(ranked)) for name in _ENDS]
    for figure in found.in_steps:
        less = [name for name in _ENDS if program.only_takes_away(figure, getattr(figure, name))]
        if less:
            places += [(len(ranked) + len(stepped), name) for name in less]
            stepped.append(figure)
    return _Ends((*ranked, *stepped), len(ranked), tuple(places))


def _racks_bought(model: Model, x: np.ndarray) -> np.ndarray:
    """Return what is bought of each rack in all years. [MW]"""
    return np.bincount(model.install.over["rack"], model.install.value(x), minlength=len(model.p.sets.rack))


# --- The figures whose low and high move the cost of a plan most ----------------------------------

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
