"""Plans that are decided year by year, with so many model years in view.

Each step solves the scenario's own program: after the window users ask for nothing, clean power has
no target and payments do not count, but all other rows stay, so that no step signs or builds what
later years do not allow.
What is decided for good in the step's year is then held for all later ones, and in the program of
the whole horizon that ends the plan.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.family.table_columns import codes
from planner.inputs.build import PreparedScenario
from planner.inputs.inputs import OrderDates
from planner.model import build_model
from planner.model.contracts import clean_target
from planner.model.demand import ASKS
from planner.results.ended import PLANNED
from planner.studies.solve.asking import plan_session
from planner.studies.solve.conflict import why_no_plan
from planner.studies.solve.solves import NO_HOOKS, FailureCuts
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats, Positions
    from planner.inputs.inputs import Inputs
    from planner.lp import Index, Status
    from planner.model import Model
    from planner.scenario import Scenario
    from planner.scenario.schema import Solver
    from planner.studies.solve.solves import SolveHooks

_NONE: Final = -1  # of no model year
_FOR_DEMAND: Final = ("install", "lot_racks", "holds")
"""Blocks of columns that only demand of their own year and later calls for."""
_SOON: Final = 1e-6  # [year]: dates that rounding brought before the first of January


@dataclass(frozen=True)
class Decided:
    """Decisions that steps before the last have taken."""

    columns: Positions  # places of the columns that are decided
    value: Floats  # value of each
    steps: int = 0  # how many steps took them: the position of the model year that is decided next
    seconds: float = 0.0  # time that these steps took. [s]
    stopped: Status | None = None  # status of a step that a limit cut short, None where each was solved as asked

    def hold(self, model: Model) -> None:
        """Hold a program to what is decided."""
        model.problem.hold(self.columns, self.value, self.value)


def decide_year_by_year(scenario: Scenario, inputs: Inputs, hooks: SolveHooks = NO_HOOKS) -> Decided:
    """Decide all years before the one whose window reaches the end of the horizon.

    A step without a plan ends with the error that says why.
    """
    window = scenario.foresight.window_years
    years = inputs.years
    steps = 0 if window is None else max(0, len(years) - window)
    decided = Decided(np.zeros(0, dtype=np.intp), np.zeros(0))
    if not steps or window is None:
        return decided
    began = time.perf_counter()
    dates = OrderDates(scenario, inputs) if scenario.foresight.decides == "orders" else None
    for first in range(steps):
        last = first + window - 1
        model = build_model(inputs, int(years.last_calendar_years[last]))
        problem, decides = model.problem, decided_in(model, dates)
        _look_to(model, first, last, decides)
        decided.hold(model)
        session, cuts = plan_session(problem, scenario.solver), FailureCuts.where_asked(scenario, model)
        # A search takes all the time it is given, and the steps after it need theirs.
        solver = with_time_left(scenario.solver, time.perf_counter() - began, steps + 1 - first)
        outcome = find_plan(model, session, solver, cuts=cuts, hooks=hooks)
        if not outcome.has_plan:
            view, question = (years.years[first], years.years[last]), PreparedScenario(scenario, inputs)
            raise why_no_plan(inputs.name, outcome, session, question, model, view)
        bounds, columns = problem.columns(), np.flatnonzero(decides <= first)
        value = np.clip(outcome.x[columns], bounds.lower[columns], bounds.upper[columns])
        value = np.where(bounds.integer[columns], np.round(value), value)
        stopped = decided.stopped if outcome.status in PLANNED else outcome.status
        decided = Decided(columns, value, first + 1, time.perf_counter() - began, stopped)
    return decided


def with_time_left(solver: Solver, spent_s: float, steps: int = 1) -> Solver:
    """Return the settings of a solver with what is left of their time limit for the next step."""
    return solver.model_copy(update={"time_limit_s": max(solver.time_limit_s - spent_s, 0.0) / steps})


def _look_to(model: Model, first: int, last: int, decides: Positions) -> None:
    """Leave of a program what counts up to a model year.

    Orders of now for years that are out of view are not placed, so nothing may ask for them: a
    target of clean power would, for the power that racks draw when they do nothing.
    """
    problem = model.problem
    asks = np.zeros(problem.numConstraints(), dtype=np.bool_)
    for name in {rows.name for rows in (*ASKS, clean_target)} & {*problem.row_block_names}:
        asks[problem.row_block(name)] = problem.rows_over(name)["year"] > last
    problem.free(asks)
    years = [year_of(problem.columns_over(name), model) for name in problem.column_block_names]
    unseen = (np.concatenate(years) > last) & (decides <= first)
    # Nobody asks for them there: racks and blocks of chance would only have to be made whole.
    for name in _FOR_DEMAND:
        unseen[problem.column_block(name)] |= year_of(problem.columns_over(name), model) > last
    held, bounds = np.flatnonzero(unseen), problem.columns()
    nothing = np.clip(0.0, bounds.lower[held], bounds.upper[held])
    problem.hold(held, nothing, nothing)


def decided_in(model: Model, dates: OrderDates | None) -> Positions:
    """Return the model year in which each decision is taken for good."""
    problem = model.problem
    never = len(model.p.years)
    decided = np.full(problem.numVariables(), never, dtype=np.intp)
    latest = {} if dates is None else latest_orders(model, dates)
    opens = model.year
    for name in sorted(commitments(model)):
        own = year_of(problem.columns_over(name), model)
        taken = np.where(own == _NONE, never, own)
        if name in latest:
            taken = np.clip(np.searchsorted(opens, latest[name] + _SOON, side="right") - 1, 0, taken)
        decided[problem.column_block(name)] = taken
    return decided


def latest_orders(model: Model, dates: OrderDates) -> Mapping[str, Floats]:
    """Return the last moment at which each decision that has a lead time can be ordered. Gives [year]."""

    def at(name: str, by: str, moments: Floats) -> Floats:
        over = model.problem.columns_over(name)
        return moments[over[by], over["year"]]

    p = model.p.halls
    halls = np.where(p.is_committed, model.year[p.build["year"]], at("build", "site", dates.hall))
    return {
        **{"build": halls, "phases": halls[p.build.find(model.problem.columns_over("phases"))]},
        **{"expand": at("expand", "site", dates.connection), "connect_mw": at("connect_mw", "site", dates.non_firm)},
        **{name: at(name, "source", dates.source) for name in ("source_mw", "store_mwh", "has_plant")},
        "signed_mw": at("signed_mw", "contract", dates.contract),
    }


def commitments(model: Model) -> frozenset[str]:
    """Return the blocks of columns that bind other years than their own, and all integers.

    Found in the program itself: a column is one where it is in a row of another year, or in a row
    without a year that has columns of several.
    """
    problem = model.problem
    blocks = np.array(problem.column_block_names, dtype=object)
    overs = [problem.columns_over(name) for name in blocks]
    of_column = np.repeat(np.arange(len(blocks)), [over.size for over in overs])
    column_year = np.concatenate([year_of(over, model) for over in overs])
    row_year = np.concatenate([year_of(problem.rows_over(name), model) for name in problem.row_block_names])
    matrix = problem.matrix()
    row, column = matrix.row_of_value(), matrix.column
    known = column_year[column] != _NONE
    row, column = row[known], column[known]
    first, last = np.full(matrix.rows, len(model.p.years)), np.full(matrix.rows, _NONE)
    np.minimum.at(first, row, column_year[column])
    np.maximum.at(last, row, column_year[column])
    binds = np.where(row_year[row] == _NONE, first[row] < last[row], column_year[column] != row_year[row])
    is_integer = problem.columns().integer
    return frozenset(blocks[of_column[column[binds]]]) | frozenset(blocks[of_column[np.flatnonzero(is_integer)]])


def year_of(over: Index, model: Model) -> Positions:
    """Return the model year of each tuple of a list, -1 where it has none.

    A list of vintages has the years in which they begin; those before the plan are of none.
    """
    years = model.p.sets.year.labels
    name = next((axis for axis in ("year", "vintage") if axis in over.axis_names), None)
    if name is None or not over.size:
        return np.full(over.size, _NONE, dtype=np.intp)
    return np.asarray(codes(over.axis(name).labels, years)[over[name]])
