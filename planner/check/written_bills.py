"""Bills of a load by a tariff, line by line: hour by hour from what the scenario writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.bill_hours import BillHours
    from planner.check.own_tariffs import Written

__all__ = ["BILL_COLUMNS", "BilledLoad", "bill_of"]

_PLAIN = "metered"
BILL_COLUMNS = (
    "calendar_year",
    "month",
    "tariff",
    "rule",
    "item",
    "unit",
    "kind",
    "basis",
    "quantity",
    "usd",
    "exact_usd",
    "in_tiers",
    "tiers",
)
_AMOUNTS = ("quantity", "usd", "exact_usd", "in_tiers")


@dataclass(frozen=True, eq=False)
class BilledLoad:
    """A site on the hours of its bills."""

    hours: BillHours  # hours of the bills
    load_mw: Floats  # power drawn by calendar year, day and time slice of the day. [MW]
    open_frac: Floats  # share that is open, and capacity in force, by calendar year. [-, MW]
    in_force_mw: Floats


@dataclass(frozen=True, eq=False)
class _Load:
    """A site on the hours of its bills."""

    hours: BillHours
    mean: Floats
    highest: Floats
    peak_day_mean: Floats
    peak_day_highest: Floats
    open_frac: Floats  # by month
    in_force_mw: Floats  # by month


@dataclass(frozen=True, eq=False)
class _Billed:
    """What a charge bills in a month, at prices of 2025."""

    month: int
    rule: str
    item: str
    unit: str
    quantity: float
    usd: float
    tiers: tuple[tuple[float, float], ...]  # units and price of each
    basis: frozenset[str] = frozenset({_PLAIN})

    @property
    def in_tiers(self) -> float:
        """How tiers are filled: another filling gives another sum; 0 where there are none."""
        if len(self.tiers) == 1:
            return 0.0
        return sum(number * units**2 for number, (units, _) in enumerate(self.tiers, start=1))

    @property
    def exact_usd(self) -> float:
        """What the tariff asks. [USD]"""
        return float(sum(units * price for units, price in self.tiers))


def bill_of(tariff: Written, billed: BilledLoad) -> pd.DataFrame:
    """Bill a load by a tariff, month by month.

    Where tiers decline the bill is what the plan can be held to: the price of the last tier for
    all units and what those below it cost more, while a site is open.
    """
    load = _Load(
        billed.hours,
        *billed.hours.reported(billed.load_mw),
        np.repeat(billed.open_frac, 12),
        np.repeat(billed.in_force_mw, 12),
    )
    rows = []
    for kind, charges in tariff.charges.items():
        for charge in charges:
            for line in _CHARGES[kind](charge, load):
                year = int(load.hours.year_of_month[line.month])
                rise = (1.0 + tariff.rise_frac) ** (year - 2025)
                rows.append(
                    (
                        year,
                        f"{year}-{line.month % 12 + 1:02d}",
                        tariff.name,
                        line.rule,
                        line.item,
                        line.unit,
                        "capacity" if kind == "coincident_peak" else kind,
                        line.basis,
                        line.quantity,
                        rise * line.usd,
                        rise * line.exact_usd,
                        line.in_tiers,
                        tuple((units, rise * price) for units, price in line.tiers),
                    )
                )
    frame = pd.DataFrame(rows, columns=BILL_COLUMNS)
    return frame.astype({"calendar_year": "int64", **dict.fromkeys(_AMOUNTS, "float64")})


def _tiers(price: Any, limits: Any) -> tuple[Floats, Floats]:
    prices = np.atleast_1d(np.asarray(price, dtype=np.float64))
    return prices, np.array([0.0, *limits, np.inf])


def _in_tiers(
    quantity: float, price: Any, limits: Any, open_frac: float
) -> tuple[float, tuple[tuple[float, float], ...]]:
    """What the plan pays for a quantity in tiers, and the units and price of each tier."""
    if not limits and not isinstance(price, tuple):
        return quantity * float(price), ((quantity, float(price)),)
    prices, edges = _tiers(price, limits)
    low, high = edges[:-1], edges[1:]
    units = np.clip(quantity, low, high) - low
    least = np.minimum.accumulate(prices[::-1])[::-1]
    width = np.where(np.isinf(high), 0.0, high - low)
    usd = float(units @ least) + open_frac * float(width @ (prices - least))
    return usd, tuple(zip(units.tolist(), prices.tolist(), strict=True))


def _energy(charge: Any, load: _Load) -> Iterator[_Billed]:
    hours = load.hours
    left = np.ones(len(load.mean), dtype=np.bool_)
    parts = []
    for period in charge.periods:
        inside = hours.inside(period.months, period.weekdays, period.from_hour, period.to_hour)
        left &= ~inside
        parts.append((inside, period.name, period))
    rest = "other hours" if charge.periods else "all hours"
    for inside, item, period in [*parts, (left, rest, charge)]:
        mwh = np.bincount(hours.month, np.where(inside, load.mean, 0.0)).astype(np.float64)
        has_hours = np.bincount(hours.month, weights=inside) > 0
        for month in np.flatnonzero(has_hours):
            energy = float(mwh[month])
            usd, tiers = _in_tiers(energy, period.usd_per_mwh, period.tier_limits_mwh, float(load.open_frac[month]))
            yield _Billed(int(month), charge.name, item, "MWh", energy, usd, tiers)


def _demand(charge: Any, load: _Load) -> Iterator[_Billed]:
    hours = load.hours
    inside = hours.inside(range(1, 13), charge.weekdays, charge.from_hour, charge.to_hour)
    peak = pd.Series(np.where(inside, load.highest, 0.0)).groupby(hours.month).max().to_numpy()
    month = np.arange(len(peak)) % 12 + 1
    floors = {_PLAIN: peak, "ratchet": np.zeros(len(peak)), "minimum take": charge.min_take_frac * load.in_force_mw}
    if charge.ratchet is not None:
        seen = np.where(np.isin(month, list(charge.ratchet.months)), peak, 0.0)
        back = charge.ratchet.look_back_months
        for place in range(len(peak)):
            first = place // 12 * 12 if back is None else max(place - back, 0)
            end = first + 12 if back is None else place
            highest = seen[first:end].max(initial=0.0)
            floors["ratchet"][place] = charge.ratchet.share_frac * highest
    billing = np.max(list(floors.values()), axis=0)
    for place in np.flatnonzero(np.isin(month, list(charge.months))).tolist():
        kw = 1000.0 * float(billing[place])
        usd, tiers = _in_tiers(kw, charge.usd_per_kw_month, charge.tier_limits_kw, float(load.open_frac[place]))
        # What is as high as the highest, but for rounding, may have set it.
        basis = frozenset(name for name, mw in floors.items() if mw[place] >= billing[place] * (1.0 - 1e-9))
        yield _Billed(place, charge.name, "billing demand", "kW-month", kw, usd, tiers, basis)


def _coincident(charge: Any, load: _Load) -> Iterator[_Billed]:
    for year in np.unique(load.hours.year_of_month):
        then = load.hours.at_peak(int(year), charge.hours)
        kw = 1000.0 * float(load.peak_day_highest[then].max())
        month, rule = int(load.hours.month[then].max()), f"{charge.name} {year}"
        usd, price = charge.usd_per_kw * kw, ((kw, float(charge.usd_per_kw)),)
        yield _Billed(month, rule, "system peak hours", "kW", kw, usd, price)


def _capacity(charge: Any, load: _Load) -> Iterator[_Billed]:
    for year in np.unique(load.hours.year_of_month):
        mw = float(load.peak_day_mean[load.hours.at_peak(int(year), charge.hours)].mean())
        for month in np.flatnonzero(load.hours.year_of_month == year):
            days = mw * float(load.hours.days[month])
            usd, price = charge.usd_per_mw_day * days, ((days, float(charge.usd_per_mw_day)),)
            rule = f"{charge.name} {year}"
            yield _Billed(int(month), rule, "system peak hours", "MW-day", days, usd, price)


def _standing(charge: Any, load: _Load) -> Iterator[_Billed]:
    for month, share in enumerate(load.open_frac):
        for unit, units, price in (
            ("month", 1.0, float(charge.usd_per_month)),
            ("day", float(load.hours.days[month]), float(charge.usd_per_day)),
        ):
            due = float(share) * units
            if due * price == 0.0:
                continue
            yield _Billed(
                month, charge.name, "standing charge", unit, due, due * price, ((due, price),), frozenset({"calendar"})
            )


_CHARGES: Mapping[str, Callable[[Any, _Load], Iterator[_Billed]]] = {
    "energy": _energy,
    "demand": _demand,
    "coincident_peak": _coincident,
    "capacity": _capacity,
    "standing": _standing,
}
