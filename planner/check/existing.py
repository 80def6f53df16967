"""What exists and what is in service: stated halls and racks, pools, lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import by_keys, column_by, crossed, lookup, once, sum_by, table_of

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


# --- Halls and racks that the planner states as their own, read a second time from their tables ---

_SITE = ("site", "year")


def stated_sites(case: Case) -> list[str]:
    """Return the sites of which the tables `existing_halls` and `existing_racks` say something."""
    tables = (case.data("existing_halls"), case.data("existing_racks"))
    return sorted({str(site) for table in tables for site in table["site"]})


def market_share_frac(case: Case, given: float | None) -> float:
    """Return the operator's share of the market's halls; none unasked where the planner states some halls or racks."""
    if given is not None:
        return given
    return 0.0 if stated_sites(case) else case.scenario.operator.demand_share_frac


def without_new_halls(case: Case) -> list[str]:
    """Return the sites where the scenario wants no new halls."""
    blocks = (case.scenario.new_sites, case.scenario.sites)
    given = {
        site: stated.new_halls
        for block in blocks
        for site, stated in block.items()
        if "new_halls" in stated.written_values()
    }
    return [site for site, wanted in given.items() if not wanted]


def in_service(case: Case, rows: pd.DataFrame, begins: str, ends: str) -> pd.DataFrame:
    """Return what exists in each model year that it serves through to the end, by the columns of its begin and end."""
    rows = crossed(rows, table_of({"year": case.years}))
    stays = case.last_calendar_year(rows["year"]) < rows[ends].to_numpy(np.float64)
    served: pd.DataFrame = rows[(rows[begins] <= rows["year"]).to_numpy() & stays]
    return served


@once
def _halls(case: Case) -> pd.DataFrame:
    """List the stated halls, numbered: row, site, name, hall (its design), mw, opens, ends."""
    table = case.data("existing_halls").reset_index(drop=True).rename(columns={"hall": "name", "first_year": "opens"})
    design, ends = table["cooling"] + "|" + table["redundancy"], table["last_year"].astype("float64").fillna(np.inf)
    table = table.assign(row=table.index, hall=design, mw=table["it_mw"].astype("float64"), ends=ends + 1.0)
    here: pd.DataFrame = table[table["site"].isin(list(case.inputs.sets.site.labels))]
    return here[["row", "site", "name", "hall", "redundancy", "mw", "opens", "ends"]]


@once
def stated_halls(case: Case) -> pd.DataFrame:
    """List the stated halls of the sites of the plan in the years in which they are in service."""
    return in_service(case, _halls(case), "opens", "ends")[["site", "hall", "year", "mw", "ends"]]


def begun_facility_mw(case: Case) -> pd.Series[float]:
    """Facility power of stated halls begun after the first year, cumulative: a connection outlasts its hall. [MW]"""
    since = in_service(case, _halls(case), "opens", "ends").groupby("row")["year"].min().rename("since")
    later = _halls(case).merge(since[since > case.years[0]].reset_index(), on="row")
    begun = crossed(later, table_of({"year": case.years})).query("since <= year")
    return begun.groupby(list(_SITE))["mw"].sum() * case.scenario.demand.facility_mw_per_rack_mw


@once
def stated_racks(case: Case) -> pd.DataFrame:
    """List the stated racks that some workload can use in some model year."""
    places = _halls(case)[["site", "name", "hall", "redundancy", "opens", "ends"]]
    rows = case.data("existing_racks").rename(columns={"hall": "name", "first_year": "vintage", "mw": "given_mw"})
    rows = rows.merge(places, on=["site", "name"])
    types = case.by("racks", "rack")
    # Of a table without rows pandas makes a column of texts.
    peak_kw, life_years = (rows["rack"].map(types[name]).astype("float64") for name in ("peak_kw", "life_years"))
    by_count = rows["racks"].astype("float64") * peak_kw / 1000.0
    rows = rows.assign(
        row=rows.index, mw=rows["given_mw"].astype("float64").fillna(by_count), dies=rows["vintage"] + life_years
    )
    available, least = availability(case), least_topology(case)
    able = {
        (rack, case.duty[workload], topology)
        for workload, rack in admitted_racks(case)
        for topology, pct in available.items()
        if pct >= available[least[workload]]
    }
    can = np.array([of in able for of in zip(rows["rack"], rows["duty"], rows["redundancy"], strict=True)], np.bool_)
    for begins, ends in (("vintage", "dies"), ("opens", "ends")):
        can &= rows["row"].isin(in_service(case, rows, begins, ends)["row"]).to_numpy()
    return rows.loc[can, ["site", "rack", "hall", "duty", "vintage", "dies", "mw", "opens", "ends"]]


def fill_frac(case: Case, halls: pd.DataFrame) -> Floats:
    """Return the share of the power of existing halls that racks may take in the year."""
    settings, key = case.scenario.halls, ["site", "hall", "year"]
    if not len(stated_halls(case)):
        return np.full(len(halls), 1.0 - settings.free_frac)
    racks = stated_racks(case)
    begins, gone = racks[["vintage", "opens"]].max(axis=1), racks[["dies", "ends"]].min(axis=1)
    racks = in_service(case, racks.assign(begins=begins, gone=gone), "begins", "gone")
    classes = case.workloads[case.workloads["workload"].isin(list(case.inputs.sets.workload.labels))]
    most = classes.groupby("duty")["companion_frac"].max().astype("float64")
    need = sum_by(racks, key, racks["mw"] * (settings.diversity_frac + racks["duty"].map(most)))
    there = stated_halls(case).groupby(list(key), as_index=False)[["mw"]].sum()
    taken = there.assign(frac=lookup(need, there, key) / there["mw"]).set_index(key)["frac"]
    return np.clip(lookup(taken, halls, key), 1.0 - settings.free_frac, 1.0)


# --- How racks and halls go together: the topologies that workloads need, and pools of racks ------


@once
def least_topology(case: Case) -> dict[str, str]:
    """Return the least topology that each workload of the plan needs."""
    table = column_by(case.workloads, "workload", "redundancy_min")
    return {name: str(table[name]) for name in case.inputs.sets.workload.labels}


@once
def availability(case: Case) -> dict[str, float]:
    """Return how available each topology is. [%]"""
    table = column_by(case.data("redundancy"), "redundancy", "availability_pct")
    return {str(name): float(value) for name, value in table.items()}


@once
def pool_topology(case: Case) -> dict[str, str]:
    """Return the least topology that workloads of each use need."""
    by_availability = sorted(least_topology(case).items(), key=lambda of: availability(case)[of[1]])
    return {case.duty[workload]: topology for workload, topology in reversed(by_availability)}


def in_pools(case: Case, rows: pd.DataFrame) -> pd.DataFrame:
    """Name the halls of racks as their pools: by cooling, and the least that their use needs."""
    least = pool_topology(case)
    pools = [
        f"{hall.split('|')[0]}|{least.get(duty, hall.split('|')[-1])}"
        for hall, duty in zip(rows["hall"], rows["duty"], strict=True)
    ]
    return rows.assign(hall=np.array(pools, dtype=object))


@once
def admitted_racks(case: Case) -> set[tuple[str, str]]:
    """List workload and rack of what tables or scenario admit, where the rack computes and has the memory for it."""
    pairs = {*case.data("workload_racks")[["workload", "rack"]].itertuples(index=False, name=None)}
    racks, here = case.by("racks", "rack"), case.inputs.sets.workload.labels
    memory_gb = column_by(case.data("rack_memory"), "rack", "memory_gb").astype("float64").to_dict()
    stated = case.scenario.racks.override.items()
    memory_gb |= {rack: given.memory_gb for rack, given in stated if given.memory_gb is not None}
    least_gb = dict[str, float]()
    for name, given in case.scenario.workloads.items():
        least_gb[name] = given.least_memory_gb or 0.0
        if given.racks is not None:
            pairs = {pair for pair in pairs if pair[0] != name} | {(name, rack) for rack in given.racks}
    return {
        (name, rack)
        for name, rack in pairs
        if name in here and memory_gb.get(rack, 0.0) >= least_gb.get(name, 0.0)
        if pd.notna(racks.loc[rack, f"{case.duty[name]}_h100e"])
    }


@once
def rack_cooling(case: Case) -> set[tuple[str, str]]:
    """List rack and cooling of what fits."""
    peak_kw = by_keys(case.racks, ["rack"], "peak_kw")
    most = by_keys(case.data("cooling"), ["cooling"], "max_kw_per_rack")
    pairs = case.data("rack_cooling")[["rack", "cooling"]].itertuples(index=False, name=None)
    return {(rack, cooling) for rack, cooling in pairs if peak_kw[rack] <= most[cooling]}
