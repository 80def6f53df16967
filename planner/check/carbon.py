"""Emissions by place and by market and of making what is bought, and water by stress class: caps, permits, prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import slot_hours, year_rows
from planner.check.declared import TRACE, DualPrice, Given, Table
from planner.check.frames import (
    column_by,
    found_by,
    keyed,
    lookup,
    once,
    path_value,
    quotient,
    sum_by,
    table_of,
    to_frame,
)
from planner.check.grid import at_slots, by_local_hour
from planner.check.verdict import TOLERANCE, Excess, columns_reported, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SITE = ("site", "year")
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
    return Excess.reported(keyed(table, _SITE), reported, np.where(is_drawn, of_grid_t / _HOURS_PER_YEAR, np.nan))


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
    """Return carbon intensity over its mean, (site, slot); flat where a site has no shape."""
    hours, table = slot_hours(case), case.data("carbon_shapes")
    sites = case.by("sites", "site").loc[list(case.inputs.sets.site.labels)]
    wide = table.pivot(index=["carbon_zone", "season"], columns="hour_local", values="shape_frac").sort_index(axis=1)
    rows = []
    for zone, offset_h in zip(sites["carbon_zone"], sites["utc_offset_h"], strict=True):
        row = np.ones(len(hours))
        if isinstance(zone, str) and zone:
            of_seasons = wide.loc[zone].loc[list(_SEASONS)].to_numpy(dtype=np.float64)
            row = by_local_hour(case, of_seasons, float(offset_h))
        rows.append(row / (row @ hours / hours.sum()))
    return np.asarray(rows)


@once
def _intensity_of_tables(case: Case) -> Floats:
    """Carbon intensity of the grid, on straight lines between the table's years, shape (site_year, slot). [t/MWh]"""
    table, places, sites = case.data("carbon_intensity"), case.site_year, case.inputs.sets.site
    wide = table.pivot(index="site", columns="year", values="location_kgco2_per_mwh").sort_index(axis=1)
    of_sites = wide.loc[case.table_site(sites.labels)].to_numpy(dtype=np.float64)
    mean = np.array([np.interp(case.years, wide.columns, row) for row in of_sites]) / _KG_PER_T
    site, year = sites.codes(places["site"]), pd.Index(case.years).get_indexer(pd.Index(places["year"]))
    return np.asarray(mean[site, year][:, None] * carbon_shape(case)[site])


@figures("carbon.cap", "carbon.cap_kt", unit="kt")
def carbon_cap_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[list[float | None], pd.DataFrame]:
    """Every year has the cap on emissions that the scenario gives, and no other."""
    caps = {year: path_value(case.scenario.carbon.cap_kt, year) for year in case.years}
    return [caps[year] for year in rows["year"]], table_of({"year": [y for y, kt in caps.items() if kt is not None]})


@rule(
    unit="t",
    rereads=(
        "carbon.install_t_per_mw carbon.build_t_per_mw carbon.retrofit_t_per_mw carbon.source_t_per_mw "
        "carbon.store_t_per_mwh"
    ),
)
def embodied_from_tables(case: Case) -> Iterator[Excess]:
    """Embodied carbon of racks, halls and sources follows the tables, where it is counted."""
    inputs, table, has = case.inputs, case.data("embodied_carbon"), case.inputs.carbon
    of = {asset: column_by(rows, "item", "embodied_tco2e") for asset, rows in table.groupby("asset")}
    kinds = case.by("redundancy", "redundancy")
    designs = pd.Series(list(inputs.sets.hall.labels))
    topology = kinds.loc[list(designs.str.rsplit("|", n=1).str[1])]
    of_hall = pd.Series(sum(of["hall"][part] * topology[by].to_numpy() for part, by in _HALL_PARTS.items()), designs)
    of_rack, of_cells = of["rack"] / column_by(case.racks, "rack", "peak_kw") * _KW_PER_MW, of["onsite"]
    roles = zip(inputs.supply.source.labels, inputs.supply.role, strict=True)
    of_power = of_cells.where(~of_cells.index.isin([name for name, role in roles if role == "storage"]), 0.0)
    for index, reported, of_item, column in (
        (inputs.racks.install, has.install_t_per_mw, of_rack, "rack"),
        (inputs.halls.build, has.build_t_per_mw, of_hall, "hall"),
        (inputs.halls.retrofit, has.retrofit_t_per_mw, of_hall * 0.0 + float(of["hall"]["retrofit"]), "hall"),
        (inputs.supply.build, has.source_t_per_mw, of_power, "source"),
        (inputs.supply.build_store, has.store_t_per_mwh, of_cells, "source"),
    ):
        rows = to_frame(index)
        expected = lookup(of_item, rows, (column,), np.nan) if case.scenario.carbon.embodied else np.zeros(len(rows))
        yield Excess.differs(rows[[column, "site", "year"]], reported, expected)


_M3_PER_THOUSAND = 1000.0

_CLASS = ("stress_class", "year")


def stress_classes(case: Case, sites: pd.Series[str]) -> pd.Series[str]:
    """Stress class of sites."""
    known = column_by(case.data("water_stress"), "site", "stress_class")
    return pd.Series(known.reindex(case.table_site(sites)).to_numpy(), index=sites.index, dtype="object")


def _permit(case: Case, sites: pd.Series[str]) -> Floats:
    """Most water of a MW of critical IT at sites; infinite without a limit. [m3/MW]"""
    limit = column_by(case.data("water_classes"), "stress_class", "limit_m3_per_mw_per_year")
    known = limit.reindex(stress_classes(case, sites)).to_numpy(dtype=np.float64)
    is_limited = case.scenario.water.stress_limits
    return np.where(np.isnan(known), np.inf, known) if is_limited else np.full(len(known), np.inf)


@figures("site", "carbon.water_price_usd_per_m3", unit="USD/m3")
def water_price(case: Case, rows: pd.DataFrame) -> Floats:
    """Water costs what the table of its site says, times what its stress class adds."""
    price = case.site_figures("water_stress", "water_price_usd_per_m3").to_numpy()
    factor = column_by(case.data("water_classes"), "stress_class", "water_price_factor")
    more = factor.reindex(stress_classes(case, rows["site"])).to_numpy(dtype=np.float64)
    settings = case.scenario.water
    return np.asarray(price * settings.price_scale_frac * (more if settings.stress_prices else 1.0))


@rule(unit="m3", floor=10.0)
def water_by_class(case: Case) -> Iterator[Excess]:
    """Water of a stress class is that of its sites in use, at their price, within their permits."""
    table, sites = case.plan("water_class"), case.plan("site_year")
    price = pd.Series(case.inputs.carbon.water_price_usd_per_m3, index=list(case.inputs.sets.site.labels))
    permit, usable = _permit(case, sites["site"]), sites["usable_mw"]
    rows = sites.assign(
        stress_class=stress_classes(case, sites["site"]).to_numpy(),
        sites=1.0,
        usd=sites["water_m3"] * sites["site"].map(price),
        permit=np.where(np.isinf(permit), np.inf, permit * usable),
    )
    rows = rows[rows["facility_peak_mw"] > 0.0]
    sums = {
        name: lookup(sum_by(rows, _CLASS, rows[name]), table, _CLASS)
        for name in ("sites", "usable_mw", "water_m3", "usd", "permit")
    }
    expected = {
        **{name: sums[name] for name in ("sites", "usable_mw", "water_m3")},
        "m3_per_mw": quotient(sums["water_m3"], sums["usable_mw"]),
        "permit_m3": np.where(np.isinf(sums["permit"]), np.nan, sums["permit"]),
        "price_usd_per_m3": quotient(sums["usd"], sums["water_m3"]),
    }
    yield Excess.differs(keyed(table, _CLASS), table["cost_musd"].to_numpy() * _USD_PER_MUSD, sums["usd"])
    yield from columns_reported(table, _CLASS, expected)


@rule(unit="m3", rereads="carbon.water_limit_m3 carbon.water_permit_m3_per_mw")
def water_limits_from_tables(case: Case) -> Iterator[Excess]:
    """Water of sites is limited by the year and by the MW as tables and scenario say."""
    carbon, site_year, settings = case.inputs.carbon, case.site_year, case.scenario.water
    share = case.scenario.operator.site_limit_share_frac
    column = "water_limit_m3_per_year"
    limit = case.own_figures(column, share * case.site_figures("site_limits", column))
    classes = column_by(case.data("water_classes"), "stress_class", "limit_m3_per_mw_per_year")
    of_class = classes.reindex(stress_classes(case, site_year["site"])).to_numpy(np.float64)
    for asked, index, reported, expected in (
        (settings.limit, carbon.water_limit, carbon.water_limit_m3, lookup(limit, site_year, ("site",))),
        (settings.stress_limits, carbon.water_permit, carbon.water_permit_m3_per_mw, of_class),
    ):
        rows = to_frame(index, m3=reported)
        right = np.where(np.isnan(expected) | (not asked), np.inf, expected)
        yield Excess.differs(site_year, found_by(rows, _SITE, "m3", site_year, np.inf), right)


def _water_class_rows(case: Case) -> pd.DataFrame:
    sites = case.plan("site_year")
    in_use = sites[sites["facility_peak_mw"] > TRACE]
    stress = stress_classes(case, in_use["site"])
    return in_use.assign(stress_class=stress)[["stress_class", "year"]].drop_duplicates()


IMPLIED: Final[Mapping[str, Table]] = {"carbon_year": year_rows, "water_class": _water_class_rows}
PRICES: Final[Mapping[str, DualPrice]] = {
    "carbon_cap": DualPrice("USD/t", _T_PER_KT),
    "water_permit": DualPrice("USD/m3", _M3_PER_THOUSAND),
}
GIVEN: Final[Mapping[str, Given]] = {
    # PPAs reduce counted emissions by the grid's intensity, market-based only.
    "carbon.claim_t_per_mwh": (
        "contracts.claim",
        lambda case, rows: (
            float(case.scenario.carbon.accounting == "market") * at_slots(case, _intensity_of_tables(case), rows)
        ),
    ),
    "carbon.location_t_per_mwh": ("power.slot", lambda case, _: _intensity_of_tables(case)),
    "carbon.price_usd_per_t": (
        "year",
        lambda case, rows: [path_value(case.scenario.carbon.price_usd_per_t, year) or 0.0 for year in rows["year"]],
    ),
}
