"""What the model knows of the loss of a site: who may stand in for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Bools, Positions
    from planner.lp.index import Index


__all__ = ["FailoverInputs"]


@dataclass(frozen=True)
class FailoverInputs:
    """Stand-by racks, and what they must be able to take over.

    All lists are empty where no class asks for failover. Of the lists of the two forms,
    `neighbour` and `pair`, one at most has tuples. Cuts are added between solves.
    """

    standby: Index  # (site, rack, hall, workload, year): uses of racks that may stand by
    reserve: Index  # (site, workload, year)
    power: Index  # (site, year, slot): slots of the peak day where racks may stand by
    may_cover: Bools  # [failed site, site]: whether the second may stand in for the first
    neighbour: Index  # (site, workload, year): loads that neighbours cover together
    neighbour_row: Positions  # [neighbour of a load] -> neighbour
    neighbour_reserve: Positions  # [neighbour of a load] -> reserve
    covered: Index  # (region, workload, site, year): services that have a stand-by of their own
    pair: Index  # (region, workload, site, standby, year)
    taken: Index  # (workload, site, standby, year)
    cut: Index  # (site, workload, year, cut): failures that a plan did not survive
    cut_served_row: Positions  # [service in a cut] -> cut
    cut_served: Positions  # [service in a cut] -> served
    cut_reserve_row: Positions  # [reserve in a cut] -> cut
    cut_reserve: Positions  # [reserve in a cut] -> reserve
