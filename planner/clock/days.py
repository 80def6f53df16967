"""Dates, model years, and the days that represent a year."""

from __future__ import annotations

from abc import ABC, abstractmethod
from calendar import isleap, monthrange
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from planner.base.errors import refuse
from planner.base.units import HOURS_PER_DAY, MONTHS_PER_YEAR

if TYPE_CHECKING:
    import datetime

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Integers

# --- Dates, model years, and the face of the calendar: days and local clocks ----------------------


def hours_in_year(year: int) -> float:
    """Hours of a calendar year, leap days counted. Gives [h]."""
    return (366 if isleap(year) else 365) * HOURS_PER_DAY


def float_year(date: datetime.date) -> float:
    """Write a date as a float year in which every month is a twelfth.

    Lead times are counted in months, so that 18 months after 1 January 2027 is 2028.5.
    Gives [yr].
    """
    part_of_month = (date.day - 1) / monthrange(date.year, date.month)[1]
    return date.year + (date.month - 1 + part_of_month) / MONTHS_PER_YEAR


def is_time_zone(name: str) -> bool:
    """Whether a name is one of IANA's, such as America/New_York."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is none
        return False
    return True


@dataclass(frozen=True)
class ModelYears:
    """Years that are modelled; each stands for itself and the years up to the next one.

    The last represents one year.
    """

    years: tuple[int, ...]  # strictly increasing calendar years, at least one

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
        return tuple(b - a for a, b in zip(self.years, (*self.years[1:], self.last + 1), strict=True))

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


# --- Days that represent a year, cut into time slices: what all have, and representative ones -----
#
# Time slices run in UTC, so one is the same moment at every site. Representative days are one per
# season (or per month) and one peak day, each standing for a number of days. A series
# has days that follow one another.

SEASONS: Final = ("DJF", "MAM", "JJA", "SON")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS_PER_MONTH: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # [day], no leap day
SEASON_OF_MONTH: Final = tuple(SEASONS[month % 12 // 3] for month in range(1, 13))
"""Season of each month, January first; by the calendar, in the south as in the north."""
_Kind = TypeVar("_Kind", bound=np.generic)
_HOURS: Final = int(HOURS_PER_DAY)


@dataclass(frozen=True)
class BillingPeriod:
    """Months whose demand charge is billed on one maximum."""

    name: str  # a season, or a month where one stands alone
    months: float  # months that are billed so; they need not be whole. [month]
    slots: tuple[int, ...]  # positions of the slots that represent these months


class Days(ABC):
    """Days that represent a year, each cut into the same time slices, listed day by day."""

    slot_h: int
    """Length of a time slice; divides 24. [h]"""

    @property
    @abstractmethod
    def days_by_month(self) -> Floats:
        """Days of each month that each day stands for, shape (day, month)."""

    @property
    @abstractmethod
    def is_peak_day(self) -> Bools:
        """Whether each day is one on which the whole system peaks, shape (day,)."""

    @property
    @abstractmethod
    def billing_periods(self) -> tuple[BillingPeriod, ...]:
        """Periods that share one billed maximum; their months sum to 12."""

    repeat: bool = True
    """Whether a day is followed by itself, as one that was chosen to represent others is."""

    @cached_property
    def next_slot(self) -> Integers:
        """Time slice that follows each, shape (slot,): the series or each day repeats itself."""
        per_cycle = self.slots_per_day if self.repeat else self.n_slots
        in_cycles = np.arange(self.n_slots).reshape(-1, per_cycle)
        return frozen(np.roll(in_cycles, -1, axis=1).ravel())

    @cached_property
    def previous_slot(self) -> Integers:
        """Time slice that each follows, shape (slot,)."""
        return frozen(np.argsort(self.next_slot))

    @cached_property
    def day_days(self) -> Floats:
        """Days of the year that each day stands for, shape (day,); they sum to 365."""
        return frozen(self.days_by_month.sum(axis=1))

    @cached_property
    def day_season(self) -> tuple[str, ...]:
        """Season of each day."""
        firsts = (int(np.argmax(row > 0.0)) for row in self.days_by_month)
        return tuple(SEASON_OF_MONTH[first] for first in firsts)

    @cached_property
    def day_months(self) -> tuple[tuple[int, ...], ...]:
        """Months, 1 to 12, for which each day counts, fully or in part."""
        return tuple(tuple(int(m) + 1 for m in np.flatnonzero(row)) for row in self.days_by_month)

    @property
    def n_days(self) -> int:
        """Number of days, peak days included."""
        return len(self.days_by_month)

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
        """Day of each time slice, shape (slot,)."""
        return frozen(np.repeat(np.arange(self.n_days), self.slots_per_day))

    @cached_property
    def start_hour(self) -> Integers:
        """Hour of UTC at which each time slice starts, shape (slot,), in h."""
        return frozen(np.tile(np.arange(0, _HOURS, self.slot_h), self.n_days))

    @cached_property
    def hours(self) -> Floats:
        """Length of each time slice, shape (slot,), in h."""
        return frozen(np.full(self.n_slots, float(self.slot_h)))

    @cached_property
    def weight_h(self) -> Floats:
        """Hours of the modelled year that each time slice represents; they sum to 8,760 h."""
        return frozen(self.hours * self.day_days[self.day])

    @cached_property
    def is_peak(self) -> Bools:
        """Whether each time slice belongs to a peak day, shape (slot,)."""
        return frozen(self.is_peak_day[self.day])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the time slices, such as `d0h03`: first day, from 3 h UTC."""
        return tuple(f"d{day}h{hour:02d}" for day, hour in zip(self.day, self.start_hour, strict=True))

    def slots_of(self, day: int) -> tuple[int, ...]:
        """Return the positions of the time slices of a day."""
        first = day * self.slots_per_day
        return tuple(range(first, first + self.slots_per_day))


@dataclass(frozen=True)
class RepresentativeDays(Days):
    """Days that represent a year, cut into time slices; the peak day is always the last of them."""

    season_days: int = len(SEASONS)  # 4, one day per season, or 12, one per month
    slot_h: int = 3  # length of a time slice; divides 24. [h]
    peak_day_days: float = 3.0  # days for which the peak day stands, taken from its month. [day]
    peak_month: int = 7  # month of the peak day, 1 to 12

    def __post_init__(self) -> None:
        is_part = self.peak_day_days < DAYS_PER_MONTH[self.peak_month - 1]
        is_known, divides = self.season_days in {len(SEASONS), len(MONTHS)}, _HOURS % self.slot_h == 0
        refuse(
            "time",
            (not is_known, f"season_days is {self.season_days}", "4, a day per season, or 12, per month"),
            (not divides, f"slot_h is {self.slot_h}", "an integer that divides 24"),
            (not is_part, f"peak_day_days is {self.peak_day_days}", "above 0 and below its month's days"),
        )

    @cached_property
    def days_by_month(self) -> Floats:
        """Days of each month that each day stands for, shape (day, month)."""
        days = np.zeros((self.season_days + 1, len(MONTHS)))
        months = np.arange(len(MONTHS))
        days[self._day_of_month, months] = DAYS_PER_MONTH
        peak = self.peak_month - 1
        days[self._day_of_month[peak], peak] -= self.peak_day_days
        days[-1, peak] = self.peak_day_days
        return frozen(days)

    @cached_property
    def is_peak_day(self) -> Bools:
        """Whether each day is the peak day, shape (day,): the last is."""
        return frozen(np.arange(self.n_days) == self.season_days)

    @cached_property
    def billing_periods(self) -> tuple[BillingPeriod, ...]:
        """Periods that share one billed maximum; their months sum to 12.

        Months represented by the same days have the same maximum, so they are one period. The peak
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
                periods.append(BillingPeriod(name, len(months), self.slots_of(day)))
        slots = self.slots_of(int(ordinary[peak])) + self.slots_of(self.n_days - 1)
        return (*periods, BillingPeriod(MONTHS[peak], 1, slots))

    @cached_property
    def _day_of_month(self) -> Integers:
        """Ordinary day that represents each month, shape (month,)."""
        if self.season_days == len(MONTHS):
            return np.arange(len(MONTHS), dtype=np.int64)
        return np.array([SEASONS.index(season) for season in SEASON_OF_MONTH], dtype=np.int64)


def frozen(array: NDArray[_Kind]) -> NDArray[_Kind]:
    """Return an array that can no longer be written to."""
    array.flags.writeable = False
    return array


# --- A series of days with weights of their own, which follow one another or repeat themselves ----


@dataclass(frozen=True)
class SeriesDays(Days):
    """Days of a table: in the order in which they pass, or each repeating itself."""

    months: tuple[int, ...]  # month of each day, 1 to 12
    days: tuple[float, ...]  # days of the year that each day stands for; they sum to 365. [day]
    # positions of the days on which the whole system peaks; weather of the peak day sizes cooling and connections on
    # them
    peaks: tuple[int, ...]
    slot_h: int = 3  # length of a slot; divides 24. [h]
    repeat: bool = False  # whether a day is followed by itself

    @cached_property
    def days_by_month(self) -> Floats:
        """Days of each month that each day stands for, shape (day, month)."""
        days = np.zeros((len(self.months), len(MONTHS)))
        days[np.arange(len(self.months)), np.array(self.months) - 1] = self.days
        return frozen(days)

    @cached_property
    def is_peak_day(self) -> Bools:
        """Whether each day is one on which the whole system peaks, shape (day,)."""
        return frozen(np.isin(np.arange(self.n_days), self.peaks))

    @cached_property
    def billing_periods(self) -> tuple[BillingPeriod, ...]:
        """Periods that share one billed maximum; their months sum to 12.

        Every month with a day of the series is a period. Months without one are billed with
        those that have, in proportion to the days for which these stand beyond their own.
        """
        stands_for = self.days_by_month.sum(axis=0)
        there = np.flatnonzero(stands_for)
        beyond = np.maximum(stands_for[there] - np.array(DAYS_PER_MONTH)[there], 0.0)
        absent = len(MONTHS) - len(there)
        also = absent * beyond / beyond.sum() if absent else np.zeros(len(there))
        month_of_slot = np.array(self.months)[self.day] - 1
        return tuple(
            BillingPeriod(
                MONTHS[month], 1.0 + float(more), tuple(int(slot) for slot in np.flatnonzero(month_of_slot == month))
            )
            for month, more in zip(there, also, strict=True)
        )
