"""Load over its mean by time slice, recomputed from the clocks of the users that sites reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.cells import ANYWHERE
from planner.check.days import slot_hours, year_days
from planner.check.demand_figures import region_shares, stated_kh100e
from planner.check.frames import column_by, to_frame
from planner.check.power_prices import by_day_and_hour
from planner.check.routes import reach_of_users
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


_WEEKDAYS = 5.0 / 7.0
_USER = ("region", "workload")


def _users(case: Case) -> pd.DataFrame:
    """Compute wanted by region and workload in all years, users anywhere included."""
    demand = case.inputs.demand
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    total = wanted.groupby(list(_USER), sort=False, as_index=False)[["kh100e"]].sum()
    placed = total[total["region"] != ANYWHERE]
    lumped = total[total["region"] == ANYWHERE]
    shares = region_shares(case)
    stated = stated_kh100e(case)
    parts = [placed.assign(is_lumped=False)]
    for workload, kh100e in zip(lumped["workload"], lumped["kh100e"], strict=True):
        own = stated[stated["workload"] == workload]
        share = own.groupby("region")["kh100e"].sum() if len(own) else shares
        share = share.drop(placed.loc[placed["workload"] == workload, "region"], errors="ignore")
        mine = table_of({"region": share.index, "kh100e": kh100e * share / share.sum()})
        parts.append(mine.assign(workload=workload, is_lumped=True))
    return pd.concat(parts, ignore_index=True)


def _reached(case: Case, users: pd.DataFrame) -> pd.DataFrame:
    """List the sites that reach users in time and right: region, workload, site, kh100e."""
    near = reach_of_users(case).loc[reach_of_users(case)["in_time"].to_numpy(), [*_USER, "site"]]
    named = users[~users["is_lumped"]].merge(near, on=list(_USER))
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    return pd.concat([named, users[users["is_lumped"]].merge(sites, how="cross")])


def _curve(case: Case, shape: str) -> Floats:
    """Load over its mean by day and local hour: a mean day, and a weekday on peak days."""
    table = case.data("demand_shapes")
    table = table[table["shape"] == shape]
    wide = table.pivot(index="day_type", columns="hour_local", values="shape_frac").sort_index(axis=1)
    weekday, weekend = (wide.loc[kind].to_numpy(np.float64) for kind in ("weekday", "weekend"))
    mean_day = _WEEKDAYS * weekday + (1.0 - _WEEKDAYS) * weekend
    return np.where(year_days(case).is_peak[:, None], weekday, mean_day)


@rule(unit="-", rereads="power.shape_frac")
def shapes_from_tables(case: Case) -> Excess:
    """Load follows the local time of the users that a site reaches, with a mean of 1.

    A site that reaches none follows all users, and a shape without users all regions alike. On
    peak days it is that of a weekday.
    """
    sets, hours = case.inputs.sets, slot_hours(case)
    sites = list(sets.site.labels)
    shape_of = column_by(case.workloads, "workload", "shape")
    clock = column_by(case.data("demand_regions"), "demand_region", "utc_offset_h")
    users = _users(case)
    regions = list(region_shares(case).index)
    nobody = table_of({"region": regions, "workload": "", "kh100e": 1.0, "is_lumped": False})
    parts = []
    for code, shape in enumerate(sets.shape.labels):
        curve = _curve(case, shape)
        expected = np.ones((len(sites), len(hours)))
        if np.ptp(curve) > 0.0:  # else it is the same on every clock
            ours = users[users["workload"].map(shape_of) == shape]
            if ours.empty:
                ours = nobody
            reached = _reached(case, ours)
            everyone = ours.assign(clock=ours["region"].map(clock)).groupby("clock")["kh100e"].sum()
            near = reached.assign(clock=reached["region"].map(clock))
            near = near.pivot_table("kh100e", "site", "clock", aggfunc="sum", fill_value=0.0)
            weight = near.reindex(index=sites, columns=everyone.index, fill_value=0.0).to_numpy()
            weight = np.where(np.asarray(weight.any(axis=1))[:, None], weight, everyone.to_numpy())
            by_clock = np.array([by_day_and_hour(case, curve, float(offset)) for offset in everyone.index])
            expected = weight @ by_clock
        expected = expected / (expected @ hours / hours.sum())[:, None]
        place = table_of({"site": sites, "shape": shape})
        gap = np.abs(case.inputs.power.shape_frac[:, code] - expected).max(axis=1)
        parts.append(Excess(place, gap, expected.max(axis=1)))
    return parts[0].and_also(*parts[1:])
