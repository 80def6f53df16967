"""What can be found of an infeasible scenario without a solve: reach, halls, power, racks.

Each check is a necessary condition, so a scenario that has a plan passes all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.inputs.build import PreparedScenario


_SLACK: Final = 1e-6  # [-], of what is needed


@dataclass(frozen=True)
class Shortage:
    """Something that there is too little of, whatever the plan."""

    check: str  # what was compared
    place: dict[str, str]  # where and when, by labels
    needed: float  # what demand asks for at the least, and what there is at the most
    there_is: float
    unit: str  # unit of both
    words: str  # the same as a sentence


def shortages(question: PreparedScenario) -> tuple[Shortage, ...]:
    """Compare demand with reach, and what it needs with halls, power and racks, year by year."""
    if question.inputs.demand.unmet.size:
        return ()
    return (*_out_of_reach(question), *_too_little(question))


def _out_of_reach(question: PreparedScenario) -> Iterator[Shortage]:
    """Users that no site can serve in a year, whom no cloud serves either."""
    p = question.inputs
    demand = p.demand.demand
    has_way = np.zeros(demand.size, dtype=np.bool_)
    for over in (p.demand.served, p.rent.rented):
        has_way[demand.find(over)] = True
    saved = np.zeros(demand.size)
    lever = p.levers.adopted
    for i in range(lever.size):
        same = (demand["workload"] == lever["workload"][i]) & (demand["year"] == lever["year"][i])
        saved[same] += p.levers.saving_frac[i] * p.levers.max_adoption_frac[i]
    has_way |= saved >= 1.0
    keyed = p.demand.no_route.set_index(["region", "workload"])
    nearest = keyed[["nearest_site", "nearest_rtt_ms", "bound_ms"]].apply(tuple, axis=1).to_dict()
    route = set(zip(p.demand.route.labels("region"), p.demand.route.labels("workload"), strict=True))
    for i in np.flatnonzero(~has_way).tolist():
        region, workload, year = demand.tuples(i)
        kh100e = float(p.demand.demand_kh100e[i])
        place = {"region": region, "workload": workload, "year": year}
        who = f"{workload} of {region} in {year} ({amount(kh100e)} kH100e)"
        if (region, workload) in nearest:
            site, rtt, bound = nearest[region, workload]
            if rtt > bound:
                words = f"{who}: no site within {amount(bound)} ms; the nearest, {site}, is at {rtt:.1f} ms"
                yield Shortage("reach", place, rtt, bound, "ms", words)
                continue
        why = (
            "sites in reach have no racks for it in that year: new halls and racks come too late, "
            "or none of a kind that it admits"
            if (region, workload) in route
            else "no site in reach that its residency admits"
        )
        yield Shortage("reach", place, kh100e, 0.0, "kH100e", f"{who}: {why}")


def _too_little(question: PreparedScenario) -> Iterator[Shortage]:
    """Halls, power and racks against the least that demand needs of each, by year."""
    p = question.inputs
    years = p.sets.year.labels
    owed = _owed_kh100e(question)
    racks = p.racks
    throughput = racks.throughput_kh100e_per_mw
    kinds: tuple[tuple[str, str, Floats, Floats], ...] = (
        ("halls", "MW of halls", racks.hall_mw_per_mw, _most_halls_mw(question)),
        ("power", "MW of connection", racks.idle_mw_per_mw + racks.dynamic_mw_per_mw, _most_firm_mw(question)),
        ("racks", "MW of racks", np.ones(throughput.size), _most_racks_mw(question)),
    )
    for check, unit, per_mw, most in kinds:
        least = np.full(len(p.sets.workload), np.inf)
        per_kh100e = np.where(throughput > 0.0, per_mw / np.where(throughput > 0, throughput, 1), np.inf)
        np.minimum.at(least, racks.deployment["workload"], per_kh100e)
        # Nothing needs nothing, also of a workload that no rack can do.
        need = np.multiply(owed, least[:, None], out=np.zeros(owed.shape), where=owed > 0.0)
        needed = need.sum(axis=0)
        for t in np.flatnonzero(needed * (1.0 - _SLACK) > most):
            words = (
                f"{years[t]}: demand needs at least {amount(float(needed[t]))} {unit}, "
                f"and there can be at most {amount(float(most[t]))}"
            )
            place = {"year": years[t]}
            yield Shortage(check, place, float(needed[t]), float(most[t]), "MW", words)


def _owed_kh100e(question: PreparedScenario) -> Floats:
    """Compute that sites must carry at the least, whatever is rented or saved. (workload, year)"""
    p = question.inputs
    demand = p.demand.demand
    owed = np.zeros((len(p.sets.workload), len(p.sets.year)))
    np.add.at(owed, (demand["workload"], demand["year"]), p.demand.demand_kh100e)
    lever = p.levers.adopted
    saved = np.zeros(owed.shape)
    np.add.at(saved, (lever["workload"], lever["year"]), p.levers.saving_frac * p.levers.max_adoption_frac)
    owed *= np.maximum(1.0 - saved, 0.0)
    may_rent = np.zeros(owed.shape, dtype=np.bool_)
    may_rent[p.rent.rented["workload"], p.rent.rented["year"]] = True
    rented = np.minimum(np.where(may_rent, owed, 0.0).sum(axis=0), p.rent.depth_kh100e)
    # What clouds have is taken off every workload that may rent: more than they can give in all.
    return np.asarray(np.where(may_rent, np.maximum(owed - rented, 0.0), owed))


def _most_halls_mw(question: PreparedScenario) -> Floats:
    """Critical IT power that could exist in each year."""
    p = question.inputs
    sites, years = len(p.sets.site), len(p.sets.year)
    standing = np.zeros((sites, years))
    np.add.at(standing, (p.halls.hall["site"], p.halls.hall["year"]), p.halls.existing_mw)
    rate = np.zeros((sites, years))
    site_year = p.sites.site_year
    can_build = np.zeros((sites, years), dtype=np.bool_)
    can_build[p.halls.build["site"], p.halls.build["year"]] = True
    rate[site_year["site"], site_year["year"]] = p.sites.build_rate_mw
    built = np.where(can_build, rate, 0.0).cumsum(axis=1)
    land = np.maximum(p.sites.land_limit_mw[:, None], standing)
    # A retrofit may leave a hall with more than it had.
    gain = np.maximum(p.halls.retrofit_capacity_frac.max(initial=1.0), 1.0)
    own = np.minimum(gain * standing + built, gain * land)
    leased = np.zeros((sites, years), dtype=np.bool_)
    leased[p.halls.lease["site"], p.halls.lease["year"]] = True
    return np.asarray((own + np.where(leased, p.halls.lease_depth_mw[:, None], 0.0)).sum(axis=0))


def _most_firm_mw(question: PreparedScenario) -> Floats:
    """Most firm connection in each year, zone by zone; infinite with on-site sources."""
    p = question.inputs
    grid, years = p.grid, len(p.sets.year)
    firm = np.zeros((len(p.sets.zone), years))
    np.add.at(firm, (p.sets.site_zone[grid.firm["site"]], grid.firm["year"]), grid.firm_mw)
    room = np.full(firm.shape, np.inf)
    every = grid.headroom_by_zone
    zone, year = p.sets.zone.codes(every["zone"]), p.sets.year.codes(every["year"].astype(str))
    room[zone, year] = np.maximum(every["limit_mw"] - every["committed_mw"], 0.0)
    can_add = np.zeros(firm.shape, dtype=np.bool_)
    for site, first in zip(grid.expand["site"], grid.expand["year"], strict=True):
        can_add[p.sets.site_zone[site], first:] = True
    total = (firm + np.where(can_add, room, 0.0)).sum(axis=0)
    leases = np.zeros(years)
    lease_sites = np.unique(np.stack([p.halls.lease["site"], p.halls.lease["year"]]), axis=1)
    np.add.at(leases, lease_sites[1], grid.lease_firm_mw_per_mw * p.halls.lease_depth_mw[lease_sites[0]])
    has_sources = np.zeros(years, dtype=np.bool_)
    has_sources[p.supply.capacity["year"]] = True
    return np.where(has_sources, np.inf, total + leases)


def _most_racks_mw(question: PreparedScenario) -> Floats:
    """Racks that could be alive in each year: stock, and all that vendors have delivered."""
    p = question.inputs
    racks, years = p.racks, len(p.sets.year)
    stock = np.zeros(years)
    np.add.at(stock, racks.fleet["year"], racks.stock_mw)
    vendors = len(p.sets.vendor)
    limit = np.full((vendors, years), np.inf)
    limit[racks.delivery["vendor"], racks.delivery["year"]] = racks.delivery_limit_mw
    may_buy = np.zeros((vendors, years), dtype=np.bool_)
    may_buy[p.sets.rack_vendor[racks.install["rack"]], racks.install["year"]] = True
    return np.asarray(stock + np.where(may_buy, limit, 0.0).sum(axis=0).cumsum())
