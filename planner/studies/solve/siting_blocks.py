"""Choose integer siting blocks of workloads: those nearest to a plan with fractional blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.siting import partner_blocks
from planner.lp.join import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.model import Model

__all__ = ["chosen_blocks", "furthest_short", "nearest_blocks", "underfilled_blocks"]

_TOLERANCE_MW: Final = 1e-6


def underfilled_blocks(model: Model, x: Floats) -> Bools:
    """Return where a plan has racks of a workload, and fewer than its block."""
    racks_mw = model.siting.in_block_mw.value(x)
    shared_mw = model.siting.shared_block_mw.value(x)
    return np.asarray((racks_mw > _TOLERANCE_MW) & (shared_mw < model.p.siting.block_mw - _TOLERANCE_MW))


def furthest_short(lack_mw: Floats, place: NDArray[np.intp]) -> Bools:
    """Return the blocks that lack most of those at the same place.

    >>> furthest_short(np.array([30.0, 2.0, -5.0, 7.0]), np.array([1, 1, 0, 2])).tolist()
    [True, False, False, True]
    """
    most_mw = np.zeros(int(place.max(initial=0)) + 1)
    np.maximum.at(most_mw, place, lack_mw)
    return np.asarray((lack_mw > 0.0) & (lack_mw >= most_mw[place]))


def chosen_blocks(model: Model, x: Floats, among: Bools) -> Bools:
    """Return which blocks are nearest to a plan.

    A workload grows to its block within the halls that there can be by then, and by no more than
    users in reach of the site ask for. Sites that may share a block are all kept where they have
    room for it together: how far each is filled is for the program to find.
    """
    p = model.p.siting
    racks_mw = np.maximum(model.siting.in_block_mw.value(x), 0.0)
    room_mw = np.minimum(_housed_mw(model), _asked_mw(model, x, racks_mw))
    room_mw = np.where(among, np.maximum(np.minimum(room_mw, p.block_top_mw), racks_mw), 0.0)
    group = _workload_year(model)
    alone = nearest_blocks(racks_mw, p.block_mw, room_mw, group)
    own = p.block.find(p.shared)
    room_mw = np.bincount(own, room_mw[partner_blocks(p.block, p.shared)], p.block.size)
    is_shared = np.bincount(group, np.bincount(own, minlength=p.block.size) > 1)[group] > 0.0
    return np.where(is_shared, among & (room_mw >= p.block_mw - _TOLERANCE_MW), alone)


def nearest_blocks(racks_mw: Floats, block_mw: Floats, room_mw: Floats, group: NDArray[np.intp]) -> Bools:
    r"""Return which blocks move the fewest MW between the sites of a workload.

    What is closed gives its racks up, and what has less than its block takes some, so what moves
    is the larger of the two sums. Both fall if a site with more of the workload is kept instead of
    one with less, so the sites that are kept are those with most of it, and only their number is
    looked for; where these have no room for all, those with most room are tried too. What has no
    room counts first, then what moves.
    """
    may = room_mw >= block_mw - _TOLERANCE_MW
    result = np.zeros(racks_mw.size, dtype=np.bool_)
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    for rows in np.split(order, begins[1:]):
        kept = rows[may[rows]]
        total_mw = racks_mw[rows].sum()
        if total_mw <= _TOLERANCE_MW or not kept.size:
            continue
        orders = [kept[np.argsort(-key[kept], kind="stable")] for key in (racks_mw, room_mw)]
        found = [_fewest_moved(racks_mw[at], block_mw[at], room_mw[at], total_mw) for at in orders]
        best = min((0, 1), key=found.__getitem__)
        result[orders[best][: found[best][2]]] = True
    return result


def _fewest_moved(racks_mw: Floats, block_mw: Floats, room_mw: Floats, total_mw: float) -> tuple[float, float, int]:
    """Return what has no room, what moves and the number of sites, best over the first so many."""
    first = np.arange(1, racks_mw.size + 1)
    fits = (first == 1) | (first * block_mw <= total_mw + _TOLERANCE_MW)
    raised = np.cumsum(np.maximum(block_mw - racks_mw, 0.0))
    closed = total_mw - np.cumsum(racks_mw)
    left_over = np.round(np.maximum(total_mw - np.cumsum(room_mw), 0.0), 6)
    moved = np.round(np.maximum(raised, closed), 6)
    best = np.lexsort((moved, left_over, ~fits))[0]
    return float(left_over[best]), float(moved[best]), int(first[best])


def _workload_year(model: Model) -> NDArray[np.intp]:
    """Return workload and year of each block as one number."""
    block, years = model.p.siting.block, len(model.p.sets.year)
    return np.asarray(block["workload"].astype(np.intp) * years + block["year"])


def _housed_mw(model: Model) -> Floats:
    """Racks of a workload that the halls of a site can house by then, one for all. [MW], (block)"""
    p, block = model.p, model.p.siting.block
    existing_mw, leased_mw = np.zeros(p.sites.site_year.size), np.zeros(p.sites.site_year.size)
    np.add.at(existing_mw, p.sites.site_year.find(p.halls.hall), p.halls.existing_mw)
    is_to_let = np.unique(p.sites.site_year.find(p.halls.lease))
    leased_mw[is_to_let] = p.halls.lease_depth_mw[p.sites.site_year["site"][is_to_let]]
    halls_mw = existing_mw + p.sites.reach_mw + leased_mw
    per_mw = np.full(len(p.sets.workload), np.inf)  # least halls that racks of a workload take
    np.minimum.at(per_mw, p.racks.deployment["workload"], p.racks.hall_mw_per_mw)
    return np.asarray(halls_mw[p.sites.site_year.find(block)] / per_mw[block["workload"]])


def _asked_mw(model: Model, x: Floats, racks_mw: Floats) -> Floats:
    """Racks that users in reach of a site ask for, as good as it, or the workload, has. [MW]"""
    p, block, group = model.p.demand, model.p.siting.block, _workload_year(model)
    place = locate(block, p.load["site"], p.load["workload"], p.load["year"])
    has_block = place >= 0
    load = np.zeros(block.size)
    load[place[has_block]] = model.load.value(x)[has_block]
    of_class = np.bincount(group, load) / np.maximum(np.bincount(group, racks_mw), _TOLERANCE_MW)
    is_used = racks_mw > _TOLERANCE_MW
    throughput = np.where(is_used, load / np.where(is_used, racks_mw, 1.0), of_class[group])
    served = p.served
    wanted = locate(p.demand, served["region"], served["workload"], served["year"])
    place = locate(block, served["site"], served["workload"], served["year"])
    has_block = place >= 0
    asked = np.bincount(place[has_block], p.demand_kh100e[wanted[has_block]], block.size)
    return np.asarray(asked / np.maximum(throughput, _TOLERANCE_MW))
