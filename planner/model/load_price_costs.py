"""What energy costs more as new load in a zone grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["load_price"]


@cost(group="energy")
def load_price(m: Model) -> Expression:
    """Energy of new load in a zone above the price of its slot, block by block."""
    p = m.p.load_price
    hours = m.p.days.weight_h[p.block["slot"]]
    return yearly(m, (hours * p.adder_usd_per_mwh / USD_PER_MUSD) * m.block_mw)
