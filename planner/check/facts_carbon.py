"""Carbon and water: intensity by slot, caps, prices and making, recomputed from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.facts_prices import by_local_hour
from planner.check.frames import at, by, listed
from planner.check.once import once
from planner.check.steps import held
from planner.check.verdict import Excess, rule
from planner.check.water import stress_classes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.frames import Labelled


__all__ = ["RULES", "carbon_shape"]

_SEASONS = ("DJF", "MAM", "JJA", "SON")
_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_KG_PER_T = 1000.0
_KW_PER_MW = 1000.0
_HALL_PARTS = {
    "shell": "space_ratio",
    "electrical": "installed_kw_per_kw",
    "mechanical": "mechanical_capex_ratio",
    "generators": "generator_kw_per_kw",
}
"""Parts of a hall, each with the figure of its topology that it grows with."""


@once
def carbon_shape(case: Case) -> Floats:
    """Return carbon intensity over its mean by site and slot, flat where a site names no shape.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    array of float
        Shape (site, slot).
    """
    hours, table = case.hours, case.data("carbon_shapes")
    own = case.sites.set_index("site").loc[list(case.inputs.sets.site.labels)]
    wide = table.pivot(
        index=["carbon_zone", "season"], columns="hour_local", values="shape_frac"
    ).sort_index(axis=1)
    rows = []
    for zone, offset_h in zip(own["carbon_zone"], own["utc_offset_h"], strict=True):
        row = np.ones(len(hours))
        if isinstance(zone, str) and zone:
            of_seasons = wide.loc[zone].loc[list(_SEASONS)].to_numpy(dtype=np.float64)
            row = by_local_hour(case, of_seasons, float(offset_h))
        rows.append(row / (row @ hours / hours.sum()))
    return np.asarray(rows)


def _mean_t_per_mwh(case: Case) -> pd.Series[float]:
    """Mean intensity by site and model year, on straight lines between the table's years."""
    table = case.data("carbon_intensity")
    wide = table.pivot(index="site", columns="year", values="location_kgco2_per_mwh").sort_index(
        axis=1
    )
    sites = list(case.inputs.sets.site.labels)
    rows = wide.loc[case.table_site(sites)].to_numpy(dtype=np.float64)
    by_year = [np.interp(case.years, wide.columns, row) / _KG_PER_T for row in rows]
    place = pd.MultiIndex.from_product([sites, case.years], names=list(_SITE))
    return pd.Series(np.concatenate(by_year), index=place)


@once
def _intensity(case: Case) -> Floats:
    """Carbon intensity of the grid, shape (site_year, slot). [t/MWh]"""
    site_year = case.site_year
    mean = at(_mean_t_per_mwh(case), site_year, _SITE, np.nan)
    site = case.inputs.sets.site.codes(site_year["site"])
    return np.asarray(mean[:, None] * carbon_shape(case)[site])


@rule(unit="t/MWh")
def carbon_from_tables(case: Case) -> Excess:
    """Carbon intensity of a slot is that of its site and year, by the hour of its grid."""
    own = _intensity(case)
    told = case.inputs.carbon.location_t_per_mwh.reshape(own.shape)
    return Excess(case.site_year, np.abs(told - own).max(axis=1), own.max(axis=1))


@rule(unit="t/MWh")
def claims_from_tables(case: Case) -> Excess:
    """Power under contract takes the grid's intensity off what counts, by market alone."""
    carbon, claim = case.inputs.carbon, case.inputs.contracts.claim
    counts = float(case.scenario.carbon.accounting == "market")
    by_slot = np.zeros((len(case.inputs.sets.site), len(case.years), len(case.slots)))
    own = _intensity(case) * counts
    site_year = case.site_year
    site = case.inputs.sets.site.codes(site_year["site"])
    year = pd.Index(case.years).get_indexer(pd.Index(site_year["year"]))
    by_slot[site, year] = own
    right = by_slot[claim["site"], claim["year"], claim["slot"]]
    gap = np.abs(carbon.claim_t_per_mwh - right)
    place = pd.DataFrame({"site": list(case.inputs.sets.site.labels)})
    worst = np.zeros(len(place))
    np.maximum.at(worst, claim["site"], gap)
    return Excess(place, worst, by_slot.max(axis=(1, 2), initial=0.0))


@rule(unit="kt")
def carbon_cap_from_scenario(case: Case) -> Excess:
    """Every year has the cap on emissions that the scenario gives, and no other."""
    carbon, years = case.inputs.carbon, pd.DataFrame({"year": list(case.years)})
    told = at(
        listed(carbon.cap, kt=carbon.cap_kt).set_index("year")["kt"], years, ("year",), np.inf
    )
    own = [held(case.scenario.carbon.cap_kt, year) for year in case.years]
    right = np.array([np.inf if kt is None else kt for kt in own], dtype=np.float64)
    return Excess.differs(years, told, right)


@rule(unit="USD/t")
def carbon_price_from_scenario(case: Case) -> Excess:
    """Emissions pay the price that the scenario gives for the year."""
    own = [held(case.scenario.carbon.price_usd_per_t, year) or 0.0 for year in case.years]
    place = pd.DataFrame({"year": list(case.years)})
    return Excess.differs(
        place, case.inputs.carbon.price_usd_per_t, np.array(own, dtype=np.float64)
    )


def _made_t(case: Case) -> Mapping[str, tuple[Labelled, Floats, pd.Series[float], str]]:
    """Emissions of making what may enter service: its list, as told, by item, and its column."""
    inputs, table = case.inputs, case.data("embodied_carbon")
    of = {asset: by(rows, "item", "embodied_tco2e") for asset, rows in table.groupby("asset")}
    kinds = case.data("redundancy").set_index("redundancy")
    designs = pd.Series(list(inputs.sets.hall.labels))
    topology = kinds.loc[list(designs.str.rsplit("|", n=1).str[1])]
    of_hall = sum(of["hall"][part] * topology[ratio] for part, ratio in _HALL_PARTS.items())
    racks = by(case.racks, "rack", "peak_kw")
    stores = {
        name
        for name, role in zip(inputs.supply.source.labels, inputs.supply.role, strict=True)
        if role == "storage"
    }
    source = of["onsite"]
    of_power = source.where(~source.index.isin(stores), 0.0)
    told = inputs.carbon
    return {
        "racks": (
            inputs.racks.install,
            told.install_t_per_mw,
            of["rack"] / racks * _KW_PER_MW,
            "rack",
        ),
        "halls": (
            inputs.halls.build,
            told.build_t_per_mw,
            pd.Series(np.asarray(of_hall), index=designs),
            "hall",
        ),
        "retrofits": (
            inputs.halls.retrofit,
            told.retrofit_t_per_mw,
            pd.Series(float(of["hall"]["retrofit"]), index=designs),
            "hall",
        ),
        "sources": (inputs.supply.build, told.source_t_per_mw, of_power, "source"),
        "cells": (inputs.supply.build_store, told.store_t_per_mwh, source, "source"),
    }


@rule(unit="t")
def embodied_from_tables(case: Case) -> Excess:
    """Making racks, halls and sources emits what the tables say, where the scenario counts it."""
    counts = float(case.scenario.carbon.embodied)
    parts = []
    for what, (index, told, of_item, column) in _made_t(case).items():
        rows = listed(index)
        place = rows[[column, "site", "year"]].assign(what=what)
        own = counts * at(of_item, rows, (column,), np.nan) if counts else np.zeros(len(rows))
        parts.append(Excess.differs(place, np.asarray(told), own))
    return parts[0].and_also(*parts[1:])


@rule(unit="m3")
def water_limits_from_tables(case: Case) -> Excess:
    """Water of sites is limited by the year and by the MW as tables and scenario say."""
    carbon, site_year, settings = case.inputs.carbon, case.site_year, case.scenario.water
    share = case.scenario.operator.site_limit_share_frac
    column = "water_limit_m3_per_year"
    limit = case.own_figures(column, share * case.site_figures("site_limits", column))
    classes = by(case.data("water_classes"), "stress_class", "limit_m3_per_mw_per_year")
    of_class = classes.reindex(stress_classes(case, site_year["site"])).to_numpy(np.float64)
    parts = []
    for asked, index, told, own in (
        (
            settings.limit,
            carbon.water_limit,
            carbon.water_limit_m3,
            at(limit, site_year, ("site",)),
        ),
        (settings.stress_limits, carbon.water_permit, carbon.water_permit_m3_per_mw, of_class),
    ):
        rows = listed(index, m3=told).set_index(list(_SITE))["m3"]
        right = np.where(np.isnan(own) | (not asked), np.inf, own)
        parts.append(Excess.differs(site_year, at(rows, site_year, _SITE, np.inf), right))
    return parts[0].and_also(*parts[1:])


RULES = (
    carbon_from_tables,
    claims_from_tables,
    carbon_cap_from_scenario,
    carbon_price_from_scenario,
    embodied_from_tables,
    water_limits_from_tables,
)
