"""Heat sold to networks: its decisions, and the heat that halls give off."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR
from planner.lp.join import pairs

if TYPE_CHECKING:
    from planner.lp import Expression, Variable
    from planner.model.variables import Model

__all__ = ["HeatTerms"]


class HeatTerms:
    """Heat that a network takes, and the connection to it.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

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
