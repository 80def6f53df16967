"""The limits of a scenario that could give way, each with the settings that say how far."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.say import amount, up
from planner.scenario import Setting
from planner.studies.diagnose.relief import Change, Relief
from planner.studies.diagnose.relief_demand import (
    demand_kh100e,
    less_demand,
    less_tight,
    tight_kh100e,
)
from planner.studies.diagnose.relief_grid import (
    contracts,
    firm_headroom,
    headroom,
    headroom_limit,
    per_firm_mw,
)
from planner.studies.diagnose.relief_sites import (
    connection,
    crews,
    of_sites,
    per_thousand_m3,
    sources,
)
from planner.studies.solve.giving import gap_years, given, one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.lp import Index
    from planner.studies.solve.question import Question

__all__ = ["RELIEFS"]


# --- figures by year or market ---------------------------------------------------------


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
    more = {int(place["year"]): by for place, by in given(over, amounts)}
    old = dict(zip(limited.labels("year").astype(int).tolist(), limit.tolist(), strict=True))
    path = {year: up(value + more.get(year, 0.0), 6) for year, value in old.items()}
    words = tuple(f"+{amount(by)} {unit} {what} in {year}" for year, by in more.items())
    share = max((by / old[year] if old[year] else np.inf for year, by in more.items()), default=0)
    return Change(words, (Setting(keys, path),), share=share)


def _market(question: Question, over: Index, amounts: Floats) -> Change:
    now = question.scenario.build.market_rate_mw_per_year
    words, settings, share = [], [], 0.0
    for place, more in given(over, amounts):
        market = place["market"]
        words.append(f"+{amount(more)} MW a year of building in the market {market}")
        key = ("build", "market_rate_mw_per_year", market)
        settings.append(Setting(key, up(now[market] + more, 6)))
        share = max(share, more / now[market] if now[market] else np.inf)
    return Change(tuple(words), tuple(settings), share=share)


def _to_let(question: Question, over: Index, amounts: Floats) -> Change:
    """Let as many more halls at every site as the site that is shortest needs."""
    del over
    old, more = question.scenario.lease.depth_mw_per_site, up(float(amounts[0]), 3)
    setting = Setting(("lease", "depth_mw_per_site"), up(old + more, 6))
    words = f"+{amount(more)} MW of halls to let at each site"
    return Change((words,), (setting,), share=more / old if old else np.inf)


# --- factors on everything of a kind ---------------------------------------------------


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


RELIEFS: Final = (
    Relief(
        "demand",
        "share of a year's demand",
        ("year",),
        {"demand_balance": demand_kh100e, "tight_latency_share": tight_kh100e},
        less_demand,
        most=1.0,
    ),
    Relief(
        "tight bound",
        "share of a class",
        ("workload",),
        {"tight_latency_share": demand_kh100e},
        less_tight,
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
        {"land_limit": one},
        partial(of_sites, "land_limit_mw", "MW", "of halls that the land can hold", "land"),
    ),
    Relief("halls to let", "MW", (), {"lease_depth": one}, _to_let),
    Relief(
        "crews",
        "MW/year",
        ("site",),
        {"build_rate": crews},
        partial(of_sites, "build_rate_mw_per_year", "MW a year", "of building", "crews"),
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
            "grid_connection": one,
            "contract_floor": one,
            "non_firm_power": one,
            "failover_power": one,
        },
        connection,
    ),
    Relief("contracts on offer", "MW", ("contract",), {"contract_limit": one}, contracts),
    Relief("room for sources", "MW", ("source",), {"source_limit": one}, sources),
    Relief("headroom by zone", "MW", ("zone",), {"zone_headroom": per_firm_mw}, firm_headroom),
    Relief("headroom firm or not", "MW", ("zone",), {"all_headroom": one}, headroom),
    Relief(
        "headroom",
        "factor",
        (),
        {
            "zone_headroom": partial(headroom_limit, "firm_limit_mw"),
            "all_headroom": partial(headroom_limit, "limit_mw"),
        },
        partial(_scaled, ("grid", "headroom_scale_frac"), "headroom in every zone"),
    ),
    Relief(
        "carbon",
        "kt CO2",
        ("year",),
        {"carbon_cap": one},
        partial(_by_year, ("carbon", "cap_kt"), "kt CO2", "under the cap"),
    ),
    Relief(
        "water",
        "m3",
        ("site",),
        {"water_limit": per_thousand_m3},
        partial(of_sites, "water_limit_m3_per_year", "m3 a year", "of water", "water"),
    ),
)
"""Limits that give way one by one: each in a unit of its own."""
