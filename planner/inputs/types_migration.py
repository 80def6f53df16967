"""What the model knows of work that may be done at another site than where it is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Floats, Positions
    from planner.lp.index import Index


__all__ = ["MigrationInputs"]


@dataclass(frozen=True)
class MigrationInputs:
    """Work of classes that move between sites; all lists are empty where no class does.

    A site stands in for another where both have the same users of a class within its bounds and
    its residency rule. Such sites are one reach, named by the first of them. A class may put its
    work off as well; its block is then its window of the day, else a single slot. Lists over
    blocks carry the first slot of each.
    """

    deployment_frac: Floats  # [deployment] of its dynamic power, 0 where the class does not move
    work: Index  # (site, rack, hall, workload, year, slot)
    due_mw_per_mw: Floats  # [work], mean IT power that falls due, per MW of racks in use
    room_mw_per_mw: Floats  # [work], IT power of it that these racks can do beside other work
    balance: Index  # (rack, workload, reach, year, slot), a block each
    balance_of_work: Positions  # [work] -> balance
    site_block: Index  # (site, rack, workload, year, slot), a block each
    site_block_of_work: Positions  # [work] -> site_block
    arrival: Index  # as site_block, the blocks that are charged; empty where moves are free
    move_usd_per_mwh: float  # of IT energy
