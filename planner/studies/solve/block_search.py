"""Blocks of a rounded plan: pay for whole ones, close what is not worth it, try to close more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.outcome import relative_gap
from planner.studies.solve.siting_blocks import chosen_blocks, furthest_short, underfilled_blocks
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.lp import Outcome
    from planner.lp.methods import Method
    from planner.model import Model
    from planner.studies.solve.solves import Solves

__all__ = ["BlockSearch"]

_WORTH: Final = (3.0, 1000.0)
"""What a MW of a block may cost to make it whole, in mean costs of a MW of racks: tried in turn."""
_MOST_SOLVES: Final = 20  # of filling blocks
_LITTLE_FRAC: Final = 1e-3  # of the racks in blocks: where less is closed, a basis is of use
_MOST_TRIES: Final = 10  # of closing a block that is only there because it must be whole
_WORTH_FRAC: Final = 2e-3  # of a plan's cost that such a block must cost, at its dual, to be tried
_NOTHING: Final = 1e-6  # of a MW
_MANY: Final = ("used", "served", "operate", "build", "retrofit", "move_in", "move_out")
"""Columns that there are most of: of each kind half are tried, those of the least reduced cost."""


class BlockSearch:
    """Blocks of a plan whose other integers are rounded, racks apart.

    `one_by_one`: Whether of several blocks that stay short at one place only one is closed before the next solve.
    That takes more solves; closed together, they may leave racks there idle which one of them could have had
    alone.

    The blocks nearest to the relaxation are kept (`planner.studies.solve.siting_blocks`) and the
    others closed. Then each MW of a kept block, up to a whole one, earns three times what a MW of
    racks costs in the plan. That has a solution wherever blocks may be shares, and fills each block
    that can be filled for this. Those that stay short of racks or halls are closed, which leaves
    both to other workloads, until none is short; then the program is solved with the others whole
    and its own costs. Where that leaves no plan, as where nothing may go unmet, whole blocks earn
    much more. At last blocks that a workload has only because they must be whole, and that are
    expensive at their dual, are closed as long as that lowers the cost and the gap is too large.

    All this only chooses blocks, so half of the columns of each large kind, those of the largest
    reduced cost, are left out, unless there is no plan without them.
    """

    def __init__(
        self,
        model: Model,
        solves: Solves,
        plan: Floats,
        reserve_s: float,
        relaxed: Outcome,
        *,
        enough_frac: float,
        one_by_one: bool,
    ) -> None:
        self._model, self._solves, self._reserve_s = model, solves, reserve_s
        self._one_by_one, self._relaxed_x = one_by_one, relaxed.x
        self._enough_frac = enough_frac
        self._holds = model.problem.column_block("holds")
        columns = model.problem.columns()
        # Some may be decided already.
        self._must, self._may = columns.lower[self._holds] > 0.0, columns.upper[self._holds] > 0.0
        self._cost = columns.cost
        self._lower, self._upper = columns.lower.copy(), columns.upper.copy()
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
        self.last: Outcome

    def search(self) -> tuple[Floats, Bools] | None:
        """Return a plan with whole blocks, and which it has; None where none was found."""
        chosen = chosen_blocks(self._model, self._relaxed_x, among=self._may) | self._must
        worth_musd = self._mean_musd_per_mw(self._relaxed_x) * self._model.p.siting.block_mw
        for times in _WORTH:
            filled, may = self._filled(chosen, times * worth_musd)
            if filled.status != "optimal":
                return None
            whole = may & (self._racks_mw(filled.x) > _NOTHING)
            outcome = self._solved(whole, whole)
            if outcome.status == "optimal":
                return self._without_the_expensive(outcome)
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
                is_short = furthest_short(self._lack_mw(filled.x, is_short), self._place)
            is_little = racks_mw[is_short].sum() < _LITTLE_FRAC * racks_mw.sum()
            # Where much is closed, as at first, a basis is of little use.
            method = "auto" if is_little else self._solves.cold_method
            closed = closed | is_short
            may = (may | self._beside(is_short)) & ~closed

    def _beside(self, blocks: Bools) -> Bools:
        """Blocks of any workload of the same use, at the same sites in the same years."""
        return np.asarray(np.isin(self._place, self._place[blocks]))

    def _lack_mw(self, x: Floats, is_short: Bools) -> Floats:
        """What blocks that stay short lack, and nothing of the others. [MW]"""
        siting = self._model.siting
        return np.where(is_short, self._model.p.siting.block_mw - siting.shared_block_mw.value(x), 0)

    def _racks_mw(self, x: Floats) -> Floats:
        """Racks of each block. [MW]"""
        return self._model.siting.in_block_mw.value(x)

    def _mean_musd_per_mw(self, x: Floats) -> Floats:
        """What a MW of racks in use costs in its model year, the mean of a plan. [MUSD/MW]"""
        model = self._model
        span_years = model.span_years
        used = model.p.racks.used
        mw_years = float((model.used.value(x) * span_years[used["year"]]).sum())
        # BLAS would split the sum among its threads: other last digits choose another plan.
        mean = abs(float((self._cost * x).sum())) / max(mw_years, _NOTHING)
        return mean * span_years[model.p.siting.block["year"]]

    def _without_the_expensive(self, outcome: Outcome) -> tuple[Floats, Bools]:
        """Close blocks that must be made whole, the most expensive first, until one is worth it."""
        model, rows = self._model, self._model.problem.row_block("block_least")
        has_block = self._racks_mw(outcome.x) > _NOTHING
        may_close = has_block & ~self._must
        worth = np.abs(outcome.row_dual[rows]) * model.p.siting.block_mw * may_close
        order = np.argsort(-worth, kind="stable")[:_MOST_TRIES]
        for at in order[worth[order] > _WORTH_FRAC * abs(outcome.objective)]:
            if relative_gap(outcome.objective, self._solves.bound) <= self._enough_frac:
                break
            fewer = has_block.copy()
            fewer[at] = False
            trial = self._solved(fewer, fewer)
            if trial.status != "optimal" or trial.objective >= outcome.objective:
                break
            outcome, has_block = trial, fewer
        return outcome.x, has_block

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
        self.last = self._solves.solve_within(lower, upper, method=method, reserve_s=self._reserve_s, cost=cost)
        self.solves += 1
        if self.last.status == "infeasible" and self._left_out.any():
            self._left_out[:] = False
            return self._solved(has_block, least, method, worth_musd=worth_musd)
        return self.last
