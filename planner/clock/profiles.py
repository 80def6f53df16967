"""Profiles of a local clock laid over the slots of the days that represent a year.

The local clock of a place is UTC plus its standard offset. Daylight saving is left out, which
moves a local profile by an hour for part of the year and leaves its daily mean alone. What a
local clock pushes over midnight comes back at the other end of the same day, in a series too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import HOURS_PER_DAY
from planner.clock.days import MONTHS, SEASONS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.clock.days import Days


__all__ = ["slot_means", "slot_peaks", "to_local_hours"]

_HOURS: Final = int(HOURS_PER_DAY)


def to_local_hours(slot_start_utc_h: ArrayLike, utc_offset_h: ArrayLike) -> Floats:
    """Hour of the local clock, in standard time, at hours of UTC. Gives [h].

    >>> to_local_hours([0, 6, 21], 5.5).tolist()
    [5.5, 11.5, 2.5]
    """
    local = np.asarray(slot_start_utc_h, dtype=float) + np.asarray(utc_offset_h, dtype=float)
    return np.asarray(local % HOURS_PER_DAY)


def slot_means(profile: ArrayLike, utc_offset_h: float, days: Days, *, is_by_day: bool = False) -> Floats:
    """Average an hourly profile on a local clock over the slots.

    `profile`: Values of the 24 local hours, hour 0 from midnight to one. Shape (..., 24) with one axis only: the
    same every day. Otherwise the axis before the hours is by season (4) or by month (12; a day that represents
    several months takes their mean).

    Hour 9 to 10 in India (UTC + 5.5 h) lies in the two UTC hours from 3 to 5:

    >>> from planner.clock.days import RepresentativeDays
    >>> days = RepresentativeDays(slot_h=1)
    >>> profile = [0.0] * 9 + [4.0] + [0.0] * 14
    >>> slot_means(profile, 5.5, days)[:6].tolist()
    [0.0, 0.0, 0.0, 2.0, 2.0, 0.0]
    """
    by_day = _by_day(profile, days, is_by_day=is_by_day)
    means = by_day @ (_local_hours_in_slots(utc_offset_h, days) / days.slot_h).T
    return np.asarray(means.reshape(*means.shape[:-2], days.n_slots))


def slot_peaks(profile: ArrayLike, utc_offset_h: float, days: Days, *, is_by_day: bool = False) -> Floats:
    """Take the largest value that an hourly profile on a local clock has in each slot.

    What sizes a connection must not shrink when the slots are made longer.

    >>> from planner.clock.days import RepresentativeDays
    >>> days = RepresentativeDays(slot_h=12)
    >>> slot_peaks(range(24), 0.0, days)[:2].tolist()
    [11.0, 23.0]
    """
    by_day = _by_day(profile, days, is_by_day=is_by_day)
    touches = _local_hours_in_slots(utc_offset_h, days) > 0.0
    largest = np.stack([by_day[..., of_slot].max(axis=-1) for of_slot in touches], axis=-1)
    return np.asarray(largest.reshape(*largest.shape[:-2], days.n_slots))


def _by_day(profile: ArrayLike, days: Days, *, is_by_day: bool) -> Floats:
    """Write a profile by hour, season or month as one by day and hour."""
    values = np.asarray(profile, dtype=float)
    if values.shape[-1:] == (_HOURS,):
        if values.ndim == 1 and not is_by_day:
            return np.broadcast_to(values, (days.n_days, _HOURS))
        rows = values.shape[-2] if values.ndim > 1 else 0
        if is_by_day and rows == days.n_days:
            return values
        if rows == len(SEASONS) and not is_by_day:
            return values[..., [SEASONS.index(season) for season in days.day_season], :]
        if rows == len(MONTHS) and not is_by_day:
            return np.asarray((days.days_by_month / days.day_days[:, None]) @ values)
    must_be = f"(..., {days.n_days}, 24)" if is_by_day else "(24,) or (..., 4 or 12, 24)"
    what_is = f"the profile has shape {values.shape}"
    raise InputError([Problem("profile", None, None, what_is, must_be)])


def _local_hours_in_slots(utc_offset_h: float, days: Days) -> Floats:
    """Hours of each local clock hour in each slot of a day, shape (slot of day, 24)."""
    begin = to_local_hours(days.start_hour[: days.slots_per_day], utc_offset_h)[:, None]
    hour = np.arange(2 * _HOURS, dtype=float)  # two rounds: a slot may run over midnight
    overlap = np.minimum(begin + days.slot_h, hour + 1.0) - np.maximum(begin, hour)
    return np.asarray(np.clip(overlap, 0.0, None).reshape(-1, 2, _HOURS).sum(axis=1))
