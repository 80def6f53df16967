"""Sites: land, the least size, the build rate of sites and markets, and the capex budget."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import USD_PER_MUSD
from planner.base.words import amount, round_up
from planner.limits.limit import (
    Binding,
    Limit,
    LimitPrice,
    SetBy,
    amount_by_axis,
    amount_by_list,
    gap_years,
    relaxed_rows,
    unit_increments,
)
from planner.limits.relaxation import ProposedChange, Relaxation, more_at_sites, more_by_year
from planner.scenario import Setting

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

_FULL: Final = 0.999


# --- how much there is, and where it is scarce -----------------------------------------

_land: Final = amount_by_axis("site", lambda p: p.sites.land_limit_mw)


def _is_built_up(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Bools:
    """Sites that are built up; elsewhere the row prices the opening of a site."""
    halls = tables["site_year"].set_index(["site", "year"])["halls_mw"]
    at = pd.MultiIndex.from_frame(rows[["site", "year"]])
    return np.asarray(halls.reindex(at).to_numpy() >= _FULL * _land(p, tables, rows))


# --- where it is set -------------------------------------------------------------------


def _land_mw(question: PreparedScenario, site: str) -> float:
    return float(question.inputs.sites.land_limit_mw[question.inputs.sets.site.code(site)])


def _land_now(question: PreparedScenario, place: Place) -> str:
    return f"{amount(_land_mw(question, place['site']))} MW"


def _least_size(question: PreparedScenario, place: Place) -> str:
    mw = question.inputs.sites.minimum_mw[question.inputs.sets.site.code(place["site"])]
    return f"{amount(float(mw))} MW"


def _build_rate(question: PreparedScenario, place: Place) -> str:
    p = question.inputs.sites
    mw = p.build_rate_mw[p.site_year.position(place["site"], place["year"])]
    return f"{amount(float(mw))} MW by {place['year']}"


def _market_rate(question: PreparedScenario, place: Place) -> str:
    rate = question.scenario.build.market_rate_mw_per_year[place["market"]]
    return f"{amount(rate)} MW a year"


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


def _faster_market(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Let markets build more in a year."""
    now = question.scenario.build.market_rate_mw_per_year
    words, settings, share = [], [], 0.0
    for place, more in relaxed_rows(over, amounts):
        market = place["market"]
        words.append(f"+{amount(more)} MW a year of building in the market {market}")
        key = ("build", "market_rate_mw_per_year", market)
        settings.append(Setting(key, round_up(now[market] + more, 6)))
        share = max(share, more / now[market] if now[market] else np.inf)
    return ProposedChange(tuple(words), tuple(settings), share=share)


def _of_years(name: str, p: Inputs) -> tuple[Index, Floats]:
    """Return the model years with a budget, `capex_budget` or `cash_budget`, and it. [MUSD]"""
    return getattr(p.sites, name), getattr(p.sites, f"{name}_musd")


def _budget_a_year(name: str, question: PreparedScenario) -> tuple[Index, Floats]:
    """Return the model years with a budget, and what each of their years may cost. [MUSD/year]"""
    over, musd = _of_years(name, question.inputs)
    return over, musd / gap_years(question, over)


LAND: Final = Relaxation(
    "land", "MW", ("site",), partial(more_at_sites, "land_limit_mw", "MW of halls within the land limit", _land_mw)
)
BUILD_RATE: Final = Relaxation(
    "crews", "MW/year", ("site",), partial(more_at_sites, "build_rate_mw_per_year", "MW a year of building", _rate_mw)
)
MARKET: Final = Relaxation("market", "MW/year", ("market",), _faster_market)


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
        binding=Binding("MUSD", amount_by_list(partial(_of_years, name)), sentence),
        set_by=(SetBy(f"build.{name}_musd", partial(_budget, name)),),
        relaxed_by={relaxation: gap_years},
    )


LAND_LIMITS: Final = (
    Limit(
        "land_limit",
        price=LimitPrice("USD/MW-year", 1.0, "yearly", -1),
        binding=Binding(
            "MW",
            _land,
            "The land at {site} is full in {year} ({limit} of halls):",
            is_scarce=_is_built_up,
            is_of_decisions=True,
        ),
        set_by=(SetBy("sites.{site}.land_limit_mw", _land_now),),
        relaxed_by={LAND: unit_increments},
    ),
    Limit(
        "minimum_size",
        set_by=(SetBy("sites.{site}.minimum_size_mw", _least_size),),
        moved_by=("siting.whole_openings",),
    ),
)
RATE_LIMITS: Final = (
    Limit(
        "build_rate",
        price=LimitPrice("USD/MW", 1.0, "once", -1),
        binding=Binding(
            "MW",
            amount_by_list(lambda p: (p.sites.site_year, p.sites.build_rate_mw)),
            "At most {limit} can be built at {site} in {year}:",
        ),
        set_by=(SetBy("sites.{site}.build_rate_mw_per_year", _build_rate),),
        relaxed_by={BUILD_RATE: _per_rate_mw},
    ),
    Limit(
        "market_build_rate",
        price=LimitPrice("USD/MW", 1.0, "once", -1),
        binding=Binding(
            "MW",
            amount_by_list(lambda p: (p.sites.market_rate, p.sites.market_rate_mw)),
            "At most {limit} can be built in market {market} in {year}:",
        ),
        set_by=(SetBy("build.market_rate_mw_per_year.{market}", _market_rate),),
        relaxed_by={MARKET: gap_years},
    ),
)
BUDGET_LIMITS: Final = (
    _budget_limit("capex_budget", "The budget of {year} ({limit}) is spent:", BUDGET),
    _budget_limit("cash_budget", "The cash for assets of {year} ({limit}) is spent:", CASH),
)
