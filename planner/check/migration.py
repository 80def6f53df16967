"""Work between sites: all of it done, on racks that are there, where its users are in reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.cells import ANYWHERE
from planner.check.days import year_slots
from planner.check.declared import TRACE, Table
from planner.check.frames import column_by, crossed, keyed, lookup, once, sum_by, take_codes, to_frame
from planner.check.power import moving_classes, window_h
from planner.check.routes import round_trips, stays_elsewhere
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case

    Codes = NDArray[np.intp]

_ROUNDING = 1.0 + 1e-9
_USE = ("site", "rack", "hall", "workload", "year")
_CLASS = ("site", "workload", "year")
_BLOCK = ("rack", "workload", "year", "day", "own_block")
_SITE_BLOCK = ("site", *_BLOCK)
_PLACED = ("rack", "workload")


def _window_h(case: Case, workload: str) -> int:
    """Hours within which a workload may defer its work: a part of the day, in full time slices."""
    slot_h = case.scenario.time.slot_h
    longest = float(column_by(case.workloads, "workload", "max_deferral_h")[workload])
    may_wait = case.scenario.flexibility.deferral
    fits = [h for h in range(slot_h, 25, slot_h) if 24 % h == 0 and may_wait and h <= longest]
    return max([slot_h, *fits])


def _windows(case: Case, table: pd.DataFrame) -> dict[object, int]:
    return {name: _window_h(case, str(name)) for name in table["workload"].unique()}


def _table(case: Case) -> pd.DataFrame:
    """Table `migration` with its day, hours of the year and its block recomputed."""
    slot = year_slots(case)[["slot", "day", "hour", "hours"]]
    table = case.plan("migration").merge(slot, on="slot", how="left")
    length = table["workload"].map(_windows(case, table)).astype("float64")
    return table.assign(own_block=(table["hour"] // length).astype("int64"))


def moved_by_block(case: Case) -> pd.DataFrame:
    """Add up the work that each site does beyond its own, by rack type, workload and block."""
    table = _table(case)
    moved = sum_by(table, _SITE_BLOCK, (table["done_mw"] - table["due_mw"]) * table["hours"])
    return moved.rename("moved_mwh").reset_index()


def users_in_reach(case: Case, table: pd.DataFrame) -> NDArray[np.object_]:
    """Write for every row of a table with site and workload a word for the users that it may serve.

    Users lumped together can be served by every site, so they do not part one from another.
    """
    wanted = case.inputs.demand.demand.frame()[["region", "workload"]].drop_duplicates()
    named = wanted[(wanted["region"] != ANYWHERE) & wanted["workload"].isin(table["workload"])]
    pairs = named.merge(table[["site"]].drop_duplicates(), how="cross")
    ends = round_trips(case, pairs.reset_index(drop=True))
    in_time, tight = (
        (ends["rtt_ms"] <= ends[name] * _ROUNDING).to_numpy() for name in ("rtt_bound_ms", "tight_rtt_ms")
    )
    grade = pd.Series((in_time.astype(np.int64) + tight) * ~stays_elsewhere(ends))
    words = grade.astype("str").groupby([ends["workload"], ends["site"]], sort=False).agg("".join)
    keys = keyed(table[["workload", "site"]])
    return np.asarray(words.reindex(keys).fillna(""), dtype=object)


@rule(unit="blocks", rows_of=("migration",))
def migration_in_its_block(case: Case) -> Excess:
    """Work that moves is reported in its block of the day, named by the first time slice of it."""
    table = _table(case)
    begin = table["own_block"] * table["workload"].map(_windows(case, table))
    by_hour = year_slots(case).set_index(["day", "hour"])["slot"]
    first = by_hour.reindex(pd.MultiIndex.from_arrays([table["day"], begin])).to_numpy()
    return Excess.count_broken(table[[*_USE, "slot"]], (table["block"].to_numpy() != first).astype(np.bool_))


@rule(unit="sites", rows_of=("migration",))
def migration_reach_reported(case: Case) -> Excess:
    """Sites that reach the same users are named by the first of them, of all sites."""
    table = case.plan("migration")[["site", "workload", "reach"]].drop_duplicates()
    classes = table[["workload"]].drop_duplicates()
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    every = crossed(classes, sites)
    every = every.assign(users=users_in_reach(case, every))
    first = every.groupby(["workload", "users"], sort=False)["site"].transform("first")
    own = every.assign(own=first).set_index(["workload", "site"])["own"]
    wanted = own.reindex(keyed(table[["workload", "site"]])).to_numpy()
    return Excess.count_broken(table, (table["reach"].to_numpy() != wanted).astype(np.bool_))


@rule(unit="MWh", floor=1000.0, rows_of=("migration", "migration_site"))
def migration_of_sites(case: Case) -> Excess:
    """Work that arrives at a site and leaves it follows from its blocks of hours."""
    table, blocks, work = case.plan("migration_site"), moved_by_block(case), _table(case)
    moved = blocks["moved_mwh"].to_numpy()
    expected = {
        "due_mwh": sum_by(work, _CLASS, work["due_mw"] * work["hours"]),
        "done_mwh": sum_by(work, _CLASS, work["done_mw"] * work["hours"]),
        "arrived_mwh": sum_by(blocks, _CLASS, np.maximum(moved, 0.0)),
        "left_mwh": sum_by(blocks, _CLASS, np.maximum(-moved, 0.0)),
    }
    parts = [
        Excess.differs(table[list(_CLASS)], table[name].to_numpy(), lookup(sums, table, _CLASS))
        for name, sums in expected.items()
    ]
    return parts[0].and_also(*parts[1:])


def _share_that_moves(case: Case) -> Floats:
    """Share of the work of each workload in scope that may be done at other sites."""
    share = column_by(case.workloads, "workload", "deferrable_frac").astype("float64")
    share = share.where(share.index.isin(moving_classes(case)), 0.0)
    return np.asarray(share[list(case.inputs.sets.workload.labels)], dtype=np.float64)


@rule(
    unit="MW/MW",
    rereads=("migration.deployment_frac migration.due_mw_per_mw migration.room_mw_per_mw migration.move_usd_per_mwh"),
)
def migration_from_tables(case: Case) -> Excess:
    """Movable work is the deferrable share of its workload, and its racks have room for more.

    Racks do at most what they can at full load, less the work that stays as it falls due.
    """
    p, power, racks, sets = (getattr(case.inputs, room) for room in ("migration", "power", "racks", "sets"))
    uses, share = racks.deployment, _share_that_moves(case)
    frame = to_frame(uses)[["rack", "hall", "workload"]]
    parts = [Excess.differs(frame, p.deployment_frac, share[uses["workload"]])]
    price = case.scenario.flexibility.move_usd_per_mwh
    parts.append(Excess.differs(table_of({"what": ["a move"]}), np.array([p.move_usd_per_mwh]), np.array([price])))
    of = case.workloads.set_index("workload").loc[list(sets.workload.labels)]
    shape = sets.shape.codes(of["shape"])
    busy = (of["utilisation_frac"] / (1.0 + of["spare_frac"])).to_numpy(dtype=np.float64)
    key = pd.MultiIndex.from_arrays([uses["rack"], uses["hall"], uses["workload"]])
    work, workload = p.work, p.work["workload"]
    row = key.get_indexer(pd.MultiIndex.from_arrays([work["rack"], work["hall"], workload]))
    mean = racks.dynamic_mw_per_mw[row]
    falls_due = power.shape_frac[work["site"], shape[workload], work["slot"]] * mean
    may_move = share[workload]
    for reported, expected in (
        (p.due_mw_per_mw, may_move * falls_due),
        (p.room_mw_per_mw, mean / busy[workload] - (1.0 - may_move) * falls_due),
    ):
        parts.append(_by_class(case, np.abs(reported - expected), np.abs(expected)))
    return parts[0].and_also(*parts[1:])


def _by_class(case: Case, amount: Floats, scale: Floats) -> Excess:
    """Write the worst of every rack type and workload, so that long lists stay brief."""
    work, sets = case.inputs.migration.work, case.inputs.sets
    shape = (len(sets.rack), len(sets.workload))
    worst, most = np.zeros(shape), np.zeros(shape)
    at = work["rack"], work["workload"]
    np.maximum.at(worst, at, amount)
    np.maximum.at(most, at, scale)
    place = pd.DataFrame(
        [(rack, workload) for rack in sets.rack.labels for workload in sets.workload.labels], columns=list(_PLACED)
    )
    return Excess(place, worst.ravel(), most.ravel())


def _first_slot(case: Case) -> Codes:
    """First time slice of the block in which work may be done, by workload and time slice."""
    slot, sets = year_slots(case), case.inputs.sets
    day, hour = (slot[name].to_numpy() for name in ("day", "hour"))
    rows = []
    for hours in window_h(case).reindex(list(sets.workload.labels)):
        length = max(int(hours), case.scenario.time.slot_h)
        rows.append(pd.Series(range(len(slot))).groupby([day, hour // length]).transform("min"))
    return np.asarray(rows, dtype=np.intp)


@once
def first_of_reach(case: Case) -> Codes:
    """First site with the same users of a workload as each site has, shape (workload, site)."""
    sets, moving = case.inputs.sets, moving_classes(case)
    table = crossed(table_of({"workload": list(sets.workload.labels)}), table_of({"site": list(sets.site.labels)}))
    table = table.assign(code=np.tile(np.arange(len(sets.site)), len(sets.workload)))
    may = table["workload"].isin(moving).to_numpy()
    own = table[may].reset_index(drop=True)
    first = table["code"].to_numpy(copy=True)
    if len(own):
        words = users_in_reach(case, own)
        first[may] = own.groupby([own["workload"], words])["code"].transform("min").to_numpy()
    return first.reshape(len(sets.workload), len(sets.site))


@rule(unit="blocks", rereads="migration.balance_of_work migration.site_block_of_work")
def migration_blocks(case: Case) -> Excess:
    """Work is balanced in its window of the day, among sites that reach the same users."""
    p = case.inputs.migration
    if not p.work.size:
        return Excess.count_broken(pd.DataFrame(columns=list(_PLACED)), np.zeros(0, dtype=np.bool_))
    work, workload = p.work, p.work["workload"]
    expected = {
        **{name: work[name] for name in ("site", *_PLACED, "year")},
        "slot": _first_slot(case)[workload, work["slot"]],
        "reach": first_of_reach(case)[workload, work["site"]],
    }
    is_wrong = np.zeros(work.size, dtype=np.bool_)
    for index, place in ((p.balance, p.balance_of_work), (p.site_block, p.site_block_of_work)):
        for axis in index.axis_names:
            is_wrong |= take_codes(index[axis], place) != expected[axis]
    return _by_class(case, is_wrong.astype(np.float64), np.ones(work.size))


def _migration_site_rows(case: Case) -> pd.DataFrame:
    work = case.plan("migration")
    is_work = (work["due_mw"] > TRACE) | (work["done_mw"] > TRACE)
    return work.loc[is_work, ["site", "workload", "year"]].drop_duplicates()


HEADING: Final = "Work between sites"

IMPLIED: Final[Mapping[str, Table]] = {"migration_site": _migration_site_rows}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {"migrating_mw": ("migration", "done_mw")}
