"""Ratchets: a month is billed for a share of a peak that another month had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.base.errors import InputError, Problem
from planner.tariffs.months import ALL_MONTHS

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.tariffs.clock import BillingCalendar


__all__ = ["Ratchet", "RollingRatchet", "YearRatchet"]


class Ratchet(Protocol):
    """A rule that gives the least billing demand of each month from the peaks of all."""

    @property
    def share_frac(self) -> float:
        """Share of the highest peak it sees."""

    def sees(self, position: int, calendar: BillingCalendar) -> tuple[list[int], float]:
        """Tell what a month looks on: other months by position, and a floor from before. [MW]"""

    def floor_mw(self, peaks_mw: Floats, calendar: BillingCalendar) -> Floats:
        """Give the least billing demand of each month, shape (month,), in MW."""


@dataclass(frozen=True)
class YearRatchet:
    """A share of the highest peak of the calendar year, before or after the month.

    This is the year that repeats: each month looks back on a year like the one it is in.
    Convex in the load.
    """

    share_frac: float  # share of the highest peak, 0 to 1
    months: tuple[int, ...] = ALL_MONTHS  # months whose peaks count, 1 to 12

    def __post_init__(self) -> None:
        _check(self.share_frac, self.months, [])

    def sees(self, position: int, calendar: BillingCalendar) -> tuple[list[int], float]:
        """Tell what a month looks on: the months of its year, and nothing from before."""
        year = calendar.months[position].year
        seen = [
            place for place, month in enumerate(calendar.months) if month.year == year and month.month in self.months
        ]
        return seen, 0.0

    def floor_mw(self, peaks_mw: Floats, calendar: BillingCalendar) -> Floats:
        """Give the least billing demand of each month, shape (month,), in MW."""
        seen_mw = _seen(peaks_mw, calendar, self.months)
        years = np.array([month.year for month in calendar.months])
        return np.array([self.share_frac * seen_mw[years == year].max() for year in years])


@dataclass(frozen=True)
class RollingRatchet:
    """A share of the highest peak of the months just before.

    Convex in the load.
    """

    share_frac: float  # share of the highest peak, 0 to 1
    look_back_months: int  # how many months before the billed one are seen. [month]
    months: tuple[int, ...] = ALL_MONTHS  # months whose peaks count, 1 to 12
    # peaks of the months before the calendar begins, the latest last, those that do not count as 0; a load without a
    # past has none. [MW]
    history_mw: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        problems = []
        if self.look_back_months < 1:
            what_is = f"look_back_months of a ratchet is {self.look_back_months}"
            problems.append(Problem("tariff", None, None, what_is, "at least 1"))
        if not all(peak >= 0.0 for peak in self.history_mw):
            what_is = f"history_mw of a ratchet is {self.history_mw}"
            problems.append(Problem("tariff", None, None, what_is, "peaks of at least 0"))
        _check(self.share_frac, self.months, problems)

    def sees(self, position: int, calendar: BillingCalendar) -> tuple[list[int], float]:
        """Tell what a month looks on: months just before, and a floor from before them. [MW]"""
        first = position - self.look_back_months
        seen = [place for place in range(max(first, 0), position) if calendar.months[place].month in self.months]
        reached = self.history_mw[first:] if first < 0 else ()
        return seen, self.share_frac * max(reached, default=0.0)

    def floor_mw(self, peaks_mw: Floats, calendar: BillingCalendar) -> Floats:
        """Give the least billing demand of each month, shape (month,), in MW."""
        n = self.look_back_months
        before = np.concatenate([np.zeros(n), self.history_mw])[-n:]
        seen_mw = np.concatenate([before, _seen(peaks_mw, calendar, self.months)])
        windows = np.lib.stride_tricks.sliding_window_view(seen_mw, n)
        highest_mw: Floats = windows[:-1].max(axis=1)
        return self.share_frac * highest_mw


def _seen(peaks_mw: Floats, calendar: BillingCalendar, months: tuple[int, ...]) -> Floats:
    counts = np.isin([month.month for month in calendar.months], months)
    return np.where(counts, peaks_mw, 0.0)


def _check(share_frac: float, months: tuple[int, ...], problems: list[Problem]) -> None:
    if not 0.0 <= share_frac <= 1.0:
        what_is = f"share_frac of a ratchet is {share_frac}"
        problems.append(Problem("tariff", None, None, what_is, "0 to 1"))
    if not months or not set(months) <= set(ALL_MONTHS):
        what_is = f"months of a ratchet are {months}"
        problems.append(Problem("tariff", None, None, what_is, "at least one of 1 to 12"))
    if problems:
        raise InputError(problems)
