"""Siting: phases of halls, blocks of a workload, numbers of sites, service from open sites."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import yearly
from planner.inputs.sites import partner_blocks
from planner.lp.index import locate

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Comparison, Expression, Index, Variable
    from planner.model.variables import Model


class SitingTerms:
    """Phases, blocks, and the rows that tie service to open sites."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.siting
        p, new = self.p, m.problem.variable
        self.phases: Variable = new("phases", p.phase, upper=p.most_phases, integer=True)
        # whether a site has racks of a workload that needs a block
        self.holds: Variable = new("holds", p.block, upper=1.0, integer=True)

    @cached_property
    def in_block_mw(self) -> Expression:
        """Racks of a workload that needs a block, by site and year. [MW], over the blocks"""
        block = self.p.block
        place = block.find(self.m.p.racks.used)
        known = (place >= 0).nonzero()[0]
        return self.m.used.map(block, known, place[known])

    @cached_property
    def shared_block_mw(self) -> Expression:
        """Racks that count towards a block: its own and those of its partners. [MW], blocks"""
        block, shared = self.p.block, self.p.shared
        return self.in_block_mw.map(block, partner_blocks(block, shared), block.find(shared))

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


@constraint(over="site, year", unit="MW")
def opening_pace(m: Model) -> Comparison:
    r"""Halls need a site that is open for as much as it can have built by then.

    .. math:: \sum_l H_{slt} \le \Bigl( \sum_{u \le t} \bar{b}_{su} \Bigr)\, o_{st}
        \qquad \forall s, t

    The pace of building says the same of an open site; opened in part, a large piece of land
    would let a small share of the opening carry all that can be built.

    Source: dcplan; tighter than the land limit as in Van Roy and Wolsey 1985.
    """
    p = m.p.siting
    return m.halls.stands_mw.on(p.paced) <= p.paced_mw * m.open.on(p.paced)


@constraint(over="site, hall, year, stage", unit="MW")
def hall_phases(m: Model) -> Comparison:
    r"""New halls come in integer phases of one size.

    .. math:: b_{slt} = B_s\, n_{slt}, \quad n_{slt} \in \mathbb{Z}_{\ge 0}
        \qquad \forall s, l, t

    The dual is the value of one more MW of this phase with the number of phases fixed.

    Source: modular capacity expansion, Luss 1982.
    """
    p = m.p.siting
    return m.build.on(p.phase) == p.phase_mw * m.siting.phases


@constraint(over="site, workload, year", unit="MW")
def block_least(m: Model) -> Comparison:
    r"""A site with a workload that needs a block has at least the block, with its partners.

    .. math:: \sum_{p \in P_{sw}} \sum_{k,l} n_{pklwt} \ge \underline{n}_w\, h_{swt},
        \quad h_{swt} \in \{0, 1\} \qquad \forall s, w, t

    The partners :math:`P_{sw}` are the site itself and those within the round trip that the
    scenario gives the workload.

    Source: dcplan; semi-continuous variables, Beale and Tomlin 1970.
    """
    return m.siting.shared_block_mw >= m.p.siting.block_mw * m.siting.holds


@constraint(over="site, workload, year", unit="MW")
def block_or_none(m: Model) -> Comparison:
    r"""A site that does not hold the workload has no racks of it.

    .. math:: \sum_{k,l} n_{sklwt} \le \bar{n}_{swt}\, h_{swt} \qquad \forall s, w, t

    Source: dcplan; semi-continuous variables, Beale and Tomlin 1970.
    """
    return m.siting.in_block_mw <= m.p.siting.block_top_mw * m.siting.holds


@constraint(over="year", unit="sites")
def exact_sites(m: Model) -> Comparison:
    r"""So many sites are open in the last model year.

    .. math:: \sum_s o_{sT} = p

    The dual is what one more site would cost or save with every other opening as it is.

    Source: p-median, Hakimi 1964.
    """
    p = m.p.siting
    return m.open.sum_to(p.exact, where="present") == p.exact_sites


@constraint(over="year", unit="sites")
def most_sites(m: Model) -> Comparison:
    r"""No more sites are open in the last model year.

    .. math:: \sum_s o_{sT} \le p

    Source: p-median, Hakimi 1964.
    """
    p = m.p.siting
    return m.open.sum_to(p.most, where="present") <= p.most_sites


@constraint(over="region, workload, site, year", unit="kH100e")
def served_only_if_open(m: Model) -> Comparison:
    r"""A demand is served from a new site no further than the site is open.

    .. math:: x_{rwst} \le D_{rwt}\, o_{st} \qquad \forall r, w, s, t

    Whole openings make it follow from the land of a closed site; opened in part, the sum of all
    demands may lean on a small share of a large site, and these rows say that none may.

    Source: strong formulation of facility location, Erlenkotter 1978.
    """
    return m.siting.served_only_if_open(m.p.siting.linked)


ONLY_FOR_THE_BOUND = ("opening_pace", "served_only_if_open")
"""Blocks that follow from others once openings are whole: without them the duals are clean."""


@cost(group="sites")
def service_network(m: Model) -> Expression:
    """Network and the like between users and the site that serves them, from an own table."""
    p = m.p.siting
    paid = p.service_musd_per_kh100e_year * m.served.on(p.service)
    return yearly(m, paid.sum_to(m.p.sites.site_year))


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
