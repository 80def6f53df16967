"""Tables of service: who is served from where, and what is rented, saved or unmet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.inputs.axes import ANYWHERE
from planner.inputs.failover import reaches_two
from planner.lp.join import distinct, pairs
from planner.model.demand import saved_kh100e
from planner.results.frame import labels, ratio, result_table, total_by

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel


__all__ = ["assignment", "demand", "levers", "no_route", "reference", "rent", "served_rtt_ms"]


def served_rtt_ms(s: SolvedModel) -> Floats:
    """Return the round trip of each service, nan for placeless workloads. [served]"""
    served = s.p.demand.served
    rtt = s.p.demand.route_rtt_ms[s.p.demand.route.find(served)]
    return np.where(served.labels("region") == ANYWHERE, np.nan, rtt)


def assignment(s: SolvedModel) -> pd.DataFrame:
    """Make table `assignment`: which site serves which users."""
    served = s.p.demand.served
    kh100e = s.value(s.model.served)
    rows = np.flatnonzero(kh100e)
    is_tight = s.p.demand.route_is_tight[s.p.demand.route.find(served)]
    return result_table(
        "assignment",
        {
            **labels(served, rows),
            "served_kh100e": kh100e[rows],
            "rtt_ms": served_rtt_ms(s)[rows],
            "within_tight": is_tight[rows],
        },
    )


def demand(s: SolvedModel) -> pd.DataFrame:
    """Make table `demand`: how the compute asked for is met."""
    over, m = s.p.demand.demand, s.model
    served_kh100e, rtt_ms = s.value(m.served), served_rtt_ms(s)
    timed_kh100e = np.where(np.isnan(rtt_ms), 0.0, served_kh100e)
    place = over.find(s.p.demand.served)
    travel = total_by(place, timed_kh100e * np.nan_to_num(rtt_ms), over.size)
    return result_table(
        "demand",
        {
            **labels(over),
            "demand_kh100e": s.p.demand.demand_kh100e,
            "served_kh100e": total_by(place, served_kh100e, over.size),
            "rented_kh100e": s.value(m.rented.sum_to(over)),
            "saved_kh100e": s.value(saved_kh100e(m)),
            "unmet_kh100e": s.value(m.unmet.sum_to(over)),
            "mean_rtt_ms": ratio(travel, total_by(place, timed_kh100e, over.size)),
            "why_not_own": _why_not_own(s),
            "why_not_rented": s.p.rent.barred,
        },
    )


def _why_not_own(s: SolvedModel) -> np.ndarray:
    """Say why no own site may serve a demand; "" where one may. [demand]"""
    over, served = s.p.demand.demand, s.p.demand.served
    lonely = s.p.demand.no_route
    is_far = (lonely["nearest_rtt_ms"] > lonely["bound_ms"]).to_numpy()
    users = set(zip(lonely["region"], lonely["workload"], strict=True))
    far = set(zip(lonely["region"][is_far], lonely["workload"][is_far], strict=True))
    of = list(zip(over.labels("region"), over.labels("workload"), strict=True))
    must_survive = distinct(s.p.failover.reserve, "workload", "year").find(over) >= 0
    has_two = np.ones(over.size, dtype=np.bool_)
    if must_survive.any():
        axes = ("region", "workload", "year", "site")
        reaches = np.zeros([len(served.axis(name)) for name in axes])
        reaches[tuple(served[name] for name in axes)] = 1.0
        twice = reaches_two(reaches, s.p.failover.may_cover)
        has_two = twice[over["region"], over["workload"], over["year"]]
    why = (
        (must_survive & ~has_two, "no two own sites that may cover for each other"),
        (distinct(served, *over.axis_names).find(over) < 0, "own sites in reach have no racks for it by then"),
        (np.array([one in users for one in of], dtype=np.bool_), "no own site that its residency admits"),
        (np.array([one in far for one in of], dtype=np.bool_), "no own site within its latency bound"),
    )
    said = np.full(over.size, "", dtype=object)
    for applies, words in why:
        said[applies] = words
    return said


def no_route(s: SolvedModel) -> pd.DataFrame:
    """Make table `no_route`: users that no site reaches in time."""
    given = s.p.demand.no_route
    return result_table("no_route", given.assign(nearest_site=given["nearest_site"].fillna("")))


def rent(s: SolvedModel) -> pd.DataFrame:
    """Make table `rent`: cloud capacity rented."""
    over, given = s.p.rent.bought, s.p.rent
    kh100e = s.value(s.model.bought)
    rows = np.flatnonzero(kh100e)
    usd_per_hour = USD_PER_MUSD / H100E_PER_KH100E / HOURS_PER_YEAR
    return result_table(
        "rent",
        {
            **labels(over, rows),
            "bought_kh100e": kh100e[rows],
            "term_years": given.term_years[rows].astype(np.float64),
            "usd_per_h100e_hour": given.price_musd_per_kh100e_year[rows] * usd_per_hour,
        },
    )


def levers(s: SolvedModel) -> pd.DataFrame:
    """Make table `levers`: efficiency levers used."""
    over, given = s.p.levers.adopted, s.p.levers
    wanted, lever = pairs(s.p.demand.demand, over, on=("workload", "year"))
    asked = total_by(lever, s.p.demand.demand_kh100e[wanted], over.size)
    adopted = s.value(s.model.adopted)
    saved = given.saving_frac * adopted * asked
    rows = np.flatnonzero(adopted)
    return result_table(
        "levers",
        {
            **labels(over, rows),
            "adopted_frac": adopted[rows],
            "saved_kh100e": saved[rows],
            "cost_musd": (given.cost_musd_per_kh100e_year * saved)[rows],
        },
    )


def reference(s: SolvedModel) -> pd.DataFrame:
    """Make table `reference`: the fleet that turns a trajectory in GW into compute."""
    given = s.p.reference
    names = ("workload", "facility_gw", "path_mw", "rack_gw", "kh100e")
    columns = {name: given[name].to_numpy() for name in names}
    return result_table("reference", {**columns, "year": given["year"].to_numpy().astype(np.int64)})
