"""Work between sites: all of it done, on racks that are there, where its users are in reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import year_slots
from planner.check.declared import Given, setting
from planner.check.frames import crossed, isin, keyed, once, table_of, to_frame
from planner.check.power import moving_classes, window_h
from planner.check.routes import reach_of_users
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.check.case import Case

    Codes = NDArray[np.intp]

_USE = ("site", "rack", "hall", "workload", "year")


def _windows(case: Case) -> pd.Series[int]:
    """Hours within which each workload may do its work, a time slice at least."""
    return window_h(case).clip(lower=case.scenario.time.slot_h)


def _table(case: Case) -> pd.DataFrame:
    """Table `migration` with its day, hours of the year and its block recomputed."""
    slot = year_slots(case)[["slot", "day", "hour", "hours"]]
    table = case.plan("migration").merge(slot, on="slot", how="left")
    length = table["workload"].map(_windows(case)).astype("float64")
    return table.assign(own_block=(table["hour"] // length).astype("int64"))


def users_in_reach(case: Case, table: pd.DataFrame) -> NDArray[np.object_]:
    """Write a word for the users that each row's site may serve; users lumped together do not part sites."""
    reach = reach_of_users(case)
    ends = reach[isin(reach, to_frame(case.inputs.demand.demand), ("region", "workload"))]
    grade = (ends["in_time"].astype("int64") + ends["is_tight"]).astype("str")
    words = grade.groupby([ends["workload"], ends["site"]], sort=False).agg("".join)
    keys = pd.MultiIndex.from_frame(table[["workload", "site"]])
    return np.asarray(words.reindex(keys).fillna(""), dtype=object)


@rule(unit="blocks")
def migration_in_its_block(case: Case) -> Excess:
    """Work that moves is reported in its block of the day, named by the first time slice of it."""
    table = _table(case)
    begin = table["own_block"] * table["workload"].map(_windows(case))
    by_hour = year_slots(case).set_index(["day", "hour"])["slot"]
    first = by_hour.reindex(pd.MultiIndex.from_arrays([table["day"], begin])).to_numpy()
    return Excess.count_broken(keyed(table, (*_USE, "slot")), (table["block"].to_numpy() != first).astype(np.bool_))


@rule(unit="sites")
def migration_reach_reported(case: Case) -> Excess:
    """Sites that reach the same users are named by the first of them, of all sites."""
    table = case.plan("migration")[["site", "workload", "reach"]].drop_duplicates()
    classes = table[["workload"]].drop_duplicates()
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    every = crossed(classes, sites)
    every = every.assign(users=users_in_reach(case, every))
    first = every.groupby(["workload", "users"], sort=False)["site"].transform("first")
    own = every.assign(own=first).set_index(["workload", "site"])["own"]
    wanted = own.reindex(pd.MultiIndex.from_frame(table[["workload", "site"]])).to_numpy()
    return Excess.count_broken(table, (table["reach"].to_numpy() != wanted).astype(np.bool_))


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


GIVEN: Final[Mapping[str, Given]] = {"migration.move_usd_per_mwh": setting("flexibility.move_usd_per_mwh")}
TAKEN_AS_GIVEN: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "migration.balance_of_work",
        "migration.deployment_frac",
        "migration.due_mw_per_mw",
        "migration.room_mw_per_mw",
        "migration.site_block_of_work",
    ),
    "read by no rule: rows of work that moves, and its table, are stated from scenario and data without it, so that one"
    " that is wrong is found in the program",
)
