"""Blocks of a plan: which ones it has, and how they are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.sites import partner_blocks
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.lp import Outcome
    from planner.lp.outcome import Method
    from planner.model import Model
    from planner.studies.solve.solves import Solves

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
    """Return which blocks are nearest to a plan.

    Sites that may share a block are all kept where they have room for it together: how far each is
    filled is for the program to find.
    """
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
    r"""Return which blocks move the fewest MW between the sites of a workload.

    What is closed gives its racks up, and what has less than its block takes some, so what moves
    is the larger of the two sums. Both fall if a site with more of the workload is kept instead of
    one with less, so the sites that are kept are those with most of it, and only their number is
    looked for. What has no room counts first, then what moves.
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

    `one_by_one`: Whether of several blocks that stay short at one place only one is closed before the next solve.
    That takes more solves; closed together, they may leave racks there idle which one of them could have had
    alone.

    The blocks nearest to the relaxation are kept (`planner.studies.solve.block_search`) and the
    others closed. Then each MW of a kept block, up to a whole one, earns three times what a MW of
    racks costs in the plan. That has a solution wherever blocks may be shares, and fills each block
    that can be filled for this. Those that stay short of racks or halls are closed, which leaves
    both to other workloads, until none is short; then the program is solved with the others whole
    and its own costs. Where that leaves no plan, as where nothing may go unmet, whole blocks earn
    much more.

    All this only chooses blocks, so half of the columns of each large kind, those of the largest
    reduced cost, are left out, unless there is no plan without them.
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
        """Fill blocks as far as it pays, and close those that stay short, until none does.

        Where one is closed, other workloads of its use may have blocks: halls and racks are there.
        """
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
        """Solve with racks in these blocks alone, and whole blocks where `least` says so.

        A whole block may earn something: then the program fills blocks as far as that pays.
        """
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
