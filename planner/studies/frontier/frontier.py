"""The least cost for each level of something else: epsilon constraints, one after the other, warm.

The measure is a column of its own, whose upper bound moves; the reduced cost of that column is the
slope of the frontier. Each step starts from the basis of the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.words import within_sentence
from planner.inputs.prepared import PreparedScenario
from planner.lp import UNIT
from planner.model import build_model
from planner.model.money import objective_musd, penalty_musd
from planner.outputs.frontier import COLUMNS, Frontier
from planner.results.store import cleaned
from planner.scenario import Scenario, load_scenario
from planner.studies.frontier.measures import (
    LEAST_SERVED_KH100E_YEARS,
    MEASURES,
    FrontierMeasure,
    measure_of,
    users_served,
)
from planner.studies.solve.asking import Asking, Pace, with_plan
from planner.studies.solve.at_plan import plan_session
from planner.studies.solve.failover import FailureCuts
from planner.studies.solve.solves import Solves

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.lp import Expression, Outcome
    from planner.model import Model
    from planner.scenario import Changes

_SLACK_FRAC: Final = 1e-7
"""By how much an end may be missed, so that rounding leaves a plan. [-]"""
_FEWEST: Final = 3
"""Points: both ends and one between them, or there is no knee."""
_BEFORE_POINTS: Final = 2
"""Solves before the points: the plan of least cost, and the least of the measure."""
_COLUMN: Final = "frontier_measure"
_HELD: Final = {
    "unmet": "Unmet demand",
    "rented": "Rented compute",
    "served": "What own sites serve of each region, workload and year",
}
_MOST_COST: Final = "frontier_most_cost"
_NO_TRADE: Final = 1e-6  # relative width of a frontier that is a point


def frontier(
    scenario: str | Path | Scenario,
    against: str,
    *,
    points: int = 9,
    most_cost_frac: float | None = None,
    overrides: Changes = (),
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Frontier:
    """Trace the least cost of a scenario for each level of a measure.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A file, the name of a shipped scenario, or one already loaded.
    against : str
        Name of a measure: ``carbon``, ``water``, ``unmet``, ``rented``, ``latency``,
        ``connection``, ``largest``, ``zone:ID`` or ``site:ID``.
    points : int
        How many points, both ends among them; at least 3.
    most_cost_frac : float, optional
        How much above the least cost the other end may be; by default whatever the least of the
        measure costs. [-]
    overrides : sequence of str or dict
        Settings as after ``--set``, or a dict of them.
    on_stage : callable, optional
        Called with each solve.
    interrupt : threading.Event, optional
        Set it to stop.

    Returns
    -------
    Frontier
        Of the program without integrality. Unmet demand is held at its level in the plan of least
        cost, or every measure would fall by serving less; not where it is the measure. For latency
        so are rented compute, whose users' round trips are not known, and what own sites serve of
        each region, workload and year, over which it is a mean.

    Raises
    ------
    InputError
        If the scenario cannot be used, there is no such measure, it is a mean over nothing,
        `points` is less than 3, or `most_cost_frac` is not above 0.
    InfeasibleError
        If it has no plan.
    LimitReachedError, SolverError
        If a limit stopped it, or the solver failed.

    Examples
    --------
    >>> found = frontier("tiny", "largest", points=3)
    >>> found.table["extra_musd"].round(2).tolist()[0]
    0.0
    """
    if points < _FEWEST:
        raise InputError([Problem.of("frontier", f"points is {points}", f"{_FEWEST} or more")])
    if most_cost_frac is not None and not 0.0 < most_cost_frac < np.inf:
        message = f"most_cost_frac is {most_cost_frac:g}"
        raise InputError([Problem.of("frontier", message, "a share above 0")])
    scenario = load_scenario(scenario, overrides)
    question = PreparedScenario.from_scenario(scenario)
    tracer = _Tracer(question, Asking(on_stage or (lambda _: None), interrupt), points)
    return tracer.trace(against, most_cost_frac)


class _Tracer:
    """A program with a column for the measure and one for extra cost, in one session."""

    def __init__(self, question: PreparedScenario, ask: Asking, points: int) -> None:
        self._question, self._ask, self._points = question, ask, points
        self._pace, self._solves = Pace(), 0
        self._slack: dict[str, Floats] = {}  # of rows that hold something
        self._model = build_model(question.inputs)
        self._cost, self._penalty = objective_musd(self._model), penalty_musd(self._model)
        self._measure: FrontierMeasure
        self._built: Expression
        self._others: dict[str, Callable[[Floats], float]]
        self._session = plan_session(self._model.problem, question.scenario.solver, ends_at_gap=False)
        self._cuts = FailureCuts.where_asked(question.scenario, self._model)

    def trace(self, against: str, most_cost_frac: float | None) -> Frontier:
        model, problem = self._model, self._model.problem
        measure = self._measure = measure_of(against, model)
        is_relaxed = problem.isMIP()
        least = self._solve("the plan of least cost")
        built = self._built = _as_one(measure, model, least)
        held = self._hold(least, measure)
        problem.rows("frontier_level", problem.variable(_COLUMN, UNIT, lower=-np.inf) == built)
        self._others = {one.name: one.reader(model) for one in MEASURES if one.name not in {measure.name, "largest"}}
        if most_cost_frac is not None:
            limit = least.objective + abs(least.objective) * most_cost_frac
            problem.rows(_MOST_COST, self._cost <= limit)
        self._session.update(problem)
        first = self._solve("the plan of least cost, measured")
        high = float(built.value(first.x)[0])
        problem.minimise(built)
        self._session.update(problem)
        least_of_it = self._solve(f"the least of {within_sentence(measure.label)}")
        low = least_of_it.objective
        is_floor = self._is_floor(least_of_it)
        by_slack = self._had_by_slack(least_of_it)
        problem.minimise(self._cost)
        self._session.update(problem)
        low = min(low + _SLACK_FRAC * max(abs(low), abs(high), 1.0), high)
        rows = [self._row(first, 0.0)]
        width = high - low
        if width > _NO_TRADE * max(abs(high), 1.0) + 2.0 * by_slack:
            for at in range(1, self._points):
                most = high - width * at / (self._points - 1)
                rows.append(self._point(most, at))
            if is_floor:
                rows[-1] |= {"slope_musd_per_unit": np.nan, "price": np.nan}
        table = _finished(rows)
        name = self._question.scenario.name
        return Frontier(name, measure.name, measure.label, measure.unit, measure.price_unit, table, is_relaxed, held)

    def _is_floor(self, least_of_it: Outcome) -> bool:
        """Return whether no plan has less of the measure, whatever it costs."""
        problem = self._model.problem
        if _MOST_COST not in problem.row_block_names:
            return True
        return not least_of_it.row_dual[problem.row_block(_MOST_COST)].any()

    def _had_by_slack(self, least_of_it: Outcome) -> float:
        """Return how much less of the measure there is by the slack of what is held, about."""
        problem, less = self._model.problem, 0.0
        for name, slack in self._slack.items():
            dual = least_of_it.row_dual[problem.row_block(name)]
            less += float((np.abs(dual) * slack).sum())
        return less

    def _hold(self, least: Outcome, measure: FrontierMeasure) -> tuple[str, ...]:
        """Keep what would be given up in place of cost at its level in the plan of least cost."""
        model, held = self._model, []
        for name, column in (("unmet", model.unmet), ("rented", model.rented)):
            if name not in measure.holds or not column.over.size:
                continue
            total = column.total()
            most = float(total.value(least.x)[0])
            self._hold_within(f"frontier_held_{name}", total, np.array([most]))
            held.append(_HELD[name])
        if "served" in measure.holds:
            served = users_served(model)
            now = served.value(least.x)
            self._hold_within("frontier_most_served", served, now)
            self._hold_within("frontier_least_served", -served, -now)
            held.append(_HELD["served"])
        return tuple(held)

    def _hold_within(self, name: str, held: Expression, most: Floats) -> None:
        """Hold expressions at or below their values, but for a slack that leaves a plan."""
        slack = _SLACK_FRAC * np.maximum(np.abs(most), 1.0)
        self._model.problem.rows(name, held <= most + slack)
        self._slack[name] = slack

    def _point(self, most: float, at: int) -> dict[str, object]:
        columns = self._model.problem.columns()
        upper = columns.upper.copy()
        column = self._model.problem.column_block(_COLUMN).start
        upper[column] = most
        outcome = self._solve(f"point {at + 1} of the frontier", columns.lower, upper)
        return self._row(outcome, float(outcome.reduced_cost[column]))

    def _row(self, outcome: Outcome, slope: float) -> dict[str, object]:
        return {
            "measure": float(self._built.value(outcome.x)[0]),
            "cost_musd": outcome.objective,
            "penalty_musd": float(cleaned(self._penalty.value(outcome.x))[0]),
            "slope_musd_per_unit": slope,
            "price": -slope * self._measure.price_per_musd + 0.0,
            **{name: value_at(outcome.x) for name, value_at in self._others.items()},
        }

    def _solve(self, what: str, lower: Floats | None = None, upper: Floats | None = None) -> Outcome:
        """Solve without integrality, from the last basis; a stop ends the study."""
        how_far = self._pace.describe(self._solves, self._points + _BEFORE_POINTS)
        self._ask.report_stage(f"Solving: {what} ({how_far})")
        self._solves += 1
        scenario = self._question.scenario
        solves = Solves(self._model, self._session, scenario.solver, self._cuts, None, self._ask.interrupt)
        columns = self._model.problem.columns()
        outcome = solves.solve_within(
            columns.lower if lower is None else lower, columns.upper if upper is None else upper
        )
        outcome = solves.exact(outcome)
        return with_plan(outcome, scenario.name, "the frontier was traced", good={"optimal"})


def _as_one(measure: FrontierMeasure, model: Model, least: Outcome) -> Expression:
    """Return a measure as one expression: a mean is over what it is over in the first plan."""
    built = measure.build(model)
    if measure.per is None:
        return built
    over = float(measure.per(model).value(least.x)[0])
    if over <= LEAST_SERVED_KH100E_YEARS:
        found = f"{measure.name!r} is a mean over users of own sites that have a place"
        found = f"{found}, and the plan of least cost serves none"
        fix = "make renting or leaving demand unmet cost more, or choose another measure"
        raise InputError([Problem.of("--cost-against", found, "one or more", fix)])
    return built / over


def _finished(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Add how far each point is above the least cost, mark the knee, and write noise as 0."""
    table = pd.DataFrame(rows)
    table.insert(0, "point", np.arange(1, len(table) + 1))
    level = table["measure"]
    # The least of a measure may be missed by the slack, and that by as much: noise where it is 0.
    noise = 2.0 * _SLACK_FRAC * max(float(level.abs().max()), 1.0)
    table["measure"] = level.where(level.abs() > noise, 0.0)
    least = float(table["cost_musd"].iloc[0])
    table["extra_musd"] = table["cost_musd"] - least
    table["extra_frac"] = table["extra_musd"] / abs(least) if least else np.nan
    table["extra_penalty_musd"] = table["penalty_musd"] - table["penalty_musd"].iloc[0]
    table["is_knee"] = np.arange(len(table)) == _knee(table)
    others = [name for name in table if name not in COLUMNS]
    return table[[*COLUMNS, *others]]


def _knee(table: pd.DataFrame) -> int:
    """Return the point that is furthest below the line between both ends; -1 where none is."""
    x, y = (table[name].to_numpy(dtype=np.float64) for name in ("measure", "cost_musd"))
    wide, tall = abs(x[-1] - x[0]), abs(y[-1] - y[0])
    if len(table) < 3 or not wide or not tall:
        return -1
    below = (1.0 - (x - x[-1]) / (x[0] - x[-1])) - (y - y[0]) / (y[-1] - y[0])
    at = int(np.argmax(below))
    return at if below[at] > _NO_TRADE else -1
