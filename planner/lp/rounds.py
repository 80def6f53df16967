"""Rounds of the decomposition, and how long they take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from planner.base.errors import SolverError
from planner.lp.outcome import (
    LEAST_GAP_FRAC,
    PROVEN_GAP_FRAC,
    Best,
    Outcome,
    ProgressEvent,
    SolveOptions,
    Status,
    optimal_gap_frac,
    relative_gap,
)
from planner.lp.shares import repaired

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Bools, Floats
    from planner.lp.parts import Parts
    from planner.lp.pieces import Priced

# --- How fast the rounds of a solve in pieces close its gap, and so how long they go on -----------

_FEWEST_GAPS: Final = 3  # rounds that say how fast the gap shrinks
_NOISE: Final = 1e-9  # of a round


class GapPace:
    """Seconds and gaps of rounds, and the time that rounds to come take at the same pace.

    >>> pace = GapPace()
    >>> for seconds, gap in ((10.0, 1e-2), (20.0, 1e-3), (30.0, 1e-4)):
    ...     pace.note(seconds, gap)
    >>> pace.seconds_left(0.0)  # to 1e-7: three powers of ten more
    30.0
    >>> pace.seconds_left(8e-5)  # it takes a whole round
    10.0
    """

    def __init__(self) -> None:
        self._gap_at: list[tuple[float, float]] = []  # seconds and gap, by round

    def note(self, seconds: float, gap: float) -> None:
        """Note the gap after a round; one without a bound or a trial says nothing."""
        if np.isfinite(gap):
            self._gap_at.append((seconds, gap))

    def forget(self) -> None:
        """Forget all rounds, as those to come are of another program."""
        self._gap_at.clear()

    def seconds_left(self, enough_gap: float) -> float:
        """Return how long rounds go on if the gap shrinks as in the last ones. [s] Takes `enough_gap` [-]."""
        if len(self._gap_at) < _FEWEST_GAPS:
            return np.nan
        (then, wide), (now, narrow) = self._gap_at[-_FEWEST_GAPS], self._gap_at[-1]
        end, rounds = max(enough_gap, LEAST_GAP_FRAC), _FEWEST_GAPS - 1
        if narrow >= wide or narrow <= end:
            return np.nan
        share = np.log(wide / narrow) / rounds
        more = np.ceil(np.log(narrow / end) / share - _NOISE)
        return float(more * (now - then) / rounds)


# --- Rounds of a solve in pieces: master and pieces in turn, until a plan is near its bound -------

_NEW_CUT: Final = 1e-9  # of a piece's cost: what a cut must add
_MOST_ARE_NEW: Final = 0.9  # share of pieces with a new cut from which on a basis is of no use
_LOOSE_ROUNDS: Final = 2
"""First rounds in which a master that knows no cut yet is solved to a tenth of its cost alone.

Loosely, interior point ends amid all that is nearly as good, and cuts made there hold back the
master far and wide; a vertex is where it knows least. It takes half as long besides.
"""
_MISSED: Final = 1e-7  # [-]; of a row that a plan may miss
_MISSED_AT_END: Final = 1e-6  # [-]; where no cut is left: what HiGHS' scaling leaves of a row
_MOST_PENALTY: Final = 1e7  # units of the objective per unit of a row, as `pieces.PENALTY`
_MOST_ROUNDS: Final = 400
_AFTER_FRAC: Final = 0.2  # of the time limit, kept for a repair, and after Ctrl-C of the time so far
_AFTER_S: Final = 10.0  # after Ctrl-C at least
_REPAIR_FRAC: Final = 0.5  # of the time that is left
_REPAIR_SPENT_FRAC: Final = 0.25
"""Share of the time spent so far that a repair takes at most: one that succeeds takes less, and
one in vain may have no end."""
_REPAIR_S: Final = 10.0  # but so long at least
_STOPPED: Final[Mapping[Any, Status]] = {
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
}


@dataclass(frozen=True, eq=False)
class _Trial:
    """What pieces make of a trial, and for which that is news; `plan` has all columns, which cost `cost`."""

    priced: Priced
    is_plan: bool
    is_new: Bools
    plan: Floats
    cost: float


class Rounds:
    """One solve in pieces, round by round."""

    def __init__(
        self,
        parts: Parts,
        missed: Callable[[Floats], float],
        began: float,
        until: float,
        enough_gap: float,
        how: SolveOptions,
    ) -> None:
        self._strictly, self._threads = how.get("strictly", False), how.get("threads", 1)
        self._optimal_gap, self._enough_gap = optimal_gap_frac(how.get("gap_frac", PROVEN_GAP_FRAC)), enough_gap
        self._parts, self._missed, self._began, self._until = parts, missed, began, until
        self._loose_rounds = 0 if parts.master.cuts else _LOOSE_ROUNDS
        self._on_progress, self._interrupt = how.get("on_progress"), how.get("interrupt")
        self._best, self._pace = Best(), GapPace()
        self._rounds = 0
        self._last: _Trial | None = None  # that meets the rows of the master
        self._repairs_from, self._wait = 0, 1  # rounds
        self._time_is_up = False

    def outcome(self) -> Outcome:
        """Solve master and pieces in turn until no piece costs more than the master foretells."""
        parts = self._parts
        steps = self._steps()
        status: Status | None = None
        while status is None:
            trial = self._next_trial()
            if not isinstance(trial, _Trial):
                status = trial
                break
            is_last = trial.is_plan and not trial.is_new.any()
            gap = self._best.gap
            if self._loose_rounds:
                self._loose_rounds -= 1
                parts.add_cuts(trial.priced, trial.is_new)
            elif gap <= LEAST_GAP_FRAC or (is_last and gap <= self._optimal_gap):
                status = "optimal"
            elif trial.is_new.any():
                parts.add_cuts(trial.priced, trial.is_new)
                if trial.is_new.mean() > _MOST_ARE_NEW:
                    parts.master.forget_basis()
            elif trial.is_plan or not trial.priced.is_proof.all():
                raise SolverError("no proven cut is left, and the plan is not optimal by those there are")
            elif parts.pieces.penalty < _MOST_PENALTY:
                parts.pieces.raise_penalty()
                self._best.forget_trial_cost()
                self._pace.forget()
            else:
                raise SolverError("rows are missed at any price")
            if status is None and self._is_enough():
                status = "within_gap"
            if status is None and self._rounds >= _MOST_ROUNDS:
                raise SolverError(f"no end after {_MOST_ROUNDS} rounds")
        if status in {"time_limit", "interrupted"} and self._best.trial_is_nearer():
            status = self._with_time_for_a_plan(status)
        return self._put_together(status, self._steps() - steps)

    def _next_trial(self) -> _Trial | Status:
        """Solve the master, and price its trial; return why if it was stopped."""
        parts, is_loose = self._parts, self._loose_rounds > 0
        master, pieces = parts.master, parts.pieces
        how: dict[str, Any] = {"interrupt": self._interrupt, "threads": self._threads, "strictly": self._strictly}
        solved = master.run(self._left_s(), loosely=is_loose, **how)
        if is_loose and solved != highspy.HighsModelStatus.kOptimal and solved not in _STOPPED:
            self._loose_rounds, is_loose = 0, False
            solved = master.run(self._left_s(), **how)
        if solved in _STOPPED:
            return _STOPPED[solved]
        if solved != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"the master ended with {solved.name}")
        x, foretold = master.solution()
        if not is_loose:
            self._take_bound()
        priced = pieces.solve_at(x, self._left_s(), self._interrupt, self._threads)
        if priced is None:
            return "interrupted" if self._is_interrupted() else "time_limit"
        self._rounds += 1
        cost = priced.bound_at(x)
        is_new = priced.is_proof & (cost - foretold > _NEW_CUT * (1.0 + np.abs(cost)))
        if is_loose:
            is_new = priced.is_proof
        objective = master.own_cost(x) + priced.cost
        may_miss = _MISSED if is_new.any() else _MISSED_AT_END
        plan = parts.plan(x, priced.y)
        is_plan = not is_loose and bool(priced.missed.max(initial=0.0) <= may_miss)
        is_plan = is_plan and self._missed(plan) <= may_miss
        if is_plan:
            self._best.take_plan(plan, objective)
        self._best.take_trial(objective + pieces.penalty * float(priced.missed.sum()))
        self._report()
        trial = _Trial(priced, is_plan, is_new, plan, objective)
        self._last = None if is_loose else trial
        return trial

    def _take_bound(self) -> None:
        """Take the objective of the last master as bound, where it is one and a better one."""
        master, best = self._parts.master, self._best
        bound = master.objective
        if master.rests_on_no_bound() and bound > best.bound:
            best.bound = bound
            if self._enough_gap > 0.0:
                best.bound_dual = self._parts.duals()

    def _is_enough(self) -> bool:
        """Return whether the best plan, or a trial that is repaired, is as near to the bound as was asked for."""
        return self._enough_gap > 0.0 and (self._has_enough() or self._repair(self._enough_gap)) and self._has_enough()

    def _has_enough(self) -> bool:
        """Return whether the best plan so far is within a gap that was asked for."""
        return self._enough_gap > 0.0 and self._best.gap <= self._enough_gap

    def _repair(self, gap: float) -> bool:
        """Make a plan of the last trial where it costs little enough; return whether there is one. Takes `gap` [-].

        After a repair in vain the next comes later, each time twice as many rounds.
        """
        trial = self._last
        if trial is None or trial.is_plan or trial.cost - self._best.bound > gap * abs(trial.cost):
            return False
        if not self._time_is_up and self._rounds < self._repairs_from:
            return False
        parts, spent = self._parts, time.perf_counter() - self._began
        seconds = min(_REPAIR_FRAC * self._left_s(), max(_REPAIR_S, _REPAIR_SPENT_FRAC * spent))
        missed = parts.pieces.rows[np.flatnonzero(trial.priced.missed > _MISSED)]
        try:
            plan = repaired(parts.whole, parts.split, trial.plan, missed, seconds, self._interrupt)
        except SolverError:
            plan = None  # what HiGHS can not do here, it may do elsewhere
        if plan is None or not self._is_met(plan):
            self._repairs_from = self._rounds + self._wait
            self._wait *= 2
            return False
        columns = parts.whole.columns
        self._best.take_plan(plan, columns.offset + float(columns.cost @ plan))
        return True

    def _is_met(self, plan: Floats) -> bool:
        """Return whether a plan misses no row, neither as it is split nor as it was given."""
        whole = self._parts.whole
        value, rows = whole.matrix.times(plan), whole.rows
        missed = np.maximum(rows.lower - value, value - rows.upper).max(initial=0.0)
        return bool(missed <= _MISSED_AT_END) and self._missed(plan) <= _MISSED_AT_END

    def _with_time_for_a_plan(self, status: Status) -> Status:
        """Repair the last trial after a stop; return how it ended. At a limit, that plan may be near enough."""
        self._go_on_for_a_plan()
        self._look_for_a_bound()
        self._repair(np.inf)
        return "within_gap" if status == "time_limit" and self._has_enough() else status

    def _go_on_for_a_plan(self) -> None:
        """Go on after a limit in the time that was kept for that, and after Ctrl-C for a while."""
        self._time_is_up = True
        if self._is_interrupted():
            now = time.perf_counter()
            seconds = max(_AFTER_S, _AFTER_FRAC * (now - self._began))
            self._until = min(self._until, now + seconds)
            self._interrupt = None

    def _look_for_a_bound(self) -> None:
        """Solve the master to the end where it was solved loosely alone, which bounds nothing."""
        self._loose_rounds = 0
        if np.isfinite(self._best.bound):
            return
        try:
            trial = self._next_trial()
        except SolverError:
            return  # then there is no bound
        if isinstance(trial, _Trial):
            self._parts.add_cuts(trial.priced, trial.is_new)

    def _steps(self) -> int:
        return self._parts.master.iterations + self._parts.pieces.iterations

    def _put_together(self, status: Status, steps: int) -> Outcome:
        """Return the best plan with its bound, and the duals behind it where it is proven."""
        whole, parts, best = self._parts.whole, self._parts, self._best
        is_optimal, has_plan = status == "optimal", best.plan is not None
        unknown = np.full(whole.matrix.columns, np.nan)
        no_row = np.full(whole.matrix.rows, np.nan)
        plan = unknown if best.plan is None else best.plan
        dual = parts.duals() if is_optimal else no_row
        objective = best.objective if has_plan else np.nan
        bound = min(best.bound, best.objective)
        where = f"{parts.pieces.count} pieces"
        return Outcome(
            status=status,
            has_plan=has_plan,
            has_duals=is_optimal,
            objective=objective,
            dual_bound=bound,
            gap=relative_gap(objective, bound),
            x=plan,
            row_value=whole.matrix.times(plan) if has_plan else no_row,
            row_dual=dual,
            reduced_cost=whole.reduced_costs(dual) if is_optimal else unknown,
            basis=None,
            seconds=time.perf_counter() - self._began,
            iterations=steps,
            method_used=f"decomposed: {where}, {self._rounds} rounds",
            message=status,
            bound_row_dual=best.bound_dual if status == "within_gap" else None,
        )

    def _report(self) -> None:
        if self._on_progress is None:
            return
        seconds, best = time.perf_counter() - self._began, self._best
        self._pace.note(seconds, best.closing)
        objective = best.objective if best.plan is not None else np.nan
        rest_s = min(self._pace.seconds_left(self._enough_gap), max(0.0, self._until - time.perf_counter()))
        self._on_progress(
            ProgressEvent("rounds", seconds, self._rounds, objective, best.bound, best.gap, left_s=rest_s)
        )

    def _left_s(self) -> float:
        """Return the time that is left, less what the repair of a trial may take. [s]"""
        until = self._until
        if not self._time_is_up and self._best.trial_is_nearer():
            until = self._began + (1.0 - _AFTER_FRAC) * (until - self._began)
        return max(0.0, until - time.perf_counter())

    def _is_interrupted(self) -> bool:
        return self._interrupt is not None and self._interrupt.is_set()
