"""Balance of power at sites where something answers to the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="site, year, slot", unit="MW")
def power_balance(m: Model) -> Comparison:
    r"""What comes in at a site covers what it uses, in every slot without a negative price.

    .. math:: i_{sth} + \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt} + \sum_g o_{sgth}
        + \sum_g d_{sgth} \ge F_{sth} + O_{sh} + \sum_g c_{sgth} + e_{sth} \qquad \forall s, t, h

    with the power of racks, cooling and losses :math:`F` and what else the site uses, :math:`O`.
    Surplus is thrown away free, so solar and wind need no output of their own here. The dual,
    divided by the hours of the slot and the year's discount factor, is the worth of a MWh.

    Source: nodal balance as in any dispatch model.
    """
    surplus = m.p.balance.surplus
    return m.supply_mw.on(surplus) >= m.use_mw.on(surplus)


@constraint(over="site, year, slot", unit="MW")
def exact_balance(m: Model) -> Comparison:
    r"""What comes in is used up where a price is negative: nobody is paid to waste power.

    .. math:: i_{sth} + \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt} + \sum_g o_{sgth}
        + \sum_g d_{sgth} = F_{sth} + O_{sh} + \sum_g c_{sgth} + e_{sth} + z_{sth}
        \qquad \forall s, t, h

    Here what is not used of sun and wind is curtailed, :math:`z`.

    Source: nodal balance as in any dispatch model.
    """
    exact = m.p.balance.exact
    return m.supply_mw.on(exact) == m.use_mw.on(exact)


CONSTRAINTS = (power_balance, exact_balance)
