"""Decisions that are whole numbers: phases of halls, and whether a site holds a class at all."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate

if TYPE_CHECKING:
    from planner.inputs.types import Floats
    from planner.lp import Comparison, Expression, Index, Variable
    from planner.model.variables import Model

__all__ = ["SitingTerms"]


class SitingTerms:
    """Phases, blocks, and the rows that tie service to open sites.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.siting
        p, new = self.p, m.problem.variable
        self.phases: Variable = new("phases", p.phase, upper=p.most_phases, integer=True)
        # whether a site has racks of a class that needs a block
        self.holds: Variable = new("holds", p.block, upper=1.0, integer=True)

    @cached_property
    def in_block_mw(self) -> Expression:
        """Racks of a class that needs a block, by site and year. [MW], over the blocks"""
        block = self.p.block
        place = block.find(self.m.p.racks.used)
        known = (place >= 0).nonzero()[0]
        return self.m.used.map(block, known, place[known])

    def demand_of(self, links: Index) -> Floats:
        """Compute that the users of a link want. [kH100e], over the links"""
        demand = self.m.p.demand
        place = locate(demand.demand, links["region"], links["workload"], links["year"])
        return demand.demand_kh100e[place]

    def beyond_what_is_open(self, links: Index) -> Expression:
        """Return what is served of a demand beyond the share of the site that is open. [kH100e]"""
        at = self.m.p.sites.site_year.find(links)
        is_open = self.m.open.map(links, at, np.arange(links.size), self.demand_of(links))
        return self.m.served.on(links) - is_open

    def served_only_if_open(self, links: Index) -> Comparison:
        """Return rows that serve no more of a demand from a site than the share it is open."""
        return self.beyond_what_is_open(links) <= 0.0
