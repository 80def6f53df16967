"""Demand charges: USD per kW of the month's highest hour, never less than what was agreed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import KW_PER_MW
from planner.tariffs.curvature import Curvature
from planner.tariffs.form import Billed, Stair
from planner.tariffs.months import ALL_MONTHS, MONTHS_A_YEAR
from planner.tariffs.rule import BillLine, Metered
from planner.tariffs.tiers import Tiers, as_tiers
from planner.tariffs.when import ALWAYS, When

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.tariffs.form import Form
    from planner.tariffs.months import Month
    from planner.tariffs.ratchet import Ratchet


__all__ = ["DemandCharge", "demand_by_month"]

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
        problems = []
        prices = as_tiers(self.usd_per_kw_month).prices
        if min(prices) < 0.0:
            what_is = f"price of {self.name!r} is {min(prices)} USD/kW-month"
            problems.append(Problem("tariff", None, None, what_is, "at least 0"))
        if not 0.0 <= self.min_take_frac <= 1.0:
            what_is = f"min_take_frac of {self.name!r} is {self.min_take_frac}"
            problems.append(Problem("tariff", None, None, what_is, "0 to 1"))
        if problems:
            raise InputError(problems)

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
    if len(usd_per_kw_month) != MONTHS_A_YEAR:
        what_is = f"{name!r} has prices of {len(usd_per_kw_month)} months"
        raise InputError([Problem("tariff", None, None, what_is, "12")])
    months_by_price: dict[float, tuple[int, ...]] = {}
    for month in when.months:
        price = usd_per_kw_month[month - 1]
        months_by_price[price] = (*months_by_price.get(price, ()), month)
    return tuple(
        DemandCharge(f"{name} at {price:g}", price, replace(when, months=months), ratchet, min_take_frac)
        for price, months in months_by_price.items()
    )
