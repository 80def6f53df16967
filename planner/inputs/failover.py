"""Which sites cover for which when a site fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.arrays import Record
from planner.family.table_columns import floats, mask_at
from planner.inputs.axes import ANYWHERE
from planner.lp import Axis, Index
from planner.lp.index import cross, distinct, locate, pairs
from planner.place.geo import geodesic_km

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import DemandInputs
    from planner.inputs.racks import RackInputs


class FailoverInputs(Record):
    """Standby racks, and what they must be able to take over.

    All lists are empty where no workload asks for failover. Of the lists of the two forms,
    `neighbour` and `pair`, one at most has tuples. Cuts are added between solves.
    """

    def __init__(self, case: ScopedCase, sets: Sets, racks: RackInputs, demand: DemandInputs) -> None:
        use, load, served, asks = racks.used, demand.load, demand.served, needs_failover(case, sets)
        by_neighbours = case.scenario.failover.form == "neighbours"
        # (site, rack, hall, workload, year): uses of racks that may stand by
        self.standby: Index = use.select(asks[use["workload"], use["year"]], "standby")
        # (site, workload, year)
        self.reserve: Index = distinct(self.standby, "site", "workload", "year", name="reserve")
        slots = cross(distinct(self.reserve, "site", "year"), sets.slot, "failover_power")
        # (site, year, slot): slots of the peak day where racks may stand by
        self.power: Index = slots.select(np.asarray(case.days.is_peak, dtype=np.bool_)[slots["slot"]])
        # [failed site, site]: whether the second may stand in for the first
        self.may_cover = may_cover_for(case)
        _note_alone(case, demand, asks, self.may_cover)
        # (site, workload, year): loads that neighbours cover together
        self.neighbour: Index = load.select(asks[load["workload"], load["year"]] & by_neighbours, "neighbour")
        covers = self.may_cover & _is_neighbour(case, demand)
        row, cover = pairs(self.neighbour, self.reserve, on=("workload", "year"))
        sites = self.neighbour["site"][row], self.reserve["site"][cover]
        stands_in = covers[self.neighbour["workload"][row], *sites]
        # every load with the reserves of its neighbours: [neighbour of a load] -> neighbour, reserve
        self.neighbour_row: Positions = row[stands_in]
        self.neighbour_reserve: Positions = cover[stands_in]
        # (region, workload, site, year): services that have a standby of their own
        is_covered = asks[served["workload"], served["year"]] & (not by_neighbours)
        self.covered: Index = served.select(is_covered, "covered")
        # (region, workload, site, standby, year) and (workload, site, standby, year)
        self.pair: Index = _pairs(case, sets, demand, self.covered, self.reserve, self.may_cover)
        self.taken: Index = distinct(self.pair, "workload", "site", "standby", "year", name="taken")
        # (site, workload, year, cut): failures that a plan did not survive
        axes = (sets.site, sets.workload, sets.year, Axis("cut", ("1",)))
        self.cut: Index = Index.sparse("cut", axes, [[], [], [], []])
        # [service in a cut] -> cut, served; [reserve in a cut] -> cut, reserve
        self.cut_served_row: Positions = np.zeros(0, dtype=np.intp)
        self.cut_served: Positions = self.cut_served_row
        self.cut_reserve_row: Positions = self.cut_served_row
        self.cut_reserve: Positions = self.cut_served_row


def needs_failover(case: ScopedCase, sets: Sets) -> Bools:
    """Return for which workloads and years the outage of a site must be survived."""
    given = case.scenario.workloads
    asks = np.array([name in given and given[name].failover is True for name in sets.workload.labels])
    first = case.scenario.failover.from_year or case.years.first
    return np.asarray(asks[:, None] & (np.asarray(case.years.years) >= first))


def _note_alone(case: ScopedCase, demand: DemandInputs, asks: Bools, may_cover: Bools) -> None:
    """Note users whom a site reaches, but no two that may stand in for each other."""
    wanted, reaches = demand.demand, _reaches(demand)
    has_two = reaches_two(reaches, may_cover)
    is_alone = reaches.any(axis=2) & ~has_two
    in_question = asks[wanted["workload"], wanted["year"]]
    labels = wanted.axis("region").labels
    for code in np.unique(wanted["workload"][in_question]):
        own = in_question & (wanted["workload"] == code)
        alone = own & is_alone[wanted["region"], code]
        if not alone.any():
            continue
        regions = [labels[at] for at in np.unique(wanted["region"][alone])]
        named = ["users anywhere" if name == ANYWHERE else name for name in regions]
        count = len(np.unique(wanted["region"][own]))
        share = demand.demand_kh100e[alone].sum() / demand.demand_kh100e[own].sum()
        workload = wanted.axis("workload").labels[code]
        case.findings.add_note(
            f"{workload}: failover is set, but no two sites that may cover for each other reach {len(named)} of {count}"
            f" regions, {share:.1%} of its demand ({', '.join(named)}), so own sites serve none of that. Leave failover"
            f" out for {workload}, allow more sites, or raise rtt_bound_ms.",
            ("workloads", workload, "failover"),
        )


def _reaches(demand: DemandInputs) -> Floats:
    """Return 1 where a site reaches the users of a workload, else 0, shape (region, workload, site)."""
    return mask_at([len(axis) for axis in demand.route.axes], demand.route.codes).astype(np.float64)


def reaches_two(reaches: Floats, may_cover: Bools) -> Bools:
    """Say who reaches two sites that may cover for each other; sites are the last axis."""
    return np.asarray(((reaches @ may_cover) * reaches > 0.0).any(axis=-1))


def may_cover_for(case: ScopedCase) -> Bools:
    """Return which sites may stand in for which, shape (failed site, site)."""
    settings, sites = case.scenario.failover, case.ids("sites")
    lat, lon = floats(case.sites, "lat"), floats(case.sites, "lon")
    near_km = geodesic_km(lat[:, None], lon[:, None], lat, lon)
    barred = np.eye(len(sites), dtype=np.bool_) | (near_km < settings.barred_within_km)
    for together in (*settings.barred_pairs, *settings.barred_groups.values()):
        at = [sites.index(site) for site in together if site in sites]  # others are out of scope
        barred[np.ix_(at, at)] = True
    return ~barred


def _is_neighbour(case: ScopedCase, demand: DemandInputs) -> Bools:
    """Return which sites reach enough of another's users, shape (workload, failed site, site)."""
    users = _common_users(demand)
    least = case.scenario.failover.neighbour_users_frac * np.einsum("wss->ws", users)[:, :, None] * (1.0 - 1e-9)
    return np.asarray((users > 0.0) & (users >= least))


def _common_users(demand: DemandInputs) -> np.ndarray:
    """Compute wanted by users whom both sites reach, shape (workload, site, site). [kH100e]"""
    reaches = _reaches(demand)
    wanted = np.zeros(reaches.shape[:2])
    np.add.at(wanted, (demand.demand["region"], demand.demand["workload"]), demand.demand_kh100e)
    return np.asarray(np.einsum("rw,rws,rwf->wsf", wanted, reaches, reaches, optimize=True))


def _pairs(
    case: ScopedCase, sets: Sets, demand: DemandInputs, covered: Index, reserve: Index, may_cover: Bools
) -> Index:
    """Pair every service with the standbys nearest to its users."""
    route, standby = demand.route, sets.site.renamed("standby")
    other = Index("standby route", (*route.axes[:2], standby), route.codes, route.size)
    service, one = pairs(covered, other, on=("region", "workload"))
    workload, failed, year = (covered[name][service] for name in ("workload", "site", "year"))
    fits = may_cover[failed, other["standby"][one]]
    fits &= locate(reserve, other["standby"][one], workload, year) >= 0
    service, one = service[fits], one[fits]
    # The nearest first, by service; users who may be anywhere have no nearest and take all.
    order = np.lexsort((other["standby"][one], demand.route_rtt_ms[one], service))
    service, one = service[order], one[order]
    rank = np.arange(len(one)) - np.searchsorted(service, service)
    most = case.scenario.failover.nearest_standbys
    if most != "all":
        near = (rank < most) | (np.array(sets.region.labels, dtype=object)[covered["region"][service]] == ANYWHERE)
        service, one = service[near], one[near]
    region, workload, failed, year = (covered[name][service] for name in ("region", "workload", "site", "year"))
    axes = (sets.region, sets.workload, sets.site, standby, sets.year)
    return Index.sparse("pair", axes, (region, workload, failed, other["standby"][one], year))


def has_failover(case: ScopedCase) -> bool:
    """Return whether a workload in scope asks for failover."""
    asks = [id_ for id_, own in case.scenario.workloads.items() if own.failover]
    return bool(set(asks) & set(case.ids("workloads")))
