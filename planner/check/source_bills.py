"""Lines of the cost list for own sources and batteries, added up again from the plan's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by, listed, tally
from planner.check.payments import every_year, repay
from planner.check.sources import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["SOURCE_ASSETS", "SOURCE_BILLS", "capital_musd", "running_musd"]

_SLOT = ("site", "year", "slot")
_SOURCE = ("site", "source", "year")
_USD_PER_MUSD = 1e6


# --- bought up front ------------------------------------------------------------------------


def _bought(case: Case, amount: str, price: pd.Series[float]) -> pd.DataFrame:
    table = case.plan("source_builds")
    return table[["site", "source"]].assign(
        start=table["service_start"],
        life_years=table["life_years"],
        cost_musd=table[amount].to_numpy() * at(price, table, _SOURCE),
    )


def _power(case: Case) -> pd.DataFrame:
    p = case.inputs.supply
    offers = listed(p.build, musd=p.build_capex_musd_per_mw).set_index(list(_SOURCE))
    return _bought(case, "built_mw", offers["musd"])


def _cells(case: Case) -> pd.DataFrame:
    p = case.inputs.supply
    offers = listed(p.build_store, musd=p.build_store_capex_musd_per_mwh)
    return _bought(case, "built_mwh", offers.set_index(list(_SOURCE))["musd"])


def _sold(case: Case) -> pd.DataFrame:
    table = leaves(case)
    return table[["site", "source"]].assign(
        start=table["year"].astype("float64"),
        life_years=table["service_start"] + table["life_years"] - table["year"],
        cost_musd=-table["worth_musd"],
    )


SOURCE_ASSETS: tuple[Callable[[Case], pd.DataFrame], ...] = (_power, _cells, _sold)
"""What is repaid over a life: power, cells, and what bridge power is worth when it leaves."""


def _removal(case: Case) -> pd.DataFrame:
    table = case.plan("source_leaves")
    return table[["site"]].assign(calendar_year=table["year"], musd=table["removal_musd"])


# --- paid as it is used ---------------------------------------------------------------------


def _upkeep_musd(case: Case) -> Floats:
    """Upkeep of a year by row of `case.sources`, at prices of 2025. [MUSD]"""
    own, p = case.sources, case.inputs.supply
    rows = own.rows
    of_power = listed(p.capacity, musd=p.fixed_musd_per_mw_year).set_index(list(_SOURCE))
    of_cells = listed(p.store, musd=p.fixed_musd_per_mwh_year).set_index(list(_SOURCE))
    by_output = listed(p.dispatch, usd=p.variable_usd_per_mwh).set_index(list(_SOURCE))
    made_mwh = own.output_mw @ case.hours
    return np.asarray(
        rows["mw"] * at(of_power["musd"], rows, _SOURCE)
        + rows["mwh"] * at(of_cells["musd"], rows, _SOURCE)
        + made_mwh * at(by_output["usd"], rows, _SOURCE) / _USD_PER_MUSD
    )


def _fuel_musd(case: Case) -> Floats:
    """Fuel of a year by row of `case.sources`. [MUSD]"""
    own, p = case.sources, case.inputs.supply
    price = listed(p.dispatch, usd=p.fuel_usd_per_mwh).set_index(list(_SOURCE))["usd"]
    return own.output_mw @ case.hours * at(price, own.rows, _SOURCE) / _USD_PER_MUSD


def _worn_musd(case: Case) -> Floats:
    """Worn cells of a year by row of `case.sources`. [MUSD]"""
    own, p, table = case.sources, case.inputs.supply, case.plan("source_year")
    price = listed(p.store, musd=p.wear_musd_per_mwh).set_index(list(_SOURCE))["musd"]
    worn = tally(table, _SOURCE, table["worn_mwh"])
    return at(worn, own.rows, _SOURCE) * at(price, own.rows, _SOURCE)


def _by_year(
    make: Callable[[Case], Floats], *, escalates: bool = False
) -> Callable[[Case], pd.DataFrame]:
    def bill(case: Case) -> pd.DataFrame:
        return every_year(case, case.sources.rows, make(case), escalates=escalates)

    return bill


def _export(case: Case) -> pd.DataFrame:
    table, p = case.plan("site_surplus"), case.inputs.supply
    hours = at(by(case.slots, "slot", "hours"), table, ("slot",), np.nan)
    price = listed(p.export, usd=p.export_usd_per_mwh).set_index(list(_SLOT))["usd"]
    usd = -hours * table["export_mw"].to_numpy() * at(price, table, _SLOT)
    return every_year(case, table, usd / _USD_PER_MUSD)


SOURCE_BILLS: Mapping[str, Callable[[Case], pd.DataFrame]] = {
    "source_purchase": lambda case: repay(case, _power(case)),
    "battery_cells": lambda case: repay(case, _cells(case)),
    "bridge_worth": lambda case: repay(case, _sold(case)),
    "bridge_removal": _removal,
    "source_upkeep": _by_year(_upkeep_musd, escalates=True),
    "fuel": _by_year(_fuel_musd),
    "battery_replacement": _by_year(_worn_musd),
    "export_revenue": _export,
}
"""Payments by site and calendar year of every line for own power, by its name."""


# --- by source ------------------------------------------------------------------------------


def capital_musd(case: Case) -> pd.Series[float]:
    """Repayments of a mean calendar year by site, source and model year. [MUSD/year]"""
    paid = []
    for bought in SOURCE_ASSETS:
        asset = bought(case)
        labels = asset[["site", "source"]]
        numbered = repay(case, asset.assign(site=np.arange(len(asset))))
        own = labels.iloc[numbered["site"].to_numpy(dtype=np.intp)].reset_index(drop=True)
        paid.append(own.assign(calendar_year=numbered["calendar_year"], musd=numbered["musd"]))
    table = pd.concat(paid, ignore_index=True)
    model_year = {year: max(t for t in case.years if t <= year) for year in case.calendar}
    table = table.assign(year=table["calendar_year"].map(model_year).astype("int64"))
    years = case.last_calendar_year(table["year"]) - table["year"].to_numpy() + 1.0
    return tally(table, _SOURCE, table["musd"].to_numpy() / years)


def running_musd(case: Case) -> pd.Series[float]:
    """Fuel, upkeep and worn cells of a year by site, source and model year. [MUSD/year]"""
    rows = case.sources.rows
    growth = pd.Series(case.inputs.finance.opex_escalation, index=list(case.years))
    upkeep = _upkeep_musd(case) * at(growth, rows, ("year",), np.nan)
    return tally(rows, _SOURCE, upkeep + _fuel_musd(case) + _worn_musd(case))
