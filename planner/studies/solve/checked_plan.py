"""From a scenario file to a checked plan."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import check_plan
from planner.inputs import build_inputs
from planner.inputs.build import PreparedScenario
from planner.model import build_model
from planner.results.proof import read_proof
from planner.results.read import read_results
from planner.runs.plan import Plan
from planner.scenario import Scenario, load_scenario
from planner.studies.solve.asking import hear_warnings, plan_session
from planner.studies.solve.conflict import why_no_plan
from planner.studies.solve.foresight import Decided, decide_year_by_year, with_time_left
from planner.studies.solve.solves import NO_HOOKS, STOPPED, FailureCuts, SolveHooks, site_outages
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from planner.base.errors import Problem
    from planner.check import Verdict
    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome, ProgressEvent
    from planner.lp.start import Start
    from planner.model import Model
    from planner.results.proof import Proof
    from planner.results.store import Results
    from planner.scenario import Changes

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
        inputs = inputs if cuts is None else cuts.inputs
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
