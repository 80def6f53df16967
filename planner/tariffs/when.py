"""When a price applies: months, weekdays and hours of the local clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.tariffs.months import ALL_MONTHS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from planner.base.arrays import Bools
    from planner.tariffs.clock import BillingCalendar


__all__ = ["ALL_DAY", "ALL_WEEK", "ALWAYS", "WEEKEND", "WORKDAYS", "OtherHours", "When", "clock_hours"]

ALL_WEEK: Final = tuple(range(7))
WORKDAYS: Final = ALL_WEEK[:5]
WEEKEND: Final = ALL_WEEK[5:]
ALL_DAY: Final = tuple(range(24))


def clock_hours(first: int, until: int) -> tuple[int, ...]:
    """List the hours from one time of the clock until another, past midnight if need be.

    >>> clock_hours(16, 21)
    (16, 17, 18, 19, 20)
    >>> clock_hours(22, 3)
    (22, 23, 0, 1, 2)
    """
    count = (until - first) % len(ALL_DAY) or len(ALL_DAY)
    return tuple((first + passed) % len(ALL_DAY) for passed in range(count))


@dataclass(frozen=True)
class When:
    """Months, weekdays and clock hours; an hour is inside if all three hold.

    >>> from planner.tariffs import BillingCalendar
    >>> summer_evening = When(months=(6, 7, 8, 9), weekdays=WORKDAYS, hours=clock_hours(16, 21))
    >>> int(summer_evening.mask(BillingCalendar.of_years(2027)).sum())  # 88 days of 5 hours
    440
    """

    months: tuple[int, ...] = ALL_MONTHS  # 1 to 12; a season is a set of months
    weekdays: tuple[int, ...] = ALL_WEEK  # 0 for Monday to 6 for Sunday
    hours: tuple[int, ...] = ALL_DAY  # 0 to 23, the hours of the local clock by their start

    def __post_init__(self) -> None:
        problems = [
            *_problems("months", self.months, ALL_MONTHS),
            *_problems("weekdays", self.weekdays, ALL_WEEK),
            *_problems("hours", self.hours, ALL_DAY),
        ]
        if problems:
            raise InputError(problems)

    def mask(self, calendar: BillingCalendar) -> Bools:
        """Tell for each hour of a calendar whether it is inside, shape (hour,)."""
        inside: Bools = (
            np.isin(calendar.month, self.months)
            & np.isin(calendar.weekday, self.weekdays)
            & np.isin(calendar.hour, self.hours)
        )
        return inside

    def grid(self) -> Bools:
        """Tell it for each month, weekday and clock hour, shape (month, weekday, hour)."""
        return (
            np.isin(ALL_MONTHS, self.months)[:, None, None]
            & np.isin(ALL_WEEK, self.weekdays)[:, None]
            & np.isin(ALL_DAY, self.hours)
        )


@dataclass(frozen=True)
class OtherHours:
    """All hours that are in none of some periods.

    >>> from planner.tariffs import BillingCalendar
    >>> evening = When(hours=clock_hours(16, 21))
    >>> int(OtherHours((evening,)).mask(BillingCalendar.of_years(2027)).sum())  # 19 hours a day
    6935
    """

    of: tuple[When, ...]  # the periods
    months: ClassVar[tuple[int, ...]] = ALL_MONTHS

    def mask(self, calendar: BillingCalendar) -> Bools:
        """Tell for each hour of a calendar whether it is inside, shape (hour,)."""
        inside = np.ones(calendar.n_hours, dtype=np.bool_)
        for when in self.of:
            inside &= ~when.mask(calendar)
        return inside

    def grid(self) -> Bools:
        """Tell it for each month, weekday and clock hour, shape (month, weekday, hour)."""
        inside = When().grid()
        for when in self.of:
            inside = inside & ~when.grid()
        return inside


def _problems(name: str, numbers: Iterable[int], allowed: Collection[int]) -> list[Problem]:
    given = list(numbers)
    if given and set(given) <= set(allowed) and len(set(given)) == len(given):
        return []
    must_be = f"at least one of {min(allowed)} to {max(allowed)}, each once"
    return [Problem("tariff", None, None, f"{name} of a period is {given}", must_be)]


ALWAYS: Final = When()
"""Every hour."""
