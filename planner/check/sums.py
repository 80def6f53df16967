"""Sums and quotients: sites in a year, zones, workloads, and the plan in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.days import year_rows
from planner.check.frames import column_by, lookup, quotient, sum_by, to_frame
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table


_SITE = ("site", "year")
_ZONE = ("zone", "year")
_CLASS = ("workload", "year")
_YEAR = ("year",)
_HOURS_PER_YEAR: Final = 8760.0
_L_PER_KWH: Final = 1.0  # m3/MWh are L/kWh
_MWH_PER_TWH: Final = 1e6
_IN_USE_MW: Final = 1e-3  # nameplate, from which a site counts as in use


def _energy_quotients(table: pd.DataFrame) -> dict[str, Floats]:
    """PUE and water over IT energy, of the columns beside them."""
    it = table["it_mean_mw"]
    return {
        "pue": quotient(table["facility_mean_mw"], it),
        "wue_l_per_kwh": quotient(table["water_m3"], it * _HOURS_PER_YEAR) * _L_PER_KWH,
    }


@rule(unit="MW, kH100e or MUSD")
def sites_summed(case: Case) -> Iterator[Excess]:
    """Cost, load factor, PUE and water use of a site follow from other tables."""
    table, costs = case.plan("site_year"), case.plan("costs")
    paid = costs.assign(year=costs["calendar_year"].map(case.model_year))
    years = table["year"]
    span = case.last_calendar_year(years) - years.to_numpy() + 1.0
    expected = {
        "cost_musd": lookup(sum_by(paid, _SITE, paid["musd"]), table, _SITE) / span,
        "load_factor_frac": quotient(table["facility_mean_mw"], table["facility_peak_mw"]),
        **_energy_quotients(table),
    }
    return columns_reported(table, _SITE, expected)


def _peaks(case: Case, place: pd.DataFrame, key: Sequence[str]) -> pd.Series[float]:
    """Largest sum of sites in a time slice, by keys of the rows of `site_power(case)`. [MW]"""
    facility = pd.DataFrame(site_power(case).facility_mw).groupby([place[name].to_numpy() for name in key])
    return facility.sum().max(axis=1).rename_axis(list(key))


_OF_SITES: Final = "sites_in_use nameplate_mw it_mean_mw facility_mean_mw emissions_kt water_m3 new_firm_mw "
_OF_CARBON: Final = "location_kt fuel_kt market_kt embodied_kt counted_kt claimed_mwh"
_ADDED_UP: Final[Sequence[tuple[str, tuple[str, ...], str, str]]] = (
    ("power_zone", _ZONE, "site_year", _OF_SITES + "sum_of_site_peaks_mw energy_mwh firm_mw"),
    ("summary", _YEAR, "site_year", _OF_SITES + "halls_mw capex_musd"),
    ("summary", _YEAR, "builds", "built_mw"),
    ("summary", _YEAR, "installs", "installed_mw"),
    ("summary", _YEAR, "non_firm_year", "shed_mwh lost_kh100e"),
    ("summary", _YEAR, "cash", "cash_musd"),
    ("summary", _YEAR, "demand", "demand_kh100e served_kh100e rented_kh100e saved_kh100e unmet_kh100e"),
    ("latency", _CLASS, "demand", "demand_kh100e served_kh100e"),
    ("carbon_year", _YEAR, "carbon_site", _OF_CARBON),
)
"""Tables that add others up: by which key, which table, and which of its columns."""


def _rows_of(case: Case, name: str) -> pd.DataFrame:
    """Read a table with the labels and amounts that others add up."""
    table = case.plan(name)
    if name == "cash":
        return table.assign(year=table["calendar_year"].map(case.model_year))
    if name == "site_year":
        in_use = table["nameplate_mw"] >= _IN_USE_MW
        return table.assign(sites_in_use=in_use, sum_of_site_peaks_mw=table["facility_peak_mw"])
    return table


@rule(unit="of its column", floor=10.0)
def totals_add_up(case: Case) -> Iterator[Excess]:
    """Zones, workloads, years and the summary add up sites, demand, purchases, builds and cash."""
    for name, key, of, columns in _ADDED_UP:
        table, rows = case.plan(name), _rows_of(case, of)
        sums = {column: lookup(sum_by(rows, key, rows[column]), table, key) for column in columns.split()}
        yield from columns_reported(table, key, sums)


@rule(unit="MW or MWh", floor=10.0)
def zones_summed(case: Case) -> Iterator[Excess]:
    """The peak of a grid zone is that of the sum of its sites; its PUE follows."""
    table, places = case.plan("power_zone"), site_power(case).site_year
    places = places.assign(zone=places["site"].map(column_by(case.scope, "site", "zone")))
    expected = {
        "coincident_peak_mw": lookup(_peaks(case, places, _ZONE), table, _ZONE),
        "pue": quotient(table["facility_mean_mw"], table["it_mean_mw"]),
    }
    return columns_reported(table, _ZONE, expected)


@rule(unit="MW or MWh", floor=10.0)
def classes_summed(case: Case) -> Iterator[Excess]:
    """The forecast of a workload adds up its racks, each with its share of its site's load."""
    uses, table, sites = case.uses, case.plan("power_class"), case.plan("site_year")
    it = uses["in_service_mw"] * uses["idle_mw_per_mw"] + uses["used_mw"] * uses["dynamic_mw_per_mw"]
    of_site = lookup(sum_by(uses, _SITE, it), uses, _SITE)
    taken = lookup(sum_by(sites, _SITE, sites["facility_mean_mw"]), uses, _SITE)
    facility = np.nan_to_num(quotient(taken, of_site)) * it
    nameplate = uses["in_service_mw"] * (1.0 + uses["companion_mw_per_mw"])
    expected = {
        "nameplate_mw": lookup(sum_by(uses, _CLASS, nameplate), table, _CLASS),
        "it_mean_mw": lookup(sum_by(uses, _CLASS, it), table, _CLASS),
        "facility_mean_mw": lookup(sum_by(uses, _CLASS, facility), table, _CLASS),
        "energy_mwh": lookup(sum_by(uses, _CLASS, facility), table, _CLASS) * _HOURS_PER_YEAR,
    }
    return columns_reported(table, _CLASS, expected)


@rule(unit="MW or TWh", floor=10.0)
def summary_summed(case: Case) -> Iterator[Excess]:
    """Peak, energy, PUE and water use of all sites together follow from their power."""
    table = case.plan("summary")
    expected = {
        "facility_peak_mw": lookup(_peaks(case, site_power(case).site_year, _YEAR), table, _YEAR),
        "energy_twh": table["facility_mean_mw"].to_numpy() * _HOURS_PER_YEAR / _MWH_PER_TWH,
        **_energy_quotients(table),
    }
    return columns_reported(table, _YEAR, expected)


def _power_zone_rows(case: Case) -> pd.DataFrame:
    sites = site_power(case).site_year
    zone = sites["site"].map(column_by(case.scope, "site", "zone"))
    return sites.assign(zone=zone)[["zone", "year"]].drop_duplicates()


def _power_class_rows(case: Case) -> pd.DataFrame:
    """Every workload and year that racks may serve: a year without any has a row of zeros."""
    return to_frame(case.inputs.racks.used)[list(_CLASS)].drop_duplicates()


HEADING: Final = "Power, water and carbon"
IMPLIED: Final[Mapping[str, Table]] = {
    "power_class": _power_class_rows,
    "power_zone": _power_zone_rows,
    "summary": year_rows,
}
