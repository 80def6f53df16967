"""Profiles of load over a year of hours, and ramps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, refuse
from planner.base.units import HOURS_PER_DAY, MONTHS_PER_YEAR
from planner.clock.days import DAYS_PER_MONTH, MONTHS, SEASONS, RepresentativeDays

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.clock.days import Days

# --- Profiles of a local clock laid over the slots of the days that represent a year --------------
#
# The local clock of a place is UTC plus its standard offset. Daylight saving is left out, which
# moves a local profile by an hour for part of the year and leaves its daily mean alone. What a
# local clock pushes over midnight comes back at the other end of the same day, in a series too.

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
    raise InputError.at("profile", what_is, must_be)


def _local_hours_in_slots(utc_offset_h: float, days: Days) -> Floats:
    """Hours of each local clock hour in each slot of a day, shape (slot of day, 24)."""
    begin = to_local_hours(days.start_hour[: days.slots_per_day], utc_offset_h)[:, None]
    hour = np.arange(2 * _HOURS, dtype=float)  # two rounds: a slot may run over midnight
    overlap = np.minimum(begin + days.slot_h, hour + 1.0) - np.maximum(begin, hour)
    return np.asarray(np.clip(overlap, 0.0, None).reshape(-1, 2, _HOURS).sum(axis=1))


# --- How much of a year something can be used: halls that ramp, and all that begins and ends ------

_DIGITS: Final = 9  # of a share of a year: what is left below is rounding


def usable_share(
    service_start: ArrayLike,
    year: ArrayLike,
    ramp_months: float = 12.0,
    ramp_mean_frac: float = 0.6,
    *,
    span_years: ArrayLike = 1.0,
) -> Floats:
    r"""Mean share of a hall that can be used in a calendar year, or in a row of them.

    After energisation the usable share rises on a straight line from :math:`2 m - 1` to 1, so
    that its mean over the ramp is :math:`m`; before, it is 0. The mean over the year is the
    exact integral, whatever the month in which service starts:

    .. math:: \frac{U(y + n - t_0) - U(y - t_0)}{n}, \qquad
              U(x) = (2 m - 1) x + \frac{(1 - m) x^2}{T} \;\; (0 \le x \le T), \quad
              U(x) = m T + x - T \;\; (x > T)
    Takes `ramp_months` [month], `span_years` [yr].
    """
    refuse(
        "ramp",
        (not ramp_months >= 0.0, f"ramp_months is {ramp_months}", "at least 0"),
        (not 0.5 <= ramp_mean_frac <= 1.0, f"ramp_mean_frac is {ramp_mean_frac}", "0.5 to 1"),
    )
    ramp_years = ramp_months / MONTHS_PER_YEAR

    def usable_years(since_start: Floats) -> Floats:
        """Full-hall years of use until a moment."""
        ramping = np.clip(since_start, 0.0, ramp_years)
        rise = (1.0 - ramp_mean_frac) * ramping**2 / ramp_years if ramp_years > 0.0 else 0.0
        full = np.maximum(since_start - ramp_years, 0.0)
        return np.asarray((2.0 * ramp_mean_frac - 1.0) * ramping + rise + full)

    begin = np.asarray(year, dtype=float) - np.asarray(service_start, dtype=float)
    span = np.asarray(span_years, dtype=float)
    return np.asarray((usable_years(begin + span) - usable_years(begin)) / span)


def share_in_force(begin: ArrayLike, end: ArrayLike, year: ArrayLike, span_years: ArrayLike = 1.0) -> Floats:
    """Share of a calendar year, or of a row of them, between two moments; nothing ramps. Takes `span_years` [yr]."""
    begun, over = (usable_share(moment, year, ramp_months=0.0, span_years=span_years) for moment in (begin, end))
    return np.asarray(np.round(begun - over, _DIGITS))


# --- From the days that represent a year to its 365 calendar days and 8,760 hours -----------------
#
# A plan knows a few days with the months they represent. Programs that run hour by hour, and
# people who draw a year, want every hour: each calendar day of a month is one of the days that
# represent the month. Where a day is part of a calendar day, that calendar day is a mixture,
# so the energy of the year is kept exactly.


def calendar_days(days: Days) -> Floats:
    """Return what each calendar day is made of.

    Representative days that represent a month follow each other in their order, the peak day in the
    middle of its month. Days of a series follow each other through the year, each for as long as
    it stands for: those of some weeks fill months that no day represents.
    Gives (365, day).
    """
    if not isinstance(days, RepresentativeDays):
        return _laid(np.arange(days.n_days), days.day_days, sum(DAYS_PER_MONTH), days.n_days)
    months = [_month(days, month) for month in range(len(DAYS_PER_MONTH))]
    return np.concatenate(months)


def hourly(days: Days, of_slot: ArrayLike) -> Floats:
    """Return the hours of a year of something that is known by slot."""
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
