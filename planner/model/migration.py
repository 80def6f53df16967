"""Work between sites: batch and training follow the sun and the wind, on racks that are there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import yearly
from planner.lp.index import locate

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression, Index, Variable
    from planner.model.variables import Model


class MigrationTerms:
    """Where and when work is done that may move between sites."""

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
        """IT power that racks can spend on it in addition to work that does not move. [MW]"""
        room: Expression = self.p.room_mw_per_mw * self.m.used.on(self.p.work)
        return room

    @cached_property
    def migrated_mw(self) -> Expression:
        """IT power done in a time slice at a site less what was due. [MW], (site, year, slot)"""
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


@constraint(over="rack type, workload, reach, year, block of the day", unit="MWh", links="sum")
def migration_balance(m: Model) -> Comparison:
    r"""All work is done, on racks of its type, at some site with the same users in its block.

    .. math:: \sum_{s \in R} \sum_l \sum_{h \in B} \Delta_h\, z_{sklwth}
        = \sum_{s \in R} \sum_l \sum_{h \in B}
        \Delta_h\, \psi_{swh}\, \phi_w\, \gamma_{klw}\, n_{sklwt}
        \qquad \forall k, w, R, t, B

    A MW of work is the same compute at both ends, since it stays on one type of rack. A block
    is the window within which the workload may put its work off, or a single time slice.

    Source: load migration as in Zheng, Chien and Suh 2020.
    """
    p, work = m.p.migration, m.migration
    every = np.arange(p.work.size)
    hours = m.p.days.hours[p.work["slot"]]
    done = work.done_mw.map(p.balance, every, p.balance_of_work, hours)
    return done == work.due_mw.map(p.balance, every, p.balance_of_work, hours)


@constraint(over="site, rack type, hall, workload, year, time slice", unit="MW", links="stock")
def migration_room(m: Model) -> Comparison:
    r"""Work moves only to racks of its workload that are not busy already.

    .. math:: z_{sklwth} \le \left( 1 / u_w - (1 - \phi_w)\, \psi_{swh} \right)
        \gamma_{klw}\, n_{sklwt} \qquad \forall s, k, l, w, t, h
    """
    return m.migration.done_mw <= m.migration.room_mw


@constraint(over="site, rack type, workload, year, block of the day", unit="MWh", links="stock")
def migration_arrivals(m: Model) -> Comparison:
    r"""What a site does beyond its own work of a block has come from other sites.

    .. math:: \sum_l \sum_{h \in B} \Delta_h \left( z_{sklwth}
        - \psi_{swh}\, \phi_w\, \gamma_{klw}\, n_{sklwt} \right) \le a_{skwtB}
        \qquad \forall s, k, w, t, B
    """
    p, work = m.p.migration, m.migration
    hours = m.p.days.hours[p.work["slot"]]
    here = work.done_mw - work.due_mw
    by_block = here.map(p.site_block, np.arange(p.work.size), p.site_block_of_work, hours)
    return by_block.on(p.arrival) <= work.arrived_mwh


@cost(group="sites")
def work_migration(m: Model) -> Expression:
    """Carrying the data of work done at another site than its own, and starting it again."""
    p, days = m.p.migration, m.p.days
    days_of_year = days.day_days[days.day[p.arrival["slot"]]]
    per_mwh = days_of_year * p.move_usd_per_mwh / USD_PER_MUSD
    return yearly(m, (per_mwh * m.migration.arrived_mwh).sum_to(m.p.sites.site_year))


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
