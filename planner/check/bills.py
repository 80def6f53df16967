"""Bills: hours that they count, and each bill written out again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.days import year_days

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case

    Codes = NDArray[np.intp]
    Tiers = tuple[tuple[float, float], ...]
    from collections.abc import Callable, Iterator, Mapping

    from planner.check.tariffs import Written

# --- The hours of a bill, written out a second time: what each shows, which time slice is for it ---

_QUARTERS = 4  # clocks may be half an hour or a quarter off UTC
_WEEKDAYS = {"all": range(7), "workdays": range(5), "weekend": range(5, 7)}
_ANY_DAY = 15  # of the month of the peak: none of its days is another


@dataclass(frozen=True, eq=False)
class BillHours:
    """Hours of whole calendar years in a time zone."""

    case: Case  # inputs and plan
    time_zone: str | tzinfo  # IANA name, or hours from UTC
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
            shown, count = self._shown, (to_hour - from_hour) % 24 or 24
            self._found[asked] = np.asarray(
                np.isin(shown["month"], asked[0])
                & np.isin(shown["day_of_week"], list(_WEEKDAYS[weekdays]))
                & np.isin(shown["hour"], (from_hour + np.arange(count)) % 24)
            )
        return self._found[asked]

    @cached_property
    def _found(self) -> dict[tuple[tuple[int, ...], str, int, int], Bools]:
        """What was asked of `inside` before, for other charges and other loads."""
        return {}

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
        """Hours that stand for all of the same month and time slices, and for each hour which of them."""
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


# --- Bills of a load by a tariff, line by line: hour by hour from what the scenario writes --------

_PLAIN = "metered"
_WORDS = ("calendar_year", "month", "tariff", "rule", "item", "unit", "kind", "basis")
_AMOUNTS = ("quantity", "usd", "exact_usd", "in_tiers")
BILL_COLUMNS = (*_WORDS, *_AMOUNTS, "tiers")


@dataclass(frozen=True, eq=False)
class BilledLoad:
    """A site on the hours of its bills."""

    hours: BillHours  # hours of the bills
    load_mw: Floats  # power drawn by calendar year, day and time slice of the day. [MW]
    open_frac: Floats  # share that is open, and capacity in force, by calendar year. [-, MW]
    in_force_mw: Floats

    @cached_property
    def by_hour(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Mean and highest load of each hour, then those of the day of the peak. [MW]"""
        return self.hours.reported(self.load_mw)

    def is_open(self, month: int) -> float:
        """Share of the site that is open in a month since the first one."""
        return float(self.open_frac[month // 12])


@dataclass(frozen=True, eq=False)
class _Billed:
    """What a charge bills in a month, at prices of 2025."""

    month: int
    rule: str
    item: str
    unit: str
    quantity: float
    usd: float
    tiers: Tiers  # units and price of each
    basis: frozenset[str] = frozenset({_PLAIN})


def bill_of(tariff: Written, load: BilledLoad) -> pd.DataFrame:
    """Bill a load by a tariff, month by month.

    Where tiers decline: the last tier's price for all units and what others cost more, while a site is open.
    """
    rows = []
    for kind, charges in tariff.charges.items():
        for line in (line for charge in charges for line in _CHARGES[kind](charge, load)):
            year = int(load.hours.year_of_month[line.month])
            rise = (1.0 + tariff.rise_frac) ** (year - 2025)
            row = {
                **vars(line),
                "calendar_year": year,
                "month": f"{year}-{line.month % 12 + 1:02d}",
                "tariff": tariff.name,
                "kind": "capacity" if kind == "coincident_peak" else kind,
                "usd": rise * line.usd,
                "exact_usd": rise * sum(units * price for units, price in line.tiers),
                "in_tiers": _filling(line.tiers),
                "tiers": tuple((units, rise * price) for units, price in line.tiers),
            }
            rows.append([row[name] for name in BILL_COLUMNS])
    frame = pd.DataFrame(rows, columns=BILL_COLUMNS)
    return frame.astype({"calendar_year": "int64", **dict.fromkeys(_AMOUNTS, "float64")})


def _filling(tiers: Tiers) -> float:
    """How tiers are filled: another filling gives another sum; 0 where there are none."""
    return sum(number * units**2 for number, (units, _) in enumerate(tiers, start=1)) if len(tiers) > 1 else 0.0


def _in_tiers(quantity: float, price: Any, limits: Any, open_frac: float) -> tuple[float, Tiers]:
    """What the plan pays for a quantity in tiers, and the units and price of each tier."""
    if not limits and not isinstance(price, tuple):
        return quantity * float(price), ((quantity, float(price)),)
    prices, edges = np.atleast_1d(np.asarray(price, dtype=np.float64)), np.array([0.0, *limits, np.inf])
    units = np.clip(quantity, edges[:-1], edges[1:]) - edges[:-1]
    least = np.minimum.accumulate(prices[::-1])[::-1]
    width = np.append(np.diff(edges[:-1]), 0.0)
    usd = float(units @ least) + open_frac * float(width @ (prices - least))
    return usd, tuple(zip(units.tolist(), prices.tolist(), strict=True))


def _energy(charge: Any, load: BilledLoad) -> Iterator[_Billed]:
    hours, mean, parts = load.hours, load.by_hour[0], []
    left = np.ones(len(mean), dtype=np.bool_)
    for period in charge.periods:
        inside = hours.inside(period.months, period.weekdays, period.from_hour, period.to_hour)
        left &= ~inside
        parts.append((inside, period.name, period))
    rest = "other hours" if charge.periods else "all hours"
    for inside, item, period in [*parts, (left, rest, charge)]:
        mwh = np.bincount(hours.month, np.where(inside, mean, 0.0)).astype(np.float64)
        has_hours = np.bincount(hours.month, weights=inside) > 0
        for month in np.flatnonzero(has_hours).tolist():
            energy = float(mwh[month])
            usd, tiers = _in_tiers(energy, period.usd_per_mwh, period.tier_limits_mwh, load.is_open(month))
            yield _Billed(month, charge.name, item, "MWh", energy, usd, tiers)


def _demand(charge: Any, load: BilledLoad) -> Iterator[_Billed]:
    hours = load.hours
    inside = hours.inside(range(1, 13), charge.weekdays, charge.from_hour, charge.to_hour)
    peak = pd.Series(np.where(inside, load.by_hour[1], 0.0)).groupby(hours.month).max().to_numpy()
    month = np.arange(len(peak)) % 12 + 1
    least = charge.min_take_frac * np.repeat(load.in_force_mw, 12)
    floors = {_PLAIN: peak, "ratchet": np.zeros(len(peak)), "minimum take": least}
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
        usd, tiers = _in_tiers(kw, charge.usd_per_kw_month, charge.tier_limits_kw, load.is_open(place))
        # What is as high as the highest, but for rounding, may have set it.
        basis = frozenset(name for name, mw in floors.items() if mw[place] >= billing[place] * (1.0 - 1e-9))
        yield _Billed(place, charge.name, "billing demand", "kW-month", kw, usd, tiers, basis)


def _coincident(charge: Any, load: BilledLoad) -> Iterator[_Billed]:
    for year in np.unique(load.hours.year_of_month):
        then = load.hours.at_peak(int(year), charge.hours)
        kw = 1000.0 * float(load.by_hour[3][then].max())
        month, rule = int(load.hours.month[then].max()), f"{charge.name} {year}"
        usd, price = charge.usd_per_kw * kw, ((kw, float(charge.usd_per_kw)),)
        yield _Billed(month, rule, "system peak hours", "kW", kw, usd, price)


def _capacity(charge: Any, load: BilledLoad) -> Iterator[_Billed]:
    for year in np.unique(load.hours.year_of_month):
        mw = float(load.by_hour[2][load.hours.at_peak(int(year), charge.hours)].mean())
        for month in np.flatnonzero(load.hours.year_of_month == year):
            days = mw * float(load.hours.days[month])
            usd, price = charge.usd_per_mw_day * days, ((days, float(charge.usd_per_mw_day)),)
            rule = f"{charge.name} {year}"
            yield _Billed(int(month), rule, "system peak hours", "MW-day", days, usd, price)


def _standing(charge: Any, load: BilledLoad) -> Iterator[_Billed]:
    for month, days in enumerate(load.hours.days.tolist()):
        for unit, units, price in (("month", 1, charge.usd_per_month), ("day", days, charge.usd_per_day)):
            due, basis = load.is_open(month) * units, frozenset({"calendar"})
            if due * price:
                tiers = ((due, float(price)),)
                yield _Billed(month, charge.name, "standing charge", unit, due, due * price, tiers, basis)


_CHARGES: Mapping[str, Callable[[Any, BilledLoad], Iterator[_Billed]]] = {
    "energy": _energy,
    "demand": _demand,
    "coincident_peak": _coincident,
    "capacity": _capacity,
    "standing": _standing,
}
