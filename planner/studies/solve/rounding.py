"""Integers rounded from a plan with shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.family.table_columns import mask_at, sum_at
from planner.inputs.sites import partner_blocks
from planner.lp import Index
from planner.lp.index import locate, pairs

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp import Columns, Outcome
    from planner.model import Model
    from planner.studies.solve.solves import Solves

# --- From a plan with shares of openings, phases, plants and racks to one with integers -----------

_NOTHING: Final = 1e-6  # of a site, a phase or a MW


@dataclass(frozen=True)
class KeepThreshold:
    """How much of its least size something must have in the linear program to be kept."""

    site_frac: float  # halls of a site in the last year over the least it must have if opened
    # what is built of a source at a site up to a year, and is not yet in a plant that is kept, over its smallest plant
    plant_frac: float


RULES: Final = (KeepThreshold(0.5, 0.5), KeepThreshold(0.0, 1.0), KeepThreshold(0.0, 0.0))
"""Tried in turn until one leaves a plan: drop what is small, or keep all that is opened at all."""


def rounded(model: Model, x: Floats, rule: KeepThreshold) -> Floats:
    """Return a plan whose integers are whole; the other columns are as they were."""
    columns = model.problem.columns()
    result = x.copy()
    places = {name: model.problem.column_block(name) for name in ("open", "phases", "has_plant")}
    is_open = result[places["open"]]
    if model.p.siting.whole_openings:
        is_open = _openings(model, x, columns, rule)
        result[places["open"]] = is_open
    if model.p.siting.phase.size:
        result[places["phases"]] = _phases(model, x, is_open)
    if model.p.supply.plant.size:
        result[places["has_plant"]] = _plants(model, x, rule)
    result[model.problem.column_block("holds")] = 0.0
    result[model.problem.column_block("lot_racks")] = _racks(model, x, np.zeros(model.p.racks.lot.size, dtype=np.bool_))
    at = np.flatnonzero(columns.integer)
    result[at] = np.clip(np.round(result[at]), columns.lower[at], columns.upper[at])
    return result


def in_blocks(model: Model, whole: Floats, x: Floats, has_block: Bools) -> Floats:
    """Return a rounded plan with blocks, and the racks of a plan that has them."""
    result = whole.copy()
    result[model.problem.column_block("holds")] = has_block
    kept = _lots_of_least_blocks(model, x, has_block)
    result[model.problem.column_block("lot_racks")] = _racks(model, x, kept)
    return result


def _lots_of_least_blocks(model: Model, x: Floats, has_block: Bools) -> Bools:
    """Lots whose racks a block needs that is hardly larger than it must be. (lot)"""
    p, sets, siting = model.p.racks, model.p.sets, model.p.siting
    rack_mw = p.lot_rack_mw.max(initial=0.0)
    is_least = has_block & (model.siting.shared_block_mw.value(x) < siting.block_mw + rack_mw)
    partner, own = partner_blocks(siting.block, siting.shared), siting.block.find(siting.shared)
    counts = np.bincount(partner[is_least[own]], minlength=siting.block.size) > 0
    block = siting.block.find(p.used)
    needs = (block >= 0) & counts[block] & (model.used.value(x) > _NOTHING)
    site, rack, hall, workload, year = (p.used[name][needs] for name in ("site", "rack", "hall", "workload", "year"))
    places = np.stack([site, rack, hall, sets.workload_duty[workload], year])
    axes = [p.lot.axis(name) for name in ("site", "rack", "hall", "duty", "year")]
    users = Index.sparse("users", axes, list(np.unique(places, axis=1)))
    lot, user = pairs(p.lot, users, on=("site", "rack", "hall", "duty"))
    return mask_at((p.lot.size,), lot[p.lot["year"][lot] <= users["year"][user]])


def _openings(model: Model, x: Floats, columns: Columns, rule: KeepThreshold) -> Floats:
    """Open a site from the first year on in which the program opens it and it is worth it."""
    site_year, siting, sites = model.p.sites.site_year, model.p.siting, (len(model.p.sites.is_existing),)
    site, share = site_year["site"], model.open.value(x)
    is_last = site_year["year"] == len(model.p.sets.year) - 1
    at_last: Any = (site[is_last],)
    in_the_end, opened_in_the_end = (
        sum_at(sites, at_last, of[is_last]) for of in (model.halls.stands_mw.value(x), share)
    )
    worth = (share > _NOTHING) & (in_the_end[site] >= rule.site_frac * _least_mw(model))
    at = model.problem.column_block("open")
    must = columns.lower[at] > 0.0
    chosen = mask_at(sites, site[worth | must])
    if siting.exact.size or siting.most.size:
        count = int(siting.exact_sites if siting.exact.size else siting.most_sites)
        may = mask_at(sites, site[is_last & (columns.upper[at] > 0.0)])
        rank = opened_in_the_end + 2.0 * chosen
        rank[site[must]] += 4.0
        best = np.argsort(np.where(may, -rank, np.inf), kind="stable")[:count]
        kept = mask_at(sites, best) & may
        chosen = kept if siting.exact.size else kept & chosen
    begins = (worth | must | is_last) & chosen[site]
    begun, now = from_then_on(site_year)
    return mask_at((site_year.size,), now[begins[begun]]).astype(np.float64)


def _least_mw(model: Model) -> Floats:
    """Halls that a site must have in the end if it opens in a year. [MW], (site, year)"""
    p = model.p.sites
    begun, now = from_then_on(p.site_year)
    since = np.bincount(begun, p.pace_mw[now], p.site_year.size)
    return np.asarray(np.minimum(p.minimum_mw[p.site_year["site"]], since))


def from_then_on(site_year: Index) -> tuple[Positions, Positions]:
    """Return every pair of a place of a list by site and year, and one of the same site in that year or later."""
    begun, now = pairs(site_year, site_year, on=("site",))
    is_later = site_year["year"][now] >= site_year["year"][begun]
    return begun[is_later], now[is_later]


def _phases(model: Model, x: Floats, is_open: Floats) -> Floats:
    """Round phases up site by site, counted from the first year, within land and pace."""
    p, sites = model.p.siting, model.p.sites
    site, year = p.phase["site"], p.phase["year"]
    asked = np.where(is_open[sites.site_year.find(p.phase)] > 0.0, model.siting.phases.value(x), 0)
    halls_mw = model.halls.stands_mw.value(x)
    rate_mw = sites.build_rate_mw
    result = np.zeros(p.phase.size)
    for one in np.unique(site):
        here = np.flatnonzero(site == one)
        size_mw = p.phase_mw[here[0]]
        design, row = np.unique(p.phase["hall"][here], return_inverse=True)
        done, wanted = np.zeros(design.size), np.zeros(design.size)
        for t in np.unique(year[here]):
            now = here[year[here] == t]
            of = row[year[here] == t]
            place = int(locate(sites.site_year, [one], [t])[0])
            in_phases_mw = size_mw * model.siting.phases.value(x)[here[year[here] <= t]].sum()
            others_mw = halls_mw[place] - in_phases_mw
            room = np.floor((sites.land_limit_mw[one] - others_mw) / size_mw + _NOTHING)
            pace = np.floor(rate_mw[place] / size_mw + _NOTHING)
            wanted[of] += asked[now]
            total = min(np.ceil(wanted.sum() - _NOTHING), room, done.sum() + pace)
            start = done.copy()
            while done.sum() < total and (wanted - done)[of].max(initial=-np.inf) > _NOTHING:
                most_behind = of[np.argmax((wanted - done)[of])]
                done[most_behind] += 1.0
            result[now] = (done - start)[of]
    return result


def _plants(model: Model, x: Floats, rule: KeepThreshold) -> Floats:
    """Build a plant in the year by which enough of one is wanted, as far as the site has room.

    What has worn out is neither wanted any more nor takes room; a bridge does until it wears out.
    """
    p = model.p.supply
    plant, least_mw = p.plant, p.plant_least_mw
    at = locate(p.build, plant["site"], plant["source"], plant["year"])
    start, end = p.build_start[at], p.build_start[at] + p.build_life_years[at]
    wanted_mw = model.supply.source_mw.on(plant).value(x)
    of = plant["site"].astype(np.intp) * len(p.source) + plant["source"]
    done_mw = np.zeros(plant.size)
    for year in np.unique(plant["year"]):
        now, until = plant["year"] == year, plant["year"] <= year
        starts = np.zeros(int(of.max()) + 1)
        starts[of[now]] = start[now]
        stands = np.where(until & (end > starts[of] + _NOTHING), 1.0, 0.0)
        wanted, done = (np.bincount(of, stands * mw)[of[now]] for mw in (wanted_mw, done_mw))
        left_mw = wanted - done
        is_enough = left_mw > np.maximum(rule.plant_frac * least_mw[now] - _NOTHING, _NOTHING)
        has_room = done + least_mw[now] <= p.plant_room_mw[now] + _NOTHING
        done_mw[now] = np.where(is_enough & has_room, np.maximum(left_mw, least_mw[now]), 0.0)
    return np.asarray(done_mw > 0.0, dtype=np.float64)


def _racks(model: Model, x: Floats, kept: Bools) -> Floats:
    """Round lots of racks so that their sum over the sites stays, within what vendors deliver.

    Of one rack type, design, use and year as many racks are bought as before, to the nearest one:
    each lot has its integer part, and those with the largest fractions one more. Lots that are
    `kept` do not become smaller, though the sum be larger then.
    """
    p = model.p.racks
    lot, wanted = p.lot, model.install.on(p.lot).value(x) / p.lot_rack_mw
    alike = np.stack([lot[axis] for axis in ("rack", "hall", "duty", "year")])
    group = np.unique(alike, axis=1, return_inverse=True)[1].ravel()
    count = np.floor(wanted + _NOTHING)
    fraction = np.maximum(wanted - count, 0.0)
    more = np.round(np.bincount(group, fraction))
    fraction += kept & (fraction > _NOTHING)  # before all others
    place = (pd.Series(-fraction).groupby(group).rank(method="first") - 1.0).to_numpy()
    count += (place < more[group]) | (fraction > 1.0)
    return count - _too_many(model, count, fraction)


def _too_many(model: Model, count: Floats, fraction: Floats) -> Floats:
    """Racks by which lots exceed what a vendor delivers, the smallest fractions first."""
    p = model.p.racks
    limit = locate(p.delivery, model.p.sets.rack_vendor[p.lot["rack"]], p.lot["year"])
    over_mw = -p.delivery_limit_mw
    np.add.at(over_mw, limit[limit >= 0], (count * p.lot_rack_mw)[limit >= 0])
    removed = np.zeros(p.lot.size)
    for number in np.flatnonzero(over_mw > _NOTHING):
        here = np.flatnonzero((limit == number) & (count > 0.0))
        here = here[np.argsort(fraction[here], kind="stable")]
        enough = int(np.searchsorted(np.cumsum(p.lot_rack_mw[here]), over_mw[number])) + 1
        removed[here[:enough]] = 1.0
    return removed


# --- Racks that are added where lots, rounded, leave a block short --------------------------------


def with_more_racks(model: Model, solves: Solves, whole: Floats) -> tuple[Outcome, Floats]:
    """Add few racks to integers that leave no plan, so that they leave one.

    Lots that were rounded down may leave a block a rack short of its least size. The fewest MW that
    lots must be larger for it are a linear program: what is added costs its MW, and all else
    nothing. These lots are then rounded up. Lots are not made smaller: where racks that were
    rounded up are what a budget or a vendor does not allow, it finds nothing.
    """
    columns, lots = model.problem.columns(), model.problem.column_block("lot_racks")
    lower, upper = columns.lower.copy(), columns.upper.copy()
    lower[columns.integer] = upper[columns.integer] = whole
    upper[lots] = np.maximum(columns.upper[lots], lower[lots])
    cost = np.zeros_like(lower)
    cost[lots] = model.p.racks.lot_rack_mw
    # With other costs the last basis is of no use: dual simplex from it had not ended after 11,000
    # steps on `us-base`. Cuts are left to the solve with racks added: here nothing else has a
    # cost, so that what would be cut off says nothing of a plan.
    outcome = solves.solve_within(lower, upper, method=solves.cold_method, cost=cost, adds_cuts=False)
    if outcome.status != "optimal":
        return outcome, whole
    lower[lots] = np.ceil(outcome.x[lots] - _NOTHING)
    return outcome, lower[columns.integer]
