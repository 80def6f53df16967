"""Emissions by place and by market, of making what is bought; caps on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import slot_hours, year_rows
from planner.check.declared import DualPrice, Given, Table
from planner.check.frames import column_by, lookup, once, path_value, sum_by, table_of, to_frame
from planner.check.load_price import at_slots, by_local_hour
from planner.check.verdict import TOLERANCE, Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.frames import Labelled


_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_HOURS_PER_YEAR = 8760.0
_T_PER_KT = 1000.0
_USD_PER_MUSD = 1e6
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_KG_PER_T = 1000.0
_KW_PER_MW = 1000.0
_HALL_PARTS = {
    "shell": "space_ratio",
    "electrical": "installed_kw_per_kw",
    "mechanical": "mechanical_capex_ratio",
    "generators": "generator_kw_per_kw",
}
"""Parts of a hall, each with the figure of its topology that it grows with."""


@rule(unit="t/h")
def carbon_intensity_reported(case: Case) -> Excess:
    """The intensity of power drawn follows from emissions.

    It is held as t/h at the mean draw: that of a draw within the tolerance is noise.
    """
    table, sites = case.plan("carbon_site"), case.plan("site_year")
    drawn_mw = lookup(sum_by(sites, _SITE, sites["grid_mwh"]), table, _SITE) / _HOURS_PER_YEAR
    of_grid_t = (table["location_kt"] - table["fuel_kt"]) * _T_PER_KT
    is_drawn = drawn_mw > TOLERANCE
    reported = np.where(is_drawn, table["grid_t_per_mwh"] * drawn_mw, np.nan)
    return Excess.reported(table[list(_SITE)], reported, np.where(is_drawn, of_grid_t / _HOURS_PER_YEAR, np.nan))


@figures("sites.site_year", "carbon.fuel_price_usd_per_t", unit="USD/t")
def scheme_prices(case: Case, site_year: pd.DataFrame) -> Floats:
    """Fuel pays the carbon price of its state, else its country, where the scenario asks."""
    if not case.scenario.carbon.fuel_schemes:
        return np.zeros(len(site_year))
    schemes, prices = case.data("carbon_schemes"), case.data("carbon_prices").sort_values("year")
    state = column_by(case.sites, "site", "state").fillna("")
    country = column_by(case.sites, "site", "country")
    known = dict(zip(schemes["place"], schemes["scheme"], strict=True))
    expected = np.zeros(len(site_year))
    for row, (site, year) in enumerate(zip(site_year["site"], site_year["year"], strict=True)):
        here = known.get(f"{country[site]}-{state[site]}", known.get(country[site]))
        path = prices[prices["scheme"] == here]
        if len(path):
            expected[row] = np.interp(year, path["year"], path["price_usd_per_tco2"])
    return expected


@once
def carbon_shape(case: Case) -> Floats:
    """Return carbon intensity over its mean by site and time slice; flat where a site has no shape.

    Gives (site, slot).
    """
    hours, table = slot_hours(case), case.data("carbon_shapes")
    sites = case.sites.set_index("site").loc[list(case.inputs.sets.site.labels)]
    wide = table.pivot(index=["carbon_zone", "season"], columns="hour_local", values="shape_frac").sort_index(axis=1)
    rows = []
    for zone, offset_h in zip(sites["carbon_zone"], sites["utc_offset_h"], strict=True):
        row = np.ones(len(hours))
        if isinstance(zone, str) and zone:
            of_seasons = wide.loc[zone].loc[list(_SEASONS)].to_numpy(dtype=np.float64)
            row = by_local_hour(case, of_seasons, float(offset_h))
        rows.append(row / (row @ hours / hours.sum()))
    return np.asarray(rows)


def _mean_t_per_mwh(case: Case) -> pd.Series[float]:
    """Mean intensity by site and year, on straight lines between the table's years, then held."""
    table = case.data("carbon_intensity")
    wide = table.pivot(index="site", columns="year", values="location_kgco2_per_mwh").sort_index(axis=1)
    sites = list(case.inputs.sets.site.labels)
    rows = wide.loc[case.table_site(sites)].to_numpy(dtype=np.float64)
    by_year = [np.interp(case.years, wide.columns, row) / _KG_PER_T for row in rows]
    place = pd.MultiIndex.from_product([sites, case.years], names=list(_SITE))
    return pd.Series(np.concatenate(by_year), index=place)


@once
def _intensity_of_tables(case: Case) -> Floats:
    """Carbon intensity of the grid, recomputed from the tables, shape (site_year, slot). [t/MWh]"""
    site_year = case.site_year
    mean = lookup(_mean_t_per_mwh(case), site_year, _SITE, np.nan)
    site = case.inputs.sets.site.codes(site_year["site"])
    return np.asarray(mean[:, None] * carbon_shape(case)[site])


@figures("contracts.claim", "carbon.claim_t_per_mwh", unit="t/MWh")
def claims_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """PPAs reduce counted emissions by the grid's intensity, market-based only."""
    return float(case.scenario.carbon.accounting == "market") * at_slots(case, _intensity_of_tables(case), rows)


@figures("carbon.cap", "carbon.cap_kt", unit="kt")
def carbon_cap_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[list[float | None], pd.DataFrame]:
    """Every year has the cap on emissions that the scenario gives, and no other."""
    caps = {year: path_value(case.scenario.carbon.cap_kt, year) for year in case.years}
    return [caps[year] for year in rows["year"]], table_of({"year": [y for y, kt in caps.items() if kt is not None]})


def _embodied_t(case: Case) -> Mapping[str, tuple[Labelled, Floats, pd.Series[float], str]]:
    """Embodied emissions of what may be bought: index, as in the inputs, by item, and its axis."""
    inputs, table = case.inputs, case.data("embodied_carbon")
    of = {asset: column_by(rows, "item", "embodied_tco2e") for asset, rows in table.groupby("asset")}
    kinds = case.data("redundancy").set_index("redundancy")
    designs = pd.Series(list(inputs.sets.hall.labels))
    topology = kinds.loc[list(designs.str.rsplit("|", n=1).str[1])]
    of_hall = sum(of["hall"][part] * topology[ratio] for part, ratio in _HALL_PARTS.items())
    racks = column_by(case.racks, "rack", "peak_kw")
    stores = {
        name for name, role in zip(inputs.supply.source.labels, inputs.supply.role, strict=True) if role == "storage"
    }
    source = of["onsite"]
    of_power = source.where(~source.index.isin(stores), 0.0)
    reported = inputs.carbon
    return {
        "racks": (inputs.racks.install, reported.install_t_per_mw, of["rack"] / racks * _KW_PER_MW, "rack"),
        "halls": (inputs.halls.build, reported.build_t_per_mw, pd.Series(np.asarray(of_hall), index=designs), "hall"),
        "retrofits": (
            inputs.halls.retrofit,
            reported.retrofit_t_per_mw,
            pd.Series(float(of["hall"]["retrofit"]), index=designs),
            "hall",
        ),
        "sources": (inputs.supply.build, reported.source_t_per_mw, of_power, "source"),
        "cells": (inputs.supply.build_store, reported.store_t_per_mwh, source, "source"),
    }


@rule(
    unit="t",
    rereads=(
        "carbon.install_t_per_mw carbon.build_t_per_mw carbon.retrofit_t_per_mw carbon.source_t_per_mw "
        "carbon.store_t_per_mwh"
    ),
)
def embodied_from_tables(case: Case) -> Iterator[Excess]:
    """Embodied carbon of racks, halls and sources follows the tables, where it is counted."""
    counts = float(case.scenario.carbon.embodied)
    for what, (index, reported, of_item, column) in _embodied_t(case).items():
        rows = to_frame(index)
        place = rows[[column, "site", "year"]].assign(what=what)
        expected = counts * lookup(of_item, rows, (column,), np.nan) if counts else np.zeros(len(rows))
        yield Excess.differs(place, reported, expected)


IMPLIED: Final[Mapping[str, Table]] = {"carbon_year": year_rows}
PRICES: Final[Mapping[str, DualPrice]] = {"carbon_cap": DualPrice("USD/t", _T_PER_KT)}
GIVEN: Final[Mapping[str, Given]] = {
    "carbon.location_t_per_mwh": ("power.slot", lambda case, _: _intensity_of_tables(case)),
    "carbon.price_usd_per_t": (
        "year",
        lambda case, rows: [path_value(case.scenario.carbon.price_usd_per_t, year) or 0.0 for year in rows["year"]],
    ),
}
