"""The limits of a scenario that could give way, each with the settings that say how far."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.headroom import LOWEST_RATE_PCT
from planner.scenario import Setting, interpolated
from planner.studies.question import Cell
from planner.studies.relief import Change, Relief
from planner.studies.say import amount, down, up
from planner.units import M3_PER_THOUSAND_M3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.inputs.types import Floats
    from planner.lp import Index
    from planner.scenario import Scenario
    from planner.studies.question import Question

__all__ = ["RELIEFS", "gap_years", "site_key"]


def site_key(scenario: Scenario, site: str, figure: str) -> tuple[str, str, str]:
    """Return the way to a figure of a site, shipped or one's own."""
    return ("new_sites" if site in scenario.new_sites else "sites", site, figure)


def gap_years(question: Question, rows: Index) -> Floats:
    """Return the years since the model year before, for each row. [year]"""
    years = np.asarray(question.inputs.years.years, dtype=np.float64)
    return np.diff(years, prepend=years[0] - 1.0)[rows["year"]]


def _one(_: Question, rows: Index) -> Floats:
    return np.ones(rows.size)


def _given(over: Index, amounts: Floats) -> list[tuple[dict[str, str], float]]:
    """List places where something gives way, by labels, with amounts rounded up."""
    at = np.flatnonzero(amounts > 1e-7)  # the solver's tolerance
    return [
        (dict(zip(over.axis_names, over.tuples(int(i)), strict=True)), up(float(amounts[i]), 3))
        for i in at
    ]


# --- figures of sites ------------------------------------------------------------------


def _of_sites(
    figure: str, unit: str, what: str, now: str, question: Question, over: Index, amounts: Floats
) -> Change:
    """Raise a figure of sites that holds in all years."""
    words, settings, share = [], [], 0.0
    for place, more in _given(over, amounts):
        old = _NOW[now](question, place["site"])
        new = up(old + more, 6)
        words.append(f"+{amount(more)} {unit} {what} at {place['site']}")
        settings.append(Setting(site_key(question.scenario, place["site"], figure), new))
        share = max(share, more / old if old else np.inf)
    return Change(tuple(words), tuple(settings), share=share)


def _land_mw(question: Question, site: str) -> float:
    return float(question.inputs.sites.land_limit_mw[question.inputs.sets.site.code(site)])


def _crews_mw(question: Question, site: str) -> float:
    p = question.inputs.sites
    own = p.site_year["site"] == question.inputs.sets.site.code(site)
    rate = p.build_rate_mw / gap_years(question, p.site_year)
    return float(rate[own].min()) / (question.scenario.build.rate_scale_frac or 1.0)


def _water_m3(question: Question, site: str) -> float:
    p = question.inputs.carbon
    own = p.water_limit["site"] == question.inputs.sets.site.code(site)
    return float(p.water_limit_m3[own].min())


_NOW: Final = {"land": _land_mw, "crews": _crews_mw, "water": _water_m3}


def _crews(question: Question, rows: Index) -> Floats:
    return gap_years(question, rows) * (question.scenario.build.rate_scale_frac or 1.0)


def _per_thousand_m3(_: Question, rows: Index) -> Floats:
    return np.full(rows.size, 1.0 / M3_PER_THOUSAND_M3)


def _connection(question: Question, over: Index, amounts: Floats) -> Change:
    """Give sites a larger firm connection from a year on."""
    p = question.inputs.grid
    words, settings, share = [], [], 0.0
    given = _given(over, amounts)
    for site in dict.fromkeys(place["site"] for place, _ in given):
        more = {int(place["year"]): mw for place, mw in given if place["site"] == site}
        own = np.flatnonzero(p.firm.labels("site") == site)
        years = p.firm.labels("year")[own].astype(int)
        old = dict(zip(years.tolist(), p.firm_mw[own].tolist(), strict=True))
        path = {year: up(mw + more.get(year, 0.0), 6) for year, mw in old.items()}
        settings.append(Setting(site_key(question.scenario, site, "grid_firm_mw"), path))
        words += [f"+{amount(mw)} MW of firm connection at {site} in {y}" for y, mw in more.items()]
        share = max(share, *(mw / old[y] if old[y] else np.inf for y, mw in more.items()))
    return Change(tuple(words), tuple(settings), share=share)


# --- figures by year, market or zone ---------------------------------------------------


def _by_year(
    keys: tuple[str, str], unit: str, what: str, question: Question, over: Index, amounts: Floats
) -> Change:
    """Raise a path by year in the years that need it; other years keep what they have."""
    p = question.inputs
    now: Mapping[str, tuple[Index, Floats]] = {
        "cap_kt": (p.carbon.cap, p.carbon.cap_kt),
        "capex_budget_musd": (
            p.sites.capex_budget,
            p.sites.capex_budget_musd / gap_years(question, p.sites.capex_budget),
        ),
    }
    limited, limit = now[keys[1]]
    more = {int(place["year"]): by for place, by in _given(over, amounts)}
    old = dict(zip(limited.labels("year").astype(int).tolist(), limit.tolist(), strict=True))
    path = {year: up(value + more.get(year, 0.0), 6) for year, value in old.items()}
    words = tuple(f"+{amount(by)} {unit} {what} in {year}" for year, by in more.items())
    share = max((by / old[year] if old[year] else np.inf for year, by in more.items()), default=0)
    return Change(words, (Setting(keys, path),), share=share)


def _market(question: Question, over: Index, amounts: Floats) -> Change:
    now = question.scenario.build.market_rate_mw_per_year
    words, settings, share = [], [], 0.0
    for place, more in _given(over, amounts):
        market = place["market"]
        words.append(f"+{amount(more)} MW a year of building in the market {market}")
        key = ("build", "market_rate_mw_per_year", market)
        settings.append(Setting(key, up(now[market] + more, 6)))
        share = max(share, more / now[market] if now[market] else np.inf)
    return Change(tuple(words), tuple(settings), share=share)


def _per_firm_mw(question: Question, rows: Index) -> Floats:
    """One, or nothing where no headroom is for firm connection."""
    return np.full(rows.size, float(question.scenario.grid.firm_headroom_frac != 0.0))


def _firm_headroom(question: Question, over: Index, amounts: Floats) -> Change:
    """Give zones more headroom for firm connection.

    Where a share of the headroom at the lowest rate limits it, that figure grows by what gives
    so much of its share, and that of the chosen rate where it would be the limit then.
    """
    grid, every = question.scenario.grid, question.inputs.grid.headroom_all
    if grid.firm_headroom_frac is None:
        return _headroom(question, over, amounts)
    raised: dict[tuple[str, float], float] = {}
    for place, more in _given(over, amounts):
        zone = every[every["zone"] == place["zone"]]
        short = float((zone["firm_limit_mw"] + more - zone["limit_mw"]).max())
        rates = (
            (grid.curtailment_rate_pct, short),
            (LOWEST_RATE_PCT, more / grid.firm_headroom_frac),
        )
        for rate, mw in rates:
            key = place["zone"], rate
            raised[key] = max(raised.get(key, 0.0), mw)
    return _raised(question, over, amounts, raised)


def _headroom(question: Question, over: Index, amounts: Floats) -> Change:
    """Give zones more headroom for all new connection."""
    rate = question.scenario.grid.curtailment_rate_pct
    raised = {(place["zone"], rate): more for place, more in _given(over, amounts)}
    return _raised(question, over, amounts, raised)


def _raised(
    question: Question,
    over: Index,
    amounts: Floats,
    raised: Mapping[tuple[str, float], float],
) -> Change:
    """Raise figures of table `zone_headroom`, before shares and factors, by zone and rate."""
    scale = (
        question.scenario.grid.headroom_scale_frac * question.scenario.operator.headroom_share_frac
    )
    table = question.inputs.tables["zone_headroom"]
    cells, share = [], 0.0
    for (zone, rate_pct), more in raised.items():
        if more <= 0.0:
            continue
        row: dict[str, str | float] = {"zone": zone, "curtailment_rate_pct": rate_pct}
        is_row = (table[list(row)] == list(row.values())).all(axis=1)
        old = float(table.loc[is_row, "headroom_mw"].iloc[0])
        cells.append(Cell("zone_headroom", "headroom_mw", row, up(old + more / scale, 6)))
        share = max(share, more / (old * scale) if old else np.inf)
    words = tuple(
        f"+{amount(more)} MW of headroom in zone {place['zone']}"
        for place, more in _given(over, amounts)
    )
    return Change(words, (), tuple(cells), share)


# --- factors on everything of a kind ---------------------------------------------------


def _headroom_limit(column: str, question: Question, rows: Index) -> Floats:
    """Headroom of each row before commitments, which no factor touches. [MW]"""
    every = question.inputs.grid.headroom_all
    limit = every.set_index(["zone", "year"])[column].to_dict()
    at = zip(rows.labels("zone"), rows.labels("year"), strict=True)
    return np.array([limit[place] for place in at], dtype=np.float64)


def _delivery_limit(question: Question, rows: Index) -> Floats:
    p = question.inputs.racks
    return np.asarray(p.delivery_limit_mw[p.delivery.find(rows)])


def _rent_depth(question: Question, rows: Index) -> Floats:
    return np.asarray(question.inputs.rent.depth_kh100e[rows["year"]])


def _scaled(
    keys: tuple[str, str], what: str, question: Question, over: Index, amounts: Floats
) -> Change:
    """Raise a factor on all limits of a kind."""
    del over
    old = float(getattr(getattr(question.scenario, keys[0]), keys[1]))
    more = up(float(amounts[0]), 3)
    words = f"+{amount(100 * more)} % of {what}"
    return Change((words,), (Setting(keys, up(old * (1.0 + more), 6)),), share=more)


# --- demand ------------------------------------------------------------------------------


def _demand_kh100e(question: Question, rows: Index) -> Floats:
    p = question.inputs.demand
    return np.asarray(p.demand_kh100e[p.demand.find(rows)])


def _tight_kh100e(question: Question, rows: Index) -> Floats:
    p = question.inputs.demand
    return _demand_kh100e(question, rows) * p.tight_share_frac[p.tight.find(rows)]


def _less_demand(question: Question, over: Index, amounts: Floats) -> Change:
    """Want less in some years."""
    less = {int(place["year"]): by for place, by in _given(over, amounts)}
    now = question.scenario.demand.scale_frac
    path = {}
    for year in question.inputs.years.years:
        scale = interpolated(now, year)
        path[year] = down(scale * max(0.0, 1.0 - less.get(year, 0.0)), 6)
    words = tuple(f"-{amount(100 * by)} % of demand in {year}" for year, by in less.items())
    return Change(
        words, (Setting(("demand", "scale_frac"), path),), share=max(less.values(), default=0.0)
    )


def _less_tight(question: Question, over: Index, amounts: Floats) -> Change:
    """Ask that a smaller share of users is served within the tight bound."""
    share = question.inputs.workloads.set_index("workload")["tight_share_frac"]
    words, settings, most = [], [], 0.0
    for place, by in _given(over, amounts):
        workload = place["workload"]
        old = float(share[workload])
        new = down(max(0.0, old - by), 6)
        words.append(f"-{amount(100 * (old - new))} % points of {workload} within its tight bound")
        settings.append(Setting(("workloads", workload, "tight_share_frac"), new))
        most = max(most, by / old)
    return Change(tuple(words), tuple(settings), share=most)


RELIEFS: Final = (
    Relief(
        "demand",
        "share of a year's demand",
        ("year",),
        {"demand_balance": _demand_kh100e, "tight_latency_share": _tight_kh100e},
        _less_demand,
        most=1.0,
    ),
    Relief(
        "tight bound",
        "share of a class",
        ("workload",),
        {"tight_latency_share": _demand_kh100e},
        _less_tight,
        most=1.0,
    ),
    Relief(
        "rented compute",
        "factor",
        (),
        {"rent_depth": _rent_depth},
        partial(_scaled, ("rent", "depth_scale_frac"), "what clouds rent out"),
    ),
    Relief(
        "deliveries",
        "factor",
        (),
        {"deliveries": _delivery_limit},
        partial(_scaled, ("deliveries", "scale_frac"), "what every vendor delivers"),
    ),
    Relief(
        "land",
        "MW",
        ("site",),
        {"land_limit": _one},
        partial(_of_sites, "land_limit_mw", "MW", "of halls that the land can hold", "land"),
    ),
    Relief(
        "crews",
        "MW/year",
        ("site",),
        {"build_rate": _crews},
        partial(_of_sites, "build_rate_mw_per_year", "MW a year", "of building", "crews"),
    ),
    Relief("market", "MW/year", ("market",), {"market_build_rate": gap_years}, _market),
    Relief(
        "budget",
        "MUSD/year",
        ("year",),
        {"capex_budget": gap_years},
        partial(_by_year, ("build", "capex_budget_musd"), "MUSD", "of capex a year"),
    ),
    Relief(
        "connection",
        "MW",
        ("site", "year"),
        {
            "grid_connection": _one,
            "contract_floor": _one,
            "non_firm_power": _one,
            "failover_power": _one,
        },
        _connection,
    ),
    Relief("headroom by zone", "MW", ("zone",), {"zone_headroom": _per_firm_mw}, _firm_headroom),
    Relief("headroom firm or not", "MW", ("zone",), {"all_headroom": _one}, _headroom),
    Relief(
        "headroom",
        "factor",
        (),
        {
            "zone_headroom": partial(_headroom_limit, "firm_limit_mw"),
            "all_headroom": partial(_headroom_limit, "limit_mw"),
        },
        partial(_scaled, ("grid", "headroom_scale_frac"), "headroom in every zone"),
    ),
    Relief(
        "carbon",
        "kt CO2",
        ("year",),
        {"carbon_cap": _one},
        partial(_by_year, ("carbon", "cap_kt"), "kt CO2", "under the cap"),
    ),
    Relief(
        "water",
        "m3",
        ("site",),
        {"water_limit": _per_thousand_m3},
        partial(_of_sites, "water_limit_m3_per_year", "m3 a year", "of water", "water"),
    ),
)
"""Limits that give way one by one: each in a unit of its own."""
