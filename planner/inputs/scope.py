"""Cut the tables down to what a scenario looks at, and put the scenario's own figures in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.words import amount, some
from planner.clock.days import ModelYears
from planner.family.table_columns import PROVENANCE, floats, join_columns, named_in, texts
from planner.inputs.case import DUTIES, Findings, ScopedCase
from planner.inputs.days import days_of
from planner.scenario import unknown_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.scenario import Scenario
    from planner.scenario.tree import Keys

_SHARED = ("land_limit_mw", "build_rate_mw_per_year", "water_limit_m3_per_year")
_OF_KIND = ("opening_usd", "fixed_usd_per_year", "minimum_size_mw")
LEADS = ("lead_time_months", "hall_lead_months", "connection_lead_months")
"""Leads that the scenario gives for single sites: of both, of halls, of connections. [months]"""
_OWN = (
    *(*_SHARED, "phase_mw", "zone", "market", *LEADS, "existing_mw", "other_load_mw", "new_halls"),
    *("retail_usd_per_mwh", "wholesale_usd_per_mwh", "demand_charge_usd_per_kw_month"),
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
        findings.add(("scope",), "no site is left in scope", "at least one", "widen the scope")
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


def hubs_of(case: ScopedCase) -> ScopedCase:
    """Return the case at the sites by which the zones of the plan trade power.

    These are all sites of the tables at the tables' prices, in scope or not, so that no site to choose moves a
    market; the first own site is the market of a zone that has none.
    """
    prices = case.tables["electricity_price"].drop_duplicates("site")[["site", "wholesale_usd_per_mwh"]]
    known = case.tables["sites"].merge(prices, on="site")
    own = case.sites[~case.sites["zone"].isin(known["zone"])].drop_duplicates("zone")
    every = pd.concat([known, own[known.columns]], ignore_index=True)
    return replace(case, sites=every[every["zone"].isin(case.sites["zone"])].reset_index(drop=True))


def _of_one_year(prices: pd.DataFrame, sites: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return prices without their year; a site may have one only, since trends make the rest."""
    years = prices[prices["site"].isin(sites["site"])].groupby("site")["year"].nunique()
    several = years.index[years > 1]
    if len(several):
        what_is = f"{len(several)} sites, {several[0]} first, have prices of several years"
        fix = "keep one year; energy.escalation_real_frac and energy.price_scale_frac make the rest"
        findings.add("electricity_price", what_is, "one price level for each site", fix)
    return prices.drop_duplicates("site").drop(columns="year")


def own_key(scenario: Scenario, site: str, figure: str) -> Keys | None:
    """Return where a scenario writes a figure of one site; None where it writes none."""
    for block, given in (("sites", scenario.sites), ("new_sites", scenario.new_sites)):
        if site in given and getattr(given[site], figure) is not None:
            return block, site, figure
    return None


def firm_path_mw(case: ScopedCase, site: str) -> Floats:
    """Return the connection that a scenario gives a site, NaN where it gives none, shape (year,). [MW]"""
    by_year = np.full(len(case.years), np.nan)
    for given in (case.scenario.new_sites, case.scenario.sites):
        if site in given:
            own = case.by_year(given[site].grid_firm_mw)
            by_year = np.where(np.isnan(own), by_year, own)
    return by_year


def check_known_sites(case: ScopedCase, table: str) -> set[str]:
    """Return the sites that exist, in scope or not; rows of a table about others are problems."""
    known = {*case.tables["sites"]["site"].tolist(), *case.scenario.new_sites}
    is_unknown = ~case.tables[table]["site"].isin(list(known)).to_numpy(dtype=np.bool_)
    must_be, fix = "an id of table sites, or a new site of the scenario", "correct it, or remove its rows"
    case.findings.add_rows(table, is_unknown, "site", "unknown site {site!r}", must_be, fix)
    return known


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
    at = rows.groupby("site", sort=False, observed=True).indices
    alike = {id_: at.get(site.like, np.arange(0)) for id_, site in scenario.new_sites.items()}
    own = [id_ for id_, places in alike.items() for _ in places]
    found = rows.take(np.concatenate([np.arange(len(sites)), *alike.values()]))
    dtype: Any = sites.dtype
    columns: dict[str, Any] = {"site": pd.array([*sites.tolist(), *own], dtype=dtype)}
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
        what_is = "no demand region is left in scope"
        findings.add(("scope",), what_is, "at least one", "widen countries or demand_regions, or exclude fewer")
    return frame.reset_index(drop=True)


def excluded_stock(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return sites that a scenario leaves out by name, with the stock of the market there."""
    sites, excluded = tables["sites"], _excluded(scenario)
    out = _scoped(sites, scenario, ()) if excluded else sites.iloc[:0]
    out = out[out["site"].isin(excluded)]
    return out[["site", "archetype"]].merge(tables["site_stock"][["site", "existing_facility_mw"]], on="site")


def _excluded(scenario: Scenario) -> tuple[str, ...]:
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


_ROUNDING = 1e-9
_NO_VENDOR = "general"  # standard equipment, which everybody buys


def make_case(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> ScopedCase:
    """Return what of the tables a scenario is about."""
    findings = Findings(scenario, tables)
    findings.problems += unknown_ids(scenario.tree, tables)
    try:
        days = days_of(scenario, tables)
    except InputError as error:
        findings.problems += error.problems
    findings.stop_if_wrong()
    scoped = _Scoped(scenario, tables, findings)
    findings.stop_if_wrong()
    return ScopedCase(
        scenario=scenario,
        tables=tables,
        findings=findings,
        years=ModelYears(scenario.years),
        days=days,
        sites=scoped.sites,
        regions=scoped.regions,
        workloads=scoped.workloads,
        racks=scoped.racks,
        admitted=scoped.admitted,
        cooling=tables["cooling"],
        redundancy=tables["redundancy"],
    )


def replaced(table: pd.DataFrame, key: str, overrides: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with the figures that a scenario gives by id in place of its own."""
    table = table.copy()
    for id_, override in overrides.items():
        given = {name: value for name, value in override.written_values().items() if name in table.columns}
        for column, value in given.items():
            table.loc[table[key] == id_, column] = np.nan if value is None else value
    return table


_NAMED = 12


class _Scoped:
    """Sites, regions, workloads and racks of a scenario; what is wrong with them goes to the findings."""

    def __init__(self, scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings) -> None:
        self.scenario, self.tables, self.findings = scenario, tables, findings
        self.sites = self._with_figures_of_kind(sites_in_scope(scenario, tables, findings))
        self.regions = regions_in_scope(scenario, tables, findings)
        self.workloads = self._workloads()
        self.racks = self._racks()
        self._check_sales()
        self.admitted = self._with_enough_memory(self._admitted())
        self._check_admitted()

    def _with_figures_of_kind(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return sites with the figures of their archetype, construction market and zone as well."""
        for table, key in (("site_archetypes", "archetype"), ("facility_market", "market"), ("grid_zones", "zone")):
            rows = self.tables[table].drop(columns=["name", "country"], errors="ignore")
            frame = join_columns(frame, rows, key, self.findings, table)
        return _with_own_figures(frame, self.scenario, _OF_KIND).reset_index(drop=True)

    def _workloads(self) -> pd.DataFrame:
        table = self.tables["workloads"]
        table = table.assign(placed_redundancy=table["redundancy_min"])
        table = replaced(table, "workload", self.scenario.workloads)
        if self.scenario.scope.workloads != "all":
            table = table[table["workload"].isin(self.scenario.scope.workloads)]
        table = table.reset_index(drop=True)
        if table.empty:
            self.findings.add("workloads", "no workload is left in scope", "at least one", "see scope")
        self._check_workloads(table)
        return table

    def _check_workloads(self, table: pd.DataFrame) -> None:
        use, peak = floats(table, "utilisation_frac"), floats(table, "peak_over_mean_frac")
        tight, share = floats(table, "tight_rtt_ms"), floats(table, "tight_share_frac")
        bound = floats(table, "rtt_bound_ms")
        highest = self.tables["demand_shapes"].groupby("shape")["shape_frac"].max()
        shape_peak = table["shape"].map(highest).to_numpy(dtype=np.float64)
        rules: Sequence[tuple[Any, Floats, tuple[str, ...], str, str, str]] = (
            (
                use * peak > 1.0 + _ROUNDING,
                use * peak,
                ("utilisation_frac", "peak_over_mean_frac"),
                "utilisation_frac x peak_over_mean_frac is {:g}",
                "at most 1",
                "racks cannot work above their full work: lower one of the two",
            ),
            (
                use * shape_peak > 1.0 + _ROUNDING,
                use * shape_peak,
                ("utilisation_frac", "shape"),
                "utilisation_frac times the highest hour of its shape is {:g}",
                "at most 1",
                "lower the utilisation, or take a flatter shape",
            ),
            (
                tight > bound,
                tight - bound,
                ("rtt_bound_ms", "tight_rtt_ms"),
                "rtt_bound_ms is below tight_rtt_ms by {:g} ms",
                "at least tight_rtt_ms",
                "check its unit, or lower tight_rtt_ms; null is no tight bound",
            ),
            (
                np.isnan(tight) != np.isnan(share),
                tight,
                ("tight_rtt_ms", "tight_share_frac"),
                "only one of tight_rtt_ms and tight_share_frac is given",
                "both or neither",
                "give the other, or set both to null",
            ),
        )
        for wrong, shown, columns, what, must_be, fix in rules:
            for row in np.flatnonzero(wrong):
                id_ = str(table["workload"].iloc[row])
                own = self.scenario.workloads.get(id_)
                keys = () if own is None else tuple(column for column in columns if column in own.written_values())[:1]
                place = "workloads" if own is None else ("workloads", id_, *keys)
                self.findings.add(place, f"{id_}: {what.format(shown[row])}", must_be, fix)

    def _racks(self) -> pd.DataFrame:
        table, asked = self.tables["racks"], self.scenario.racks
        table = replaced(table[table["role"] == "compute"], "rack", asked.override)
        vendors = set(texts(self.tables["racks"], "vendor")) if asked.vendors == "all" else set(asked.vendors)
        if asked.bought_as is not None:
            fleets = self.tables["operator_fleets"]
            vendors &= set(fleets.loc[(fleets["operator"] == asked.bought_as) & fleets["buys"], "vendor"])
        may_buy = named_in(asked.allow, list(table["rack"])) & ~table["rack"].isin(list(asked.exclude))
        return table.assign(may_buy=may_buy & table["vendor"].isin([*vendors, _NO_VENDOR])).reset_index(drop=True)

    def _check_sales(self) -> None:
        racks, override = self.racks, self.scenario.racks.override
        first, last = floats(racks, "first_year"), floats(racks, "last_year")
        for row in np.flatnonzero(last < first):
            id_ = str(racks["rack"].iloc[row])
            found = f"{id_}: last_year is {last[row]:.0f}, before first_year"
            must_be, fix = f"{first[row]:.0f} or later, or blank", "exchange the two, or leave it blank"
            given = override[id_].written_values() if id_ in override else {}
            own = next((name for name in ("last_year", "first_year") if name in given), "")
            self.findings.add(("racks", "override", id_, own) if own else "racks", found, must_be, fix)

    def _admitted(self) -> pd.DataFrame:
        own = {id_: given.racks for id_, given in self.scenario.workloads.items() if given.racks}
        pairs = self.tables["workload_racks"][["workload", "rack"]]
        rows = pd.DataFrame([(id_, rack) for id_, listed in own.items() for rack in listed], columns=pairs.columns)
        pairs = pd.concat([pairs[~pairs["workload"].isin(list(own))], rows], ignore_index=True)
        known = pairs["workload"].isin(texts(self.workloads, "workload"))
        return pairs[known & pairs["rack"].isin(texts(self.racks, "rack"))].reset_index(drop=True)

    def _with_enough_memory(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Keep the pairs whose rack has, in one server or domain, the memory that the workload needs."""
        table, override = self.tables["rack_memory"], self.scenario.racks.override
        memory_gb = dict(zip(table["rack"], table["memory_gb"].astype(float), strict=True))
        memory_gb |= {rack: own.memory_gb for rack, own in override.items() if own.memory_gb is not None}
        least_gb = {name: own.least_memory_gb or 0.0 for name, own in self.scenario.workloads.items()}
        has = pairs["rack"].map(memory_gb).to_numpy(dtype=np.float64)
        needs = pairs["workload"].map(least_gb).fillna(0.0).to_numpy(dtype=np.float64)
        is_short = (needs > 0.0) & ~(has >= needs)
        for workload, rows in pairs[is_short].assign(has=has[is_short]).groupby("workload", sort=False):
            named = [
                f"{rack} ({'unknown' if np.isnan(gb) else f'{amount(gb, 4)} GB'})"
                for rack, gb in zip(rows["rack"], rows["has"], strict=True)
            ]
            self.findings.add_note(
                f"{workload} needs {amount(least_gb[str(workload)], 4)} GB of memory that works as one."
                f" Not offered to it: {some(named, _NAMED)}. Existing ones stay in service.",
                ("workloads", str(workload), "least_memory_gb"),
            )
        return pairs[~is_short].reset_index(drop=True)

    def _check_admitted(self) -> None:
        """Every workload needs a rack that can do its work, whether or not it may still be bought."""
        racks, workloads = self.racks, self.workloads
        can_do = {duty: {*racks.loc[racks[f"{duty}_h100e"].notna(), "rack"]} for duty in DUTIES}
        racks_of = self.admitted.groupby("workload")["rack"].agg(set).to_dict()
        for id_, duty in zip(workloads["workload"], workloads["duty"], strict=True):
            if can_do[duty].isdisjoint(racks_of.get(id_, ())):
                found = f"no rack that {id_} may run on has a throughput for {duty}"
                place = ("workloads", id_) if id_ in self.scenario.workloads else "workload_racks"
                self.findings.add(place, found, "one at least", f"admit a rack with {duty}_h100e")
