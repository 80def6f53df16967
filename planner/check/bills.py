"""Every line of the cost list, added up again from the tables of the plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.carbon import counted_kt, fuel_kt
from planner.check.connected import non_firm_mw
from planner.check.contract_bills import CONTRACT_BILLS
from planner.check.frames import at, by, crossed, listed, tally
from planner.check.grid import own_peaks
from planner.check.heat import HEAT_BILLS, heat_connections
from planner.check.load_price import load_price_bill
from planner.check.own_costs import service_usd
from planner.check.payments import every_year, repay
from planner.check.source_bills import SOURCE_ASSETS, SOURCE_BILLS
from planner.check.standing import retrofits
from planner.check.tariffs import TARIFF_BILLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["BILLS", "non_firm_discount_musd", "racks_bought", "rent_by_class"]

_SITE = ("site", "year")
_HALL = ("site", "hall", "year")
_HOURS_PER_YEAR = 8760.0
_H100E_PER_KH100E = 1000.0
_KW_PER_MW = 1000.0
_USD_PER_MUSD = 1e6


def _of_site(case: Case, frame: pd.DataFrame, values: Floats) -> Floats:
    """Take one value per site to the rows of a table."""
    return np.asarray(values)[case.inputs.sets.site.codes(frame["site"])]


# --- bought up front ------------------------------------------------------------------------


def _assets(
    table: pd.DataFrame, start: str, life_years: float | Floats, cost_musd: pd.Series[float]
) -> pd.DataFrame:
    """Return what is repaid: where it is, when it begins to serve, how long it lives, its cost."""
    return table[["site"]].assign(start=table[start], life_years=life_years, cost_musd=cost_musd)


def racks_bought(case: Case) -> pd.DataFrame:
    """List purchases of racks as assets, in the order of table `installs`.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, start, life_years, cost_musd.
    """
    table = case.plan("installs")
    life = by(case.racks, "rack", "life_years")
    life_years = at(life, table, ("rack",), np.nan)
    return _assets(table, "year", life_years, table["overnight_musd"])


def _halls(case: Case) -> pd.DataFrame:
    table, finance = case.plan("builds"), case.inputs.finance
    cost_musd = table["overnight_musd"] * (1.0 + finance.build_idc_frac)
    return _assets(table, "service_start", finance.life_years["facility"], cost_musd)


def _retrofits(case: Case) -> pd.DataFrame:
    table, life = retrofits(case), case.inputs.finance.life_years
    return _assets(table, "done", life["retrofit"], table["overnight_musd"])


def _openings(case: Case) -> pd.DataFrame:
    table, life = case.plan("site_year"), case.inputs.finance.life_years
    price = _of_site(case, table, case.inputs.sites.opening_musd)
    return _assets(table, "year", life["opening"], table["opened_frac"] * price)


def _connections(name: str, case: Case) -> pd.DataFrame:
    table, life = case.plan(name), case.inputs.finance.life_years
    return _assets(table, "service_start", life["grid"], table["overnight_musd"])


_firm_connections: Final = partial(_connections, "connections")
_non_firm_connections: Final = partial(_connections, "non_firm_connections")


def financing_premium(case: Case) -> pd.DataFrame:
    """What assets cost more where their capital is more expensive than the discount rate."""
    finance = case.inputs.finance
    assets: tuple[tuple[str, Callable[[Case], pd.DataFrame]], ...] = (
        ("rack", racks_bought),
        ("facility", _halls),
        ("facility", _retrofits),
        ("facility", _openings),
        ("grid", _firm_connections),
        ("grid", _non_firm_connections),
        ("facility", heat_connections),
        *(("supply", bought) for bought in SOURCE_ASSETS),
    )
    premiums = []
    for kind, bought in assets:
        asset = bought(case)
        risk = _of_site(case, asset, finance.site_rate_adder_frac)
        own = finance.asset_rate_frac.get(kind, finance.rate_frac) + risk
        own_paid, plain = repay(case, asset, own), repay(case, asset)
        premiums.append(own_paid.assign(musd=own_paid["musd"] - plain["musd"]))
    return pd.concat(premiums, ignore_index=True)


# --- paid as it is used ---------------------------------------------------------------------


def companions(case: Case) -> pd.DataFrame:
    """Companions of the racks in use, at their yearly payment."""
    uses = case.uses
    price = case.inputs.racks.companion_musd_per_mw_year
    return every_year(case, uses, uses["in_service_mw"] * uses["companion_mw_per_mw"] * price)


def rack_moves(case: Case) -> pd.DataFrame:
    """Moves, once, in their year."""
    moves = case.plan("moves")
    out = moves[moves["direction"] == "out"]
    return pd.DataFrame(
        {
            "site": out["site"],
            "calendar_year": out["year"],
            "musd": out["moved_mw"] * case.inputs.racks.move_cost_musd_per_mw,
        }
    )


def it_maintenance(case: Case) -> pd.DataFrame:
    """Spares and support per MW of racks in use."""
    uses, racks = case.uses, case.inputs.racks
    price = pd.Series(racks.it_maintenance_musd_per_mw_year, index=case.inputs.sets.rack.labels)
    musd = uses["in_service_mw"] * at(price, uses, ("rack",), np.nan)
    return every_year(case, uses, musd, escalates=True)


def hall_opex(case: Case) -> pd.DataFrame:
    """Running cost per MW of own usable halls."""
    halls, hall_years = case.inputs.halls, case.hall_years
    price = listed(halls.hall, price=halls.opex_musd_per_mw_year).set_index(list(_HALL))["price"]
    musd = hall_years["own_mw"] * at(price, hall_years, _HALL, np.nan)
    return every_year(case, hall_years, musd, escalates=True)


def lease_rent(case: Case) -> pd.DataFrame:
    """Rent per MW leased."""
    halls, leases = case.inputs.halls, case.plan("leases")
    price = listed(halls.lease, price=halls.lease_musd_per_mw_year).set_index(list(_HALL))["price"]
    return every_year(case, leases, leases["leased_mw"] * at(price, leases, _HALL, np.nan))


def site_fixed(case: Case) -> pd.DataFrame:
    """Fixed cost of a site as far as it is open."""
    sites = case.site_years
    fixed = _of_site(case, sites, case.inputs.sites.fixed_musd_per_year)
    return every_year(case, sites, fixed * sites["open_frac"], escalates=True)


def work_migration(case: Case) -> pd.DataFrame:
    """Work that arrives from other sites, at the price of a move."""
    table = case.plan("migration_site")
    price = case.scenario.flexibility.move_usd_per_mwh
    return every_year(case, table, table["arrived_mwh"] * price / _USD_PER_MUSD)


def electricity_energy(case: Case) -> pd.DataFrame:
    """Hourly energy at the delivered price of the hour."""
    power, grid = case.power, case.inputs.grid
    frame = crossed(power.site_year, power.slot[["slot"]])
    key = ("site", "year", "slot")
    price = listed(case.inputs.power.slot, usd=grid.energy_usd_per_mwh).set_index(list(key))["usd"]
    usd = power.grid_mwh * at(price, frame, key, np.nan).reshape(power.grid_mw.shape)
    return every_year(case, power.site_year, usd.sum(axis=1) / _USD_PER_MUSD)


def electricity_demand(case: Case) -> pd.DataFrame:
    """Months times the largest draw of each billing period, never times the hours of a day."""
    peaks = own_peaks(case)
    rate = listed(
        case.inputs.sites.site_year, usd=case.inputs.grid.demand_charge_usd_per_kw_month
    ).set_index(list(_SITE))["usd"]
    usd = peaks["months"] * peaks["peak_mw"] * _KW_PER_MW * at(rate, peaks, _SITE, np.nan)
    return every_year(case, peaks, usd / _USD_PER_MUSD)


def non_firm_discount(case: Case) -> pd.DataFrame:
    """The service's discount on the demand charge of what non-firm connection carries."""
    discount = non_firm_discount_musd(case)
    return every_year(case, discount, -discount["musd"])


def non_firm_discount_musd(case: Case) -> pd.DataFrame:
    """List what is taken off the demand charge in every billing period: site, year, musd."""
    peaks, grid = own_peaks(case), case.inputs.grid
    settings = case.scenario.grid.non_firm
    services = by(case.data("connection_services"), "service", "charge_discount_frac")
    off = float(services[settings.service]) if settings.allow else 0.0
    rate = listed(case.inputs.sites.site_year, usd=grid.demand_charge_usd_per_kw_month).set_index(
        list(_SITE)
    )["usd"]
    carried = np.minimum(peaks["peak_mw"], non_firm_mw(case, peaks))
    usd = off * peaks["months"] * carried * _KW_PER_MW * at(rate, peaks, _SITE, np.nan)
    return peaks[list(_SITE)].assign(musd=usd / _USD_PER_MUSD)


def shed_load_worth(case: Case) -> pd.DataFrame:
    """Energy not served in stress slots at the worth of the work that is lost."""
    price = case.scenario.grid.non_firm.shed.usd_per_mwh
    frame, shed_mwh = case.power.site_year, (case.shed_mw * case.power.hours).sum(axis=1)
    return every_year(case, frame, price * shed_mwh / _USD_PER_MUSD)


def water(case: Case) -> pd.DataFrame:
    """Cubic metres at the price of the site."""
    frame = case.power.site_year
    price = _of_site(case, frame, case.inputs.carbon.water_price_usd_per_m3)
    return every_year(case, frame, case.power.water_m3 * price / _USD_PER_MUSD)


def carbon_price(case: Case) -> pd.DataFrame:
    """Tonnes at the price of the year."""
    frame = case.power.site_year
    price = pd.Series(case.inputs.carbon.price_usd_per_t, index=list(case.years))
    usd = counted_kt(case) * 1000.0 * at(price, frame, ("year",), np.nan)
    return every_year(case, frame, usd / _USD_PER_MUSD)


def carbon_schemes(case: Case) -> pd.DataFrame:
    """Tonnes of fuel burnt at the price of the place's scheme."""
    frame = case.power.site_year
    price = listed(case.inputs.sites.site_year, usd=case.inputs.carbon.fuel_price_usd_per_t)
    usd = fuel_kt(case) * 1000.0 * at(price.set_index(list(_SITE))["usd"], frame, _SITE, np.nan)
    return every_year(case, frame, usd / _USD_PER_MUSD)


def rented_compute(case: Case) -> pd.DataFrame:
    """Contracts: every calendar year that their model year stands for, and their whole term."""
    return rent_by_class(case)[["site", "calendar_year", "musd"]]


def rent_by_class(case: Case) -> pd.DataFrame:
    """List what is paid for rented compute: workload, site (empty), calendar_year, musd."""
    rent = case.inputs.rent
    offers = listed(rent.bought, price=rent.price_musd_per_kh100e_year, term=rent.term_years)
    bought = case.plan("rent").merge(offers, on=["workload", "tier", "year"], how="left")
    last = np.maximum(
        bought["year"] + bought["term"] - 1.0, case.last_calendar_year(bought["year"])
    )
    paid = bought.assign(site="", last=last, musd=bought["bought_kh100e"] * bought["price"])
    rows = paid.merge(pd.DataFrame({"calendar_year": case.calendar}), how="cross")
    runs = (rows["calendar_year"] >= rows["year"]) & (rows["calendar_year"] <= rows["last"])
    return rows.loc[runs, ["workload", "site", "calendar_year", "musd"]]


def unmet_compute(case: Case) -> pd.DataFrame:
    """Unmet compute at the price that the scenario puts on it."""
    table = case.plan("demand")
    price_musd = (
        case.scenario.demand.unmet_usd_per_h100e_hour
        * _HOURS_PER_YEAR
        * _H100E_PER_KH100E
        / _USD_PER_MUSD
    )
    return every_year(case, table[["year"]], table["unmet_kh100e"] * price_musd)


def service_network(case: Case) -> pd.DataFrame:
    """Compute served between each demand region and site at the price of the scenario's table."""
    served, ends = case.plan("assignment"), ["region", "workload", "site"]
    price = at(service_usd(case, served[ends].drop_duplicates()), served, ends)
    musd = price * served["served_kh100e"] * _H100E_PER_KH100E / _USD_PER_MUSD
    return every_year(case, served, musd)


def efficiency_levers(case: Case) -> pd.DataFrame:
    """Compute saved by each lever at its price."""
    levers, demand = case.inputs.levers, case.plan("demand")
    offers = listed(
        levers.adopted, saving=levers.saving_frac, price=levers.cost_musd_per_kh100e_year
    )
    used = case.plan("levers").merge(offers, on=["workload", "lever", "year"], how="left")
    key = ("workload", "year")
    asked = at(tally(demand, key, demand["demand_kh100e"]), used, key)
    return every_year(
        case, used[["year"]], used["adopted_frac"] * used["saving"] * asked * used["price"]
    )


BILLS: Mapping[str, Callable[[Case], pd.DataFrame]] = {
    "rack_purchase": lambda case: repay(case, racks_bought(case)),
    "companions": companions,
    "rack_moves": rack_moves,
    "it_maintenance": it_maintenance,
    "hall_construction": lambda case: repay(case, _halls(case)),
    "hall_retrofit": lambda case: repay(case, _retrofits(case)),
    "hall_opex": hall_opex,
    "lease_rent": lease_rent,
    "site_opening": lambda case: repay(case, _openings(case)),
    "site_fixed": site_fixed,
    "work_migration": work_migration,
    "service_network": service_network,
    "interconnection": lambda case: repay(case, _firm_connections(case)),
    "non_firm_connection": lambda case: repay(case, _non_firm_connections(case)),
    "non_firm_discount": non_firm_discount,
    "shed_load_worth": shed_load_worth,
    "electricity_energy": electricity_energy,
    "electricity_demand": electricity_demand,
    "load_price": load_price_bill,
    **SOURCE_BILLS,
    **CONTRACT_BILLS,
    **TARIFF_BILLS,
    "water": water,
    "carbon_price": carbon_price,
    "carbon_schemes": carbon_schemes,
    "heat_network": lambda case: repay(case, heat_connections(case)),
    **HEAT_BILLS,
    "rented_compute": rented_compute,
    "unmet_compute": unmet_compute,
    "efficiency_levers": efficiency_levers,
    "financing_premium": financing_premium,
}
"""Payments by site and calendar year of every line of the cost list, by its name."""
