"""Sites and demand regions in scope, with every figure of a site in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.inputs.table_columns import PROVENANCE, join_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.inputs.findings import Findings
    from planner.scenario import Scenario
    from planner.scenario.tree import Keys

__all__ = [
    "LEADS",
    "excluded_stock",
    "own_key",
    "regions_in_scope",
    "site_rows",
    "sites_in_scope",
    "with_figures_of_kind",
]

_SHARED = ("land_limit_mw", "build_rate_mw_per_year", "water_limit_m3_per_year")
_OF_KIND = ("opening_usd", "fixed_usd_per_year", "minimum_size_mw")
LEADS = ("lead_time_months", "hall_lead_months", "connection_lead_months")
"""Leads that the scenario gives for single sites: of both, of halls, of connections. [months]"""
_OWN = (
    *_SHARED,
    "phase_mw",
    "zone",
    "market",
    "retail_usd_per_mwh",
    "wholesale_usd_per_mwh",
    "demand_charge_usd_per_kw_month",
    *LEADS,
    "existing_mw",
    "other_load_mw",
    "new_halls",
)


def sites_in_scope(scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings) -> pd.DataFrame:
    """Return one row per site with the figures that are its own."""
    frame = site_rows(scenario, tables, "sites")
    for column in ("name", "country", "state", "lat", "lon"):
        every = {id_: getattr(site, column) for id_, site in scenario.new_sites.items()}
        own = {id_: value for id_, value in every.items() if value is not None}
        frame[column] = frame["site"].map(own).fillna(frame[column]) if own else frame[column]
    frame = _scoped(frame, scenario, _excluded(scenario))
    if frame.empty:
        findings.add_at_key(("scope",), "no site is left in scope", "at least one", "widen the scope")
    for table in ("site_limits", "site_stock", "electricity_price", "climate", "water_stress"):
        rows = site_rows(scenario, tables, table)
        if table == "electricity_price":
            rows = _of_one_year(rows, frame, findings)
        rows = rows.drop(columns=[c for c in ("scope", *PROVENANCE) if c in rows.columns])
        frame = join_columns(frame, rows, "site", findings, table)
    share = scenario.operator.site_limit_share_frac
    for column in _SHARED:
        frame[column] = frame[column].astype(np.float64) * share
    frame["phase_mw"] = scenario.siting.phase_mw or np.nan
    for column in (*LEADS, "existing_mw"):
        frame[column] = np.nan
    frame["other_load_mw"] = 0.0
    frame["new_halls"] = True
    return _with_own_figures(frame, scenario, _OWN)


def with_figures_of_kind(
    sites: pd.DataFrame, scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings
) -> pd.DataFrame:
    """Return sites with the figures of their archetype, construction market and zone as well."""
    frame = sites
    for table, key in (("site_archetypes", "archetype"), ("facility_market", "market"), ("grid_zones", "zone")):
        rows = tables[table].drop(columns=["name", "country"], errors="ignore")
        frame = join_columns(frame, rows, key, findings, table)
    return _with_own_figures(frame, scenario, _OF_KIND).reset_index(drop=True)


def _of_one_year(prices: pd.DataFrame, sites: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return prices without their year; a site may have one only, since trends make the rest."""
    years = prices[prices["site"].isin(sites["site"])].groupby("site")["year"].nunique()
    several = years.index[years > 1]
    if len(several):
        findings.add_at_table(
            "electricity_price",
            f"{len(several)} sites, {several[0]} first, have prices of several years",
            "one price level for each site",
            "keep one year; energy.escalation_real_frac and energy.price_scale_frac make the rest",
        )
    return prices.drop_duplicates("site").drop(columns="year")


def own_key(scenario: Scenario, site: str, figure: str) -> Keys | None:
    """Return where a scenario writes a figure of one site; None where it writes none."""
    for block, given in (("sites", scenario.sites), ("new_sites", scenario.new_sites)):
        if site in given and getattr(given[site], figure) is not None:
            return block, site, figure
    return None


def site_rows(scenario: Scenario, tables: Mapping[str, pd.DataFrame], table: str) -> pd.DataFrame:
    """Return a table by site with rows for the scenario's own sites.

    A new site takes the rows of the site that it is like, but neither its halls nor what is
    under construction there.
    """
    rows = tables[table]
    if table == "site_pipeline":
        return rows
    if not scenario.new_sites:
        return rows.copy()
    sites = rows["site"]
    alike = {id_: np.flatnonzero(sites == site.like) for id_, site in scenario.new_sites.items()}
    own = [id_ for id_, places in alike.items() for _ in places]
    found = rows.take(np.concatenate([np.arange(len(sites)), *alike.values()]))
    dtype: Any = sites.dtype
    columns: dict[str, Any] = {"site": pd.array([*sites, *own], dtype=dtype)}
    if table == "site_stock":
        existing_mw = found["existing_facility_mw"].to_numpy(dtype=np.float64)
        columns["existing_facility_mw"] = np.where(np.arange(len(found)) < len(sites), existing_mw, 0.0)
    return found.set_axis(pd.RangeIndex(len(found))).assign(**columns)


def regions_in_scope(scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings) -> pd.DataFrame:
    """Return the demand regions that a scenario serves, one row each."""
    scope = scenario.scope
    frame = tables["demand_regions"]
    if scope.countries != "all":
        frame = frame[frame["country"].isin(list(scope.countries))]
    if scope.demand_regions != "all":
        frame = frame[frame["demand_region"].isin(list(scope.demand_regions))]
    frame = frame[~frame["demand_region"].isin(list(scope.exclude_demand_regions))]
    if frame.empty:
        findings.add_at_key(
            ("scope",),
            "no demand region is left in scope",
            "at least one",
            "widen countries or demand_regions, or exclude fewer",
        )
    return frame.reset_index(drop=True)


def excluded_stock(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return sites that a scenario leaves out by name, with the stock of the market there."""
    sites, excluded = tables["sites"], _excluded(scenario)
    out = _scoped(sites, scenario, ()) if excluded else sites.iloc[:0]
    out = out[out["site"].isin(excluded)]
    stock = tables["site_stock"][["site", "existing_facility_mw"]]
    return out[["site", "archetype"]].merge(stock, on="site")


def _excluded(scenario: Scenario) -> tuple[str, ...]:
    """Return the sites that a scenario leaves out by name."""
    own = (*scenario.new_sites.items(), *scenario.sites.items())
    return (*scenario.scope.exclude_sites, *(id_ for id_, site in own if site.exclude))


def _scoped(frame: pd.DataFrame, scenario: Scenario, excluded: tuple[str, ...]) -> pd.DataFrame:
    scope = scenario.scope
    if scope.countries != "all":
        frame = frame[frame["country"].isin(list(scope.countries))]
    if scope.sites != "all":
        frame = frame[frame["site"].isin(list(scope.sites))]
    return frame[~frame["site"].isin(excluded)].reset_index(drop=True)


def _with_own_figures(frame: pd.DataFrame, scenario: Scenario, columns: tuple[str, ...]) -> pd.DataFrame:
    """Put in the figures by site; new sites may be refined under `sites` as well."""
    given: dict[str, dict[str, Any]] = {}
    for overrides in (scenario.new_sites, scenario.sites):
        for id_, override in overrides.items():
            for column, value in override.written_values().items():
                if column in columns:
                    given.setdefault(column, {})[id_] = np.nan if value is None else value
    for column, by_site in given.items():
        is_given = frame["site"].isin(list(by_site))
        if is_given.any():
            frame.loc[is_given, column] = [by_site[id_] for id_ in frame.loc[is_given, "site"]]
    return frame
