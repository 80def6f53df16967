"""Which racks and hall designs are on offer, computed a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.existing import admitted_racks, availability, least_topology, rack_cooling, without_new_halls
from planner.check.frames import column_by, lookup, once, sum_by
from planner.check.lead_times import committed_mw, decision_start, months_to_service, rack_months

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


_THAT_COST: Final = (
    "space_ratio",
    "electrical_capex_ratio",
    "mechanical_capex_ratio",
    "maintenance_ratio",
    "installed_kw_per_kw",
)
"""Figures of a topology; more of one costs more."""


def ids_of(case: Case, axis: str) -> list[str]:
    """Return the ids on an axis of the inputs."""
    return list(getattr(case.inputs.sets, axis).labels)


def year_ends(case: Case) -> Floats:
    """Return the end of the last calendar year that each model year stands for."""
    return case.last_calendar_year(pd.Series(case.years)) + 1.0


# --- topologies ------------------------------------------------------------------------------


def allowed_topologies(case: Case) -> list[str]:
    """Return the topologies that new halls may have."""
    asked = case.scenario.halls.redundancy
    return [name for name in ids_of(case, "redundancy") if asked == "all" or name in asked]


@once
def topologies_built(case: Case) -> list[str]:
    """Return the topologies of new halls: those allowed, but for what another one replaces.

    One that no workload needs is replaced by one that serves the same workloads and has no more of
    anything that costs; of generators as many, where a plan counts them.
    """
    available, needed = availability(case), set(least_topology(case).values())
    of: dict[str, dict[str, float]] = {row["redundancy"]: row for row in case.data("redundancy").to_dict("records")}  # type: ignore[misc]
    counts = case.scenario.supply.standby.allow or case.scenario.carbon.embodied

    def replaces(other: str, name: str) -> bool:
        serves = all(available[other] >= available[q] or available[name] < available[q] for q in needed)
        costs = all(of[other][figure] <= of[name][figure] for figure in _THAT_COST)
        as_many = not counts or of[other]["generator_kw_per_kw"] == of[name]["generator_kw_per_kw"]
        return serves and costs and as_many

    allowed = allowed_topologies(case)
    kept = []
    for place, name in enumerate(allowed):
        beaten = any(
            replaces(other, name) and (other in needed or not replaces(name, other) or rank < place)
            for rank, other in enumerate(allowed)
            if other != name
        )
        if name in needed or not beaten:
            kept.append(name)
    return kept


# --- racks on offer -------------------------------------------------------------------------


@once
def racks_on_offer(case: Case) -> set[tuple[str, str, str, int]]:
    """List workload, rack, cooling and year of racks that a workload may buy."""
    asked, fleets, racks = case.scenario.racks, case.data("operator_fleets"), case.racks.set_index("rack")
    vendors = {*fleets[fleets["buys"] & (fleets["operator"] == asked.bought_as)]["vendor"]}
    arrives = decision_start(case) + rack_months(case) / 12.0
    begins = column_by(case.data("cooling"), "cooling", "first_year")
    first, last = (racks[name].astype("float64").to_dict() for name in ("first_year", "last_year"))
    found = set()
    for workload, rack in admitted_racks(case):
        vendor = racks["vendor"][rack]
        is_of = (asked.vendors == "all" or vendor in asked.vendors) and (asked.bought_as is None or vendor in vendors)
        is_listed = (asked.allow == "all" or rack in asked.allow) and rack not in asked.exclude
        if not (is_listed and (is_of or vendor == "general")):
            continue
        for year, end in zip(case.years, year_ends(case), strict=True):
            if max(arrives, first[rack]) <= year and not (asked.end_of_sale and year > last[rack]):
                halls = (of for fits, of in rack_cooling(case) if fits == rack and begins[of] < end)
                found |= {(workload, rack, cooling, year) for cooling in halls}
    return found


# --- designs on offer -----------------------------------------------------------------------


def may_serve(case: Case, kind: str) -> tuple[Floats, Bools]:
    """Return when what is decided first serves, (site, year), and whether it does in the year."""
    months = months_to_service(case)[kind].loc[ids_of(case, "site")].to_numpy(dtype=np.float64)
    start = (decision_start(case) + months / 12.0)[:, None]
    return np.maximum(start, np.array(case.years)), start < year_ends(case)


@once
def committed_by_site(case: Case) -> Floats:
    """Return the facility power committed at sites in model years. [MW], (site, year)"""
    table, key = committed_mw(case), ("site", "year")
    pairs = pd.MultiIndex.from_product([ids_of(case, "site"), case.years], names=list(key))
    mw = lookup(sum_by(table, key, table["mw"]), pairs.to_frame(index=False), key)
    return mw.reshape(-1, len(case.years))


@once
def _may_use(case: Case) -> set[tuple[str, str]]:
    """List workload and rack of what it admits, or may have in the base year and go on using."""
    stock = {*case.data("rack_stock")[["duty", "rack"]].itertuples(index=False, name=None)}
    there = {(name, rack) for name in ids_of(case, "workload") for duty, rack in stock if duty == case.duty[name]}
    return admitted_racks(case) | there


@once
def cooling_on_offer(case: Case) -> set[tuple[str, str]]:
    """List site and cooling of what may be built or retrofitted to, for some rack of a workload."""
    asked, racks = case.scenario.halls.cooling, {rack for _, rack in _may_use(case)}
    most, score = case.scenario.water.max_stress_score, case.site_figures("water_stress", "stress_score")
    is_wet = column_by(case.data("cooling"), "cooling", "needs_water")
    return {
        (site, cooling)
        for cooling in {of for rack, of in rack_cooling(case) if rack in racks and (asked == "all" or of in asked)}
        for site in ids_of(case, "site")
        if not (is_wet[cooling] and most is not None and score[site] > most)
    }


@once
def designs_on_offer(case: Case) -> set[tuple[str, str]]:
    """List site and hall of every design that may be built: for some workload and its racks."""
    available, least, serves = availability(case), least_topology(case), dict[str, float]()
    for workload, rack in _may_use(case):
        for cooling in (cooling for fits, cooling in rack_cooling(case) if fits == rack):
            serves[cooling] = min(available[least[workload]], serves.get(cooling, np.inf))
    return {
        (site, f"{cooling}|{topology}")
        for site, cooling in cooling_on_offer(case)
        for topology in topologies_built(case)
        if available[topology] >= serves[cooling]
    }


def may_grow(case: Case) -> Bools:
    """Say at which sites the scenario wants new halls, shape (site, 1)."""
    return ~np.isin(ids_of(case, "site"), without_new_halls(case))[:, None]
