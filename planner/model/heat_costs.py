"""What selling heat costs and brings in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import Asset, annuities, yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["HEAT_COSTS", "heat_connected"]


def heat_connected(m: Model) -> Asset:
    """Connections to heat networks, from 1 January of their year."""
    sale = m.p.heat.sale
    life = np.full(sale.size, m.p.finance.life_years["facility"])
    start = m.year[sale["year"]]
    return Asset(m.heat.connect_mw, m.p.heat.capex_musd_per_mw, "facility", start, life)


@cost(group="heat", upfront=True)
def heat_network(m: Model) -> Expression:
    """Exchanger, lift and pipe to heat networks, repaid over the life of a hall."""
    return annuities(m, heat_connected(m))


@cost(group="heat")
def heat_sales(m: Model) -> Expression:
    """Heat sold at the fence; below 0."""
    p = m.p.heat
    musd_per_mw = p.buyer_h * p.price_usd_per_mwh / USD_PER_MUSD
    return yearly(m, -musd_per_mw * m.heat.sold_mw)


HEAT_COSTS = (heat_network, heat_sales)
