"""Round trips: users within their bounds, what they see, and what tables say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.cells import ANYWHERE
from planner.check.declared import DualPrice, Given, Table, setting
from planner.check.failover import asks, mean_by
from planner.check.frames import column_by, crossed, isin, lookup, once, sum_by, to_frame
from planner.check.routes import may_not_cover, reach_of_users, used_routes
from planner.check.verdict import Excess, columns_reported, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


@rule(unit="-", rereads="workloads")
def classes_from_tables(case: Case) -> Iterator[Excess]:
    """Figures of workloads are those of table `workloads`, or else of the scenario."""
    reported = case.inputs.workloads
    expected = case.workloads.set_index("workload").loc[list(reported["workload"])]
    numbers = [str(column) for column in reported.select_dtypes(["number"])]
    return columns_reported(reported, ["workload"], {name: expected[name].astype("float64") for name in numbers})


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
    yield from Excess.same_places(placed, due, _ROUTE)
    yield Excess.count_broken(placed[list(_ROUTE)], is_near)
    # Wherever lumped users are, a distance says nothing, and no tighter bound holds.
    yield Excess.count_broken(lumped[list(_ROUTE)], (lumped["rtt"] != 0.0).to_numpy() | lumped["tight"])


@rule(unit="- or ms", rereads="demand.no_route")
def no_route_from_tables(case: Case) -> Iterator[Excess]:
    """Users that no site reaches in time are listed, with nearest site and share of the workload; nobody else is."""
    table, demand, everywhere = case.inputs.demand.no_route, case.inputs.demand, reach_of_users(case)
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    users = wanted.loc[wanted["region"] != ANYWHERE, list(_USERS)].drop_duplicates()
    lonely = users[~isin(users, everywhere[everywhere["in_time"]], _USERS)]
    at_site = table.rename(columns={"nearest_site": "site"})
    of_site = lookup(everywhere.set_index(list(_ROUTE))["rtt_ms"], at_site, _ROUTE, np.nan)
    nearest = lookup(everywhere.groupby(list(_USERS))["rtt_ms"].min(), table, _USERS, np.nan)
    asked, of_class = (
        lookup(sum_by(wanted, key, wanted["kh100e"]), table, key, np.nan) for key in (_USERS, ("workload",))
    )
    bound = column_by(case.workloads, "workload", "rtt_bound_ms").astype("float64")
    expected = {
        "nearest_rtt_ms": nearest,
        "bound_ms": lookup(bound, table, ("workload",), np.nan),
        "demand_frac": asked / of_class,
    }
    yield from Excess.same_places(table, lonely, _USERS)
    yield Excess.differs(table[list(_USERS)], of_site, nearest)
    yield from columns_reported(table, _USERS, expected)


# --- What the plan reports ------------------------------------------------------------------------


@rule(unit="ms", floor=1000.0)
def round_trips_reported(case: Case) -> Iterator[Excess]:
    """Round trips are those of coordinates, lines and pairs; a demand has the mean of the sites that serve it."""
    table, demand = case.plan("assignment"), case.plan("demand")
    routes = used_routes(case).set_index(list(_ROUTE))
    # Users anywhere are in no place, so that nothing is reported of them.
    expected = {
        "rtt_ms": lookup(routes["rtt_ms"], table, _ROUTE, np.nan),
        "within_tight": lookup(routes["is_tight"].astype("float64"), table, _ROUTE),
    }
    yield from columns_reported(table, (*_ROUTE, "year"), expected)
    mean_ms = mean_by(_timed(case), _DEMAND, "served_kh100e", "own_ms", demand)
    yield Excess.reported(demand[list(_DEMAND)], demand["mean_rtt_ms"], mean_ms)


@once
def _timed(case: Case) -> pd.DataFrame:
    """List the assignments of users whose place makes a difference, with their round trips."""
    table, routes = case.plan("assignment"), used_routes(case).rename(columns={"rtt_ms": "own_ms"})
    placed = table[(table["region"] != ANYWHERE) & (table["served_kh100e"] > 0.0)]
    return placed.merge(routes[[*_ROUTE, "own_ms", "tail_ms", "is_tight"]], on=list(_ROUTE))


def _percentile(served: pd.DataFrame, column: str, share: float) -> pd.Series[float]:
    """Least round trip, by workload and year, within which a share of the service is."""
    rows = served.sort_values(column, kind="stable")
    groups = rows.groupby(list(_CLASS), sort=False)["served_kh100e"]
    # Rows are in the order of their round trips: the first that is reached has the least.
    reached = rows[groups.cumsum() >= share * groups.transform("sum")]
    return reached.drop_duplicates(list(_CLASS)).set_index(list(_CLASS))[column]


@rule(unit="ms", floor=1000.0)
def percentiles_reported(case: Case) -> Iterator[Excess]:
    """Median, 95th percentile, and that on bad days, follow from assignments by workload."""
    served, table = _timed(case), case.plan("latency")
    for name, column, share in (
        ("p50_rtt_ms", "own_ms", 0.5),
        ("p95_rtt_ms", "own_ms", 0.95),
        ("tail_p95_rtt_ms", "tail_ms", 0.95),
    ):
        ends = (_percentile(served, column, share * (1.0 + hair)) for hair in (-_HAIR, _HAIR))
        low, high = (lookup(least, table, _CLASS, np.nan) for least in ends)
        reported = table[name].to_numpy()
        # Where nobody is served from a place there is nothing to clip to.
        expected = np.where(np.isnan(low) | np.isnan(reported), low, np.clip(reported, low, high))
        yield Excess.reported(table[list(_CLASS)], reported, expected, name)


@rule(unit="-", floor=1000.0)
def service_of_classes(case: Case) -> Iterator[Excess]:
    """Bounds of workloads are the scenario's; how near they are served follows by workload."""
    table, served = case.plan("latency"), _timed(case)
    classes = case.workloads.set_index("workload")
    bound, tight, share = (
        lookup(classes[name].astype("float64"), table, ("workload",), np.nan)
        for name in ("rtt_bound_ms", "tight_rtt_ms", "tight_share_frac")
    )
    mean_ms, near = (mean_by(served, _CLASS, "served_kh100e", name, table) for name in ("own_ms", "is_tight"))
    expected = {
        "bound_ms": bound,
        "tight_ms": tight,
        "tight_share_frac": share,
        "mean_rtt_ms": mean_ms,
        "max_rtt_ms": lookup(served.groupby(list(_CLASS))["own_ms"].max(), table, _CLASS, np.nan),
        "within_tight_frac": np.where(np.isnan(share), np.nan, near),
    }
    return columns_reported(table, _CLASS, expected)


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


def _latency_rows(case: Case) -> pd.DataFrame:
    return case.plan("demand")[["workload", "year"]].drop_duplicates()


HEADING: Final = "Latency and residency"

IMPLIED: Final[Mapping[str, Table]] = {"latency": _latency_rows}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {"served": ("assignment", "served_kh100e")}
PRICES: Final[Mapping[str, DualPrice]] = {
    "tight_latency_share": DualPrice("USD/H100e-hour", _H100E_HOURS, must_be_met=True)
}
GIVEN: Final[Mapping[str, Given]] = {"demand.unmet_usd_per_h100e_hour": setting("demand.unmet_usd_per_h100e_hour")}
