"""Work that moves between sites: its decisions, and the sums that other families take of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate

if TYPE_CHECKING:
    from planner.lp import Expression, Index, Variable
    from planner.model.variables import Model

__all__ = ["MigrationTerms"]


class MigrationTerms:
    """Where and when work is done that may move between sites.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.migration
        new = m.problem.variable
        # IT power [MW], whatever site the work was due at
        self.done_mw: Variable = new("migrating_mw", self.p.work)
        # IT energy of a block that comes from other sites [MWh a day]
        self.arrived_mwh: Variable = new("arrived_mwh", self.p.arrival)

    @cached_property
    def due_mw(self) -> Expression:
        """IT power of the work as it falls due at its own site. [MW], over the work"""
        due: Expression = self.p.due_mw_per_mw * self.m.used.on(self.p.work)
        return due

    @cached_property
    def room_mw(self) -> Expression:
        """IT power that racks can spend on it beside work that does not move. [MW]"""
        room: Expression = self.p.room_mw_per_mw * self.m.used.on(self.p.work)
        return room

    @cached_property
    def migrated_mw(self) -> Expression:
        """IT power done in a slot at a site less what was due there. [MW], (site, year, slot)"""
        return (self.done_mw - self.due_mw).sum_to(self.m.p.power.slot)

    @cached_property
    def losses_mw(self) -> Expression:
        """Electrical losses of the work where it is done. [MW], (site, year, slot)"""
        loss = self.m.p.power.loss_variable_frac[self.p.work["hall"]]
        return (loss * self.done_mw).sum_to(self.m.p.power.slot)

    def done_by_cooling(self, cool_slot: Index) -> Expression:
        """Return the work where it is done, by cooling. [MW], (site, cooling, year, slot)"""
        work = self.p.work
        cooling = self.m.p.sets.hall_cooling[work["hall"]]
        place = locate(cool_slot, work["site"], cooling, work["year"], work["slot"])
        return self.done_mw.map(cool_slot, np.arange(work.size), place)
