"""Sentences about one site: what it does, when it could, what limits it, what it would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.number_format import amount, moment
from planner.base.units import USD_PER_MUSD
from planner.inputs.axes import ANYWHERE
from planner.limits.increments import site_key, without_new_halls
from planner.results.cost_difference import LEAST_PENALTY_MUSD
from planner.studies.explain.cost_of_entry import ENTRY_COLUMNS, RELAXED, entry
from planner.studies.explain.explanation import Number, Statement, number
from planner.studies.explain.plain_words import about_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.studies.explain.explanation import ExplainablePlan
    from planner.studies.solve.asking import Asking

__all__ = ["about_site", "site_tables", "touches"]

DOES: Final = "What it does"
TIME: Final = "When it could grow"
LIMITS: Final = "What limits it"
TAKES: Final = "What it would take"

_NOISE_MW: Final = 0.05
_NOTHING_MUSD: Final = 1e-6


def site_tables(solved: ExplainablePlan, site: str, ask: Asking, *, resolve: bool) -> dict[str, pd.DataFrame]:
    """Make the tables that sentences about a site rest on."""
    results = solved.results.tables
    of_site = results["site_year"].query("site == @site")
    total = results["site_year"].groupby("year")[["cost_musd", "nameplate_mw"]].sum()
    mean = total["cost_musd"] / total["nameplate_mw"].where(total["nameplate_mw"] > _NOISE_MW)
    table = of_site[
        ["year", "halls_mw", "nameplate_mw", "facility_mean_mw", "firm_mw", "new_firm_mw", "cost_musd"]
    ].copy()
    in_use = table["nameplate_mw"].where(table["nameplate_mw"] > _NOISE_MW)
    table["usd_per_mw_year"] = USD_PER_MUSD * table["cost_musd"] / in_use
    table["plan_usd_per_mw_year"] = USD_PER_MUSD * table["year"].map(mean)
    used = results["plan"].query("site == @site")
    classes = used.groupby(["workload", "year"], as_index=False)[["used_mw", "load_kh100e"]].sum()
    takes_part = site in solved.inputs.sets.site.labels and len(of_site) > 0
    nothing = pd.DataFrame(columns=list(ENTRY_COLUMNS))
    return {
        "site": table.reset_index(drop=True),
        "site_classes": classes,
        "site_leads": results["leads"].query("site == @site").reset_index(drop=True),
        "site_reach": _reach(solved, site) if takes_part else pd.DataFrame(),
        "entry": entry(solved, site, ask) if takes_part and resolve else nothing,
    }


def _reach(solved: ExplainablePlan, site: str) -> pd.DataFrame:
    """Return which share of each workload's demand of the last year is within reach of a site."""
    p = solved.inputs
    demand, route = p.demand.demand, p.demand.route
    at = route["site"] == p.sets.site.code(site)
    reached = set(zip(route["region"][at].tolist(), route["workload"][at].tolist(), strict=True))
    last = demand["year"] == len(p.sets.year) - 1
    within = [pair in reached for pair in zip(demand["region"].tolist(), demand["workload"].tolist(), strict=True)]
    table = pd.DataFrame(
        {
            "workload": demand.labels("workload")[last],
            "anywhere": demand.labels("region")[last] == ANYWHERE,
            "demand_kh100e": p.demand.demand_kh100e[last],
            "within_kh100e": np.where(within, p.demand.demand_kh100e, 0.0)[last],
        }
    )
    by = table.groupby("workload", as_index=False).agg(
        anywhere=("anywhere", "all"), demand_kh100e=("demand_kh100e", "sum"), within_kh100e=("within_kh100e", "sum")
    )
    bound = p.workloads.set_index("workload")["rtt_bound_ms"]
    by["bound_ms"] = by["workload"].map(bound)
    by["within_frac"] = by["within_kh100e"] / by["demand_kh100e"]
    return by


def about_site(solved: ExplainablePlan, tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    """Say what a site does in the plan, and what it would take for it to do more."""
    yield from _does(tables, site)
    yield from _when(solved, tables, site)
    yield from _reaches(tables, site)
    if "binding" in tables:
        yield from _limited(solved, tables, site)
    yield from _takes(tables, site)


def _does(tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    table = tables["site"]
    busy = table[table["nameplate_mw"] > _NOISE_MW]
    if busy.empty:
        yield Statement(DOES, f"Site {site} has no load in any year of the plan.", ())
        return
    first, last = int(busy["year"].iloc[0]), int(busy["year"].iloc[-1])
    mw = number(tables, "site", "nameplate_mw", "MW", year=last)
    power = number(tables, "site", "facility_mean_mw", "MW", year=last)
    text = f"Site {site} carries load from {first} on: {mw} of racks in {last}, {power} at the meter."
    yield Statement(DOES, text, (mw, power))
    classes = tables["site_classes"]
    own = classes[classes["year"] == last].sort_values("used_mw", ascending=False)
    parts = [
        number(tables, "site_classes", "used_mw", "MW", workload=str(workload), year=last)
        for workload in own["workload"].head(4)
    ]
    listed = ", ".join(f"{of.row['workload']} {of}" for of in parts)
    yield Statement(DOES, f"In {last} its racks do {listed}.", tuple(parts))
    own_cost, mean = (number(tables, "site", f"{of}usd_per_mw_year", "USD/MW-year", year=last) for of in ("", "plan_"))
    share = own_cost.value / mean.value - 1.0
    text = (
        f"A MW of racks there costs {own_cost} in {last}, {share:+.1%} against the plan's mean of "
        f"{mean}; what existed in the base year is sunk cost."
    )
    yield Statement(DOES, text, (own_cost, mean))


def _when(solved: ExplainablePlan, tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    leads = tables["site_leads"]
    last = int(solved.inputs.years.last_calendar_years[-1])
    if site in without_new_halls(solved.scenario):
        key = ".".join(site_key(solved.scenario, site, "new_halls"))
        text = f"No new hall is built at {site} by your setting, {key}: false; what exists stays."
        yield Statement(TIME, text, ())
        return
    if leads.empty:
        yield Statement(TIME, f"No new hall can serve at {site} by the end of {last}.", ())
        return
    first = leads.sort_values("service_start").iloc[0]
    path = first["by"]
    of = {"hall": str(first["hall"])}
    months = number(tables, "site_leads", "months", "months", **of)
    start = number(tables, "site_leads", "service_start", "", **of)
    text = (
        f"New halls at {site} can serve from {moment(start.value)} on, "
        f"{amount(months.value)} months after the decision; the longest path is {path}."
    )
    yield Statement(TIME, text, (months, start))


def _reaches(tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    reach = tables["site_reach"]
    if reach.empty:
        return
    near = reach[~reach["anywhere"].astype(bool)]
    parts = [
        (
            number(tables, "site_reach", "within_frac", "-", workload=str(workload)),
            number(tables, "site_reach", "bound_ms", "ms", workload=str(workload)),
        )
        for workload in near["workload"]
    ]
    if parts:
        listed = ", ".join(f"{share.value:.0%} of {share.row['workload']} ({bound})" for share, bound in parts)
        flat = tuple(of for pair in parts for of in pair)
        yield Statement(LIMITS, f"Within their latency bounds {site} reaches {listed}.", flat)


def _limited(solved: ExplainablePlan, tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    found = False
    for one in about_limits(solved, tables):
        found = True
        yield Statement(LIMITS, one.text, one.numbers, one.stake_musd)
    if not found:
        yield Statement(LIMITS, f"No limit of {site}, its zone or market binds in the plan.", ())


def touches(solved: ExplainablePlan, table: pd.DataFrame, site: str) -> pd.DataFrame:
    """Keep the limits of a site, its zone, its market and its pool of clean power."""
    row = solved.inputs.sites.table.set_index("site").loc[site]
    is_around = (table["zone"] == row["zone"]) | (table["market"] == row["market"])
    contracts = solved.inputs.contracts
    if len(contracts.pool):
        pool = contracts.site_pool[solved.inputs.sets.site.code(site)]
        is_around |= table["pool"] == contracts.pool.labels[pool]
    kept = (table["site"] == site) | ((table["site"] == "") & is_around)
    return table[kept].reset_index(drop=True)


def _takes(tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    table = tables["entry"]
    grows = bool(table["what"].str.startswith("no new halls").any())
    for row, unit in zip(table["what"], table["unit"], strict=True):
        of = {"what": str(row)}
        what = str(row).removesuffix(RELAXED)
        how = ", in the LP relaxation before and after" if str(row).endswith(RELAXED) else ""
        change, penalty, mw = (
            number(tables, "entry", column, in_unit, **of)
            for column, in_unit in (("change_musd", "MUSD"), ("change_penalty_musd", "MUSD"), ("site_mw", "MW"))
        )
        part = ""
        if abs(penalty.value) >= LEAST_PENALTY_MUSD:
            part = f" (of which {penalty} is the penalty of unmet demand)"
        costs = (change, penalty) if part else (change,)
        now, needed, tried = (number(tables, "entry", column, str(unit), **of) for column in ("now", "needed", "tried"))
        if what == "one MW more":
            yield Statement(TAKES, _one_mw_more(site, change, part, how), (*costs, mw))
        elif what == "no new halls":
            text = f"Without new halls at {site} the plan would cost {change} more{part} (solved again{how})."
            yield Statement(TAKES, text, costs)
        elif what == "as it is" or (what == "power price" and grows):
            continue
        elif np.isnan(needed.value):
            if np.isnan(change.value):
                text = (
                    f"Whether a {what} of {tried}, not {now}, brings load to {site} is open: "
                    f"solving again did not end{how}."
                )
            else:
                text = f"Even a {what} of {tried}, not {now}, brings no more load to {site} (solved again{how})."
            yield Statement(TAKES, text, (tried, now))
        else:
            text = (
                f"At a {what} of {needed} instead of {now} it would have {mw} of racks in the last "
                f"year, and the plan would cost {_less(change)}{part} (solved again{how})."
            )
            yield Statement(TAKES, text, (needed, now, mw, *costs))


def _one_mw_more(site: str, change: Number, part: str, how: str) -> str:
    if change.value > _NOTHING_MUSD:
        return (
            f"One more MW of racks at {site} in the last year would raise the cost of the plan by "
            f"{change}{part} (solved again with it forced in{how}): that is its cost of entry."
        )
    return (
        f"One more MW of racks at {site} in the last year costs the plan nothing (solved again "
        f"with it forced in{how}): it is as good as the site the plan uses."
    )


def _less(change: Number) -> str:
    return f"{amount(abs(change.value))} {change.unit} {'less' if change.value <= 0 else 'more'}"
