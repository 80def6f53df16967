"""Programs with integers: relax, round, fix; strengthen where that is far; then search."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.lp.outcome import LEAST_GAP_FRAC, PROVEN_GAP_FRAC, optimal_gap_frac, relative_gap
from planner.studies.solve.rounding import RULES, BlockSearch, in_blocks, rounded, with_more_racks
from planner.studies.solve.solves import NO_HOOKS, STOPPED, Solves

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import HighsSession, Outcome, Status
    from planner.lp.start import Start
    from planner.model import Model
    from planner.scenario.schema import Solver
    from planner.studies.solve.solves import FailureCuts, SolveHooks

_MUCH_GAP_FRAC: Final = 0.01
"""Gap at which a rounded plan is good enough. [-]"""
_MOST_ROUNDS: Final = 40
_A_LITTLE: Final = 1e-6  # of a demand
_RESERVE: Final = 2.0  # of the time of one solve with fixed integers, for the one at the end
_WHOLE: Final = 1e-9  # nearer than this to an integer is one


def find_plan(
    model: Model,
    session: HighsSession,
    solver: Solver,
    *,
    cuts: FailureCuts | None = None,
    like: Start | None = None,
    hooks: SolveHooks = NO_HOOKS,
) -> Outcome:
    """Solve a program; where it has integers, by rounding, and by a search if that is not enough.

    The linear program with integers relaxed gives a bound. Openings and phases are rounded
    (`planner.studies.solve.rounding`), fixed, and the rest solved again from the last basis. Where the plan may be more
    than 1 % from the best, rows that raise the bound are added and all is rounded again, and at last a search goes on
    within the time left, until the gap is 1 %, or what was asked for.

    Rows that only tighten the bound are freed at the end, so that a dual is not split with them: the plan stays, and
    only the duals are taken. Freed while the integers are fixed, they would leave a basis that is feasible in neither
    sense. Cuts are found where they are cheapest: in the relaxed program; what an integer plan breaks beyond that is
    added with its integers fixed, and a search goes on with all of them.
    """
    solves = Solves(model, session, solver, cuts, hooks)
    if model.problem.has_integers:
        return _over_all_rows(_Finder(model, solver, solves, like).whole(), model)
    return _over_all_rows(solves.exact(solves.relaxed(solver.method)), model)


class _Finder:
    """The best plan so far, the best bound, and what was done to find them."""

    def __init__(self, model: Model, solver: Solver, solves: Solves, like: Start | None) -> None:
        self._model, self._solver, self._solves, self._like = model, solver, solves, like
        self._is_search = solver.whole_numbers == "search"
        usual = PROVEN_GAP_FRAC if self._is_search else _MUCH_GAP_FRAC
        self._aim_frac = usual if solver.gap_frac is None else solver.gap_frac
        self._best: Outcome | None = None
        self._unproven: Outcome | None = None  # whole, but it may break cuts
        self._last: Outcome | None = None  # solve with fixed integers, if none came after it
        self._stopped: Status | None = None
        self._is_infeasible = False  # by the search, with integers
        self._tried: list[Floats] = []
        self._how: list[str] = []

    # --- steps --------------------------------------------------------------------------

    def whole(self) -> Outcome:
        """Relax, round and fix; strengthen and search as long as the plan is not enough."""
        relaxed = self._relaxed()
        if relaxed.status == "optimal" and self._is_search:
            relaxed = self._strengthened(relaxed)
        if relaxed.status != "optimal":
            return self._without(relaxed)
        as_there = None if self._like is None else self._like.whole_on(self._model.problem)
        if self._like is not None and as_there is not None:
            self._fix(as_there, "fixed as in a like plan", start=self._like.of_plan)
        if self._gap() > self._aim_frac:
            self._round(relaxed, only_first=True)
        if not self._is_search and self._gap() > self._aim_frac:
            relaxed = self._strengthened(relaxed)
            if relaxed.status != "optimal":
                return self._without(relaxed)
            self._round(relaxed, only_first=False)
        if self._gap() > optimal_gap_frac(0.0) and (self._is_search or self._gap() > self._aim_frac):
            self._search()
        if self._best is None and self._unproven is not None and not self._is_infeasible:
            return self._report(self._unproven, relaxed)
        if self._best is None:
            return self._none(relaxed)
        self._solves.reserve_s = 0.0
        best = self._freed(self._best)
        exact = self._solves.exact(best, self._solves.whole_of(best.x))
        if exact is not best:
            self._step_text("duals", exact.method_used)
        return self._report(_with_duals(best, exact), relaxed)

    def _relaxed(self) -> Outcome:
        """Solve without insisting on integers."""
        self._solves.step = "relaxed"
        outcome = self._solves.relaxed(self._solver.method)
        self._step_text("relaxed", outcome.method_used)
        outcome = _bounding(outcome)
        if outcome.status == "optimal":
            self._solves.bound = outcome.dual_bound
        return outcome

    def _strengthened(self, relaxed: Outcome) -> Outcome:
        """Add the rows that tie service to openings where the relaxed plan breaks them, as most never bind."""
        model, problem = self._model, self._model.problem
        links = model.p.siting.linkable
        if not links.size:
            return relaxed
        is_there = np.zeros(links.size, dtype=np.bool_)
        left_over, wanted = model.siting.beyond_what_is_open(links), model.siting.demand_of(links)
        self._solves.step = "tightened"
        for number in range(_MOST_ROUNDS):
            is_broken = ~is_there & (left_over.value(relaxed.x) > _A_LITTLE * wanted)
            if not is_broken.any():
                break
            is_there |= is_broken
            rows = model.siting.served_only_if_open(links.select(is_broken, "broken"))
            problem.rows(f"served_only_if_open_{number}", rows)
            self._solves.rows_added()
            self._last = None
            outcome = _bounding(self._solves.relaxed("auto"))
            self._note_stop(outcome)
            if outcome.status not in {"optimal", "infeasible"}:
                break
            relaxed = outcome
            if outcome.status == "infeasible":
                break
            self._solves.bound = max(self._solves.bound, relaxed.dual_bound)
        self._step_text("tightened", f"{int(is_there.sum())} rows")
        return relaxed

    def _round(self, relaxed: Outcome, *, only_first: bool) -> None:
        """Round by one rule after the other until one leaves a plan, or by all of them, blocks closed one by one."""
        has_blocks = bool(self._model.p.siting.block.size)
        tried = [] if has_blocks and not only_first else self._tried
        for rule in RULES:
            plan = rounded(self._model, relaxed.x, rule)
            whole = self._solves.whole_of(plan)
            if any(np.array_equal(whole, other) for other in tried):
                continue
            if has_blocks:
                tried.append(whole)
                with_blocks = self._with_blocks(relaxed, plan, one_by_one=not only_first)
                if self._stopped is not None:
                    return
                if with_blocks is None:
                    continue
                whole = self._solves.whole_of(with_blocks)
                if any(np.array_equal(whole, other) for other in self._tried):
                    continue
            # Blocks were chosen with only some uses of racks: their basis is of little use.
            outcome = self._fix(whole, "rounded and fixed", afresh=has_blocks)
            # Blocks left a plan with lots in part, so lots are what leaves none.
            if outcome.status == "infeasible" and has_blocks and self._model.p.racks.lot.size:
                outcome = self._with_more_racks(whole)
            if outcome.status in STOPPED or (only_first and self._best is not None):
                return

    def _with_blocks(self, relaxed: Outcome, plan: Floats, *, one_by_one: bool) -> Floats | None:
        """Choose blocks for a rounded plan; None where it has no plan with blocks."""
        self._solves.step = "blocks"
        search = BlockSearch(self._model, self._solves, plan, relaxed, one_by_one=one_by_one)
        self._last = None
        found = search.search()
        self._note_stop(search.last)
        solves = f"{search.solves} solves"
        self._step_text("blocks", f"{solves}, no plan" if found is None else f"{int(found[1].sum())} in {solves}")
        return None if found is None else in_blocks(self._model, plan, *found)

    def _with_more_racks(self, whole: Floats) -> Outcome:
        """Add racks to a rounded plan whose blocks are possible with lots that are not whole."""
        self._last = None
        outcome, more = with_more_racks(self._model, self._solves, whole)
        self._note_stop(outcome)
        is_found = outcome.status == "optimal"
        end = "no plan" if outcome.status == "infeasible" else outcome.status.replace("_", " ")
        self._step_text("racks added", f"{outcome.method_used}, {int((more - whole).sum()) if is_found else end}")
        return self._fix(more, "fixed with them", afresh=True) if is_found else outcome

    def _search(self) -> None:
        """Search by branch and bound, again and strictly where what it finds is not a plan.

        A search takes 1e-6 for 0, and a coefficient of a million makes a site of that. Where a plan breaks cuts, it
        goes on with them.
        """
        strictly = False
        for _ in range(self._solves.most_searches):
            start = self._best.x if self._best is not None else None
            self._solves.step = "search"
            found = self._solves.searched(start, self._aim_frac, strictly=strictly)
            self._last = None
            self._note_stop(found)
            self._step_text("searched", f"{found.method_used}, strictly" if strictly else found.method_used)
            if np.isfinite(found.dual_bound):
                self._solves.bound = max(self._solves.bound, found.dual_bound)
            if not found.has_plan:
                self._is_infeasible = found.status == "infeasible"
                return
            if self._best is not None and found.objective >= self._best.objective:
                return
            has_cuts = self._solves.add_cuts(found.x)
            fixed = self._fix(self._solves.whole_of(found.x), "fixed", found, keeps_cuts=not has_cuts)
            is_stopped = found.status in STOPPED or fixed.status in STOPPED
            is_enough = self._gap() <= self._aim_frac if has_cuts else strictly or fixed.status != "infeasible"
            if is_stopped or is_enough:
                return
            strictly = strictly or not has_cuts
        self._stopped = "iteration_limit"

    def _fix(
        self, whole: Floats, step: str, found: Outcome | None = None, *, keeps_cuts: bool = False, **how: Any
    ) -> Outcome:
        """Solve with integers fixed, and keep the plan if it is the best so far; `how` is of `Solves.fixed`."""
        self._tried.append(whole)
        self._solves.step = "fixed"
        self._last = outcome = self._solves.fixed(whole, **how)
        self._note_stop(outcome)
        plan = outcome
        if outcome.status in STOPPED and found is not None and self._is_whole(found):
            plan = found
        if outcome.status in STOPPED and self._solves.has_cuts and not keeps_cuts:
            whole_plan = outcome if outcome.has_plan else plan
            if whole_plan.has_plan:
                self._unproven = replace(whole_plan, status=outcome.status, has_duals=False)
            plan = outcome
        is_stopped_plan = plan.has_plan and not self._solves.has_cuts and self._is_whole(plan)
        is_plan = plan.status == "optimal" or plan is found or is_stopped_plan
        if is_plan and (self._best is None or plan.objective < self._best.objective):
            self._best = plan
            self._solves.reserve_s = _RESERVE * plan.seconds  # to solve with fixed integers at the end
        gap = self._gap()
        shown = f"{gap:.2%}" if gap >= 1e-4 or not gap else f"{gap:.1e}"
        ends = f"gap {shown}" if is_plan else "no plan"
        self._step_text(step, f"{outcome.method_used}, {ends}")
        return outcome

    def _freed(self, best: Outcome) -> Outcome:
        """Take the duals of the best plan, without the rows that only tighten the bound."""
        whole = self._solves.whole_of(best.x)
        if not best.has_duals or not self._solves.has_bound_rows():
            return best
        self._solves.step = "fixed"
        if best is not self._last:
            self._step_text("fixed again", self._solves.fixed(whole).method_used)
        self._solves.free_bound_rows()
        freed = self._solves.fixed(whole, strictly=True)
        self._step_text("freed", freed.method_used)
        return _with_duals(best, freed)

    # --- what is reported ---------------------------------------------------------------

    def _without(self, relaxed: Outcome) -> Outcome:
        """Report that the relaxation has no solution, as it was or strengthened for integers."""
        is_strengthened = np.isfinite(self._solves.bound)
        return replace(
            relaxed, has_plan=False, has_duals=False, duals_of="fixed_program" if is_strengthened else "program"
        )

    def _none(self, relaxed: Outcome) -> Outcome:
        """Report that no plan was found, and why."""
        nothing = replace(relaxed, has_plan=False, has_duals=False, objective=np.nan, gap=np.inf, bound_by="search")
        bound = np.inf if self._is_infeasible else self._solves.bound
        status = "infeasible" if self._is_infeasible else self._stopped or "error"
        return self._as_found(replace(nothing, x=np.full_like(relaxed.x, np.nan), status=status, dual_bound=bound))

    def _as_found(self, outcome: Outcome) -> Outcome:
        """Say how an outcome was found, and how long that took."""
        spent: dict[str, Any] = {"seconds": self._solves.seconds, "iterations": self._solves.iterations}
        return replace(outcome, **spent, method_used=", ".join(self._how), duals_of="fixed_program")

    def _report(self, best: Outcome, relaxed: Outcome) -> Outcome:
        """Put together what is reported of the best plan."""
        bound = min(self._solves.bound, best.objective)
        gap = relative_gap(best.objective, bound)
        stop = best.status if best.status in STOPPED else self._stopped
        # A limit on the way to a plan that is near enough ended nothing that was asked for.
        is_enough = gap <= self._aim_frac and best is not self._unproven
        status: Status = "within_gap" if stop is None or (is_enough and stop != "interrupted") else stop
        if best.has_duals and gap <= optimal_gap_frac(self._aim_frac):
            status = "optimal"
        # A bound that cannot be told from the relaxation is proven by its duals.
        by_search = relative_gap(bound, relaxed.objective) > LEAST_GAP_FRAC
        best = replace(best, status=status, dual_bound=bound, gap=gap, bound_row_dual=relaxed.row_dual)
        return self._as_found(replace(best, bound_by="search" if by_search else "relaxation"))

    # --- bookkeeping --------------------------------------------------------------------

    def _gap(self) -> float:
        if self._best is None:
            return np.inf
        return relative_gap(self._best.objective, min(self._solves.bound, self._best.objective))

    def _is_whole(self, found: Outcome) -> bool:
        x = found.x[self._model.problem.columns().integer]
        return bool(np.abs(x - np.round(x)).max(initial=0.0) <= _WHOLE)

    def _note_stop(self, outcome: Outcome) -> None:
        if outcome.status in STOPPED:
            self._stopped = outcome.status

    def _step_text(self, step: str, words: str) -> None:
        self._how.append(f"{step} ({words})")


def _with_duals(plan: Outcome, other: Outcome) -> Outcome:
    """Return a plan with the duals of another solve, or with none where that has none."""
    duals: dict[str, Any] = {"row_dual": other.row_dual, "reduced_cost": other.reduced_cost}
    return replace(plan, status=other.status, has_duals=other.has_duals, basis=other.basis, **duals)


def _bounding(outcome: Outcome) -> Outcome:
    """Take a relaxation that ran out of rounds of cuts for solved: it is a bound all the same."""
    if outcome.status == "iteration_limit" and outcome.has_plan:
        return replace(outcome, status="optimal")
    return outcome


def _over_all_rows(outcome: Outcome, model: Model) -> Outcome:
    """Give an outcome the rows that were added after its solve, which it meets, with a dual of nothing."""
    matrix = model.problem.matrix()
    if len(outcome.row_value) == matrix.rows:
        return outcome
    added = matrix.rows - len(outcome.row_dual)
    none = np.zeros(added) if outcome.has_duals else np.full(added, np.nan)
    return replace(outcome, row_value=matrix.times(outcome.x), row_dual=np.concatenate((outcome.row_dual, none)))
