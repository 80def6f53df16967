"""Non-firm connection: off in the stress slots of its zone, within what the zone can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model.block import constraint
from planner.model.non_firm_terms import connected_by

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="site, year, stress slot", unit="MW")
def non_firm_power(m: Model) -> Comparison:
    r"""In a stress slot a site draws its firm connection, and of the non-firm what is left of it.

    .. math:: i_{sth} \le G_{st} + \sum_\rho (1 - u_{z\rho h})\, N_{st\rho}
        \qquad \forall s, t, h: u_{zh} > 0

    :math:`u` is the share of the slot in which the zone's non-firm power is off. The hours that
    a curtailment rate switches off, :math:`\rho \cdot 8760`, fill the zone's most stressed slots
    one after the other, so at most one slot of a zone is off in part. Where those last in are off
    first, each rate up to the chosen one is a tier with hours of its own. The dual is what a MW
    of power is worth in that slot.

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


@constraint(over="site, year, billing period", unit="MW")
def discounted_peak(m: Model) -> Comparison:
    r"""No more of a billed peak gets the discount than the peak itself.

    .. math:: b_{stm} \le P_{stm} \qquad \forall s, t, m

    Source: dcplan.
    """
    return m.non_firm.discounted_mw <= m.peak_mw.on(m.p.non_firm.billing)


@constraint(over="site, year, billing period", unit="MW")
def discounted_connection(m: Model) -> Comparison:
    r"""The discount on the demand charge is for power carried by non-firm connection.

    .. math:: b_{stm} \le N_{st} \qquad \forall s, t, m

    Source: dcplan.
    """
    return m.non_firm.discounted_mw <= m.non_firm.service_mw.on(m.p.non_firm.billing)


CONSTRAINTS = (non_firm_power, all_headroom, discounted_peak, discounted_connection)
