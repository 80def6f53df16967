"""Demand charges and ratchets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from planner.base.errors import refuse
from planner.base.units import KW_PER_MW
from planner.tariffs.clock import ALL_MONTHS, ALWAYS, When
from planner.tariffs.rule import Billed, BillLine, Metered, Stair, Tiers, as_tiers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.tariffs.clock import BillingCalendar
    from planner.tariffs.rule import Form

# --- Demand charges: USD per kW of the month's highest hour, never less than what was agreed ------

_FLOORS: Final = ("shares_frac", "take_frac", "contracted")


@dataclass(frozen=True)
class DemandCharge:
    r"""A charge on the billing demand of each month.

    .. math:: B_m = \max\left(\max_{h \in m \cap W} P_h, \; \rho \max_{m'} \max_{h \in m' \cap W}
              P_h, \; \mu K_m\right)

    with the window `W` (months, weekdays, hours), the ratchet's share :math:`\rho` and the
    minimum take :math:`\mu` of the contracted capacity `K`. Convex in the load, unless tiers
    decline.
    """

    name: str  # name on the bill
    usd_per_kw_month: float | Tiers  # price, at least 0, or tiers over the kW of a month. [USD/kW-month]
    when: When = ALWAYS  # months in which it is billed, and the weekdays and hours in which peaks count
    # least billing demand from the peaks of other months, of the same weekdays and hours, whether or not this charge is
    # billed in them
    ratchet: Ratchet | None = None
    min_take_frac: float = 0.0  # least billing demand as a share of the contracted capacity in force, 0 to 1

    def __post_init__(self) -> None:
        least, take = min(as_tiers(self.usd_per_kw_month).prices), self.min_take_frac
        refuse(
            "tariff",
            (least < 0.0, f"price of {self.name!r} is {least} USD/kW-month", "at least 0"),
            (not 0.0 <= take <= 1.0, f"min_take_frac of {self.name!r} is {take}", "0 to 1"),
        )

    def billing_mw(self, metered: Metered) -> Floats:
        """Billing demand of each month, also of those not billed, shape (month,), in MW."""
        billing_mw: Floats = np.max([floor for _, floor in self._floors(metered)], axis=0)
        return billing_mw

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give one line per billed month and tier, with what set the billing demand."""
        names = [name for name, _ in self._floors(metered)]
        floors_mw = np.array([floor_mw for _, floor_mw in self._floors(metered)])
        set_by = np.argmax(floors_mw, axis=0)  # the first of equals: what was metered
        tiers = as_tiers(self.usd_per_kw_month)
        lines = []
        for position, month in enumerate(metered.calendar.months):
            if month.month not in self.when.months:
                continue
            basis = names[set_by[position]]
            billing_kw = KW_PER_MW * float(floors_mw[set_by[position], position])
            for number, (part_kw, price) in enumerate(tiers.blocks(billing_kw), start=1):
                item = f"billing demand, tier {number}" if tiers.limits else "billing demand"
                lines.append(BillLine(month, self.name, item, basis, part_kw, "kW", price))
        return lines

    def program(self, form: Form) -> None:
        """Bill each month for the largest of its floors; months with the same ones together."""
        # A ratchet sees the peaks of months in which this charge itself is not billed.
        peaks = form.peaks_by_month(self.name, replace(self.when, months=ALL_MONTHS))
        months_of: dict[tuple[object, ...], list[int]] = {}
        for position, month in enumerate(form.months):
            if month.month in self.when.months:
                billed = self._billed(form, position, peaks)
                same = (month.year, *(getattr(billed, name) for name in _FLOORS))
                months_of.setdefault(same, []).append(position)
        tiers = as_tiers(self.usd_per_kw_month)
        for positions in months_of.values():
            month, times = form.months[positions[0]], float(len(positions))
            number = form.demand(self._billed(form, positions[0], peaks))
            line = form.line(self.name, "billing demand", "kW-month", month)
            if tiers.limits:
                label = f"{self.name} {month}"
                place, one = np.array([number]), np.ones(1)  # a thousand kW to the MW
                form.stair(Stair(label, tiers, line, form.factor(month), times, "billed", place, one))
            else:
                usd = KW_PER_MW * times * tiers.prices[0] * form.factor(month)
                form.charge("billed", number, line, usd, KW_PER_MW * times)

    def _billed(self, form: Form, position: int, peaks: Mapping[int, int]) -> Billed:
        shares = {peaks[position]: 1.0} if position in peaks else {}
        if self.ratchet is not None:
            for seen in self.ratchet.sees(position, form.reading.calendar):
                if seen in peaks:
                    shares.setdefault(peaks[seen], self.ratchet.share_frac)
        month = form.months[position]
        return Billed(f"{self.name} {month}", tuple(sorted(shares.items())), self.min_take_frac, form.contracted(month))

    def minimum_usd(self, month: pd.Period, contracted_mw: float) -> float:
        """Charge of a month in which nothing is drawn, in USD: the minimum take alone."""
        if month.month not in self.when.months:
            return 0.0
        least_kw = KW_PER_MW * self.min_take_frac * contracted_mw
        return as_tiers(self.usd_per_kw_month).cost_usd(least_kw)

    def _floors(self, metered: Metered) -> list[tuple[str, Floats]]:
        # A ratchet sees the peaks of months in which this charge itself is not billed.
        peaks_mw = metered.peak_mw(replace(self.when, months=ALL_MONTHS))
        floors = [("metered", peaks_mw)]
        if self.ratchet is not None:
            seen = (self.ratchet.sees(month, metered.calendar) for month in range(len(peaks_mw)))
            highest_mw = np.array([peaks_mw[of_month].max(initial=0.0) for of_month in seen])
            floors.append(("ratchet", self.ratchet.share_frac * highest_mw))
        floors.append(("minimum take", self.min_take_frac * metered.contracted_mw))
        return floors


# --- Ratchets: a month is billed for a share of a peak that another month had ---------------------


class Ratchet(Protocol):
    """A rule that gives the least billing demand of each month from the peaks of all."""

    @property
    def share_frac(self) -> float:
        """Share of the highest peak it sees."""

    def sees(self, position: int, calendar: BillingCalendar) -> list[int]:
        """List the months, by position, that one looks on."""


@dataclass(frozen=True)
class YearRatchet:
    """A share of the highest peak of the calendar year, before or after the month.

    This is the year that repeats: each month looks back on a year like the one it is in.
    Convex in the load.
    """

    share_frac: float  # share of the highest peak, 0 to 1
    months: tuple[int, ...] = ALL_MONTHS  # months whose peaks count, 1 to 12

    def __post_init__(self) -> None:
        refuse("tariff", *_share_and_months(self.share_frac, self.months))

    def sees(self, position: int, calendar: BillingCalendar) -> list[int]:
        """List the months of the same year that count, by position."""
        year = calendar.months[position].year
        return [place for place, at in enumerate(calendar.months) if at.year == year and at.month in self.months]


@dataclass(frozen=True)
class RollingRatchet:
    """A share of the highest peak of the months just before. Convex in the load."""

    share_frac: float  # share of the highest peak, 0 to 1
    look_back_months: int  # how many months before the billed one are seen. [month]
    months: tuple[int, ...] = ALL_MONTHS  # months whose peaks count, 1 to 12

    def __post_init__(self) -> None:
        back = self.look_back_months
        refuse(
            "tariff",
            (back < 1, f"look_back_months of a ratchet is {back}", "at least 1"),
            *_share_and_months(self.share_frac, self.months),
        )

    def sees(self, position: int, calendar: BillingCalendar) -> list[int]:
        """List the months just before that count, by position."""
        before = range(max(position - self.look_back_months, 0), position)
        return [place for place in before if calendar.months[place].month in self.months]


def _share_and_months(share_frac: float, months: tuple[int, ...]) -> tuple[tuple[bool, str, str], ...]:
    """Return the rules for what every ratchet has."""
    is_some = bool(months) and set(months) <= set(ALL_MONTHS)
    return (
        (not 0.0 <= share_frac <= 1.0, f"share_frac of a ratchet is {share_frac}", "0 to 1"),
        (not is_some, f"months of a ratchet are {months}", "at least one of 1 to 12"),
    )
