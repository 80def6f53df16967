"""How fast and for how much can be built: crews, markets, budgets, computed a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.facts_rent import held
from planner.check.frames import at, has, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["RULES", "build_paths", "span_years"]

_SITE = ("site", "year")


def span_years(case: Case) -> dict[int, int]:
    """Return the years since the model year before, by model year; one for the first."""
    earlier = (case.years[0] - 1, *case.years[:-1])
    return {year: year - before for before, year in zip(earlier, case.years, strict=True)}


def build_paths(case: Case) -> pd.DataFrame:
    """List what each site can commission in every model year.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, year; rate_mw of its crews, or what is committed if that is more; pace_mw, what a
        new site can commission, and reach_mw, the most it can have by then.
    """
    settings, halls = case.scenario, case.inputs.halls
    labels = list(case.inputs.sets.site.labels)
    crews = case.own_figures(
        "build_rate_mw_per_year",
        case.site_figures("site_limits", "build_rate_mw_per_year")
        * settings.operator.site_limit_share_frac,
    )
    builds = listed(halls.build, early=halls.build_is_early)
    early, late = (builds[builds["early"].to_numpy(bool) == of] for of in (True, False))
    committed = case.committed_mw.set_index(list(_SITE))["mw"]
    frame = pd.MultiIndex.from_product([labels, case.years], names=list(_SITE)).to_frame(
        index=False
    )
    shape = (len(labels), len(case.years))
    by_then = at(committed, frame, _SITE).reshape(shape)
    comes = np.diff(by_then, axis=1, prepend=0.0)
    span = np.array([span_years(case)[year] for year in case.years], dtype=np.float64)
    own = np.asarray(crews.loc[labels], dtype=np.float64) * settings.build.rate_scale_frac
    rate = np.maximum(own[:, None] * span, comes)
    is_early, is_late = (has(frame, rows, _SITE).reshape(shape) for rows in (early, late))
    before_lead = np.minimum((rate * is_early).cumsum(axis=1), by_then)
    pace = np.where(is_late, rate, np.minimum(comes, rate) * is_early)
    reach = before_lead + (rate * is_late).cumsum(axis=1)
    return frame.assign(rate_mw=rate.ravel(), pace_mw=pace.ravel(), reach_mw=reach.ravel())


@rule(unit="MW")
def build_rates_from_tables(case: Case) -> Excess:
    """Sites build as fast as their crews, or as what is committed comes, and reach what that is."""
    sites, own = case.inputs.sites, case.build_paths.set_index(list(_SITE))
    told = listed(
        sites.site_year,
        rate_mw=sites.build_rate_mw,
        pace_mw=sites.pace_mw,
        reach_mw=sites.reach_mw,
    )
    parts = [
        Excess.differs(
            told[list(_SITE)].assign(what=name), told[name].to_numpy(), at(own[name], told, _SITE)
        )
        for name in ("rate_mw", "pace_mw", "reach_mw")
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="MW or MUSD")
def market_limits_from_scenario(case: Case) -> Excess:
    """Markets build, and the budget holds, no more than the scenario gives for the years."""
    sites, build, span = case.inputs.sites, case.scenario.build, span_years(case)
    limits = listed(sites.market_rate, mw=sites.market_rate_mw)
    markets = [m for m in case.inputs.sets.market.labels if m in build.market_rate_mw_per_year]
    due = [(m, year) for m in markets for year in case.years]
    own = pd.Series(
        [build.market_rate_mw_per_year[m] * float(span[year]) for m, year in due],
        index=pd.MultiIndex.from_tuples(due, names=["market", "year"]) if due else None,
        dtype="float64",
    )
    wanted = pd.DataFrame(due, columns=["market", "year"])
    key = ("market", "year")
    budget = listed(sites.capex_budget, musd=sites.capex_budget_musd)
    path = build.capex_budget_musd
    asked = {year: np.nan if path is None else held(path, year) * span[year] for year in case.years}
    right = np.array([asked[year] for year in budget["year"]], dtype=np.float64)
    years = pd.DataFrame({"year": [year for year, musd in asked.items() if not np.isnan(musd)]})
    return Excess.differs(
        limits[list(key)], limits["mw"].to_numpy(), at(own, limits, key, np.nan)
    ).and_also(
        Excess.where(wanted, ~has(wanted, limits, key)),
        Excess.differs(budget[["year"]], budget["musd"].to_numpy(), right),
        Excess.where(years, ~has(years, budget, ("year",))),
    )


RULES = (build_rates_from_tables, market_limits_from_scenario)
