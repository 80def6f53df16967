"""When a rule of a tariff holds: months, days and hours of clocks, and the calendar of a bill."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import pandas as pd

from planner.base.errors import Problem, raise_all, refuse
from planner.clock.days import is_time_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Integers

# --- Calendar months: the periods that bills count in ---------------------------------------------

MONTHS_A_YEAR: Final = 12
ALL_MONTHS: Final = tuple(range(1, MONTHS_A_YEAR + 1))
"""Numbers of the months, January first."""


def month_of_first_day(day: datetime.date, place: str) -> pd.Period:
    """Return the month that begins on a day."""
    refuse("tariff", (day.day != 1, f"{place} is {day}", "the first day of a month"))
    return pd.Period(day, "M")


# --- The calendar of a bill: every hour that passes, and what the clock on the wall shows then ----

_MINUTES_PER_HOUR: Final = 60.0
_HOUR: Final = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class BillingCalendar:
    """Whole months of real hours in a time zone, with leap days and clock changes as they come.

    Hours are hours that pass, so the day of the spring change has 23 and that of the autumn
    change 25. An hour belongs to the month, weekday and clock hour in which it starts.
    """

    start: datetime.date  # first day of the first month, and first day after the last month
    end: datetime.date
    time_zone: str | datetime.tzinfo = "UTC"  # IANA name such as `America/New_York`, or hours from UTC

    def __post_init__(self) -> None:
        is_over = month_of_first_day(self.end, "end of the calendar") <= self._first_month
        refuse(
            "tariff",
            (is_over, f"the calendar ends on {self.end}", "after its start"),
            (
                isinstance(self.time_zone, str) and not is_time_zone(self.time_zone),
                f"time_zone is {self.time_zone!r}",
                "an IANA name such as America/New_York",
            ),
        )

    @classmethod
    def of_years(
        cls, first: int, last: int | None = None, *, time_zone: str | datetime.tzinfo = "UTC"
    ) -> BillingCalendar:
        """Make the calendar of one year, or of all years from the first to the last."""
        end = datetime.date((first if last is None else last) + 1, 1, 1)
        return cls(datetime.date(first, 1, 1), end, time_zone)

    @property
    def n_hours(self) -> int:
        """Hours that pass from start to end."""
        return len(self._local)

    @cached_property
    def months(self) -> tuple[pd.Period, ...]:
        """Months from first to last."""
        return tuple(pd.period_range(self._first_month, pd.Period(self.end, "M") - 1, freq="M"))

    @cached_property
    def year(self) -> Integers:
        """Year on the clock of each hour, shape (hour,)."""
        return _integers(self._local.year)

    @cached_property
    def month(self) -> Integers:
        """Month of the year, 1 to 12, on the clock of each hour, shape (hour,)."""
        return _integers(self._local.month)

    @cached_property
    def weekday(self) -> Integers:
        """Weekday of each hour, 0 for Monday to 6 for Sunday, shape (hour,)."""
        return _integers(self._local.day_of_week)

    @cached_property
    def hour(self) -> Integers:
        """Hour on the clock, 0 to 23, at which each hour starts, shape (hour,)."""
        return _integers(self._local.hour)

    @cached_property
    def utc_start_h(self) -> NDArray[np.float64]:
        """Hour of UTC, 0 to 24, at which each hour starts, shape (hour,)."""
        utc = self._local.tz_convert("UTC")
        return np.asarray(utc.hour + utc.minute / _MINUTES_PER_HOUR, dtype=np.float64)

    @cached_property
    def month_starts(self) -> Integers:
        """Position of the first hour of each month, shape (month,)."""
        number = MONTHS_A_YEAR * self.year + self.month
        return np.flatnonzero(np.diff(number, prepend=-1)).astype(np.int64)

    @cached_property
    def hours_of_month(self) -> Integers:
        """Hours that pass in each month, shape (month,)."""
        return np.diff(self.month_starts, append=self.n_hours)

    @cached_property
    def days_of_month(self) -> Integers:
        """Days of each month, shape (month,)."""
        return np.array([month.days_in_month for month in self.months])

    def moments(self, positions: Iterable[int]) -> tuple[datetime.datetime, ...]:
        """Give the moments, in the calendar's time zone, at which hours start."""
        return tuple(self._local[position].to_pydatetime() for position in positions)

    def positions(self, moments: Iterable[datetime.datetime], place: str) -> Integers:
        """Find the hours in which moments lie. Gives (moment,)."""
        found, problems = [], []
        start = self._local[0].to_pydatetime().astimezone(datetime.UTC)
        for moment in moments:
            if moment.utcoffset() is None:
                what_is = f"{place} has {moment} without a time zone"
                problems.append(Problem.of("tariff", what_is, "a moment with its offset"))
                continue
            # Two moments of one zone are subtracted as clocks show them, hence in UTC.
            position = (moment.astimezone(datetime.UTC) - start) // _HOUR
            found.append(position)
            if not 0 <= position < self.n_hours:
                must_be = f"within the calendar, from {self.start} to before {self.end}"
                problems.append(Problem.of("tariff", f"{place} has {moment}", must_be))
        raise_all(problems)
        return np.array(found, dtype=np.int64)

    @cached_property
    def _local(self) -> pd.DatetimeIndex:
        # Where clocks change at the midnight that opens a month, it opens with the change.
        first, last = (
            pd.Timestamp(day).tz_localize(self.time_zone, nonexistent="shift_forward", ambiguous=True)
            for day in (self.start, self.end)
        )
        passed = pd.date_range(first.tz_convert("UTC"), last.tz_convert("UTC"), freq="h", inclusive="left")
        return passed.tz_convert(self.time_zone)

    @property
    def _first_month(self) -> pd.Period:
        return month_of_first_day(self.start, "start of the calendar")


def _integers(labels: pd.Index[int]) -> Integers:
    return np.array(labels, dtype=np.int64)


# --- When a price applies: months, weekdays and hours of the local clock --------------------------

ALL_WEEK: Final = tuple(range(7))
WORKDAYS: Final = ALL_WEEK[:5]
WEEKEND: Final = ALL_WEEK[5:]
ALL_DAY: Final = tuple(range(24))


def clock_hours(first: int, until: int) -> tuple[int, ...]:
    """List the hours from one time of the clock until another, past midnight if need be."""
    count = (until - first) % len(ALL_DAY) or len(ALL_DAY)
    return tuple((first + passed) % len(ALL_DAY) for passed in range(count))


class ClockHours(ABC):
    """Hours of the local clock, in each week of a month."""

    @abstractmethod
    def grid(self) -> Bools:
        """Tell for each month, weekday and clock hour whether it is inside, shape (month, weekday, hour)."""

    def mask(self, calendar: BillingCalendar) -> Bools:
        """Tell it for each hour of a calendar, shape (hour,)."""
        return self.grid()[calendar.month - 1, calendar.weekday, calendar.hour]


@dataclass(frozen=True)
class When(ClockHours):
    """Months, weekdays and clock hours; an hour is inside if all three hold."""

    months: tuple[int, ...] = ALL_MONTHS  # 1 to 12; a season is a set of months
    weekdays: tuple[int, ...] = ALL_WEEK  # 0 for Monday to 6 for Sunday
    hours: tuple[int, ...] = ALL_DAY  # 0 to 23, the hours of the local clock by their start

    def __post_init__(self) -> None:
        each = (("months", ALL_MONTHS), ("weekdays", ALL_WEEK), ("hours", ALL_DAY))
        refuse("tariff", *(_all_of(name, getattr(self, name), allowed) for name, allowed in each))

    def grid(self) -> Bools:
        """Tell it for each month, weekday and clock hour, shape (month, weekday, hour)."""
        return (
            np.isin(ALL_MONTHS, self.months)[:, None, None]
            & np.isin(ALL_WEEK, self.weekdays)[:, None]
            & np.isin(ALL_DAY, self.hours)
        )


@dataclass(frozen=True)
class OtherHours(ClockHours):
    """All hours that are in none of some periods.

    >>> from planner.tariffs import BillingCalendar
    >>> evening = When(hours=clock_hours(16, 21))
    >>> int(OtherHours((evening,)).mask(BillingCalendar.of_years(2027)).sum())  # 19 hours a day
    6935
    """

    of: tuple[When, ...]  # the periods
    months: ClassVar[tuple[int, ...]] = ALL_MONTHS

    def grid(self) -> Bools:
        """Tell it for each month, weekday and clock hour, shape (month, weekday, hour)."""
        inside = When().grid()
        for when in self.of:
            inside = inside & ~when.grid()
        return inside


def _all_of(name: str, numbers: Iterable[int], allowed: Collection[int]) -> tuple[bool, str, str]:
    """Return the rule for the numbers that make a period."""
    given = list(numbers)
    is_wrong = not given or not set(given) <= set(allowed) or len(set(given)) < len(given)
    return is_wrong, f"{name} of a period is {given}", f"at least one of {min(allowed)} to {max(allowed)}, each once"


ALWAYS: Final = When()
"""Every hour."""
