"""Bills by a tariff, reckoned a second time hour by hour from what the scenario writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.bill_hours import BillHours
from planner.check.frames import at, tally
from planner.check.own_tariffs import Written, written_tariffs
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from planner.check.case import Case

    Floats = NDArray[np.float64]

__all__ = ["RULES", "TARIFF_BILLS", "own_bills"]

_KINDS = ("energy", "demand", "capacity", "standing")
_SITE = ("site", "year")
_VINTAGE = ("site", "signed_year")


def own_bills(case: Case) -> pd.DataFrame:
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
        site, calendar_year, kind, usd (as the plan pays), exact_usd (as the tariff asks).
    """
    parts = [
        part for site, tariff in written_tariffs(case).items() for part in _bill(case, site, tariff)
    ]
    rows = [(site, int(year), kind, usd, exact) for site, year, kind, usd, exact in parts]
    frame = pd.DataFrame(rows, columns=["site", "calendar_year", "kind", "usd", "exact_usd"])
    return frame.astype({"usd": "float64", "exact_usd": "float64", "calendar_year": "int64"})


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


def _bill(case: Case, site: str, tariff: Written) -> Iterator[tuple[str, int, str, float, float]]:
    load = _load(case, site, tariff)
    for kind, charges in tariff.charges.items():
        for charge in charges:
            for year, usd, exact in _CHARGES[kind](charge, load):
                rise = (1.0 + tariff.rise_frac) ** (year - 2025)
                yield site, year, _kind(kind), rise * usd, rise * exact


def _kind(kind: str) -> str:
    return "capacity" if kind == "coincident_peak" else kind


def _tiers(price: Any, limits: Any) -> tuple[Floats, Floats]:
    prices = np.atleast_1d(np.asarray(price, dtype=np.float64))
    return prices, np.array([0.0, *limits, np.inf])


def _paid(quantity: Floats, price: Any, limits: Any, open_frac: Floats) -> tuple[Floats, Floats]:
    """What the plan pays for quantities in tiers, and what they cost."""
    prices, edges = _tiers(price, limits)
    low, high = edges[:-1], edges[1:]
    units = np.clip(quantity[:, None], low, high) - low
    least = np.minimum.accumulate(prices[::-1])[::-1]
    exact = units @ prices
    width = np.where(np.isinf(high), 0.0, high - low)
    return units @ least + open_frac * float(width @ (prices - least)), exact


def _by_year(
    load: _Load, usd: Floats, exact: Floats, billed: Any = True
) -> Iterator[tuple[int, float, float]]:
    kept = np.broadcast_to(billed, usd.shape)
    for month in np.flatnonzero(kept):
        yield int(load.hours.year_of_month[month]), float(usd[month]), float(exact[month])


def _energy(charge: Any, load: _Load) -> Iterator[tuple[int, float, float]]:
    hours = load.hours
    left = np.ones(len(load.mean), dtype=np.bool_)
    parts = []
    for period in charge.periods:
        inside = hours.inside(period.months, period.weekdays, period.from_hour, period.to_hour)
        left &= ~inside
        parts.append((inside, period))
    for inside, period in [*parts, (left, charge)]:
        mwh = np.bincount(hours.month, np.where(inside, load.mean, 0.0)).astype(np.float64)
        has_hours = np.bincount(hours.month, weights=inside) > 0
        usd, exact = _paid(mwh, period.usd_per_mwh, period.tier_limits_mwh, load.open_frac)
        yield from _by_year(load, usd, exact, has_hours)


def _demand(charge: Any, load: _Load) -> Iterator[tuple[int, float, float]]:
    hours = load.hours
    inside = hours.inside(range(1, 13), charge.weekdays, charge.from_hour, charge.to_hour)
    peak = pd.Series(np.where(inside, load.highest, 0.0)).groupby(hours.month).max().to_numpy()
    month = np.arange(len(peak)) % 12 + 1
    billing = np.maximum(peak, charge.min_take_frac * load.in_force_mw)
    if charge.ratchet is not None:
        seen = np.where(np.isin(month, list(charge.ratchet.months)), peak, 0.0)
        back = charge.ratchet.look_back_months
        for place in range(len(peak)):
            first = place // 12 * 12 if back is None else max(place - back, 0)
            end = first + 12 if back is None else place
            highest = seen[first:end].max(initial=0.0)
            billing[place] = max(billing[place], charge.ratchet.share_frac * highest)
    limits = charge.tier_limits_kw
    usd, exact = _paid(1000.0 * billing, charge.usd_per_kw_month, limits, load.open_frac)
    yield from _by_year(load, usd, exact, np.isin(month, list(charge.months)))


def _coincident(charge: Any, load: _Load) -> Iterator[tuple[int, float, float]]:
    for year in np.unique(load.hours.year_of_month):
        then = load.hours.at_peak(int(year), charge.hours)
        usd = 1000.0 * charge.usd_per_kw * float(load.peak_day_highest[then].max())
        yield int(year), usd, usd


def _capacity(charge: Any, load: _Load) -> Iterator[tuple[int, float, float]]:
    for year in np.unique(load.hours.year_of_month):
        then = load.hours.at_peak(int(year), charge.hours)
        days = load.hours.days[load.hours.year_of_month == year].sum()
        usd = charge.usd_per_mw_day * float(days) * float(load.peak_day_mean[then].mean())
        yield int(year), usd, usd


def _standing(charge: Any, load: _Load) -> Iterator[tuple[int, float, float]]:
    usd = load.open_frac * (charge.usd_per_month + load.hours.days * charge.usd_per_day)
    yield from _by_year(load, usd, usd)


_CHARGES: Mapping[str, Callable[[Any, _Load], Iterator[tuple[int, float, float]]]] = {
    "energy": _energy,
    "demand": _demand,
    "coincident_peak": _coincident,
    "capacity": _capacity,
    "standing": _standing,
}


def _line(kind: str) -> Callable[[Case], pd.DataFrame]:
    def paid(case: Case) -> pd.DataFrame:
        rows = case.own_bills[case.own_bills["kind"] == kind]
        return rows[["site", "calendar_year"]].assign(musd=rows["usd"] / 1e6)

    return paid


def tariff_exit_fee(case: Case) -> pd.DataFrame:
    """Minimum bills of the months left, on what the plan says is given up for a fee."""
    table = case.plan("capacity_contracts")
    musd = _fee_usd_per_mw(case, table) * table["fee_mw"].to_numpy() / 1e6
    return pd.DataFrame({"site": table["site"], "calendar_year": table["year"], "musd": musd})


def _fee_usd_per_mw(case: Case, table: pd.DataFrame) -> Floats:
    """Fee for a MW of each vintage given up in each year. [USD/MW]"""
    tariffs = written_tariffs(case)
    usd = []
    for site, vintage, year in table[["site", "signed_year", "year"]].to_numpy().tolist():
        tariff, terms = tariffs[site], tariffs[site].terms
        passed = 12 * (year - vintage)
        left = max(0, round(12 * terms.term_years) - passed)
        per_mw = sum(
            _least_usd(charge, month % 12 + 1) * tariff.ramp_share((passed + month) // 12)
            for month in range(min(int(terms.exit_fee_months), left))
            for charge in tariff.charges["demand"]
        )
        usd.append(per_mw * (1.0 + tariff.rise_frac) ** (year - 2025) if passed else 0.0)
    return np.array(usd, dtype=np.float64)


def _least_usd(charge: Any, month: int) -> float:
    if month not in charge.months or not charge.min_take_frac:
        return 0.0
    return 1000.0 * float(charge.min_take_frac) * float(charge.usd_per_kw_month)


TARIFF_BILLS: Mapping[str, Callable[[Case], pd.DataFrame]] = {
    **{f"tariff_{kind}": _line(kind) for kind in _KINDS},
    "tariff_exit_fee": tariff_exit_fee,
}


@rule(unit="USD", floor=1000.0)
def bills_told(case: Case) -> Excess:
    """Bills are told as hours, rules and prices of the tariff make them, paid and exact."""
    table = case.plan("bills")
    table = table[table["kind"] != "exit_fee"]
    key = ("site", "calendar_year", "kind")
    own = case.own_bills
    place = own[list(key)].drop_duplicates().reset_index(drop=True)
    paid, exact = (tally(own, key, own[name]) for name in ("usd", "exact_usd"))
    told_paid = tally(table, key, table["charged_usd"])
    told_exact = tally(table, key, table["exact_usd"])
    months = case.plan("bill_months")
    by_site = ("site", "calendar_year")
    months = months.assign(calendar_year=months["month"].str[:4].astype("int64"))
    of_months = tally(months, by_site, months["usd"])
    of_year = place[list(by_site)].drop_duplicates().reset_index(drop=True)
    return Excess.differs(place, at(told_paid, place, key), at(paid, place, key)).and_also(
        Excess.differs(place, at(told_exact, place, key), at(exact, place, key)),
        Excess.differs(
            of_year,
            at(of_months, of_year, by_site),
            at(tally(own, by_site, own["exact_usd"]), of_year, by_site),
        ),
    )


@rule(unit="MW")
def capacity_under_contract(case: Case) -> Excess:
    """What a site with a minimum take draws is under contract: signed for and not given up."""
    table = case.plan("capacity_contracts").sort_values(["site", "signed_year", "year"])
    key = ("site", "signed_year", "year")
    gone = table.groupby(list(_VINTAGE))["released_mw"].cumsum().to_numpy()
    left = Excess.differs(
        table[list(key)], table["kept_mw"].to_numpy(), table["signed_mw"].to_numpy() - gone
    )
    power = case.power.site_year
    tariffs = {site: own for site, own in written_tariffs(case).items() if own.has_take}
    begin = power["site"].map({site: own.first_year for site, own in tariffs.items()})
    rows = (power["year"] >= begin).to_numpy()
    place = power.loc[rows, list(_SITE)].reset_index(drop=True)
    kept = tally(table, _SITE, table["kept_mw"])
    drawn = case.power.grid_mw[rows].max(axis=1, initial=0.0)
    return Excess.above(place, drawn, at(kept, place, _SITE)).and_also(left)


@rule(unit="MW")
def exit_fees(case: Case) -> Excess:
    """Capacity given up within its term is paid for, but for the share that may go free."""
    table = case.plan("capacity_contracts").reset_index(drop=True)
    price = _fee_usd_per_mw(case, table)
    free_mw = np.where(price > 0.0, table["released_mw"] - table["fee_mw"], 0.0)
    gone = tally(table, _VINTAGE, free_mw)
    signed = table.drop_duplicates(list(_VINTAGE)).reset_index(drop=True)
    tariffs = written_tariffs(case)
    share = np.array([tariffs[site].terms.reduction_frac for site in signed["site"]])
    place = signed[list(_VINTAGE)]
    allowed = share.astype(np.float64) * signed["signed_mw"].to_numpy()
    no_more = Excess.above(place, at(gone, place, _VINTAGE), allowed)
    key = ["site", "signed_year", "year"]
    fee_mw, fee_musd = (table[name].to_numpy() for name in ("fee_mw", "fee_musd"))
    in_time = Excess.above(table[key], fee_mw, table["released_mw"].to_numpy())
    told = Excess.differs(table[key], fee_musd, price * fee_mw / 1e6)
    return no_more.and_also(in_time, told)


RULES = (bills_told, capacity_under_contract, exit_fees)
