"""Demand charges and ratchets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from planner.base.errors import refuse
from planner.base.units import KW_PER_MW
from planner.tariffs.clock import ALL_MONTHS, ALWAYS, MONTHS_A_YEAR, When
from planner.tariffs.rule import Billed, BillLine, Curvature, Metered, Stair, Tiers, as_tiers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.tariffs.clock import BillingCalendar, Month
    from planner.tariffs.rule import Form

# --- Demand charges: USD per kW of the month's highest hour, never less than what was agreed ------

_FLOORS: Final = ("shares_frac", "past_mw", "take_frac", "contracted")


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

    @property
    def curvature(self) -> Curvature:
        """Shape of the charge over the load: a maximum is convex, declining tiers are not."""
        shape = as_tiers(self.usd_per_kw_month).curvature
        return Curvature.CONVEX if shape.is_convex else shape

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
        past_mw = 0.0
        if self.ratchet is not None:
            months, past_mw = self.ratchet.sees(position, form.reading.calendar)
            for seen in months:
                if seen in peaks:
                    shares.setdefault(peaks[seen], self.ratchet.share_frac)
        month = form.months[position]
        return Billed(
            f"{self.name} {month}", tuple(sorted(shares.items())), past_mw, self.min_take_frac, form.contracted(month)
        )

    def minimum_usd(self, month: Month, contracted_mw: float) -> float:
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
            floors.append(("ratchet", self.ratchet.floor_mw(peaks_mw, metered.calendar)))
        floors.append(("minimum take", self.min_take_frac * metered.contracted_mw))
        return floors


def demand_by_month(
    name: str,
    usd_per_kw_month: Sequence[float],
    *,
    when: When = ALWAYS,
    ratchet: Ratchet | None = None,
    min_take_frac: float = 0.0,
) -> tuple[DemandCharge, ...]:
    """Make demand charges whose price changes from month to month. Takes `usd_per_kw_month` [USD/kW-month].

    >>> charges = demand_by_month("delivery", [10.5] * 3 + [11.5] * 6 + [10.5] * 3)
    >>> [(charge.name, charge.when.months) for charge in charges]
    [('delivery at 10.5', (1, 2, 3, 10, 11, 12)), ('delivery at 11.5', (4, 5, 6, 7, 8, 9))]
    """
    count = len(usd_per_kw_month)
    refuse("tariff", (count != MONTHS_A_YEAR, f"{name!r} has prices of {count} months", "12"))
    months_by_price: dict[float, tuple[int, ...]] = {}
    for month in when.months:
        price = usd_per_kw_month[month - 1]
        months_by_price[price] = (*months_by_price.get(price, ()), month)
    return tuple(
        DemandCharge(f"{name} at {price:g}", price, replace(when, months=months), ratchet, min_take_frac)
        for price, months in months_by_price.items()
    )


# --- Ratchets: a month is billed for a share of a peak that another month had ---------------------


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
        refuse("tariff", *_share_and_months(self.share_frac, self.months))

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
        back, is_peaks = self.look_back_months, all(peak >= 0.0 for peak in self.history_mw)
        refuse(
            "tariff",
            (back < 1, f"look_back_months of a ratchet is {back}", "at least 1"),
            (not is_peaks, f"history_mw of a ratchet is {self.history_mw}", "peaks of at least 0"),
            *_share_and_months(self.share_frac, self.months),
        )

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


def _share_and_months(share_frac: float, months: tuple[int, ...]) -> tuple[tuple[bool, str, str], ...]:
    """Return the rules for what every ratchet has."""
    is_some = bool(months) and set(months) <= set(ALL_MONTHS)
    return (
        (not 0.0 <= share_frac <= 1.0, f"share_frac of a ratchet is {share_frac}", "0 to 1"),
        (not is_some, f"months of a ratchet are {months}", "at least one of 1 to 12"),
    )
