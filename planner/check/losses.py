"""What is left unserved when each site is lost in turn, recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.augment import left_over
from planner.check.frames import tally
from planner.check.globe import distance_km
from planner.check.routes import ANYWHERE, round_trips, stays_elsewhere

if TYPE_CHECKING:
    from planner.base.arrays import Bools
    from planner.check.case import Case


__all__ = ["asks", "losses", "may_not_cover", "reach", "reserves"]

_LOAD = ("site", "workload", "year")
_CLASS = ("workload", "year")
_ROUTE = ("region", "workload", "site")
_PAIR = ("site", "standby")


def asks(case: Case, frame: pd.DataFrame) -> Bools:
    """Say for each class and year of a table whether the loss of a site must be survived."""
    given = case.scenario.workloads
    classes = [name for name, own in given.items() if own.given().get("failover")]
    first = case.scenario.failover.from_year or case.years[0]
    return np.asarray(frame["workload"].isin(classes) & (frame["year"] >= first))


def may_not_cover(case: Case, frame: pd.DataFrame) -> Bools:
    """Say for each lost site and stand-by whether the second may not stand in for the first."""
    settings = case.scenario.failover
    places = case.sites.set_index("site")[["lat", "lon"]]
    one, other = (places.loc[frame[name]].to_numpy().T for name in _PAIR)
    near = distance_km(*one, *other) < settings.barred_within_km
    barred = near | (frame["site"] == frame["standby"]).to_numpy()
    for together in (*settings.barred_pairs, *settings.barred_groups.values()):
        both = frame["site"].isin(together) & frame["standby"].isin(together)
        barred |= both.to_numpy()
    return np.asarray(barred)


def reserves(case: Case) -> pd.DataFrame:
    """What the stand-by racks of each site could carry of a class, computed from the plan."""
    uses = case.uses
    uses = uses[uses["standby_mw"] > 0.0]
    carried = tally(uses, _LOAD, uses["standby_mw"] * uses["throughput_kh100e_per_mw"])
    return carried.rename("reserve_kh100e").reset_index()


def reach(case: Case, regions: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """List who is within the bounds of whom, recomputed: region, workload, site, rtt_ms."""
    pairs = regions.merge(sites, on="workload").drop_duplicates(list(_ROUTE))
    placed = pairs[pairs["region"] != ANYWHERE].reset_index(drop=True)
    frame = round_trips(case, placed)
    fits = (frame["rtt_ms"] <= frame["rtt_bound_ms"] * (1.0 + 1e-9)) & ~stays_elsewhere(frame)
    placeless = pairs[pairs["region"] == ANYWHERE].assign(rtt_ms=np.nan)
    return pd.concat([frame[fits], placeless], ignore_index=True)[[*_ROUTE, "rtt_ms"]]


def losses(case: Case) -> pd.DataFrame:
    """Let each site fail and send its work to the reserves of others: what is left. [kH100e]"""
    table = case.plan("assignment")
    work = table[asks(case, table) & (table["served_kh100e"] > 0.0).to_numpy()]
    reserve = reserves(case)
    reached = reach(
        case, work[["region", "workload"]].drop_duplicates(), reserve[["workload", "site"]]
    )
    by_class = reached.groupby(["region", "workload"])["site"].agg(frozenset).to_dict()
    failed = work["site"].drop_duplicates().to_frame()
    pairs = failed.merge(
        reserve[["site"]].drop_duplicates().rename(columns={"site": "standby"}), how="cross"
    )
    barred = may_not_cover(case, pairs)
    may = pairs[~barred].groupby("site")["standby"].agg(frozenset).to_dict()
    room = {
        key: dict(zip(rows["site"], rows["reserve_kh100e"], strict=True))
        for key, rows in reserve.groupby(list(_CLASS))
    }
    rows = []
    for (site, workload, year), lost in work.groupby(list(_LOAD), sort=False):
        allowed = may.get(site, frozenset())
        there = room.get((workload, year), {})
        choices = [
            sorted(by_class.get((region, workload), frozenset()) & allowed & there.keys())
            for region in lost["region"]
        ]
        amounts = [float(amount) for amount in lost["served_kh100e"]]
        rows.append((site, workload, year, sum(amounts), left_over(amounts, choices, there)))
    return pd.DataFrame(rows, columns=[*_LOAD, "load_kh100e", "unserved_kh100e"])
