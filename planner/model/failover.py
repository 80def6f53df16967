r"""The outage of a site: what others keep in reserve to take over its work within its bounds.

One site fails at a time, so that a reserve is shared between failures: it is as large as the
largest of them asks, never their sum.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate
from planner.model.block import constraint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats, Positions
    from planner.inputs.failover import FailoverInputs
    from planner.lp import Comparison, Expression, Variable
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS", "FailoverTerms"]


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
        """Power at the meter beyond idling, were all standby racks at work. [MW]

        Over (site, year, slot) of the peak day: with its weather, and the users' hours.
        """
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

    Source: dcplan.
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

    Source: dcplan.
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


CONSTRAINTS = (reserve_capacity, failover_power, neighbour_reserve, standby_of_service, shared_reserve, failure_cut)
