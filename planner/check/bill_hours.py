"""The hours of a bill, written out a second time: what each shows, which time slice is for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import year_days

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case

    Codes = NDArray[np.intp]

__all__ = ["BillHours"]

_QUARTERS = 4  # clocks may be half an hour or a quarter off UTC
_WEEKDAYS = {"all": range(7), "workdays": range(5), "weekend": range(5, 7)}
_ANY_DAY = 15  # of the month of the peak: none of its days is another


@dataclass(frozen=True, eq=False)
class BillHours:
    """Hours of whole calendar years in a time zone."""

    case: Case  # inputs and plan
    time_zone: str  # IANA name
    first_year: int  # first calendar year; the last is the plan's

    @cached_property
    def clock(self) -> pd.DatetimeIndex:
        """Start of each hour that passes, as the clock shows it."""
        first = pd.Timestamp(f"{self.first_year}-01-01", tz=self.time_zone)
        end = pd.Timestamp(f"{self.case.calendar[-1] + 1}-01-01", tz=self.time_zone)
        return pd.date_range(first, end, freq="h", inclusive="left")

    @cached_property
    def _shown(self) -> dict[str, Codes]:
        """Year, month, day, hour and day of the week that the clock shows, by hour."""
        names = ("year", "month", "day", "hour", "day_of_week")
        return {name: np.asarray(getattr(self.clock, name), dtype=np.intp) for name in names}

    @cached_property
    def month(self) -> Codes:
        """Months since the first one, by hour."""
        shown = self._shown
        return np.asarray((shown["year"] - self.first_year) * 12 + shown["month"] - 1)

    @cached_property
    def year_of_month(self) -> Codes:
        """Calendar year of each month."""
        return self.first_year + np.arange(self.month[-1] + 1) // 12

    @cached_property
    def days(self) -> Codes:
        """Days of each month."""
        begin = pd.date_range(f"{self.first_year}-01-01", periods=self.month[-1] + 1, freq="MS")
        return np.asarray(begin.days_in_month, dtype=np.intp)

    def inside(self, months: Iterable[int], weekdays: str, from_hour: int, to_hour: int) -> Bools:
        """Tell which hours are in some months, on some weekdays and between two clock hours."""
        asked = (tuple(months), weekdays, from_hour, to_hour)
        if asked not in self._found:
            self._found[asked] = self._inside(*asked)
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[tuple[int, ...], str, int, int], Bools]:
        """What was asked of `inside` before, for other charges and other loads."""
        return {}

    def _inside(self, months: tuple[int, ...], weekdays: str, from_hour: int, to_hour: int) -> Bools:
        count = (to_hour - from_hour) % 24 or 24
        hours = (from_hour + np.arange(count)) % 24
        shown = self._shown
        return np.asarray(
            np.isin(shown["month"], months)
            & np.isin(shown["day_of_week"], list(_WEEKDAYS[weekdays]))
            & np.isin(shown["hour"], hours)
        )

    def at_peak(self, year: int, hours: tuple[int, ...]) -> Codes:
        """Find the hours of a year at which the system peaks."""
        days = year_days(self.case)
        month = int(days.first_month[days.is_peak][0]) + 1
        shown = self._shown
        then = (shown["year"] == year) & (shown["month"] == month) & (shown["day"] == _ANY_DAY)
        return np.flatnonzero(then & np.isin(shown["hour"], hours))

    @cached_property
    def _row_of_quarter(self) -> Codes:
        """Time slice of the day that runs in each quarter of each hour, shape (hour, quarter)."""
        utc = self.clock.tz_convert("UTC")
        minute = utc.hour.to_numpy() * 60 + utc.minute.to_numpy()
        quarters = minute[:, None] + 15 * np.arange(_QUARTERS)
        slot_min = 60 * self.case.scenario.time.slot_h
        return np.asarray(quarters % (24 * 60) // slot_min, dtype=np.intp)

    def reported(self, load_mw: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Write a load out hour by hour. Takes `load_mw` (year, day, slot) [MW]. Gives [MW]."""
        days, (first, like) = year_days(self.case), self._alike
        share = self._share_of_days[first]
        year = self._shown["year"][first] - self.first_year
        of_hour = load_mw[year[:, None], :, self._row_of_quarter[first]]  # hour, quarter, day
        mean = np.einsum("hqd,hd->h", of_hour, share) / _QUARTERS
        highest = np.where((share > 0.0)[:, None, :], of_hour, 0.0).max(axis=(1, 2))
        on_peak = of_hour[:, :, days.is_peak]
        peak_mean, peak_highest = on_peak.mean(axis=(1, 2)), on_peak.max(axis=(1, 2))
        return mean[like], highest[like], peak_mean[like], peak_highest[like]

    @cached_property
    def _alike(self) -> tuple[Codes, Codes]:
        """Hours that stand for all, and for each hour which of them.

        The same hour of the day draws the same on all days of a month: what is drawn there depends
        on the month and on the time slices that the hour lies in.
        """
        of_day = np.ravel_multi_index(
            tuple(self._row_of_quarter.T), (24 // self.case.scenario.time.slot_h,) * _QUARTERS
        )
        key = self.month * (int(of_day.max()) + 1) + of_day
        _, first, like = np.unique(key, return_index=True, return_inverse=True)
        return first, like

    @cached_property
    def _share_of_days(self) -> Floats:
        """Share of each day that represents the year in an hour of its month, shape (hour, day)."""
        days = year_days(self.case)
        counts = days.of_month.T.copy()  # month, day
        month = self._shown["month"]
        leap = np.asarray(self.clock.is_leap_year) & (month == 2)
        share = np.empty((len(month), len(days.is_peak)))
        for is_leap in (False, True):
            of_days = counts.copy()
            ordinary = np.where(days.is_peak, 0.0, of_days[1])
            if is_leap and ordinary.sum() > 0.0:
                of_days[1] += ordinary / ordinary.sum()
            of_days /= of_days.sum(axis=1, keepdims=True)
            rows = leap == is_leap
            share[rows] = of_days[month[rows] - 1]
        return share
