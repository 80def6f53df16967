"""Power under contract: what is in force, delivered, used and claimed; clean targets."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.clock.profiles import share_in_force
from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import yearly
from planner.lp.index import cross, locate, pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Comparison, Expression, Index, Variable
    from planner.model.variables import Model


class ContractTerms:
    """Agreements signed, what they deliver, what of it is used and what counts as clean."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.contracts
        p, new = self.p, m.problem.variable
        self.signed_mw: Variable = new("signed_mw", p.sign)
        self.contract_mw: Variable = new("contract_mw", p.force)
        self.take_mw: Variable = new("take_mw", p.take)
        self.claim_mw: Variable = new("claim_mw", p.claim)

    # --- what is in force ---------------------------------------------------------------

    @cached_property
    def _in_force(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """For every agreement signed and year in which it delivers, the share of the year."""
        p = self.p
        signed, now = pairs(p.sign, p.force, on=("contract", "zone"))
        year = p.force["year"][now]
        share = share_in_force(p.sign_start[signed], p.sign_end[signed], self.m.year[year], self.m.span_years[year])
        runs = share > 0.0
        return signed[runs], now[runs], share[runs]

    @cached_property
    def _existing_in_force_mw(self) -> Floats:
        """Capacity signed before the plan, mean over the year. [MW], shape (force,)"""
        p, mw = self.p, np.zeros(self.p.force.size)
        signed, now = pairs(p.existing, p.force, on=("contract", "zone"))
        year = p.force["year"][now]
        share = share_in_force(
            p.existing_start[signed], p.existing_end[signed], self.m.year[year], self.m.span_years[year]
        )
        mw[now] = share * p.existing_mw[signed]
        return mw

    @cached_property
    def in_force_mw(self) -> Expression:
        """Capacity in force, mean over the year. [MW], (contract, zone, year)"""
        signed, now, share = self._in_force
        return self.signed_mw.map(self.p.force, signed, now, share) + self._existing_in_force_mw

    @cached_property
    def mwh_per_mw(self) -> Floats:
        """Energy that a MW delivers in a year. [MWh/MW], shape (force,)"""
        over = self.p.force
        profile = self.p.profile_frac[over["contract"], over["zone"]]
        return np.asarray(profile @ self.m.p.days.weight_h)

    @cached_property
    def strike_usd(self) -> Expression:
        """What is paid for all that is delivered in a year. [USD], (contract, zone, year)"""
        signed, now, share = self._in_force
        price = self.p.strike_usd_per_mwh[signed] * self.mwh_per_mw[now]
        paid_before = np.zeros(self.p.force.size)
        before, then = pairs(self.p.existing, self.p.force, on=("contract", "zone"))
        paid_before[then] = self.p.existing_usd_per_mwh[before] * self.mwh_per_mw[then]
        return self.signed_mw.map(self.p.force, signed, now, share * price) + paid_before * self._existing_in_force_mw

    @cached_property
    def market_usd_per_mw(self) -> Floats:
        """What the market pays for a year's output of a MW. [USD/MW], shape (force,)"""
        over = self.p.force
        profile = self.p.profile_frac[over["contract"], over["zone"]]
        price = self.p.market_usd_per_mwh[over["zone"], over["year"]]
        return np.asarray((profile * price) @ self.m.p.days.weight_h)

    # --- what it delivers ---------------------------------------------------------------

    @cached_property
    def output(self) -> Index:
        """(contract, zone, year, slot) of what may be in force."""
        return cross(self.p.force, self.m.p.sets.slot, name="contract_slot")

    @cached_property
    def output_mw(self) -> Expression:
        """What agreements deliver. [MW], (contract, zone, year, slot)"""
        at = self.output
        profile = self.p.profile_frac[at["contract"], at["zone"], at["slot"]]
        return profile * self.contract_mw.on(at)

    @cached_property
    def delivered_mw(self) -> Expression:
        """What physical agreements deliver. [MW], (zone, year, slot)"""
        physical = self.p.is_physical[self.output["contract"]]
        return self.output_mw.select(physical).sum_to(self.p.delivery)

    def of_pool_mw(self, pools: Index) -> Expression:
        """Return what agreements of the pools deliver. [MW], (pool, year, slot)"""
        at, p = self.output, self.p
        place = locate(pools, p.zone_pool[at["zone"]], at["year"], at["slot"])
        known = np.flatnonzero(place >= 0)
        return self.output_mw.map(pools, known, place[known])

    def by_pool(self, of_slots: Expression, pools: Index) -> Expression:
        """Add up what is over (site, year, slot) to pools: (pool, year) or (pool, year, slot)."""
        at = of_slots.over
        rest = [np.asarray(at[name]) for name in pools.axis_names[1:]]
        place = locate(pools, np.asarray(self.p.site_pool[at["site"]]), *rest)
        known = np.flatnonzero(place >= 0)
        return of_slots.map(pools, known, place[known])

    # --- what is clean ------------------------------------------------------------------

    @cached_property
    def use_mw(self) -> Expression:
        """Power that sites use, by the balance, which is exact in the slots that count. [MW], (site, year, slot)"""
        return (self.m.supply_mw - self.m.supply.use_mw).on(self.p.count)

    @cached_property
    def clean_mw(self) -> Expression:
        """Clean power used. [MW], (site, year, slot) of those that count.

        Own clean power that is not curtailed, sold or stored, what comes back from stores, what is claimed of
        contracts, and the grid's clean share of the rest of what is drawn.
        """
        p, supply, over = self.p, self.m.supply, self.p.count
        share = p.clean_frac[self.m.p.power.slot.find(over)]
        claimed = self.claim_mw.on(over, missing="zero")
        own = supply.own_clean_mw.on(over)
        return own + claimed + share * (self.m.import_mw.on(over) - claimed)


@constraint(over="contract, zone, year", unit="MW", links="sum")
def contract_in_force(m: Model) -> Comparison:
    r"""What is in force in a year is what was signed and whose term has not ended.

    .. math:: q_{czt} = \alpha_{ct}\, b^0_{cz} + \sum_v \alpha_{cvt}\, b_{czv}
        \qquad \forall c, z, t

    :math:`\alpha` is the share of the year between begin and end of delivery; :math:`b^0` is signed
    already, and kept to its end.
    """
    return m.contracts.contract_mw == m.contracts.in_force_mw


@constraint(over="contract, zone, year", unit="MW")
def contract_limit(m: Model) -> Comparison:
    r"""No more of an offer is in force in a zone than is on offer there.

    .. math:: q_{czt} \le \bar{q}_c \qquad \forall c, z, t

    The dual is what one more MW on offer is worth.
    """
    p = m.p.contracts
    return m.contracts.contract_mw.on(p.limit) <= p.limit_mw


@constraint(over="zone, year, time slice", unit="MW", links="stock")
def contract_delivery(m: Model) -> Comparison:
    r"""Sites of a zone take no more than its physical agreements deliver in the time slice.

    .. math:: \sum_{s \in z} u_{sth} \le \sum_{c \in \mathrm{phys}} a_{czh}\, q_{czt}
        \qquad \forall z, t, h

    What they do not take is lost: it is paid for and not sold.

    Source: pay-as-produced physical agreements.
    """
    p = m.p.contracts
    at = p.take
    place = locate(p.delivery, m.p.sets.site_zone[at["site"]], at["year"], at["slot"])
    taken = m.contracts.take_mw.map(p.delivery, np.arange(at.size), place)
    return taken <= m.contracts.delivered_mw


@constraint(over="site, year, time slice", unit="MW", links="stock")
def contract_use(m: Model) -> Comparison:
    r"""A site takes no more power under contract than it draws.

    .. math:: u_{sth} \le i_{sth} \qquad \forall s, t, h
    """
    take = m.p.contracts.take
    return m.contracts.take_mw <= m.import_mw.on(take)


@constraint(over="site, year, time slice", unit="MW", links="stock")
def claim_within_draw(m: Model) -> Comparison:
    r"""What is claimed as clean at a site is no more than it draws: excess does not count.

    .. math:: \kappa_{sth} \le i_{sth} \qquad \forall s, t, h

    Source: Google, 24/7 Carbon-Free Energy: Methodologies and Metrics, 2021.
    """
    claim = m.p.contracts.claim
    return m.contracts.claim_mw <= m.import_mw.on(claim)


@constraint(over="pool, year, time slice", unit="MW")
def hourly_claims(m: Model) -> Comparison:
    r"""Where contracts count by the hour, no more is claimed than they deliver in the time slice.

    .. math:: \sum_{s \in p} \kappa_{sth} \le \sum_{c,\, z \in p} a_{czh}\, q_{czt}
        \qquad \forall p, t, h

    The dual, over the hours of the time slice, is what a MWh of clean power is worth then.

    Source: as above; Riepin and Brown 2024, System-level impacts of 24/7 carbon-free electricity.
    """
    over = m.p.contracts.claim_slot
    claimed = m.contracts.by_pool(m.contracts.claim_mw, over)
    return claimed <= m.contracts.of_pool_mw(over)


@constraint(over="pool, year", unit="MW", links="stock")
def annual_claims(m: Model) -> Comparison:
    r"""Where contracts count by the year, no more is claimed in it than they deliver in it.

    .. math:: \sum_{s \in p,\, h} w_h\, \kappa_{sth}
        \le \sum_{c,\, z \in p,\, h} w_h\, a_{czh}\, q_{czt} \qquad \forall p, t

    Claims stay within the draw of their time slice, so that all but simultaneity is as by the hour.

    Source: GHG Protocol Scope 2 Guidance, 2015, market-based method.
    """
    p = m.p.contracts
    claimed = m.contracts.by_pool(_mean(m, m.contracts.claim_mw), p.claim_year)
    slots = cross(p.claim_year, m.p.sets.slot)
    return claimed <= _mean(m, m.contracts.of_pool_mw(slots)).sum_to(p.claim_year)


@constraint(over="pool, year", unit="MW")
def clean_target(m: Model) -> Comparison:
    r"""The clean share of the energy used reaches its target.

    .. math:: \sum_{s \in p,\, h} w_h \bigl( r_{sth} + \kappa_{sth}
        + \phi_{sth}\,(i_{sth} - \kappa_{sth}) \bigr)
        \ge \Theta_t \sum_{s \in p,\, h} w_h\, (F_{sth} + O_{sh}) \qquad \forall p, t

    with :math:`r` own clean power used, net of what is sold and stored, and the grid's clean
    share :math:`\phi` of what is drawn and not claimed. In MW, mean over the year; the dual over
    the hours of the year is what one more clean MWh costs.

    Source: as above.
    """
    p = m.p.contracts
    clean = m.contracts.by_pool(_mean(m, m.contracts.clean_mw), p.target)
    used = m.contracts.by_pool(_mean(m, m.contracts.use_mw), p.target)
    return clean >= p.target_frac * used


def _mean(m: Model, power_mw: Expression) -> Expression:
    """Weigh power by time slice so that its sum over a year is the mean of the year."""
    return (m.p.days.weight_h[power_mw.over["slot"]] / HOURS_PER_YEAR) * power_mw


@cost(group="contracts")
def contract_strike(m: Model) -> Expression:
    """All that agreements deliver, at their strike."""
    return yearly(m, m.contracts.strike_usd / USD_PER_MUSD)


@cost(group="contracts")
def contract_market_value(m: Model) -> Expression:
    """What the market pays for the output of financial agreements; below 0."""
    p, terms = m.p.contracts, m.contracts
    financial = ~p.is_physical[p.force["contract"]]
    value = (financial * terms.market_usd_per_mw / USD_PER_MUSD) * terms.contract_mw
    return yearly(m, -value)


@cost(group="contracts")
def contract_power_taken(m: Model) -> Expression:
    """Wholesale price that sites do not pay for power of physical agreements; mostly below 0."""
    p, take = m.p.contracts, m.p.contracts.take
    musd = m.p.days.weight_h[take["slot"]] * p.take_usd_per_mwh / USD_PER_MUSD
    return yearly(m, -(musd * m.contracts.take_mw).sum_to(m.p.sites.site_year))


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
