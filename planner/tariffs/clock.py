"""When a rule of a tariff holds, the calendar of a bill, and how its hours are read by a program's time slices."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all, refuse
from planner.base.units import HOURS_PER_DAY
from planner.clock.days import DAYS_PER_MONTH, MONTHS, is_time_zone
from planner.tariffs.rule import HoursOfDays, Metered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Bools, Floats, Integers, Positions
    from planner.clock.days import Days
    from planner.tariffs.tariff import Tariff

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


# --- How the time steps of a load tell the hours of a bill: hour by hour, or by a few days --------


@dataclass(frozen=True, eq=False)
class Pairs:
    """Hours and the steps that tell them; the shares of an hour sum to 1."""

    hour: Integers  # position of the hour in the calendar, and of the step in the load, shape (pair,)
    step: Integers
    share_frac: Floats  # share of the hour that the step represents, shape (pair,)

    def mean(self, load: Floats, n_hours: int) -> Floats:
        """Mean of the steps that tell each hour, shape (hour,)."""
        weights = self.share_frac * load[self.step]
        return np.bincount(self.hour, weights=weights, minlength=n_hours).astype(np.float64)

    def highest(self, load: Floats, n_hours: int) -> Floats:
        """Highest of the steps that tell each hour, shape (hour,)."""
        found = np.zeros(n_hours)
        np.maximum.at(found, self.hour, load[self.step])
        return found


@dataclass(frozen=True, eq=False)
class Reading:
    """A calendar of hours, and the steps of a load that tell them.

    The energy of a period is the power of each step times the hours it represents there. A peak is
    the highest step that represents any of its hours, however few: a maximum has no weight.
    """

    calendar: BillingCalendar  # the hours of the bill
    n_steps: int  # steps of the load
    every: Pairs  # which steps tell each hour
    on_peak_day: Pairs  # which steps tell each hour on the day the whole system peaks

    def hours(self, when: When | OtherHours) -> tuple[Integers, Integers, Floats]:
        """Count the hours that each step represents in each month inside a period. Gives [h]."""
        inside = when.mask(self.calendar)[self.every.hour]
        month = self._month[self.every.hour[inside]]
        key = month * self.n_steps + self.every.step[inside]
        found, place = np.unique(key, return_inverse=True)
        hours = np.bincount(place, weights=self.every.share_frac[inside], minlength=len(found))
        return found // self.n_steps, found % self.n_steps, hours.astype(np.float64)

    def system_peak(self, moments: Iterable[datetime.datetime], place: str) -> Floats:
        """Say how the mean over moments in which the system peaks follows from the steps. Gives (step,)."""
        hours = self.calendar.positions(moments, place)
        times = np.bincount(hours, minlength=self.calendar.n_hours) / len(hours)
        share = times[self.on_peak_day.hour] * self.on_peak_day.share_frac
        shares = np.bincount(self.on_peak_day.step, weights=share, minlength=self.n_steps)
        return shares.astype(np.float64)

    def metered(self, load_mw: ArrayLike, contracted_mw: ArrayLike = 0.0) -> Metered:
        """Write out the hours that a load stands for, as a bill reads them.

        Takes `load_mw` (step,) [MW], `contracted_mw` (month,) [MW].
        """
        load = np.asarray(load_mw, dtype=np.float64)
        contracted = np.asarray(contracted_mw, dtype=np.float64)
        return Metered(
            self.every.mean(load, self.calendar.n_hours),
            self.calendar,
            np.broadcast_to(contracted, len(self.calendar.months)),
            HoursOfDays(
                self.every.highest(load, self.calendar.n_hours),
                self.on_peak_day.mean(load, self.calendar.n_hours),
                self.on_peak_day.highest(load, self.calendar.n_hours),
            ),
        )

    @property
    def _month(self) -> Integers:
        """Month of each hour, by position."""
        count = self.calendar.hours_of_month
        return np.repeat(np.arange(len(count)), count)


def hourly(calendar: BillingCalendar) -> Reading:
    """Read a load that has a step for every hour of the calendar."""
    hour = np.arange(calendar.n_hours, dtype=np.int64)
    pairs = Pairs(hour, hour, np.ones(len(hour)))
    return Reading(calendar, len(hour), pairs, pairs)


def representative(
    calendar: BillingCalendar, utc_start_h: ArrayLike, days: Days, years: Sequence[int] | None = None
) -> Reading:
    """Read a load that is given by the time slices of a few days in every year.

    An hour is represented by the time slices of its month's days that run at the same hour of UTC,
    and for the share of its month that a peak day represents by the time slice of that day. What
    lies on two time slices, as hours of a clock half an hour off, is represented by both. Moments
    in which the system peaks are represented by the peak days alone.
    Takes `utc_start_h` (hour,) [h].
    """
    reported = np.unique(calendar.year) if years is None else np.asarray(years, dtype=np.int64)
    first_day = (np.searchsorted(reported, calendar.year, side="right") - 1) * days.n_days
    start_h = np.asarray(utc_start_h, dtype=np.float64)
    share_frac = np.repeat(_share_of_days(calendar, days), calendar.hours_of_month, axis=1)
    every = [_on_slots(first_day + day, start_h, share_frac[day], days) for day in range(days.n_days)]
    peak_days = np.flatnonzero(days.is_peak_day)
    even = np.full(len(start_h), 1.0 / len(peak_days))
    on_peak_day = [_on_slots(first_day + day, start_h, even, days) for day in peak_days]
    return Reading(calendar, len(reported) * days.n_slots, _joined(*every), _joined(*on_peak_day))


def _share_of_days(calendar: BillingCalendar, days: Days) -> Floats:
    """Share of each month of the calendar that each day represents, shape (day, month)."""
    month = np.array([month.month for month in calendar.months]) - 1
    stands_for = days.days_by_month[:, month]
    is_reported = stands_for.any(axis=0)
    if not is_reported.all():
        missing = sorted({MONTHS[place] for place in month[~is_reported]})
        what_is = f"the series has no day in {', '.join(missing)}"
        raise InputError.at("time", what_is, "a day in every month that is billed")
    leap_days = calendar.days_of_month - np.array(DAYS_PER_MONTH)[month]
    peak_frac = np.where(days.is_peak_day[:, None], stands_for, 0.0)
    ordinary = stands_for - peak_frac
    rest = ordinary.sum(axis=0)
    # A leap day is an ordinary one, where there are any.
    peak_frac = peak_frac / (stands_for.sum(axis=0) + np.where(rest > 0.0, leap_days, 0.0))
    left = (1.0 - peak_frac.sum(axis=0)) / np.where(rest > 0.0, rest, 1.0)
    shares: Floats = peak_frac + ordinary * left
    return shares


def _on_slots(day: Integers, start_h: Floats, share_frac: Floats, days: Days) -> Pairs:
    """Lay hours that start at some hour of UTC on the time slices of the day that is for each."""
    first = np.floor(start_h).astype(np.int64)
    late = start_h - first
    parts = []
    for after, part in ((0, 1.0 - late), (1, late)):
        share = share_frac * part
        hour = np.flatnonzero(share > 0.0)
        slot = (first[hour] + after) % int(HOURS_PER_DAY) // days.slot_h
        parts.append(Pairs(hour, day[hour] * days.slots_per_day + slot, share[hour]))
    return _joined(*parts)


def _joined(*parts: Pairs) -> Pairs:
    return Pairs(
        np.concatenate([part.hour for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.share_frac for part in parts]),
    )


# --- Bills of many customers at once: who they are, and terms of their linear program -------------


@dataclass(frozen=True, eq=False)
class Account:
    """Customers with one tariff and one reading of it."""

    customers: Sequence[int]  # positions in the list of customers
    tariff: Tariff  # rules and prices
    reading: Reading  # the calendar, and the steps that tell its hours


@dataclass(frozen=True, eq=False)
class PriceTerms:
    """Prices of one kind of source: where they are paid, and on which line of the bill."""

    place: Positions  # positions in the list of the source and in the list of lines, shape (price,)
    line: Positions
    usd: Floats  # money and quantity that one unit of the source adds, shape (price,)
    units: Floats


@dataclass(frozen=True, eq=False)
class Amounts:
    """What one unit of a source adds elsewhere: source, target and amount, shape (entry,)."""

    place: Positions
    target: Positions
    amount: Floats
