"""Blocks of a rounded plan: close what is small, ask for the rest of a block, try to close that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.studies.solve.blocks import chosen_blocks, short_blocks
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.lp import Outcome
    from planner.lp.methods import Method
    from planner.model import Model
    from planner.scenario.schema import Solver
    from planner.studies.solve.solves import Solves

__all__ = ["BlockSearch"]

_MOST_SOLVES: Final = 40
_MOST_TRIES: Final = 10  # of closing a block that is only there because it must be whole
_WORTH_FRAC: Final = 1e-3  # of a plan's cost that such a block must cost, at its dual, to be tried
_NOTHING: Final = 1e-6  # of a MW


class BlockSearch:
    """Blocks of a plan whose other integers are rounded, racks apart.

    Parameters
    ----------
    model : Model
        The program.
    solves : Solves
        Solves it.
    solver : Solver
        Method of the first solve.
    plan : array of float
        The rounded plan, one number per column.
    reserve_s : float
        Time to leave for later. [s]

    Attributes
    ----------
    solves : int
        Linear programs solved so far.
    last : Outcome
        The last of them.

    Notes
    -----
    The blocks that are nearest to the relaxation are kept (`planner.studies.solve.blocks`), the
    others closed, and the program is solved with what is kept as shares: that moves racks to the
    sites that are left. Where classes then have a part of a block, the rest is asked for. If there
    is no plan with that, only the class that lacks most is asked to have it, and what the others
    have a part of is closed; if that fails too, other blocks of the class are chosen.
    At last each block that a class has only because it must be whole, and that is expensive at
    its dual, is tried without.
    """

    def __init__(
        self, model: Model, solves: Solves, solver: Solver, plan: Floats, reserve_s: float
    ) -> None:
        self._model, self._solves, self._reserve_s = model, solves, reserve_s
        # Most bounds change at first, so a basis is of little use.
        self._method: Method = "ipx" if solver.method == "auto" else solver.method
        self._holds = model.problem.column_block("holds")
        columns = model.problem.columns()
        self._lower, self._upper = columns.lower.copy(), columns.upper.copy()
        is_fixed = columns.integer.copy()
        for name in ("holds", "lot_racks"):
            is_fixed[model.problem.column_block(name)] = False
        self._lower[is_fixed] = self._upper[is_fixed] = plan[is_fixed]
        self.solves = 0
        self.last: Outcome

    def found(self, relaxed_x: Floats) -> tuple[Floats, Bools] | None:
        """Return a plan with whole blocks, and which it has; None where none was found.

        Parameters
        ----------
        relaxed_x : array of float
            Optimum of the relaxation, one number per column.
        """
        model, p = self._model, self._model.p.siting
        failed, least = np.zeros((2, p.block.size), np.bool_)
        has_block = chosen_blocks(model, relaxed_x, among=~failed)
        while self.solves < _MOST_SOLVES:
            outcome = self._solved(has_block, least)
            if outcome.status != "optimal":
                return None
            is_short = short_blocks(model, outcome.x)
            if not is_short.any():
                return self._without_the_expensive(outcome)
            kept = chosen_blocks(model, outcome.x, among=has_block)
            whole = self._solved(kept, kept)
            if whole.status == "optimal":
                return self._without_the_expensive(whole)
            is_most = self._lacks_most(outcome.x, kept & is_short)
            has_block = kept & ~(is_short & ~is_most)
            if self._solved(has_block, least | (kept & is_most)).status == "optimal":
                least = least | (kept & is_most)
                continue
            failed |= is_short & is_most
            again = chosen_blocks(model, relaxed_x, among=~failed)
            has_block = np.where(is_most, again, has_block)
            least = least & ~is_most
        return None

    def _lacks_most(self, x: Floats, is_short: Bools) -> Bools:
        """Return the blocks of the class that lacks the most MW of whole ones."""
        p = self._model.p.siting
        lacking = np.where(is_short, p.block_mw - self._model.siting.in_block_mw.value(x), 0.0)
        workload = p.block["workload"]
        return np.asarray(workload == np.argmax(np.bincount(workload, lacking)))

    def _without_the_expensive(self, outcome: Outcome) -> tuple[Floats, Bools]:
        """Try to close blocks that must be made whole, the most expensive first."""
        model, rows = self._model, self._model.problem.row_block("block_least")
        has_block = model.siting.in_block_mw.value(outcome.x) > _NOTHING
        worth = np.abs(outcome.row_dual[rows]) * model.p.siting.block_mw * has_block
        order = np.argsort(-worth, kind="stable")[:_MOST_TRIES]
        for at in order[worth[order] > _WORTH_FRAC * abs(outcome.objective)]:
            fewer = has_block.copy()
            fewer[at] = False
            trial = self._solved(fewer, fewer)
            if trial.status in STOPPED:
                break
            if trial.status == "optimal" and trial.objective < outcome.objective:
                outcome, has_block = trial, fewer
        return outcome.x, has_block

    def _solved(self, has_block: Bools, least: Bools) -> Outcome:
        """Solve with racks in these blocks alone, and whole blocks where `least` says so."""
        lower, upper = self._lower.copy(), self._upper.copy()
        lower[self._holds] = least
        upper[self._holds] = has_block
        self.last = self._solves.within(
            lower, upper, method=self._method, reserve_s=self._reserve_s
        )
        self.solves, self._method = self.solves + 1, "auto"
        return self.last
