"""Outages of sites: who takes over, at which reserve, and what is left unserved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.max_flow import unassigned
from planner.check.cells import ANYWHERE
from planner.check.declared import DualPrice, Table
from planner.check.frames import (
    by_keys,
    crossed,
    found_by,
    isin,
    keyed,
    lookup,
    once,
    quotient,
    sum_by,
    table_of,
    to_frame,
)
from planner.check.payments import yearly_weight
from planner.check.routes import may_not_cover, reach_of_users, used_routes
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    found, table, taken = outages(case), case.plan("failures"), case.plan("takeovers")
    expected = {name: found_by(found, _LOAD, name, table) for name in ("load_kh100e", "unserved_kh100e")}
    expected["taken_kh100e"] = lookup(sum_by(taken, _LOAD, taken["taken_kh100e"]), table, _LOAD)
    yield from Excess.same_places(table, found, _LOAD)
    yield from columns_reported(table, _LOAD, expected)
    yield Excess.differs(keyed(table, _LOAD), table["taken_kh100e"] + table["unserved_kh100e"], table["load_kh100e"])


def mean_by(table: pd.DataFrame, key: Sequence[str], weight: str, column: str, places: pd.DataFrame) -> Floats:
    """Mean by key of a column, each row by its weight, over the rows that have one."""
    known = table[table[column].notna()]
    part, whole = (lookup(sum_by(known, key, of), places, key) for of in (known[weight] * known[column], known[weight]))
    return quotient(part, whole)


@rule(unit="ms", floor=1000.0)
def round_trips_after_failures(case: Case) -> Iterator[Excess]:
    """Round trips before and after an outage, and failover sites, are reported correctly."""
    table, taken = case.plan("failures"), case.plan("takeovers")
    served = case.plan("assignment")
    served = served.assign(own_ms=found_by(used_routes(case), _ROUTE, "rtt_ms", served))
    rows, reached = _to_standby(case, taken)
    after = taken.assign(own_ms=found_by(reached, _ROUTE, "rtt_ms", rows))
    sites = taken[[*_LOAD, "standby"]].drop_duplicates()
    yield Excess.reported(keyed(taken, ("site", "standby", "region", *_CLASS)), taken["rtt_ms"], after["own_ms"])
    own_columns = {
        "standby_sites": lookup(sum_by(sites, _LOAD, np.ones(len(sites))), table, _LOAD),
        "mean_rtt_ms": mean_by(served, _LOAD, "served_kh100e", "own_ms", table),
        "failover_rtt_ms": mean_by(after, _LOAD, "taken_kh100e", "own_ms", table),
    }
    yield from columns_reported(table, _LOAD, own_columns)


def _to_standby(case: Case, taken: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the routes of users to the stand-by sites that take their work, and those that are within reach."""
    rows = taken[["region", "workload", "standby"]].rename(columns={"standby": "site"})
    return rows, reach(case, rows[["region", "workload"]].drop_duplicates(), rows[["workload", "site"]])


@rule(unit="kH100e")
def takeovers_fit(case: Case) -> Iterator[Excess]:
    """Failover sites are within reach and not barred, and take work within reserve and need."""
    table, reserve = case.plan("takeovers"), reserves(case)
    pair_key, service = ("site", "standby", *_CLASS), ("site", "region", *_CLASS)
    pairs = table[list(pair_key)].drop_duplicates().reset_index(drop=True)
    room = lookup(by_keys(reserve, _LOAD, "reserve_kh100e"), pairs, ("standby", "workload", "year"))
    taken = lookup(sum_by(table, pair_key, table["taken_kh100e"]), pairs, pair_key)
    services = table[list(service)].drop_duplicates().reset_index(drop=True)
    served = sum_by(case.plan("assignment"), service, case.plan("assignment")["served_kh100e"])
    needed = lookup(served, services, service)
    given = lookup(sum_by(table, service, table["taken_kh100e"]), services, service)
    key = ["site", "standby", "region", *_CLASS]
    yield Excess.above(pairs, taken, room)
    yield Excess.above(services, given, needed)
    yield Excess.count_broken(keyed(table, key), ~isin(*_to_standby(case, table), _ROUTE))
    yield Excess.count_broken(keyed(table, key), may_not_cover(case, table))


@rule(unit="kH100e")
def resilience_reported(case: Case) -> Iterator[Excess]:
    """Load, reserve and worst site outage of each workload are reported as planned."""
    table, found, reserve = case.plan("resilience"), outages(case), case.plan("reserve")
    rows = case.plan("prices").query("block == 'reserve_capacity'")
    usd = -lookup(sum_by(rows, _LOAD, rows["raw_dual"]), reserve, _LOAD)
    musd = usd * reserve["reserve_kh100e"] / lookup(yearly_weight(case), reserve, ("year",), np.nan)
    of_class = found.groupby(list(_CLASS))
    sums = (reserve["reserve_kh100e"], reserve["standby_mw"], musd)
    reserve_kh100e, standby_mw, value = (lookup(sum_by(reserve, _CLASS, of), table, _CLASS) for of in sums)
    value = value * (1.0 if bool(case.plan("solution")["has_duals"].all()) else np.nan)  # of reserve at shadow prices
    load, hours = lookup(of_class["load_kh100e"].sum(), table, _CLASS), table["load_kh100e"] * _H100E_HOURS
    expected = {
        "load_kh100e": load,
        "largest_load_kh100e": lookup(of_class["load_kh100e"].max(), table, _CLASS),
        "unserved_kh100e": lookup(of_class["unserved_kh100e"].max(), table, _CLASS),
        "reserve_kh100e": reserve_kh100e,
        "standby_mw": standby_mw,
        "reserve_frac": quotient(reserve_kh100e, load),
        "value_musd": value,
        "value_usd_per_h100e_hour": quotient(value * _USD_PER_MUSD, hours),
    }
    yield Excess.count_broken(keyed(table, _CLASS), ~asks(case, table))
    yield from columns_reported(table, _CLASS, expected)


@rule(unit="sites", rereads="failover.may_cover")
def may_cover_from_scenario(case: Case) -> Excess:
    """A site may cover another unless it is near, barred by name or in a barred group."""
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    pairs = crossed(sites, sites.rename(columns={"site": "standby"}))
    expected = ~may_not_cover(case, pairs)
    return Excess.count_broken(pairs, np.asarray(case.inputs.failover.may_cover).ravel() != expected)


@once
def neighbours(case: Case) -> dict[Any, list[str]]:
    """Sites that cover a site together, by site and workload: those that may, and that reach enough of its users."""
    demand, sites = case.inputs.demand, table_of({"site": list(case.inputs.sets.site.labels)})
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    wanted = wanted.groupby(["region", "workload"], as_index=False)[["kh100e"]].sum()
    reached = reach(case, wanted[["region", "workload"]], crossed(wanted[["workload"]].drop_duplicates(), sites))
    users = reached[["region", "workload", "site"]].merge(wanted, on=["region", "workload"])
    other = users.drop(columns="kh100e").rename(columns={"site": "standby"})
    both = users.merge(other, on=["region", "workload"])
    both = both.groupby(["workload", *_PAIR], as_index=False)[["kh100e"]].sum()
    own = both[both["site"] == both["standby"]].set_index(["workload", "site"])["kh100e"]
    least = case.scenario.failover.neighbour_users_frac * _ROUNDING * lookup(own, both, ("workload", "site"))
    both = both[(both["kh100e"] > 0.0) & (both["kh100e"] >= least) & ~may_not_cover(case, both)]
    found: dict[Any, list[str]] = both.groupby(["site", "workload"])["standby"].agg(list).to_dict()
    return found


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


IMPLIED: Final[Mapping[str, Table]] = {"resilience": _resilience_rows}
PRICES: Final[Mapping[str, DualPrice]] = {
    "neighbour_reserve": DualPrice("USD/H100e-hour", _H100E_HOURS),
    "reserve_capacity": DualPrice("USD/H100e-hour", _H100E_HOURS),
}
TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("failover.cut_reserve", "failover.cut_reserve_row", "failover.cut_served", "failover.cut_served_row"),
        "empty in the inputs of a plan: rows that are added while it is solved, for outages that it"
        " did not survive; survives_loss_of_any_site lets every site fail without them",
    ),
    **dict.fromkeys(
        ("failover.neighbour_row", "failover.neighbour_reserve"),
        "read by no rule: rows of neighbours are stated from scenario and data without it, so that one that is wrong"
        " is found in the program",
    ),
}
