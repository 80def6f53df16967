"""Sums and quotients: sites in a year, zones, workloads, the plan in one line, and the bridge from path to meter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.days import year_rows
from planner.check.demand import classes_stated_in_mw, per_amount, rack_path_mw, reference_kh100e, stated_classes
from planner.check.frames import column_by, found_by, lookup, quotient, sum_by, to_frame
from planner.check.racks import companion_load
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

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
    expected = {
        "cost_musd": lookup(sum_by(paid, _SITE, paid["musd"]), table, _SITE) / case.span(table["year"]),
        "load_factor_frac": quotient(table["facility_mean_mw"], table["facility_peak_mw"]),
        **_energy_quotients(table),
    }
    return columns_reported(table, _SITE, expected)


def _peaks(case: Case, key: Sequence[str]) -> pd.Series[float]:
    """Largest sum of sites in a time slice, by keys. [MW]"""
    slots = case.plan("power_slot")
    slots = slots.assign(zone=slots["site"].map(column_by(case.scope, "site", "zone")))
    peaks: pd.Series[float] = slots.groupby([*key, "slot"])["facility_mw"].sum().groupby(list(key)).max()
    return peaks


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
    table = case.plan("power_zone")
    expected = {
        "coincident_peak_mw": lookup(_peaks(case, _ZONE), table, _ZONE),
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
        "facility_peak_mw": lookup(_peaks(case, _YEAR), table, _YEAR),
        "energy_twh": table["facility_mean_mw"].to_numpy() * _HOURS_PER_YEAR / _MWH_PER_TWH,
        **_energy_quotients(table),
    }
    return columns_reported(table, _YEAR, expected)


# --- The bridge from the path to the meter, computed a second time from the plan's tables ---------

_LEVELS: Final = ("nameplate_mw", "it_mean_mw", "facility_mean_mw", "facility_peak_mw")
"""Levels after the path, each as in the summary."""


def _path_classes(case: Case) -> pd.DataFrame:
    """List workloads by year: racks of the path they follow, racks of its fleet per compute."""
    classes = list(case.inputs.sets.workload.labels)
    frame = year_rows(case, "workload", classes)
    rows = frame.itertuples(index=False, name=None)
    rack_mw = np.array([rack_path_mw(case, name, year) for name, year in rows])
    kh100e = np.concatenate([reference_kh100e(case, name) for name in classes])
    uses = case.uses
    load = sum_by(uses, _CLASS, uses["used_mw"] * uses["throughput_kh100e_per_mw"])
    own = quotient(lookup(sum_by(uses, _CLASS, uses["used_mw"]), frame, _CLASS), lookup(load, frame, _CLASS))
    of_path = quotient(rack_mw, kh100e)
    per_kh100e = np.nan_to_num(np.where(np.isnan(of_path), own, of_path))
    typed = frame["workload"].isin(classes_stated_in_mw(case)).to_numpy()
    pairs = frame[typed].itertuples(index=False, name=None)
    per_kh100e[typed] = [1.0 / per_amount(case, name, "mw_rack", year) for name, year in pairs]
    follows = ~frame["workload"].isin(stated_classes(case)).to_numpy()
    return frame.assign(rack_mw=rack_mw * follows, mw_per_kh100e=per_kh100e)


@rule(unit="MW", floor=10.0)
def bridge_terms(case: Case) -> Iterator[Excess]:
    """Path, racks, load, cooling and losses lead from one level of the bridge to the next, as in the plan's tables."""
    table, uses, demand, path = case.plan("bridge"), case.uses, case.plan("demand"), _path_classes(case)
    slots, summary = case.plan("power_slot"), case.plan("summary").set_index("year")
    density = found_by(path, _CLASS, "mw_per_kh100e", demand, 0.0)

    def by_year(rows: pd.DataFrame, mw: object) -> Floats:
        return lookup(sum_by(rows, _YEAR, mw), table, _YEAR)

    racks_mw = by_year(path, path["rack_mw"])
    wanted, saved, rented, unmet, served = (
        by_year(demand, demand[f"{how}_kh100e"] * density) for how in ("demand", "saved", "rented", "unmet", "served")
    )
    used, standby = (by_year(uses, uses[name]) for name in ("used_mw", "standby_mw"))
    companion = by_year(uses, uses["in_service_mw"] * uses["companion_mw_per_mw"])
    busy_frac = lookup(column_by(case.racks, "rack", "busy_frac").astype("float64"), uses, ("rack",), np.nan)
    busy_frac = busy_frac + companion_load(case) * uses["companion_mw_per_mw"].to_numpy()
    busy = by_year(uses, uses["in_service_mw"] * busy_frac)
    levels = {name: lookup(summary[name], table, _YEAR, np.nan) for name in _LEVELS}
    nameplate, it, facility, peak = levels.values()
    loss = by_year(slots, slots["electrical_loss_mw"] * slots["hours"]) / _HOURS_PER_YEAR
    expected = {
        "path_mw": racks_mw * case.scenario.demand.facility_mw_per_rack_mw,
        "facility_share_mw": racks_mw * (1.0 - case.scenario.demand.facility_mw_per_rack_mw),
        "restated_mw": wanted - racks_mw,
        "saved_mw": -saved,
        "rented_mw": -rented,
        "unmet_mw": -unmet,
        "racks_mw": used - served,
        "standby_mw": standby,
        "companion_mw": companion,
        "draw_mw": busy - nameplate,
        "load_mw": it - busy,
        "cooling_mw": facility - it - loss,
        "loss_mw": loss,
        "peak_mw": peak - facility,
    }
    return columns_reported(table, _YEAR, {**levels, **expected})


def _power_zone_rows(case: Case) -> pd.DataFrame:
    sites = case.site_year
    zone = sites["site"].map(column_by(case.scope, "site", "zone"))
    return sites.assign(zone=zone)[["zone", "year"]].drop_duplicates()


def _power_class_rows(case: Case) -> pd.DataFrame:
    """Every workload and year that racks may serve: a year without any has a row of zeros."""
    return to_frame(case.inputs.racks.used)[list(_CLASS)].drop_duplicates()


IMPLIED: Final[Mapping[str, Table]] = {
    "bridge": year_rows,
    "power_class": _power_class_rows,
    "power_zone": _power_zone_rows,
    "summary": year_rows,
}
