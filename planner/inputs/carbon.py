"""Emissions: of grid power, of making what is built, carbon prices of states; and water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KG_PER_T, KW_PER_MW
from planner.family.table_columns import floats, ints, named_in, texts
from planner.inputs.power_prices import seasonal_slots
from planner.inputs.scope import site_rows
from planner.lp import Index

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallInputs
    from planner.inputs.racks import RackInputs
    from planner.inputs.supply import SupplyInputs


@dataclass(frozen=True)
class CarbonInputs:
    """Emissions and water."""

    location_t_per_mwh: Floats  # [slot of PowerInputs.slot]
    cap: Index  # (year,) with a cap
    cap_kt: Floats
    price_usd_per_t: Floats  # [year]
    claim_t_per_mwh: Floats  # [claim of ContractInputs], taken off what cap and price count
    fuel_price_usd_per_t: Floats  # [site_year], of the scheme of its state or country
    # of making what enters service, per MW or MWh; 0 where it does not count
    install_t_per_mw: Floats  # [install]
    build_t_per_mw: Floats  # [build of HallInputs]
    retrofit_t_per_mw: Floats  # [retrofit]
    source_t_per_mw: Floats  # [build of SupplyInputs]
    store_t_per_mwh: Floats  # [build_store]
    water_price_usd_per_m3: Floats  # [site]
    water_limit: Index  # (site, year) with a limit
    water_limit_m3: Floats
    water_permit: Index  # (site, year) with a limit per MW of critical IT
    water_permit_m3_per_mw: Floats  # [water_permit]
    stress_class: tuple[str, ...]  # [site]


def carbon_inputs(
    case: ScopedCase,
    sets: Sets,
    shape: Floats,
    site_year: Index,
    made: tuple[RackInputs, HallInputs, SupplyInputs],
    claim: Index,
) -> CarbonInputs:
    """Make the coefficients and limits of emissions and water.

    Takes `shape` (site, slot), `claim` (site, year, slot).
    """
    s, t = site_year["site"], site_year["year"]
    intensity = _intensity_kg_per_mwh(case)[:, :, None] * shape[:, None, :]
    settings = case.scenario
    cap = case.by_year(settings.carbon.cap_kt)
    capped = np.flatnonzero(~np.isnan(cap))
    limit = floats(case.sites, "water_limit_m3_per_year")[s]
    limited = np.flatnonzero(~np.isnan(limit) & settings.water.limit)
    factor, of_class = _basin_stress(case)
    permit = of_class[s]
    permitted = np.flatnonzero(~np.isnan(permit) & settings.water.stress_limits)
    return CarbonInputs(
        location_t_per_mwh=intensity[s, t].ravel() / KG_PER_T,
        claim_t_per_mwh=intensity[claim.codes] / KG_PER_T * (settings.carbon.accounting == "market"),
        fuel_price_usd_per_t=fuel_carbon_prices_usd_per_t(case)[s, t],
        **_embodied_t(case, sets, *made),
        cap=Index.sparse("cap", (sets.year,), (capped,)),
        cap_kt=cap[capped],
        price_usd_per_t=np.nan_to_num(case.by_year(settings.carbon.price_usd_per_t)),
        water_price_usd_per_m3=floats(case.sites, "water_price_usd_per_m3")
        * settings.water.price_scale_frac
        * (factor if settings.water.stress_prices else 1.0),
        water_limit=site_year.select(limited, "water_limit"),
        water_limit_m3=limit[limited],
        water_permit=site_year.select(permitted, "water_permit"),
        water_permit_m3_per_mw=permit[permitted],
        stress_class=texts(case.sites, "stress_class"),
    )


def _basin_stress(case: ScopedCase) -> tuple[Floats, Floats]:
    """Factor on the price of water and its limit per MW by stress of the basin, both (site,)."""
    table = case.tables["water_classes"].set_index("stress_class")
    classes = texts(case.sites, "stress_class")
    for missing in sorted(set(classes) - set(table.index)):
        case.findings.add("water_classes", f"no row for stress class {missing}", "a row for each", "add it")
    of_site = table.reindex(list(classes))
    return floats(of_site, "water_price_factor"), floats(of_site, "limit_m3_per_mw_per_year")


def _intensity_kg_per_mwh(case: ScopedCase) -> Floats:
    """Mean intensity by site and year; straight lines between the table's years, then held."""
    table = site_rows(case.scenario, case.tables, "carbon_intensity")
    known = np.unique(ints(table, "year"))
    axes, must_be = {"site": case.ids("sites"), "year": known.tolist()}, f"rows for {', '.join(map(str, known))}"
    column = "location_kgco2_per_mwh"
    given = case.dense("carbon_intensity", axes, column, "{} lacks a year", must_be, "add them", rows=table)
    for year in case.year[case.year < known[0]]:
        what_is = f"there is no figure for {year}"
        case.findings.add("carbon_intensity", what_is, f"{known[0]} or later", "add rows, or change the years")
    return np.asarray([np.interp(case.year, known, row) for row in given])


def intensity_shape(case: ScopedCase) -> Floats:
    """Return intensity over its mean by site and time slice, flat where a site names no shape."""
    shape = seasonal_slots(case, "carbon", "shape_frac")
    is_flat = np.isnan(shape).any(axis=1)
    if is_flat.any():
        case.findings.add_note(
            f"Carbon intensity is the same in every hour at {is_flat.sum()} of {is_flat.size}"
            " sites: their grids have no hourly shape."
        )
    shape = np.where(np.isnan(shape), 1.0, shape)
    return np.asarray(shape / (shape @ (case.days.weight_h / case.days.weight_h.sum()))[:, None])


def fuel_carbon_prices_usd_per_t(case: ScopedCase) -> Floats:
    """Return the carbon price that fuel pays at every site. Gives (site, year) [USD/t]."""
    price = np.zeros((len(case.sites), len(case.years)))
    if not case.scenario.carbon.fuel_schemes:
        return price
    table, places = case.tables["carbon_prices"], case.tables["carbon_schemes"]
    scheme_of = dict(zip(texts(places, "place"), texts(places, "scheme"), strict=True))
    without = []
    where = zip(texts(case.sites, "country"), texts(case.sites, "state"), strict=True)
    for s, (country, state) in enumerate(where):
        scheme = scheme_of.get(f"{country}-{state}") or scheme_of.get(country)
        rows = table[table["scheme"] == scheme]
        if scheme is None:
            without.append(case.ids("sites")[s])
        elif rows.empty:
            what_is = f"{country} names scheme {scheme}, which table carbon_prices does not have"
            case.findings.add("carbon_schemes", what_is, "a scheme with prices", "add its prices, or change the row")
        else:
            price[s] = case.on_line(rows, "price_usd_per_tco2")
    if without:
        case.findings.add_note(f"Fuel pays no carbon price at {', '.join(without)}: no scheme is known.")
    return price


def _embodied_t(
    case: ScopedCase, sets: Sets, racks: RackInputs, halls: HallInputs, supply: SupplyInputs
) -> dict[str, Floats]:
    """Return emissions of making a MW or MWh of all that may enter service.

    Shell, power chain, cooling and generators of a hall scale with its power topology as their
    figures in table `redundancy` do. Companions of racks are not counted.
    Gives [t CO2e].
    """
    lists = {
        "install_t_per_mw": racks.install,
        "build_t_per_mw": halls.build,
        "retrofit_t_per_mw": halls.retrofit,
        "source_t_per_mw": supply.build,
        "store_t_per_mwh": supply.build_store,
    }
    if not case.scenario.carbon.embodied:
        return {name: np.zeros(index.size) for name, index in lists.items()}
    of_rack = _figures(case, "rack", sets.rack.labels) * KW_PER_MW / racks.peak_kw
    hall = _figures(case, "hall", ("shell", "electrical", "mechanical", "generators", "retrofit"))
    ratios = ("space_ratio", "installed_kw_per_kw", "mechanical_capex_ratio", "generator_kw_per_kw")
    of_topology = sum(t * floats(case.redundancy, r) for t, r in zip(hall[:4], ratios, strict=True))
    of_hall = np.asarray(of_topology)[sets.hall_redundancy]
    of_source = _figures(case, "onsite", supply.source.labels)
    of_plant = np.where(named_in(["storage"], supply.role), 0.0, of_source)
    of_asset = (of_rack, of_hall, np.full(len(sets.hall), hall[-1]), of_plant, of_source)
    axes = ("rack", "hall", "hall", "source", "source")
    return {name: t[index[axis]] for (name, index), t, axis in zip(lists.items(), of_asset, axes, strict=True)}


def _figures(case: ScopedCase, asset: str, items: tuple[str, ...]) -> Floats:
    """Return the emissions of making items; a missing one is a problem. [t CO2e per unit]"""
    table = case.tables["embodied_carbon"]
    known = table[table["asset"] == asset].set_index("item")["embodied_tco2e"]
    for item in items:
        if item not in known.index:
            case.findings.add("embodied_carbon", f"there is no row of {asset} {item}", "a row for each", "add it")
    return known.reindex(list(items)).to_numpy(dtype=np.float64)
