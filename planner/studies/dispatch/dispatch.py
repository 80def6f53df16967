"""A plan operated hour by hour: the program and the study."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import Problem, SolverError, raise_all
from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.family.table_columns import sum_at
from planner.lp import ArrayProblem, Axis, Expression, HighsSession, Index, Variable
from planner.outputs.answer import Answer
from planner.outputs.own_folder import DISPATCH
from planner.stress.simulate import Reliability, simulate_year
from planner.studies.dispatch.operated import Batteries, Fleet, operated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.runs.plan import PlanViews
    from planner.stress import FixedPlan, OwnHours, StressSettings

# --- Operation of sites over consecutive hours as a linear program, and windows that roll over them ---
#
# Per site and hour the connection, on-site technologies, batteries and what nothing delivers make up
# what the site uses. Only the level of a battery ties an hour to the next.


@dataclass(frozen=True, eq=False)
class PeakBilling:
    """Highest draws that are billed."""

    period: Positions  # period of each hour, in order, shape (hour,)
    usd_per_mw: Floats  # price of the highest MW drawn in a period, shape (site,). [USD/MW]


@dataclass(frozen=True, eq=False)
class Operation:
    """What sites do, hour by hour."""

    # power drawn from the grid, own power sold to it, and power that nothing delivers, shape (site, hour). [MW]
    grid_mw: Floats
    sold_mw: Floats
    short_mw: Floats
    output_mw: Floats  # output of dispatched sources, shape (source, hour). [MW]
    charge_mw: Floats  # power into and out of batteries, shape (battery, hour). [MW]
    discharge_mw: Floats
    level_mwh: Floats  # energy in batteries at the end of the hour, same shape. [MWh]
    begin_mwh: Floats  # energy in batteries when the hours begin, shape (battery,). [MWh]
    done_mw: Floats  # IT power of deferrable work when it is done, shape (part, hour). [MW]


_NAMES: Final = tuple(one.name for one in fields(Operation) if one.name != "begin_mwh")


def operate(
    fleet: Fleet,
    window_h: int,
    overlap_h: int,
    *,
    ends: Positions | None = None,
    begin_mwh: Floats | None = None,
    billing: PeakBilling | None = None,
    on_window: Callable[[float], None] = lambda _share: None,
) -> Operation:
    r"""Operate sites at least cost, with so many hours in view.

    .. math:: \min \sum_{s,h} \bigl( p_{sh}\, g_{sh} - e_{sh}\, x_{sh} + \pi_s\, u_{sh} \bigr)
        + \sum_{k,h} f_k\, o_{kh}

    of power drawn, sold, short, and put out by on-site technologies and batteries. Each window is solved on its own;
    its last hours, the overlap, are decided again by the next one, from the level of batteries, `begin_mwh` (battery,),
    at that moment. Batteries end with at least what they begin with; what they lack then is short. `ends`: where
    windows end instead that nothing ties to the next, as months of sites without batteries.
    """
    firsts = np.arange(0, fleet.hours, window_h - overlap_h) if ends is None else np.append(0, ends[:-1])
    lasts = np.minimum(firsts + window_h, fleet.hours) if ends is None else ends
    begin = np.zeros(len(fleet.batteries.mw)) if begin_mwh is None else begin_mwh
    level = None if begin_mwh is None and window_h >= fleet.hours else begin
    parts: dict[str, list[Floats]] = {name: [] for name in _NAMES}
    session: HighsSession | None = None
    for first, last, after in zip(firsts.tolist(), lasts.tolist(), [*firsts[1:].tolist(), fleet.hours], strict=True):
        count, is_last = last - first, last == fleet.hours
        problem = _program(fleet, first, count, level, begin if is_last else None, billing)
        session = session or HighsSession(problem)
        session.update(problem)
        outcome = session.solve()
        if outcome.status != "optimal":
            raise SolverError(f"hours {first} to {last}: {outcome.status}: {outcome.message}")
        kept = count if is_last else after - first
        for name in _NAMES:
            values = outcome.x[problem.column_block(name)].reshape(-1, count)
            parts[name].append(np.maximum(values[:, :kept], 0.0))
        if level is None:
            begin = outcome.x[problem.column_block("begin_mwh")]
        level = np.minimum(parts["level_mwh"][-1][:, -1], fleet.batteries.mwh)
        on_window((first + kept) / fleet.hours)
        if is_last:
            break
    rows = {name: np.concatenate(found, axis=1) for name, found in parts.items()}
    missing_mwh = np.maximum(outcome.x[problem.column_block("missing_mwh")], 0.0)
    np.add.at(rows["short_mw"][:, -1], fleet.batteries.site, missing_mwh)
    return Operation(**rows, begin_mwh=begin)


def _program(
    fleet: Fleet, first: int, count: int, level_mwh: Floats | None, end_mwh: Floats | None, billing: PeakBilling | None
) -> ArrayProblem:
    """Write the program of some hours; batteries begin with `level_mwh`, or what they end with: `end_mwh` or more."""
    now = slice(first, first + count)
    problem = ArrayProblem("dispatch")
    hour = Axis("hour", tuple(map(str, range(count))))

    def over(name: str, rows: int) -> Index:
        return Index.full(name, Axis(name, tuple(map(str, range(rows)))), hour)

    def decided(name: str, where: Index, most: Floats) -> Variable:
        return problem.variable(name, where, upper=most[:, now].ravel())

    place, parts = over("site", len(fleet.sites)), over("part", len(fleet.work.site))
    batteries = over("battery", len(fleet.batteries.mw))
    grid = decided("grid_mw", place, fleet.room_mw)
    short = problem.variable("short_mw", place)
    # Sun and wind may be thrown away, and so may what the plan runs whatever the price.
    unused = decided("unused_mw", place, fleet.free_mw)
    sold = decided("sold_mw", place, fleet.sell_mw)
    output = decided("output_mw", over("source", len(fleet.sources.mw)), fleet.sources.mw)
    done = decided("done_mw", parts, fleet.work.room_mw)
    charge, discharge = (problem.variable(name, batteries) for name in ("charge_mw", "discharge_mw"))

    def at_site(terms: Expression, site: np.ndarray) -> Expression:
        """Add up what sources or batteries do at their sites."""
        target = (np.asarray(site)[:, None] * count + np.arange(count)).ravel()
        return terms.map(place, np.arange(terms.over.size), target)

    made = at_site(output, fleet.sources.site) - unused
    problem.rows("own_power_sold", sold - made <= fleet.free_mw[:, now].ravel())
    supplied = grid + short + made - sold + at_site(discharge - charge, fleet.batteries.site)
    used = (fleet.use_mw - fleet.free_mw)[:, now].copy()
    if parts.size:
        work, moved = fleet.work, fleet.work.mw_per_mw[:, now]
        supplied = supplied - at_site(done * moved.ravel(), work.site)
        np.subtract.at(used, work.site, moved * work.due_mw[:, now])
        _do_work(problem, done, work.block[:, now], work.due_mw[:, now])
    problem.rows("balance", supplied == used.ravel())
    missing = _store(problem, fleet.batteries, charge, discharge, level_mwh, end_mwh)
    bought = (grid * fleet.usd_per_mwh[:, now].ravel()).total()
    fuel, cycled, penalty = (
        (what * np.repeat(usd, count)).total()
        for what, usd in (
            (output, fleet.sources.usd_per_mwh),
            (discharge, fleet.batteries.usd_per_mwh),
            (short, fleet.short_usd_per_mwh),
        )
    )
    lacks = (missing * fleet.short_usd_per_mwh[fleet.batteries.site]).total()
    cost = bought + fuel + cycled + penalty + lacks - (sold * fleet.sell_usd_per_mwh[:, now].ravel()).total()
    if billing is not None:
        cost = cost + _billed(problem, grid, billing.period[now], billing.usd_per_mw)
    problem.minimise(cost)
    return problem


def _store(
    problem: ArrayProblem,
    of: Batteries,
    charge: Expression,
    discharge: Expression,
    begin_mwh: Floats | None,
    end_mwh: Floats | None,
) -> Expression:
    """Add levels of batteries from hour to hour; return what they lack at the end. [MWh]"""
    over, battery = charge.over, charge.over.axis("battery")
    count, store = len(over.axis("hour")), Index.full("store", battery)
    first, every = np.arange(len(battery)) * count, np.arange(len(battery))
    level = problem.variable("level_mwh", over, upper=np.repeat(of.mwh, count))
    lowest, highest = (0.0, of.mwh) if begin_mwh is None else (begin_mwh, begin_mwh)
    begin = problem.variable("begin_mwh", store, lower=lowest, upper=highest)
    missing = problem.variable("missing_mwh", store, upper=0.0 if begin_mwh is None else np.inf)
    if not over.size:
        return missing
    problem.rows("battery_power", charge + discharge <= np.repeat(of.mw, count))
    goes_on = np.flatnonzero(over["hour"] > 0)
    before = level.map(over, goes_on - 1, goes_on) + begin.map(over, every, first)
    stored, taken = np.repeat(of.charge_frac, count) * charge, np.repeat(1.0 / of.discharge_frac, count) * discharge
    problem.rows("state_of_charge", level == before + stored - taken)
    left = level.map(store, first + count - 1, every) + missing
    if begin_mwh is None:
        problem.rows("end_level", left >= begin)
    elif end_mwh is not None:
        problem.rows("end_level", left >= end_mwh)
    return missing


def _do_work(problem: ArrayProblem, done: Expression, block: Positions, due_mw: Floats) -> None:
    """Add rows that do in each block of hours what falls due in it."""
    number = np.unique(block, return_inverse=True)[1].ravel()
    blocks = Index.full("block", Axis("block", tuple(map(str, range(int(number.max()) + 1)))))
    due = np.bincount(number, weights=due_mw.ravel())
    problem.rows("work_done", done.map(blocks, np.arange(number.size), number) == due)


def _billed(problem: ArrayProblem, grid: Expression, period: Positions, usd_per_mw: Floats) -> Expression:
    """Add the highest draw of each site and period; return what they cost. [USD]"""
    period = period - period[0]
    periods = Axis("period", tuple(map(str, range(int(period[-1]) + 1))))
    site = grid.over.axis("site")
    peak = problem.variable("peak_mw", Index.full("billed", site, periods))
    of = np.arange(len(site))[:, None] * len(periods) + period
    highest = peak.map(grid.over, of.ravel(), np.arange(grid.over.size))
    problem.rows("billed_peak", grid - highest <= np.zeros(grid.over.size))
    return (peak * np.repeat(usd_per_mw, len(periods))).total()


# --- A plan operated with few hours in view, next to perfect foresight and to the rules of stress ---

WAYS: Final = ("perfect foresight", "rolling windows", "rules of stress")
"""How the plan is operated: all hours of the year in view, few of them, or none."""
COLUMNS: Final = (
    *("year", "way", "cost_musd", "above_musd", "energy_musd", "source_musd", "sold_musd", "short_musd"),
    *("used_mwh", "grid_mwh", "source_mwh", "taken_mwh", "short_mwh"),
)
_LONGEST_H: Final = int(HOURS_PER_YEAR)
_WEEK_H: Final = 168
"""Without batteries no hour depends on another: their windows are a week, whatever was asked."""


@dataclass(frozen=True, eq=False, repr=False)
class Dispatch(Answer):
    """What it costs to operate a plan."""

    kind = DISPATCH
    fields = ("run", "window_h", "overlap_h", "batteries")
    saved = ("dispatch=table",)
    listed = ("years=table",)

    run: str  # name of the run
    window_h: int  # hours in view, and those of them that the next window sees again
    overlap_h: int
    # `COLUMNS`, three rows per model year: the year, and how the plan is operated; cost of energy, on-site technologies
    # and what is short, less what is sold; how much that is above perfect foresight. Of the cost: grid energy at
    # delivered prices, before demand charges, tariffs and contracts; fuel of on-site technologies, and what they and
    # batteries cost by output; own power sold, at the hour's wholesale price by the share of the scenario; energy that
    # is short, at the price of unmet compute or of lost load. Energy that the sites use; that is drawn from the grid;
    # output of on-site technologies that may run at any hour; energy taken out of the cells of batteries; energy that
    # connection, on-site technologies and batteries do not deliver
    table: pd.DataFrame
    batteries: int  # batteries in the year operated that has most; without any, foresight of hours is worth nothing
    lost_load_usd_per_mwh: float  # price of energy that is short at sites without racks. [USD/MWh]


def window_problems(window_h: int, overlap_h: int) -> list[Problem]:
    """List what is wrong with a window."""
    fewer = f"0 hours or more, and fewer than the window's {window_h}"
    wrong_window = Problem.of("--window-h", f"it is {window_h}", f"1 to {_LONGEST_H} hours")
    wrong_overlap = Problem.of("--overlap-h", f"it is {overlap_h}", fewer)
    is_overlap = 0 <= overlap_h < max(window_h, 1)
    return [wrong_window] * (not 1 <= window_h <= _LONGEST_H) + [wrong_overlap] * (not is_overlap)


def dispatch(
    stored: PlanViews,
    plan: FixedPlan,
    settings: StressSettings,
    reliability: Reliability,
    *,
    window_h: int = 48,
    overlap_h: int = 24,
    years: Sequence[int] | None = None,
    own: OwnHours | None = None,
    on_progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> Dispatch:
    """Operate a plan through 8,760 hours, three times on the same weather and prices."""
    raise_all(window_problems(window_h, overlap_h))
    rows: list[dict[str, object]] = []
    batteries = 0
    for year, label in enumerate(plan.years):
        if years is not None and label not in years:
            continue
        fleet = operated(stored, plan, year, settings, own)
        batteries = max(batteries, len(fleet.batteries.mw))
        stores = np.flatnonzero(fleet.has_battery)
        others, with_stores = fleet.select(np.flatnonzero(~fleet.has_battery)), fleet.select(stores)

        def report(what: str, label: int = label) -> Callable[[float], None]:
            return lambda share: on_progress(f"{label}: {what}", share)

        alone = operate(others, _WEEK_H, 0, on_window=report("sites"))
        each = [fleet.select(stores[at : at + 1]) for at in range(len(stores))]
        every = [operate(one, _LONGEST_H, 0, on_window=report("all hours")) for one in each]
        # Windows begin the year with what is best to begin and to end it with.
        begin_mwh = np.zeros(len(with_stores.batteries.mw))
        for at, found in enumerate(every):
            begin_mwh[with_stores.batteries.site == at] = found.begin_mwh
        rolling = operate(with_stores, window_h, overlap_h, begin_mwh=begin_mwh, on_window=report("windows"))
        perfect = _sum(map(_figures, (others, *each), (alone, *every)))
        rolled = _sum(map(_figures, (others, with_stores), (alone, rolling)))
        ruled = _by_rules(fleet, plan, year, settings, reliability, own)
        for way, figures in zip(WAYS, (perfect, rolled, ruled), strict=True):
            paid = sum(figures[name] for name in ("energy_musd", "source_musd", "short_musd"))
            rows.append({"year": label, "way": way, "cost_musd": paid - figures["sold_musd"], **figures})
    table = pd.DataFrame(rows)
    table["above_musd"] = table["cost_musd"] - table.groupby("year")["cost_musd"].transform("first")
    lost_usd = settings.lost_load_usd_per_mwh
    return Dispatch(str(stored.run.meta["run"]), window_h, overlap_h, table[list(COLUMNS)], batteries, lost_usd)


def _figures(fleet: Fleet, found: Operation) -> dict[str, float]:
    """Add up what sites do in a year, and what it costs."""
    return _counted(
        energy_usd=(found.grid_mw * fleet.usd_per_mwh).sum(),
        source_usd=fleet.source_usd(found.output_mw.sum(axis=1), found.discharge_mw.sum(axis=1)).sum(),
        sold_usd=(found.sold_mw * fleet.sell_usd_per_mwh).sum(),
        short_usd=found.short_mw.sum(axis=1) @ fleet.short_usd_per_mwh,
        used_mwh=fleet.use_mw.sum(),
        grid_mwh=found.grid_mw.sum(),
        source_mwh=found.output_mw.sum(),
        taken_mwh=(found.discharge_mw.sum(axis=1) / fleet.batteries.discharge_frac).sum(),
        short_mwh=found.short_mw.sum(),
    )


def _counted(**figures: float) -> dict[str, float]:
    """Return figures as the table has them: money in MUSD."""
    return {
        name.replace("_usd", "_musd"): float(value) / (USD_PER_MUSD if name.endswith("_usd") else 1.0)
        for name, value in figures.items()
    }


def _sum(parts: Iterable[dict[str, float]]) -> dict[str, float]:
    return {str(name): float(total) for name, total in pd.DataFrame(list(parts)).sum().items()}


def _by_rules(
    fleet: Fleet, plan: FixedPlan, year: int, settings: StressSettings, reliability: Reliability, own: OwnHours | None
) -> dict[str, float]:
    """Operate by the rules of stress: sources and batteries as in the plan, whatever the hour."""
    found = simulate_year(plan, year, replace(settings, draws=1), reliability, own=own, with_outages=False)
    sources, batteries = fleet.sources, fleet.batteries
    planned_mwh = sources.planned_mw.sum(axis=1)
    # More than in the plan: firm technologies at their mean, batteries at their highest cost.
    firm_mwh, sites = planned_mwh * sources.is_firm, (len(fleet.sites),)
    by_site, usd = (sum_at(sites, (sources.site,), of) for of in (firm_mwh, firm_mwh * sources.usd_per_mwh))
    most, cycled = np.zeros((2, len(fleet.sites)))
    np.maximum.at(most, sources.site, sources.is_firm * sources.usd_per_mwh)
    np.maximum.at(cycled, batteries.site, batteries.usd_per_mwh)
    per_mwh = np.divide(usd, by_site, out=most, where=by_site > 0.0)
    more_usd = found.source_mwh[0] @ per_mwh + found.battery_mwh[0] @ cycled
    short_mwh = found.unserved_mwh[0] + found.generator_mwh[0]
    fallen = np.maximum(-np.diff(plan.hours(plan.level_mwh[year], 0, 365), axis=1), 0.0).sum()
    return _counted(
        energy_usd=found.energy_usd[0].sum(),
        source_usd=fleet.source_usd(planned_mwh, batteries.planned_mwh).sum() + more_usd,
        sold_usd=(fleet.planned_sale_mw * fleet.sell_usd_per_mwh).sum(),
        short_usd=short_mwh @ fleet.short_usd_per_mwh,
        used_mwh=found.used_mwh[0].sum(),
        grid_mwh=found.grid_mwh[0].sum(),
        source_mwh=planned_mwh.sum() + found.source_mwh[0].sum(),
        taken_mwh=fallen + found.battery_mwh[0].sum(),
        short_mwh=short_mwh.sum(),
    )
