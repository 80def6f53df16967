"""From the days that represent a year to its 365 calendar days and 8,760 hours.

A plan knows a few days with the months they represent. Programs that run hour by hour, and
people who draw a year, want every hour: each calendar day of a month is one of the days that
represent the month. Where a day is part of a calendar day, that calendar day is a mixture,
so the energy of the year is kept exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_DAY
from planner.clock.days import DAYS_PER_MONTH, RepresentativeDays

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.clock.days import Days


__all__ = ["calendar_days", "hour_names", "hourly"]


def calendar_days(days: Days) -> Floats:
    """Return what each calendar day is made of.

    Representative days that represent a month follow each other in their order, the peak day in the
    middle of its month. Days of a series follow each other through the year, each for as long as
    it stands for: those of some weeks fill months that no day represents.
    Gives (365, day).

    >>> from planner.clock.days import RepresentativeDays
    >>> shares = calendar_days(RepresentativeDays(peak_day_days=3, peak_month=7))
    >>> shares.sum(axis=0).tolist()
    [90.0, 92.0, 89.0, 91.0, 3.0]
    >>> (np.flatnonzero(shares[:, -1]) - 181).tolist()  # counted from 1 July
    [14, 15, 16]
    """
    if not isinstance(days, RepresentativeDays):
        return _laid(np.arange(days.n_days), days.day_days, sum(DAYS_PER_MONTH), days.n_days)
    months = [_month(days, month) for month in range(len(DAYS_PER_MONTH))]
    return np.concatenate(months)


def hourly(days: Days, of_slot: ArrayLike) -> Floats:
    """Return the hours of a year of something that is known by slot.

    >>> from planner.clock.days import RepresentativeDays
    >>> days = RepresentativeDays(slot_h=6)
    >>> power_mw = np.arange(1.0, days.n_slots + 1)
    >>> hours = hourly(days, power_mw)
    >>> hours[:8].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0]
    >>> bool(np.isclose(hours.sum(), days.weight_h @ power_mw))
    True
    """
    by_slot = np.asarray(of_slot, dtype=np.float64)
    by_day = by_slot.reshape(*by_slot.shape[:-1], days.n_days, days.slots_per_day)
    slots = np.einsum("cd,...ds->...cs", calendar_days(days), by_day)
    by_hour = np.repeat(slots, int(HOURS_PER_DAY) // days.slots_per_day, axis=-1)
    return by_hour.reshape(*by_slot.shape[:-1], -1)


def hour_names(year: int) -> NDArray[np.datetime64]:
    """Return the start of each hour of a model year in UTC; a leap day is left out.

    >>> hours = hour_names(2028)
    >>> hours.size, str(hours[1416]), str(hours[-1])
    (8760, '2028-03-01T00', '2028-12-31T23')
    """
    every = np.arange(f"{year}-01-01T00", f"{year + 1}-01-01T00", dtype="datetime64[h]")
    leap = every.astype("datetime64[D]") == np.datetime64(f"{year}-03-01") - np.timedelta64(1, "D")
    return every[~leap] if every.size > sum(DAYS_PER_MONTH) * HOURS_PER_DAY else every


def _month(days: RepresentativeDays, month: int) -> Floats:
    """Return what the calendar days of a month are made of, shape (calendar day, day)."""
    order, lengths = _in_order(days.days_by_month[:, month], days)
    return _laid(order, lengths, DAYS_PER_MONTH[month], days.n_days)


def _laid(order: NDArray[np.intp], lengths: Floats, count: int, n_days: int) -> Floats:
    """Lay days one after the other over calendar days, shape (calendar day, day)."""
    ends = np.cumsum(lengths)
    ends[-1] = count  # but for rounding
    begins = np.concatenate([[0.0], ends[:-1]])
    first = np.arange(count, dtype=np.float64)[:, None]
    overlap = np.minimum(ends, first + 1.0) - np.maximum(begins, first)
    shares = np.zeros((count, n_days))
    np.add.at(shares.T, order, np.clip(overlap, 0.0, None).T)
    return shares


def _in_order(stands_for: Floats, days: RepresentativeDays) -> tuple[NDArray[np.intp], Floats]:
    """Return the days of a month one after the other, and for how long each."""
    there = np.flatnonzero(stands_for)
    is_peak = days.is_peak_day[there]
    ordinary, peak = there[~is_peak], there[is_peak]
    before = np.floor(np.cumsum(stands_for[ordinary]).max(initial=0.0) / 2.0)
    ends = np.minimum(np.cumsum(stands_for[ordinary]), before)
    first = np.diff(ends, prepend=0.0)
    order = np.concatenate([ordinary, peak, ordinary])
    return order, np.concatenate([first, stands_for[peak], stands_for[ordinary] - first])
