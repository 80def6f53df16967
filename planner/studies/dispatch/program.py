"""Operation of sites over consecutive hours as a linear program, and windows that roll over them.

Per site and hour the connection, on-site technologies, batteries and what nothing delivers make up
what the site uses. Only the level of a battery ties an hour to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import LimitReachedError, SolverError
from planner.lp import ArrayProblem, Axis, HighsSession, Index

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from planner.base.arrays import Floats, Positions
    from planner.lp import Expression
    from planner.studies.dispatch.operated import Batteries, Fleet

__all__ = ["Operation", "PeakBilling", "operate"]

_NAMES: Final = (
    *("grid_mw", "sold_mw", "short_mw", "output_mw"),
    *("charge_mw", "discharge_mw", "level_mwh", "done_mw"),
)


@dataclass(frozen=True, eq=False)
class PeakBilling:
    """Highest draws that are billed."""

    period: Positions  # period of each hour, numbered from 0, shape (hour,)
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
    solves: int  # windows that were solved


def operate(
    fleet: Fleet,
    window_h: int,
    overlap_h: int,
    *,
    begin_mwh: Floats | None = None,
    billing: PeakBilling | None = None,
    on_window: Callable[[float], None] = lambda _share: None,
    interrupt: threading.Event | None = None,
) -> Operation:
    r"""Operate sites at least cost, with so many hours in view.

    .. math:: \min \sum_{s,h} \bigl( p_{sh}\, g_{sh} - e_{sh}\, x_{sh} + \pi_s\, u_{sh} \bigr)
        + \sum_{k,h} f_k\, o_{kh}

    of power drawn, sold, short, and put out by on-site technologies and batteries, with the
    balance of each site and hour, the limits of each part, and the level of batteries from hour to
    hour.

    Each window is solved on its own; what it does in its last hours, the overlap, is decided again
    by the next one, which goes on from the batteries' level at that moment. Batteries end with at
    least the energy that they begin with; what they lack then is short.
    Takes `begin_mwh` (battery,) [MWh].
    """
    step = window_h - overlap_h
    begin = np.zeros(len(fleet.batteries.mw)) if begin_mwh is None else begin_mwh
    level = None if begin_mwh is None and window_h >= fleet.hours else begin
    parts: dict[str, list[Floats]] = {name: [] for name in _NAMES}
    session: HighsSession | None = None
    solves = 0
    for first in range(0, fleet.hours, step):
        count = min(window_h, fleet.hours - first)
        is_last = first + count == fleet.hours
        problem = _program(fleet, first, count, level, begin if is_last else None, billing)
        if session is None:
            session = HighsSession(problem)
        else:
            session.update(problem)
        outcome = session.solve(interrupt=interrupt)
        if outcome.status == "interrupted":
            message = "interrupted"
            raise LimitReachedError(message)
        if outcome.status != "optimal":
            message = f"hours {first} to {first + count}: {outcome.status}: {outcome.message}"
            raise SolverError(message)
        solves += 1
        kept = count if is_last else step
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
    return Operation(**rows, begin_mwh=begin, solves=solves)


def _program(
    fleet: Fleet, first: int, count: int, level_mwh: Floats | None, end_mwh: Floats | None, billing: PeakBilling | None
) -> ArrayProblem:
    """Write the program of some hours.

    Batteries have `level_mwh` when these begin and at least `end_mwh` when they end, if that is
    given; where the first is left out, they begin with what they end with.
    """
    now = slice(first, first + count)
    problem = ArrayProblem("dispatch")
    hour = Axis("hour", tuple(map(str, range(count))))

    def over(name: str, rows: int) -> Index:
        return Index.full(name, Axis(name, tuple(map(str, range(rows)))), hour)

    place = over("site", len(fleet.sites))
    sources, batteries = (over("source", len(fleet.sources.mw)), over("battery", len(fleet.batteries.mw)))
    parts = over("part", len(fleet.work.site))
    grid = problem.variable("grid_mw", place, upper=fleet.room_mw[:, now].ravel())
    short = problem.variable("short_mw", place)
    # Sun and wind may be thrown away, and so may what the plan runs whatever the price.
    unused = problem.variable("unused_mw", place, upper=fleet.free_mw[:, now].ravel())
    sold = problem.variable("sold_mw", place, upper=fleet.sell_mw[:, now].ravel())
    output = problem.variable("output_mw", sources, upper=fleet.sources.mw[:, now].ravel())
    done = problem.variable("done_mw", parts, upper=fleet.work.room_mw[:, now].ravel())
    charge = problem.variable("charge_mw", batteries)
    discharge = problem.variable("discharge_mw", batteries)

    def at_site(terms: Expression, site: np.ndarray) -> Expression:
        """Add up what sources or batteries do at their sites."""
        hours = np.arange(count)
        target = (np.asarray(site)[:, None] * count + hours).ravel()
        return terms.map(place, np.arange(terms.over.size), target)

    made = at_site(output, fleet.sources.site) - unused
    problem.rows("own_power_sold", sold - made <= fleet.free_mw[:, now].ravel())
    supplied = grid + short + made - sold
    supplied = supplied + at_site(discharge - charge, fleet.batteries.site)
    used = (fleet.use_mw - fleet.free_mw)[:, now].copy()
    if parts.size:
        work, moved = fleet.work, fleet.work.mw_per_mw[:, now]
        supplied = supplied - at_site(done * moved.ravel(), work.site)
        np.subtract.at(used, work.site, moved * work.due_mw[:, now])
        _do_work(problem, done, work.block[:, now], work.due_mw[:, now])
    problem.rows("balance", supplied == used.ravel())
    missing = _store(problem, fleet.batteries, charge, discharge, level_mwh, end_mwh)
    price = fleet.usd_per_mwh[:, now].ravel()
    fuel = np.repeat(fleet.sources.usd_per_mwh, count)
    penalty = np.repeat(fleet.short_usd_per_mwh, count)
    worth = fleet.sell_usd_per_mwh[:, now].ravel()
    bought = (grid * price).total() + (output * fuel).total()
    cycled = (discharge * np.repeat(fleet.batteries.usd_per_mwh, count)).total()
    lacks = (missing * fleet.short_usd_per_mwh[fleet.batteries.site]).total()
    cost = bought + cycled + (short * penalty).total() + lacks - (sold * worth).total()
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
    over = charge.over
    battery, count = over.axis("battery"), len(over.axis("hour"))
    store, first = Index.full("store", battery), np.arange(len(battery)) * count
    lowest, highest = (0.0, of.mwh) if begin_mwh is None else (begin_mwh, begin_mwh)
    level = problem.variable("level_mwh", over, upper=np.repeat(of.mwh, count))
    begin = problem.variable("begin_mwh", store, lower=lowest, upper=highest)
    missing = problem.variable("missing_mwh", store, upper=0.0 if begin_mwh is None else np.inf)
    if not over.size:
        return missing
    problem.rows("battery_power", charge + discharge <= np.repeat(of.mw, count))
    goes_on = np.flatnonzero(over["hour"] > 0)
    before = level.map(over, goes_on - 1, goes_on)
    before = before + begin.map(over, np.arange(len(battery)), first)
    stored = np.repeat(of.charge_frac, count) * charge
    taken = np.repeat(1.0 / of.discharge_frac, count) * discharge
    problem.rows("state_of_charge", level == before + stored - taken)
    left = level.map(store, first + count - 1, np.arange(len(battery))) + missing
    if begin_mwh is None:
        problem.rows("end_level", left >= begin)
    elif end_mwh is not None:
        problem.rows("end_level", left >= end_mwh)
    return missing


def _do_work(problem: ArrayProblem, done: Expression, block: Positions, due_mw: Floats) -> None:
    """Add rows that do in each block of hours what falls due in it."""
    number = np.unique(block, return_inverse=True)[1].ravel()
    names = tuple(map(str, range(int(number.max()) + 1)))
    blocks = Index.full("block", Axis("block", names))
    due = np.bincount(number, weights=due_mw.ravel())
    problem.rows("work_done", done.map(blocks, np.arange(number.size), number) == due)


def _billed(problem: ArrayProblem, grid: Expression, period: Positions, usd_per_mw: Floats) -> Expression:
    """Add the highest draw of each site and period; return what they cost. [USD]"""
    periods = Axis("period", tuple(map(str, range(int(period.max()) + 1))))
    site = grid.over.axis("site")
    peak = problem.variable("peak_mw", Index.full("billed", site, periods))
    of = np.arange(len(site))[:, None] * len(periods) + period
    highest = peak.map(grid.over, of.ravel(), np.arange(grid.over.size))
    problem.rows("billed_peak", grid - highest <= np.zeros(grid.over.size))
    return (peak * np.repeat(usd_per_mw, len(periods))).total()
