"""Decisions that are whole numbers: phases of halls, and whether a site holds a class at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate

if TYPE_CHECKING:
    from planner.inputs.types import Floats, Inputs
    from planner.lp import ArrayProblem, Comparison, Expression, Index, Variable

__all__ = ["SitingTerms"]


class SitingTerms:
    """Phases, blocks, and the rows that tie service to open sites.

    Parameters
    ----------
    problem : ArrayProblem
        The program, which gets the columns.
    inputs : Inputs
        Index lists and coefficients.
    used, served, is_open : Variable
        Racks in use [MW], compute served [kH100e], share of a site that is open.
    """

    def __init__(
        self,
        problem: ArrayProblem,
        inputs: Inputs,
        used: Variable,
        served: Variable,
        is_open: Variable,
    ) -> None:
        self._p = inputs
        self._used = used
        self._served = served
        self._open = is_open
        siting = inputs.siting
        self.phases: Variable = problem.variable(
            "phases", siting.phase, upper=siting.most_phases, integer=True
        )
        # whether a site has racks of a class that needs a block
        self.holds: Variable = problem.variable("holds", siting.block, upper=1.0, integer=True)

    @property
    def in_block_mw(self) -> Expression:
        """Racks of a class that needs a block, by site and year. [MW], over the blocks"""
        used, block = self._p.racks.used, self._p.siting.block
        place = block.find(used)
        known = (place >= 0).nonzero()[0]
        return self._used.map(block, known, place[known])

    def demand_of(self, links: Index) -> Floats:
        """Compute that the users of a link want. [kH100e], over the links"""
        demand = self._p.demand
        place = locate(demand.demand, links["region"], links["workload"], links["year"])
        return demand.demand_kh100e[place]

    def beyond_what_is_open(self, links: Index) -> Expression:
        """Return what is served of a demand beyond the share of the site that is open. [kH100e]"""
        at = self._p.sites.site_year.find(links)
        is_open = self._open.map(links, at, np.arange(links.size), self.demand_of(links))
        return self._served.on(links) - is_open

    def served_only_if_open(self, links: Index) -> Comparison:
        """Return rows that serve no more of a demand from a site than the share it is open."""
        return self.beyond_what_is_open(links) <= 0.0
