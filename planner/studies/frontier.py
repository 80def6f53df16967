"""The least cost for each level of something else: epsilon constraints, one after the other, warm.

The measure is a column of its own, whose upper bound moves; the reduced cost of that column is the
slope of the frontier. Each step starts from the basis of the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, M3_PER_THOUSAND_M3, T_PER_KT, USD_PER_MUSD
from planner.base.words import did_you_mean, within_sentence
from planner.inputs.axes import ANYWHERE
from planner.inputs.build import PreparedScenario
from planner.lp import UNIT, Expression, Outcome
from planner.lp.index import distinct
from planner.outputs.study_files import COLUMNS, Frontier
from planner.scenario import Changes, Scenario, load_scenario
from planner.studies.solve.asking import Asking, Pace, WarmProgram, with_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.model import Model

# --- What cost can be traded against: linear measures of a plan over its horizon ------------------

LEAST_SERVED_KH100E_YEARS: Final = 1e-4
"""Served users, over fewer of which there is no mean: a thousand region-years of demand, each of
which a solver meets to 1e-7 kH100e, add up to so much noise. [kH100e-years]"""


@dataclass(frozen=True)
class FrontierMeasure:
    """Something that a plan can have less of, at a cost."""

    name: str  # as after `--cost-against`
    label: str  # what it is
    unit: str
    price_unit: str  # unit of what one less of it costs
    price_per_musd: float  # what MUSD per `unit` are multiplied by to be in `price_unit`
    # from a model to the measure as one expression; may add rows and columns to its problem
    build: Callable[[Model], Expression]
    holds: tuple[str, ...] = ("unmet",)  # what must not change in place of cost: ``unmet``, ``rented``, ``served``
    # where it is a mean: from a model to what it is a mean over, as one expression in kH100e-years
    per: Callable[[Model], Expression] | None = None

    def reader(self, model: Model) -> Callable[[Floats], float]:
        """Return what reads the measure of a plan from the values of all columns of a program."""
        total = self.build(model)
        if self.per is None:
            return lambda x: float(total.value(x)[0])
        over = self.per(model)

        def mean(x: Floats) -> float:
            divisor = float(over.value(x)[0])
            is_served = divisor > LEAST_SERVED_KH100E_YEARS
            return float(total.value(x)[0]) / divisor if is_served else np.nan

        return mean


def _served(m: Model) -> Expression:
    """Return what own sites serve of users that have a place. [kH100e], over route and year"""
    return m.served.select(m.served.over.labels("region") != ANYWHERE, "served_with_place")


def users_served(m: Model) -> Expression:
    """Return the sum of what own sites serve of users that have a place. Gives [kH100e]."""
    served = _served(m)
    return served.sum_to(distinct(served.over, "region", "workload", "year"))


def _round_trips(m: Model) -> Expression:
    """Return round trips of users that own sites serve, added up. [ms kH100e-years]"""
    served, given = _served(m), m.p.demand
    return _over_years(served * given.route_rtt_ms[given.route.find(served.over)], m)


def _over_years(of: Expression, m: Model) -> Expression:
    """Add up what is of a year over the years that each model year stands for."""
    return (of * m.span_years[of.over["year"]]).total()


def _largest(m: Model) -> Expression:
    """Racks at the largest site in the last model year: what its outage takes away at most."""
    last = m.p.sites.site_year["year"] == len(m.p.sets.year) - 1
    largest = m.problem.variable("largest_site_mw", UNIT)
    at_sites = m.nameplate_mw.select(last, "site_in_last_year")
    m.problem.rows("largest_site", at_sites <= largest.on(at_sites.over))
    return largest * 1.0


_HELD_WORDS: Final = {
    "unmet": "Unmet demand",
    "rented": "Rented compute",
    "served": "What own sites serve of each region, workload and year",
}
"""What may be held, in words."""
_COMPUTE: Final = ("kH100e-years", "USD/H100e-hour", USD_PER_MUSD / H100E_PER_KH100E / HOURS_PER_YEAR)
_CARBON: Final = ("kt CO2", "USD/t", USD_PER_MUSD / T_PER_KT)
_WATER: Final = ("thousand m3", "USD/m3", USD_PER_MUSD / M3_PER_THOUSAND_M3)
_POWER: Final = ("MW", "USD/MW", USD_PER_MUSD)
MEASURES: Final = (
    FrontierMeasure("carbon", "Emissions, all years", *_CARBON, lambda m: _over_years(m.carbon.counted_kt, m)),
    FrontierMeasure(
        "water", "Water evaporated, all years", *_WATER, lambda m: _over_years(m.water_m3 / M3_PER_THOUSAND_M3, m)
    ),
    FrontierMeasure("unmet", "Unmet demand, all years", *_COMPUTE, lambda m: _over_years(m.unmet, m), ()),
    FrontierMeasure("rented", "Rented compute, all years", *_COMPUTE, lambda m: _over_years(m.rented, m)),
    FrontierMeasure(
        *("latency", "Round trip, mean over users of own sites", "ms", "MUSD/ms", 1.0),
        *(_round_trips, tuple(_HELD_WORDS), lambda m: _over_years(_served(m), m)),
    ),
    FrontierMeasure("connection", "New firm connection", *_POWER, lambda m: m.expand.total()),
    FrontierMeasure("largest", "Racks at the largest site", *_POWER, _largest),
)
"""Measures by name."""

OF_ONE: Final = ("zone", "site")
"""Kinds of places whose racks are measured, as ``zone:PJM``."""


def measure_of(text: str, model: Model) -> FrontierMeasure:
    """Return the measure that a text names."""
    names = [one.name for one in MEASURES]
    if text in names:
        return MEASURES[names.index(text)]
    kind, _, place = text.partition(":")
    known = getattr(model.p.sets, kind).labels if kind in OF_ONE and place else ()
    if place in known:
        return _racks_at(kind, place)
    what_is, must_be, fix = f"there is no {kind} {place!r} in the scenario", f"one of {', '.join(known)}", ""
    if not known:
        what_is, must_be = f"it is {text!r}", f"{', '.join(names)}, zone:ID or site:ID"
        fix = did_you_mean(text, names)
    raise InputError.at("--cost-against", what_is, must_be, fix)


def _racks_at(kind: str, place: str) -> FrontierMeasure:
    def build(m: Model) -> Expression:
        over, sets = m.p.sites.site_year, m.p.sets
        of = sets.site_zone[over["site"]] if kind == "zone" else over["site"]
        is_there = (of == getattr(sets, kind).code(place)) & (over["year"] == len(sets.year) - 1)
        return m.nameplate_mw.select(is_there, "place_in_last_year").total()

    label = f"Racks in {place}, last year" if kind == "zone" else f"Racks at {place}, last year"
    return FrontierMeasure(f"{kind}:{place}", label, "MW", "USD/MW", USD_PER_MUSD, build)


# --- The least cost for each level of something else: epsilon constraints, one after the other, warm ---

_SLACK_FRAC: Final = 1e-7
"""By how much an end may be missed, so that rounding leaves a plan. [-]"""
_FEWEST: Final = 3
"""Points: both ends and one between them, or there is no knee."""
_BEFORE_POINTS: Final = 2
"""Solves before the points: the plan of least cost, and the least of the measure."""
_MOST_COST: Final = "frontier_most_cost"
_NO_TRADE: Final = 1e-6  # relative width of a frontier that is a point


def frontier(
    scenario: str | Path | Scenario,
    overrides: Changes = (),
    *,
    against: str,
    points: int = 9,
    most_cost_frac: float | None = None,
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Frontier:
    """Trace the least cost of a scenario for each level of a measure.

    Parameters
    ----------
    scenario, overrides, on_stage, interrupt
        As for `planner.solve`; the third is called with each solve.
    against : str
        Name of a measure: ``carbon``, ``water``, ``unmet``, ``rented``, ``latency``,
        ``connection``, ``largest``, ``zone:ID`` or ``site:ID``.
    points : int
        How many points, both ends among them; at least 3.
    most_cost_frac : float, optional
        How much above the least cost the other end may be; by default whatever the least of the
        measure costs. [-]

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
    >>> found = frontier("tiny", against="largest", points=3)
    >>> found.table["extra_musd"].round(2).tolist()[0]
    0.0
    """
    if points < _FEWEST:
        raise InputError.at("frontier", f"points is {points}", f"{_FEWEST} or more")
    if most_cost_frac is not None and not 0.0 < most_cost_frac < np.inf:
        raise InputError.at("frontier", f"most_cost_frac is {most_cost_frac:g}", "a share above 0")
    scenario = load_scenario(scenario, overrides)
    question = PreparedScenario.from_scenario(scenario)
    tracer = _Tracer(question, Asking(on_stage or (lambda _: None), interrupt), points)
    return tracer.trace(against, most_cost_frac)


class _Tracer(WarmProgram):
    """A program with a column for the measure and one for extra cost, in one session."""

    def __init__(self, question: PreparedScenario, ask: Asking, points: int) -> None:
        super().__init__(question, ask.hooks)
        self._ask, self._points = ask, points
        self._pace, self._solves = Pace(), 0
        self._slack: dict[str, Floats] = {}  # of rows that hold something

    def trace(self, against: str, most_cost_frac: float | None) -> Frontier:
        model, problem = self.model, self.model.problem
        measure = self._measure = measure_of(against, model)
        is_relaxed = problem.has_integers
        least = self._solved("the plan of least cost")
        built = self._built = _as_one(measure, model, least)
        held = self._hold(least, measure)
        level = self._level = problem.variable("frontier_measure", UNIT, lower=-np.inf)
        problem.rows("frontier_level", level == built)
        self._others = {one.name: one.reader(model) for one in MEASURES if one.name not in {measure.name, "largest"}}
        if most_cost_frac is not None:
            limit = least.objective + abs(least.objective) * most_cost_frac
            problem.rows(_MOST_COST, self.cost <= limit)
        self.session.update(problem)
        first = self._solved("the plan of least cost, measured")
        high = float(built.value(first.x)[0])
        self.minimise(built)
        least_of_it = self._solved(f"the least of {within_sentence(measure.label)}")
        low = least_of_it.objective
        # No plan has less of it, whatever it costs, unless the limit of cost has a price.
        is_floor = most_cost_frac is None or not least_of_it.row_dual[problem.row_block(_MOST_COST)].any()
        # How much less of the measure there is by the slack of what is held, about.
        prices = {name: np.abs(least_of_it.row_dual[problem.row_block(name)]) for name in self._slack}
        by_slack = sum(float((prices[name] * slack).sum()) for name, slack in self._slack.items())
        self.minimise(self.cost)
        low = min(low + _SLACK_FRAC * max(abs(low), abs(high), 1.0), high)
        rows = [self._row(first, 0.0)]
        width = high - low
        if width > _NO_TRADE * max(abs(high), 1.0) + 2.0 * by_slack:
            for at in range(1, self._points):
                rows.append(self._point(high - width * at / (self._points - 1), at))
            if is_floor:
                rows[-1] |= {"slope_musd_per_unit": np.nan, "price": np.nan}
        table = _finished(rows)
        name = self.question.scenario.name
        return Frontier(name, measure.name, measure.label, measure.unit, measure.price_unit, table, is_relaxed, held)

    def _hold(self, least: Outcome, measure: FrontierMeasure) -> tuple[str, ...]:
        """Keep what would be given up in place of cost at its level in the plan of least cost."""
        model, held = self.model, {}
        if model.unmet.over.size:
            held["unmet"] = {"held_unmet": model.unmet.total()}
        if model.rented.over.size:
            held["rented"] = {"held_rented": model.rented.total()}
        served = users_served(model)
        held["served"] = {"most_served": served, "least_served": -served}
        held = {name: rows for name, rows in held.items() if name in measure.holds}
        for name, expression in (row for rows in held.values() for row in rows.items()):
            now = expression.value(least.x)
            slack = self._slack[f"frontier_{name}"] = _SLACK_FRAC * np.maximum(np.abs(now), 1.0)  # leaves a plan
            model.problem.rows(f"frontier_{name}", expression <= now + slack)
        return tuple(_HELD_WORDS[name] for name in held)

    def _point(self, most: float, at: int) -> dict[str, object]:
        (_, upper), column = self.bounds(), self._level.first_column
        upper[column] = most
        outcome = self._solved(f"point {at + 1} of the frontier", upper)
        return self._row(outcome, float(outcome.reduced_cost[column]))

    def _row(self, outcome: Outcome, slope: float) -> dict[str, object]:
        return {
            "measure": float(self._built.value(outcome.x)[0]),
            "cost_musd": outcome.objective,
            "penalty_musd": self.penalty_musd(outcome),
            "slope_musd_per_unit": slope,
            "price": -slope * self._measure.price_per_musd + 0.0,
            **{name: value_at(outcome.x) for name, value_at in self._others.items()},
        }

    def _solved(self, what: str, upper: Floats | None = None) -> Outcome:
        """Solve without integrality, from the last basis; a stop ends the study."""
        how_far = self._pace.describe(self._solves, self._points + _BEFORE_POINTS)
        self._ask.report_stage(f"Solving: {what} ({how_far})")
        self._solves += 1
        outcome = self.solves().exact(self.solve(upper=upper))
        return with_plan(outcome, self.question.scenario.name, "the frontier was traced", good={"optimal"})


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
        raise InputError.at("--cost-against", found, "one or more", fix)
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
    return table[[*COLUMNS, *(name for name in table if name not in COLUMNS)]]


def _knee(table: pd.DataFrame) -> int:
    """Return the point that is furthest below the line between both ends; -1 where none is."""
    x, y = (table[name].to_numpy(dtype=np.float64) for name in ("measure", "cost_musd"))
    wide, tall = abs(x[-1] - x[0]), abs(y[-1] - y[0])
    if len(table) < 3 or not wide or not tall:
        return -1
    below = (1.0 - (x - x[-1]) / (x[0] - x[-1])) - (y - y[0]) / (y[-1] - y[0])
    at = int(np.argmax(below))
    return at if below[at] > _NO_TRADE else -1
