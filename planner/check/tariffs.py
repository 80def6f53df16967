"""Bills by a tariff, computed a second time hour by hour from what the scenario writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.bill_hours import BillHours
from planner.check.frames import at, tally
from planner.check.own_tariffs import Written, written_tariffs
from planner.check.verdict import Excess, rule
from planner.check.written_bills import COLUMNS, BilledLoad, bill_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES", "TARIFF_BILLS", "fee_usd_per_mw", "own_bills"]

_KINDS = ("energy", "demand", "capacity", "standing")
_SITE = ("site", "year")
_VINTAGE = ("site", "signed_year")


def own_bills(case: Case) -> pd.DataFrame:
    """Bill every site that has a tariff, month by month and line by line.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, and the columns of `bill_of`.
    """
    parts = [
        bill_of(tariff, _load(case, site, tariff)).assign(site=site)
        for site, tariff in written_tariffs(case).items()
    ]
    if not parts:
        return pd.DataFrame({name: [] for name in ("site", *COLUMNS)})
    return pd.concat(parts, ignore_index=True)


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


RULES = (capacity_under_contract, exit_fees)
