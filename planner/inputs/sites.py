"""Index lists and figures of sites: land, pace, opening, budget; commitments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
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


class SiteInputs(Record):
    """Sites: land, pace, opening."""

    def __init__(self, case: ScopedCase, sets: Sets, halls: HallSpace, leads: Leads, committed_mw: Floats) -> None:
        """Take `committed_mw` (site, year) [MW]."""
        has_other_load = floats(case.sites, "other_load_mw") > 0.0
        at = np.nonzero(halls.stands.any(axis=1) | has_other_load[:, None])
        # (site, year) in which the site can do something
        self.site_year: Index = Index.sparse("site_year", (sets.site, sets.year), at)
        standing = halls.existing_mw.sum(axis=1).max(axis=1)
        self.is_existing: Bools = standing > 0.0  # [site]
        needed, land = standing + committed_mw.max(axis=1), floats(case.sites, "land_limit_mw")
        _note_small_land(case, sets, land < needed)
        self.land_limit_mw: Floats = np.maximum(land, needed)  # [site]
        committed_add = np.diff(committed_mw, axis=1, prepend=0.0)
        own_rate = np.maximum(crews_mw(case)[:, None] * case.gap_years, committed_add)
        moved = years_moved(case, leads, committed_mw)
        late_rate = crews_mw(case)[:, None] * moved
        rate = np.maximum(own_rate, late_rate)
        self.build_rate_mw: Floats = rate[at]  # [site_year]
        is_committed = halls.committed.any(axis=1)
        can_build = np.asarray(halls.build.any(axis=1))
        as_committed = np.where(is_committed, np.minimum(committed_add, rate), 0.0)
        # A site that opens late has what was ordered for an earlier year: enough, if it is less.
        pace = np.where(can_build, np.where(moved > 0.0, np.minimum(own_rate, late_rate), own_rate), as_committed)
        # what a new site can commission, leads and commitments counted, and the most that it can have by then, land
        # apart, [site_year]
        self.pace_mw: Floats = pace[at]
        reach = np.minimum(np.where(is_committed, rate, 0.0).cumsum(axis=1), committed_mw)
        reach = reach + np.where(can_build, rate, 0.0).cumsum(axis=1)
        reach = np.minimum(reach, np.where(is_committed | can_build, rate, 0.0).cumsum(axis=1))
        self.reach_mw: Floats = reach[at]
        given = case.scenario.build.market_rate_mw_per_year
        market_rate = np.array([given.get(m, np.nan) for m in sets.market.labels])
        market, year = np.nonzero(~np.isnan(market_rate)[:, None] & np.ones(len(sets.year), np.bool_))
        # (market, year) with a limit
        self.market_rate: Index = Index.sparse("market_rate", (sets.market, sets.year), (market, year))
        market_years = _market_years(case, sets, can_build, moved)[market, year]
        self.market_rate_mw: Floats = market_rate[market] * market_years  # [market_rate]
        self.minimum_mw = floats(case.sites, "minimum_size_mw")  # [site]
        self.opening_musd: Floats = floats(case.sites, "opening_usd") / USD_PER_MUSD  # [site]
        self.fixed_musd_per_year: Floats = floats(case.sites, "fixed_usd_per_year") / USD_PER_MUSD  # [site]
        # (year,) with a budget, and it for the calendar years since the model year before, [year of it]
        self.capex_budget, self.capex_budget_musd = _budget(case, sets, "capex_budget")
        self.cash_budget, self.cash_budget_musd = _budget(case, sets, "cash_budget")
        # one row per site: name, country, lat, lon, zone, market, ... for outputs
        self.table = case.sites[[name for name in _TABLE if name in case.sites]].copy()


def _note_small_land(case: ScopedCase, sets: Sets, short: Bools) -> None:
    if short.any():
        names = [sets.site.labels[row] for row in np.flatnonzero(short)]
        keys = [own_key(case.scenario, name, "land_limit_mw") for name in names]
        case.findings.add_note(
            f"The land limit is below the existing and committed capacity at {', '.join(names)};"
            " that capacity is used as the limit.",
            next((key for key in keys if key is not None), None),
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


def _budget(case: ScopedCase, sets: Sets, name: str) -> tuple[Index, Floats]:
    """Return the model years with a budget, and it for the years since the one before. [MUSD]"""
    musd = case.by_year(getattr(case.scenario.build, f"{name}_musd"))
    at = np.flatnonzero(~np.isnan(musd))
    return Index.sparse(name, (sets.year,), (at,)), np.asarray(musd[at] * case.gap_years[at])


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


_ROUNDING = 1e-9
_NAMED: Final = 8  # of a longer list of sites


class SitingInputs(Record):
    """Openings, phases and blocks."""

    def __init__(
        self,
        case: ScopedCase,
        sets: Sets,
        sites: SiteInputs,
        halls: HallInputs,
        racks: RackInputs,
        demand: DemandInputs,
    ) -> None:
        settings = case.scenario.siting
        self.whole_openings = is_whole = settings.whole_openings  # whether openings are 0 or 1
        # 1 for what exists or must be open, and 0 for what must stay closed, [site_year of SiteInputs]
        self.open_lower, self.open_upper = _bounds(case, sets, sites)
        last, exact, most = [len(sets.year) - 1], settings.exactly_sites, settings.at_most_sites
        # (year,) with a number of open sites, and with a limit on it
        self.exact: Index = Index.sparse("exact", (sets.year,), (last if exact else [],))
        self.exact_sites = float(exact or 0)
        self.most: Index = Index.sparse("most", (sets.year,), (last if most else [],))
        self.most_sites = float(most or 0)
        self._find_phases(case, sites, halls)
        self._find_blocks(case, sets, sites, halls, racks)
        site_year = sites.site_year
        is_new = ~sites.is_existing[site_year["site"]]
        is_paced = is_new & (sites.reach_mw < sites.land_limit_mw[site_year["site"]]) & is_whole
        # (site, year): new sites that open fully, their land unfilled
        self.paced: Index = site_year.select(is_paced, "paced")
        self.paced_mw: Floats = sites.reach_mw[is_paced]  # [paced], most halls that can be there by then
        # (region, workload, site, year): service that is paid for as such
        self.service, self.service_musd_per_kh100e_year = _paid(case, demand.served)
        links = _links(sites, halls, demand, is_whole=is_whole)
        # (region, workload, site, year): service that needs an open site, in rows, or rows added where a bound breaks
        self.linked: Index = links.select(np.full(links.size, settings.open_rows == "all"), "linked")
        self.linkable: Index = links.select(np.full(links.size, settings.open_rows == "lazy"), "linkable")

    def _find_phases(self, case: ScopedCase, sites: SiteInputs, halls: HallInputs) -> None:
        """Find new halls that come in phases, the size of one, and the most that a year can bring."""
        size_mw = floats(case.sites, "phase_mw")
        of_build = size_mw[halls.build["site"]]
        at = np.flatnonzero(~np.isnan(of_build) & ~halls.is_committed)
        self.phase = phase = halls.build.select(at, "phase")  # (site, hall, year): new halls that come in phases
        self.phase_mw: Floats = of_build[at]  # [phase]
        pace_mw = sites.build_rate_mw[sites.site_year.find(phase)]
        land_mw = sites.land_limit_mw[phase["site"]]
        most = np.floor(np.minimum(pace_mw, land_mw) / self.phase_mw + _ROUNDING)
        self.most_phases: Floats = most  # [phase], as many as the site can build
        if phase.size and (self.phase_mw > land_mw + _ROUNDING).all():
            nearest = int(np.argmax(land_mw / self.phase_mw))
            name = phase.axis("site").labels[phase["site"][nearest]]
            others = np.unique(phase["site"]).size - 1
            case.findings.add(
                own_key(case.scenario, name, "phase_mw") or ("siting", "phase_mw"),
                f"one phase at {name} is {amount(self.phase_mw[nearest], 4)} MW, and its land holds "
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

    def _find_blocks(
        self, case: ScopedCase, sets: Sets, sites: SiteInputs, halls: HallInputs, racks: RackInputs
    ) -> None:
        """Find workloads that need a block: where, how large, how large at most, and shared with whom. [MW]

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
        due = racks.used.select(is_due, "used in blocks")
        # (site, workload, year): racks of a class that come in a block or not at all
        self.block = block = distinct(due, "site", "workload", "year", name="block")
        self.block_mw: Floats = size_mw[block["workload"]]  # [block], nameplate, least where there is any
        # Racks of a workload take at least so much hall per MW, and a site has no more halls than this.
        least = np.full(len(sets.workload), np.inf)
        np.minimum.at(least, racks.deployment["workload"], racks.hall_mw_per_mw)
        to_let = np.zeros(len(sets.site))
        to_let[np.unique(halls.lease["site"])] = 1.0
        top_mw: Floats = (sites.land_limit_mw + to_let * halls.lease_depth_mw)[block["site"]] / least[block["workload"]]
        self.block_top_mw = top_mw  # [block], nameplate, more than there can be
        # (site, workload, year, partner): whose racks count towards a block, its own too
        self.shared = partners(case, sets, block)
        together_mw = np.bincount(block.find(self.shared), top_mw[partner_blocks(block, self.shared)], block.size)
        _refuse_too_large(case, block, size_mw, together_mw)


def _paid(case: ScopedCase, served: Index) -> tuple[Index, Floats]:
    """Services that are paid for as such, and what each costs. [MUSD/kH100e-year]"""
    cost = service_cost(case)
    if cost is None:
        nothing = np.zeros(0, dtype=np.intp)
        return served.select(nothing, "service"), np.zeros(0)
    of_service = cost[served["region"], served["workload"], served["site"]]
    missing = distinct(served.select(np.isnan(of_service), "free"), "region", "workload", "site")
    if missing.size:
        region, workload, site = missing.tuples(0)
        text = f"siting.service_cost_table lacks {missing.size} rows, such as {workload} of {region} from {site};"
        case.findings.add_note(f"{text} service cost 0 is used.", ("siting", "service_cost_table"))
    paid = np.flatnonzero(of_service > 0.0)
    return served.select(paid, "service"), np.asarray(of_service[paid])


def _bounds(case: ScopedCase, sets: Sets, sites: SiteInputs) -> tuple[Floats, Floats]:
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
    return lower, np.maximum(lower, upper)


def _refuse_too_small(case: ScopedCase, sets: Sets, sites: SiteInputs) -> None:
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


def _refuse_too_large(case: ScopedCase, block: Index, size_mw: np.ndarray, top_mw: np.ndarray) -> None:
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
