"""Work that may be done at another site than where it is due, and the sites that can take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.sets import deferral_windows_h
from planner.inputs.table_columns import any_along, floats
from planner.lp import Index
from planner.lp.join import cross, distinct

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import Wanted
    from planner.inputs.power import PowerInputs
    from planner.inputs.racks import RackInputs
    from planner.inputs.routes import Reach

__all__ = ["MigrationInputs", "migration_inputs", "moves_between_sites"]


@dataclass(frozen=True)
class MigrationInputs:
    """Work of workloads that move between sites; all lists are empty where no workload does.

    A site stands in for another where both have the same users of a workload within its bounds and
    its residency rule. Such sites are one reach, named by the first of them. A workload may put its
    work off as well; its block is then its window of the day, else a single time slice. Lists over
    blocks carry the first time slice of each.
    """

    deployment_frac: Floats  # [deployment] of its dynamic power, 0 where the class does not move
    work: Index  # (site, rack, hall, workload, year, slot)
    due_mw_per_mw: Floats  # [work], mean IT power that falls due, per MW of racks in use
    room_mw_per_mw: Floats  # [work], IT power of it that these racks can do in addition to other work
    balance: Index  # (rack, workload, reach, year, slot), a block each
    balance_of_work: Positions  # [work] -> balance
    site_block: Index  # (site, rack, workload, year, slot), a block each
    site_block_of_work: Positions  # [work] -> site_block
    arrival: Index  # as site_block, the blocks that are charged; empty where moves are free
    move_usd_per_mwh: float  # of IT energy


def moves_between_sites(case: ScopedCase) -> Bools:
    """Return which workloads the scenario lets do work at other sites, shape (workload,)."""
    given = case.scenario.workloads
    return np.array([name in given and given[name].moves_between_sites is True for name in case.ids("workloads")])


def migration_inputs(
    case: ScopedCase, sets: Sets, racks: RackInputs, power: PowerInputs, wanted: Wanted, reach: Reach
) -> MigrationInputs:
    """Make the lists and coefficients of work that moves between sites."""
    moves = moves_between_sites(case)
    _note_classes_without_such_work(case, moves)
    share = np.where(moves, floats(case.workloads, "deferrable_frac"), 0.0)
    of_deployment = share[racks.deployment["workload"]]
    may_move = of_deployment[racks.deployment.find(racks.used)] > 0.0
    work = cross(racks.used.select(may_move, "used that moves"), sets.slot, "work")

    first_slot = _first_slot_of_block(case)[work["workload"], work["slot"]]
    stands_in = _reach_of_sites(wanted, reach, moves)[work["workload"], work["site"]]
    blocks = Index(
        "work by block", (*work.axes, sets.site.renamed("reach")), (*work.codes[:-1], first_slot, stands_in), work.size
    )
    balance = distinct(blocks, "rack", "workload", "reach", "year", "slot", name="balance")
    price = case.scenario.flexibility.move_usd_per_mwh
    site_block = distinct(blocks, "site", "rack", "workload", "year", "slot", name="site_block")
    due_mw_per_mw, room_mw_per_mw = _due_and_room(racks, power, work, of_deployment)
    return MigrationInputs(
        deployment_frac=of_deployment,
        work=work,
        due_mw_per_mw=due_mw_per_mw,
        room_mw_per_mw=room_mw_per_mw,
        balance=balance,
        balance_of_work=balance.find(blocks),
        site_block=site_block,
        site_block_of_work=site_block.find(blocks),
        arrival=site_block.select(np.full(site_block.size, price > 0.0), "arrival"),
        move_usd_per_mwh=price,
    )


def _due_and_room(racks: RackInputs, power: PowerInputs, work: Index, of_deployment: Floats) -> tuple[Floats, Floats]:
    """Work that falls due, and what racks can do in addition to work that may not move. [MW/MW]"""
    deployment = racks.deployment.find(work)
    shape = power.shape_frac[work["site"], power.deployment_shape[deployment], work["slot"]]
    mean = racks.dynamic_mw_per_mw[deployment]
    full = mean / power.deployment_utilisation_frac[deployment]
    share = of_deployment[deployment]
    return share * shape * mean, full - (1.0 - share) * shape * mean


def _first_slot_of_block(case: ScopedCase) -> np.ndarray:
    """First time slice of the block of each time slice, by workload, shape (workload, slot)."""
    days = case.days
    slots = np.maximum(deferral_windows_h(case), days.slot_h) // days.slot_h
    slot_of_day = days.start_hour // days.slot_h
    begins = slot_of_day // slots[:, None] * slots[:, None]
    return np.asarray(days.day * days.slots_per_day + begins, dtype=np.int32)


def _reach_of_sites(wanted: Wanted, reach: Reach, moves: Bools) -> np.ndarray:
    """First of the sites that have the same users of a workload, shape (workload, site)."""
    is_asked = any_along(wanted.kh100e > 0.0, axis=2)[:, :, None]  # (region, workload, 1)
    sees = np.concatenate([reach.is_route & is_asked, reach.is_tight & is_asked])
    sites = reach.is_route.shape[2]
    result = np.tile(np.arange(sites, dtype=np.int32), (len(moves), 1))
    for w in np.flatnonzero(moves):
        _, first, kind = np.unique(sees[:, w], axis=1, return_index=True, return_inverse=True)
        result[w] = first[kind.reshape(-1)]
    return result


def _note_classes_without_such_work(case: ScopedCase, moves: Bools) -> None:
    waits = floats(case.workloads, "deferrable_frac") > 0.0
    for w in np.flatnonzero(moves & ~waits):
        case.findings.add_note(
            f"{case.ids('workloads')[w]}: moves_between_sites has no effect: its deferrable_frac is 0.",
            ("workloads", case.ids("workloads")[w], "moves_between_sites"),
        )
