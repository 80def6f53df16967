"""Standing charges: what is paid for being connected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.tariffs.curvature import Curvature
from planner.tariffs.rule import BillLine, Metered

if TYPE_CHECKING:
    from planner.tariffs.form import Form

__all__ = ["StandingCharge"]


@dataclass(frozen=True)
class StandingCharge:
    """A charge per month, per day, or both, whatever the load is: a constant."""

    name: str  # name on the bill
    usd_per_month: float = 0.0  # prices, at least 0; a price of 0 makes no line
    usd_per_day: float = 0.0

    def __post_init__(self) -> None:
        if not (self.usd_per_month >= 0.0 and self.usd_per_day >= 0.0):
            what_is = f"prices of {self.name!r} are {self.usd_per_month} and {self.usd_per_day}"
            raise InputError([Problem("tariff", None, None, what_is, "at least 0")])

    @property
    def curvature(self) -> Curvature:
        """Shape of the charge over the load."""
        return Curvature.CONSTANT

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give a line per month and price."""
        days_of_month = metered.calendar.days_of_month
        return [
            BillLine(month, self.name, "standing charge", "calendar", quantity, unit, price)
            for month, days in zip(metered.calendar.months, days_of_month, strict=True)
            for quantity, unit, price in ((1.0, "month", self.usd_per_month), (float(days), "day", self.usd_per_day))
            if price > 0.0
        ]

    def program(self, form: Form) -> None:
        """Charge every customer that is connected, whatever it draws."""
        days_of_month = form.reading.calendar.days_of_month
        for month, days in zip(form.months, days_of_month, strict=True):
            for quantity, unit, price in ((1.0, "month", self.usd_per_month), (float(days), "day", self.usd_per_day)):
                if price > 0.0:
                    line = form.line(self.name, "standing charge", unit, month)
                    usd = quantity * price * form.factor(month)
                    form.charge("connected", form.years.index(month.year), line, usd, quantity)
