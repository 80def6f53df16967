"""What can be found of an infeasible scenario without a solve: reach, halls, power, racks.

Each check is a necessary condition, so a scenario that has a plan passes all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.words import amount
from planner.family.table_columns import mask_at, sum_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.inputs.build import PreparedScenario
    from planner.inputs.inputs import Inputs
    from planner.lp import Index


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
    p = question.inputs
    return () if p.demand.unmet.size else (*_out_of_reach(p), *_too_little(p))


def _out_of_reach(p: Inputs) -> Iterator[Shortage]:
    """Users that no site can serve in a year, whom no cloud serves either."""
    demand = p.demand.demand
    has_way = _saved_frac(p)[demand["workload"], demand["year"]] >= 1.0
    for over in (p.demand.served, p.rent.rented):
        has_way[demand.find(over)] = True
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


def _too_little(p: Inputs) -> Iterator[Shortage]:
    """Halls, power and racks against the least that demand needs of each, by year."""
    years, owed = p.sets.year.labels, _owed_kh100e(p)
    racks = p.racks
    throughput = racks.throughput_kh100e_per_mw
    kinds: tuple[tuple[str, str, Floats, Floats], ...] = (
        ("halls", "MW of halls", racks.hall_mw_per_mw, _most_halls_mw(p)),
        ("power", "MW of connection", racks.idle_mw_per_mw + racks.dynamic_mw_per_mw, _most_firm_mw(p)),
        ("racks", "MW of racks", np.ones(throughput.size), _most_racks_mw(p)),
    )
    for check, unit, per_mw, most in kinds:
        least = np.full(len(p.sets.workload), np.inf)
        per_kh100e = np.where(throughput > 0.0, per_mw / np.where(throughput > 0, throughput, 1), np.inf)
        np.minimum.at(least, racks.deployment["workload"], per_kh100e)
        # Nothing needs nothing, also of a workload that no rack can do.
        needed = np.multiply(owed, least[:, None], out=np.zeros(owed.shape), where=owed > 0.0).sum(axis=0)
        for t in np.flatnonzero(needed * (1.0 - _SLACK) > most):
            asked, there_is = float(needed[t]), float(most[t])
            said = f"demand needs at least {amount(asked)} {unit}, and there can be at most {amount(there_is)}"
            yield Shortage(check, {"year": years[t]}, asked, there_is, "MW", f"{years[t]}: {said}")


def _saved_frac(p: Inputs) -> Floats:
    """Share of the compute that levers may save. (workload, year)"""
    lever, shape = p.levers.adopted, (len(p.sets.workload), len(p.sets.year))
    return sum_at(shape, _at(lever, "workload", "year"), p.levers.saving_frac * p.levers.max_adoption_frac)


def _owed_kh100e(p: Inputs) -> Floats:
    """Compute that sites must carry at the least, whatever is rented or saved. (workload, year)"""
    demand, rented, left = p.demand.demand, p.rent.rented, np.maximum(1.0 - _saved_frac(p), 0.0)
    owed = sum_at(left.shape, _at(demand, "workload", "year"), p.demand.demand_kh100e) * left
    may_rent = mask_at(owed.shape, _at(rented, "workload", "year"))
    taken = np.minimum(np.where(may_rent, owed, 0.0).sum(axis=0), p.rent.depth_kh100e)
    # What clouds have is taken off every workload that may rent: more than they can give in all.
    return np.asarray(np.where(may_rent, np.maximum(owed - taken, 0.0), owed))


def _at(over: Index, *axes: str) -> Any:
    return tuple(over[axis] for axis in axes or ("site", "year"))


def _at_zone(p: Inputs, over: Index) -> Any:
    return p.sets.site_zone[over["site"]], over["year"]


def _leased_mw(p: Inputs) -> Floats:
    """Most that can be leased. [MW], (site, year)"""
    may_lease = mask_at((len(p.sets.site), len(p.sets.year)), _at(p.halls.lease))
    return np.where(may_lease, p.halls.lease_depth_mw[:, None], 0.0)


def _most_halls_mw(p: Inputs) -> Floats:
    """Critical IT power that could exist in each year."""
    halls, shape = p.halls, (len(p.sets.site), len(p.sets.year))
    existing = sum_at(shape, _at(halls.hall), halls.existing_mw)
    rate = sum_at(shape, _at(p.sites.site_year), p.sites.build_rate_mw)
    built = np.where(mask_at(shape, _at(halls.build)), rate, 0.0).cumsum(axis=1)
    land = np.maximum(p.sites.land_limit_mw[:, None], existing)
    # A retrofit may leave a hall with more than it had.
    gain = np.maximum(halls.retrofit_capacity_frac.max(initial=1.0), 1.0)
    own = np.minimum(gain * existing + built, gain * land)
    return np.asarray((own + _leased_mw(p)).sum(axis=0))


def _most_firm_mw(p: Inputs) -> Floats:
    """Most firm connection in each year, zone by zone; infinite with on-site sources."""
    grid, sets, shape = p.grid, p.sets, (len(p.sets.zone), len(p.sets.year))
    firm = sum_at(shape, _at_zone(p, grid.firm), grid.firm_mw)
    room, every = np.full(shape, np.inf), grid.headroom_by_zone
    place = sets.zone.codes(every["zone"]), sets.year.codes(every["year"].astype(str))
    room[place] = np.maximum(every["limit_mw"] - every["committed_mw"], 0.0)
    begins = mask_at(shape, _at_zone(p, grid.expand))
    total = (firm + np.where(np.logical_or.accumulate(begins, axis=1), room, 0.0)).sum(axis=0)
    leases = (grid.lease_firm_mw_per_mw * _leased_mw(p)).sum(axis=0)
    return np.where(mask_at(leases.shape, p.supply.capacity["year"]), np.inf, total + leases)


def _most_racks_mw(p: Inputs) -> Floats:
    """Racks that could be alive in each year: stock, and all that vendors have delivered."""
    racks, shape = p.racks, (len(p.sets.vendor), len(p.sets.year))
    stock = sum_at(shape[1:], _at(racks.fleet, "year"), racks.stock_mw)
    limit = np.full(shape, np.inf)
    limit[racks.delivery["vendor"], racks.delivery["year"]] = racks.delivery_limit_mw
    may_buy = mask_at(shape, (p.sets.rack_vendor[racks.install["rack"]], racks.install["year"]))
    return np.asarray(stock + np.where(may_buy, limit, 0.0).sum(axis=0).cumsum())
