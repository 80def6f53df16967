"""The outage of each site in turn: what of its work could run on racks that exist still elsewhere.

Work goes to sites that reach its users in time and that `failover` does not bar from standing in
for the lost one, as those that the same flood would strike. Room are standby racks of the workload,
and racks that are parked (bought, alive, switched off), which the workloads of a duty share in
proportion to what they lose. Nothing is bought, and racks at work are not worked harder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.base.max_flow import unassigned
from planner.results.schema import STRESS_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.inputs.inputs import Inputs

__all__ = ["site_outage_losses"]

_TABLE = "stress_loss"
_CLASS = ["site", "workload", "year"]


def site_outage_losses(inputs: Inputs, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Let every site fail in every year."""
    reach, may_cover = _reach(inputs), _may_cover(inputs)
    work = tables["assignment"]
    work = work[work["served_kh100e"] > 0.0]
    duty = dict(zip(tables["plan"]["workload"], tables["plan"]["duty"], strict=True))
    standby: dict[Any, float] = tables["reserve"].set_index(_CLASS)["reserve_kh100e"].to_dict()
    parked = _parked_kh100e(tables)
    rows = []
    for (year, site), lost in work.groupby(["year", "site"]):
        of_duty = lost.groupby(lost["workload"].map(duty))["served_kh100e"].sum()
        for workload, users in lost.groupby("workload"):
            load = float(users["served_kh100e"].sum())
            share = load / float(of_duty[duty[workload]])
            others = reach.keys() & may_cover[str(site)]
            room = {
                other: standby.get((other, workload, year), 0.0) + share * parked.get((other, workload, year), 0.0)
                for other in others
            }
            choices = [
                sorted(o for o in others if room[o] > 0.0 and (region, workload) in reach[o])
                for region in users["region"]
            ]
            unserved = unassigned(users["served_kh100e"].tolist(), choices, room)
            rows.append((site, workload, year, load, load - unserved, unserved))
    table = STRESS_TABLES[_TABLE]
    frame = pd.DataFrame(rows, columns=list(table.columns))
    return frame.astype({column.name: column.dtype for column in table.fields})


def _reach(inputs: Inputs) -> dict[str, set[tuple[str, str]]]:
    """Return for every site the regions and workloads that it reaches in time."""
    route = inputs.demand.route
    names = {axis.name: np.asarray(axis.labels) for axis in route.axes}
    at = {name: names[name][route[name]] for name in ("region", "workload", "site")}
    found: dict[str, set[tuple[str, str]]] = {str(site): set() for site in names["site"]}
    for site, region, workload in zip(at["site"], at["region"], at["workload"], strict=True):
        found[str(site)].add((str(region), str(workload)))
    return found


def _may_cover(inputs: Inputs) -> dict[str, set[str]]:
    """Return for every site those that may stand in for it when it is lost."""
    names = np.asarray(inputs.sets.site.labels)
    return {str(site): set(map(str, names[may])) for site, may in zip(names, inputs.failover.may_cover, strict=True)}


def _parked_kh100e(tables: Mapping[str, pd.DataFrame]) -> dict[Any, float]:
    """Return what parked racks could carry of a workload; racks that do such work in the plan."""
    plan, fleet = tables["plan"], tables["fleet"]
    by = plan.groupby(["rack", "workload", "duty"])[["load_kh100e", "used_mw"]].sum()
    carries = (by["load_kh100e"] / by["used_mw"]).rename("kh100e_per_mw").reset_index()
    still = fleet[fleet["parked_mw"] > 0.0].merge(carries, on=["rack", "duty"])
    still = still.assign(room=still["parked_mw"] * still["kh100e_per_mw"])
    room: dict[Any, float] = still.groupby(_CLASS)["room"].sum().to_dict()
    return room
