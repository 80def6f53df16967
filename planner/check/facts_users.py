"""Who is asked to be served from where, computed a second time: classes, routes, who has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by, has, listed, tally
from planner.check.routes import ANYWHERE
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_ROUTE = ("region", "workload", "site")
_USERS = ("region", "workload")


@rule(unit="-")
def classes_from_tables(case: Case) -> Excess:
    """Figures of classes are those of table `workloads`, the scenario's own in their place."""
    told = case.inputs.workloads
    own = case.workloads.set_index("workload").loc[list(told["workload"])]
    parts = [
        Excess.differs(
            told[["workload"]].assign(what=str(column)),
            np.nan_to_num(told[column].to_numpy(dtype=np.float64), nan=-1.0),
            np.nan_to_num(own[column].to_numpy(dtype=np.float64), nan=-1.0),
        )
        for column in told.select_dtypes(["number"])
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="- or USD/h")
def service_terms_from_tables(case: Case) -> Excess:
    """Shares within the tighter bound are the classes', and unmet compute costs what is asked."""
    wanted = case.inputs.demand
    share = by(case.workloads, "workload", "tight_share_frac").astype("float64")
    everyone = listed(wanted.demand)
    has_share = ~np.isnan(at(share, everyone, ("workload",), np.nan))
    told = listed(wanted.tight, share=wanted.tight_share_frac)
    missing = has_share & ~has(everyone, told, (*_USERS, "year"))
    price = pd.DataFrame({"what": ["unmet compute"]})
    return Excess.differs(
        told[[*_USERS, "year"]], told["share"].to_numpy(), at(share, told, ("workload",), np.nan)
    ).and_also(
        Excess.where(everyone[[*_USERS, "year"]], missing),
        Excess.differs(
            price,
            np.array([wanted.unmet_usd_per_h100e_hour]),
            np.array([case.scenario.demand.unmet_usd_per_h100e_hour]),
        ),
    )


@rule(unit="ms", floor=1000.0)
def routes_from_tables(case: Case) -> Excess:
    """Routes are all that lie within bound and residency, each with its own round trip."""
    wanted = case.inputs.demand
    told = listed(wanted.route, rtt=wanted.route_rtt_ms, tight=wanted.route_is_tight)
    placed = told[told["region"] != ANYWHERE].reset_index(drop=True)
    lumped = told[told["region"] == ANYWHERE]
    everywhere = case.reach
    own = everywhere.set_index(list(_ROUTE))
    users = listed(wanted.demand)[list(_USERS)].drop_duplicates()
    due = everywhere[everywhere["in_time"] & has(everywhere, users, _USERS)]
    is_tight = at(own["is_tight"].astype("float64"), placed, _ROUTE, np.nan)
    is_near = placed["tight"].to_numpy(dtype=np.float64) != is_tight
    return Excess.differs(
        placed[list(_ROUTE)], placed["rtt"].to_numpy(), at(own["rtt_ms"], placed, _ROUTE, np.nan)
    ).and_also(
        Excess.where(placed[list(_ROUTE)], ~has(placed, due, _ROUTE)),
        Excess.where(due[list(_ROUTE)], ~has(due, placed, _ROUTE)),
        Excess.where(placed[list(_ROUTE)], is_near),
        # Wherever lumped users are, a distance says nothing, and no tighter bound holds.
        Excess.where(lumped[list(_ROUTE)], (lumped["rtt"] != 0.0).to_numpy() | lumped["tight"]),
    )


@rule(unit="- or ms")
def no_route_from_tables(case: Case) -> Excess:
    """Users whom no site reaches are listed with the nearest site and their share of the class."""
    told, everywhere = case.inputs.demand.no_route, case.reach
    wanted = listed(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    users = wanted.loc[wanted["region"] != ANYWHERE, list(_USERS)].drop_duplicates()
    reached = everywhere.loc[everywhere["in_time"], list(_USERS)].drop_duplicates()
    lonely = users[~has(users, reached, _USERS)].reset_index(drop=True)
    nearest = everywhere.groupby(list(_USERS))["rtt_ms"].min()
    bound = by(case.workloads, "workload", "rtt_bound_ms").astype("float64")
    asked = at(tally(wanted, _USERS, wanted["kh100e"]), told, _USERS, np.nan)
    of_class = at(tally(wanted, ("workload",), wanted["kh100e"]), told, ("workload",), np.nan)
    place = told[list(_USERS)]
    pairs = (
        ("nearest_rtt_ms", at(nearest, told, _USERS, np.nan)),
        ("bound_ms", at(bound, told, ("workload",), np.nan)),
        ("demand_frac", asked / of_class),
    )
    parts = [
        Excess.differs(place, told[name].to_numpy(dtype=np.float64), own) for name, own in pairs
    ]
    return Excess.where(lonely, ~has(lonely, told, _USERS)).and_also(
        Excess.where(place, ~has(told, lonely, _USERS)), *parts
    )


@rule(unit="classes")
def clouds_from_tables(case: Case) -> Excess:
    """Clouds serve everybody, or users near one of the metros among the sites, where they must."""
    demand, rent = case.inputs.demand, case.inputs.rent
    wanted, told = listed(demand.demand), listed(rent.rented, near=rent.rented_is_tight)
    key = [*_USERS, "year"]
    may, near = (np.ones(len(wanted), dtype=np.bool_) for _ in range(2))
    if not case.scenario.rent.placeless:
        sites = by(case.sites, "site", "archetype")
        clouds = case.reach[case.reach["site"].map(sites) == "metro"]
        is_lumped = (wanted["region"] == ANYWHERE).to_numpy()
        may, near = (has(wanted, clouds[clouds[by]], _USERS) for by in ("in_time", "is_tight"))
        may = may | (is_lumped & bool(len(clouds)))
    may = may & case.scenario.rent.allow
    due = wanted[may]
    of_due = pd.Series(near[may].astype("float64"), index=pd.MultiIndex.from_frame(due[key]))
    return Excess.where(due[key], ~has(due, told, key)).and_also(
        Excess.differs(told[key], told["near"].to_numpy("float64"), at(of_due, told, key, np.nan))
    )


RULES = (
    classes_from_tables,
    service_terms_from_tables,
    routes_from_tables,
    no_route_from_tables,
    clouds_from_tables,
)
