"""Index lists and figures of sites: land, pace, opening, budget; commitments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import MONTHS_PER_YEAR, USD_PER_MUSD
from planner.base.words import amount
from planner.family.table_columns import bools, dense_by_ids, floats, sum_at
from planner.inputs.existing import market_share_frac, stated_sites
from planner.inputs.scope import own_key
from planner.lp import Index

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallSpace
    from planner.inputs.leads import Leads
    from planner.scenario.tree import Keys

_SOON: Final = 1e-6  # [year]: what arrives by so much after a date arrives on it

_TABLE = (
    "site",
    "name",
    "country",
    "state",
    "region",
    "lat",
    "lon",
    "zone",
    "market",
    "archetype",
    "grid_operator",
    "price_zone",
)


@dataclass(frozen=True)
class SiteInputs:
    """Sites: land, pace, opening."""

    site_year: Index  # (site, year) in which the site can do something
    land_limit_mw: Floats  # [site]
    build_rate_mw: Floats  # [site_year]
    pace_mw: Floats  # [site_year]: what a new site can commission, leads and commitments counted
    reach_mw: Floats  # [site_year]: most that a new site can have by then, land apart
    market_rate: Index  # (market, year) with a limit
    market_rate_mw: Floats  # [market_rate]
    minimum_mw: Floats  # [site]
    is_existing: Bools  # [site]
    opening_musd: Floats  # [site]
    fixed_musd_per_year: Floats  # [site]
    capex_budget: Index  # (year,) with a budget
    capex_budget_musd: Floats  # [capex_budget]
    cash_budget: Index  # (year,) with a budget of cash
    cash_budget_musd: Floats  # [cash_budget], of the calendar years since the model year before
    table: pd.DataFrame  # one row per site: name, country, lat, lon, zone, market, ... for outputs


def committed_facility_mw(case: ScopedCase) -> Floats:
    """Return facility power under construction that serves by the end of a year. [MW]

    Of the table of the market nothing is built at sites of which the planner states what exists,
    and where no new halls are wanted; nor at others, unless asked, where the planner states any.
    Gives (site, year).
    """
    table = case.tables["site_pipeline"]
    if not case.scenario.build.committed or table.empty:
        return np.zeros((len(case.sites), len(case.years)))
    first, last = int(min(table["year"].min(), case.year[0])), int(case.last_year[-1])
    calendar = list(range(first, max(last, int(table["year"].max())) + 1))
    by_year = dense_by_ids(table, {"site": case.ids("sites"), "year": calendar}, "committed_facility_mw")
    known = np.maximum.accumulate(np.where(np.isnan(by_year), 0.0, by_year), axis=1)
    share = market_share_frac(case, case.scenario.operator.pipeline_share_frac)
    shared = known[:, case.last_year - first] * share
    shared = np.where(stated_sites(case)[:, None], 0.0, shared)
    may_build = bools(case.sites, "new_halls")
    _note_not_built(case, np.where(may_build, 0.0, shared[:, -1]))
    shared = np.where(may_build[:, None], shared, 0.0)
    if shared.any():
        case.findings.assume(
            f"{amount(shared[:, -1].sum(), 4)} MW of facilities are under construction at"
            f" {(shared[:, -1] > 0.0).sum()} of {len(case.sites)} sites, with their connections:"
            " the operator's share of table site_pipeline. Table existing_halls states your own."
        )
    return shared


def note_no_new_halls(case: ScopedCase) -> None:
    """Note the sites at which the planner wants no new halls."""
    for row in np.flatnonzero(~bools(case.sites, "new_halls")):
        site = case.ids("sites")[row]
        case.findings.add_note(
            f"No new halls at {site}, by your setting: what exists stays.", _where_closed(case, site)
        )


def _note_not_built(case: ScopedCase, lost_mw: Floats) -> None:
    """Note what of the market's pipeline goes with new halls, shape (site,)."""
    for row in np.flatnonzero(lost_mw > 0.0):
        site = case.ids("sites")[row]
        case.findings.add_note(
            f"With new_halls: false, {site} goes without the {amount(lost_mw[row], 4)} MW of"
            " facility power under construction that table site_pipeline gives the operator there."
            " To keep it, state what exists and is under construction there in existing_halls.",
            _where_closed(case, site),
        )


def _where_closed(case: ScopedCase, site: str) -> Keys:
    shipped = case.scenario.sites.get(site)
    block = "sites" if shipped is not None and not shipped.new_halls else "new_sites"
    return (block, site, "new_halls")


def crews_mw(case: ScopedCase) -> Floats:
    """Return what a site's crews build in a calendar year, shape (site,). [MW]"""
    return floats(case.sites, "build_rate_mw_per_year") * case.scenario.build.rate_scale_frac


def is_under_construction(case: ScopedCase, committed_mw: Floats) -> Bools:
    """Say where the halls of a year are those that are committed: more than crews would build.

    Takes `committed_mw` (site, year) [MW]. Gives (site, year).
    """
    committed_add = np.diff(committed_mw, axis=1, prepend=0.0)
    return np.asarray(committed_add > crews_mw(case)[:, None] * case.gap_years)


def years_moved(case: ScopedCase, leads: Leads, committed_mw: Floats) -> Floats:
    """Return the years of building of the halls that delays move into each model year.

    A delay of `lead_times` moves what is ordered to a later year; crews build it in as many years
    as without. Committed halls come when they come.
    Takes `committed_mw` (site, year) [MW]. Gives (site, year) [year].
    """
    late, planned = leads.hall, leads.hall_as_planned
    delay = (late.months - planned.months)[:, None] / MONTHS_PER_YEAR
    is_moved = planned.may & (delay > 0.0) & ~is_under_construction(case, committed_mw)
    arrives = planned.service + delay - _SOON
    is_served = late.may[:, None, :] & (late.service[:, None, :] >= arrives[:, :, None])
    site, year = np.nonzero(is_moved & is_served.any(axis=2))
    return sum_at(is_moved.shape, (site, is_served[site, year].argmax(axis=1)), case.gap_years[year])


def site_inputs(case: ScopedCase, sets: Sets, halls: HallSpace, leads: Leads, committed_mw: Floats) -> SiteInputs:
    """Make the lists of sites. Takes `committed_mw` (site, year) [MW]."""
    has_other_load = floats(case.sites, "other_load_mw") > 0.0
    at = np.nonzero(halls.stands.any(axis=1) | has_other_load[:, None])
    site_year = Index.sparse("site_year", (sets.site, sets.year), at)
    build = case.scenario.build
    committed_add = np.diff(committed_mw, axis=1, prepend=0.0)
    own_rate = np.maximum(crews_mw(case)[:, None] * case.gap_years, committed_add)
    moved = years_moved(case, leads, committed_mw)
    late_rate = crews_mw(case)[:, None] * moved
    rate = np.maximum(own_rate, late_rate)
    early = halls.early.any(axis=1)
    can_build = np.asarray(halls.build.any(axis=1))
    reach = np.minimum(np.where(early, rate, 0.0).cumsum(axis=1), committed_mw)
    reach = reach + np.where(can_build, rate, 0.0).cumsum(axis=1)
    as_committed = np.where(early, np.minimum(committed_add, rate), 0.0)
    # A site that opens late has what was ordered for an earlier year: enough, if it is less.
    of_orders = np.where(moved > 0.0, np.minimum(own_rate, late_rate), own_rate)
    pace = np.where(can_build, of_orders, as_committed)
    standing = halls.existing_mw.sum(axis=1).max(axis=1)
    land = floats(case.sites, "land_limit_mw")
    needed = standing + committed_mw.max(axis=1)
    short = land < needed
    if short.any():
        names = [sets.site.labels[row] for row in np.flatnonzero(short)]
        keys = [own_key(case.scenario, name, "land_limit_mw") for name in names]
        case.findings.add_note(
            f"The land limit is below the existing and committed capacity at {', '.join(names)};"
            " that capacity is used as the limit.",
            next((key for key in keys if key is not None), None),
        )
    market_rate = np.array([build.market_rate_mw_per_year.get(m, np.nan) for m in sets.market.labels])
    market, year = np.nonzero(~np.isnan(market_rate)[:, None] & np.ones(len(sets.year), np.bool_))
    market_years = _market_years(case, sets, can_build, moved)
    capex_budget, capex_musd = _budget(case, sets, "capex_budget", build.capex_budget_musd)
    cash_budget, cash_musd = _budget(case, sets, "cash_budget", build.cash_budget_musd)
    return SiteInputs(
        site_year=site_year,
        land_limit_mw=np.maximum(land, needed),
        build_rate_mw=rate[at],
        pace_mw=pace[at],
        reach_mw=reach[at],
        market_rate=Index.sparse("market_rate", (sets.market, sets.year), (market, year)),
        market_rate_mw=market_rate[market] * market_years[market, year],
        minimum_mw=floats(case.sites, "minimum_size_mw"),
        is_existing=standing > 0.0,
        opening_musd=floats(case.sites, "opening_usd") / USD_PER_MUSD,
        fixed_musd_per_year=floats(case.sites, "fixed_usd_per_year") / USD_PER_MUSD,
        capex_budget=capex_budget,
        capex_budget_musd=capex_musd,
        cash_budget=cash_budget,
        cash_budget_musd=cash_musd,
        table=case.sites[[name for name in _TABLE if name in case.sites]].copy(),
    )


def _market_years(case: ScopedCase, sets: Sets, can_build: Bools, moved: Floats) -> Floats:
    """Return the years of building that a market has in each model year, shape (market, year).

    Delays add to them as far as they do at every site that can build then: what they add is no
    site's that is in time.
    """
    at_site = np.where(can_build, np.maximum(case.gap_years, moved), np.inf)
    least = np.full((len(sets.market), len(case.years)), np.inf)
    np.minimum.at(least, sets.site_market, at_site)
    return np.where(np.isfinite(least), least, case.gap_years)


def _budget(case: ScopedCase, sets: Sets, name: str, path: float | Mapping[int, float] | None) -> tuple[Index, Floats]:
    """Return the model years with a budget, and it for the years since the one before. [MUSD]"""
    musd = case.by_year(path)
    has_budget = np.flatnonzero(~np.isnan(musd))
    index = Index.sparse(name, (sets.year,), (has_budget,))
    return index, musd[has_budget] * case.gap_years[has_budget]
