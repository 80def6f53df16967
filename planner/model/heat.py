"""Heat of the halls sold to a network."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.family.block import asset, constraint, cost
from planner.family.payments import Purchase, yearly
from planner.lp.index import pairs

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression, Variable
    from planner.model.variables import Model


class HeatTerms:
    """Heat that a network takes, and the connection to it."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.heat
        new = m.problem.variable
        self.connect_mw: Variable = new("heat_connect_mw", self.p.sale)
        self.sold_mw: Variable = new("heat_sold_mw", self.p.sale)

    @cached_property
    def connected_mw(self) -> Expression:
        """Connection to the network so far. [MW of heat], (site, year)"""
        sale = self.p.sale
        built, now = pairs(sale, sale, on=("site",))
        stands = sale["year"][now] >= sale["year"][built]
        return self.connect_mw.map(sale, built[stands], now[stands])

    @cached_property
    def recoverable_mw(self) -> Expression:
        """Heat of the IT that can be recovered, mean over the year. [MW], (site, year)"""
        at = self.m.cool_slot
        place = self.p.sale.find(at)
        here = np.flatnonzero(place >= 0)
        share = self.p.recover_frac[at["cooling"]] * self.m.p.days.weight_h[at["slot"]]
        return self.m.it_mw.map(self.p.sale, here, place[here], share[here] / HOURS_PER_YEAR)


@constraint(over="site, year", unit="MW", links="optional")
def heat_recovery(m: Model) -> Comparison:
    r"""A network takes no more heat than the cooling of the halls gives it and it has use for.

    .. math:: y_{st} \le \sigma_s \sum_c \rho_c\, \bar{E}_{sct} \qquad \forall s, t

    with the share :math:`\rho` of IT power that a cooling technology gives off warm enough, and
    the share :math:`\sigma` for which there is a buyer, at full load in the buyer's hours.

    Source: dcplan.
    """
    p = m.p.heat
    return m.heat.sold_mw <= p.share_frac * m.heat.recoverable_mw


@constraint(over="site, year", unit="MW", links="stock")
def heat_connection(m: Model) -> Comparison:
    r"""A network takes no more heat than its connection carries.

    .. math:: y_{st} \le \sum_{v \le t} k_{sv} \qquad \forall s, t

    Source: dcplan.
    """
    return m.heat.sold_mw <= m.heat.connected_mw


CONSTRAINTS = (heat_recovery, heat_connection)


@asset(kind="facility", group="heat")
def heat_network(m: Model) -> Purchase:
    """Exchanger, lift and pipe to heat networks, repaid over the life of a hall."""
    sale = m.p.heat.sale
    life = np.full(sale.size, m.p.finance.life_years["facility"])
    start = m.year[sale["year"]]  # 1 January
    return Purchase(m.heat.connect_mw, m.p.heat.capex_musd_per_mw, start, life)


@cost(group="heat")
def heat_sales(m: Model) -> Expression:
    """Heat sold at the fence; below 0."""
    p = m.p.heat
    musd_per_mw = p.buyer_h * p.price_usd_per_mwh / USD_PER_MUSD
    return yearly(m, -musd_per_mw * m.heat.sold_mw)


COSTS = (heat_network, heat_sales)
