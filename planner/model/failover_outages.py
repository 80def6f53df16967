"""The outage of each site in turn: its program, what came of it, and the rows that asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp import ArrayProblem, Axis, Index
from planner.lp.join import distinct, locate, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.inputs import Inputs
    from planner.lp import Variable


__all__ = ["OutageExposure", "OutageProgram", "OutageTakeovers", "outage_exposure", "with_cuts", "without_cuts"]

_UNSERVED_MS: Final = 1e4
"""Cost of work left unserved against the round trip of work taken over: above any detour."""
_NOISE: Final = 1e-7  # [kH100e]
_TOLERANCE: Final = 5e-7
"""Work left unserved that counts as none, as a share of the work at stake, or of 1 kH100e."""


@dataclass(frozen=True, eq=False)
class OutageTakeovers:
    """Work taken over when sites fail, one at a time."""

    service: Index  # (region, workload, site, year): work that is lost with its site, as in `served`
    kh100e: Floats  # how much of it there is. [service]
    unserved_kh100e: Floats  # what of it no other site can take. [service]
    of_service: Positions  # positions in `service` and in the reserves: every site that could take over a service
    reserve: Positions
    taken_kh100e: Floats  # what it takes over, the nearest first. [of_service]

    @property
    def is_unserved(self) -> Bools:
        """Whether more than a trace of a service stays unserved. [service]"""
        return np.asarray(self.unserved_kh100e > _TOLERANCE * np.maximum(1.0, self.kh100e))


@dataclass(frozen=True, eq=False)
class OutageProgram:
    """The transport problem of all failures of one workload and year.

    The least is left unserved, and of such ways the one with the shortest round trips is taken.
    """

    service: Positions  # positions in the services and in the pairs of service and reserve it is about
    arc: Positions
    problem: ArrayProblem  # work that is taken over, or left, within every reserve
    unserved: Variable  # work left, one for each service, and taken over, one for each pair. [kH100e]
    taken: Variable


@dataclass(frozen=True, eq=False)
class OutageExposure:
    """Work that is at stake when sites fail, and the reserves it reaches."""

    service: Index  # (region, workload, site, year): work that is lost with its site, as in `served`
    kh100e: Floats  # how much of it there is. [service]
    of_service: Positions  # positions in `service` and in the reserves: every site that could take over a service
    reserve: Positions
    rtt_ms: Floats  # round trip from its users to there. [of_service]
    reserve_kh100e: Floats  # most that each reserve takes over, whichever site fails. [reserve of p.failover]

    def programs(self) -> Iterator[OutageProgram]:
        """Yield the program of every workload and year.

        They have nothing in common, and many small programs are solved sooner than a large one.
        """
        group = distinct(self.service, "workload", "year").find(self.service)
        for one in range(int(group.max(initial=-1)) + 1):
            yield self._program(np.flatnonzero(group == one), np.flatnonzero(group[self.of_service] == one))

    def _program(self, mine: Positions, arc: Positions) -> OutageProgram:
        of_service, reserve = self.of_service[arc], self.reserve[arc]
        lost = self.service["site"][of_service].astype(np.int64)
        reserves = len(self.reserve_kh100e)
        room, of_room = np.unique(lost * reserves + reserve, return_inverse=True)
        services, arcs = _numbered("service", mine), _numbered("arc", arc)
        problem = ArrayProblem("takeover")
        taken, unserved = problem.variable("taken", arcs), problem.variable("unserved", services)
        every = np.arange(arcs.size)
        of_mine = np.searchsorted(mine, of_service)
        problem.rows("work", taken.map(services, every, of_mine) + unserved == self.kh100e[mine])
        of_rooms = taken.map(_numbered("room", room), every, of_room)
        problem.rows("reserve", of_rooms <= self.reserve_kh100e[room % reserves])
        cost = (taken * self.rtt_ms[arc]).total() + (unserved * _UNSERVED_MS).total()
        problem.minimise(cost)
        return OutageProgram(mine, arc, problem, unserved, taken)


def _numbered(name: str, positions: Positions) -> Index:
    """List positions under their own numbers, so that rows say which they are about."""
    return Index.full(name, Axis(name, tuple(map(str, positions.tolist()))))


def outage_exposure(p: Inputs, served_kh100e: Floats, reserve_kh100e: Floats) -> OutageExposure:
    """Say what work is at stake when sites fail, and which reserves it reaches.

    Takes `served_kh100e` [served], `reserve_kh100e` [reserve of p.failover].
    """
    at = np.flatnonzero((served_kh100e > _NOISE) & _asked(p))
    service = p.demand.served.select(at, "service")
    of_service, reserve, rtt_ms = _options(p, service)
    return OutageExposure(service, served_kh100e[at], of_service, reserve, rtt_ms, np.asarray(reserve_kh100e))


def _asked(p: Inputs) -> Bools:
    """Return which services must survive the outage of their site. [served]"""
    asked = distinct(p.failover.reserve, "workload", "year")
    return np.asarray(asked.find(p.demand.served) >= 0)


def _options(p: Inputs, service: Index) -> tuple[Positions, Positions, Floats]:
    """Pair services with the reserves that may take them over, and their round trips."""
    route, failover = p.demand.route, p.failover
    standby = p.sets.site.renamed("standby")
    other = Index("standby route", (*route.axes[:2], standby), route.codes, route.size)
    of_service, by = pairs(service, other, on=("region", "workload"))
    site, lost = other["standby"][by], service["site"][of_service]
    reserve = locate(failover.reserve, site, service["workload"][of_service], service["year"][of_service])
    fits = failover.may_cover[lost, site] & (reserve >= 0)
    return of_service[fits], reserve[fits], p.demand.route_rtt_ms[by[fits]]


def with_cuts(p: Inputs, found: OutageTakeovers) -> Inputs:
    """Return inputs that ask for the reserves a plan lacked."""
    lacking = found.service.select(_users_who_lack(found), "lacking")
    if not lacking.size:
        return p
    # Everything that such a site could serve in any year, and who could take it over.
    served = p.demand.served
    asked = distinct(lacking, "site", "workload").find(served) >= 0
    possible = np.flatnonzero(asked & _asked(p))
    service = served.select(possible, "service")
    is_year_of_lack = distinct(lacking, "site", "workload", "year").find(service) >= 0
    is_user_who_lacks = distinct(lacking, "region", "workload", "site").find(service) >= 0
    is_about = np.where(is_year_of_lack, lacking.find(service) >= 0, is_user_who_lacks)
    failure = distinct(service.select(is_about), "site", "workload", "year", name="cut")
    of_cut = failure.find(service)
    of_service, reserve, _ = _options(p, service)
    in_reach = np.zeros((failure.size, p.failover.reserve.size), dtype=np.bool_)
    about = is_about[of_service]
    in_reach[of_cut[of_service[about]], reserve[about]] = True
    # Users who reach no other sites than these belong to the cut, whether served here or not.
    outside = ~in_reach[of_cut[of_service], reserve]
    belongs = np.bincount(of_service[outside], minlength=service.size) == 0
    belongs &= of_cut >= 0
    row, cover = np.nonzero(in_reach)
    old = p.failover
    first = old.cut.size
    label = Axis("cut", tuple(str(i + 1) for i in range(first + failure.size)))
    codes = tuple(np.concatenate((old.cut[name], failure[name])) for name in ("site", "workload", "year"))
    cut = Index.sparse(
        "cut", (p.sets.site, p.sets.workload, p.sets.year, label), (*codes, np.arange(first + failure.size))
    )
    return replace(
        p,
        failover=replace(
            old,
            cut=cut,
            cut_served_row=np.concatenate((old.cut_served_row, first + of_cut[belongs])),
            cut_served=np.concatenate((old.cut_served, possible[belongs])),
            cut_reserve_row=np.concatenate((old.cut_reserve_row, first + row)),
            cut_reserve=np.concatenate((old.cut_reserve, cover)),
        ),
    )


def without_cuts(p: Inputs) -> Inputs:
    """Return inputs as they were before any cut was added to them."""
    if not p.failover.cut.size:
        return p
    axes = (p.sets.site, p.sets.workload, p.sets.year, Axis("cut", ("1",)))
    nothing = np.zeros(0, dtype=np.intp)
    return replace(
        p,
        failover=replace(
            p.failover,
            cut=Index.sparse("cut", axes, [nothing] * len(axes)),
            cut_served_row=nothing,
            cut_served=nothing,
            cut_reserve_row=nothing,
            cut_reserve=nothing,
        ),
    )


def _users_who_lack(found: OutageTakeovers) -> Bools:
    """Return which services compete for too little reserve. [service]

    Those left unserved, and those that reserves in their reach have taken over instead: together
    they are more than all reserves they reach.
    """
    lacking = found.is_unserved
    lost = found.service["site"][found.of_service].astype(np.int64)
    reserves = int(found.reserve.max(initial=0)) + 1
    _, room = np.unique(lost * reserves + found.reserve, return_inverse=True)
    is_used = found.taken_kh100e > _NOISE
    while True:
        full = np.zeros(int(room.max(initial=-1)) + 1, dtype=np.bool_)
        full[room[lacking[found.of_service]]] = True
        grown = lacking.copy()
        grown[found.of_service[is_used & full[room]]] = True
        if (grown == lacking).all():
            return lacking
        lacking = grown
