"""Lines of the bills by a tariff, month by month and tier by tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.bill_hours import BillHours
from planner.check.frames import at, crossed, has, tally
from planner.check.own_tariffs import Written, written_tariffs
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES"]

_KINDS = ("energy", "demand", "capacity", "standing")
_SITE = ("site", "year")
_VINTAGE = ("site", "signed_year")
_CENT = 0.01  # [USD]; lines of less are left out of the tables
_USD_TO_A_UNIT = 1e4  # so that a unit and its price are held more closely than money


_LINE = ("site", "calendar_year", "rule", "item", "unit")
_MONTH = ("site", "month", "rule", "item", "unit")
_PLAIN = "metered"


def _own_lines(case: Case) -> pd.DataFrame:
    """Bill every site that has a tariff, month by month.

    Where tiers decline the bill is what the plan can be held to: the price of the last tier for
    all units and what those below it cost more, while a site is open.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, calendar_year, tariff, rule, item, unit, kind; month and basis (what may have set
        the quantity); quantity, usd (as the plan pays), exact_usd (as the tariff asks); tiers,
        the exact bill of each as number, quantity and price.
    """
    parts = [
        (site, *part)
        for site, tariff in written_tariffs(case).items()
        for part in _bill(case, site, tariff)
    ]
    frame = pd.DataFrame(parts, columns=["site", *_PARTS])
    return frame.astype(
        {"calendar_year": "int64", **dict.fromkeys(("quantity", "usd", "exact_usd"), "float64")}
    )


_PARTS = (
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
    "tiers",
)


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


def _load(case: Case, site: str, tariff: Written) -> _Load:
    hours = BillHours(case, tariff.time_zone, tariff.first_year)
    power, calendar = case.power, np.arange(tariff.first_year, case.calendar[-1] + 1)
    model_year = np.array([max(y for y in case.years if y <= year) for year in calendar])
    at_site = np.flatnonzero((power.site_year["site"] == site).to_numpy())
    row_of = {int(power.site_year["year"].iloc[row]): int(row) for row in at_site}
    slots_per_day = 24 // case.scenario.time.slot_h
    load = np.zeros((len(calendar), power.grid_mw.shape[1] // slots_per_day, slots_per_day))
    opened = case.plan("site_year").set_index(list(_SITE))["open_frac"]
    open_frac = np.zeros(len(calendar))
    for place, year in enumerate(model_year):
        if int(year) in row_of:
            load[place] = power.grid_mw[row_of[int(year)]].reshape(-1, slots_per_day)
            open_frac[place] = opened.get((site, int(year)), 0.0)
    in_force = [
        _in_force(case, site, int(y), int(m), tariff)
        for y, m in zip(calendar, model_year, strict=True)
    ]
    told = hours.told(load)
    return _Load(hours, *told, np.repeat(open_frac, 12), np.repeat(np.array(in_force), 12))


def _in_force(case: Case, site: str, year: int, model_year: int, tariff: Written) -> float:
    table = case.plan("capacity_contracts")
    rows = table[(table["site"] == site) & (table["year"] == model_year)]
    ramp = [*tariff.ramp_frac]
    shares = [ramp[year - v] if year - v < len(ramp) else 1.0 for v in rows["signed_year"]]
    return float(np.sum(rows["kept_mw"].to_numpy() * np.array(shares)))


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
    def exact_usd(self) -> float:
        """What the tariff asks. [USD]"""
        return float(sum(units * price for units, price in self.tiers))


def _bill(case: Case, site: str, tariff: Written) -> Iterator[tuple[object, ...]]:
    load = _load(case, site, tariff)
    for kind, charges in tariff.charges.items():
        for charge in charges:
            for line in _CHARGES[kind](charge, load):
                year = int(load.hours.year_of_month[line.month])
                rise = (1.0 + tariff.rise_frac) ** (year - 2025)
                yield (
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
                    tuple((units, rise * price) for units, price in line.tiers),
                )


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
            usd, tiers = _in_tiers(
                energy, period.usd_per_mwh, period.tier_limits_mwh, float(load.open_frac[month])
            )
            yield _Billed(int(month), charge.name, item, "MWh", energy, usd, tiers)


def _demand(charge: Any, load: _Load) -> Iterator[_Billed]:
    hours = load.hours
    inside = hours.inside(range(1, 13), charge.weekdays, charge.from_hour, charge.to_hour)
    peak = pd.Series(np.where(inside, load.highest, 0.0)).groupby(hours.month).max().to_numpy()
    month = np.arange(len(peak)) % 12 + 1
    floors = {
        _PLAIN: peak,
        "ratchet": np.zeros(len(peak)),
        "minimum take": charge.min_take_frac * load.in_force_mw,
    }
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
        usd, tiers = _in_tiers(
            kw, charge.usd_per_kw_month, charge.tier_limits_kw, float(load.open_frac[place])
        )
        # What is as high as the highest, but for rounding, may have set it.
        basis = frozenset(
            name for name, mw in floors.items() if mw[place] >= billing[place] * (1.0 - 1e-9)
        )
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
            yield _Billed(
                month,
                charge.name,
                "standing charge",
                unit,
                due,
                due * price,
                ((due, price),),
                frozenset({"calendar"}),
            )


_CHARGES: Mapping[str, Callable[[Any, _Load], Iterator[_Billed]]] = {
    "energy": _energy,
    "demand": _demand,
    "coincident_peak": _coincident,
    "capacity": _capacity,
    "standing": _standing,
}


def _exit_lines(case: Case) -> pd.DataFrame:
    """Lines of what is given up for a fee, as table `capacity_contracts` has it."""
    table = case.plan("capacity_contracts")
    table = table[table["fee_musd"] > 0.0]
    by_year = table.groupby(["site", "year"], as_index=False)[["fee_mw", "fee_musd"]].sum()
    usd = by_year["fee_musd"] * 1e6
    return pd.DataFrame(
        {
            "site": by_year["site"],
            "calendar_year": by_year["year"],
            "tariff": by_year["site"].map(
                {site: of.name for site, of in written_tariffs(case).items()}
            ),
            "rule": "exit fee",
            "item": "capacity given up",
            "unit": "MW",
            "kind": "exit_fee",
            "quantity": by_year["fee_mw"],
            "usd": usd,
            "exact_usd": usd,
        }
    )


@rule(unit="USD", floor=20_000.0)
def bill_lines_told(case: Case) -> Excess:
    """Bills are told line by line as hours, rules and prices of the tariff make them."""
    table, own = case.plan("bills"), _own_lines(case)
    amounts = own.groupby([*_LINE, "tariff", "kind"], as_index=False)[
        ["quantity", "usd", "exact_usd"]
    ].sum()
    lines = pd.concat([amounts, _exit_lines(case)], ignore_index=True)
    is_paid = (lines["usd"].abs() > _CENT) | (lines["exact_usd"].abs() > _CENT)
    lines = lines[is_paid].reset_index(drop=True)
    place = pd.concat([lines[list(_LINE)], table[list(_LINE)]]).drop_duplicates(ignore_index=True)
    over = (lines["usd"] - lines["exact_usd"]).to_numpy()
    lines = lines.assign(over=np.where(np.abs(over) > _CENT, over, 0.0))
    parts = [
        Excess.differs(
            place,
            at(tally(table, _LINE, table[told]), place, _LINE),
            at(tally(lines, _LINE, lines[name]), place, _LINE),
        )
        for told, name in (
            ("charged_usd", "usd"),
            ("exact_usd", "exact_usd"),
            ("charged_above_exact_usd", "over"),
        )
    ]
    names = table.merge(lines[[*_LINE, "tariff", "kind", "quantity"]], on=list(_LINE))
    words = (names["tariff_x"] != names["tariff_y"]) | (names["kind_x"] != names["kind_y"])
    quantity = names["quantity_x"].to_numpy() * _USD_TO_A_UNIT
    return parts[0].and_also(
        *parts[1:],
        Excess.where(names[list(_LINE)], words.to_numpy()),
        Excess.differs(
            names[list(_LINE)], quantity, names["quantity_y"].to_numpy() * _USD_TO_A_UNIT
        ),
    )


def _month_lines(case: Case) -> pd.DataFrame:
    """Lines of the exact bill, tier by tier: the key, quantity, usd_per_unit, usd and basis."""
    rows, tariffs = [], written_tariffs(case)
    lines: list[Any] = list(_own_lines(case).itertuples())
    for line in lines:
        item = _month_item(tariffs[line.site], line)
        unit = "kW" if line.unit == "kW-month" else line.unit
        for number, (units, price) in enumerate(line.tiers, start=1):
            name = f"{item}, tier {number}" if len(line.tiers) > 1 else item
            if abs(units * price) > _CENT:
                key = line.site, line.month, line.rule, name, unit
                rows.append((*key, units, price, units * price, line.basis))
    columns = [*_MONTH, "quantity", "usd_per_unit", "usd", "basis"]
    return pd.DataFrame(rows, columns=columns)


def _month_item(tariff: Written, line: Any) -> str:
    """Name an item as the exact bill does: it counts the hours of the system's peak."""
    if line.item != "system peak hours":
        return str(line.item)
    kind, word = ("coincident_peak", "highest") if line.unit == "kW" else ("capacity", "mean")
    count = {f"{of.name} {line.calendar_year}": len(of.hours) for of in tariff.charges[kind]}
    return f"{word} of {count[line.rule]} system peak hours"


@rule(unit="USD", floor=20_000.0)
def bill_months_told(case: Case) -> Excess:
    """The exact bill is told month by month and tier by tier: units, price, and what set them."""
    table, own = case.plan("bill_months"), _month_lines(case)
    place = pd.concat([own[list(_MONTH)], table[list(_MONTH)]]).drop_duplicates(ignore_index=True)
    usd = Excess.differs(
        place,
        at(tally(table, _MONTH, table["usd"]), place, _MONTH),
        at(tally(own, _MONTH, own["usd"]), place, _MONTH),
    )
    both = table.merge(own, on=list(_MONTH))
    by_other = [told not in may for told, may in zip(both["basis_x"], both["basis_y"], strict=True)]
    key = both[list(_MONTH)]
    numbers = [
        Excess.differs(
            key,
            both[f"{name}_x"].to_numpy() * _USD_TO_A_UNIT,
            both[f"{name}_y"].to_numpy(dtype=np.float64) * _USD_TO_A_UNIT,
        )
        for name in ("quantity", "usd_per_unit")
    ]
    return usd.and_also(Excess.where(key, np.array(by_other, dtype=np.bool_)), *numbers)


@rule(unit="rows")
def vintages_told(case: Case) -> Excess:
    """Capacity signed for has a row in every model year from then on, and in none before."""
    table, key = case.plan("capacity_contracts"), ("site", "signed_year", "year")
    vintages = table[["site", "signed_year"]].drop_duplicates()
    years = crossed(vintages, pd.DataFrame({"year": case.years}))
    years = years[years["year"] >= years["signed_year"]].reset_index(drop=True)
    early = (table["year"] < table["signed_year"]).to_numpy()
    return Excess.where(years, ~has(years, table, key)).and_also(
        Excess.where(table[list(key)], early)
    )


RULES = (bill_lines_told, bill_months_told, vintages_told)
