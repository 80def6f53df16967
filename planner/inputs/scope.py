"""Cut the tables down to what a scenario looks at, and put the scenario's own figures in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.clock.calendar import ModelYears
from planner.inputs.case import ScopedCase
from planner.inputs.days import days_of
from planner.inputs.findings import Findings
from planner.inputs.memory import with_enough_memory
from planner.inputs.places import regions_in_scope, sites_in_scope, with_figures_of_kind
from planner.inputs.table_columns import floats, texts
from planner.scenario import check_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.scenario import Scenario

__all__ = ["make_case", "replaced"]

_ROUNDING = 1e-9
_NO_VENDOR = "general"  # standard equipment, which everybody buys


def make_case(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> ScopedCase:
    """Return what of the tables a scenario is about."""
    findings = Findings(scenario)
    findings.problems += check_ids(scenario, tables)
    try:
        days = days_of(scenario, tables)
    except InputError as error:
        findings.problems += error.problems
    findings.stop_if_wrong()
    sites = sites_in_scope(scenario, tables, findings)
    sites = with_figures_of_kind(sites, scenario, tables, findings)
    regions = regions_in_scope(scenario, tables, findings)
    workloads = _workloads(scenario, tables, findings)
    racks = _racks(scenario, tables)
    _check_sales(racks, scenario, findings)
    pairs = _admitted(scenario, tables, workloads, racks)
    admitted = with_enough_memory(pairs, scenario, tables, findings)
    _check_admitted(admitted, scenario, workloads, racks, findings)
    findings.stop_if_wrong()
    return ScopedCase(
        scenario=scenario,
        tables=tables,
        findings=findings,
        years=ModelYears(scenario.years),
        days=days,
        sites=sites,
        regions=regions,
        workloads=workloads,
        racks=racks,
        admitted=admitted,
        cooling=tables["cooling"],
        redundancy=tables["redundancy"],
    )


def replaced(table: pd.DataFrame, key: str, overrides: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table with the figures that a scenario gives by id in place of its own."""
    table = table.copy()
    for id_, override in overrides.items():
        given = {name: value for name, value in override.written_values().items() if name in table.columns}
        for column, value in given.items():
            table.loc[table[key] == id_, column] = np.nan if value is None else value
    return table


def _workloads(scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings) -> pd.DataFrame:
    table = tables["workloads"]
    table = table.assign(placed_redundancy=table["redundancy_min"])
    table = replaced(table, "workload", scenario.workloads)
    listed = scenario.scope.workloads
    if listed != "all":
        table = table[table["workload"].isin(listed)]
    table = table.reset_index(drop=True)
    if table.empty:
        findings.add_at_table("workloads", "no workload is left in scope", "at least one", "see scope")
    _check_workloads(table, scenario, tables, findings)
    return table


def _check_workloads(
    table: pd.DataFrame, scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings
) -> None:
    use, peak = floats(table, "utilisation_frac"), floats(table, "peak_over_mean_frac")
    tight, share = floats(table, "tight_rtt_ms"), floats(table, "tight_share_frac")
    bound = floats(table, "rtt_bound_ms")
    highest = tables["demand_shapes"].groupby("shape")["shape_frac"].max()
    shape_peak = table["shape"].map(highest).to_numpy(dtype=np.float64)
    rules: Sequence[tuple[Any, tuple[str, ...], str, str, str]] = (
        (
            use * peak > 1.0 + _ROUNDING,
            ("utilisation_frac", "peak_over_mean_frac"),
            "utilisation_frac x peak_over_mean_frac is {:g}",
            "at most 1",
            "racks cannot work above their full work: lower one of the two",
        ),
        (
            use * shape_peak > 1.0 + _ROUNDING,
            ("utilisation_frac", "shape"),
            "utilisation_frac times the highest hour of its shape is {:g}",
            "at most 1",
            "lower the utilisation, or take a flatter shape",
        ),
        (
            tight > bound,
            ("rtt_bound_ms", "tight_rtt_ms"),
            "rtt_bound_ms is below tight_rtt_ms by {:g} ms",
            "at least tight_rtt_ms",
            "check its unit, or lower tight_rtt_ms; null is no tight bound",
        ),
        (
            np.isnan(tight) != np.isnan(share),
            ("tight_rtt_ms", "tight_share_frac"),
            "only one of tight_rtt_ms and tight_share_frac is given",
            "both or neither",
            "give the other, or set both to null",
        ),
    )
    shown = (use * peak, use * shape_peak, tight - bound, tight)
    for (wrong, columns, what, must_be, fix), value in zip(rules, shown, strict=True):
        for row in np.flatnonzero(wrong):
            id_ = str(table["workload"].iloc[row])
            found = f"{id_}: {what.format(value[row])}"
            if id_ not in scenario.workloads:
                findings.add_at_table("workloads", found, must_be, fix)
                continue
            written = scenario.workloads[id_].written_values()
            own = tuple(column for column in columns if column in written)[:1]
            findings.add_at_key(("workloads", id_, *own), found, must_be, fix)


def _racks(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    table = tables["racks"]
    table = replaced(table[table["role"] == "compute"], "rack", scenario.racks.override)
    allow = scenario.racks.allow
    may_buy = table["rack"].isin(list(allow)) if allow != "all" else pd.Series(True, table.index)
    may_buy &= table["vendor"].isin([*_vendors(scenario, tables), _NO_VENDOR])
    return table.assign(may_buy=may_buy & ~table["rack"].isin(list(scenario.racks.exclude))).reset_index(drop=True)


def _vendors(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> set[str]:
    """Vendors that the scenario lets racks be bought from."""
    asked, operator = scenario.racks.vendors, scenario.racks.bought_as
    vendors = set(texts(tables["racks"], "vendor")) if asked == "all" else set(asked)
    if operator is not None:
        fleets = tables["operator_fleets"]
        vendors &= set(fleets.loc[(fleets["operator"] == operator) & fleets["buys"], "vendor"])
    return vendors


def _check_sales(racks: pd.DataFrame, scenario: Scenario, findings: Findings) -> None:
    first, last = floats(racks, "first_year"), floats(racks, "last_year")
    for row in np.flatnonzero(last < first):
        id_ = str(racks["rack"].iloc[row])
        found = f"{id_}: last_year is {last[row]:.0f}, before first_year"
        must_be, fix = f"{first[row]:.0f} or later, or blank", "exchange the two, or leave it blank"
        given = scenario.racks.override[id_].written_values() if id_ in scenario.racks.override else {}
        own = [name for name in ("last_year", "first_year") if name in given]
        if own:
            findings.add_at_key(("racks", "override", id_, own[0]), found, must_be, fix)
        else:
            findings.add_at_table("racks", found, must_be, fix)


def _admitted(
    scenario: Scenario, tables: Mapping[str, pd.DataFrame], workloads: pd.DataFrame, racks: pd.DataFrame
) -> pd.DataFrame:
    own = {id_: given.racks for id_, given in scenario.workloads.items() if given.racks}
    pairs = tables["workload_racks"][["workload", "rack"]]
    rows = [(workload, rack) for workload, listed in own.items() for rack in listed]
    pairs = pd.concat(
        [pairs[~pairs["workload"].isin(list(own))], pd.DataFrame(rows, columns=pairs.columns)], ignore_index=True
    )
    known = pairs["workload"].isin(texts(workloads, "workload"))
    return pairs[known & pairs["rack"].isin(texts(racks, "rack"))].reset_index(drop=True)


def _check_admitted(
    admitted: pd.DataFrame, scenario: Scenario, workloads: pd.DataFrame, racks: pd.DataFrame, findings: Findings
) -> None:
    """Every workload needs a rack that can do its work, whether or not it may still be bought."""
    has_throughput = {duty: {*racks.loc[racks[f"{duty}_h100e"].notna(), "rack"]} for duty in ("training", "inference")}
    racks_of: dict[str, set[str]] = {}
    for id_, rack in zip(admitted["workload"], admitted["rack"], strict=True):
        racks_of.setdefault(id_, set()).add(rack)
    for id_, duty in zip(workloads["workload"], workloads["duty"], strict=True):
        if not has_throughput[duty].isdisjoint(racks_of.get(id_, ())):
            continue
        found = f"no rack that {id_} may run on has a throughput for {duty}"
        fix = f"admit a rack with {duty}_h100e"
        if id_ in scenario.workloads:
            findings.add_at_key(("workloads", id_), found, "one at least", fix)
        else:
            findings.add_at_table("workload_racks", found, "one at least", fix)
