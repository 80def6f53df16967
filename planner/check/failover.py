"""Outages of sites: who takes over, at which reserve, and what is left unserved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.max_flow import unassigned
from planner.check.cells import ANYWHERE
from planner.check.declared import DualPrice, Table
from planner.check.frames import crossed, isin, lookup, once, quotient, sum_by, table_of, to_frame
from planner.check.payments import yearly_weight
from planner.check.routes import may_not_cover, reach_of_users, used_routes
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


_LOAD = ("site", "workload", "year")
_CLASS = ("workload", "year")
_ROUTE = ("region", "workload", "site")
_PAIR = ("site", "standby")
_H100E_HOURS = 1000.0 * 8760.0  # in a kH100e-year
_USD_PER_MUSD = 1e6
_ROUNDING = 1.0 - 1e-9


@rule(unit="kH100e")
def survives_loss_of_any_site(case: Case) -> Excess:
    """In any single site outage, workloads with failover find reserve within reach."""
    found = outages(case)
    return Excess(
        found[list(_LOAD)],
        found["unserved_kh100e"].to_numpy(dtype=np.float64),
        found["load_kh100e"].to_numpy(dtype=np.float64),
    )


@rule(unit="kH100e")
def failures_reported(case: Case) -> Iterator[Excess]:
    """Outage tables report every site outage, its failover sites, and what stays unserved."""
    found, table = outages(case), case.plan("failures")
    reported = table.set_index(list(_LOAD))
    taken = case.plan("takeovers")
    for name, expected in (
        ("load_kh100e", found["load_kh100e"].to_numpy()),
        ("unserved_kh100e", found["unserved_kh100e"].to_numpy()),
        ("taken_kh100e", lookup(sum_by(taken, _LOAD, taken["taken_kh100e"]), found, _LOAD)),
    ):
        yield Excess.differs(found[list(_LOAD)], lookup(reported[name], found, _LOAD, np.nan), expected)
    whole = table["taken_kh100e"] + table["unserved_kh100e"]
    yield Excess.differs(table[list(_LOAD)], whole, table["load_kh100e"])
    yield Excess.count_broken(table[list(_LOAD)], ~isin(table, found, _LOAD))


def _mean_ms(table: pd.DataFrame, kh100e: str, places: pd.DataFrame) -> Floats:
    """Mean of `own_ms` over the rows of a table that have one, by failure."""
    timed = table[table["own_ms"].notna()]
    travel, total = (
        lookup(sum_by(timed, _LOAD, of), places, _LOAD) for of in (timed[kh100e] * timed["own_ms"], timed[kh100e])
    )
    return quotient(travel, total)


@rule(unit="ms", floor=1000.0, rows_of=("failures", "takeovers"))
def round_trips_after_failures(case: Case) -> Iterator[Excess]:
    """Round trips before and after an outage, and failover sites, are reported correctly."""
    table, taken = case.plan("failures"), case.plan("takeovers")
    routes = used_routes(case).set_index(list(_ROUTE))["rtt_ms"]
    served = case.plan("assignment")
    served = served.assign(own_ms=lookup(routes, served, _ROUTE, np.nan))
    by = taken.drop(columns="site").rename(columns={"standby": "site"})
    reached = reach(case, by[["region", "workload"]].drop_duplicates(), by[["workload", "site"]]).set_index(
        list(_ROUTE)
    )["rtt_ms"]
    after = taken.assign(own_ms=lookup(reached, by, _ROUTE, np.nan))
    sites = taken[[*_LOAD, "standby"]].drop_duplicates()
    yield Excess.reported(taken[["site", "standby", "region", *_CLASS]], taken["rtt_ms"], after["own_ms"])
    own_columns = {
        "standby_sites": lookup(sum_by(sites, _LOAD, np.ones(len(sites))), table, _LOAD),
        "mean_rtt_ms": _mean_ms(served, "served_kh100e", table),
        "failover_rtt_ms": _mean_ms(after, "taken_kh100e", table),
    }
    yield from columns_reported(table, _LOAD, own_columns)


@rule(unit="kH100e", rows_of=("takeovers",))
def takeovers_fit(case: Case) -> Iterator[Excess]:
    """Failover sites are within reach and not barred, and take work within reserve and need."""
    table, reserve = case.plan("takeovers"), reserves(case)
    pair_key, service = ("site", "standby", *_CLASS), ("site", "region", *_CLASS)
    pairs = table[list(pair_key)].drop_duplicates().reset_index(drop=True)
    room = lookup(reserve.set_index(list(_LOAD))["reserve_kh100e"], pairs, ("standby", "workload", "year"))
    taken = lookup(sum_by(table, pair_key, table["taken_kh100e"]), pairs, pair_key)
    services = table[list(service)].drop_duplicates().reset_index(drop=True)
    served = sum_by(case.plan("assignment"), service, case.plan("assignment")["served_kh100e"])
    needed = lookup(served, services, service)
    given = lookup(sum_by(table, service, table["taken_kh100e"]), services, service)
    by = table[["region", "workload", "standby"]].rename(columns={"standby": "site"})
    reached = reach(case, by[["region", "workload"]].drop_duplicates(), by[["workload", "site"]])
    key = ["site", "standby", "region", *_CLASS]
    yield Excess.above(pairs, taken, room)
    yield Excess.above(services, given, needed)
    yield Excess.count_broken(table[key], ~isin(by, reached, _ROUTE))
    yield Excess.count_broken(table[key], may_not_cover(case, table))


@rule(unit="kH100e", rows_of=("reserve", "resilience"))
def resilience_reported(case: Case) -> Iterator[Excess]:
    """Load, reserve and worst site outage of each workload are reported as planned."""
    table, found, reserve = case.plan("resilience"), outages(case), case.plan("reserve")
    worst = found.groupby(list(_CLASS))["unserved_kh100e"].max()
    largest = found.groupby(list(_CLASS))["load_kh100e"].max()
    pairs = (
        ("load_kh100e", sum_by(found, _CLASS, found["load_kh100e"])),
        ("largest_load_kh100e", largest),
        ("unserved_kh100e", worst),
        ("reserve_kh100e", sum_by(reserve, _CLASS, reserve["reserve_kh100e"])),
        ("standby_mw", sum_by(reserve, _CLASS, reserve["standby_mw"])),
    )
    for name, expected in pairs:
        yield Excess.differs(table[list(_CLASS)], table[name], lookup(expected, table, _CLASS))
    yield Excess.count_broken(table[list(_CLASS)], ~asks(case, table))
    yield from _worth(case)


def _worth(case: Case) -> Iterator[Excess]:
    """Reserves at the shadow price of their rows, in money of their year, and over the load."""
    table, reserve, prices = case.plan("resilience"), case.plan("reserve"), case.plan("prices")
    rows = prices[prices["block"] == "reserve_capacity"]
    usd = -lookup(sum_by(rows, _LOAD, rows["raw_dual"]), reserve, _LOAD)
    musd = usd * reserve["reserve_kh100e"] / lookup(yearly_weight(case), reserve, ("year",), np.nan)
    has_duals = bool(case.plan("solution")["has_duals"].all())
    value = lookup(sum_by(reserve, _CLASS, musd), table, _CLASS) * (1.0 if has_duals else np.nan)
    hours = table["load_kh100e"] * _H100E_HOURS
    expected = {
        "reserve_frac": quotient(table["reserve_kh100e"], table["load_kh100e"]),
        "value_musd": value,
        "value_usd_per_h100e_hour": quotient(value * _USD_PER_MUSD, hours),
    }
    return columns_reported(table, _CLASS, expected)


def _pairs_of_sites(case: Case) -> pd.DataFrame:
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    return crossed(sites, sites.rename(columns={"site": "standby"}))


@rule(unit="sites", rereads="failover.may_cover")
def may_cover_from_scenario(case: Case) -> Excess:
    """A site may cover another unless it is near, barred by name or in a barred group."""
    pairs = _pairs_of_sites(case)
    expected = ~may_not_cover(case, pairs)
    return Excess.count_broken(pairs, np.asarray(case.inputs.failover.may_cover).ravel() != expected)


def _common_users(case: Case) -> pd.DataFrame:
    """Compute wanted by users whom two sites both reach: workload, site, standby, kh100e."""
    demand = case.inputs.demand
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    wanted = wanted.groupby(["region", "workload"], as_index=False)[["kh100e"]].sum()
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    places = wanted[["workload"]].drop_duplicates().merge(sites, how="cross")
    reached = reach(case, wanted[["region", "workload"]], places)
    users = reached[["region", "workload", "site"]].merge(wanted, on=["region", "workload"])
    other = users.drop(columns="kh100e").rename(columns={"site": "standby"})
    both = users.merge(other, on=["region", "workload"])
    return both.groupby(["workload", *_PAIR], as_index=False)[["kh100e"]].sum()


@rule(unit="pairs", rereads="failover.neighbour_row failover.neighbour_reserve")
def neighbours_from_tables(case: Case) -> Iterator[Excess]:
    """Neighbours that cover a site together are those that may and reach enough of its users."""
    p, settings = case.inputs.failover, case.scenario.failover
    loads, reserves = to_frame(p.neighbour), to_frame(p.reserve)
    key = [*_LOAD, "standby"]
    if not len(loads):
        return
    users = _common_users(case)
    of_site = users[users["site"] == users["standby"]].set_index(["workload", "site"])["kh100e"]
    least = settings.neighbour_users_frac * _ROUNDING * lookup(of_site, users, ("workload", "site"))
    users = users[(users["kh100e"] > 0.0) & (users["kh100e"] >= least)]
    users = users[~may_not_cover(case, users)]
    right = loads.merge(users, on=["site", "workload"]).merge(
        reserves.rename(columns={"site": "standby"}), on=["standby", "workload", "year"]
    )[key]
    row, cover = (np.asarray(place, dtype=np.intp) for place in (p.neighbour_row, p.neighbour_reserve))
    reported = loads.iloc[row].reset_index(drop=True)
    stands_in = reserves.iloc[cover].reset_index(drop=True)
    apart = (reported[["workload", "year"]] != stands_in[["workload", "year"]]).any(axis=1)
    reported = reported.assign(standby=stands_in["site"])[key]
    odd = (apart | reported.duplicated()).to_numpy(dtype=np.bool_)
    yield Excess.count_broken(reported, odd | ~isin(reported, right, key))
    yield Excess.count_broken(right, ~isin(right, reported, key))


def asks(case: Case, frame: pd.DataFrame) -> Bools:
    """Say for each workload and year of a table whether the loss of a site must be survived."""
    given = case.scenario.workloads
    classes = [name for name, stated in given.items() if stated.written_values().get("failover")]
    first = case.scenario.failover.from_year or case.years[0]
    return np.asarray(frame["workload"].isin(classes) & (frame["year"] >= first))


def reserves(case: Case) -> pd.DataFrame:
    """What the stand-by racks of each site could carry of a workload, computed from the plan."""
    uses = case.uses
    uses = uses[uses["standby_mw"] > 0.0]
    carried = uses.assign(reserve_kh100e=uses["standby_mw"] * uses["throughput_kh100e_per_mw"])
    return carried.groupby(list(_LOAD), as_index=False)[["reserve_kh100e"]].sum()


def reach(case: Case, regions: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """List who is within the bounds of whom, recomputed: region, workload, site, rtt_ms."""
    pairs = regions.merge(sites, on="workload").drop_duplicates(list(_ROUTE))
    near = reach_of_users(case)
    placed = pairs.merge(near.loc[near["in_time"].to_numpy(), [*_ROUTE, "rtt_ms"]], on=list(_ROUTE))
    placeless = pairs[pairs["region"] == ANYWHERE].assign(rtt_ms=np.nan)
    return pd.concat([placed, placeless], ignore_index=True)[[*_ROUTE, "rtt_ms"]]


@once
def outages(case: Case) -> pd.DataFrame:
    """Let each site fail and send its work to the reserves of others: what is left. [kH100e]"""
    table = case.plan("assignment")
    work = table[asks(case, table) & (table["served_kh100e"] > 0.0).to_numpy()]
    if not len(work):
        return pd.DataFrame(columns=[*_LOAD, "load_kh100e", "unserved_kh100e"])
    reserve = reserves(case)
    reached = reach(case, work[["region", "workload"]].drop_duplicates(), reserve[["workload", "site"]])
    by_class = reached.groupby(["region", "workload"])["site"].agg(frozenset).to_dict()
    failed = work["site"].drop_duplicates().to_frame()
    pairs = failed.merge(reserve[["site"]].drop_duplicates().rename(columns={"site": "standby"}), how="cross")
    barred = may_not_cover(case, pairs)
    may = pairs[~barred].groupby("site")["standby"].agg(frozenset).to_dict()
    room = {
        key: dict(zip(rows["site"], rows["reserve_kh100e"], strict=True)) for key, rows in reserve.groupby(list(_CLASS))
    }
    rows = []
    for (site, workload, year), lost in work.groupby(list(_LOAD), sort=False):
        allowed = may.get(site, frozenset())
        there = room.get((workload, year), {})
        choices = [
            sorted(by_class.get((region, workload), frozenset()) & allowed & there.keys()) for region in lost["region"]
        ]
        amounts = [float(amount) for amount in lost["served_kh100e"]]
        rows.append((site, workload, year, sum(amounts), unassigned(amounts, choices, there)))
    return pd.DataFrame(rows, columns=[*_LOAD, "load_kh100e", "unserved_kh100e"])


def _resilience_rows(case: Case) -> pd.DataFrame:
    reserves = to_frame(case.inputs.failover.reserve)
    return reserves[["workload", "year"]].drop_duplicates()


HEADING: Final = "Site outage"

IMPLIED: Final[Mapping[str, Table]] = {"resilience": _resilience_rows}
PRICES: Final[Mapping[str, DualPrice]] = {
    "neighbour_reserve": DualPrice("USD/H100e-hour", _H100E_HOURS, must_be_met=True),
    "reserve_capacity": DualPrice("USD/H100e-hour", _H100E_HOURS),
}
TAKEN_AS_GIVEN: Final[Mapping[str, str]] = dict.fromkeys(
    ("failover.cut_reserve", "failover.cut_reserve_row", "failover.cut_served", "failover.cut_served_row"),
    "empty in the inputs of a plan: rows that are added while it is solved, for outages that it"
    " did not survive; survives_loss_of_any_site lets every site fail without them",
)
