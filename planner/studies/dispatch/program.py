"""Operation of sites over consecutive hours as a linear program, and windows that roll over them.

Per site and hour the connection, own sources, batteries and what nothing delivers make up what the
site uses. Only the level of a battery ties an hour to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import LimitReachedError, SolverError
from planner.base.units import HOURS_PER_DAY
from planner.clock.days import DAYS_PER_MONTH, MONTHS
from planner.lp import ArrayProblem, Axis, HighsSession, Index

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.lp import Expression
    from planner.studies.dispatch.operated import Fleet

__all__ = ["Operation", "operate"]

_DAY_H: Final = int(HOURS_PER_DAY)
_NAMES: Final = (
    *("grid_mw", "sold_mw", "short_mw", "output_mw"),
    *("charge_mw", "discharge_mw", "level_mwh"),
)


@dataclass(frozen=True, eq=False)
class Operation:
    """What sites do, hour by hour.

    Parameters
    ----------
    grid_mw, sold_mw, short_mw : array of float
        Power drawn from the grid, own power sold to it, and power that nothing delivers, shape
        (site, hour). [MW]
    output_mw : array of float
        Output of dispatched sources, shape (source, hour). [MW]
    charge_mw, discharge_mw : array of float
        Power into and out of batteries, shape (battery, hour). [MW]
    level_mwh : array of float
        Energy in batteries at the end of the hour, same shape. [MWh]
    solves : int
        Windows that were solved.
    """

    grid_mw: Floats
    sold_mw: Floats
    short_mw: Floats
    output_mw: Floats
    charge_mw: Floats
    discharge_mw: Floats
    level_mwh: Floats
    solves: int


def operate(
    fleet: Fleet,
    window_h: int,
    overlap_h: int,
    *,
    peak_usd_per_mw: Floats | None = None,
    on_window: Callable[[float], None] = lambda _share: None,
    interrupt: threading.Event | None = None,
) -> Operation:
    r"""Operate sites at least cost, with so many hours in view.

    .. math:: \min \sum_{s,h} \bigl( p_{sh}\, g_{sh} - e_{sh}\, x_{sh} + \pi_s\, u_{sh} \bigr)
        + \sum_{k,h} f_k\, o_{kh}

    of power drawn, sold, short, and put out by own sources, with the balance of each site and hour,
    the limits of each part, and the level of batteries from hour to hour.

    Each window is solved on its own; what it does in its last hours, the overlap, is decided again
    by the next one, which goes on from the batteries' level at that moment. Batteries are empty
    when the year begins, and worth nothing when it ends.

    Parameters
    ----------
    fleet : Fleet
        Sites and hours.
    window_h : int
        Hours in view.
    overlap_h : int
        Hours of a window that the next one sees again, fewer than `window_h`.
    peak_usd_per_mw : array of float, optional
        What the highest MW drawn in a month costs, shape (site,); for windows of whole years.
        Left out, none is billed. [USD/MW]
    on_window : callable
        Is told the share of the hours that are done.
    interrupt : threading.Event, optional
        Set it to stop.

    Returns
    -------
    Operation

    Raises
    ------
    LimitReachedError
        If it was stopped.
    SolverError
        If the solver failed.
    """
    step = window_h - overlap_h
    level = np.zeros(len(fleet.batteries.mw))
    parts: dict[str, list[Floats]] = {name: [] for name in _NAMES}
    session: HighsSession | None = None
    solves = 0
    for first in range(0, fleet.hours, step):
        count = min(window_h, fleet.hours - first)
        problem = _program(fleet, first, count, level, peak_usd_per_mw)
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
        is_last = first + count == fleet.hours
        kept = count if is_last else step
        for name in _NAMES:
            values = outcome.x[problem.column_block(name)].reshape(-1, count)
            parts[name].append(np.maximum(values[:, :kept], 0.0))
        level = np.minimum(parts["level_mwh"][-1][:, -1], fleet.batteries.mwh)
        on_window((first + kept) / fleet.hours)
        if is_last:
            break
    rows = {name: np.concatenate(found, axis=1) for name, found in parts.items()}
    return Operation(**rows, solves=solves)


def _program(
    fleet: Fleet, first: int, count: int, level_mwh: Floats, peak_usd_per_mw: Floats | None
) -> ArrayProblem:
    """Write the program of some hours, from the level of the batteries when they begin."""
    now = slice(first, first + count)
    problem = ArrayProblem("dispatch")
    hour = Axis("hour", tuple(map(str, range(count))))

    def over(name: str, rows: int) -> Index:
        return Index.full(name, Axis(name, tuple(map(str, range(rows)))), hour)

    place = over("site", len(fleet.sites))
    sources, batteries = over("source", len(fleet.sources.mw)), over("battery", len(level_mwh))
    grid = problem.variable("grid_mw", place, upper=fleet.room_mw[:, now].ravel())
    short = problem.variable("short_mw", place)
    # Sun and wind may be thrown away, and so may what the plan runs whatever the price.
    unused = problem.variable("unused_mw", place, upper=fleet.free_mw[:, now].ravel())
    sold = problem.variable("sold_mw", place, upper=fleet.sell_mw[:, now].ravel())
    output = problem.variable("output_mw", sources, upper=fleet.sources.mw[:, now].ravel())
    charge = problem.variable("charge_mw", batteries)
    discharge = problem.variable("discharge_mw", batteries)
    level = problem.variable("level_mwh", batteries, upper=np.repeat(fleet.batteries.mwh, count))

    def at_site(terms: Expression, site: np.ndarray) -> Expression:
        """Add up what sources or batteries do at their sites."""
        hours = np.arange(count)
        target = (np.asarray(site)[:, None] * count + hours).ravel()
        return terms.map(place, np.arange(terms.over.size), target)

    made = at_site(output, fleet.sources.site) - unused
    problem.rows("own_power_sold", sold - made <= fleet.free_mw[:, now].ravel())
    supplied = grid + short + made - sold
    supplied = supplied + at_site(discharge - charge, fleet.batteries.site)
    problem.rows("balance", supplied == (fleet.use_mw - fleet.free_mw)[:, now].ravel())
    if batteries.size:
        problem.rows("battery_power", charge + discharge <= np.repeat(fleet.batteries.mw, count))
        goes_on = np.flatnonzero(batteries["hour"] > 0)
        before = level.map(batteries, goes_on - 1, goes_on)
        begin = np.where(batteries["hour"] == 0, np.repeat(level_mwh, count), 0.0)
        stored = np.repeat(fleet.batteries.charge_frac, count) * charge
        taken = np.repeat(1.0 / fleet.batteries.discharge_frac, count) * discharge
        problem.rows("state_of_charge", level - before - stored + taken == begin)
    price = fleet.usd_per_mwh[:, now].ravel()
    fuel = np.repeat(fleet.sources.usd_per_mwh, count)
    penalty = np.repeat(fleet.short_usd_per_mwh, count)
    worth = fleet.sell_usd_per_mwh[:, now].ravel()
    bought = (grid * price).total() + (output * fuel).total()
    cost = bought + (short * penalty).total() - (sold * worth).total()
    if peak_usd_per_mw is not None:
        months = Axis("month", MONTHS)
        billed = Index.full("billed", Axis("site", fleet.sites), months)
        peak = problem.variable("peak_mw", billed)
        month_of_hour = np.repeat(np.arange(len(months)), DAYS_PER_MONTH).repeat(_DAY_H)[now]
        of = (np.arange(len(fleet.sites))[:, None] * len(months) + month_of_hour).ravel()
        highest = peak.map(place, of, np.arange(place.size))
        problem.rows("billed_peak", grid - highest <= np.zeros(place.size))
        cost = cost + (peak * np.repeat(peak_usd_per_mw, len(months))).total()
    problem.minimise(cost)
    return problem
