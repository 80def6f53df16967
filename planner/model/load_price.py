"""Price of energy that rises with new load in a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import yearly
from planner.lp.index import locate

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression
    from planner.model.variables import Model


@constraint(over="zone, year, time slice", unit="MW", links="sum")
def zone_load(m: Model) -> Comparison:
    r"""New load of a zone in a time slice is carried by the blocks of its supply curve.

    .. math:: \sum_{s \in z} i_{sth} - S_z \le \sum_b q_{zbth}, \quad 0 \le q_{zbth} \le Q_{zb}
        \qquad \forall z, t, h

    Load is new beyond the connections :math:`S` of the base year. The price of a block is above
    that of the block before, so they fill in order. The dual, divided by the hours of the time
    slice and the year's discount factor, is what the last MWh pays above the price of the time
    slice.

    Source: supply curves as in any capacity expansion model.
    """
    p, slot = m.p.load_price, m.p.power.slot
    zone = m.p.sets.site_zone[slot["site"]]
    place = locate(p.zone_slot, zone, slot["year"], slot["slot"])
    has_curve = np.flatnonzero(place >= 0)
    drawn = m.grid_mw.map(p.zone_slot, has_curve, place[has_curve])
    return drawn - p.standing_mw <= m.block_mw.sum_to(p.zone_slot)


@cost(group="energy")
def load_price(m: Model) -> Expression:
    """Energy of new load in a zone above the price of its time slice, block by block."""
    p = m.p.load_price
    hours = m.p.days.weight_h[p.block["slot"]]
    return yearly(m, (hours * p.adder_usd_per_mwh / USD_PER_MUSD) * m.block_mw)


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
