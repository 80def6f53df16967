"""Carbon and water: limits where a scenario sets them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import M3_PER_THOUSAND_M3, T_PER_KT, USD_PER_MUSD
from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import yearly
from planner.lp import Expression

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Comparison
    from planner.model.variables import Model


class CarbonTerms:
    """Sums of emissions."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.carbon

    @cached_property
    def claimed_kt(self) -> Expression:
        """What power under contract takes off emissions of power drawn. [kt], (site, year)"""
        claim = self.m.contracts.claim_mw
        hours = self.m.p.days.weight_h[claim.over["slot"]]
        return self._to_sites(claim, hours * self.p.claim_t_per_mwh)

    @cached_property
    def embodied_kt(self) -> Expression:
        """Emissions of making what enters service, per year it stands for. [kt], (site, year)"""
        m, p = self.m, self.p
        parts = (
            (m.install, p.install_t_per_mw),
            (m.build, p.build_t_per_mw),
            (m.retrofit, p.retrofit_t_per_mw),
            (m.supply.source_mw, p.source_t_per_mw),
            (m.supply.store_mwh, p.store_t_per_mwh),
        )
        total = self._to_sites(*parts[0])
        for decision, per_unit in parts[1:]:
            total = total + self._to_sites(decision, per_unit)
        return total / m.span_years[m.p.sites.site_year["year"]]

    @cached_property
    def counted_kt(self) -> Expression:
        """Emissions that cap and price count. [kt], (site, year)"""
        return self.m.emissions_kt - self.claimed_kt + self.embodied_kt

    def _to_sites(self, decision: Expression, t_per_unit: Floats) -> Expression:
        """Add up a decision times tonnes to sites and years, without terms that are 0. [kt]"""
        site_year = self.m.p.sites.site_year
        at = np.flatnonzero(t_per_unit)
        place = site_year.find(decision.over)[at]
        return decision.map(site_year, at, place, t_per_unit[at] / T_PER_KT)


@constraint(over="year", unit="kt")
def carbon_cap(m: Model) -> Comparison:
    r"""Emissions of a year stay within the cap.

    .. math:: \sum_{s,h} w_h\, \epsilon_{sth}\, (i_{sth} - \kappa_{sth})
        + \sum_{s,g} \epsilon_g\, O_{sgt} + \sum_a \frac{\epsilon_a\, x_{at}}{n_t}
        \le \bar{E}_t \qquad \forall t

    of power drawn, of fuel burnt :math:`O`, and, where a scenario counts it, of making what enters
    service, :math:`x`, over the years :math:`n` that the model year stands for. What is claimed of
    contracts, :math:`\kappa`, comes off where it counts by market; by place it does not. The dual
    is the carbon price that would lead to the same plan.

    Source: GHG Protocol Scope 2 Guidance, 2015, location-based and market-based methods.
    """
    cap = m.p.carbon.cap
    return m.carbon.counted_kt.sum_to(cap, where="present") <= m.p.carbon.cap_kt


@constraint(over="site, year", unit="thousand m3")
def water_limit(m: Model) -> Comparison:
    r"""Cooling evaporates no more than a site may take.

    .. math:: \sum_{c,h} w_h\, \omega_{csh}\, E_{scth} \le \bar{W}_{st} \qquad \forall s, t

    Source: WUE as in ISO/IEC 30134-9.
    """
    p = m.p.carbon
    used = m.water_m3.sum_to(p.water_limit, where="present") / M3_PER_THOUSAND_M3
    return used <= p.water_limit_m3 / M3_PER_THOUSAND_M3


@constraint(over="site, year", unit="thousand m3")
def water_permit(m: Model) -> Comparison:
    r"""Cooling evaporates no more than permits of the basin's stress class grant.

    .. math:: \sum_{c,h} w_h\, \omega_{csh}\, E_{scth} \le \pi_{k(s)} \sum_l H_{slt}
        \qquad \forall s, t

    per MW of critical IT usable. The dual is what a thousand m3 more are worth.

    Source: permits of dry basins, table `water_classes`.
    """
    p = m.p.carbon
    over = p.water_permit
    used = m.water_m3.sum_to(over, where="present") / M3_PER_THOUSAND_M3
    per_mw = p.water_permit_m3_per_mw / M3_PER_THOUSAND_M3
    return used <= per_mw * m.halls.usable_mw.sum_to(over, where="present")


@cost(group="water and carbon")
def water(m: Model) -> Expression:
    """Water and sewer."""
    site_year = m.p.sites.site_year
    price = m.p.carbon.water_price_usd_per_m3[site_year["site"]] / USD_PER_MUSD
    return yearly(m, price * m.water_m3)


@cost(group="water and carbon")
def carbon_price(m: Model) -> Expression:
    """Emissions at the carbon price of the year, by the method the scenario asks for."""
    site_year = m.p.sites.site_year
    musd_per_kt = m.p.carbon.price_usd_per_t[site_year["year"]] * T_PER_KT / USD_PER_MUSD
    if not musd_per_kt.any():  # millions of terms of nothing, over all hours of a year
        return Expression.constant(m.site_calendar, 0.0)
    return yearly(m, musd_per_kt * m.carbon.counted_kt)


@cost(group="water and carbon")
def carbon_schemes(m: Model) -> Expression:
    """Fuel burnt at sites, at the carbon price of its state or country."""
    musd_per_kt = m.p.carbon.fuel_price_usd_per_t * T_PER_KT / USD_PER_MUSD
    return yearly(m, musd_per_kt * m.supply.emissions_kt)


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
