"""Work that moves between sites: its decisions, and the sums that other families take of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate

if TYPE_CHECKING:
    from planner.inputs.types import Inputs
    from planner.lp import ArrayProblem, Expression, Index, Variable

__all__ = ["MigrationTerms"]


class MigrationTerms:
    """Where and when work is done that may move between sites.

    Parameters
    ----------
    problem : ArrayProblem
        The program, which gets the columns.
    inputs : Inputs
        Index lists and coefficients.
    used : Variable
        Racks in use. [MW]
    """

    def __init__(self, problem: ArrayProblem, inputs: Inputs, used: Variable) -> None:
        self._p = inputs
        self._used = used
        # IT power [MW], whatever site the work was due at
        self.done_mw: Variable = problem.variable("migrating_mw", inputs.migration.work)
        # IT energy of a block that comes from other sites [MWh a day]
        self.arrived_mwh: Variable = problem.variable("arrived_mwh", inputs.migration.arrival)

    @property
    def due_mw(self) -> Expression:
        """IT power of the work as it falls due at its own site. [MW], over the work"""
        p = self._p.migration
        due: Expression = p.due_mw_per_mw * self._used.on(p.work)
        return due

    @property
    def room_mw(self) -> Expression:
        """IT power that racks can spend on it beside work that does not move. [MW]"""
        p = self._p.migration
        room: Expression = p.room_mw_per_mw * self._used.on(p.work)
        return room

    @property
    def migrated_mw(self) -> Expression:
        """IT power done in a slot at a site less what was due there. [MW], (site, year, slot)"""
        return (self.done_mw - self.due_mw).sum_to(self._p.power.slot)

    @property
    def losses_mw(self) -> Expression:
        """Electrical losses of the work where it is done. [MW], (site, year, slot)"""
        loss = self._p.power.loss_variable_frac[self._p.migration.work["hall"]]
        return (loss * self.done_mw).sum_to(self._p.power.slot)

    def done_by_cooling(self, cool_slot: Index) -> Expression:
        """Return the work where it is done, by cooling. [MW], (site, cooling, year, slot)"""
        work = self._p.migration.work
        cooling = self._p.sets.hall_cooling[work["hall"]]
        place = locate(cool_slot, work["site"], cooling, work["year"], work["slot"])
        return self.done_mw.map(cool_slot, np.arange(work.size), place)
