"""From a scenario file to a checked plan, decided at once or year by year."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import check_plan
from planner.family.table_columns import codes
from planner.inputs import build_inputs
from planner.inputs.build import PreparedScenario
from planner.inputs.inputs import OrderDates
from planner.model import build_model
from planner.model.contracts import clean_target
from planner.model.demand import ASKS
from planner.results.ended import PLANNED
from planner.results.proof import read_proof
from planner.results.read import read_results
from planner.runs.plan import Plan
from planner.scenario import Scenario, load_scenario
from planner.studies.solve.asking import hear_warnings, plan_session
from planner.studies.solve.conflict import why_no_plan
from planner.studies.solve.solves import NO_HOOKS, STOPPED, FailureCuts, SolveHooks, site_outages
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from planner.base.arrays import Floats, Positions
    from planner.base.errors import Problem
    from planner.check import Verdict
    from planner.inputs.inputs import Inputs
    from planner.lp import Index, Outcome, ProgressEvent, Status
    from planner.lp.start import Start
    from planner.model import Model
    from planner.results.proof import Proof
    from planner.results.store import Results
    from planner.scenario import Changes
    from planner.scenario.schema import Solver

# --- Plans that are decided year by year, with so many model years in view ------------------------
#
# Each step solves the scenario's own program: after the window users ask for nothing, clean power has
# no target and payments do not count, but all other rows stay, so that no step signs or builds what
# later years do not allow. What is decided for good in the step's year is then held for all later
# ones, and in the program of the whole horizon that ends the plan.

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
    """Decide all years before the one whose window reaches the end; a step without a plan raises why."""
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

    Orders of now for years out of view are not placed, so nothing may ask for them, as a target of clean power would
    for idle racks.
    """
    problem = model.problem
    asks = np.zeros(problem.row_count, dtype=np.bool_)
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
    decided = np.full(problem.column_count, never, dtype=np.intp)
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

    A column is one where it is in a row of another year, or in a row without a year that has columns of several.
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
    """Return the model year of each tuple of a list, of vintages that of their beginning, -1 where it has none."""
    years = model.p.sets.year.labels
    name = next((axis for axis in ("year", "vintage") if axis in over.axis_names), None)
    if name is None or not over.size:
        return np.full(over.size, _NONE, dtype=np.intp)
    return np.asarray(codes(over.axis(name).labels, years)[over[name]])


# --- From a scenario file to a checked plan --------------------------------------------------------

_MANY_NONZEROS: Final = 1_000_000
"""Coefficients from which on a program takes so much memory that it is let go before the check."""


class StageTimes:
    """Wall time by stage."""

    def __init__(self, on_stage: Callable[[str], None] | None = None) -> None:
        self._on_stage = on_stage
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of this name."""
        if self._on_stage is not None:
            self._on_stage(name)
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


@with_texts_as_objects
def solve(
    scenario: str | Path | Scenario,
    overrides: Changes = (),
    *,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Callable[[ProgressEvent], None] | None = None,
    on_warning: Callable[[Problem], None] | None = None,
    strict: bool = False,
    interrupt: threading.Event | None = None,
    on_read: Callable[[Scenario, Inputs], None] | None = None,
) -> Plan:
    """Solve a scenario and check the plan.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A file, the name of a shipped scenario, or one already loaded.
    overrides : sequence of str or dict
        Settings as ``key.key=value``, as after ``--set``, or a dict of them.
    on_stage : callable, optional
        Called with each stage as it begins.
    on_progress : callable, optional
        Called with the progress of the solver.
    on_warning : callable, optional
        Called with each figure that is allowed but implausible; `Plan.inputs.warnings` has them.
    strict : bool
        Treat such figures as errors.
    interrupt : threading.Event, optional
        Set it to stop the solver.
    on_read : callable, optional
        Called with question and inputs before anything is solved; an error that it raises ends the solve.

    Returns
    -------
    Plan
        Optimal, or, with `Plan.outcome` saying so, the best plan before a limit was reached.

    Raises
    ------
    InputError
        If scenario or data cannot be used; carries every problem.
    InfeasibleError
        If no plan is feasible; names those that conflict.
    LimitReachedError
        If a limit was reached before there was any plan.
    SolverError
        If the solver failed.

    Examples
    --------
    >>> plan = solve("tiny")
    >>> plan.outcome.status, plan.verdict.ok
    ('optimal', True)
    """
    clock = StageTimes(on_stage)
    with clock.stage("read"):
        scenario = load_scenario(scenario, overrides)
        inputs = build_inputs(scenario)
        hear_warnings(inputs.warnings, on_warning, strict=strict)
        if on_read is not None:
            on_read(scenario, inputs)
    return plan_of(scenario, inputs, clock, hooks=SolveHooks(on_progress, interrupt))


def plan_of(
    scenario: Scenario,
    inputs: Inputs,
    clock: StageTimes,
    *,
    hooks: SolveHooks = NO_HOOKS,
    start: Start | None = None,
    keep_start: Callable[[Start], None] | None = None,
    hold: Callable[[Model], None] | None = None,
    orders_held_before: int | None = None,
) -> Plan:
    """Solve what is read and built already, and check the plan."""
    decided = _decided(scenario, inputs, clock, hooks)
    with clock.stage("build"):
        model = build_model(inputs)
        if decided is not None:
            decided.hold(model)
        if hold is not None:
            hold(model)
        model.forget_sums()
        session = plan_session(model.problem, scenario.solver)
    with clock.stage("solve"):
        if start is not None:
            session.set_columns(integer=np.zeros_like(model.problem.columns().integer))
        like = start if start is not None and session.start_from(start) else None
        cuts = FailureCuts.where_asked(scenario, model)
        solver = with_time_left(scenario.solver, 0.0 if decided is None else decided.seconds)
        outcome = find_plan(model, session, solver, cuts=cuts, like=like, hooks=hooks)
    if not outcome.has_plan:
        years = inputs.years
        # What the last step of a plan decides that takes several.
        view = (years.years[decided.steps], years.last) if decided is not None and decided.columns.size else None
        question = PreparedScenario(scenario, inputs)
        raise why_no_plan(inputs.name, outcome, session, question, model, view, hold)
    if decided is not None and decided.stopped is not None and outcome.status not in STOPPED:
        outcome = replace(outcome, status=decided.stopped)
    if keep_start is not None and (ended := session.start()) is not None:
        keep_start(ended.with_plan(model.problem, outcome.x, outcome.basis))
    del session
    with clock.stage("results"):
        results = read_results(model, outcome, site_outages(model, outcome))
        model.forget_sums()
        proof = read_proof(model.problem, outcome)
    del model, cuts
    sizes = {"rows": len(proof.rows), "columns": len(proof.columns), "nonzeros": len(proof.matrix)}
    if sizes["nonzeros"] > _MANY_NONZEROS:
        gc.collect()  # the program, whose families refer to it: the check needs the room
    with clock.stage("check"):
        verdict = verdict_on(scenario, inputs, results, outcome, proof, orders_held_before=orders_held_before)
    return Plan(scenario, inputs, results, outcome, verdict, clock.seconds, sizes, proof, orders_held_before)


def verdict_on(
    scenario: Scenario, inputs: Inputs, results: Results, outcome: Outcome, proof: Proof, **more: Any
) -> Verdict:
    """Check what the solver found; `more` is of `check_plan`."""
    more |= {"objective_musd": outcome.objective, "bound_musd": outcome.dual_bound, "gap_frac": outcome.gap}
    return check_plan(scenario, inputs, results, status=outcome.status, proof=proof, **more)


def _decided(scenario: Scenario, inputs: Inputs, clock: StageTimes, hooks: SolveHooks) -> Decided | None:
    """Take the decisions of a plan that does not see its whole horizon from the start."""
    if scenario.foresight.window_years is None:
        return None
    with clock.stage("decide"):
        return decide_year_by_year(scenario, inputs, hooks)
