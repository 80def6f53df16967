"""Tariffs: what a bill is made of where a site has one, and the capacity that it signed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.lp.join import distinct
from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="site, peak, step", unit="MW")
def tariff_peak(m: Model) -> Comparison:
    r"""A metered peak is no less than the draw in any slot that tells one of its hours.

    .. math:: i_{sth} \le M_{sk} \qquad \forall s, k, (t, h) \in k

    A peak `k` is the highest hour of a rule's months, weekdays and clock hours; months that are
    told by the same slots have one. A maximum has no weight.

    Source: tariff form as in REopt.
    """
    return m.tariffs.program.metered_peak(m.tariffs.load_mw)


@constraint(over="site, billing demand, peak", unit="MW")
def tariff_billing(m: Model) -> Comparison:
    r"""A billing demand is no less than its share of each peak that it sees.

    .. math:: \rho_{bk}\, M_{sk} \le B_{sb} \qquad \forall s, b, k

    The share is 1 for the peak of its own month, and that of the ratchet for the months which
    the ratchet looks back on, also those of years before. The dual, divided by the discount
    factor of its years, is what one more MW of that peak adds to the bill.

    Source: ratchet as in REopt.
    """
    return m.tariffs.program.billing_demand()


@constraint(over="site, billing demand, year", unit="MW")
def tariff_take(m: Model) -> Comparison:
    r"""A billing demand is no less than its share of the contracted capacity in force.

    .. math:: \mu_b\, K_{sy(b)} \le B_{sb} \qquad \forall s, b, \qquad
        K_{sy} = \sum_{v} r_{s,y-v} \Bigl(\kappa_{sv} - \sum_{u \le y} \lambda_{svu}\Bigr)

    with the ramp :math:`r`, capacity signed :math:`\kappa` and given up :math:`\lambda`.

    Source: large-load tariffs, such as AEP Ohio's Schedule DCT.
    """
    return m.tariffs.program.minimum_take(m.tariffs.contracted_mw)


@constraint(over="site, stair", unit="GWh or MW")
def tariff_tiers(m: Model) -> Comparison:
    r"""What is paid in tiers fills them.

    .. math:: \sum_i u_{sqi} = \sum_{t,h} \Delta_{qth}\, i_{sth} + B_{sb(q)} \qquad \forall s, q

    Prices that rise from tier to tier fill the cheap ones first. Where they fall, the rows hold
    the tangent at the last tier, which is never below the tariff.

    Source: dcplan, `planner.tariffs.Tiers.convex_bound`.
    """
    return m.tariffs.program.tier_fill(m.tariffs.load_mw)


@constraint(over="site, year, billing period", unit="MW")
def tariff_contract(m: Model) -> Comparison:
    r"""Power is drawn up to the capacity under contract.

    .. math:: P_{stm} \le \sum_{v \le t} \kappa_{sv} - \sum_{v} \sum_{u \le t} \lambda_{svu}
        \qquad \forall s, t, m

    Only where a tariff has a minimum take: elsewhere nothing depends on what is signed.

    Source: dcplan.
    """
    covered = m.p.tariffs.covered
    return m.peak_mw.on(covered) <= m.tariffs.kept_mw.on(covered)


@constraint(over="site, vintage", unit="MW")
def tariff_release(m: Model) -> Comparison:
    r"""No more is given up than was signed.

    .. math:: \sum_u \lambda_{svu} \le \kappa_{sv} \qquad \forall s, v

    Source: dcplan.
    """
    over = distinct(m.p.tariffs.released, "site", "vintage", name="released_of")
    return m.tariffs.released_mw.sum_to(over) <= m.tariffs.signed_mw.on(over)


@constraint(over="site, vintage", unit="MW")
def tariff_exit(m: Model) -> Comparison:
    r"""While the term runs, a share of what was signed may go without a fee, and no more.

    .. math:: \sum_u \bigl(\lambda_{svu} - \phi_{svu}\bigr) \le f\, \kappa_{sv}
        \qquad \forall s, v

    with the capacity :math:`\phi` that a fee is paid for.

    Source: large-load tariffs, such as Dominion's GS-5.
    """
    over = distinct(m.p.tariffs.fee, "site", "vintage", name="fee_of")
    without_fee = m.tariffs.released_mw.on(m.p.tariffs.fee) - m.tariffs.fee_mw
    return without_fee.sum_to(over) <= m.p.tariffs.free_frac * m.tariffs.signed_mw.on(over)


@constraint(over="site, vintage, year", unit="MW")
def tariff_fee(m: Model) -> Comparison:
    r"""A fee is paid when capacity is given up, not before.

    .. math:: \phi_{svt} \le \lambda_{svt} \qquad \forall s, v, t

    With a ramp an early year's minimum bills are lower than those of a later one.

    Source: dcplan.
    """
    return m.tariffs.fee_mw <= m.tariffs.released_mw.on(m.p.tariffs.fee)


CONSTRAINTS = (
    tariff_peak,
    tariff_billing,
    tariff_take,
    tariff_tiers,
    tariff_contract,
    tariff_release,
    tariff_exit,
    tariff_fee,
)
