"""Failover: rows, outages and cuts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.family.block import Constraint, constraint, defined_in
from planner.lp import ArrayProblem, Axis, Index
from planner.lp.index import distinct, locate, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.inputs import Inputs
    from planner.lp import Comparison, Expression, Variable
    from planner.model.variables import Model

# --- The outage of a site: what others keep in reserve to take over its work within its bounds ----
#
# One site fails at a time, so that a reserve is shared between failures: it is as large as the
# largest of them asks, never their sum.


class FailoverTerms:
    """Racks that idle until a site fails."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.failover
        new = m.problem.variable
        # racks that stand by [MW of nameplate]
        self.standby_mw: Variable = new("standby_mw", self.p.standby)
        # compute that a site can take over, whichever other is lost [kH100e]
        self.reserve: Variable = new("reserve", self.p.reserve)
        # compute of a service that one other site takes over when its own is lost [kH100e]
        self.pair: Variable = new("pair", self.p.pair)

    def survives(self, p: FailoverInputs, first: int = 0) -> Comparison:
        """Return the rows of cuts from the first on: users who lack reserve find it."""
        cut = p.cut.select(np.arange(first, p.cut.size))
        of_reserve, of_served = p.cut_reserve_row >= first, p.cut_served_row >= first
        covers = self.reserve.map(cut, p.cut_reserve[of_reserve], p.cut_reserve_row[of_reserve] - first)
        return covers >= self.m.served.map(cut, p.cut_served[of_served], p.cut_served_row[of_served] - first)

    @cached_property
    def in_service_mw(self) -> Expression:
        """Racks at work and standing by. [MW], over the uses of racks"""
        used, standby = self.m.p.racks.used, self.p.standby
        at = used.find(standby)
        return self.m.used + self.standby_mw.map(used, np.arange(standby.size), at)

    @cached_property
    def carried_kh100e(self) -> Expression:
        """Compute that standby racks could carry. [kH100e], (site, workload, year)"""
        racks = self.m.p.racks
        per_mw = racks.throughput_kh100e_per_mw[racks.deployment.find(self.p.standby)]
        return (per_mw * self.standby_mw).sum_to(self.p.reserve)

    @cached_property
    def called_mw(self) -> Expression:
        """Power at the meter beyond idling, were all standby racks at work. [MW], (site, year, slot) of the peak day"""
        over, peak = self.p.standby, np.unique(self.p.power["slot"])
        at, slot = np.tile(np.arange(over.size), len(peak)), np.repeat(peak, over.size)
        place = locate(self.p.power, over["site"][at], over["year"][at], slot)
        return self.standby_mw.map(self.p.power, at, place, self.called_mw_per_mw(at, slot))

    def called_mw_per_mw(self, at: Positions, slot: NDArray[np.integer]) -> Floats:
        """Return what standby racks add at the meter once at work. [MW/MW]"""
        power, racks, over = self.m.p.power, self.m.p.racks, self.p.standby
        site, hall = over["site"][at], over["hall"][at]
        deployment = racks.deployment.find(over)[at]
        shape = power.shape_frac[site, power.deployment_shape[deployment], slot]
        overhead = power.mechanical_frac[site, self.m.p.sets.hall_cooling[hall], slot]
        overhead = overhead + power.loss_variable_frac[hall]
        return np.asarray(racks.dynamic_mw_per_mw[deployment] * shape * (1.0 + overhead))

    @cached_property
    def non_firm_mw(self) -> Expression:
        """Non-firm connection that is not switched off in the time slice. [MW], as `called_mw`"""
        over, terms = self.p.power, self.m.non_firm
        return terms.service_mw.on(over, missing="zero") - terms.off_mw.on(over, missing="zero")

    @cached_property
    def spare_output_mw(self) -> Expression:
        """What on-site sources that may run at any hour do not put out. [MW], as `called_mw`"""
        p, over = self.m.p.supply, self.m.p.supply.output
        always = np.flatnonzero(p.run_hours.find(over) < 0)
        share = p.availability_frac[over["site"], over["source"], over["slot"]]
        spare = share * self.m.supply.capacity_mw.on(over) - self.m.supply.output_mw
        return spare.select(always).sum_to(self.p.power, where="present")


@constraint(over="site, workload, year", unit="kH100e")
def reserve_capacity(m: Model) -> Comparison:
    r"""The reserve of a site is no more than its standby racks could carry.

    .. math:: q_{swt} \le \sum_{k,l} \eta_{klw}\, z_{sklwt} \qquad \forall s, w, t

    Standby racks :math:`z` are alive, take up halls and idle like those at work, so that
    load and reserve together stay within what all racks of the workload could carry. The dual is
    the value of one more kH100e of reserve here.

    Source: spinning reserve, as in unit commitment.
    """
    return m.failover.reserve <= m.failover.carried_kh100e


@constraint(over="site, year, time slice of the peak day", unit="MW")
def failover_power(m: Model) -> Comparison:
    r"""Connection and own firm sources carry a site with all its standby racks at work.

    .. math:: i_{sth} + \sum_{k,l,w} (1 + \mu_{lsh} + \lambda_l)\, \psi_{swh}\,
        \gamma_{klw}\, z_{sklwt} \le G_{st} + (1 - u_{zh})\, N_{st}
        + \sum_g \left( a_g\, \kappa_{sgt} - o_{sgth} \right)
        \qquad \forall s, t, h \in \mathrm{peak\ day}

    Cooling is that of the peak day. Failures are rare, so that the bill of energy holds the
    idling of standby racks and nothing of their work. Sources :math:`g` are those that may run
    at any hour; what they do not put out can help. Non-firm connection :math:`N` counts for what
    the time slice leaves of it.
    """
    over = m.p.failover.power
    called = m.grid_mw.on(over) + m.failover.called_mw
    return called <= m.firm_mw.on(over) + m.failover.non_firm_mw + m.failover.spare_output_mw


@constraint(over="site, workload, year", unit="kH100e")
def neighbour_reserve(m: Model) -> Comparison:
    r"""The neighbours of a site have reserve for all its load.

    .. math:: \sum_{f \in N_w(s)} q_{fwt} \ge \ell_{swt} \qquad \forall s, w, t

    Neighbours reach at least a share of its users in time, and are not barred. That all users
    find their place in the reserve is seen to by the rows of `failure_cut`. The dual is what
    the loss of this site adds to the cost of one more kH100e here.
    """
    p = m.p.failover
    covers = m.failover.reserve.map(p.neighbour, p.neighbour_reserve, p.neighbour_row)
    return covers >= m.load.on(p.neighbour)


@constraint(over="region, workload, site, year", unit="kH100e")
def standby_of_service(m: Model) -> Comparison:
    r"""All that a site serves has another site that takes it over, within its bound.

    .. math:: \sum_f x_{rwsft} = v_{rwst} \qquad \forall r, w, s, t

    Source: backup coverage, Hogan and ReVelle 1986.
    """
    p = m.p.failover
    return m.failover.pair.sum_to(p.covered) == m.served.on(p.covered)


@constraint(over="workload, site, standby, year", unit="kH100e")
def shared_reserve(m: Model) -> Comparison:
    r"""The reserve of a site takes over what it stands by for, whichever other site fails.

    .. math:: \sum_r x_{rwsft} \le q_{fwt} \qquad \forall w, s, f, t

    One site fails at a time: the reserve is the largest of these sums.

    Source: shared backup paths, as in survivable networks.
    """
    p = m.p.failover
    standby = locate(p.reserve, p.taken["standby"], p.taken["workload"], p.taken["year"])
    return m.failover.pair.sum_to(p.taken) <= m.failover.reserve.map(p.taken, standby, np.arange(p.taken.size))


@constraint(over="site, workload, year, cut", unit="kH100e")
def failure_cut(m: Model) -> Comparison:
    r"""Users whom an earlier plan left without service find reserve at the sites they reach.

    .. math:: \sum_{f \in N(A)} q_{fwt} \ge \sum_{r \in A} v_{rwst} \qquad \forall (s, w, t, A)

    :math:`A` is a set of users of the failed site :math:`s` that, in that plan, were more than the
    reserve of all sites :math:`N(A)` within their bounds. Every plan must keep such a row, so
    adding those that are broken until none is leads to the best plan of all.

    Source: supply and demand theorem, Gale 1957; Benders 1962.
    """
    return m.failover.survives(m.p.failover)


# --- The outage of each site in turn: its program, what came of it, and the rows that asks for ----

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
    """The transport problem of all failures of a workload and year: least work unserved, then shortest round trips."""

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
        """Yield the program of every workload and year: many small ones are solved sooner than a large one."""
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
    """Say what work is at stake when sites fail, and the reserves it reaches. Takes [served] and [reserve]."""
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
    return p.changed(
        failover=old.changed(
            cut=cut,
            cut_served_row=np.concatenate((old.cut_served_row, first + of_cut[belongs])),
            cut_served=np.concatenate((old.cut_served, possible[belongs])),
            cut_reserve_row=np.concatenate((old.cut_reserve_row, first + row)),
            cut_reserve=np.concatenate((old.cut_reserve, cover)),
        )
    )


def _users_who_lack(found: OutageTakeovers) -> Bools:
    """Return which services together are more than all reserves they reach. [service]

    Those left unserved, and those that reserves in their reach have taken over instead.
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


CONSTRAINTS = defined_in(globals(), Constraint)
