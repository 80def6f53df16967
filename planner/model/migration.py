"""Work between sites: batch and training follow the sun and the wind, on racks that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="rack type, class, reach, year, block of the day", unit="MWh")
def migration_balance(m: Model) -> Comparison:
    r"""All work is done, on racks of its type, at some site with the same users in its block.

    .. math:: \sum_{s \in R} \sum_l \sum_{h \in B} \Delta_h\, z_{sklwth}
        = \sum_{s \in R} \sum_l \sum_{h \in B}
        \Delta_h\, \psi_{swh}\, \phi_w\, \gamma_{klw}\, n_{sklwt}
        \qquad \forall k, w, R, t, B

    A MW of work is the same compute at both ends, since it stays on one type of rack. A block
    is the window within which the class may put its work off, or a single slot.

    Source: load migration as in Zheng, Chien and Suh 2020.
    """
    p, work = m.p.migration, m.migration
    every = np.arange(p.work.size)
    hours = m.p.days.hours[p.work["slot"]]
    done = work.done_mw.map(p.balance, every, p.balance_of_work, hours)
    return done == work.due_mw.map(p.balance, every, p.balance_of_work, hours)


@constraint(over="site, rack type, hall, class, year, slot", unit="MW")
def migration_room(m: Model) -> Comparison:
    r"""Work moves only to racks of its class that are not busy already.

    .. math:: z_{sklwth} \le \left( 1 / u_w - (1 - \phi_w)\, \psi_{swh} \right)
        \gamma_{klw}\, n_{sklwt} \qquad \forall s, k, l, w, t, h

    Source: dcplan.
    """
    return m.migration.done_mw <= m.migration.room_mw


@constraint(over="site, rack type, class, year, block of the day", unit="MWh")
def migration_arrivals(m: Model) -> Comparison:
    r"""What a site does beyond its own work of a block has come from other sites.

    .. math:: \sum_l \sum_{h \in B} \Delta_h \left( z_{sklwth}
        - \psi_{swh}\, \phi_w\, \gamma_{klw}\, n_{sklwt} \right) \le a_{skwtB}
        \qquad \forall s, k, w, t, B

    Source: dcplan.
    """
    p, work = m.p.migration, m.migration
    hours = m.p.days.hours[p.work["slot"]]
    here = work.done_mw - work.due_mw
    by_block = here.map(p.site_block, np.arange(p.work.size), p.site_block_of_work, hours)
    return by_block.on(p.arrival) <= work.arrived_mwh


CONSTRAINTS = (migration_balance, migration_room, migration_arrivals)
