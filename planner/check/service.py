"""What users get, as the tables tell it: round trips, shares, rent, levers, the reference fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.facts_demand import rack_path_mw, reference_kh100e
from planner.check.frames import at, by, crossed, has, listed, quotient, tally
from planner.check.routes import ANYWHERE, round_trips, stays_elsewhere
from planner.check.verdict import Excess, columns_told, rule

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["RULES", "timed"]

_ROUTE = ("region", "workload", "site")
_DEMAND = ("region", "workload", "year")
_CLASS = ("workload", "year")
_RENT = ("workload", "tier", "year")
_LEVER = ("workload", "lever", "year")
_HAIR: Final = 1e-9  # of a share, by which a percentile may fall to the next entry
_ROUNDING: Final = 1.0 + 1e-9
_USD_PER_MUSD: Final = 1e6
_H100E_HOURS: Final = 1000.0 * 8760.0  # in a kH100e-year


def timed(case: Case) -> pd.DataFrame:
    """List the assignments of users whose place makes a difference, with their round trips.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        Rows of table `assignment`; own_ms, tail_ms, and is_tight, all recomputed.
    """
    table = case.plan("assignment")
    placed = table[table["region"] != ANYWHERE]
    own = case.routes
    own = own.assign(own_ms=own["rtt_ms"], is_tight=_is_tight(own))
    return placed.merge(own[[*_ROUTE, "own_ms", "tail_ms", "is_tight"]], on=list(_ROUTE))


def _is_tight(routes: pd.DataFrame) -> pd.Series[bool]:
    return routes["rtt_ms"] <= routes["tight_rtt_ms"] * _ROUNDING


@rule(unit="routes")
def tight_routes_told(case: Case) -> Excess:
    """Assignments say rightly which of them are within the tight bound."""
    table, own = case.plan("assignment"), case.routes
    near = at(own.set_index(list(_ROUTE)).pipe(_is_tight).astype("float64"), table, _ROUTE)
    return Excess.where(table[[*_ROUTE, "year"]], table["within_tight"].to_numpy() != (near > 0.0))


@rule(unit="ms", floor=1000.0)
def round_trips_of_users(case: Case) -> Excess:
    """The mean round trip beside each demand is that of the sites which serve it."""
    served, table = timed(case), case.plan("demand")
    kh100e = served["served_kh100e"]
    travel, total = (
        at(tally(served, _DEMAND, of), table, _DEMAND) for of in (kh100e * served["own_ms"], kh100e)
    )
    own = quotient(travel, total)
    return Excess.told(table[list(_DEMAND)], table["mean_rtt_ms"].to_numpy(), own)


def _percentile(served: pd.DataFrame, column: str, share: float) -> pd.Series[float]:
    """Least round trip, by class and year, within which a share of the service is."""
    rows = served.sort_values(column, kind="stable")
    groups = rows.groupby(list(_CLASS), sort=False)["served_kh100e"]
    reached = groups.cumsum() >= share * groups.transform("sum")
    return rows[reached].groupby(list(_CLASS), sort=False)[column].min()


@rule(unit="ms", floor=1000.0)
def percentiles_told(case: Case) -> Excess:
    """Median, 95th percentile, and that on bad days, follow from the assignments by class."""
    served, table = timed(case), case.plan("latency")
    served = served[served["served_kh100e"] > 0.0]
    parts = []
    for name, column, share in (
        ("p50_rtt_ms", "own_ms", 0.5),
        ("p95_rtt_ms", "own_ms", 0.95),
        ("tail_p95_rtt_ms", "tail_ms", 0.95),
    ):
        low, high = (
            at(_percentile(served, column, of), table, _CLASS, np.nan)
            for of in (share * (1.0 - _HAIR), min(share * (1.0 + _HAIR), 1.0))
        )
        told = table[name].to_numpy()
        parts.append(Excess.told(table[list(_CLASS)], told, np.clip(told, low, high)))
        # Where nobody is served from a place there is nothing to clip to.
        parts.append(Excess.where(table[list(_CLASS)], np.isnan(told) != np.isnan(low)))
    return parts[0].and_also(*parts[1:])


@rule(unit="-", floor=1000.0)
def service_of_classes(case: Case) -> Excess:
    """Bounds of classes are the scenario's; what is served, and how near, follows by class."""
    table, demand, served = case.plan("latency"), case.plan("demand"), timed(case)
    classes = case.workloads.set_index("workload")
    kh100e = served["served_kh100e"]
    total = at(tally(served, _CLASS, kh100e), table, _CLASS)
    near = at(tally(served, _CLASS, kh100e * served["is_tight"]), table, _CLASS)
    travel = at(tally(served, _CLASS, kh100e * served["own_ms"]), table, _CLASS)
    largest = served[kh100e > 0.0].groupby(list(_CLASS), sort=False)["own_ms"].max()
    tight_share = at(classes["tight_share_frac"], table, ("workload",), np.nan)
    within = np.where(np.isnan(tight_share), np.nan, quotient(near, total))
    own = {
        "bound_ms": at(classes["rtt_bound_ms"], table, ("workload",), np.nan),
        "tight_ms": at(classes["tight_rtt_ms"], table, ("workload",), np.nan),
        "tight_share_frac": tight_share,
        "demand_kh100e": at(tally(demand, _CLASS, demand["demand_kh100e"]), table, _CLASS),
        "served_kh100e": at(tally(demand, _CLASS, demand["served_kh100e"]), table, _CLASS),
        "mean_rtt_ms": quotient(travel, total),
        "max_rtt_ms": at(largest, table, _CLASS, np.nan),
        "within_tight_frac": within,
    }
    return columns_told(table, _CLASS, own)


@rule(unit="ms")
def no_route_told(case: Case) -> Excess:
    """Users that no site reaches in time are listed, with the nearest site; nobody else is."""
    table = case.plan("no_route")
    key = ["region", "workload"]
    wanted = listed(case.inputs.demand.demand)[key].drop_duplicates()
    wanted = wanted[wanted["region"] != ANYWHERE]
    # Who is served has a route.
    unserved = wanted[~has(wanted, case.routes, key)]
    users = pd.concat([unserved, table[key]]).drop_duplicates(ignore_index=True)
    sites = pd.DataFrame({"site": list(case.inputs.sets.site.labels)})
    ends = round_trips(case, crossed(users, sites))
    reached = (ends["rtt_ms"] <= ends["rtt_bound_ms"] * _ROUNDING) & ~stays_elsewhere(ends)
    lonely = ~has(users, ends[reached], key)
    is_told = has(users, table, key) & has(users, wanted, key)
    nearest = ends.groupby(key, sort=False)["rtt_ms"].min()
    of_site = ends.set_index(list(_ROUTE))["rtt_ms"]
    by_name = table.rename(columns={"nearest_site": "site"})
    bound = by(case.workloads, "workload", "rtt_bound_ms")
    place = table[key]
    return Excess.where(users, lonely != is_told).and_also(
        Excess.differs(place, table["nearest_rtt_ms"].to_numpy(), at(nearest, table, key, np.nan)),
        Excess.differs(
            place, at(of_site, by_name, _ROUTE, np.nan), at(nearest, table, key, np.nan)
        ),
        Excess.differs(
            place, table["bound_ms"].to_numpy(), at(bound, table, ("workload",), np.nan)
        ),
    )


@rule(unit="USD/H100e-hour")
def rent_terms_told(case: Case) -> Excess:
    """Term and price beside what is rented are those of its offer."""
    table, rent = case.plan("rent"), case.inputs.rent
    offers = listed(
        rent.bought,
        term_years=rent.term_years,
        usd_per_h100e_hour=rent.price_musd_per_kh100e_year * _USD_PER_MUSD / _H100E_HOURS,
    ).set_index(list(_RENT))
    own = {name: at(offers[name], table, _RENT, np.nan) for name in offers.columns}
    return columns_told(table, _RENT, own)


@rule(unit="kH100e or MUSD")
def levers_told(case: Case) -> Excess:
    """What each lever saves, and what that costs, follows from its adoption and the demand."""
    table, demand, levers = case.plan("levers"), case.plan("demand"), case.inputs.levers
    offers = listed(
        levers.adopted, saving=levers.saving_frac, musd=levers.cost_musd_per_kh100e_year
    ).set_index(list(_LEVER))
    asked = at(tally(demand, _CLASS, demand["demand_kh100e"]), table, _CLASS)
    saved = table["adopted_frac"].to_numpy() * asked * at(offers["saving"], table, _LEVER, np.nan)
    cost = saved * at(offers["musd"], table, _LEVER, np.nan)
    return columns_told(table, _LEVER, {"saved_kh100e": saved, "cost_musd": cost})


@rule(unit="GW or kH100e")
def reference_told(case: Case) -> Excess:
    """The reference fleet is told as the trajectory and its racks make it."""
    table, operator = case.plan("reference"), case.scenario.operator.demand_share_frac
    classes = list(case.inputs.sets.workload.labels)
    frame = pd.DataFrame(
        [(name, year) for name in classes for year in case.years], columns=list(_CLASS)
    )
    rack_gw = np.array(
        [rack_path_mw(case, name, year) for name, year in frame.itertuples(index=False)]
    )
    rack_gw = rack_gw / 1000.0
    kh100e = np.array([reference_kh100e(case, name) for name in classes]).ravel()
    own = frame.assign(
        rack_gw=rack_gw,
        facility_gw=rack_gw * case.scenario.demand.facility_mw_per_rack_mw / operator,
        kh100e=kh100e,
    ).set_index(list(_CLASS))
    columns = {name: at(own[name], table, _CLASS, np.nan) for name in own.columns}
    return columns_told(table, _CLASS, columns)


RULES = (
    tight_routes_told,
    round_trips_of_users,
    percentiles_told,
    service_of_classes,
    no_route_told,
    rent_terms_told,
    levers_told,
    reference_told,
)
