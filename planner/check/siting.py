"""Openings, phases and blocks in integers, and what it costs to serve users from a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.frames import column_by, isin, lookup, once, table_of, to_frame
from planner.check.lead_times import decision_start
from planner.check.routes import between_sites
from planner.check.sites import build_paths
from planner.check.stock import existing_halls
from planner.check.verdict import Excess, figures, rule
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SITE = ("site", "year")
_CLASS = ("site", "workload", "year")
_ROUNDING = 1e-9
_USD_PER_MUSD = 1e6
_MUSD_PER_USD_OF_H100E = 1e-3  # a million dollars, a thousand H100e
_ENDS = ("region", "workload", "site")


def block_sizes(case: Case) -> dict[str, float]:
    """Return the block of each workload that needs one. [MW]"""
    asked, sizes = case.scenario.siting, dict[str, float]()
    if asked.table_blocks:
        of_table = column_by(case.workloads, "workload", "min_block_mw").astype("float64")
        sizes = {str(name): float(mw) for name, mw in of_table.items() if mw > 0.0}
    return {**sizes, **asked.block_mw}


@once
def _partners(case: Case) -> pd.DataFrame:
    """List the sites whose racks count towards a block of a workload, the site's own among them."""
    if not block_sizes(case):
        return table_of({"site": [], "partner": [], "workload": []})
    apart = between_sites(case)
    itself = (apart["site"] == apart["partner"]).to_numpy()
    bound_ms = case.scenario.siting.block_rtt_ms
    near = [
        apart[itself | (apart["rtt_ms"] <= bound_ms.get(workload, -1.0))].assign(workload=workload)
        for workload in block_sizes(case)
    ]
    none = apart.iloc[:0].assign(workload="")
    return pd.concat([none, *near])[["site", "partner", "workload"]]


def in_blocks(case: Case, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep rows of workloads that need a block, from the year in which each needs it.

    No workload needs one before racks ordered at first can serve.
    """
    arrives = column_by(case.data("lead_times"), "item", "lead_months")["rack_delivery"]
    since = decision_start(case) + float(arrives) / 12.0
    of_class = rows["workload"].map(dict(case.scenario.siting.block_from_year))
    begins = of_class.astype("float64").fillna(since).clip(lower=since)
    needs = rows["workload"].isin(list(block_sizes(case))) & (rows["year"] >= begins)
    kept: pd.DataFrame = rows[needs]
    return kept


@figures("site", "sites.opening_musd", "sites.fixed_musd_per_year", "sites.minimum_mw", unit="MUSD or MW")
def openings_from_tables(case: Case, rows: pd.DataFrame) -> tuple[pd.Series[float], ...]:
    """Opening cost, upkeep and least size of a site are those of its kind, or as stated."""
    kinds = case.data("site_archetypes").set_index("archetype")
    archetype = case.sites.set_index("site").loc[list(rows["site"]), "archetype"]

    def of(column: str) -> pd.Series[float]:
        return case.own_figures(column, archetype.map(kinds[column]).astype("float64").rename_axis("site"))

    return of("opening_usd") / _USD_PER_MUSD, of("fixed_usd_per_year") / _USD_PER_MUSD, of("minimum_size_mw")


@once
def phase_sizes(case: Case) -> pd.Series[float]:
    """Return the size of a phase by site, nan where halls do not come in phases. [MW]"""
    of_all = case.scenario.siting.phase_mw
    sites = pd.Index(list(case.inputs.sets.site.labels), name="site")
    return case.own_figures("phase_mw", pd.Series(np.nan if of_all is None else of_all, index=sites))


@figures("siting.phase", "siting.phase_mw", unit="MW")
def phases_listed(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Halls that could be built in phases are those that the scenario asks for."""
    builds = to_frame(case.inputs.halls.build)
    ordered = builds[(builds["stage"] == "ordered").to_numpy()]
    return lookup(phase_sizes(case), rows, ("site",), np.nan), ordered[
        ordered["site"].isin(phase_sizes(case).dropna().index)
    ]


@figures("", "siting.exact_sites", "siting.most_sites", unit="sites")
def numbers_of_sites_from_scenario(case: Case, _: pd.DataFrame) -> tuple[int, int]:
    """Open sites are counted as the scenario asks."""
    asked = case.scenario.siting
    return asked.exactly_sites or 0, asked.at_most_sites or 0


@figures("site", "sites.is_existing", unit="sites")
def existing_sites_from_tables(case: Case, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Sites with halls in the base year are open already; all others must be opened."""
    return lookup(existing_halls(case).groupby("site")["mw"].sum(), rows, ("site",)) > 0.0


def _land_mw(case: Case, rows: pd.DataFrame) -> Floats:
    inputs = case.inputs
    return lookup(pd.Series(inputs.sites.land_limit_mw, index=list(inputs.sets.site.labels)), rows, ("site",), np.nan)


@figures("siting.phase", "siting.most_phases", unit="phases")
def phases_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Phases of new halls in a year are at most what build rate and land of the site allow."""
    rate = lookup(build_paths(case).set_index(list(_SITE))["rate_mw"], rows, _SITE, np.nan)
    return np.floor(np.minimum(rate, _land_mw(case, rows)) / case.inputs.siting.phase_mw + _ROUNDING)


@rule(unit="MW", rereads="siting.block_mw siting.block_top_mw")
def blocks_from_scenario(case: Case) -> Iterator[Excess]:
    """Workloads need the scenario's blocks, and have no more than a site can hold."""
    p, inputs = case.inputs.siting, case.inputs
    reported = to_frame(p.block, mw=p.block_mw, top=p.block_top_mw)
    sizes = block_sizes(case)
    need = case.deployments.groupby("workload")["hall_mw_per_mw"].min()
    lets = reported["site"].isin(list(to_frame(inputs.halls.lease)["site"])).to_numpy(dtype=np.float64)
    halls = _land_mw(case, reported) + lets * case.scenario.lease.depth_mw_per_site
    place = reported[list(_CLASS)]
    due = in_blocks(case, to_frame(inputs.racks.used))[list(_CLASS)].drop_duplicates()
    stray = reported.drop(index=in_blocks(case, reported).index)
    shared = to_frame(p.shared)
    pairs = reported[list(_CLASS)].merge(_partners(case), on=["site", "workload"])
    may = isin(pairs.assign(site=pairs["partner"]), reported, _CLASS)
    yield Excess.differs(place, reported["mw"], reported["workload"].map(sizes))
    yield Excess.differs(place, reported["top"], halls / lookup(need, reported, ("workload",), np.nan))
    yield Excess.count_broken(due, ~isin(due, reported, _CLASS))
    yield Excess.count_broken(pairs[may], ~isin(pairs[may], shared, (*_CLASS, "partner")))
    yield Excess.count_broken(shared, ~isin(shared, pairs[may], (*_CLASS, "partner")))
    yield Excess.count_broken(stray[list(_CLASS)], np.ones(len(stray), dtype=np.bool_))


@figures("siting.paced", "siting.paced_mw", unit="MW")
def paced_sites_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """New sites with integer openings hold at most what can be built by then, or their land."""
    sites, reach = case.site_year, build_paths(case).set_index(list(_SITE))["reach_mw"]
    stands = existing_halls(case).groupby("site")["mw"].sum()
    is_short = lookup(reach, sites, _SITE) < _land_mw(case, sites)
    is_new = lookup(stands, sites, ("site",)) == 0.0
    due = sites[is_short & is_new & case.scenario.siting.whole_openings]
    return lookup(reach, rows, _SITE, np.nan), due


@figures("siting.service", "siting.service_musd_per_kh100e_year", unit="MUSD/kH100e-year")
def service_prices_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Service costs what the scenario's table says of users, site and workload."""
    served = to_frame(case.inputs.demand.served)
    ends = ("region", "workload", "site")
    paid = service_usd(case, served[list(ends)].drop_duplicates().reset_index(drop=True))
    return lookup(paid * _MUSD_PER_USD_OF_H100E, rows, ends, np.nan), served[lookup(paid, served, ends) > 0.0]


def service_usd(case: Case, served: pd.DataFrame) -> pd.Series[float]:
    """Return the cost of serving a mean H100e for a year. [USD/H100e-year]"""
    index = pd.MultiIndex.from_frame(served[list(_ENDS)])
    path = case.scenario.file_at(("siting", "service_cost_table"))
    if path is None:
        return pd.Series(0.0, index=index)
    sheet = read_sheet(path, "service_cost_table")
    rows = [dict(zip(sheet.header, record, strict=False)) for record in sheet.records]
    usd = {(row["from"], row["to"], row.get("workload", "")): float(row["usd_per_h100e_year"]) for row in rows}
    of_all = "workload" not in sheet.header
    paid = [usd.get((region, site, "" if of_all else of), 0.0) for region, of, site in index]
    return pd.Series(paid, index=index, dtype="float64")


HEADING: Final = "Sites"

TAKEN_AS_GIVEN: Final[Mapping[str, str]] = dict.fromkeys(
    ("siting.open_lower", "siting.open_upper", "siting.whole_openings"),
    "read by no rule: columns_as_stated holds the bounds of the decision against scenario and data",
)
