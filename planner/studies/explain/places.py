"""What an explanation says of a site and of a year."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import USD_PER_MUSD
from planner.base.words import amount, and_more, moment
from planner.family.table_columns import mask_at
from planner.inputs.axes import ANYWHERE
from planner.limits.limit import site_key, without_new_halls
from planner.results.cost_difference import LEAST_PENALTY_MUSD
from planner.studies.explain.again import ENTRY_COLUMNS, RELAXED, entry
from planner.studies.explain.words import Number, Statement, about_limits, line_of_cost, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.runs.plan import PlanViews
    from planner.studies.solve.asking import Asking

# --- Sentences about one site: what it does, when it could, what limits it, what it would take ----

DOES: Final = "What it does"
TIME: Final = "When it could grow"
LIMITS: Final = "What limits it"
TAKES: Final = "What it would take"
_NOISE_MW: Final = 0.05
_NOTHING_MUSD: Final = 1e-6


def site_tables(solved: PlanViews, site: str, ask: Asking, *, resolve: bool) -> dict[str, pd.DataFrame]:
    """Make the tables that sentences about a site rest on."""

    def usd_per_mw(of: pd.DataFrame) -> pd.Series:
        return USD_PER_MUSD * of["cost_musd"] / of["nameplate_mw"].where(of["nameplate_mw"] > _NOISE_MW)

    results = solved.results.tables
    mean = usd_per_mw(results["site_year"].groupby("year")[["cost_musd", "nameplate_mw"]].sum())
    columns = ["year", "halls_mw", "nameplate_mw", "facility_mean_mw", "firm_mw", "new_firm_mw", "cost_musd"]
    table = results["site_year"].query("site == @site")[columns]
    table = table.assign(usd_per_mw_year=usd_per_mw(table), plan_usd_per_mw_year=table["year"].map(mean))
    used = results["plan"].query("site == @site")
    classes = used.groupby(["workload", "year"], as_index=False)[["used_mw", "load_kh100e"]].sum()
    takes_part = site in solved.inputs.sets.site.labels and len(table) > 0
    nothing = pd.DataFrame(columns=list(ENTRY_COLUMNS))
    return {
        "site": table.reset_index(drop=True),
        "site_classes": classes,
        "site_leads": results["leads"].query("site == @site").reset_index(drop=True),
        "site_reach": _reach(solved, site) if takes_part else pd.DataFrame(),
        "entry": entry(solved, site, ask) if takes_part and resolve else nothing,
    }


def _reach(solved: PlanViews, site: str) -> pd.DataFrame:
    """Return which share of each workload's demand of the last year is within reach of a site."""
    p = solved.inputs
    demand, route = p.demand.demand, p.demand.route
    at = route["site"] == p.sets.site.code(site)
    last = demand["year"] == len(p.sets.year) - 1
    reached = mask_at((len(p.sets.region), len(p.sets.workload)), (route["region"][at], route["workload"][at]))
    asked = p.demand.demand_kh100e[last]
    of = {"demand_kh100e": asked, "within_kh100e": asked * reached[demand["region"][last], demand["workload"][last]]}
    is_anywhere = demand.labels("region")[last] == ANYWHERE
    table = pd.DataFrame({"workload": demand.labels("workload")[last], "anywhere": is_anywhere, **of})
    by = table.groupby("workload", as_index=False).agg(
        anywhere=("anywhere", "all"), demand_kh100e=("demand_kh100e", "sum"), within_kh100e=("within_kh100e", "sum")
    )
    by["bound_ms"] = by["workload"].map(p.workloads.set_index("workload")["rtt_bound_ms"])
    by["within_frac"] = by["within_kh100e"] / by["demand_kh100e"]
    return by


def about_site(solved: PlanViews, tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    """Say what a site does in the plan, and what it would take for it to do more."""
    yield from (*_does(tables, site), *_when(solved, tables, site), *_reaches(tables, site))
    if "binding" in tables:
        none = Statement(LIMITS, f"No limit of {site}, its zone or market binds in the plan.", ())
        yield from [replace(one, topic=LIMITS) for one in about_limits(solved, tables)] or [none]
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


def _when(solved: PlanViews, tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    leads = tables["site_leads"]
    numbers: tuple[Number, ...] = ()
    if site in without_new_halls(solved.scenario):
        key = ".".join(site_key(solved.scenario, site, "new_halls"))
        text = f"No new hall is built at {site} by your setting, {key}: false; what exists stays."
    elif leads.empty:
        text = f"No new hall can serve at {site} by the end of {int(solved.inputs.years.last_calendar_years[-1])}."
    else:
        first = leads.sort_values("service_start").iloc[0]
        columns = {"months": "months", "service_start": ""}
        numbers = tuple(number(tables, "site_leads", of, unit, hall=first["hall"]) for of, unit in columns.items())
        after = f"{amount(numbers[0].value)} months after the decision; the longest path is {first['by']}."
        text = f"New halls at {site} can serve from {moment(numbers[1].value)} on, {after}"
    yield Statement(TIME, text, numbers)


def _reaches(tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    reach = tables["site_reach"]
    if reach.empty:
        return
    near = list(map(str, reach.loc[~reach["anywhere"].astype(bool), "workload"]))
    shares, bounds = (
        [number(tables, "site_reach", column, unit, workload=workload) for workload in near]
        for column, unit in (("within_frac", "-"), ("bound_ms", "ms"))
    )
    if near:
        parts = list(zip(shares, bounds, strict=True))
        listed = ", ".join(f"{share.value:.0%} of {share.row['workload']} ({bound})" for share, bound in parts)
        yield Statement(
            LIMITS, f"Within their latency bounds {site} reaches {listed}.", tuple(of for pair in parts for of in pair)
        )


def touches(solved: PlanViews, table: pd.DataFrame, site: str) -> pd.DataFrame:
    """Keep the limits of a site, its zone, its market and its pool of clean power."""
    row = solved.inputs.sites.table.set_index("site").loc[site]
    is_around = (table["zone"] == row["zone"]) | (table["market"] == row["market"])
    contracts = solved.inputs.contracts
    if len(contracts.pool):
        pool = contracts.site_pool[solved.inputs.sets.site.code(site)]
        is_around |= table["pool"] == contracts.pool.labels[pool]
    return table[(table["site"] == site) | ((table["site"] == "") & is_around)].reset_index(drop=True)


def _takes(tables: Mapping[str, pd.DataFrame], site: str) -> Iterator[Statement]:
    table = tables["entry"]
    grows = bool(table["what"].str.startswith("no new halls").any())
    for row, unit in zip(table["what"], table["unit"], strict=True):
        what = str(row).removesuffix(RELAXED)
        how = ", in the LP relaxation before and after" if str(row).endswith(RELAXED) else ""
        units = {"change_musd": "MUSD", "change_penalty_musd": "MUSD", "site_mw": "MW"}
        units |= dict.fromkeys(("now", "needed", "tried"), str(unit))
        change, penalty, mw, now, needed, tried = (
            number(tables, "entry", column, in_unit, what=str(row)) for column, in_unit in units.items()
        )
        is_penalty = abs(penalty.value) >= LEAST_PENALTY_MUSD
        part = f" (of which {penalty} is the penalty of unmet demand)" if is_penalty else ""
        costs = (change, penalty) if is_penalty else (change,)
        again, less = f"(solved again{how})", "less" if change.value <= 0 else "more"
        numbers: tuple[Number, ...] = (tried, now)
        if what == "as it is" or (what == "power price" and grows):
            continue
        if what == "one MW more":
            forced, numbers = f"(solved again with it forced in{how})", (*costs, mw)
            adds, ends = "costs the plan nothing", "it is as good as the site the plan uses"
            if change.value > _NOTHING_MUSD:
                adds, ends = f"would raise the cost of the plan by {change}{part}", "that is its cost of entry"
            text = f"One more MW of racks at {site} in the last year {adds} {forced}: {ends}."
        elif what == "no new halls":
            text, numbers = f"Without new halls at {site} the plan would cost {change} more{part} {again}.", costs
        elif np.isnan(needed.value) and np.isnan(change.value):
            text = f"Whether a {what} of {tried}, not {now}, brings load to {site} is open"
            text += f": solving again did not end{how}."
        elif np.isnan(needed.value):
            text = f"Even a {what} of {tried}, not {now}, brings no more load to {site} {again}."
        else:
            text = (
                f"At a {what} of {needed} instead of {now} it would have {mw} of racks in the last year, and the plan"
            )
            text += f" would cost {amount(abs(change.value))} {change.unit} {less}{part} {again}."
            numbers = (needed, now, mw, *costs)
        yield Statement(TAKES, text, numbers)


# --- Sentences about one year: what changed since the model year before, and why ------------------

CHANGED: Final = "What changed"
WHY: Final = "Why"
_NOISE: Final = 0.05
_SHOWN: Final = 5
_METRICS: Final = {
    **{f"{name}_kh100e": "kH100e" for name in ("demand", "served", "rented", "saved", "unmet")},
    "sites_in_use": "sites",
    **{f"{name}_mw": "MW" for name in ("halls", "nameplate", "facility_peak", "new_firm")},
    **{"emissions_kt": "kt CO2", "capex_musd": "MUSD", "cost_musd": "MUSD/year"},
}


def year_tables(solved: PlanViews, year: int) -> dict[str, pd.DataFrame]:
    """Make the tables that sentences about a year rest on."""
    results, years = solved.results.tables, solved.inputs.years
    at = years.years.index(year)
    before = years.years[at - 1] if at else None
    summary = results["summary"].set_index("year")[list(_METRICS)].astype(float)
    then, now = (summary.loc[before].to_numpy() if before else np.nan), summary.loc[year].to_numpy()
    change = {"unit": list(_METRICS.values()), "before": then, "now": now, "change": now - then}
    halls, racks = (of[of["year"] == year] for of in (results["builds"], results["installs"]))
    # Payments of the first calendar year of each model year, by line.
    costs = results["costs"].groupby(["item", "calendar_year"])["musd"].sum().rename_axis(["item", "year"])
    sites = results["site_year"].set_index(["site", "year"])["nameplate_mw"]
    # Sites whose first new hall can serve within the model year, with the moment.
    ready = results["leads"].groupby("site", as_index=False)[["service_start"]].min()
    is_now = ready["service_start"].between(year, int(years.last_calendar_years[at]) + 1, inclusive="left")
    return {
        "year_change": pd.DataFrame({"figure": list(_METRICS), **change}),
        "year_sites": _two_years(sites, "site", year, before),
        "year_halls": halls.groupby("site", as_index=False)[["built_mw"]].sum(),
        "year_racks": racks.groupby("rack", as_index=False)[["installed_mw", "racks"]].sum(),
        "year_costs": _two_years(costs, "item", year, before),
        "year_ready": ready[is_now].reset_index(drop=True),
    }


def _two_years(of: pd.Series, key: str, year: int, before: int | None) -> pd.DataFrame:
    """Put the figures of two years next to each other, those with the largest change first."""
    wide = of.unstack("year").fillna(0.0)
    then, now = wide[before].array if before in wide else np.nan, wide[year].array if year in wide else 0.0
    table = pd.DataFrame({key: wide.index.to_numpy(), "before": then, "now": now})
    table["change"] = table["now"] - table["before"]
    return table.sort_values("change", key=np.abs, ascending=False, ignore_index=True)


def about_year(solved: PlanViews, tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    """Say what changed in a year, and what it came from."""
    yield from (*_figures(tables, year), *_sites(tables, year), *_bought(tables), *_lines(tables))
    yield from _why(solved, tables)


def _figures(tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    for figure, words in (
        ("demand_kh100e", "Demand"),
        ("served_kh100e", "Compute served from own sites"),
        ("rented_kh100e", "Rented compute"),
        ("unmet_kh100e", "Unmet compute"),
        ("nameplate_mw", "Load of racks in use"),
        ("facility_peak_mw", "Peak power of all sites"),
        ("cost_musd", "Cost of the year"),
    ):
        columns, unit = ("now", "change", "before"), _METRICS[figure]
        now, change, before = (number(tables, "year_change", of, unit, figure=figure) for of in columns)
        if np.isnan(before.value):
            if now.value > _NOISE:
                yield Statement(CHANGED, f"{words} is {now} in {year}, the first year.", (now,))
            continue
        if abs(change.value) < max(_NOISE, 1e-3 * abs(now.value)):
            continue
        verb = "grows" if change.value > 0 else "falls"
        share = f" ({change.value / before.value:+.0%})" if before.value > _NOISE else ""
        text = f"{words} {verb} by {amount(abs(change.value))} {change.unit}{share} to {now}."
        yield Statement(CHANGED, text, (now, change, before))


def _listing(
    tables: Mapping[str, pd.DataFrame],
    words: str,
    cell: tuple[str, str, str],
    labels: pd.Series,
    said: Callable[[Number], str] = lambda of: f"{next(iter(of.row.values()))} {of}",
    *,
    topic: str = CHANGED,
    with_rest: bool = True,
) -> Iterator[Statement]:
    """List the first rows of a table in words, by their labels; a cell is of a table, a column and a unit."""
    parts = tuple(number(tables, *cell, **{str(labels.name): str(label)}) for label in labels.head(_SHOWN))
    if parts:
        rest = and_more(len(labels), _SHOWN) if with_rest else ""
        yield Statement(topic, f"{words} {', '.join(map(said, parts))}{rest}.", parts)


def _sites(tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    table = tables["year_sites"].dropna(subset=["change"])
    for words, rows in (
        ("Racks in use grow most at", table[table["change"] > _NOISE]),
        ("Racks in use shrink most at", table[table["change"] < -_NOISE]),
    ):
        cell, said = ("year_sites", "change", "MW"), (lambda of: f"{of.row['site']} ({of.value:+,.3g} MW)")
        yield from _listing(tables, words, cell, rows["site"], said, with_rest=False)
    opened = table[(table["before"] < _NOISE) & (table["now"] > _NOISE)]
    words = f"In use for the first time in {year}:"
    yield from _listing(tables, words, ("year_sites", "now", "MW"), opened["site"])


def _bought(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    for table, column, key, words in (
        ("year_halls", "built_mw", "site", "Halls enter service at"),
        ("year_racks", "installed_mw", "rack", "Racks are bought:"),
    ):
        labels = tables[table].sort_values(column, ascending=False)[key]
        yield from _listing(tables, words, (table, column, "MW"), labels)


def _lines(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    table = tables["year_costs"].dropna(subset=["change"])
    moved = table.loc[table["change"].abs() > _NOISE, "item"]
    cell, said = ("year_costs", "change", "MUSD"), (lambda of: f"{line_of_cost(of)} {of.value:+,.3g} MUSD")
    yield from _listing(tables, "Lines of cost that move most:", cell, moved, said, with_rest=False)


def _why(solved: PlanViews, tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Sites that can grow from this year on, and limits that bind in it."""
    table = tables["year_ready"]
    words = f"New halls can serve for the first time at {len(table)} sites:"
    cell, said = ("year_ready", "service_start", ""), (lambda of: f"{of.row['site']} ({moment(of.value)})")
    yield from _listing(tables, words, cell, table["site"], said, topic=WHY)
    limits = list(about_limits(solved, tables))[:_SHOWN] if "binding" in tables else []
    yield from (replace(one, topic=WHY) for one in limits)
