"""Charges by energy, standing charges and those at the system's peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import refuse
from planner.base.units import KW_PER_MW
from planner.tariffs.clock import ALWAYS, month_of_first_day
from planner.tariffs.rule import THOUSAND, BillLine, Metered, Stair, Tiers, as_tiers

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from planner.base.arrays import Integers
    from planner.tariffs.clock import BillingCalendar, OtherHours, When
    from planner.tariffs.rule import Form

# --- Energy charges: USD per MWh by season, weekday and hour, in tiers where there are any --------

_NEVER: Final = np.zeros_like(ALWAYS.grid(), dtype=int)


@dataclass(frozen=True)
class EnergyPeriod:
    """A time of use with its price."""

    name: str  # such as `summer peak`
    usd_per_mwh: float | Tiers  # price, or tiers over the MWh of this period in a month. [USD/MWh]
    when: When | OtherHours = ALWAYS  # months, weekdays and hours, or all that are left by others


@dataclass(frozen=True)
class EnergyCharge:
    """Energy at the price of the period in which it flows; every hour is in exactly one.

    Linear in the load with one price per period, convex with rising tiers, not convex with
    declining ones.
    """

    name: str  # name on the bill. Riders are further energy charges, of one period each
    periods: tuple[EnergyPeriod, ...]  # times of use; together they cover every hour of every week once

    def __post_init__(self) -> None:
        count = sum((period.when.grid().astype(int) for period in self.periods), _NEVER)
        wrong = np.argwhere(count != 1)
        if len(wrong):
            month, weekday, hour = wrong[0]
            when = f"month {month + 1}, weekday {weekday}, hour {hour}"
            refuse("tariff", (True, f"{self.name!r} has {count[month, weekday, hour]} periods in {when}", "1"))

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give one line per month, period and tier."""
        lines = []
        for period in self.periods:
            tiers = as_tiers(period.usd_per_mwh)
            energy_mwh = metered.energy_mwh(period.when)
            for month, mwh in zip(metered.calendar.months, energy_mwh, strict=True):
                if month.month not in period.when.months:
                    continue
                for number, (part_mwh, price) in enumerate(tiers.blocks(float(mwh)), start=1):
                    item = f"{period.name}, tier {number}" if tiers.limits else period.name
                    lines.append(BillLine(month, self.name, item, "metered", part_mwh, "MWh", price))
        return lines

    def program(self, form: Form) -> None:
        """Price the energy of each step; with tiers, that of each month and period."""
        for period in self.periods:
            month, step, hours = form.reading.hours(period.when)
            tiers = as_tiers(period.usd_per_mwh)
            if not tiers.limits:
                found, place = np.unique(month, return_inverse=True)
                months = [form.months[position] for position in found]
                line = np.array([form.line(self.name, period.name, "MWh", m) for m in months])
                usd_per_mwh = tiers.prices[0] * np.array([form.factor(m) for m in months])
                form.charge("load", step, line[place], hours * usd_per_mwh[place], hours)
                continue
            for position in np.unique(month):
                billed = form.months[position]
                inside = month == position
                form.stair(
                    Stair(
                        label=f"{self.name} {billed} {period.name}",
                        tiers=tiers,
                        line=form.line(self.name, period.name, "MWh", billed),
                        usd_factor=form.factor(billed),
                        times=1.0,
                        of="load",
                        places=step[inside],
                        thousands=hours[inside] / THOUSAND,
                    )
                )


def flat_energy(name: str, usd_per_mwh: float | Tiers) -> EnergyCharge:
    """Make an energy charge of one price, or one ladder of tiers, for all hours."""
    return EnergyCharge(name, (EnergyPeriod("all hours", usd_per_mwh),))


# --- Standing charges: what is paid for being connected -------------------------------------------


@dataclass(frozen=True)
class StandingCharge:
    """A charge per month, per day, or both, whatever the load is: a constant."""

    name: str  # name on the bill
    usd_per_month: float = 0.0  # prices, at least 0; a price of 0 makes no line
    usd_per_day: float = 0.0

    def __post_init__(self) -> None:
        is_wrong = not (self.usd_per_month >= 0.0 and self.usd_per_day >= 0.0)
        what_is = f"prices of {self.name!r} are {self.usd_per_month} and {self.usd_per_day}"
        refuse("tariff", (is_wrong, what_is, "at least 0"))

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give a line per month and price."""
        return [
            BillLine(month, self.name, "standing charge", "calendar", quantity, unit, price)
            for month, quantity, unit, price in self._prices(metered.calendar)
        ]

    def program(self, form: Form) -> None:
        """Charge every customer that is connected, whatever it draws."""
        for month, quantity, unit, price in self._prices(form.reading.calendar):
            line = form.line(self.name, "standing charge", unit, month)
            usd = quantity * price * form.factor(month)
            form.charge("connected", form.years.index(month.year), line, usd, quantity)

    def _prices(self, calendar: BillingCalendar) -> Iterator[tuple[pd.Period, float, str, float]]:
        """Give how much of which unit each month is billed, and the price of one."""
        for month, days in zip(calendar.months, calendar.days_of_month, strict=True):
            for quantity, unit, price in ((1.0, "month", self.usd_per_month), (float(days), "day", self.usd_per_day)):
                if price > 0.0:
                    yield month, quantity, unit, price


# --- Charges on the load in the hours when the whole system peaks ---------------------------------


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

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give one line, in the month of the last hour."""
        positions, month = self._billed(metered.calendar)
        peak_kw = KW_PER_MW * float(metered.read.peak_day_highest_mw[positions].max())
        item = f"highest of {len(self.hours)} system peak hours"
        return [BillLine(month, self.name, item, "metered", peak_kw, "kW", self.usd_per_kw)]

    def program(self, form: Form) -> None:
        """Charge the highest of the steps that tell these hours."""
        steps = np.flatnonzero(form.reading.system_peak(self.hours, f"hours of {self.name!r}") > 0.0)
        _, month = self._billed(form.reading.calendar)
        peak = form.peak(f"{self.name} {month}", steps)
        line = form.line(self.name, "system peak hours", "kW", month)
        usd = KW_PER_MW * self.usd_per_kw * form.factor(month)
        form.charge("peak", peak, line, usd, KW_PER_MW)

    def _billed(self, calendar: BillingCalendar) -> tuple[Integers, pd.Period]:
        """Return the positions of the hours, and the month in which they are billed."""
        positions = calendar.positions(self.hours, f"hours of {self.name!r}")
        last = int(np.searchsorted(calendar.month_starts, positions.max(), side="right")) - 1
        return positions, calendar.months[last]


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

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give one line per billed month."""
        positions = metered.calendar.positions(self.hours, f"hours of {self.name!r}")
        share_mw = float(metered.read.peak_day_mean_mw[positions].mean())
        item = f"mean of {len(self.hours)} system peak hours"
        return [
            BillLine(month, self.name, item, "metered", share_mw * days, "MW-day", self.usd_per_mw_day)
            for month, days in self._days_billed(metered.calendar)
        ]

    def program(self, form: Form) -> None:
        """Price the mean of the steps that tell these hours, day by day."""
        share = form.reading.system_peak(self.hours, f"hours of {self.name!r}")
        steps = np.flatnonzero(share)
        for month, days in self._days_billed(form.reading.calendar):
            mw_days = days * share[steps]
            line = form.line(self.name, "system peak hours", "MW-day", month)
            usd = mw_days * self.usd_per_mw_day * form.factor(month)
            form.charge("load", steps, line, usd, mw_days)

    def _days_billed(self, calendar: BillingCalendar) -> Iterator[tuple[pd.Period, float]]:
        """Give the months that are billed, each with its days."""
        start, end = (pd.Period(day, "M") for day in (self.start or calendar.start, self.end or calendar.end))
        for month, days in zip(calendar.months, calendar.days_of_month, strict=True):
            if start <= month < end:
                yield month, float(days)


def _check(name: str, price: float, hours: tuple[datetime.datetime, ...]) -> None:
    wrong_price = (not price >= 0.0, f"price of {name!r} is {price}", "at least 0")
    refuse("tariff", wrong_price, (not hours, f"{name!r} has no hours", "at least one hour"))
