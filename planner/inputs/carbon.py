"""Emissions of grid power, and water."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KG_PER_T
from planner.inputs.carbon_schemes import fuel_prices_usd_per_t
from planner.inputs.embodied import embodied_t
from planner.inputs.frames import by_ids, floats, texts
from planner.inputs.places import site_rows
from planner.inputs.prices import seasonal_slots
from planner.inputs.types import CarbonInputs
from planner.lp import Index
from planner.scenario import held

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.embodied import Made
    from planner.inputs.types import Floats, Sets

__all__ = ["carbon_inputs", "intensity_shape"]


def carbon_inputs(
    case: Case, sets: Sets, shape: Floats, site_year: Index, made: Made, claim: Index
) -> CarbonInputs:
    """Make the coefficients and limits of emissions and water.

    Parameters
    ----------
    case : Case
        Sites and settings.
    sets : Sets
        Axes.
    shape : array of float
        Carbon intensity over its mean, shape (site, slot).
    site_year : Index
        Sites and years in the plan.
    made : Made
        What may enter service.
    claim : Index
        (site, year, slot) where power under contract may count.

    Returns
    -------
    CarbonInputs
    """
    s, t = site_year["site"], site_year["year"]
    intensity = _intensity_kg_per_mwh(case)[:, :, None] * shape[:, None, :]
    settings = case.scenario
    cap = np.array([np.nan if kt is None else kt for kt in _by_year(case, settings.carbon.cap_kt)])
    capped = np.flatnonzero(~np.isnan(cap))
    price = _by_year(case, settings.carbon.price_usd_per_t)
    limit = floats(case.sites, "water_limit_m3_per_year")[s]
    limited = np.flatnonzero(~np.isnan(limit) & settings.water.limit)
    factor, of_class = _stress(case)
    permit = of_class[s]
    permitted = np.flatnonzero(~np.isnan(permit) & settings.water.stress_limits)
    return CarbonInputs(
        location_t_per_mwh=intensity[s, t].ravel() / KG_PER_T,
        claim_t_per_mwh=intensity[claim.codes] / KG_PER_T
        if settings.carbon.accounting == "market"
        else np.zeros(claim.size),
        fuel_price_usd_per_t=fuel_prices_usd_per_t(case)[s, t],
        **embodied_t(case, sets, made),
        cap=Index.sparse("cap", (sets.year,), (capped,)),
        cap_kt=cap[capped],
        price_usd_per_t=np.array([0.0 if usd is None else usd for usd in price]),
        water_price_usd_per_m3=floats(case.sites, "water_price_usd_per_m3")
        * settings.water.price_scale_frac
        * (factor if settings.water.stress_prices else 1.0),
        water_limit=site_year.select(limited, "water_limit"),
        water_limit_m3=limit[limited],
        water_permit=site_year.select(permitted, "water_permit"),
        water_permit_m3_per_mw=permit[permitted],
        stress_class=texts(case.sites, "stress_class"),
    )


def _stress(case: Case) -> tuple[Floats, Floats]:
    """Factor on the price of water and its limit per MW by water stress, both (site,)."""
    table = case.tables["water_classes"].set_index("stress_class")
    classes = texts(case.sites, "stress_class")
    for missing in sorted(set(classes) - set(table.index)):
        case.findings.at_table(
            "water_classes", f"there is no row for class {missing}", "a row for each", "add it"
        )
    of_site = table.reindex(list(classes))
    return floats(of_site, "water_price_factor"), floats(of_site, "limit_m3_per_mw_per_year")


def _by_year(case: Case, path: object) -> list[float | None]:
    if path is None:
        return [None] * len(case.years)
    return [held(path, year) for year in case.years.years]  # type: ignore[arg-type]


def _intensity_kg_per_mwh(case: Case) -> Floats:
    """Mean intensity by site and year; straight lines between the table's years."""
    table = site_rows(case.scenario, case.tables, "carbon_intensity")
    known = np.unique(table["year"].to_numpy(dtype=np.int64))
    axes = {"site": case.ids("sites"), "year": list(known)}
    given = by_ids(table, axes, "location_kgco2_per_mwh")
    for s in np.flatnonzero(np.isnan(given).any(axis=1)):
        case.findings.at_table(
            "carbon_intensity",
            f"{case.ids('sites')[s]} lacks a year",
            f"rows for {', '.join(map(str, known))}",
            "add them",
        )
    for year in case.year[(case.year < known[0]) | (case.year > known[-1])]:
        case.findings.at_table(
            "carbon_intensity",
            f"there is no figure for {year}",
            f"within {known[0]} to {known[-1]}",
            "add rows, or change the years",
        )
    return np.asarray([np.interp(case.year, known, row) for row in given])


def intensity_shape(case: Case) -> Floats:
    """Return intensity over its mean by site and slot, flat where a site names no shape."""
    table = case.tables["carbon_shapes"]
    shape = seasonal_slots(case, table, "carbon_zone", "carbon_zone", "shape_frac")
    is_flat = np.isnan(shape).any(axis=1)
    if is_flat.any():
        case.findings.note(
            f"Carbon intensity is the same in every hour at {is_flat.sum()} of {is_flat.size}"
            " sites: their grids have no hourly shape."
        )
    shape = np.where(np.isnan(shape), 1.0, shape)
    weight = case.days.weight_h / case.days.weight_h.sum()
    return np.asarray(shape / (shape @ weight)[:, None])
