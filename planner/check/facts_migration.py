"""Work that may move between sites: how much, where to and when, read a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.facts_power import moving_classes, window_h
from planner.check.frames import by, listed, taken
from planner.check.migration import users_in_reach
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case

    Codes = NDArray[np.intp]

__all__ = ["RULES"]

_CLASS = ("rack", "workload")


def _share_that_moves(case: Case) -> Floats:
    """Share of the work of each class in scope that may be done at other sites."""
    share = by(case.workloads, "workload", "deferrable_frac").astype("float64")
    share = share.where(share.index.isin(moving_classes(case)), 0.0)
    return np.asarray(share[list(case.inputs.sets.workload.labels)], dtype=np.float64)


@rule(unit="MW/MW")
def migration_from_tables(case: Case) -> Excess:
    """Work that may move is the deferrable share of its class, and its racks have room for more.

    Racks do at most what they can at full load, less the work that stays as it falls due.
    """
    p, power, racks, sets = (
        getattr(case.inputs, room) for room in ("migration", "power", "racks", "sets")
    )
    uses, share = racks.deployment, _share_that_moves(case)
    frame = listed(uses)[["rack", "hall", "workload"]]
    parts = [Excess.differs(frame, p.deployment_frac, share[uses["workload"]])]
    price = case.scenario.flexibility.move_usd_per_mwh
    parts.append(
        Excess.differs(
            pd.DataFrame({"what": ["a move"]}), np.array([p.move_usd_per_mwh]), np.array([price])
        )
    )
    of = case.workloads.set_index("workload").loc[list(sets.workload.labels)]
    shape = sets.shape.codes(of["shape"])
    busy = (of["utilisation_frac"] / (1.0 + of["spare_frac"])).to_numpy(dtype=np.float64)
    key = pd.MultiIndex.from_arrays([uses["rack"], uses["hall"], uses["workload"]])
    work, workload = p.work, p.work["workload"]
    row = key.get_indexer(pd.MultiIndex.from_arrays([work["rack"], work["hall"], workload]))
    mean = racks.dynamic_mw_per_mw[row]
    falls_due = power.shape_frac[work["site"], shape[workload], work["slot"]] * mean
    may_move = share[workload]
    for told, own in (
        (p.due_mw_per_mw, may_move * falls_due),
        (p.room_mw_per_mw, mean / busy[workload] - (1.0 - may_move) * falls_due),
    ):
        parts.append(_by_class(case, np.abs(told - own), np.abs(own)))
    return parts[0].and_also(*parts[1:])


def _by_class(case: Case, amount: Floats, scale: Floats) -> Excess:
    """Write the worst of every rack type and class, so that long lists are told briefly."""
    work, sets = case.inputs.migration.work, case.inputs.sets
    shape = (len(sets.rack), len(sets.workload))
    worst, most = np.zeros(shape), np.zeros(shape)
    at = work["rack"], work["workload"]
    np.maximum.at(worst, at, amount)
    np.maximum.at(most, at, scale)
    place = pd.DataFrame(
        [(rack, workload) for rack in sets.rack.labels for workload in sets.workload.labels],
        columns=list(_CLASS),
    )
    return Excess(place, worst.ravel(), most.ravel())


def _first_slot(case: Case) -> Codes:
    """First slot of the block in which work of a class may be done, by class and slot."""
    slot, sets = case.slots, case.inputs.sets
    day, hour = (slot[name].to_numpy() for name in ("day", "hour"))
    rows = []
    for hours in window_h(case).reindex(list(sets.workload.labels)):
        length = max(int(hours), case.scenario.time.slot_h)
        rows.append(pd.Series(range(len(slot))).groupby([day, hour // length]).transform("min"))
    return np.asarray(rows, dtype=np.intp)


def _first_of_reach(case: Case) -> Codes:
    """First site with the same users of a class as each site has, shape (workload, site)."""
    sets, moving = case.inputs.sets, moving_classes(case)
    table = pd.DataFrame({"workload": list(sets.workload.labels)}).merge(
        pd.DataFrame({"site": list(sets.site.labels)}), how="cross"
    )
    table = table.assign(code=np.tile(np.arange(len(sets.site)), len(sets.workload)))
    may = table["workload"].isin(moving).to_numpy()
    own = table[may].reset_index(drop=True)
    first = table["code"].to_numpy(copy=True)
    if len(own):
        words = users_in_reach(case, own)
        first[may] = own.groupby([own["workload"], words])["code"].transform("min").to_numpy()
    return first.reshape(len(sets.workload), len(sets.site))


@rule(unit="blocks")
def migration_blocks(case: Case) -> Excess:
    """Work is balanced in its window of the day, among sites that the same users can reach."""
    p = case.inputs.migration
    if not p.work.size:
        return Excess.where(pd.DataFrame(columns=list(_CLASS)), np.zeros(0, dtype=np.bool_))
    work, workload = p.work, p.work["workload"]
    own = {
        **{name: work[name] for name in ("site", *_CLASS, "year")},
        "slot": _first_slot(case)[workload, work["slot"]],
        "reach": _first_of_reach(case)[workload, work["site"]],
    }
    is_wrong = np.zeros(work.size, dtype=np.bool_)
    for index, place in ((p.balance, p.balance_of_work), (p.site_block, p.site_block_of_work)):
        for axis in index.axis_names:
            is_wrong |= taken(index[axis], place) != own[axis]
    return _by_class(case, is_wrong.astype(np.float64), np.ones(work.size))


RULES = (migration_from_tables, migration_blocks)
