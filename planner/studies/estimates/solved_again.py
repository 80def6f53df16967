"""Solve again with figures at their low and high, as they were found to decide."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.studies.estimates.table import COLUMNS, NO_EFFECT_MUSD, Again, FoundFigures, first_order_row
from planner.studies.solve.at_plan import fixed_program, integers_fixed, proof_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.inputs.prepared import PreparedScenario
    from planner.inputs.uncertain_figures import UncertainFigure
    from planner.model import Model
    from planner.outputs.run import Run
    from planner.studies.estimates.plan_program import PlanProgram
    from planner.studies.solve.asking import Asking

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
    table = _table_of(found, to_solve, results, most)
    return table, Again(done, len(to_solve.places), seconds, too_slow)


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
    rack = model.install.over["rack"]
    return np.bincount(rack, model.install.value(x), minlength=len(model.p.sets.rack))
