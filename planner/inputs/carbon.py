"""Emissions: of grid power, of making what is built, carbon prices of states; and water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.arrays import Record
from planner.base.units import KG_PER_T, KW_PER_MW
from planner.family.table_columns import floats, ints, named_in, texts
from planner.inputs.power import seasonal_slots
from planner.inputs.scope import site_rows
from planner.lp import Index

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallInputs
    from planner.inputs.racks import RackInputs
    from planner.inputs.supply import SupplyInputs


class CarbonInputs(Record):
    """Emissions and water."""

    def __init__(
        self,
        case: ScopedCase,
        sets: Sets,
        shape: Floats,
        site_year: Index,
        made: tuple[RackInputs, HallInputs, SupplyInputs],
        claim: Index,
    ) -> None:
        """Take `shape` (site, slot), `claim` (site, year, slot)."""
        s, t = site_year["site"], site_year["year"]
        carbon, water = case.scenario.carbon, case.scenario.water
        intensity = _intensity_kg_per_mwh(case)[:, :, None] * shape[:, None, :]
        self.location_t_per_mwh: Floats = intensity[s, t].ravel() / KG_PER_T  # [slot of PowerInputs.slot]
        # taken off what cap and price count, [claim of ContractInputs]
        self.claim_t_per_mwh: Floats = intensity[claim.codes] / KG_PER_T * (carbon.accounting == "market")
        self.fuel_price_usd_per_t: Floats = fuel_carbon_prices_usd_per_t(case)[s, t]  # [site_year]
        self._find_embodied(case, sets, *made)
        cap = case.by_year(carbon.cap_kt)
        capped = np.flatnonzero(~np.isnan(cap))
        self.cap: Index = Index.sparse("cap", (sets.year,), (capped,))  # (year,) with a cap
        self.cap_kt: Floats = cap[capped]  # [cap]
        self.price_usd_per_t: Floats = np.nan_to_num(case.by_year(carbon.price_usd_per_t))  # [year]
        factor, of_class = _basin_stress(case)
        price = floats(case.sites, "water_price_usd_per_m3") * water.price_scale_frac
        self.water_price_usd_per_m3: Floats = price * (factor if water.stress_prices else 1.0)  # [site]
        limit, permit = floats(case.sites, "water_limit_m3_per_year")[s], of_class[s]
        is_limited, is_permitted = ~np.isnan(limit) & water.limit, ~np.isnan(permit) & water.stress_limits
        # (site, year) with a limit, and with one per MW of critical IT
        self.water_limit: Index = site_year.select(is_limited, "water_limit")
        self.water_limit_m3: Floats = limit[is_limited]
        self.water_permit: Index = site_year.select(is_permitted, "water_permit")
        self.water_permit_m3_per_mw: Floats = permit[is_permitted]
        self.stress_class = texts(case.sites, "stress_class")  # [site]

    def _find_embodied(
        self, case: ScopedCase, sets: Sets, racks: RackInputs, halls: HallInputs, supply: SupplyInputs
    ) -> None:
        """Find emissions of making a MW or MWh of all that may enter service; 0 where they do not count.

        Shell, power chain, cooling and generators of a hall scale with its power topology as their
        figures in table `redundancy` do. Companions of racks are not counted.
        """
        hall = _figures(case, "hall", ("shell", "electrical", "mechanical", "generators", "retrofit"))
        ratios = ("space_ratio", "installed_kw_per_kw", "mechanical_capex_ratio", "generator_kw_per_kw")
        of_topology = sum(t * floats(case.redundancy, r) for t, r in zip(hall[:4], ratios, strict=True))
        of_source = _figures(case, "onsite", supply.source.labels)
        of_plant = np.where(named_in(["storage"], supply.role), 0.0, of_source)
        of_rack = _figures(case, "rack", sets.rack.labels) * KW_PER_MW / racks.peak_kw
        self.install_t_per_mw: Floats = of_rack[racks.install["rack"]]  # [install]
        # [build of HallInputs]
        self.build_t_per_mw: Floats = np.asarray(of_topology)[sets.hall_redundancy][halls.build["hall"]]
        self.retrofit_t_per_mw: Floats = np.full(halls.retrofit.size, hall[-1])  # [retrofit]
        self.source_t_per_mw: Floats = of_plant[supply.build["source"]]  # [build of SupplyInputs]
        self.store_t_per_mwh: Floats = of_source[supply.build_store["source"]]  # [build_store]


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


def _figures(case: ScopedCase, asset: str, items: tuple[str, ...]) -> Floats:
    """Return the emissions of making items, 0 where they do not count; a missing one is a problem. [t CO2e/unit]"""
    if not case.scenario.carbon.embodied:
        return np.zeros(len(items))
    table = case.tables["embodied_carbon"]
    known = table[table["asset"] == asset].set_index("item")["embodied_tco2e"]
    for item in items:
        if item not in known.index:
            case.findings.add("embodied_carbon", f"there is no row of {asset} {item}", "a row for each", "add it")
    return known.reindex(list(items)).to_numpy(dtype=np.float64)
