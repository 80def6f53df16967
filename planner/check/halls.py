"""Halls: decisions on them, and their figures computed a second time: prices, dates, retrofits, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import DualPrice
from planner.check.existing import fill_frac
from planner.check.frames import column_by, lookup
from planner.check.lead_times import decision_start, months_to_service
from planner.check.verdict import figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


_MONEY_YEAR = 2025
_M2_PER_ACRE = 4046.856
_USD_PER_MUSD = 1e6
_MUSD_PER_USD_OF_KW = 1e-3
_KW_PER_MW = 1000.0


def hall_parts(case: Case, designs: pd.DataFrame) -> dict[str, Floats]:
    """Add up what a MW of halls costs, in its parts. Gives [MUSD/MW]."""
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    sites = case.sites.set_index("site")
    topology = case.data("redundancy").set_index("redundancy")
    technology = case.data("cooling").set_index("cooling")
    market = case.data("facility_market").set_index("market")
    known = designs
    known = known.assign(market=known["site"].map(sites["market"]), archetype=known["site"].map(sites["archetype"]))

    def of(table: pd.DataFrame, key: str, column: str) -> Floats:
        return lookup(table[column], known, (key,), np.nan)

    is_edge = (known["archetype"] == "edge").to_numpy()
    local = of(market, "market", "index") * np.where(is_edge, items["edge_site_multiplier"], 1.0)
    on_top = local * (1.0 + items["soft_costs"] + items["contingency"])
    shell = items["shell_core"] * of(topology, "redundancy", "space_ratio")
    fit_out = ["site_development", "white_space_fitout", "back_of_house_office"]
    electrical = items["electrical_N"] * of(topology, "redundancy", "electrical_capex_ratio")
    cooling = of(technology, "cooling", "capex_usd_per_kw") * _KW_PER_MW / _USD_PER_MUSD
    mechanical = cooling * of(topology, "redundancy", "mechanical_capex_ratio")
    acres = items["site_area"] * case.scenario.demand.facility_mw_per_rack_mw
    land = of(market, "market", "land_usd_per_m2") * _M2_PER_ACRE * acres / _USD_PER_MUSD
    upkeep = local * (items["maintenance"] * electrical + of(technology, "cooling", "opex_frac") * mechanical)
    staff = np.where(is_edge, items["staff_fte_small"], items["staff_fte_large"])
    return {
        "taxed": on_top * (shell + float(items[fit_out].sum())) + land,
        "plant": on_top * (electrical + mechanical),
        "upkeep": upkeep * of(topology, "redundancy", "maintenance_ratio"),
        "staff": staff * items["staff_cost"] / _USD_PER_MUSD,
        "network": np.full(len(known), items["connectivity"] * _KW_PER_MW / _USD_PER_MUSD),
    }


def _parts(case: Case, frame: pd.DataFrame) -> dict[str, Floats]:
    """Cost of a MW of halls for the site and design of every row."""
    designs = frame.merge(case.halls[["hall", "cooling", "redundancy"]], on="hall", how="left")
    return hall_parts(case, designs)


@figures("halls.build", "halls.build_capex_musd_per_mw", unit="MUSD/MW")
def hall_price_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """A MW of hall costs land, building and plant of its market, cooling and topology."""
    parts, growth = _parts(case, rows), 1.0 + case.finance_of("construction_real_escalation", "world")
    later = np.clip(case.inputs.halls.build_start - _MONEY_YEAR, 0.0, None)
    return np.asarray((parts["taxed"] + parts["plant"]) * growth**later)


@figures("halls.hall", "halls.existing_capex_musd_per_mw", "halls.opex_musd_per_mw_year", unit="MUSD/MW")
def hall_upkeep_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Halls that stand cost what new ones do, and upkeep, property tax, insurance, staff and network every year."""
    parts = _parts(case, rows)
    tax, insurance = (
        lookup(case.finance_of_sites(item), rows, ("site",), np.nan) for item in ("property_tax", "insurance")
    )
    capex = parts["taxed"] + parts["plant"]
    tax = tax * float(case.scenario.finance.property_tax)
    upkeep = parts["upkeep"] + parts["staff"] + parts["network"]
    return capex, upkeep + insurance * capex + tax * parts["taxed"]


@figures("halls.build", "halls.build_start", unit="years")
def hall_dates_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """New halls serve after their lead time, committed ones from the middle of their years."""
    months = lookup(months_to_service(case)["hall"], rows, ("site",), np.nan)
    year = rows["year"].to_numpy(dtype=np.float64)
    middle = (year + case.last_calendar_year(rows["year"]) + 1.0) / 2.0
    due = np.maximum(decision_start(case) + months / 12.0, year)
    return np.where(rows["stage"] == "committed", middle, due)


@figures("", "halls.ramp_months", "halls.ramp_mean_frac", "halls.new_fill_frac", unit="months or -")
def filling_from_scenario(case: Case, _: pd.DataFrame) -> tuple[float, ...]:
    """Halls fill, and racks leave part of their power free, as the scenario says."""
    halls = case.scenario.halls
    return halls.ramp_months, halls.ramp_mean_frac, 1.0 - halls.free_frac


@figures("hall", "halls.density_kw_per_m2", unit="kW/m2")
def density_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Halls hold what their cooling allows per square metre."""
    cooling = column_by(case.data("cooling"), "cooling", "design_density_kw_per_m2")
    return lookup(cooling.astype("float64"), rows.merge(case.halls, on="hall"), ("cooling",), np.nan)


def _medium(case: Case, hall: pd.Series[str]) -> pd.Series[str]:
    """Medium that cools a design."""
    medium = column_by(case.data("cooling"), "cooling", "medium")
    return hall.str.split("|").str[0].map(medium)


@figures(
    "halls.retrofit",
    *(
        "halls.retrofit_start",
        "halls.retrofit_done",
        "halls.retrofit_capacity_frac",
        "halls.retrofit_capex_musd_per_mw",
    ),
    unit="- or MUSD/MW or years",
)
def retrofits_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Retrofits keep, cost and last what the table or the scenario says, at the site's prices."""
    stated = case.scenario.retrofit
    rows = rows.assign(from_medium=_medium(case, rows["hall"]), to_medium=_medium(case, rows["to_hall"]))
    table = case.data("retrofit").set_index(["from_medium", "to_medium"])
    kind = ("from_medium", "to_medium")

    def figure(column: str, given: float | None = None) -> Floats:
        if given is not None:
            return np.full(len(rows), given)
        return lookup(table[column].astype("float64"), rows, kind, np.nan)

    begin = np.maximum(rows["year"].to_numpy(dtype=np.float64), decision_start(case))
    growth = 1.0 + case.finance_of("construction_real_escalation", "world")
    market = rows["site"].map(column_by(case.sites, "site", "market"))
    index = column_by(case.data("facility_market"), "market", "index")
    local = market.map(index).to_numpy(dtype=np.float64)
    price = figure("cost_usd_per_kw", stated.cost_usd_per_kw) * _MUSD_PER_USD_OF_KW
    capex = price * local * growth ** np.clip(begin - _MONEY_YEAR, 0.0, None)
    done = begin + figure("duration_months", stated.duration_months) / 12.0
    return begin, done, figure("capacity_frac"), capex


@figures("site", "halls.lease_depth_mw", unit="MW")
def lease_depth_from_scenario(case: Case, _: pd.DataFrame) -> float:
    """Halls can be leased at a site up to the scenario's limit."""
    return case.scenario.lease.depth_mw_per_site


@figures("halls.lease", "halls.lease_musd_per_mw_year", unit="MUSD/MW-year")
def leases_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Leased halls cost the lowest rent of their country, else of the world."""
    settings, table = case.scenario.lease, case.data("leases")
    if settings.usd_per_kw_month is not None:
        table = table.assign(usd_per_kw_month=settings.usd_per_kw_month)
    table = table.assign(hall=table["cooling"] + "|" + table["redundancy"])
    least = table.groupby(["region", "hall"])["usd_per_kw_month"].min().astype("float64")
    country = rows["site"].map(column_by(case.sites, "site", "country"))
    region = country.where(country.isin(list(table["region"])), "world")
    rent = lookup(least, rows.assign(region=region), ("region", "hall"), np.nan)
    return rent * 12.0 * _MUSD_PER_USD_OF_KW


@figures("halls.hall", "halls.fill_frac", unit="-")
def fill_from_scenario(case: Case, rows: pd.DataFrame) -> Floats:
    """Racks leave the scenario's share of hall power free; in stated halls, what is free there."""
    return fill_frac(case, rows)


PRICES: Final[Mapping[str, DualPrice]] = {
    "hall_power": DualPrice("USD/MW-year"),
    "hall_space": DualPrice("USD/m2-year", 1000.0),
    "lease_depth": DualPrice("USD/MW-year"),
    "committed_halls": DualPrice("USD/MW", paid="once"),
}
