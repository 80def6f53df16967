"""Sites that stand in for each other, found a second time from places, users and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, has, listed
from planner.check.losses import may_not_cover, reach
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_LOAD = ("site", "workload", "year")
_PAIR = ("site", "standby")
_ROUNDING = 1.0 - 1e-9


def _pairs_of_sites(case: Case) -> pd.DataFrame:
    sites = pd.DataFrame({"site": list(case.inputs.sets.site.labels)})
    return sites.merge(sites.rename(columns={"site": "standby"}), how="cross")


@rule(unit="sites")
def may_cover_from_scenario(case: Case) -> Excess:
    """A site stands in for another unless it is near, barred by name or in a barred group."""
    pairs = _pairs_of_sites(case)
    own = ~may_not_cover(case, pairs)
    return Excess.where(pairs, np.asarray(case.inputs.failover.may_cover).ravel() != own)


def _common_users(case: Case) -> pd.DataFrame:
    """Compute wanted by users whom two sites both reach: workload, site, standby, kh100e."""
    demand = case.inputs.demand
    wanted = listed(demand.demand, kh100e=demand.demand_kh100e)
    wanted = wanted.groupby(["region", "workload"], as_index=False)[["kh100e"]].sum()
    sites = pd.DataFrame({"site": list(case.inputs.sets.site.labels)})
    places = wanted[["workload"]].drop_duplicates().merge(sites, how="cross")
    reached = reach(case, wanted[["region", "workload"]], places)
    users = reached[["region", "workload", "site"]].merge(wanted, on=["region", "workload"])
    other = users.drop(columns="kh100e").rename(columns={"site": "standby"})
    both = users.merge(other, on=["region", "workload"])
    return both.groupby(["workload", *_PAIR], as_index=False)[["kh100e"]].sum()


@rule(unit="pairs")
def neighbours_from_tables(case: Case) -> Excess:
    """Neighbours that cover a site together are those that may and reach enough of its users."""
    p, settings = case.inputs.failover, case.scenario.failover
    loads, reserves = listed(p.neighbour), listed(p.reserve)
    key = [*_LOAD, "standby"]
    if not len(loads):
        return Excess.where(pd.DataFrame(columns=key), np.zeros(0, dtype=np.bool_))
    users = _common_users(case)
    own = users[users["site"] == users["standby"]].set_index(["workload", "site"])["kh100e"]
    least = settings.neighbour_users_frac * _ROUNDING * at(own, users, ("workload", "site"))
    users = users[(users["kh100e"] > 0.0) & (users["kh100e"] >= least)]
    users = users[~may_not_cover(case, users)]
    right = loads.merge(users, on=["site", "workload"]).merge(
        reserves.rename(columns={"site": "standby"}), on=["standby", "workload", "year"]
    )[key]
    row, cover = (
        np.asarray(place, dtype=np.intp) for place in (p.neighbour_row, p.neighbour_reserve)
    )
    told = loads.iloc[row].reset_index(drop=True)
    stands_in = reserves.iloc[cover].reset_index(drop=True)
    apart = (told[["workload", "year"]] != stands_in[["workload", "year"]]).any(axis=1)
    told = told.assign(standby=stands_in["site"])[key]
    odd = (apart | told.duplicated()).to_numpy(dtype=np.bool_)
    return Excess.where(told, odd | ~has(told, right, key)).and_also(
        Excess.where(right, ~has(right, told, key))
    )


RULES = (may_cover_from_scenario, neighbours_from_tables)
