"""On-site generation: capacity, output, export, and its cost lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check import supply_output as of
from planner.check.chain import exported_mw, site_power
from planner.check.days import slot_hours, year_slots
from planner.check.declared import TRACE, Asset, CostLine, DualPrice, Table, plan_table
from planner.check.frames import column_by, crossed, isin, keyed, lookup, once, sum_by, to_frame
from planner.check.payments import every_year, repay
from planner.check.supply_output import leaves, sources_in_service
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_SOURCE = ("site", "source", "year")
_VINTAGE = ("site", "source", "vintage")
_HOURS_PER_YEAR = 8760.0
_USD_PER_MUSD = 1e6


def _slots(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Write every time slice next to every row of a table, in the order of arrays by both."""
    return crossed(frame, year_slots(case)[["slot"]])


@rule(unit="sources")
def sources_where_allowed(case: Case) -> Excess:
    """On-site sources start and last as offered, and make power where they are in service."""
    p, builds = case.inputs.supply, case.plan("source_builds")
    offers = to_frame(p.build, start=p.build_start, life=p.build_life_years)
    offers = offers.set_index(list(_SOURCE))
    place = builds[list(_SOURCE)]
    dates = [
        Excess.differs(place, builds[reported].to_numpy(), lookup(offers[name], builds, _SOURCE, np.nan))
        for reported, name in (("service_start", "start"), ("life_years", "life"))
    ]
    slots = case.plan("source_slot")[list(_SOURCE)].drop_duplicates().reset_index(drop=True)
    alien = Excess.count_broken(slots, ~isin(slots, sources_in_service(case).rows, _SOURCE))
    return alien.and_also(*dates)


@rule(unit="MW or MWh")
def source_capacity(case: Case) -> Excess:
    """Capacity in service existed or was built, and still serves, or belongs to halls."""
    table, rows = case.plan("source_year"), sources_in_service(case).rows
    place = table[list(_SOURCE)]
    expected = rows.set_index(list(_SOURCE))
    parts = [
        Excess.differs(place, table[reported].to_numpy(), lookup(expected[name], table, _SOURCE, np.nan))
        for reported, name in (("capacity_mw", "mw"), ("energy_mwh", "mwh"))
    ]
    silent = rows[~isin(rows, table, _SOURCE)]
    left_out = Excess.above(silent[list(_SOURCE)], silent["mw"].to_numpy(), 0.0)
    less = Excess.above(rows[list(_SOURCE)], -rows["mw"].to_numpy(), 0.0)
    return left_out.and_also(less, *parts)


@rule(unit="MW", rows_of=("source_builds",))
def smallest_plants(case: Case) -> Excess:
    """Smallest plants are reported as the tables say."""
    builds = case.plan("source_builds")
    place = builds[list(_SOURCE)]
    least_mw = of.figures(case, builds["source"], "min_size_mw", builds["service_start"])
    return Excess.differs(place, builds["min_size_mw"].to_numpy(dtype=np.float64), least_mw)


@rule(unit="MW")
def source_output(case: Case) -> Excess:
    """Solar and wind without a cost of output give all that they yield."""
    onsite = sources_in_service(case)
    place = _slots(case, onsite.rows[list(_SOURCE)])
    is_paid = of.is_paid_by_output(case, onsite.rows["source"])
    yields = np.repeat(onsite.is_role("solar", "wind") & ~is_paid, onsite.output_mw.shape[1])
    return Excess.differs(place[yields], onsite.output_mw.ravel()[yields], onsite.yield_mw.ravel()[yields])


@rule(unit="MW", rows_of=("site_surplus",))
def export_made_here(case: Case) -> Excess:
    """Power is sold at the price of its time slice."""
    table = case.plan("site_surplus")
    sold = table["export_mw"].to_numpy()
    place = table[list(_SLOT)]
    p = case.inputs.supply
    price = to_frame(p.export, usd=p.export_usd_per_mwh).set_index(list(_SLOT))["usd"]
    sells = sold > 0.0
    return Excess.differs(
        place[sells], table["export_usd_per_mwh"].to_numpy()[sells], lookup(price, table[sells], _SLOT, np.nan)
    )


@rule(unit="MW")
def bridge_power(case: Case) -> Excess:
    """Bridge power leaves at its reported value and cost of removal."""
    table, p = leaves(case), case.inputs.supply
    place = table[[*_VINTAGE, "year"]]
    offers = to_frame(p.redeploy, worth=p.redeploy_worth_musd_per_mw, removal=p.redeploy_cost_musd_per_mw)
    key = [*_VINTAGE, "year"]
    offers = offers.assign(vintage=offers["vintage"].astype("int64")).set_index(key)
    money = [
        Excess.differs(
            place,
            table[f"{name}_musd"].to_numpy(),
            table["left_mw"].to_numpy() * lookup(offers[name], table, key, np.nan),
        )
        for name in ("worth", "removal")
    ]
    return money[0].and_also(money[1])


@rule(unit="MW")
def curtailment_reported(case: Case) -> Excess:
    """Curtailed power is what is supplied less what is used, stored and sold."""
    power, onsite, table = site_power(case), sources_in_service(case), case.plan("site_surplus")
    sold = exported_mw(case)
    surplus = power.grid_mw + onsite.of_sites(onsite.output_mw - onsite.charge_mw) - power.site_mw - sold
    frame = _slots(case, power.site_year)
    by_slot = pd.Series(surplus.ravel(), index=keyed(frame))
    reported = Excess.differs(table[list(_SLOT)], table["surplus_mw"].to_numpy(), lookup(by_slot, table, _SLOT, np.nan))
    balanced = frame[isin(frame, to_frame(case.inputs.balance.site_year), _SITE)]
    silent = balanced[~isin(balanced, table, _SLOT)]
    return reported.and_also(Excess.above(silent[list(_SLOT)], lookup(by_slot, silent, _SLOT, np.nan), 0.0))


@rule(unit="MWh, MMBtu or MUSD", floor=10.0, rows_of=("source_slot", "source_year"))
def sources_of_a_year(case: Case) -> Excess:
    """Energy, fuel, emissions and cost of on-site power follow from time slices and vintages."""
    onsite, table, p = sources_in_service(case), case.plan("source_year"), case.inputs.supply
    hours = slot_hours(case)
    place = table[list(_SOURCE)]
    output = lookup(sum_by(onsite.rows, _SOURCE, onsite.output_mw @ hours), table, _SOURCE, np.nan)
    charged = lookup(sum_by(onsite.rows, _SOURCE, onsite.charge_mw @ hours), table, _SOURCE, np.nan)
    rates = to_frame(p.dispatch, fuel=p.fuel_mmbtu_per_mwh, kt=p.co2_t_per_mwh / 1000.0)
    rates = rates.set_index(list(_SOURCE))
    factor = np.where(
        table["capacity_mw"] > 0.0, output / (table["capacity_mw"] * _HOURS_PER_YEAR).replace(0.0, np.nan), np.nan
    )
    capital, running = (lookup(make(case), table, _SOURCE) for make in (capital_musd, running_musd))
    pairs = (
        ("output_mwh", output),
        ("charged_mwh", charged),
        ("fuel_mmbtu", output * lookup(rates["fuel"], table, _SOURCE)),
        ("emissions_kt", output * lookup(rates["kt"], table, _SOURCE)),
        ("capacity_factor_frac", factor),
        ("capital_musd", capital),
        ("running_musd", running),
        ("usd_per_mwh", (capital + running) * 1e6 / np.where(output > 0.0, output, np.nan)),
    )
    parts = []
    for name, computed in pairs:
        reported = table[name].to_numpy(dtype=np.float64)
        both = np.isnan(reported) & np.isnan(computed)
        parts.append(Excess.differs(place[~both], reported[~both], computed[~both]))
    return parts[0].and_also(*parts[1:])


# --- bought up front ------------------------------------------------------------------------


def _bought(case: Case, amount: str, price: pd.Series[float]) -> pd.DataFrame:
    table = case.plan("source_builds")
    return table[["site", "source"]].assign(
        start=table["service_start"],
        life_years=table["life_years"],
        cost_musd=table[amount].to_numpy() * lookup(price, table, _SOURCE),
    )


def _power(case: Case) -> pd.DataFrame:
    p = case.inputs.supply
    offers = to_frame(p.build, musd=p.build_capex_musd_per_mw).set_index(list(_SOURCE))
    return _bought(case, "built_mw", offers["musd"])


def _cells(case: Case) -> pd.DataFrame:
    p = case.inputs.supply
    offers = to_frame(p.build_store, musd=p.build_store_capex_musd_per_mwh)
    return _bought(case, "built_mwh", offers.set_index(list(_SOURCE))["musd"])


def _sold(case: Case) -> pd.DataFrame:
    table = leaves(case)
    return table[["site", "source"]].assign(
        start=table["year"].astype("float64"),
        life_years=table["service_start"] + table["life_years"] - table["year"],
        cost_musd=-table["worth_musd"],
    )


def _removal(case: Case) -> pd.DataFrame:
    table = case.plan("source_leaves")
    return table[["site"]].assign(calendar_year=table["year"], musd=table["removal_musd"])


# --- paid as it is used ---------------------------------------------------------------------


def _upkeep_musd(case: Case) -> Floats:
    """Upkeep of a year by row of `sources_in_service(case)`, at prices of 2025. [MUSD]"""
    onsite, p = sources_in_service(case), case.inputs.supply
    rows = onsite.rows
    of_power = to_frame(p.capacity, musd=p.fixed_musd_per_mw_year).set_index(list(_SOURCE))
    of_cells = to_frame(p.store, musd=p.fixed_musd_per_mwh_year).set_index(list(_SOURCE))
    by_output = to_frame(p.capacity, usd=p.variable_usd_per_mwh).set_index(list(_SOURCE))
    made_mwh = onsite.output_mw @ slot_hours(case)
    return np.asarray(
        rows["mw"] * lookup(of_power["musd"], rows, _SOURCE)
        + rows["mwh"] * lookup(of_cells["musd"], rows, _SOURCE)
        + made_mwh * lookup(by_output["usd"], rows, _SOURCE) / _USD_PER_MUSD
    )


def _fuel_musd(case: Case) -> Floats:
    """Fuel of a year by row of `sources_in_service(case)`. [MUSD]"""
    onsite, p = sources_in_service(case), case.inputs.supply
    price = to_frame(p.dispatch, usd=p.fuel_usd_per_mwh).set_index(list(_SOURCE))["usd"]
    return onsite.output_mw @ slot_hours(case) * lookup(price, onsite.rows, _SOURCE) / _USD_PER_MUSD


def _worn_musd(case: Case) -> Floats:
    """Worn cells of a year by row of `sources_in_service(case)`. [MUSD]"""
    onsite, p, table = sources_in_service(case), case.inputs.supply, case.plan("source_year")
    price = to_frame(p.store, musd=p.wear_musd_per_mwh).set_index(list(_SOURCE))["musd"]
    worn = sum_by(table, _SOURCE, table["worn_mwh"])
    return lookup(worn, onsite.rows, _SOURCE) * lookup(price, onsite.rows, _SOURCE)


def _by_year(make: Callable[[Case], Floats], *, escalates: bool = False) -> Callable[[Case], pd.DataFrame]:
    def bill(case: Case) -> pd.DataFrame:
        return every_year(case, sources_in_service(case).rows, make(case), escalates=escalates)

    return bill


def _export(case: Case) -> pd.DataFrame:
    table, p = case.plan("site_surplus"), case.inputs.supply
    hours = lookup(column_by(year_slots(case), "slot", "hours"), table, ("slot",), np.nan)
    price = to_frame(p.export, usd=p.export_usd_per_mwh).set_index(list(_SLOT))["usd"]
    usd = -hours * table["export_mw"].to_numpy() * lookup(price, table, _SLOT)
    return every_year(case, table, usd / _USD_PER_MUSD)


# --- by source ------------------------------------------------------------------------------


def capital_musd(case: Case) -> pd.Series[float]:
    """Repayments of a mean calendar year by site, source and model year. [MUSD/year]"""
    paid = []
    for bought in (_power, _cells, _sold):
        asset = bought(case)
        labels = asset[["site", "source"]]
        numbered = repay(case, asset.assign(site=np.arange(len(asset))))
        own = labels.iloc[numbered["site"].to_numpy(dtype=np.intp)].reset_index(drop=True)
        paid.append(own.assign(calendar_year=numbered["calendar_year"], musd=numbered["musd"]))
    table = pd.concat(paid, ignore_index=True)
    model_year = {year: max(t for t in case.years if t <= year) for year in case.calendar}
    table = table.assign(year=table["calendar_year"].map(model_year).astype("int64"))
    years = case.last_calendar_year(table["year"]) - table["year"].to_numpy() + 1.0
    return sum_by(table, _SOURCE, table["musd"].to_numpy() / years)


def running_musd(case: Case) -> pd.Series[float]:
    """Fuel, upkeep and worn cells of a year by site, source and model year. [MUSD/year]"""
    rows = sources_in_service(case).rows
    growth = pd.Series(case.inputs.finance.opex_escalation, index=list(case.years))
    upkeep = _upkeep_musd(case) * lookup(growth, rows, ("year",), np.nan)
    return sum_by(rows, _SOURCE, upkeep + _fuel_musd(case) + _worn_musd(case))


@once
def _source_year_rows(case: Case) -> pd.DataFrame:
    sources = sources_in_service(case).rows
    return sources.loc[sources["mw"] > TRACE, ["site", "source", "year"]]


def _source_slot_rows(case: Case) -> pd.DataFrame:
    return _source_year_rows(case).merge(site_power(case).slot[["slot"]], how="cross")


HEADING: Final = "On-site power"
ASSETS: Final[Mapping[str, Asset]] = {
    "source_purchase": Asset("own power", "supply", _power, plan_table("source_builds"), is_spread=True),
    "battery_cells": Asset("own power", "supply", _cells, is_spread=True),
    "bridge_worth": Asset("own power", "supply", _sold),
}
LINES: Final[Mapping[str, CostLine]] = {
    "bridge_removal": CostLine("own power", _removal),
    "source_upkeep": CostLine("own power", _by_year(_upkeep_musd, escalates=True)),
    "fuel": CostLine("own power", _by_year(_fuel_musd)),
    "battery_replacement": CostLine("own power", _by_year(_worn_musd)),
    "export_revenue": CostLine("own power", _export),
}
IMPLIED: Final[Mapping[str, Table]] = {"source_year": _source_year_rows, "source_slot": _source_slot_rows}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "source_mw": ("source_builds", "built_mw"),
    "store_mwh": ("source_builds", "built_mwh"),
    "redeploy_mw": ("source_leaves", "left_mw"),
    "export_mw": ("site_surplus", "export_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {"source_limit": DualPrice("USD/MW-year")}
