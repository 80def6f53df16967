"""Charges on the load in the hours when the whole system peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import KW_PER_MW
from planner.tariffs.curvature import Curvature
from planner.tariffs.months import ALL_MONTHS, month_of_first_day
from planner.tariffs.rule import BillLine, Metered

if TYPE_CHECKING:
    import datetime

    from numpy.typing import ArrayLike

    from planner.tariffs.clock import BillingCalendar
    from planner.tariffs.form import Form

__all__ = ["CapacityCharge", "CoincidentPeakCharge", "system_peaks"]


@dataclass(frozen=True)
class CoincidentPeakCharge:
    r"""A charge on the highest load in a few named hours.

    .. math:: C = p \cdot \max_{h \in H} P_h

    Billed once, in the month of the last of these hours. Linear with one hour, convex with
    several.
    """

    name: str  # name on the bill
    usd_per_kw: float  # price, at least 0. [USD/kW]
    hours: tuple[datetime.datetime, ...]  # moments within the hours in which the system peaks, each with its time zone

    def __post_init__(self) -> None:
        _check(self.name, self.usd_per_kw, self.hours)

    @property
    def curvature(self) -> Curvature:
        """Shape of the charge over the load."""
        return Curvature.LINEAR if len(self.hours) == 1 else Curvature.CONVEX

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give one line, in the month of the last hour."""
        calendar = metered.calendar
        positions = calendar.positions(self.hours, f"hours of {self.name!r}")
        last = int(np.searchsorted(calendar.month_starts, positions.max(), side="right")) - 1
        peak_kw = KW_PER_MW * float(metered.peak_day_highest_mw[positions].max())
        item = f"highest of {len(self.hours)} system peak hours"
        return [BillLine(calendar.months[last], self.name, item, "metered", peak_kw, "kW", self.usd_per_kw)]

    def program(self, form: Form) -> None:
        """Charge the highest of the steps that tell these hours."""
        place = f"hours of {self.name!r}"
        calendar = form.reading.calendar
        steps = np.flatnonzero(form.reading.system_peak(self.hours, place) > 0.0)
        last = calendar.positions(self.hours, place).max()
        month = form.months[int(np.searchsorted(calendar.month_starts, last, side="right")) - 1]
        peak = form.peak(f"{self.name} {month}", steps)
        line = form.line(self.name, "system peak hours", "kW", month)
        usd = KW_PER_MW * self.usd_per_kw * form.factor(month)
        form.charge("peak", peak, line, usd, KW_PER_MW)


@dataclass(frozen=True)
class CapacityCharge:
    r"""A charge per day on the mean load in the system's peak hours: a share of its capacity.

    .. math:: C_m = p \cdot D_m \cdot \frac{1}{|H|} \sum_{h \in H} P_h

    Linear in the load. Where the peaks of one summer set the charges of the next twelve months
    (PJM), give the calendar both years and the charge its months; a scaling factor of the
    obligation belongs into the price.
    """

    name: str  # name on the bill
    usd_per_mw_day: float  # price, at least 0. [USD/MW-day]
    hours: tuple[datetime.datetime, ...]  # moments within the peak hours, each with its time zone
    # first day of the first month billed and first day after the last; the whole calendar where left out
    start: datetime.date | None = None
    end: datetime.date | None = None

    def __post_init__(self) -> None:
        _check(self.name, self.usd_per_mw_day, self.hours)
        for day in (self.start, self.end):
            if day is not None:
                month_of_first_day(day, f"start or end of {self.name!r}")

    @property
    def curvature(self) -> Curvature:
        """Shape of the charge over the load."""
        return Curvature.LINEAR

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give one line per billed month."""
        calendar = metered.calendar
        positions = calendar.positions(self.hours, f"hours of {self.name!r}")
        share_mw = float(metered.peak_day_mean_mw[positions].mean())
        start, end = self.start or calendar.start, self.end or calendar.end
        item = f"mean of {len(self.hours)} system peak hours"
        return [
            BillLine(month, self.name, item, "metered", share_mw * float(days), "MW-day", self.usd_per_mw_day)
            for month, days in zip(calendar.months, calendar.days_of_month, strict=True)
            if (start.year, start.month) <= month < (end.year, end.month)
        ]

    def program(self, form: Form) -> None:
        """Price the mean of the steps that tell these hours, day by day."""
        calendar = form.reading.calendar
        share = form.reading.system_peak(self.hours, f"hours of {self.name!r}")
        steps = np.flatnonzero(share)
        start, end = self.start or calendar.start, self.end or calendar.end
        for month, days in zip(form.months, calendar.days_of_month, strict=True):
            if (start.year, start.month) <= month < (end.year, end.month):
                mw_days = float(days) * share[steps]
                line = form.line(self.name, "system peak hours", "MW-day", month)
                usd = mw_days * self.usd_per_mw_day * form.factor(month)
                form.charge("load", steps, line, usd, mw_days)


def system_peaks(
    system_mw: ArrayLike, calendar: BillingCalendar, *, count: int, year: int, months: tuple[int, ...] = ALL_MONTHS
) -> tuple[datetime.datetime, ...]:
    """Find the hours of a year in which a system's load is highest, at most one per day.

    Five peaks of June to September are PJM's; one of each of these months is ERCOT's 4CP.
    Takes `system_mw` (hour,) [MW].
    """
    load_mw = np.asarray(system_mw, dtype=float)
    if load_mw.shape != (calendar.n_hours,):
        what_is = f"the system's load has shape {load_mw.shape}"
        must_be = f"one number for each of the {calendar.n_hours:,} hours of the calendar"
        raise InputError([Problem("tariff", None, None, what_is, must_be)])
    candidates = np.flatnonzero((calendar.year == year) & np.isin(calendar.month, months))
    found: dict[datetime.date, datetime.datetime] = {}
    for position in candidates[np.argsort(-load_mw[candidates], kind="stable")]:
        (moment,) = calendar.moments([int(position)])
        found.setdefault(moment.date(), moment)
        if len(found) == count:
            return tuple(found.values())
    what_is = f"{count} system peaks are wanted of {len(found)} days of {year}"
    must_be = f"at most {len(found)}: a day has one peak"
    raise InputError([Problem("tariff", None, None, what_is, must_be)])


def _check(name: str, price: float, hours: tuple[datetime.datetime, ...]) -> None:
    problems = []
    if not price >= 0.0:
        what_is = f"price of {name!r} is {price}"
        problems.append(Problem("tariff", None, None, what_is, "at least 0"))
    if not hours:
        problems.append(Problem("tariff", None, None, f"{name!r} has no hours", "at least one hour"))
    if problems:
        raise InputError(problems)
