"""Model years, representative days and their slots, local clocks, billing periods.

A modelled year has 365 days. It is told by one day per season (or per month) and one peak
day, each standing for a number of days, cut into slots of equal length. Slots run in UTC, so
a slot is the same moment at every site. The local clock of a place is UTC plus its standard
offset: daylight saving is left out, which moves a local profile by an hour for part of the
year and leaves its daily mean alone. A representative day repeats itself, so what a local
clock pushes over midnight comes back at the other end of the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from planner.errors import InputError, Problem
from planner.units import HOURS_PER_DAY, MONTHS_PER_YEAR

if TYPE_CHECKING:
    import datetime

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = [
    "DAYS_PER_MONTH",
    "MONTHS",
    "SEASONS",
    "SEASON_OF_MONTH",
    "BillingPeriod",
    "ModelYears",
    "RepresentativeDays",
    "float_year",
    "hours_in_year",
    "slot_means",
    "slot_peaks",
    "to_local_hours",
]

SEASONS: Final = ("DJF", "MAM", "JJA", "SON")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS_PER_MONTH: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # [day], no leap day
SEASON_OF_MONTH: Final = tuple(SEASONS[month % 12 // 3] for month in range(1, 13))
"""Season of each month, January first; by the calendar, in the south as in the north."""

_Kind = TypeVar("_Kind", bound=np.generic)
_HOURS: Final = int(HOURS_PER_DAY)
_DAYS_ALLOWED: Final = (len(SEASONS), len(MONTHS))


def hours_in_year(year: int) -> float:
    """Hours of a calendar year, leap days counted.

    Parameters
    ----------
    year
        Calendar year.

    Returns
    -------
    float
        8,784 in leap years, else 8,760. [h]

    Examples
    --------
    >>> hours_in_year(2027), hours_in_year(2028), hours_in_year(2100)
    (8760.0, 8784.0, 8760.0)
    """
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (366 if is_leap else 365) * HOURS_PER_DAY


def float_year(date: datetime.date) -> float:
    """Write a date as a float year in which every month is a twelfth.

    Lead times are counted in months, so that 18 months after 1 January 2027 is 2028.5.

    Parameters
    ----------
    date
        Day; its first moment is meant.

    Returns
    -------
    float
        For example 2028.5 for 1 July 2028. [yr]

    Examples
    --------
    >>> import datetime
    >>> float_year(datetime.date(2028, 7, 1))
    2028.5
    """
    part_of_month = (date.day - 1) / max(DAYS_PER_MONTH[date.month - 1], date.day)
    return date.year + (date.month - 1 + part_of_month) / MONTHS_PER_YEAR


def to_local_hours(slot_start_utc_h: ArrayLike, utc_offset_h: ArrayLike) -> Floats:
    """Hour of the local clock, in standard time, at hours of UTC.

    Parameters
    ----------
    slot_start_utc_h
        Hours of the UTC day. [h]
    utc_offset_h
        Standard offset of the place, for example -5 or 5.5. [h]

    Returns
    -------
    numpy.ndarray
        Hours of the local day, at least 0 and below 24. [h]

    Examples
    --------
    >>> to_local_hours([0, 6, 21], 5.5).tolist()
    [5.5, 11.5, 2.5]
    """
    local = np.asarray(slot_start_utc_h, dtype=float) + np.asarray(utc_offset_h, dtype=float)
    return np.asarray(local % HOURS_PER_DAY)


@dataclass(frozen=True)
class ModelYears:
    """Years that are modelled; each stands for itself and the years up to the next one.

    The last stands for one year.

    Parameters
    ----------
    years
        Strictly increasing calendar years, at least one.

    Raises
    ------
    InputError
        If there is no year or they do not increase.

    Examples
    --------
    >>> years = ModelYears((2025, 2026, 2030))
    >>> years.spans
    (1, 4, 1)
    >>> years.calendar_years(1)
    (2026, 2027, 2028, 2029)
    """

    years: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.years or any(b <= a for a, b in zip(self.years, self.years[1:], strict=False)):
            raise InputError(
                [
                    Problem(
                        "years",
                        None,
                        None,
                        f"the model years are {list(self.years)}",
                        "at least one year, each later than the one before",
                    )
                ]
            )

    def __len__(self) -> int:
        return len(self.years)

    @property
    def first(self) -> int:
        """First calendar year."""
        return self.years[0]

    @property
    def last(self) -> int:
        """Last calendar year; the last model year stands for itself alone."""
        return self.years[-1]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the model years."""
        return tuple(str(year) for year in self.years)

    @property
    def spans(self) -> tuple[int, ...]:
        """Calendar years that each model year stands for."""
        return tuple(
            b - a for a, b in zip(self.years, (*self.years[1:], self.last + 1), strict=True)
        )

    def calendar_years(self, t: int) -> tuple[int, ...]:
        """List the calendar years that the model year at position `t` stands for."""
        return tuple(range(self.years[t], self.years[t] + self.spans[t]))

    @property
    def last_calendar_years(self) -> Integers:
        """Last calendar year that each model year stands for, shape (model year,)."""
        return np.array(self.years, dtype=np.int64) + np.array(self.spans, dtype=np.int64) - 1

    def position(self, moment: float) -> int | None:
        """Position of the model year that contains a moment, None outside the horizon."""
        if not self.first <= moment < self.last + 1:
            return None
        return int(np.searchsorted(self.years, moment, side="right")) - 1


@dataclass(frozen=True)
class BillingPeriod:
    """Months whose demand charge is billed on one maximum.

    Parameters
    ----------
    name
        A season, or a month where one stands alone.
    months
        Months that are billed so. [month]
    slots
        Positions of the slots that represent these months.
    """

    name: str
    months: int
    slots: tuple[int, ...]


@dataclass(frozen=True)
class RepresentativeDays:
    """Days that tell a year, cut into slots; the peak day is always the last of them.

    Parameters
    ----------
    season_days
        4, one day per season, or 12, one per month.
    slot_h
        Length of a slot; divides 24. [h]
    peak_day_days
        Days for which the peak day stands, taken from its month. [day]
    peak_month
        Month of the peak day, 1 to 12.

    Raises
    ------
    InputError
        With every setting that is out of range.

    Examples
    --------
    >>> days = RepresentativeDays(season_days=4, slot_h=6)
    >>> days.names[:5]
    ('d0h00', 'd0h06', 'd0h12', 'd0h18', 'd1h00')
    >>> days.day_days.tolist()
    [90.0, 92.0, 89.0, 91.0, 3.0]
    >>> float(days.weight_h.sum())
    8760.0
    >>> [(period.name, period.months) for period in days.billing_periods]
    [('DJF', 3), ('MAM', 3), ('JJA', 2), ('SON', 3), ('Jul', 1)]
    """

    season_days: int = len(SEASONS)
    slot_h: int = 3
    peak_day_days: float = 3.0
    peak_month: int = 7

    def __post_init__(self) -> None:
        problems = []
        if self.season_days not in _DAYS_ALLOWED:
            problems.append(
                _problem("season_days", self.season_days, "4, a day per season, or 12, per month")
            )
        if self.slot_h not in range(1, _HOURS + 1) or _HOURS % self.slot_h:
            problems.append(_problem("slot_h", self.slot_h, "a whole number that divides 24"))
        if self.peak_month not in range(1, len(MONTHS) + 1):
            problems.append(_problem("peak_month", self.peak_month, "1 to 12"))
        elif not 0.0 < self.peak_day_days < DAYS_PER_MONTH[self.peak_month - 1]:
            problems.append(
                _problem("peak_day_days", self.peak_day_days, "above 0 and below its month's days")
            )
        if problems:
            raise InputError(problems)

    @cached_property
    def days_by_month(self) -> Floats:
        """Days of each month that each day stands for, shape (day, month)."""
        days = np.zeros((self.season_days + 1, len(MONTHS)))
        months = np.arange(len(MONTHS))
        days[self._day_of_month, months] = DAYS_PER_MONTH
        peak = self.peak_month - 1
        days[self._day_of_month[peak], peak] -= self.peak_day_days
        days[-1, peak] = self.peak_day_days
        return _frozen(days)

    @cached_property
    def day_days(self) -> Floats:
        """Days of the year that each day stands for, shape (day,); they sum to 365."""
        return _frozen(self.days_by_month.sum(axis=1))

    @cached_property
    def day_season(self) -> tuple[str, ...]:
        """Season of each day."""
        firsts = (int(np.argmax(row > 0.0)) for row in self.days_by_month)
        return tuple(SEASON_OF_MONTH[first] for first in firsts)

    @cached_property
    def day_months(self) -> tuple[tuple[int, ...], ...]:
        """Months, 1 to 12, for which each day stands in whole or in part."""
        return tuple(tuple(int(m) + 1 for m in np.flatnonzero(row)) for row in self.days_by_month)

    @property
    def n_days(self) -> int:
        """Number of days, the peak day included."""
        return self.season_days + 1

    @property
    def slots_per_day(self) -> int:
        """Slots of one day."""
        return _HOURS // self.slot_h

    @property
    def n_slots(self) -> int:
        """Slots of all days."""
        return self.n_days * self.slots_per_day

    @cached_property
    def day(self) -> Integers:
        """Day of each slot, shape (slot,)."""
        return _frozen(np.repeat(np.arange(self.n_days), self.slots_per_day))

    @cached_property
    def start_hour(self) -> Integers:
        """Hour of UTC at which each slot starts, shape (slot,), in h."""
        return _frozen(np.tile(np.arange(0, _HOURS, self.slot_h), self.n_days))

    @cached_property
    def hours(self) -> Floats:
        """Length of each slot, shape (slot,), in h."""
        return _frozen(np.full(self.n_slots, float(self.slot_h)))

    @cached_property
    def weight_h(self) -> Floats:
        """Hours of the modelled year for which each slot stands; they sum to 8,760 h."""
        return _frozen(self.hours * self.day_days[self.day])

    @cached_property
    def is_peak(self) -> Bools:
        """Whether each slot belongs to the peak day, shape (slot,)."""
        return _frozen(self.day == self.n_days - 1)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the slots, such as `d0h03`: first day, from 3 h UTC."""
        return tuple(
            f"d{day}h{hour:02d}" for day, hour in zip(self.day, self.start_hour, strict=True)
        )

    @cached_property
    def billing_periods(self) -> tuple[BillingPeriod, ...]:
        """Periods that share one billed maximum; their months sum to 12.

        Months told by the same days have the same maximum, so they are one period. The peak
        day belongs to its month alone: that month's maximum is over its ordinary day and the
        peak day, and the other months of the season never see the peak.
        """
        ordinary = self._day_of_month
        peak = self.peak_month - 1
        periods = []
        for day in range(self.season_days):
            months = [m for m in np.flatnonzero(ordinary == day) if m != peak]
            if months:
                is_season = self.season_days == len(SEASONS)
                name = SEASONS[day] if is_season else MONTHS[day]
                periods.append(BillingPeriod(name, len(months), self._slots_of(day)))
        slots = self._slots_of(int(ordinary[peak])) + self._slots_of(self.n_days - 1)
        return (*periods, BillingPeriod(MONTHS[peak], 1, slots))

    @cached_property
    def _day_of_month(self) -> Integers:
        """Ordinary day that tells each month, shape (month,)."""
        if self.season_days == len(MONTHS):
            return np.arange(len(MONTHS), dtype=np.int64)
        return np.array([SEASONS.index(season) for season in SEASON_OF_MONTH], dtype=np.int64)

    def _slots_of(self, day: int) -> tuple[int, ...]:
        first = day * self.slots_per_day
        return tuple(range(first, first + self.slots_per_day))


def slot_means(profile: ArrayLike, utc_offset_h: float, days: RepresentativeDays) -> Floats:
    """Average an hourly profile on a local clock over the slots.

    Parameters
    ----------
    profile
        Values of the 24 local hours, hour 0 from midnight to one. Shape (..., 24) with one
        axis only: the same every day. Otherwise the axis before the hours is by season (4),
        by month (12; a day that stands for several months takes their mean) or by day.
    utc_offset_h
        Standard offset of the place; half and quarter hours are split exactly. [h]
    days
        Representative days.

    Returns
    -------
    numpy.ndarray
        Means, shape (..., slot): any axes before those named stay.

    Raises
    ------
    InputError
        If the profile has another shape.

    Examples
    --------
    Hour 9 to 10 in India (UTC + 5.5 h) lies in the two UTC hours from 3 to 5:

    >>> days = RepresentativeDays(slot_h=1)
    >>> profile = [0.0] * 9 + [4.0] + [0.0] * 14
    >>> slot_means(profile, 5.5, days)[:6].tolist()
    [0.0, 0.0, 0.0, 2.0, 2.0, 0.0]
    """
    by_day = _by_day(profile, days)
    means = by_day @ (_local_hours_in_slots(utc_offset_h, days) / days.slot_h).T
    return np.asarray(means.reshape(*means.shape[:-2], days.n_slots))


def slot_peaks(profile: ArrayLike, utc_offset_h: float, days: RepresentativeDays) -> Floats:
    """Take the largest value that an hourly profile on a local clock has in each slot.

    What sizes a connection must not shrink when the slots are made longer.

    Parameters
    ----------
    profile, utc_offset_h, days
        As in `slot_means`.

    Returns
    -------
    numpy.ndarray
        Maxima over the local hours that a slot touches, shape (..., slot).

    Raises
    ------
    InputError
        If the profile has another shape.

    Examples
    --------
    >>> days = RepresentativeDays(slot_h=12)
    >>> slot_peaks(range(24), 0.0, days)[:2].tolist()
    [11.0, 23.0]
    """
    by_day = _by_day(profile, days)
    touches = _local_hours_in_slots(utc_offset_h, days) > 0.0
    largest = np.where(touches, by_day[..., None, :], -np.inf).max(axis=-1)
    return np.asarray(largest.reshape(*largest.shape[:-2], days.n_slots))


def _by_day(profile: ArrayLike, days: RepresentativeDays) -> Floats:
    """Write a profile by hour, season or month as one by representative day and hour."""
    values = np.asarray(profile, dtype=float)
    if values.shape[-1:] == (_HOURS,):
        if values.ndim == 1:
            return np.broadcast_to(values, (days.n_days, _HOURS))
        rows = values.shape[-2]
        if rows == days.n_days:
            return values
        if rows == len(SEASONS):
            return values[..., [SEASONS.index(season) for season in days.day_season], :]
        if rows == len(MONTHS):
            return np.asarray((days.days_by_month / days.day_days[:, None]) @ values)
    raise InputError(
        [
            Problem(
                "profile",
                None,
                None,
                f"the profile has shape {values.shape}",
                f"(24,) or (..., 4, 12 or {days.n_days}, 24)",
            )
        ]
    )


def _local_hours_in_slots(utc_offset_h: float, days: RepresentativeDays) -> Floats:
    """Hours of each local clock hour in each slot of a day, shape (slot of day, 24)."""
    begin = to_local_hours(days.start_hour[: days.slots_per_day], utc_offset_h)[:, None]
    hour = np.arange(2 * _HOURS, dtype=float)  # two rounds: a slot may run over midnight
    overlap = np.minimum(begin + days.slot_h, hour + 1.0) - np.maximum(begin, hour)
    return np.asarray(np.clip(overlap, 0.0, None).reshape(-1, 2, _HOURS).sum(axis=1))


def _problem(name: str, value: float, must_be: str) -> Problem:
    return Problem("time", None, None, f"{name} is {value}", must_be)


def _frozen(array: NDArray[_Kind]) -> NDArray[_Kind]:
    array.flags.writeable = False
    return array
