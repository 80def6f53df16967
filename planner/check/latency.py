"""Round trips: users within their bounds, what they see, and what tables say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.cells import ANYWHERE
from planner.check.declared import DualPrice, Table
from planner.check.demand import reference_excess
from planner.check.failover import asks
from planner.check.frames import column_by, crossed, isin, lookup, quotient, sum_by, to_frame
from planner.check.routes import lumped_users, may_not_cover, reach_of_users, used_routes
from planner.check.verdict import Excess, columns_reported, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


_ROUTE = ("region", "workload", "site")
_CLASS = ("workload", "year")
_USERS = ("region", "workload")
_DEMAND = ("region", "workload", "year")
_HAIR: Final = 1e-9  # of a share, by which a percentile may fall to the next entry
_ROUNDING: Final = 1.0 + 1e-9
_H100E_HOURS: Final = 1000.0 * 8760.0  # in a kH100e-year


@rule(unit="ms", floor=1000.0)
def round_trip_reported(case: Case) -> Excess:
    """Round trips in the tables are those recomputed from coordinates, lines and pairs."""
    expected = used_routes(case).set_index(list(_ROUTE))["rtt_ms"]
    table = case.plan("assignment")
    # Users anywhere are in no place, so that nothing is reported of them.
    return Excess.reported(table[list(_ROUTE)], table["rtt_ms"], lookup(expected, table, _ROUTE, np.nan))


@rule(unit="users")
def served_from_anywhere(case: Case) -> Excess:
    """Latency-insensitive demand is that of users whom every site may serve, and no other's."""
    wanted = to_frame(case.inputs.demand.demand)[list(_USERS)].drop_duplicates(ignore_index=True)
    lumped = lumped_users(case)
    is_lumped = (wanted["region"] == ANYWHERE).to_numpy()
    has_lumped = wanted["workload"].isin(lumped["workload"]).to_numpy()
    return Excess.count_broken(wanted, np.where(is_lumped, ~has_lumped, isin(wanted, lumped, _USERS)))


@rule(unit="-", rereads="workloads")
def classes_from_tables(case: Case) -> Iterator[Excess]:
    """Figures of workloads are those of table `workloads`, or else of the scenario."""
    reported = case.inputs.workloads
    expected = case.workloads.set_index("workload").loc[list(reported["workload"])]
    for column in reported.select_dtypes(["number"]):
        yield Excess.differs(
            reported[["workload"]].assign(what=str(column)),
            np.nan_to_num(reported[column].to_numpy(dtype=np.float64), nan=-1.0),
            np.nan_to_num(expected[column].to_numpy(dtype=np.float64), nan=-1.0),
        )


@figures("", "demand.unmet_usd_per_h100e_hour", unit="USD/h")
def unmet_price_from_scenario(case: Case, _: pd.DataFrame) -> float:
    """Unmet compute costs what the scenario says."""
    return case.scenario.demand.unmet_usd_per_h100e_hour


@figures("demand.tight", "demand.tight_share_frac", unit="-")
def tight_shares_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Shares of users within the tighter bound are the workloads'."""
    share = column_by(case.workloads, "workload", "tight_share_frac").astype("float64")
    everyone = to_frame(case.inputs.demand.demand)
    due = everyone[~np.isnan(lookup(share, everyone, ("workload",), np.nan))]
    return lookup(share, rows, ("workload",), np.nan), due


@rule(unit="ms", floor=1000.0, rereads="demand.route_is_tight demand.route_rtt_ms")
def routes_from_tables(case: Case) -> Iterator[Excess]:
    """Routes are all that lie within bound and residency, each with its round trip."""
    wanted = case.inputs.demand
    reported = to_frame(wanted.route, rtt=wanted.route_rtt_ms, tight=wanted.route_is_tight)
    placed = reported[reported["region"] != ANYWHERE].reset_index(drop=True)
    lumped = reported[reported["region"] == ANYWHERE]
    everywhere = reach_of_users(case)
    expected = everywhere.set_index(list(_ROUTE))
    users = to_frame(wanted.demand)[list(_USERS)].drop_duplicates()
    due = everywhere[everywhere["in_time"] & isin(everywhere, users, _USERS)]
    is_tight = lookup(expected["is_tight"].astype("float64"), placed, _ROUTE, np.nan)
    is_near = placed["tight"].to_numpy(dtype=np.float64) != is_tight
    yield Excess.differs(placed[list(_ROUTE)], placed["rtt"], lookup(expected["rtt_ms"], placed, _ROUTE, np.nan))
    yield Excess.count_broken(placed[list(_ROUTE)], ~isin(placed, due, _ROUTE))
    yield Excess.count_broken(due[list(_ROUTE)], ~isin(due, placed, _ROUTE))
    yield Excess.count_broken(placed[list(_ROUTE)], is_near)
    # Wherever lumped users are, a distance says nothing, and no tighter bound holds.
    yield Excess.count_broken(lumped[list(_ROUTE)], (lumped["rtt"] != 0.0).to_numpy() | lumped["tight"])


def _no_route_excess(case: Case, table: pd.DataFrame) -> Iterator[Excess]:
    """Hold a list of users that no site reaches in time, and the nearest site of each, against all round trips."""
    everywhere, wanted = reach_of_users(case), to_frame(case.inputs.demand.demand)
    users = wanted.loc[wanted["region"] != ANYWHERE, list(_USERS)].drop_duplicates()
    lonely = users[~isin(users, everywhere[everywhere["in_time"]], _USERS)]
    nearest = lookup(everywhere.groupby(list(_USERS))["rtt_ms"].min(), table, _USERS, np.nan)
    of_site = lookup(
        everywhere.set_index(list(_ROUTE))["rtt_ms"], table.rename(columns={"nearest_site": "site"}), _ROUTE, np.nan
    )
    bound = column_by(case.workloads, "workload", "rtt_bound_ms").astype("float64")
    place = table[list(_USERS)]
    yield Excess.count_broken(lonely, ~isin(lonely, table, _USERS))
    yield Excess.count_broken(place, ~isin(table, lonely, _USERS))
    yield Excess.differs(place, of_site, nearest)
    expected = {"nearest_rtt_ms": nearest, "bound_ms": lookup(bound, table, ("workload",), np.nan)}
    yield from columns_reported(table, _USERS, expected)


@rule(unit="- or ms", rereads="demand.no_route")
def no_route_from_tables(case: Case) -> Iterator[Excess]:
    """Users whom no site reaches are listed, with nearest site and share of the workload."""
    table, demand = case.inputs.demand.no_route, case.inputs.demand
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    asked, of_class = (
        lookup(sum_by(wanted, key, wanted["kh100e"]), table, key, np.nan) for key in (_USERS, ("workload",))
    )
    share = table["demand_frac"].to_numpy(dtype=np.float64)
    yield from _no_route_excess(case, table)
    yield Excess.differs(table[list(_USERS)], share, asked / of_class)


def timed(case: Case) -> pd.DataFrame:
    """List the assignments of users whose place makes a difference, with their round trips."""
    table = case.plan("assignment")
    placed = table[table["region"] != ANYWHERE]
    routes = used_routes(case)
    routes = routes.assign(own_ms=routes["rtt_ms"], is_tight=_is_tight(routes))
    return placed.merge(routes[[*_ROUTE, "own_ms", "tail_ms", "is_tight"]], on=list(_ROUTE))


def _is_tight(routes: pd.DataFrame) -> pd.Series[bool]:
    return routes["rtt_ms"] <= routes["tight_rtt_ms"] * _ROUNDING


@rule(unit="routes")
def tight_routes_reported(case: Case) -> Excess:
    """Assignments state correctly which of them are within the tighter bound."""
    table, routes = case.plan("assignment"), used_routes(case)
    near = lookup(routes.set_index(list(_ROUTE)).pipe(_is_tight).astype("float64"), table, _ROUTE)
    return Excess.count_broken(table[[*_ROUTE, "year"]], table["within_tight"].to_numpy() != (near > 0.0))


@rule(unit="ms", floor=1000.0)
def round_trips_of_users(case: Case) -> Excess:
    """The mean round trip of each demand is that of the sites which serve it."""
    served, table = timed(case), case.plan("demand")
    kh100e = served["served_kh100e"]
    travel, total = (lookup(sum_by(served, _DEMAND, of), table, _DEMAND) for of in (kh100e * served["own_ms"], kh100e))
    expected = quotient(travel, total)
    return Excess.reported(table[list(_DEMAND)], table["mean_rtt_ms"], expected)


def _percentiles(served: pd.DataFrame, column: str, shares: Sequence[float]) -> list[pd.Series[float]]:
    """Least round trips, by workload and year, within which shares of the service are."""
    rows = served.sort_values(column, kind="stable")
    rows = rows[[*_CLASS, "served_kh100e", column]]
    groups = rows.groupby(list(_CLASS), sort=False)["served_kh100e"]
    so_far, total = groups.cumsum(), groups.transform("sum")
    # Rows are in the order of their round trips: the first that is reached has the least.
    reached = [rows[so_far >= share * total] for share in shares]
    return [first.drop_duplicates(list(_CLASS)).set_index(list(_CLASS))[column] for first in reached]


@rule(unit="ms", floor=1000.0)
def percentiles_reported(case: Case) -> Iterator[Excess]:
    """Median, 95th percentile, and that on bad days, follow from assignments by workload."""
    served, table = timed(case), case.plan("latency")
    served = served[served["served_kh100e"] > 0.0]
    for name, column, share in (
        ("p50_rtt_ms", "own_ms", 0.5),
        ("p95_rtt_ms", "own_ms", 0.95),
        ("tail_p95_rtt_ms", "tail_ms", 0.95),
    ):
        shares = (share * (1.0 - _HAIR), min(share * (1.0 + _HAIR), 1.0))
        low, high = (lookup(least, table, _CLASS, np.nan) for least in _percentiles(served, column, shares))
        reported = table[name].to_numpy()
        yield Excess.reported(table[list(_CLASS)], reported, np.clip(reported, low, high))
        # Where nobody is served from a place there is nothing to clip to.
        yield Excess.count_broken(table[list(_CLASS)], np.isnan(reported) != np.isnan(low))


@rule(unit="-", floor=1000.0)
def service_of_classes(case: Case) -> Iterator[Excess]:
    """Bounds of workloads are the scenario's; how near they are served follows by workload."""
    table, served = case.plan("latency"), timed(case)
    classes = case.workloads.set_index("workload")
    kh100e = served["served_kh100e"]
    total = lookup(sum_by(served, _CLASS, kh100e), table, _CLASS)
    near = lookup(sum_by(served, _CLASS, kh100e * served["is_tight"]), table, _CLASS)
    travel = lookup(sum_by(served, _CLASS, kh100e * served["own_ms"]), table, _CLASS)
    largest = served[kh100e > 0.0].groupby(list(_CLASS), sort=False)["own_ms"].max()
    tight_share = lookup(classes["tight_share_frac"], table, ("workload",), np.nan)
    within = np.where(np.isnan(tight_share), np.nan, quotient(near, total))
    expected = {
        "bound_ms": lookup(classes["rtt_bound_ms"], table, ("workload",), np.nan),
        "tight_ms": lookup(classes["tight_rtt_ms"], table, ("workload",), np.nan),
        "tight_share_frac": tight_share,
        "mean_rtt_ms": quotient(travel, total),
        "max_rtt_ms": lookup(largest, table, _CLASS, np.nan),
        "within_tight_frac": within,
    }
    return columns_reported(table, _CLASS, expected)


@rule(unit="ms")
def no_route_reported(case: Case) -> Iterator[Excess]:
    """Users that no site reaches in time are listed, with the nearest site; nobody else is."""
    return _no_route_excess(case, case.plan("no_route"))


@rule(unit="users")
def why_not_reported(case: Case) -> Excess:
    """Who may not be served by own sites or not by clouds is reported with the reason."""
    table, p = case.plan("demand"), case.inputs
    keys = [tuple(row) for row in table[list(_DEMAND)].itertuples(index=False)]
    served = to_frame(p.demand.served)
    sites = served.groupby(list(_DEMAND))["site"].agg(frozenset).to_dict()
    routes = set(to_frame(p.demand.route)[list(_USERS)].itertuples(index=False, name=None))
    nearest = reach_of_users(case).groupby(list(_USERS))["rtt_ms"].min()
    bound = column_by(case.workloads, "workload", "rtt_bound_ms").astype("float64")
    bound_ms = lookup(bound, table, ("workload",))
    is_far = lookup(nearest, table, _USERS) > _ROUNDING * bound_ms
    rule_of = column_by(case.workloads, "workload", "residency")
    of_region = case.data("demand_regions").set_index("demand_region")
    pairs = served[["site"]].drop_duplicates()
    pairs = crossed(pairs, pairs.rename(columns={"site": "standby"}))
    pairs = pairs[~may_not_cover(case, pairs)]
    covers = pairs.groupby("site")["standby"].agg(frozenset).to_dict()
    expected = []
    for key, far, ms, asked in zip(keys, is_far, bound_ms, asks(case, table), strict=True):
        there = sites.get(key, frozenset())
        if key[:2] not in routes:
            rule = rule_of[key[1]]
            words = {"national": "in {country}", "regional": "in region {region}", "local": "within 200 km"}.get(rule)
            stays = "" if far or words is None else words.format_map(of_region.loc[key[0]])
            expected.append(f"no own site {stays}{f' (residency: {rule}) ' if stays else ''}within {ms:g} ms")
        elif not there:
            expected.append("own sites in reach have no racks for it by then")
        elif asked and not any(covers.get(one, frozenset()) & there for one in there):
            expected.append("no two own sites that may cover for each other")
        else:
            expected.append("")
    barred = to_frame(p.demand.demand, why=p.rent.barred).set_index(list(_DEMAND))["why"]
    odd = table["why_not_own"].astype(object).to_numpy() != np.array(expected, dtype=object)
    odd |= table["why_not_rented"].astype(object).to_numpy() != barred.reindex(keys).to_numpy()
    return Excess.count_broken(table[list(_DEMAND)], odd)


@rule(unit="GW or kH100e")
def reference_reported(case: Case) -> Iterator[Excess]:
    """The reported reference fleet follows from the trajectory and its racks."""
    return reference_excess(case, case.plan("reference"))


def _latency_rows(case: Case) -> pd.DataFrame:
    return case.plan("demand")[["workload", "year"]].drop_duplicates()


HEADING: Final = "Latency and residency"

IMPLIED: Final[Mapping[str, Table]] = {"latency": _latency_rows}
PRICES: Final[Mapping[str, DualPrice]] = {
    "tight_latency_share": DualPrice("USD/H100e-hour", _H100E_HOURS, must_be_met=True)
}
