"""Sites: land, the least size, the build rate of sites and markets, and the capex budget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import USD_PER_MUSD
from planner.base.words import amount
from planner.limits.limit import MW_ONCE, MW_YEAR, Binding, Limit, LimitPrice, Listed, SetBy, gap_years, unit_increments
from planner.limits.relaxation import Relaxation, more_by_year, raised, raised_at_sites

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

_FULL: Final = 0.999


# --- how much there is, and where it is scarce -----------------------------------------

_LAND: Final = Listed.by("site", lambda p: p.sites.land_limit_mw)
_LEAST: Final = Listed.by("site", lambda p: p.sites.minimum_mw)
_RATE: Final = Listed(lambda p: (p.sites.site_year, p.sites.build_rate_mw))
_MARKET_RATE: Final = Listed(lambda p: (p.sites.market_rate, p.sites.market_rate_mw))


def _is_built_up(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Bools:
    """Sites that are built up; elsewhere the row prices the opening of a site."""
    halls = tables["site_year"].set_index(["site", "year"])["halls_mw"]
    at = pd.MultiIndex.from_frame(rows[["site", "year"]])
    return np.asarray(halls.reindex(at).to_numpy() >= _FULL * _LAND.amount(p, tables, rows))


# --- where it is set -------------------------------------------------------------------


def _budget(name: str, question: PreparedScenario, place: Place) -> str:
    over, musd = _budget_a_year(name, question)
    return f"{amount(float(musd[over.position(place['year'])]))} MUSD a year in {place['year']}"


# --- what relaxes it -------------------------------------------------------------------


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
    """Let more be spent in a year."""
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
