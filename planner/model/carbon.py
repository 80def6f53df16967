"""Carbon and water: limits where a scenario sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import M3_PER_THOUSAND_M3
from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


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


CONSTRAINTS = (carbon_cap, water_limit, water_permit)
