"""What a plan may decide of halls and racks, and what is on offer, computed a second time from the data."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from planner.check.existing import (
    admitted_racks,
    availability,
    fill_frac,
    least_topology,
    pool_topology,
    rack_cooling,
    without_new_halls,
)
from planner.check.frames import column_by, once
from planner.check.lead_times import committed_mw, decision_start, months_to_service, rack_months
from planner.check.stock import existing_halls, existing_racks, lasting_halls

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from planner.check.case import Case

    Hall = tuple[str, str, int]  # site, hall design and model year
    Deployment = tuple[str, str, str]  # rack, hall design and workload
    from planner.base.arrays import Bools, Floats


_FULLER: Final = 1e-9


def _cooling(hall: str) -> str:
    return hall.split("|", maxsplit=1)[0]


def _tuples(frame: pd.DataFrame, *columns: str) -> set[tuple[Any, ...]]:
    return {*frame[list(columns)].itertuples(index=False, name=None)}


@once
def _first_years(case: Case) -> dict[str, float]:
    """Year from which halls can have each cooling technology."""
    table = case.data("cooling")
    return dict(zip(table["cooling"], table["first_year"], strict=True))


@once
def leasable(case: Case) -> set[Hall]:
    """List site, hall and year of every hall that is available to lease."""
    offers = _tuples(case.data("leases"), "region", "cooling", "redundancy")
    regions, begins, last = {region for region, *_ in offers}, _first_years(case), case.last_years
    country = column_by(case.sites, "site", "country").to_dict()
    sites = growing(case) if case.scenario.lease.allow else set()
    return {
        (site, f"{cooling}|{topology}", year)
        for site in sites
        for region, cooling, topology in offers
        if region == (country[site] if country[site] in regions else "world")
        for year in case.years
        if begins[cooling] <= last[year]
    }


@once
def buildable(case: Case) -> set[tuple[str, str, int, str]]:
    """List site, hall, year and stage of every hall that may be built."""
    begins, last, found = _first_years(case), case.last_years, set()
    may, row = may_serve(case, "hall")[1], {site: at for at, site in enumerate(ids_of(case, "site"))}
    committed = {(site, year) for site, year, mw in committed_mw(case).itertuples(index=False) if mw > 0.0}
    for site, hall in designs_on_offer(case):
        first = begins[_cooling(hall)]
        for at, year in enumerate(case.years):
            if site in growing(case) and may[row[site], at] and first < last[year] + 1.0:
                found.add((site, hall, year, "ordered"))
            if (site, year) in committed and first <= year:
                found.add((site, hall, year, "committed"))
    return found


@once
def retrofittable(case: Case) -> set[tuple[str, str, str, int]]:
    """List site, hall, to_hall and year of every retrofit that may be begun."""
    settings, begins, last = case.scenario.retrofit, _first_years(case), case.last_years
    medium = column_by(case.data("cooling"), "cooling", "medium").to_dict()
    table, found = case.data("retrofit"), set()
    takes = table.set_index(["from_medium", "to_medium"])["duration_months"].astype("float64").to_dict()
    # Halls that end before the plan does cannot become others that would go on.
    lasting = lasting_halls(case)
    lasting = lasting[(lasting["mw"] > 0.0) & settings.allow]
    offered = defaultdict[str, list[str]](list)
    for site, cooling in cooling_on_offer(case):
        offered[site].append(cooling)
    for site, hall, year in _tuples(lasting, "site", "hall", "year"):
        cooling, topology = hall.split("|")
        for to in offered[site]:
            months = takes.get((medium[cooling], medium[to]), np.nan)
            if settings.duration_months is not None and not np.isnan(months):
                months = settings.duration_months
            done = max(float(year), decision_start(case)) + months / 12.0
            serves = done < last[case.years[-1]] + 1.0 and last[year] >= case.scenario.decisions_start.year
            if serves and begins[to] <= last[year]:
                found.add((site, hall, f"{to}|{topology}", year))
    return found


@once
def _existing(case: Case) -> set[Hall]:
    """List the halls that exist in a year."""
    halls = existing_halls(case)
    return _tuples(halls[halls["mw"] > 0.0], "site", "hall", "year")


@once
def may_be_there(case: Case) -> set[Hall]:
    """List site, hall and year where some hall of the design can be."""
    begun = dict[tuple[str, str], int]()
    new = {(site, hall, year) for site, hall, year, _ in buildable(case)}
    for site, hall, year in new | {(site, to, year) for site, _, to, year in retrofittable(case)}:
        begun[site, hall] = min(year, begun.get((site, hall), year))
    later = {(*of, year) for of, first in begun.items() for year in case.years if year >= first}
    return _existing(case) | leasable(case) | later


@once
def operable(case: Case) -> set[tuple[str, str, str, str, int]]:
    """List site, hall, as_hall, fill and year of halls that may be operated as less available ones."""
    available, needed, found = availability(case), {*least_topology(case).values()}, set()
    halls = existing_halls(case)
    is_fuller = fill_frac(case, halls) > 1.0 - case.scenario.halls.free_frac + _FULLER
    fuller = _tuples(halls[is_fuller], "site", "hall", "year") & _existing(case)
    for site, hall, year in may_be_there(case):
        cooling, own = hall.split("|")
        for topology in needed:
            if own != topology and available[own] >= available[topology]:
                fills = ["new", "existing"] if (site, hall, year) in fuller else ["new"]
                found |= {(site, hall, f"{cooling}|{topology}", fill, year) for fill in fills}
    return found


@once
def _in_play(case: Case) -> set[Hall]:
    """List site, hall and year where a hall of the design, or operated as such, can be."""
    return may_be_there(case) | {(site, as_hall, year) for site, _, as_hall, _, year in operable(case)}


@once
def _deployments(case: Case) -> set[Deployment]:
    """List racks that workloads admit, in halls of any cooling as these need them."""
    return {
        (rack, f"{cooling}|{least_topology(case)[workload]}", workload)
        for workload, rack in admitted_racks(case)
        for cooling in ids_of(case, "cooling")
    }


@once
def _cooling_in_play(case: Case) -> set[str]:
    """Return the cooling of halls that are on offer or there at some site."""
    halls = {hall for _, hall in designs_on_offer(case)} | {hall for _, hall, _ in leasable(case)}
    offered = {cooling for _, cooling in cooling_on_offer(case)}
    to_retrofit = case.scenario.retrofit.allow and _existing(case)
    return {_cooling(hall) for hall in halls | {*existing_halls(case)["hall"]}} | (offered if to_retrofit else set())


@once
def _purchases(case: Case) -> set[tuple[str, str, str, int]]:
    """List rack, hall, workload and year of every purchase for a hall as it is operated."""
    return {
        (rack, f"{cooling}|{least_topology(case)[workload]}", workload, year)
        for workload, rack, cooling, year in racks_on_offer(case)
        if cooling in _cooling_in_play(case)
    }


def _pool(case: Case, hall: str, duty: str) -> str:
    """Hall that names the pool of racks of a use."""
    return f"{_cooling(hall)}|{pool_topology(case).get(duty, hall.split('|')[1])}"


@once
def installable(case: Case) -> set[tuple[str, str, str, str, int]]:
    """List site, rack, hall, use and year of every purchase that may be made."""
    sites, found = defaultdict[tuple[str, int], list[str]](list), set()
    for site, hall, year in _in_play(case):
        sites[hall, year].append(site)
    for rack, hall, workload, year in _purchases(case):
        duty = case.duty[workload]
        found |= {(site, rack, _pool(case, hall, duty), duty, year) for site in sites[hall, year]}
    return found


@once
def _from_stock(case: Case) -> set[Deployment]:
    """List deployments of existing racks: workloads of their use that admit them, and those assumed."""
    racks, available, least = existing_racks(case), availability(case), least_topology(case)
    there = {(rack, _cooling(hall), duty) for rack, hall, duty in _tuples(racks, "rack", "hall", "duty")}
    found = {of for of in _deployments(case) if (of[0], _cooling(of[1]), case.duty[of[2]]) in there}
    for rack, hall, workload in _tuples(racks[racks["workload"] != ""], "rack", "hall", "workload"):
        cooling, own = hall.split("|")
        good = available[own] >= available[least[workload]]
        found.add((rack, f"{cooling}|{least[workload] if good else own}", workload))
    return found


@once
def _handed_on(case: Case) -> set[Deployment]:
    """List deployments of racks that inference may take over from training."""
    return {
        (rack, hall, workload)
        for rack, hall, workload in _deployments(case)
        if case.duty[workload] == "inference" and case.scenario.cascade.allow
        if (rack, _cooling(hall)) in rack_cooling(case) and _cooling(hall) in _cooling_in_play(case)
    }


class _Cohort(NamedTuple):
    """Racks of one age in a pool."""

    site: str
    rack: str
    hall: str  # that names their pool
    duty: str
    vintage: int
    dies: float
    is_stock: bool

    @property
    def label(self) -> str:
        """Vintage as the plan writes it: those of the base year are called stock."""
        return f"stock-{self.vintage}" if self.is_stock else str(self.vintage)


def _alive(case: Case, racks: _Cohort) -> Iterable[int]:
    """Go through the model years that racks serve through."""
    return (year for year in case.years if racks.vintage <= year and case.last_years[year] < racks.dies)


@once
def _cohorts(case: Case) -> set[_Cohort]:
    stock, life = existing_racks(case), column_by(case.racks, "rack", "life_years").to_dict()
    kept = _tuples(stock[stock["mw"] > 0.0], "site", "rack", "hall", "duty", "vintage", "dies")
    old = {
        _Cohort(site, rack, _pool(case, hall, duty), duty, vintage, dies, is_stock=True)
        for site, rack, hall, duty, vintage, dies in kept
    }
    new = {
        _Cohort(site, rack, hall, duty, year, year + float(life[rack]), is_stock=False)
        for site, rack, hall, duty, year in installable(case)
    }
    return old | new


@once
def _leaving(case: Case) -> set[tuple[_Cohort, int]]:
    """List racks that may leave training: in the year they come of age, or the next."""
    order, age = {year: at for at, year in enumerate(case.years)}, case.scenario.cascade.min_age_years
    return {
        (racks, year)
        for racks in _cohorts(case)
        if racks.duty == "training"
        for year in _alive(case, racks)
        if order[year] - np.searchsorted(case.years, racks.vintage + age) in (0, 1)
    }


@once
def _arriving(case: Case) -> set[tuple[_Cohort, int]]:
    """List racks by the pool of inference that may take them, in the year in which they leave training."""
    halls = defaultdict[str, list[str]](list)
    for rack, hall, _ in _handed_on(case):
        halls[rack].append(hall)
    return {
        (racks._replace(hall=_pool(case, hall, "inference"), duty="inference"), year)
        for racks, year in _leaving(case)
        for hall in halls[racks.rack]
        if (racks.site, hall, year) in _in_play(case)
    }


@once
def usable(case: Case) -> set[tuple[str, str, str, str, int]]:
    """List site, rack, hall, workload and year of every use of racks."""
    moved = {(racks, now) for racks, year in _arriving(case) for now in _alive(case, racks) if now >= year}
    own = {(racks, year) for racks in _cohorts(case) for year in _alive(case, racks)}
    bought = {(rack, hall, workload) for rack, hall, workload, _ in _purchases(case)}
    found = set()
    for there, deployments in (
        (moved, _handed_on(case)),
        ({of for of in own if of[0].is_stock}, _from_stock(case)),
        ({of for of in own if not of[0].is_stock}, bought),
    ):
        uses = defaultdict[tuple[str, str, str], list[tuple[str, str]]](list)
        for rack, hall, workload in deployments:
            duty = case.duty[workload]
            uses[rack, _pool(case, hall, duty), duty].append((hall, workload))
        places = {(racks.site, racks.rack, racks.hall, racks.duty, year) for racks, year in there}
        for site, rack, pool, duty, year in places:
            found |= {(site, rack, hall, workload, year) for hall, workload in uses[rack, pool, duty]}
    return {of for of in found if (of[0], of[2], of[4]) in _in_play(case)}


def moves_out(case: Case) -> set[tuple[str, str, str, str, int]]:
    """List racks that may leave training: when they come of age, or a year later, if inference takes them."""
    taken = {(racks.site, racks.rack, racks.label, year) for racks, year in _arriving(case)}
    return {
        (racks.site, racks.rack, racks.hall, racks.label, year)
        for racks, year in _leaving(case)
        if (racks.site, racks.rack, racks.label, year) in taken
    }


def moves_in(case: Case) -> set[tuple[str, str, str, str, int]]:
    """List racks that may enter inference, in every hall that may house them, as they leave training."""
    return {(racks.site, racks.rack, racks.hall, racks.label, year) for racks, year in _arriving(case)}


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


# --- topologies ------------------------------------------------------------------------------


def allowed_topologies(case: Case) -> list[str]:
    """Return the topologies that new halls may have."""
    asked = case.scenario.halls.redundancy
    return [name for name in ids_of(case, "redundancy") if asked == "all" or name in asked]


@once
def topologies_built(case: Case) -> list[str]:
    """Return the topologies of new halls: those allowed, but for what another one replaces.

    One that no workload needs is replaced by one that serves the same and has no more of anything that costs.
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
    asked, fleets, racks = case.scenario.racks, case.data("operator_fleets"), case.by("racks", "rack")
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
        for year, last_year in case.last_years.items():
            if max(arrives, first[rack]) <= year and not (asked.end_of_sale and year > last[rack]):
                halls = (of for fits, of in rack_cooling(case) if fits == rack and begins[of] <= last_year)
                found |= {(workload, rack, cooling, year) for cooling in halls}
    return found


# --- designs on offer -----------------------------------------------------------------------


def may_serve(case: Case, kind: str) -> tuple[Floats, Bools]:
    """Return when what is decided first serves, (site, year), and whether it does in the year."""
    months = months_to_service(case)[kind].loc[ids_of(case, "site")].to_numpy(dtype=np.float64)
    start = (decision_start(case) + months / 12.0)[:, None]
    return np.maximum(start, np.array(case.years)), start < np.array([*case.last_years.values()]) + 1.0


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


@once
def growing(case: Case) -> set[str]:
    """List the sites at which the scenario wants new halls."""
    return {*ids_of(case, "site")} - {*without_new_halls(case)}
