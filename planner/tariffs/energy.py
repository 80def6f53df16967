"""Energy charges: USD per MWh by season, weekday and hour, in tiers where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.tariffs.curvature import Curvature
from planner.tariffs.form import THOUSAND, Stair
from planner.tariffs.rule import BillLine, Metered
from planner.tariffs.tiers import Tiers, as_tiers
from planner.tariffs.when import ALWAYS

if TYPE_CHECKING:
    from planner.tariffs.form import Form
    from planner.tariffs.when import OtherHours, When

__all__ = ["EnergyCharge", "EnergyPeriod", "flat_energy"]

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

    >>> from planner.tariffs import When, clock_hours
    >>> dark = EnergyPeriod("dark", 40.0, When(hours=clock_hours(22, 6)))
    >>> EnergyCharge("use", (dark,))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    planner.base.errors.InputError: tariff: 'use' has 0 periods in month 1, ...; must be 1
    """

    name: str  # name on the bill. Riders are further energy charges, of one period each
    periods: tuple[EnergyPeriod, ...]  # times of use; together they cover every hour of every week once

    def __post_init__(self) -> None:
        count = sum((period.when.grid().astype(int) for period in self.periods), _NEVER)
        wrong = np.argwhere(count != 1)
        if len(wrong):
            month, weekday, hour = wrong[0]
            what_is = (
                f"{self.name!r} has {count[month, weekday, hour]} periods in month {month + 1}, "
                f"weekday {weekday}, hour {hour}"
            )
            raise InputError([Problem("tariff", None, None, what_is, "1")])

    @property
    def curvature(self) -> Curvature:
        """Shape of the charge over the load: that of its most bent period."""
        shapes = {as_tiers(period.usd_per_mwh).curvature for period in self.periods}
        order = (Curvature.NOT_CONVEX, Curvature.CONVEX, Curvature.LINEAR)
        return next(shape for shape in order if shape in shapes)

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
