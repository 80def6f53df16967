"""Bills by a tariff, reckoned a second time hour by hour from what the scenario writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from planner.check.bill_hours import BillHours
from planner.check.frames import at, tally
from planner.check.own_tariffs import Written, written_tariffs
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES", "TARIFF_BILLS", "BilledLoad", "bill_of", "fee_usd_per_mw", "own_bills"]

_Line: TypeAlias = tuple[int, float, float, str, float, float]
"""Calendar year, money as a plan pays it and as the tariff asks, unit, units, filling of tiers."""
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
        bill_of(tariff, _load(case, site, tariff)).assign(site=site)
        for site, tariff in written_tariffs(case).items()
    ]
    columns = {"site": "object", "calendar_year": "int64", "kind": "object"}
    numbers = {"usd": "float64", "exact_usd": "float64"}
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=[*columns, *numbers])
    return frame[[*columns, *numbers]].reset_index(drop=True).astype({**columns, **numbers})


@dataclass(frozen=True, eq=False)
class BilledLoad:
    """A site on the hours of its bills.

    Parameters
    ----------
    hours : BillHours
        Hours of the bills.
    load_mw : array of float
        Power drawn by calendar year, day and slot of the day. [MW]
    open_frac, in_force_mw : array of float
        Share that is open, and capacity in force, by calendar year. [-, MW]
    """

    hours: BillHours
    load_mw: Floats
    open_frac: Floats
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


def _load(case: Case, site: str, tariff: Written) -> BilledLoad:
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
    return BilledLoad(hours, load, open_frac, np.array(in_force))


def _in_force(case: Case, site: str, year: int, model_year: int, tariff: Written) -> float:
    table = case.plan("capacity_contracts")
    rows = table[(table["site"] == site) & (table["year"] == model_year)]
    ramp = [*tariff.ramp_frac]
    shares = [ramp[year - v] if year - v < len(ramp) else 1.0 for v in rows["signed_year"]]
    return float(np.sum(rows["kept_mw"].to_numpy() * np.array(shares)))


def bill_of(tariff: Written, billed: BilledLoad) -> pd.DataFrame:
    """Bill a load by a tariff, month by month.

    Parameters
    ----------
    tariff : Written
        Its charges.
    billed : BilledLoad
        Power drawn, and what is open and in force.

    Returns
    -------
    DataFrame
        calendar_year, kind, usd (as a plan pays), exact_usd (as the tariff asks), unit, units,
        in_tiers (squares of the units in each tier times its number, by month: another filling of
        tiers gives another sum; 0 without tiers).
    """
    load = _Load(
        billed.hours,
        *billed.hours.told(billed.load_mw),
        np.repeat(billed.open_frac, 12),
        np.repeat(billed.in_force_mw, 12),
    )
    rows = [
        (_kind(kind), *line)
        for kind, charges in tariff.charges.items()
        for charge in charges
        for line in _CHARGES[kind](charge, load)
    ]
    names = ["kind", "calendar_year", "usd", "exact_usd", "unit", "units", "in_tiers"]
    frame = pd.DataFrame(rows, columns=names)
    rise = (1.0 + tariff.rise_frac) ** (frame["calendar_year"].astype("float64") - 2025.0)
    return frame.assign(usd=rise * frame["usd"], exact_usd=rise * frame["exact_usd"])


def _kind(kind: str) -> str:
    return "capacity" if kind == "coincident_peak" else kind


def _tiers(price: Any, limits: Any) -> tuple[Floats, Floats]:
    prices = np.atleast_1d(np.asarray(price, dtype=np.float64))
    return prices, np.array([0.0, *limits, np.inf])


def _paid(
    quantity: Floats, price: Any, limits: Any, open_frac: Floats
) -> tuple[Floats, Floats, Floats]:
    """What the plan pays for quantities in tiers, what they cost, and how tiers are filled."""
    prices, edges = _tiers(price, limits)
    low, high = edges[:-1], edges[1:]
    units = np.clip(quantity[:, None], low, high) - low
    least = np.minimum.accumulate(prices[::-1])[::-1]
    exact = units @ prices
    width = np.where(np.isinf(high), 0.0, high - low)
    tier = np.arange(1.0, len(prices) + 1.0) * (len(prices) > 1)
    return units @ least + open_frac * float(width @ (prices - least)), exact, units**2 @ tier


def _by_year(
    load: _Load, paid: tuple[Floats, ...], unit: str, units: Floats, billed: Any = True
) -> Iterator[_Line]:
    usd, exact, in_tiers = paid
    kept = np.broadcast_to(billed, usd.shape)
    year = load.hours.year_of_month
    for month in np.flatnonzero(kept):
        paid_usd, exact_usd = float(usd[month]), float(exact[month])
        counted = float(units[month]), float(in_tiers[month])
        yield int(year[month]), paid_usd, exact_usd, unit, *counted


def _energy(charge: Any, load: _Load) -> Iterator[_Line]:
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
        paid = _paid(mwh, period.usd_per_mwh, period.tier_limits_mwh, load.open_frac)
        yield from _by_year(load, paid, "MWh", mwh, has_hours)


def _demand(charge: Any, load: _Load) -> Iterator[_Line]:
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
    limits, billing_kw = charge.tier_limits_kw, 1000.0 * billing
    paid = _paid(billing_kw, charge.usd_per_kw_month, limits, load.open_frac)
    is_billed = np.isin(month, list(charge.months))
    yield from _by_year(load, paid, "kW-month", billing_kw, is_billed)


def _coincident(charge: Any, load: _Load) -> Iterator[_Line]:
    for year in np.unique(load.hours.year_of_month):
        then = load.hours.at_peak(int(year), charge.hours)
        peak_kw = 1000.0 * float(load.peak_day_highest[then].max())
        usd = charge.usd_per_kw * peak_kw
        yield int(year), usd, usd, "kW", peak_kw, 0.0


def _capacity(charge: Any, load: _Load) -> Iterator[_Line]:
    for year in np.unique(load.hours.year_of_month):
        then = load.hours.at_peak(int(year), charge.hours)
        days = load.hours.days[load.hours.year_of_month == year].sum()
        mw_days = float(days) * float(load.peak_day_mean[then].mean())
        usd = charge.usd_per_mw_day * mw_days
        yield int(year), usd, usd, "MW-day", mw_days, 0.0


def _standing(charge: Any, load: _Load) -> Iterator[_Line]:
    open_days, nothing = load.open_frac * load.hours.days, np.zeros(len(load.open_frac))
    by_month, by_day = load.open_frac * charge.usd_per_month, open_days * charge.usd_per_day
    yield from _by_year(
        load, (by_month, by_month, nothing), "month", load.open_frac, by_month > 0.0
    )
    yield from _by_year(load, (by_day, by_day, nothing), "day", open_days, by_day > 0.0)


_CHARGES: Mapping[str, Callable[[Any, _Load], Iterator[_Line]]] = {
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
    musd = fee_usd_per_mw(case, table) * table["fee_mw"].to_numpy() / 1e6
    return pd.DataFrame({"site": table["site"], "calendar_year": table["year"], "musd": musd})


def fee_usd_per_mw(case: Case, table: pd.DataFrame) -> Floats:
    """Return the fee for a MW of each vintage given up in each year. [USD/MW]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    table : DataFrame
        site, signed_year and year of each row.
    """
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
    power = case.site_year
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
    price = fee_usd_per_mw(case, table)
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
