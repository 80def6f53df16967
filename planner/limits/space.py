"""Limits of halls, sites and racks: floor, land, build rate, budgets, least campuses, deliveries."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import M2_PER_THOUSAND_M2, USD_PER_MUSD
from planner.base.words import amount
from planner.limits.limit import (
    LEAD_KEYS,
    MW_ONCE,
    MW_YEAR,
    Binding,
    Decision,
    Limit,
    LimitPrice,
    Listed,
    Relaxation,
    SetBy,
    comes_later,
    gap_years,
    more_by_year,
    raised,
    raised_at_sites,
    reported,
    scaled,
    unit_increments,
    without_new_halls,
)

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.build import PreparedScenario
    from planner.inputs.inputs import Inputs
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

# --- Halls: power, floor, leases, and when new ones can be there ----------------------------------

_HALL: Final = ("site", "hall", "year")


def _no_hall_yet(p: Inputs, _: Tables, rows: pd.DataFrame) -> Bools:
    """Halls of years in which no new one of any design can serve at the site."""
    build, free = p.halls.build, ~p.halls.is_committed
    return comes_later(p, rows, (build["site"][free], build["year"][free]))


def _lead_time(figure: str, question: PreparedScenario, place: Place) -> str | None:
    """Say how long new halls take, where they come too late and this figure is why."""
    p = question.inputs.halls
    site, year = place["site"], place["year"]
    code, at = question.inputs.sets.site.code(site), question.inputs.sets.year.code(year)
    can_build = (p.build["site"] == code) & (p.build["year"] <= at) & ~p.is_committed
    lead = p.lead[p.lead["site"] == site]
    if np.any(can_build) or lead.empty:
        return None
    start = float(lead["service_start"].min())
    if start < float(year):
        return None
    by = lead["by"].iloc[0]
    if LEAD_KEYS.get(by, "lead_time_months") != figure:
        return None
    return f"{lead['months'].min():.0f} months ({by}), first halls in {start:.1f}"


_COMMITTED: Final = Listed(lambda p: (p.halls.committed, p.halls.committed_mw))
_LEASE: Final = Listed.by("site", lambda p: p.halls.lease_depth_mw)


_FREE: Final = "halls.free_frac"
_NEW_HALLS: Final = "sites.{site}.new_halls"
_LEADS: Final = ("lead_time_months", *LEAD_KEYS.values())
_SET_BY: Final = (
    *(SetBy(f"sites.{{site}}.{key}", partial(_lead_time, key)) for key in _LEADS),
    SetBy(_NEW_HALLS, "false", lambda q, at: at["site"] in without_new_halls(q.scenario)),
)


def _lease_depth(question: PreparedScenario, _: Place) -> tuple[tuple[str, ...], float]:
    return ("lease", "depth_mw_per_site"), question.scenario.lease.depth_mw_per_site


LEASE: Final = Relaxation(
    "halls to lease", "MW", (), partial(raised, "{} MW of halls available to lease at each site", _lease_depth)
)
_DATES: Final = (
    "build.committed",
    "lead_times.delay_months",
    *(f"sites.{{site}}.{key}" for key in _LEADS),
    "decisions_start",
)
"""What brings halls earlier."""


HALLS_LIMITS: Final = (
    Limit(
        "hall_power",
        price=MW_YEAR,
        binding=Binding(
            "MW",
            reported("halls", _HALL, lambda of: of["operated_mw"] - of["free_mw"]),
            "Halls at {site} ({hall}{built}, {limit}) are full in {year}, before new ones can be there{start}:",
            is_scarce=_no_hall_yet,
        ),
        set_by=(
            *_SET_BY,
            SetBy(_FREE, "{figure:g} of the power of halls", lambda q, _: q.scenario.halls.free_frac > 0.0),
        ),
        moved_by=(*_DATES, _NEW_HALLS, _FREE),
    ),
    Limit(
        "hall_space",
        price=LimitPrice("USD/m2-year", M2_PER_THOUSAND_M2, "yearly", -1),
        binding=Binding(
            "thousand m2",
            reported("halls", _HALL, lambda of: of["floor_m2"] / M2_PER_THOUSAND_M2),
            "The floor of halls at {site} ({hall}{built}, {limit}) is full in {year},"
            " before new ones can be there{start}:",
            is_scarce=_no_hall_yet,
        ),
        set_by=_SET_BY,
        moved_by=(*_DATES, _NEW_HALLS),
    ),
    Limit(
        "lease_depth",
        price=MW_YEAR,
        binding=Binding("MW", _LEASE.amount, "At most {limit} can be leased at {site} in {year}:"),
        set_by=(SetBy("lease.depth_mw_per_site", "{} MW"),),
        relaxed_by={LEASE: unit_increments},
    ),
    Limit(
        "committed_halls",
        price=MW_ONCE,
        binding=Binding(
            "MW",
            _COMMITTED.amount,
            "Halls under construction at {site} are no more than the {limit} committed by {year}{start}:",
        ),
        set_by=(
            SetBy(
                "table site_pipeline",
                _COMMITTED.now("{} MW at {site} by {year}; what is not committed waits for its lead time"),
            ),
        ),
        moved_by=_DATES,
    ),
)


# --- Sites: land, the least size, the build rate of sites and markets, and the capex budget -------

_FULL: Final = 0.999


_LAND: Final = Listed.by("site", lambda p: p.sites.land_limit_mw)
_LEAST: Final = Listed.by("site", lambda p: p.sites.minimum_mw)
_RATE: Final = Listed(lambda p: (p.sites.site_year, p.sites.build_rate_mw))
_MARKET_RATE: Final = Listed(lambda p: (p.sites.market_rate, p.sites.market_rate_mw))


def _is_built_up(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Bools:
    """Sites that are built up; elsewhere the row prices the opening of a site."""
    halls = tables["site_year"].set_index(["site", "year"])["halls_mw"]
    at = pd.MultiIndex.from_frame(rows[["site", "year"]])
    return np.asarray(halls.reindex(at).to_numpy() >= _FULL * _LAND.amount(p, tables, rows))


def _budget(name: str, question: PreparedScenario, place: Place) -> str:
    over, musd = _budget_a_year(name, question)
    return f"{amount(float(musd[over.position(place['year'])]))} MUSD a year in {place['year']}"


def _rate_mw(question: PreparedScenario, site: str) -> float:
    """Return what is built at a site in a year, before the scenario's factor. [MW]"""
    p = question.inputs.sites
    own = p.site_year["site"] == question.inputs.sets.site.code(site)
    rate = p.build_rate_mw / gap_years(question, p.site_year)
    return float(rate[own].min()) / (question.scenario.build.rate_scale_frac or 1.0)


def _per_rate_mw(question: PreparedScenario, rows: Index) -> Floats:
    """Return what is built up to each row per MW a year of its site's rate, (row,). [year]"""
    return gap_years(question, rows) * (question.scenario.build.rate_scale_frac or 1.0)


def _market(question: PreparedScenario, place: Place) -> tuple[tuple[str, ...], float]:
    market = place["market"]
    return ("build", "market_rate_mw_per_year", market), question.scenario.build.market_rate_mw_per_year[market]


def _of_years(name: str, p: Inputs) -> tuple[Index, Floats]:
    """Return the model years with a budget, `capex_budget` or `cash_budget`, and it. [MUSD]"""
    return getattr(p.sites, name), getattr(p.sites, f"{name}_musd")


def _budget_a_year(name: str, question: PreparedScenario) -> tuple[Index, Floats]:
    """Return the model years with a budget, and what each of their years may cost. [MUSD/year]"""
    over, musd = _of_years(name, question.inputs)
    return over, musd / gap_years(question, over)


LAND: Final = Relaxation(
    "land",
    "MW",
    ("site",),
    raised_at_sites("land_limit_mw", "MW of halls within the land limit", lambda q, s: _LAND.at(q, {"site": s})),
)
BUILD_RATE: Final = Relaxation(
    "crews", "MW/year", ("site",), raised_at_sites("build_rate_mw_per_year", "MW a year of building", _rate_mw)
)
MARKET: Final = Relaxation(
    "market", "MW/year", ("market",), partial(raised, "{} MW a year of building in the market {market}", _market)
)


def _more_budget(words: str, name: str, what: str) -> Relaxation:
    keys, now = ("build", f"{name}_musd"), partial(_budget_a_year, name)
    change = partial(more_by_year, keys, f"MUSD of {what} a year", now)
    return Relaxation(words, "MUSD/year", ("year",), change)


BUDGET: Final = _more_budget("budget", "capex_budget", "capex")
CASH: Final = _more_budget("budget of cash", "cash_budget", "cash for assets")


def _budget_limit(name: str, sentence: str, relaxation: Relaxation) -> Limit:
    return Limit(
        name,
        price=LimitPrice("USD/USD", USD_PER_MUSD, "once", -1),
        binding=Binding("MUSD", Listed(partial(_of_years, name)).amount, sentence),
        set_by=(SetBy(f"build.{name}_musd", partial(_budget, name)),),
        relaxed_by={relaxation: gap_years},
    )


LAND_LIMITS: Final = (
    Limit(
        "land_limit",
        price=MW_YEAR,
        binding=Binding(
            "MW",
            _LAND.amount,
            "The land at {site} is full in {year} ({limit} of halls):",
            is_scarce=_is_built_up,
            is_of_decisions=True,
        ),
        set_by=(SetBy("sites.{site}.land_limit_mw", _LAND.now("{} MW")),),
        relaxed_by={LAND: unit_increments},
    ),
    Limit(
        "minimum_size",
        set_by=(SetBy("sites.{site}.minimum_size_mw", _LEAST.now("{} MW")),),
        moved_by=("siting.whole_openings",),
    ),
)
RATE_LIMITS: Final = (
    Limit(
        "build_rate",
        price=MW_ONCE,
        binding=Binding("MW", _RATE.amount, "At most {limit} can be built at {site} in {year}:"),
        set_by=(SetBy("sites.{site}.build_rate_mw_per_year", _RATE.now("{} MW by {year}")),),
        relaxed_by={BUILD_RATE: _per_rate_mw},
    ),
    Limit(
        "market_build_rate",
        price=MW_ONCE,
        binding=Binding("MW", _MARKET_RATE.amount, "At most {limit} can be built in market {market} in {year}:"),
        set_by=(SetBy("build.market_rate_mw_per_year.{market}", "{} MW a year"),),
        relaxed_by={MARKET: gap_years},
    ),
)
BUDGET_LIMITS: Final = (
    _budget_limit("capex_budget", "The budget of {year} ({limit}) is spent:", BUDGET),
    _budget_limit("cash_budget", "The cash for assets of {year} ({limit}) is spent:", CASH),
)


# --- Siting: which and how many sites open, integer openings and phases, blocks of a workload -----


_OPENINGS: Final = (SetBy("siting.whole_openings", "true"),)
_PHASE: Final = Listed(lambda p: (p.siting.phase, p.siting.phase_mw))
_BLOCK: Final = Listed(lambda p: (p.siting.block, p.siting.block_mw))


def _is_phase_of_all(question: PreparedScenario, place: Place) -> bool:
    return _PHASE.at(question, place) == question.scenario.siting.phase_mw


def _is_own_block(question: PreparedScenario, place: Place) -> bool:
    return place["workload"] in question.scenario.siting.block_mw


_PHASES: Final = (
    SetBy("siting.phase_mw", _PHASE.now("{} MW"), _is_phase_of_all),
    SetBy("sites.{site}.phase_mw", _PHASE.now("{} MW"), lambda q, at: not _is_phase_of_all(q, at)),
)
_BLOCKS: Final = (
    SetBy("siting.block_mw.{workload}", _BLOCK.now("{} MW"), _is_own_block),
    SetBy("siting.table_blocks", _BLOCK.now("true, {} MW of {workload}"), lambda q, at: not _is_own_block(q, at)),
)


SITING_LIMITS: Final = (
    Limit(
        "must_not_open",
        set_by=(SetBy("siting.must_not_open", "{site}", lambda q, at: at["site"] in q.scenario.siting.must_not_open),),
        decision=Decision("open", "upper bound", "A site that must not open stays closed."),
    ),
    Limit(
        "must_open",
        set_by=(SetBy("siting.must_open", "{site}", lambda q, at: at["site"] in q.scenario.siting.must_open),),
        decision=Decision("open", "lower bound", "An existing or required site is open."),
    ),
    Limit("most_sites", set_by=(SetBy("siting.at_most_sites", "{}"),)),
    Limit("exact_sites", set_by=(SetBy("siting.exactly_sites", "{}"),)),
    Limit(
        "whole_openings", set_by=_OPENINGS, decision=Decision("open", "integer", "A site opens fully or not at all.")
    ),
    Limit("opening_pace", moved_by=("siting.whole_openings",)),
    Limit("served_only_if_open", set_by=_OPENINGS),
    Limit(
        "whole_phases",
        set_by=_PHASES,
        moved_by=("siting.phase_mw",),
        decision=Decision("phases", "integer", "The number of phases is an integer."),
    ),
    Limit("hall_phases", set_by=_PHASES, moved_by=("siting.phase_mw",)),
    Limit(
        "whole_blocks",
        set_by=_BLOCKS,
        decision=Decision("holds", "integer", "A site has a full block of a workload, or none."),
    ),
    *(Limit(name, set_by=_BLOCKS) for name in ("block_least", "block_or_none")),
)


# --- Racks: what vendors deliver ------------------------------------------------------------------

_LIMIT: Final = Listed(lambda p: (p.racks.delivery, p.racks.delivery_limit_mw))


def _delivered(question: PreparedScenario, place: Place) -> str:
    scale, mw = question.scenario.deliveries.scale_frac, amount(_LIMIT.at(question, place))
    return f"{scale:g}, {place['vendor']} {mw} MW in {place['year']}"


def _by_the_rack(p: Inputs, tables: Tables, row: pd.Series[str], usd_per_mw: float) -> str:
    """Say what that is for a rack of the kind that is bought most."""
    installs = tables["installs"]
    vendor = p.sets.vendor.code(str(row["vendor"]))
    own = {p.sets.rack.labels[i] for i, of in enumerate(p.sets.rack_vendor) if of == vendor}
    bought = installs[(installs["year"] == row["year"]) & installs["rack"].isin(own)]
    if bought.empty:
        return ""
    by_rack = bought.groupby("rack")[["installed_mw", "racks"]].sum()
    rack = str(by_rack["installed_mw"].idxmax())
    mw = float((by_rack["installed_mw"] / by_rack["racks"])[rack])
    a_rack = amount(usd_per_mw * mw / USD_PER_MUSD)
    return f", which is {a_rack} million USD for a rack of {rack} ({mw:.3f} MW)"


DELIVERIES: Final = Relaxation(
    "deliveries", "factor", (), partial(scaled, ("deliveries", "scale_frac"), "what every vendor delivers")
)


_WHOLE: Final = (SetBy("racks.whole", "true"),)

RACKS_LIMITS: Final = (
    Limit(
        "deliveries",
        price=MW_ONCE,
        binding=Binding(
            "MW", _LIMIT.amount, "Vendor {vendor} delivers at most {limit} of racks in {year}:", aside=_by_the_rack
        ),
        set_by=(SetBy("deliveries.scale_frac", _delivered),),
        relaxed_by={DELIVERIES: _LIMIT.of_rows},
        moved_by=("deliveries.limit",),
    ),
    Limit(
        "racks_in_integers",
        set_by=_WHOLE,
        decision=Decision("lot_racks", "integer", "The number of racks bought is an integer."),
    ),
    Limit("whole_racks", set_by=_WHOLE),
)
