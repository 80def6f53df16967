"""Integers rounded from a plan with shares: openings, phases, plants and racks, and blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.family.table_columns import mask_at, sum_at
from planner.inputs.sites import partner_blocks
from planner.lp import Index
from planner.lp.index import locate, pairs
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp import Columns, Outcome
    from planner.lp.outcome import Method
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
    """Build a plant in the year by which enough of one is wanted that has not worn out, as far as the site has room."""
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

    Of one rack type, design, use and year each lot has its integer part, and those with the largest fractions one more.
    Lots that are `kept` do not become smaller, though the sum be larger then.
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

    Lots that were rounded down may leave a block a rack short. The fewest MW that lots must be larger for it are a
    linear program; these are then rounded up. Lots are not made smaller: where racks that were rounded up are what a
    budget or a vendor does not allow, it finds nothing.
    """
    columns, lots = model.problem.columns(), model.problem.column_block("lot_racks")
    lower, upper = columns.lower.copy(), columns.upper.copy()
    lower[columns.integer] = upper[columns.integer] = whole
    upper[lots] = np.maximum(columns.upper[lots], lower[lots])
    cost = np.zeros_like(lower)
    cost[lots] = model.p.racks.lot_rack_mw
    # With other costs the last basis is of no use: dual simplex from it had not ended after 11,000
    # steps on `us-base`. Where lots alone have a cost, a basis of slacks has the right prices, and
    # dual simplex from there takes a third of the time of interior point, and less by the hour. Cuts are
    # left to the solve with racks added: what would be cut off here says nothing of a plan.
    outcome = solves.solve_within(lower, upper, method="simplex", cost=cost, adds_cuts=False)
    if outcome.status != "optimal":
        return outcome, whole
    lower[lots] = np.ceil(outcome.x[lots] - _NOTHING)
    return outcome, lower[columns.integer]


# --- Choose integer siting blocks of workloads: those nearest to a plan with fractional blocks ----

_TOLERANCE_MW: Final = 1e-6


def underfilled_blocks(model: Model, x: Floats) -> Bools:
    """Return where a plan has racks of a workload, and fewer than its block."""
    racks_mw = model.siting.in_block_mw.value(x)
    shared_mw = model.siting.shared_block_mw.value(x)
    return np.asarray((racks_mw > _TOLERANCE_MW) & (shared_mw < model.p.siting.block_mw - _TOLERANCE_MW))


def furthest_short(lack_mw: Floats, place: NDArray[np.intp]) -> Bools:
    """Return the blocks that lack most of those at the same place.

    >>> furthest_short(np.array([30.0, 2.0, -5.0, 7.0]), np.array([1, 1, 0, 2])).tolist()
    [True, False, False, True]
    """
    most_mw = np.zeros(int(place.max(initial=0)) + 1)
    np.maximum.at(most_mw, place, lack_mw)
    return np.asarray((lack_mw > 0.0) & (lack_mw >= most_mw[place]))


def chosen_blocks(model: Model, x: Floats, among: Bools) -> Bools:
    """Return which blocks are nearest to a plan; sites that may share one are kept where they have room together."""
    p = model.p.siting
    racks_mw = np.maximum(model.siting.in_block_mw.value(x), 0.0)
    room_mw = np.where(among, np.maximum(p.block_top_mw, racks_mw), 0.0)
    group = _workload_year(model)
    alone = nearest_blocks(racks_mw, p.block_mw, room_mw, group)
    own = p.block.find(p.shared)
    room_mw = np.bincount(own, room_mw[partner_blocks(p.block, p.shared)], p.block.size)
    is_shared = np.bincount(group, np.bincount(own, minlength=p.block.size) > 1)[group] > 0.0
    return np.where(is_shared, among & (room_mw >= p.block_mw - _TOLERANCE_MW), alone)


def nearest_blocks(racks_mw: Floats, block_mw: Floats, room_mw: Floats, group: NDArray[np.intp]) -> Bools:
    """Return which blocks move the fewest MW between the sites of a workload.

    What is closed gives its racks up, and what has less than its block takes some, so what moves is the larger of the
    two sums. Both fall with more racks at what is kept, so only the number of sites with most of it is looked for. What
    has no room counts first, then what moves.
    """
    may = room_mw >= block_mw - _TOLERANCE_MW
    result = np.zeros(racks_mw.size, dtype=np.bool_)
    for rows in (np.flatnonzero(group == one) for one in np.unique(group)):
        total_mw = racks_mw[rows].sum()
        kept = rows[may[rows]]
        if total_mw <= _TOLERANCE_MW or not kept.size:
            continue
        kept = kept[np.argsort(-racks_mw[kept], kind="stable")]
        first = np.arange(1, kept.size + 1)
        fits = (first == 1) | (first * block_mw[kept] <= total_mw + _TOLERANCE_MW)
        raised = np.cumsum(np.maximum(block_mw[kept] - racks_mw[kept], 0.0))
        closed = total_mw - np.cumsum(racks_mw[kept])
        left_over = np.round(np.maximum(total_mw - np.cumsum(room_mw[kept]), 0.0), 6)
        moved = np.round(np.maximum(raised, closed), 6)
        result[kept[: np.lexsort((moved, left_over, ~fits))[0] + 1]] = True
    return result


def _workload_year(model: Model) -> NDArray[np.intp]:
    """Return workload and year of each block as one number."""
    block, years = model.p.siting.block, len(model.p.sets.year)
    return np.asarray(block["workload"].astype(np.intp) * years + block["year"])


# --- Blocks of a rounded plan: pay for whole ones, close what is not worth it ---------------------

_WORTH: Final = (3.0, 1000.0)
"""What a MW of a block may cost to make it whole, in mean costs of a MW of racks: tried in turn."""
_MOST_SOLVES: Final = 20  # of filling blocks
_LITTLE_FRAC: Final = 1e-3  # of the racks in blocks: where less is closed, a basis is of use
_MANY: Final = ("used", "served", "operate", "build", "retrofit", "move_in", "move_out")
"""Columns that there are most of: of each kind half are tried, those of the least reduced cost."""


class BlockSearch:
    """Blocks of a plan whose other integers are rounded, racks apart.

    The blocks nearest to the relaxation are kept (`chosen_blocks`) and the others closed. Then each MW of a kept block,
    up to a whole one, earns three times what a MW of racks costs in the plan, which has a solution wherever blocks may
    be shares. Those that stay short of racks or halls are closed, of several at one place all or `one_by_one`, until
    none is; then the program is solved with the others whole and its own costs. Where that leaves no plan, whole blocks
    earn much more. All this only chooses blocks, so half of the columns of each large kind, of the largest reduced
    cost, are left out, unless there is no plan without them.
    """

    def __init__(self, model: Model, solves: Solves, plan: Floats, relaxed: Outcome, *, one_by_one: bool) -> None:
        self._model, self._solves = model, solves
        self._one_by_one, self._relaxed_x = one_by_one, relaxed.x
        self._holds = model.problem.column_block("holds")
        columns = model.problem.columns()
        # Some may be decided already.
        self._must, self._may = columns.lower[self._holds] > 0.0, columns.upper[self._holds] > 0.0
        self._cost, self._lower, self._upper = columns.cost, columns.lower.copy(), columns.upper.copy()
        is_fixed = columns.integer.copy()
        for name in ("holds", "lot_racks"):
            is_fixed[model.problem.column_block(name)] = False
        self._lower[is_fixed] = self._upper[is_fixed] = plan[is_fixed]
        block, duty = model.p.siting.block, model.p.sets.workload_duty
        place = np.stack([block["site"], block["year"], duty[block["workload"]]])
        self._place = np.unique(place, axis=1, return_inverse=True)[1].ravel()
        self._left_out = np.zeros(len(columns.cost), dtype=np.bool_)
        price = np.where(relaxed.x > 0.0, 0.0, relaxed.reduced_cost)
        for columns_of in (model.problem.column_block(name) for name in _MANY):
            if price[columns_of].size:
                self._left_out[columns_of] = price[columns_of] > np.median(price[columns_of])
        self.solves = 0

    def search(self) -> tuple[Floats, Bools] | None:
        """Return a plan with whole blocks, and which it has; None where none was found."""
        chosen = chosen_blocks(self._model, self._relaxed_x, among=self._may) | self._must
        worth_musd = self._mean_musd_per_mw(self._relaxed_x) * self._model.p.siting.block_mw
        for times in _WORTH:
            filled, may = self._filled(chosen, times * worth_musd)
            if filled.status != "optimal":
                return None
            whole = may & (self._racks_mw(filled.x) > _TOLERANCE_MW)
            outcome = self._solved(whole, whole)
            if outcome.status == "optimal":
                return outcome.x, self._racks_mw(outcome.x) > _TOLERANCE_MW
            if outcome.status in STOPPED:
                return None
        return None

    def _filled(self, may: Bools, worth_musd: Floats) -> tuple[Outcome, Bools]:
        """Fill blocks as far as it pays, and close those that stay short, for others of their use, until none does."""
        none = np.zeros_like(may)
        closed, method = none, self._solves.cold_method
        while True:
            filled = self._solved(may, none, method, worth_musd=worth_musd)
            if filled.status != "optimal":
                return filled, may
            is_short = underfilled_blocks(self._model, filled.x)
            if not is_short.any() or self.solves >= _MOST_SOLVES:
                return filled, may & ~is_short
            racks_mw = self._racks_mw(filled.x)
            if self._one_by_one:
                shared_mw = self._model.siting.shared_block_mw.value(filled.x)
                lack_mw = np.where(is_short, self._model.p.siting.block_mw - shared_mw, 0)
                is_short = furthest_short(lack_mw, self._place)
            is_little = racks_mw[is_short].sum() < _LITTLE_FRAC * racks_mw.sum()
            # Where much is closed, as at first, a basis is of little use.
            method = "auto" if is_little else self._solves.cold_method
            closed = closed | is_short
            # Blocks of any workload of the same use, at the same sites in the same years, too.
            may = (may | np.isin(self._place, self._place[is_short])) & ~closed

    def _racks_mw(self, x: Floats) -> Floats:
        """Racks of each block. [MW]"""
        return self._model.siting.in_block_mw.value(x)

    def _mean_musd_per_mw(self, x: Floats) -> Floats:
        """What a MW of racks in use costs in its model year, the mean of a plan. [MUSD/MW]"""
        model = self._model
        span_years = model.span_years
        mw_years = float((model.used.value(x) * span_years[model.p.racks.used["year"]]).sum())
        # BLAS would split the sum among its threads: other last digits choose another plan.
        mean = abs(float((self._cost * x).sum())) / max(mw_years, _TOLERANCE_MW)
        return mean * span_years[model.p.siting.block["year"]]

    def _solved(
        self, has_block: Bools, least: Bools, method: Method = "auto", *, worth_musd: Floats | None = None
    ) -> Outcome:
        """Solve with racks in these blocks alone, whole ones where `least` says so; whole blocks may earn something."""
        lower, upper, cost = self._lower.copy(), self._upper.copy(), self._cost.copy()
        lower[self._holds] = least | self._must
        upper[self._holds] = (has_block & self._may) | self._must
        if worth_musd is not None:
            cost[self._holds] = -worth_musd
        upper = np.where(self._left_out, lower, upper)
        self.last = self._solves.solve_within(lower, upper, method=method, cost=cost)
        self.solves += 1
        if self.last.status == "infeasible" and self._left_out.any():
            self._left_out[:] = False
            return self._solved(has_block, least, method, worth_musd=worth_musd)
        return self.last
