"""Non-firm connection: off in stress time slices, within what a zone can take; load shed then."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.clock.profiles import share_in_force
from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.payments import Purchase, yearly
from planner.lp import Index
from planner.lp.index import pairs

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Comparison, Expression, Variable
    from planner.model.variables import Model


class NonFirmTerms:
    """Connection that may be switched off, and load left unserved then."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.non_firm
        new = m.problem.variable
        self.connect_mw: Variable = new("connect_mw", self.p.connect)
        self.discounted_mw: Variable = new("discounted_mw", self.p.billing)
        self.shed_mw: Variable = new("shed_mw", self.p.shed.slot)

    @cached_property
    def service_by_tier_mw(self) -> Expression:
        """Non-firm connection in service, mean over the year. [MW], (site, year, tier)"""
        return self._in_service(self.p.service_tier, self.p.start, self.p.turns_firm)

    @cached_property
    def service_mw(self) -> Expression:
        """Non-firm connection in service, mean over the year. [MW], (site, year)"""
        return self.service_by_tier_mw.sum_to(self.p.service)

    @cached_property
    def off_mw(self) -> Expression:
        """Non-firm connection that is off. [MW], (site, year, slot) of stress"""
        return self._shared(self.p.stress, self.p.off_frac)

    @cached_property
    def shed_room_mw(self) -> Expression:
        """Most that may be shed in the hours for it. [MW], (site, year, slot) of shedding"""
        return self._shared(self.p.shed.slot, self.p.shed.hours_frac)

    def _shared(self, over: Index, share: Floats) -> Expression:
        """Return the share of non-firm connection by tier, added up. `share` [zone, tier, slot]"""
        tier, here = pairs(self.p.service_tier, over, on=("site", "year"))
        zone = self.m.p.sets.site_zone[over["site"][here]]
        part = share[zone, self.p.service_tier["tier"][tier], over["slot"][here]]
        some = part > 0.0
        return self.service_by_tier_mw.map(over, tier[some], here[some], part[some])

    @cached_property
    def turned_firm_mw(self) -> Expression:
        """Connection that was non-firm and is firm, mean over the year. [MW], (site, year)"""
        never = np.full(self.p.connect.size, np.inf)
        return self._in_service(self.m.p.grid.firm, self.p.turns_firm, never)

    def _in_service(self, over: Index, begin: Floats, end: Floats) -> Expression:
        """Return what counts between two moments, for its share of each year."""
        common = tuple(name for name in ("site", "tier") if name in over.axis_names)
        asked, now = pairs(self.p.connect, over, on=common)
        year = over["year"][now]
        share = share_in_force(begin[asked], end[asked], self.m.year[year], self.m.span_years[year])
        counts = (share > 0.0) & (self.p.connect["year"][asked] <= year)
        return self.connect_mw.map(over, asked[counts], now[counts], share[counts])

    @cached_property
    def shed_mwh(self) -> Expression:
        """Energy not served in a year. [MWh], (site, year)"""
        hours = self.m.p.days.weight_h[self.p.shed.slot["slot"]]
        shed: Expression = hours * self.shed_mw
        return shed.sum_to(self.p.shed.site_year)

    @cached_property
    def interruptible_mw(self) -> Expression:
        """IT power of deferrable work that may be lost, where it is done. [MW], (site, year, slot) of shedding"""
        m, p = self.m, self.m.p
        slot, used = self.p.shed.slot, p.racks.used
        share = self.p.shed.deployment_frac[m.deployment_of_used]
        use, here = pairs(used, slot, on=("site", "year"))
        at, of = m.deployment_of_used[use], slot["slot"][here]
        shape = p.power.shape_frac[used["site"][use], p.power.deployment_shape[at], of]
        per_mw = p.racks.idle_mw_per_mw[at] + shape * p.racks.dynamic_mw_per_mw[at]
        waits = share[use] > 0.0
        due = m.used.map(slot, use[waits], here[waits], (share[use] * per_mw)[waits])
        elsewhere = m.shifted_mw + m.migration.migrated_mw
        return due + elsewhere.on(slot)


def connected_by(m: Model, asked: Expression, limits: Index, year: np.ndarray | None = None) -> Expression:
    """Add up what is connected in a zone by a year. Takes `asked` [MW], `limits` (zone, year). Gives [MW]."""
    over = asked.over
    by_zone = Index(
        "connected by zone",
        (limits.axis("zone"), over.axis("year")),
        (m.p.sets.site_zone[over["site"]].astype(np.int32), over["year"]),
        over.size,
    )
    one, limit = pairs(by_zone, limits, on=("zone",))
    from_year = (over["year"] if year is None else year)[one]
    counts = (from_year >= 0) & (from_year <= limits["year"][limit])
    if "tier" in over.axis_names and "tier" in limits.axis_names:
        counts &= over["tier"][one] <= limits["tier"][limit]
    return asked.map(limits, one[counts], limit[counts])


@constraint(over="site, year, stress time slice", unit="MW")
def non_firm_power(m: Model) -> Comparison:
    r"""In a stress time slice a site draws its firm connection and what is left of the non-firm.

    .. math:: i_{sth} \le G_{st} + \sum_\rho (1 - u_{z\rho h})\, N_{st\rho}
        \qquad \forall s, t, h: u_{zh} > 0

    :math:`u` is the share of the time slice in which the zone's non-firm power is off. The hours
    that a curtailment rate switches off, :math:`\rho \cdot 8760`, fill the zone's most stressed
    time slices one after the other, so at most one time slice of a zone is off in part. Where those
    last in are off first, each rate up to the chosen one is a tier with hours of its own. The dual
    is what a MW of power is worth in that time slice.

    Source: dcplan, after Norris et al. 2025, Rethinking Load Growth.
    """
    p = m.p.non_firm
    left = m.non_firm.service_mw.on(p.stress) - m.non_firm.off_mw
    return m.import_mw.on(p.stress) <= m.firm_mw.on(p.stress) + left


@constraint(over="zone, year, curtailment rate", unit="MW")
def all_headroom(m: Model) -> Comparison:
    r"""New connections in a zone, firm and off for no more than a rate, stay within its headroom.

    .. math:: \sum_{s \in z} \sum_{v \le t} \Bigl( g_{sv}
        + \sum_{\rho' \le \rho} n_{sv\rho'} \Bigr) \le \bar{N}_{zt\rho}
        \qquad \forall z, t, \rho

    The rate is the chosen one; where those last in are off first, also each below it. The dual is
    what one more MW of headroom at that rate is worth.

    Source: headroom as in Norris et al. 2025, Rethinking Load Growth.
    """
    p = m.p.non_firm
    new = connected_by(m, m.expand, p.headroom) + connected_by(m, m.non_firm.connect_mw, p.headroom)
    return new <= p.headroom_mw


@constraint(over="site, year, billing period", unit="MW", links="stock")
def discounted_peak(m: Model) -> Comparison:
    r"""No more of a billed peak gets the discount than the peak itself.

    .. math:: b_{stm} \le P_{stm} \qquad \forall s, t, m
    """
    return m.non_firm.discounted_mw <= m.peak_mw.on(m.p.non_firm.billing)


@constraint(over="site, year, billing period", unit="MW", links="stock")
def discounted_connection(m: Model) -> Comparison:
    r"""The discount on the demand charge is for power carried by non-firm connection.

    .. math:: b_{stm} \le N_{st} \qquad \forall s, t, m
    """
    return m.non_firm.discounted_mw <= m.non_firm.service_mw.on(m.p.non_firm.billing)


@constraint(over="site, year, stress time slice", unit="MW")
def shed_hours(m: Model) -> Comparison:
    r"""Load is shed in no more hours of the year than allowed, and none that firm power carries.

    .. math:: \ell_{sth} \le \sum_\rho a_{z\rho h}\, N_{st\rho} \qquad \forall s, t, h

    :math:`a` is the share of the time slice in which load may be shed: the hours allowed fill the
    zone's most stressed time slices one after the other.
    """
    return m.non_firm.shed_mw <= m.non_firm.shed_room_mw


@constraint(over="site, year, stress time slice", unit="MW", links="stock")
def shed_load(m: Model) -> Comparison:
    r"""Only deferrable work is lost: power of that share of the racks, where it is done.

    .. math:: \ell_{sth} \le \sum_{k,l,w} \phi_w (\iota_{klw} + \psi_{swh} \gamma_{klw})\,
        n_{sklwt} + \sum_{f,x} (x_{sfxth} - \psi_{sfh} \Phi_{sfxt}) + \ldots
        \qquad \forall s, t, h

    What moves between sites counts where it is done as well. What is deferred is not there to
    be shed.
    """
    return m.non_firm.shed_mw <= m.non_firm.interruptible_mw


@constraint(over="site, year", unit="MWh")
def shed_energy(m: Model) -> Comparison:
    r"""Energy shed in a year stays within a share of what the site would use.

    .. math:: \sum_h w_h\, \ell_{sth} \le \epsilon \sum_h w_h\, (F_{sth} + O_{sh})
        \qquad \forall s, t
    """
    p = m.p.non_firm.shed
    used_mwh = (m.slot_hours * m.site_mw).sum_to(p.site_year, where="present")
    return m.non_firm.shed_mwh <= p.max_energy_frac * used_mwh


@asset(kind="grid", group="grid", paid_while_built=True)
def non_firm_connection(m: Model) -> Purchase:
    """Substation and share of network upgrades for non-firm connection, repaid over their life."""
    p = m.p.non_firm
    life = np.full(p.connect.size, m.p.finance.life_years["grid"])
    return Purchase(m.non_firm.connect_mw, p.capex_musd_per_mw, p.start, life)


@cost(group="energy")
def non_firm_discount(m: Model) -> Expression:
    """Discount on the demand charge of what non-firm connection carries; below 0."""
    p, grid = m.p.non_firm, m.p.grid
    months = grid.billing_months[p.billing["period"]]
    per_mw = p.discount_usd_per_kw_month * KW_PER_MW * months / USD_PER_MUSD
    return yearly(m, (-per_mw * m.non_firm.discounted_mw).sum_to(m.p.sites.site_year))


@cost(group="rent and unmet")
def shed_load_worth(m: Model) -> Expression:
    """Load left unserved in stress time slices, at the worth of the work that is lost."""
    lost = (m.p.non_firm.shed.usd_per_mwh / USD_PER_MUSD) * m.non_firm.shed_mwh
    return yearly(m, lost.sum_to(m.p.sites.site_year))


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
