"""Power under contract: what is in force, delivered, used and claimed; clean targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR
from planner.lp.join import cross, locate
from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="contract, zone, year", unit="MW")
def contract_in_force(m: Model) -> Comparison:
    r"""What is in force in a year is what was signed and whose term has not ended.

    .. math:: q_{czt} = \sum_v \alpha_{cvt}\, b_{czv} \qquad \forall c, z, t

    :math:`\alpha` is the share of the year between begin and end of delivery.

    Source: dcplan.
    """
    return m.contracts.contract_mw == m.contracts.in_force_mw


@constraint(over="contract, zone, year", unit="MW")
def contract_limit(m: Model) -> Comparison:
    r"""No more is in force in a zone than is on offer there.

    .. math:: q_{czt} \le \bar{q}_c \qquad \forall c, z, t

    The dual is what one more MW on offer is worth.

    Source: dcplan.
    """
    return m.contracts.contract_mw <= m.p.contracts.limit_mw


@constraint(over="zone, year, slot", unit="MW")
def contract_delivery(m: Model) -> Comparison:
    r"""Sites of a zone take no more than its physical agreements deliver in the slot.

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


@constraint(over="site, year, slot", unit="MW")
def contract_use(m: Model) -> Comparison:
    r"""A site takes no more power under contract than it draws.

    .. math:: u_{sth} \le i_{sth} \qquad \forall s, t, h

    Source: dcplan.
    """
    take = m.p.contracts.take
    return m.contracts.take_mw <= m.import_mw.on(take)


@constraint(over="site, year, slot", unit="MW")
def claim_within_draw(m: Model) -> Comparison:
    r"""What is claimed as clean at a site is no more than it draws: excess does not count.

    .. math:: \kappa_{sth} \le i_{sth} \qquad \forall s, t, h

    Source: Google, 24/7 Carbon-Free Energy: Methodologies and Metrics, 2021.
    """
    claim = m.p.contracts.claim
    return m.contracts.claim_mw <= m.import_mw.on(claim)


@constraint(over="pool, year, slot", unit="MW")
def hourly_claims(m: Model) -> Comparison:
    r"""Where contracts count by the hour, no more is claimed than they deliver in the slot.

    .. math:: \sum_{s \in p} \kappa_{sth} \le \sum_{c,\, z \in p} a_{czh}\, q_{czt}
        \qquad \forall p, t, h

    The dual, over the hours of the slot, is what a MWh of clean power is worth then.

    Source: as above; Riepin and Brown 2024, System-level impacts of 24/7 carbon-free electricity.
    """
    over = m.p.contracts.claim_slot
    claimed = m.contracts.by_pool(m.contracts.claim_mw, over)
    return claimed <= m.contracts.of_pool_mw(over)


@constraint(over="pool, year", unit="MW")
def annual_claims(m: Model) -> Comparison:
    r"""Where contracts count by the year, no more is claimed in it than they deliver in it.

    .. math:: \sum_{s \in p,\, h} w_h\, \kappa_{sth}
        \le \sum_{c,\, z \in p,\, h} w_h\, a_{czh}\, q_{czt} \qquad \forall p, t

    Claims stay within the draw of their slot, so that all but simultaneity is as by the hour.

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
    """Weigh power by slot so that its sum over a year is the mean of the year."""
    return (m.p.days.weight_h[power_mw.over["slot"]] / HOURS_PER_YEAR) * power_mw


CONSTRAINTS = (
    contract_in_force,
    contract_limit,
    contract_delivery,
    contract_use,
    claim_within_draw,
    hourly_claims,
    annual_claims,
    clean_target,
)
