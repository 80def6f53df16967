"""What one more unit is worth, and what it would take for a site to win, found by solving again."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR
from planner.base.words import amount, duration
from planner.family.payments import discount
from planner.family.table_columns import mask_at
from planner.inputs.build import PreparedScenario
from planner.limits.binding import PLACES
from planner.limits.limit import lead_key, site_key
from planner.lp.index import locate
from planner.model import Model, build_model, tariffs
from planner.model.grid import electricity_demand, electricity_energy
from planner.model.money import penalty_musd
from planner.results.store import cleaned
from planner.scenario import Setting
from planner.studies.explain.words import Statement, number
from planner.studies.solve.asking import Asking, Pace, fixed_program, model_at, proof_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome
    from planner.results.proof import Proof
    from planner.runs.plan import PlanViews

    _Line = tuple[str | float, ...]

# --- One more of a limit, a month less, a millisecond more: the scenario solved again -------------

STEPS: Final = "One month, one millisecond"
_CLASSES_TRIED: Final = 3
_STEP_SHARE: Final = 0.001
_NOTHING_MUSD: Final = 1e-6
_NOISE_USD: Final = 1e-3


@dataclass(frozen=True)
class RightSideStep:
    """A row whose right side moves."""

    block: str  # family of rows
    # labels of its row; where they fit several, as the billing periods of a connection, all of these rows move
    labels: Mapping[str, str]
    by: float  # how far, in the unit of the row


def spot_check(
    question: PreparedScenario, steps: Sequence[RightSideStep], ask: Asking, proof: Proof | None = None
) -> pd.DataFrame:
    """Move rows one at a time and compare the change of cost with their shadow price."""
    model = model_at(question.inputs, proof)
    ask.report_stage("solve the program as it is")
    session, bounds = fixed_program(question, model, ask, proof)
    before = ask.solve_session(question, session)
    lines = []
    for step in steps:
        ask.report_stage(f"solve again: {step.block} {' '.join(step.labels.values())}")
        rows, over = model.problem.row_block(step.block), model.problem.rows_over(step.block)
        moves = np.ones(over.size, dtype=np.bool_)
        for axis, label in step.labels.items():
            moves &= over[axis] == over.axis(axis).code(label)
        dual = before.row_dual[rows][moves].sum()
        by = np.zeros(len(bounds.lower))
        by[rows] = np.where(moves, step.by, 0.0)
        session.set_rows(bounds.lower + by, bounds.upper + by)
        found = ask.solve_session(question, session).objective - before.objective
        foretold = float(dual) * step.by
        off_frac = abs(foretold - found) / max(abs(found), 1e-12)
        lines.append((step.block, " ".join(step.labels.values()), step.by, foretold, found, off_frac))
    table = pd.DataFrame(lines, columns=["what", "place", "step", "foretold_musd", "found_musd", "off_frac"])
    table.attrs["before_musd"] = before.objective
    return table


def tried(solved: PlanViews, table: pd.DataFrame, places: Sequence[int], ask: Asking) -> pd.DataFrame:
    """Solve again with a little more of some limits, and add what that is worth.

    Where limits meet at one point, as halls that just hold the racks of the base year, a shadow price is one of many,
    and more of one limit alone may be worth less.
    """
    axes = (*PLACES, "year")
    made = table.assign(step=np.nan, tried_value=np.nan)
    if not places:
        return made
    rows = table.loc[list(places)]
    steps = [
        RightSideStep(
            str(row["block"]),
            {axis: str(row[axis]) for axis in axes if str(row[axis])},
            min(1.0, _STEP_SHARE * (float(row["limit"]) or 1.0)),
        )
        for _, row in rows.iterrows()
    ]
    found = spot_check(PreparedScenario(solved.scenario, solved.inputs), steps, ask, proof_of(solved.run))
    per_unit = rows["value"].to_numpy() / rows["raw_dual"].to_numpy()
    worth = per_unit * found["found_musd"].to_numpy() / found["step"].to_numpy()
    made.loc[rows.index, "step"] = found["step"].to_numpy()
    made.loc[rows.index, "tried_value"] = np.where(np.abs(worth) > _NOISE_USD, worth, 0.0)
    return made


def one_more(solved: PlanViews, ask: Asking) -> pd.DataFrame:
    """Solve again with a month less and with a millisecond more."""
    question = PreparedScenario(solved.scenario, solved.inputs)
    before = _cost(question, (), ask, "as it was")
    lines = [
        (what, place, by, unit, after - before)
        for what, place, by, unit, settings in _settings(solved)
        if (after := _cost(question, settings, ask, f"{what} {place}")) is not None and before is not None
    ]
    return pd.DataFrame(lines, columns=["what", "place", "step", "unit", "found_musd"])


def _settings(solved: PlanViews) -> Iterator[tuple[str, str, float, str, tuple[Setting, ...]]]:
    """List settings that move by one month or one millisecond."""
    sooner = Setting(("lead_times", "delay_months"), solved.scenario.lead_times.delay_months - 1.0)
    yield "lead time", "everywhere", -1.0, "months", (sooner,)
    demand = solved.inputs.demand.demand.frame().assign(kh100e=solved.inputs.demand.demand_kh100e)
    bounded = demand[demand["region"].isin(solved.inputs.tables["demand_regions"]["demand_region"])]
    largest = bounded.groupby("workload")["kh100e"].sum().nlargest(_CLASSES_TRIED)
    bound = solved.inputs.workloads.set_index("workload")["rtt_bound_ms"]
    for workload in largest.index:
        key = ("workloads", str(workload), "rtt_bound_ms")
        yield "latency", str(workload), 1.0, "ms", (Setting(key, float(bound[workload]) + 1.0),)


def _cost(question: PreparedScenario, settings: tuple[Setting, ...], ask: Asking, what: str) -> float | None:
    """Solve with changed settings; None where that is no scenario or has no plan."""
    ask.report_stage(f"solve again: {what}")
    try:
        changed = question.changed(settings)
    except InputError:
        return None
    outcome = ask.solve(changed, build_model(changed.inputs))
    return outcome.objective if outcome.status == "optimal" else None


def about_steps(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Say what a month and a millisecond change."""
    table = tables["steps"]
    for what, place, unit in zip(table["what"], table["place"], table["unit"], strict=True):
        of = {"what": str(what), "place": str(place)}
        found = number(tables, "steps", "found_musd", "MUSD", **of)
        step = number(tables, "steps", "step", str(unit), **of)
        by = f"{'saves' if found.value < 0 else 'costs'} {amount(abs(found.value))} MUSD"
        if abs(found.value) < _NOTHING_MUSD:
            by = "has no effect"
        text = f"{step.value:+.3g} {unit} of {what} ({place}) {by} (solved again)."
        yield Statement(STEPS, text, (found, step), abs(found.value))


# --- What solving again would add to an explanation, how long it takes, and how far it is ---------

_SEARCH: Final = 5  # solves to find a lead time or a latency bound by halving

Try = tuple[str, int]
"""Something that is found by solving again, as a list in a sentence names it, and how many solves it takes."""


def list_tries(limits: int, site: str | None, *, steps: bool, grows: bool) -> list[Try]:
    """List what `--resolve` adds."""
    one = "the limit above" if limits == 1 else f"each of the {limits} limits above"
    is_site, searched = site is not None, "the lead time and the latency bound from which it has more"
    every = (
        (limits > 0, f"a little more of {one}", limits + 1),
        (steps, "one month less of lead time", 2),
        (steps, "one millisecond more for the largest workloads", 3),
        (is_site, f"one more MW of racks at {site}, its cost of entry", 2),
        (is_site, "the price of power at which it has more", 1),
        (is_site and grows, f"no new halls at {site}", 1),
        (is_site and not grows, searched, 2 * _SEARCH),
    )
    return [(what, solves) for is_tried, what, solves in every if is_tried]


def would_try(tries: Sequence[Try], solve_s: float) -> str:
    """Say what solving again would add, in how many solves, where that of the plan took so long. [s]"""
    return (
        f"Nothing was solved again. --resolve would try: {'; '.join(what for what, _ in tries)}. It would take "
        f"{sum(solves for _, solves in tries)} solves, most of them quicker than that of the plan, which took "
        f"{duration(solve_s)}."
    )


def counted(
    report: Callable[[str], None], total: int, clock: Callable[[], float] = time.perf_counter
) -> Callable[[str], None]:
    """Say of each solve which it is of how many, and about how long the rest takes."""
    pace, done = Pace(clock), count()
    return lambda what: report(f"{what[:1].upper()}{what[1:]} ({pace.describe(next(done), total)})")


# --- What it would take for a site to win: its cost of entry, its price, lead time, latency -------

ENTRY_COLUMNS: Final = (
    *("what", "unit", "now", "needed", "tried"),
    *("cost_musd", "change_musd", "change_penalty_musd", "site_mw"),
)
RELAXED: Final = " (LP relaxation)"
"""End of what is reported in `what` where the plan has integers, which are fractions here."""
_MW: Final = 1.0
_TAKES_PART_MW: Final = 0.5
_MONTHS_STEP: Final = 3.0
_MOST_MS: Final = 32
_LEAST_USD: Final = 0.01
"""Least price of power that is tried: a price is above 0. [USD/MWh]"""
_PROBES: Final = (40.0, 90.0)
"""Prices of power that are tried to see how a setting becomes a price. [USD/MWh]"""


@dataclass(frozen=True, eq=False)
class Resolved:
    """A solved program and what a site does in it."""

    model: Model
    outcome: Outcome

    @property
    def costs_musd(self) -> np.ndarray:
        """Its cost, proven least, and what of it is penalty. [MUSD]"""
        penalty = cleaned(penalty_musd(self.model).value(self.outcome.x))[0]
        return np.array([self.outcome.objective, penalty])

    def site_mw(self, site: str) -> float:
        """Nameplate at the site in the last year. [MW]"""
        sets = self.model.p.sets
        (at,) = locate(self.model.p.sites.site_year, [sets.site.code(site)], [len(sets.year) - 1])
        return float(self.model.nameplate_mw.value(self.outcome.x)[at]) if at >= 0 else 0.0

    def power_bill_musd(self, x: np.ndarray) -> float:
        """Net present value of electricity at this program's prices for a plan. [MUSD]"""
        factor = discount(self.model)
        lines = [block.build(self.model) for block in (electricity_energy, electricity_demand, *tariffs.COSTS)]
        return float(sum((line.value(x) * factor[line.over["calendar"]]).sum() for line in lines))


def entry(solved: PlanViews, site: str, ask: Asking) -> pd.DataFrame:
    """Force a site in, and find at what price, lead time or latency it would come in by itself."""
    search = _Entry(PreparedScenario(solved.scenario, solved.inputs), site, ask)
    table = pd.DataFrame(search.lines(builds=builds(solved, site)), columns=list(ENTRY_COLUMNS))
    return table.assign(what=table["what"] + RELAXED) if search.base.model.problem.has_integers else table


def builds(solved: PlanViews, site: str) -> bool:
    """Return whether a plan builds halls at a site."""
    return bool((solved.results.tables["builds"]["site"] == site).any())


class _Entry:
    """A site of a plan, and the same question changed until the site has more."""

    def __init__(self, question: PreparedScenario, site: str, ask: Asking) -> None:
        self._question, self._site, self._ask = question, site, ask
        ask.report_stage("solve again as it was")
        self.base = self._solved(question)
        self._have = self.base.site_mw(site)

    def lines(self, *, builds: bool) -> Iterator[_Line]:
        """Yield the rows of the table."""
        p, site, have = self._question.inputs, self._site, self._have
        yield self._line("as it is", "", np.nan, np.nan, self.base)
        self._ask.report_stage(f"solve again with one MW more at {site}")
        over = p.sites.site_year
        is_there = (over.labels("site") == site) & (over.labels("year") == p.sets.year.labels[-1])
        forced = self._solved(
            self._question, lambda m: m.problem.rows("forced_in", m.nameplate_mw.select(is_there) >= have + _MW)
        )
        if is_there.any() and forced.outcome.status == "optimal":
            yield self._line("one MW more", "MW", have, have + _MW, forced)
            self._ask.report_stage(f"solve again with power at {site} as cheap as it takes")
            yield from self._price(forced)
        if not builds:
            yield from (*self._lead(), *self._latency())
            return
        self._ask.report_stage(f"solve again without new halls at {site}")
        without = self._solved(
            self._question,
            lambda m: m.problem.rows("kept_out", m.build.select(m.build.over.labels("site") == site) <= 0.0),
        )
        if without.outcome.status == "optimal":
            yield self._line("no new halls", "MW", have, np.nan, without)

    def _solved(self, question: PreparedScenario, limit: Callable[[Model], object] = lambda _: None) -> Resolved:
        model = build_model(question.inputs)
        limit(model)
        return Resolved(model, self._ask.solve(question, model))

    def _changed(self, key: tuple[str, ...], value: float) -> PreparedScenario:
        return self._question.changed((Setting(key, value),))

    def _wins(self, one: Resolved) -> bool:
        return one.outcome.status == "optimal" and one.site_mw(self._site) > self._have + _TAKES_PART_MW

    def _line(self, what: str, unit: str, now: float, needed: float, after: Resolved, tried: float = np.nan) -> _Line:
        """Tell of a value that is needed, or of the furthest that was `tried` and brings no more load."""
        if after.outcome.status != "optimal":
            return (what, unit, now, needed, tried, *[np.nan] * 4)
        change = after.costs_musd - self.base.costs_musd
        return (what, unit, now, needed, tried, after.outcome.objective, *change, after.site_mw(self._site))

    def _price(self, forced: Resolved) -> Iterator[_Line]:
        """Find the price of power at which one more MW pays, and try it.

        At a price lower by p the forced plan costs less by p times its energy, and the plan as it is by p times its
        own: from the p on at which they cost the same, the site wins. Some other plan may use the site at a smaller p.
        Nothing is said of a site that a bundled tariff bills: there the price of the site is no part of the bill.
        """
        base, key = self.base, site_key(self._question.scenario, self._site, "retail_usd_per_mwh")
        low, high = (self._flat(self._changed(key, usd).inputs) for usd in _PROBES)
        if high == low:
            return
        # What a flat load pays as the setting says it, before growth of prices. [USD/MWh]
        way = (self._flat(self._question.inputs) - low) / (high - low)
        now = _PROBES[0] + way * (_PROBES[1] - _PROBES[0])
        cheaper = self._changed(key, now - 1.0)
        at_less = Resolved(build_model(cheaper.inputs), base.outcome)
        per_usd = [base.power_bill_musd(x) - at_less.power_bill_musd(x) for x in (base.outcome.x, forced.outcome.x)]
        gain, change = per_usd[1] - per_usd[0], forced.outcome.objective - base.outcome.objective
        if gain <= 0.0:
            return
        computed = 0.995 * (now - max(change, 0.0) / gain)
        needed = max(computed, _LEAST_USD)
        after = self._solved(self._changed(key, needed))
        ends = (needed, np.nan) if computed >= _LEAST_USD or self._wins(after) else (np.nan, needed)
        yield self._line("power price", "USD/MWh", now, ends[0], after, ends[1])

    def _flat(self, p: Inputs) -> float:
        """Return the price of a flat load at the site in its first year. [USD/MWh]"""
        slot, site_year, code = p.power.slot, p.sites.site_year, p.sets.site.code(self._site)
        year = slot["year"][slot["site"] == code].min()
        at = (slot["site"] == code) & (slot["year"] == year)
        hours = p.days.weight_h[slot["slot"][at]]
        (row,) = np.flatnonzero((site_year["site"] == code) & (site_year["year"] == year))
        demand = p.grid.demand_charge_usd_per_kw_month[row] * MONTHS_PER_YEAR * KW_PER_MW
        energy = (p.grid.energy_usd_per_mwh[at] * hours).sum() / hours.sum()
        return float(energy + demand / HOURS_PER_YEAR)

    def _lead(self) -> Iterator[_Line]:
        """Find the lead time from which new load comes to the site."""
        lead = self._question.inputs.halls.lead
        own = lead[lead["site"] == self._site]
        if own.empty:
            return
        now = float(own["months"].min())
        key = lead_key(self._question.scenario, self._site, str(own["by"].iloc[0]))
        months = [max(0.0, now - step) for step in np.arange(_MONTHS_STEP, now + _MONTHS_STEP, _MONTHS_STEP)]
        self._ask.report_stage(f"solve again with shorter lead times at {self._site}")
        yield self._halved("lead time", "months", now, months, key)

    def _latency(self) -> Iterator[_Line]:
        """Find the latency bound of the workload with most users out of reach that brings load here."""
        p = self._question.inputs
        demand, route, shape = p.demand.demand, p.demand.route, (len(p.sets.region), len(p.sets.workload))
        here = route["site"] == p.sets.site.code(self._site)
        is_near = mask_at(shape, (route["region"][here], route["workload"][here]))
        is_far = ~is_near[demand["region"], demand["workload"]]
        missed = np.bincount(demand["workload"], np.where(is_far, p.demand.demand_kh100e, 0.0))
        if not missed.any():
            return
        workload = p.sets.workload.labels[int(missed.argmax())]
        now = float(p.workloads.set_index("workload")["rtt_bound_ms"][workload])
        self._ask.report_stage(f"solve again with longer round trips for {workload}")
        bounds = [now + step for step in range(1, _MOST_MS + 1)]
        yield self._halved(f"latency of {workload}", "ms", now, bounds, ("workloads", workload, "rtt_bound_ms"))

    def _halved(self, what: str, unit: str, now: float, values: Sequence[float], key: tuple[str, ...]) -> _Line:
        """Find the mildest value at which the site has more than now, the values going further."""

        @cache
        def tried(value: float) -> Resolved:
            return self._solved(self._changed(key, value))

        if not self._wins(tried(values[-1])):
            return self._line(what, unit, now, np.nan, tried(values[-1]), values[-1])
        needed = values[bisect_left(values, True, 0, len(values) - 1, key=lambda value: self._wins(tried(value)))]
        return self._line(what, unit, now, needed, tried(needed))
