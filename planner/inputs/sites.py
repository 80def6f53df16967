"""Index lists and figures of sites: land, pace, opening, budget; commitments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.units import MONTHS_PER_YEAR, USD_PER_MUSD
from planner.base.words import amount, some
from planner.family.table_columns import bools, dense_by_ids, floats, sum_at
from planner.inputs.existing import market_share_frac, stated_sites
from planner.inputs.halls import first_delivery
from planner.inputs.routes import lines_between, service_cost
from planner.inputs.scope import own_key
from planner.lp import Axis, Index
from planner.lp.index import distinct, locate
from planner.place.geo import geodesic_km, rtt_ms

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import DemandInputs
    from planner.inputs.halls import HallInputs, HallSpace
    from planner.inputs.leads import Leads
    from planner.inputs.racks import RackInputs
    from planner.scenario.tree import Keys


_SOON: Final = 1e-6  # [year]: what arrives by so much after a date arrives on it

_TABLE = (
    *("site", "name", "country", "state", "region", "lat", "lon"),
    *("zone", "market", "archetype", "grid_operator", "price_zone"),
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
    return np.asarray(np.diff(committed_mw, axis=1, prepend=0.0) > crews_mw(case)[:, None] * case.gap_years)


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
    build = case.scenario.build
    committed_add = np.diff(committed_mw, axis=1, prepend=0.0)
    own_rate = np.maximum(crews_mw(case)[:, None] * case.gap_years, committed_add)
    moved = years_moved(case, leads, committed_mw)
    late_rate = crews_mw(case)[:, None] * moved
    rate = np.maximum(own_rate, late_rate)
    is_committed = halls.committed.any(axis=1)
    can_build = np.asarray(halls.build.any(axis=1))
    reach = np.minimum(np.where(is_committed, rate, 0.0).cumsum(axis=1), committed_mw)
    reach = reach + np.where(can_build, rate, 0.0).cumsum(axis=1)
    reach = np.minimum(reach, np.where(is_committed | can_build, rate, 0.0).cumsum(axis=1))
    as_committed = np.where(is_committed, np.minimum(committed_add, rate), 0.0)
    # A site that opens late has what was ordered for an earlier year: enough, if it is less.
    pace = np.where(can_build, np.where(moved > 0.0, np.minimum(own_rate, late_rate), own_rate), as_committed)
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
    return SiteInputs(
        site_year=Index.sparse("site_year", (sets.site, sets.year), at),
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
        **_budget(case, sets, "capex_budget"),
        **_budget(case, sets, "cash_budget"),
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


def _budget(case: ScopedCase, sets: Sets, name: str) -> dict[str, Any]:
    """Return the model years with a budget, and it for the years since the one before. [MUSD]"""
    musd = case.by_year(getattr(case.scenario.build, f"{name}_musd"))
    at = np.flatnonzero(~np.isnan(musd))
    return {name: Index.sparse(name, (sets.year,), (at,)), f"{name}_musd": musd[at] * case.gap_years[at]}


_PARTNER: Final = "partner"


def partners(case: ScopedCase, sets: Sets, block: Index) -> Index:
    """List the sites whose racks count towards the block of a workload at a site.

    Takes `block` (site, workload, year).
    """
    at, partner = np.nonzero(_within_reach(case, sets)[block["workload"], block["site"]])
    site, workload, year = (block[name][at] for name in ("site", "workload", "year"))
    axes = (sets.site, sets.workload, sets.year, Axis(_PARTNER, sets.site.labels))
    shared = Index.sparse("shared", axes, (site, workload, year, partner))
    return shared.select(partner_blocks(block, shared) >= 0, "shared")


def partner_blocks(block: Index, shared: Index) -> Positions:
    """Return where the block of each partner is in the list of blocks."""
    return locate(block, shared[_PARTNER], shared["workload"], shared["year"])


def _within_reach(case: ScopedCase, sets: Sets) -> Bools:
    """Return which sites may share a block, shape (workload, site, site)."""
    near = np.zeros((len(sets.workload), len(sets.site), len(sets.site)), dtype=np.bool_)
    near[:] = np.eye(len(sets.site), dtype=np.bool_)
    asked = case.scenario.siting.block_rtt_ms
    if asked:
        between_ms = _between_ms(case)
        for name, bound_ms in asked.items():
            near[sets.workload.code(name)] |= between_ms <= bound_ms
    return near


def _between_ms(case: ScopedCase) -> Floats:
    """Round trip between sites on fibre of their own, shape (site, site). [ms]

    The slope of the line of the pair: its intercept is access to the public network.
    """
    lat, lon = floats(case.sites, "lat"), floats(case.sites, "lon")
    km = geodesic_km(lat[:, None], lon[:, None], lat, lon)
    _, slope = lines_between(case, case.sites, case.sites)
    no_metro = -1.0  # on the line however near: the metro rule has access in it
    return rtt_ms(km, 0.0, slope, metro_radius_km=no_metro)


@dataclass(frozen=True)
class SitingInputs:
    """Openings, phases and blocks."""

    whole_openings: bool  # whether openings are 0 or 1
    open_lower: Floats  # [site_year of SiteInputs]: 1 for what exists or must be open
    open_upper: Floats  # [site_year]: 0 for what must stay closed
    exact: Index  # (year,) with a number of open sites
    exact_sites: float
    most: Index  # (year,) with a limit on it
    most_sites: float
    phase: Index  # (site, hall, year): new halls that come in phases
    phase_mw: Floats  # [phase]
    most_phases: Floats  # [phase], as many as the site can build
    block: Index  # (site, workload, year): racks of a class that come in a block or not at all
    block_mw: Floats  # [block], nameplate, least where there is any
    block_top_mw: Floats  # [block], nameplate, more than there can be
    shared: Index  # (site, workload, year, partner): whose racks count towards a block, its own too
    paced: Index  # (site, year): new sites that open fully and cannot yet fill their land
    paced_mw: Floats  # [paced], most halls that can be there by then
    service: Index  # (region, workload, site, year): service that is paid for as such
    service_musd_per_kh100e_year: Floats  # [service]
    linked: Index  # (region, workload, site, year): service that needs an open site, in rows
    linkable: Index  # the same, for rows that are added where a bound breaks them


_ROUNDING = 1e-9
_NAMED: Final = 8  # of a longer list of sites


def siting_inputs(
    case: ScopedCase, sets: Sets, sites: SiteInputs, halls: HallInputs, racks: RackInputs, demand: DemandInputs
) -> SitingInputs:
    """Make the lists of what must be whole, and the bounds and counts of openings."""
    settings = case.scenario.siting
    last = [len(sets.year) - 1]
    exact, most = settings.exactly_sites, settings.at_most_sites
    site_year, new = sites.site_year, ~sites.is_existing
    is_paced = (sites.reach_mw < sites.land_limit_mw[site_year["site"]]) & new[site_year["site"]]
    paced = np.flatnonzero(is_paced & settings.whole_openings)
    rows = settings.open_rows
    links = _links(sites, halls, demand, is_whole=settings.whole_openings)
    none = np.zeros(links.size, dtype=np.bool_)
    return SitingInputs(
        whole_openings=settings.whole_openings,
        **_bounds(case, sets, sites),
        exact=Index.sparse("exact", (sets.year,), (last if exact else [],)),
        exact_sites=float(exact or 0),
        most=Index.sparse("most", (sets.year,), (last if most else [],)),
        most_sites=float(most or 0),
        **_phases(case, sites, halls),
        **_blocks(case, sets, sites, halls, racks),
        paced=site_year.select(paced, "paced"),
        paced_mw=sites.reach_mw[paced],
        **_paid(case, demand.served),
        linked=links.select(~none if rows == "all" else none, "linked"),
        linkable=links.select(~none if rows == "lazy" else none, "linkable"),
    )


def _paid(case: ScopedCase, served: Index) -> dict[str, Any]:
    """Services that are paid for as such, and what each costs. [MUSD/kH100e-year]"""
    cost = service_cost(case)
    if cost is None:
        nothing = np.zeros(0, dtype=np.intp)
        return {"service": served.select(nothing, "service"), "service_musd_per_kh100e_year": np.zeros(0)}
    of_service = cost[served["region"], served["workload"], served["site"]]
    missing = distinct(served.select(np.isnan(of_service), "free"), "region", "workload", "site")
    if missing.size:
        region, workload, site = missing.tuples(0)
        text = f"siting.service_cost_table lacks {missing.size} rows, such as {workload} of {region} from {site};"
        case.findings.add_note(f"{text} service cost 0 is used.", ("siting", "service_cost_table"))
    paid = np.flatnonzero(of_service > 0.0)
    return {"service": served.select(paid, "service"), "service_musd_per_kh100e_year": of_service[paid]}


def _bounds(case: ScopedCase, sets: Sets, sites: SiteInputs) -> dict[str, Any]:
    """Least and most share of a site that is open, over its years."""
    site_year, labels = sites.site_year, sets.site.labels
    lower = sites.is_existing[site_year["site"]].astype(np.float64)
    upper = np.ones(site_year.size)
    settings = case.scenario.siting
    last = site_year["year"] == len(sets.year) - 1
    in_play = {labels[site] for site in site_year["site"][last]}
    exists = {labels[site] for site in np.flatnonzero(sites.is_existing)}
    for key, names, known in (
        ("must_open", settings.must_open, in_play),
        ("must_not_open", settings.must_not_open, set(labels)),
    ):
        for at, name in enumerate(names):
            place = ("siting", key, at)
            if name not in known:
                what_is = f"{name!r} is not in scope, or can have no halls by the last model year"
                fix = "widen the scope, shorten its lead, or remove it here"
                case.findings.add(place, what_is, "a site that the plan may open", fix)
            elif name in exists and key == "must_open":
                case.findings.add_note(f"Siting.must_open has no effect for {name}: it already exists.", place)
            elif name in exists:
                fix = f"keep what exists and build no more with sites.{name}.new_halls: false, or leave it out with"
                fix, must_be = f"{fix} scope.exclude_sites", "a site that is not open yet"
                case.findings.add(place, f"{name!r} already exists", must_be, fix)
    standing, most = int(sites.is_existing.sum()), settings.exactly_sites or settings.at_most_sites
    if most is not None and standing > most:
        key = "exactly_sites" if settings.exactly_sites else "at_most_sites"
        what_is = f"{key} is {most}, and {standing} sites exist"
        case.findings.add(("siting", key), what_is, f"{standing} or more", "leave sites out with scope.exclude_sites")
    can_open, exact = in_play - {*settings.must_not_open}, settings.exactly_sites
    if exact is not None and exact > len(can_open):
        what_is = f"exactly_sites is {exact}, and {len(can_open)} sites can be open in {case.years.years[-1]}"
        fix = "lower it, widen the scope, or close fewer sites"
        case.findings.add(("siting", "exactly_sites"), what_is, f"at most {len(can_open)}", fix)
    _refuse_too_small(case, sets, sites)
    name_of = np.array(labels, dtype=object)[site_year["site"]]
    lower[last & np.isin(name_of, list(settings.must_open))] = 1.0
    upper[np.isin(name_of, list(settings.must_not_open))] = 0.0
    return {"open_lower": lower, "open_upper": np.maximum(lower, upper)}


def _refuse_too_small(case: ScopedCase, sets: Sets, sites: SiteInputs) -> None:
    """Refuse a least size of a site's own above its land; note one of its kind."""
    settings = case.scenario.siting
    short = sites.minimum_mw > sites.land_limit_mw + _ROUNDING
    shut: dict[Keys, list[str]] = {}
    for site in np.flatnonzero(short & ~sites.is_existing & settings.whole_openings):
        name, least_mw = sets.site.labels[site], sites.minimum_mw[site]
        land_mw = sites.land_limit_mw[site]
        own = own_key(case.scenario, name, "minimum_size_mw")
        if own is not None:
            what_is = f"minimum_size_mw of {name} is {amount(least_mw, 4)}, and its land holds {amount(land_mw, 4)} MW"
            fix = f"lower it, or raise land_limit_mw of {name}"
            case.findings.add(own, what_is, f"at most {amount(land_mw, 4)} MW with integer openings", fix)
        elif settings.must_not_open.count(name) == 0:
            key = own_key(case.scenario, name, "land_limit_mw") or ("siting", "whole_openings")
            shut.setdefault(key, []).append(f"{name} ({amount(least_mw, 4)} MW of {amount(land_mw, 4)})")
    for key, names in shut.items():
        case.findings.add_note(
            f"Sites whose least size is more than their land holds: {', '.join(names)}. They can"
            " open only so late that they need not reach it; give them a minimum_size_mw.",
            key,
        )


def _phases(case: ScopedCase, sites: SiteInputs, halls: HallInputs) -> dict[str, Any]:
    """New halls that come in phases, the size of one, and the most that a year can bring."""
    size_mw = floats(case.sites, "phase_mw")
    of_build = size_mw[halls.build["site"]]
    at = np.flatnonzero(~np.isnan(of_build) & ~halls.is_committed)
    phase = halls.build.select(at, "phase")
    pace_mw = sites.build_rate_mw[sites.site_year.find(phase)]
    land_mw = sites.land_limit_mw[phase["site"]]
    most = np.floor(np.minimum(pace_mw, land_mw) / of_build[at] + _ROUNDING)
    if phase.size and (of_build[at] > land_mw + _ROUNDING).all():
        nearest = int(np.argmax(land_mw / of_build[at]))
        name = phase.axis("site").labels[phase["site"][nearest]]
        others = np.unique(phase["site"]).size - 1
        case.findings.add(
            own_key(case.scenario, name, "phase_mw") or ("siting", "phase_mw"),
            f"one phase at {name} is {amount(of_build[at][nearest], 4)} MW, and its land holds "
            f"{amount(land_mw[nearest], 4)} MW" + (", more of a phase than any other site" * (others > 0)),
            f"at most {amount(land_mw[nearest], 4)} MW at {name}",
            f"make phases smaller, or raise land_limit_mw of {name}",
        )
    too_slow: dict[tuple[Keys, float], list[str]] = {}
    for site in np.unique(phase["site"]):
        name = phase.axis("site").labels[site]
        if not most[phase["site"] == site].any():
            key = own_key(case.scenario, name, "phase_mw") or ("siting", "phase_mw")
            too_slow.setdefault((key, float(size_mw[site])), []).append(name)
    for (key, mw), names in too_slow.items():
        case.findings.add_note(
            f"No new halls at {', '.join(names)}, as one phase of {amount(mw, 4)} MW is more than"
            " can be built there in any year.",
            key,
        )
    return {"phase": phase, "phase_mw": of_build[at], "most_phases": most}


def _blocks(case: ScopedCase, sets: Sets, sites: SiteInputs, halls: HallInputs, racks: RackInputs) -> dict[str, Any]:
    """Workloads that need a block: where, how large, how large at most, and shared with whom. [MW]

    What exists is as it is until racks that are ordered now can take its place, or until the
    year that the scenario gives the workload.
    """
    siting, names, size_mw = case.scenario.siting, case.ids("workloads"), _block_mw(case)
    is_due = ~np.isnan(size_mw)[racks.used["workload"]]
    since = np.full(len(names), first_delivery(case))
    for name, year in siting.block_from_year.items():
        if name in names:
            since[names.index(name)] = max(float(year), first_delivery(case))
    is_due &= case.year[racks.used["year"]] >= since[racks.used["workload"]]
    block = distinct(racks.used.select(is_due, "used in blocks"), "site", "workload", "year", name="block")
    # Racks of a workload take at least so much hall per MW, and a site has no more halls than this.
    least = np.full(len(sets.workload), np.inf)
    np.minimum.at(least, racks.deployment["workload"], racks.hall_mw_per_mw)
    to_let = np.zeros(len(sets.site))
    to_let[np.unique(halls.lease["site"])] = 1.0
    top_mw = (sites.land_limit_mw + to_let * halls.lease_depth_mw)[block["site"]] / least[block["workload"]]
    shared = partners(case, sets, block)
    together_mw = np.bincount(block.find(shared), top_mw[partner_blocks(block, shared)], block.size)
    _refuse_too_large(case, block, size_mw, together_mw)
    return {"block": block, "block_mw": size_mw[block["workload"]], "block_top_mw": top_mw, "shared": shared}


def _refuse_too_large(case: ScopedCase, block: Index, size_mw: np.ndarray, top_mw: np.ndarray) -> None:
    """Refuse blocks that no sites have room for together; note where one has none."""
    site, workload = block["site"], block["workload"]
    for code in np.unique(workload):
        name, mw = block.axis("workload").labels[code], size_mw[code]
        has_room = top_mw >= mw - _ROUNDING
        own = workload == code
        if not has_room[own].any():
            most_mw = top_mw[own].max()
            what_is = f"one block of {name} is {amount(mw, 4)} MW of racks, more than any site holds"
            must_be = f"at most {amount(most_mw, 4)} MW, the most that the halls of a site hold of them"
            fix = "make the block smaller, or raise land_limit_mw of a site"
            case.findings.add(_block_key(case, name), what_is, must_be, fix)
            continue
        short = np.setdiff1d(site[own], site[own & has_room])
        if short.size:
            names = some([block.axis("site").labels[at] for at in short], _NAMED)
            case.findings.add_note(
                f"{name}: no racks at {names}, as one block of {amount(mw, 4)} MW is more than the"
                " halls there can hold.",
                _block_key(case, name),
            )


def _block_key(case: ScopedCase, workload: str) -> Keys:
    """Where the block of a workload is set: for itself, or for all that the table names."""
    is_own = workload in case.scenario.siting.block_mw
    return ("siting", "block_mw", workload) if is_own else ("siting", "table_blocks")


def _links(sites: SiteInputs, halls: HallInputs, demand: DemandInputs, *, is_whole: bool) -> Index:
    """Service from sites that must be opened first: new ones without halls to lease."""
    is_tied = ~sites.is_existing & is_whole
    is_tied[np.unique(halls.lease["site"])] = False
    return demand.served.select(is_tied[demand.served["site"]], "link")


def _block_mw(case: ScopedCase) -> Floats:
    """Return the least block of each workload, NaN for one that needs none, shape (workload,). [MW]"""
    siting, of_table = case.scenario.siting, floats(case.workloads, "min_block_mw")
    of_table = np.where(siting.table_blocks & (of_table > 0.0), of_table, np.nan)
    named = zip(case.ids("workloads"), of_table, strict=True)
    return np.array([siting.block_mw.get(name, mw) for name, mw in named])


def in_need_of_block(case: ScopedCase) -> set[str]:
    """Return the workloads that need a block."""
    return {*case.named("workloads", ~np.isnan(_block_mw(case))), *case.scenario.siting.block_mw}
