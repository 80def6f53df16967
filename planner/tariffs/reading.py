"""How the hours of a bill are read by a program's time slices, and the lists that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError
from planner.base.units import HOURS_PER_DAY
from planner.clock.days import DAYS_PER_MONTH, MONTHS
from planner.tariffs.rule import HoursOfDays, Metered

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats, Integers, Positions
    from planner.clock.days import Days
    from planner.tariffs.clock import BillingCalendar, OtherHours, When
    from planner.tariffs.tariff import Tariff

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
