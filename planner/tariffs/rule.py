"""What every rule of a tariff is: from a metered load to lines of a bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.tariffs.clock import BillingCalendar, OtherHours, When
    from planner.tariffs.form import Form
    from planner.tariffs.months import Month
    from planner.tariffs.tiers import Curvature


@dataclass(frozen=True)
class BillLine:
    """One line of a bill: so many units at a price."""

    month: Month  # month in which it is billed
    rule: str  # name of the rule, and the part of it: a period, a tier
    item: str
    basis: str  # what set the quantity: `metered`, `ratchet`, `minimum take`, `contract`, `calendar`
    quantity: float  # units billed, and the unit: MWh, kW, MW-day, month, day
    unit: str
    usd_per_unit: float  # price. [USD/unit]

    @property
    def usd(self) -> float:
        """Money of the line, in USD."""
        return self.quantity * self.usd_per_unit


@dataclass(frozen=True)
class HoursOfDays:
    """Hours that several representative days represent, and the mean of these."""

    highest_mw: Floats  # highest power of the days that tell each hour, shape (hour,). [MW]
    peak_day_mean_mw: Floats  # mean and highest power of the days on which the whole system peaks. [MW]
    peak_day_highest_mw: Floats


@dataclass(frozen=True)
class Metered:
    """A load on its calendar, and the contract it is billed under."""

    load_mw: Floats  # mean power drawn from the grid in each hour, shape (hour,). [MW]
    calendar: BillingCalendar  # the hours
    contracted_mw: Floats  # contracted capacity in force in each month, shape (month,); 0 without contract. [MW]
    # further readings of hours that represent several days; by default all are `load_mw`
    of_days: HoursOfDays | None = None

    @property
    def highest_mw(self) -> Floats:
        """Power that counts in a maximum, shape (hour,)."""
        return self.load_mw if self.of_days is None else self.of_days.highest_mw

    @property
    def peak_day_mean_mw(self) -> Floats:
        """Power in each hour, mean over days on which the system peaks, shape (hour,)."""
        return self.load_mw if self.of_days is None else self.of_days.peak_day_mean_mw

    @property
    def peak_day_highest_mw(self) -> Floats:
        """Highest power in each hour of days on which the system peaks, shape (hour,)."""
        return self.load_mw if self.of_days is None else self.of_days.peak_day_highest_mw

    def energy_mwh(self, when: When | OtherHours) -> Floats:
        """Energy of each month inside a period, shape (month,), in MWh."""
        inside = np.where(when.mask(self.calendar), self.load_mw, 0.0)
        return np.add.reduceat(inside, self.calendar.month_starts)

    def peak_mw(self, when: When) -> Floats:
        """Highest load of each month inside a period, shape (month,), in MW; 0 if no hour is."""
        inside = np.where(when.mask(self.calendar), self.highest_mw, 0.0)
        return np.maximum.reduceat(inside, self.calendar.month_starts)


class TariffRule(Protocol):
    """One charge of a tariff."""

    @property
    def name(self) -> str:
        """Name on the bill, one of its own within the tariff."""

    @property
    def curvature(self) -> Curvature:
        """Shape of the charge over the load."""

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give the lines of the bill, before escalation."""

    def program(self, form: Form) -> None:
        """Write itself into the linear program's form of the bill, escalation included."""
