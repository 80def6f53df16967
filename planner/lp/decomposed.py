"""A program solved in pieces: a master that learns from cuts what its hours cost (Benders)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from planner.base.errors import SolverError
from planner.lp.expression import added_up
from planner.lp.highs import HighsSession
from planner.lp.outcome import PROVEN_GAP_FRAC, Outcome, Status, optimal_gap_frac, relative_gap
from planner.lp.parts import Parts
from planner.lp.piece_programs import PiecePrograms
from planner.lp.progress import ProgressEvent
from planner.lp.repair import repaired
from planner.lp.shares import Shares
from planner.lp.split import Split
from planner.lp.start import Start

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Bools, Floats
    from planner.lp.change import Arrays
    from planner.lp.methods import Method
    from planner.lp.piece_programs import PieceArrays, PieceSolver
    from planner.lp.pieces import Priced
    from planner.lp.problem import ArrayProblem

__all__ = ["DecomposedSession", "local_columns", "rows_over_none", "seconds_left"]

_EXACT: Final = 1e-7  # [-]; gap up to which HiGHS takes plan and duals for those of one optimum
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
_FEWEST_GAPS: Final = 3  # rounds that say how fast the gap shrinks
_NOISE: Final = 1e-9  # of a round
_MUCH_NEARER: Final = 0.5  # of the plan's gap
_SHARE_OF_TRIAL: Final = 0.5  # of a gap that is enough: so near a trial must be, before a plan is
_NEARBY: Final = 0.1  # of each column of the master, and of a unit
_FARTHER: Final = 2.0  # times as far, where there is no plan
_FAR: Final = 10.0  # so far away the penalty is to blame, and not that there is no plan nearby
_MOST_PARTED: Final = 2
"""Programs whose cuts a session keeps: a study asks for a measure and for least cost in turn."""
_MOST_NEARBY: Final = 100
"""Most solves of the master near a trial where a limit or Ctrl-C ends the rounds."""
_FEW_NEARBY: Final = 6
"""Later ones may go further and further."""
_NEARBY_FRAC: Final = 0.2  # of the time limit, and after Ctrl-C of the time so far
_NEARBY_S: Final = 10.0  # after Ctrl-C at least
_REPAIR_FRAC: Final = 0.5  # of the time that is left, and no more than was spent so far
_REPAIR_S: Final = 10.0  # but so long at least
_SHARES: Final = "shares of rows"  # no name of a block, as it has spaces
_STOPPED: Final[Mapping[Any, Status]] = {
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupted",
}


def local_columns(problem: ArrayProblem, axes: frozenset[str]) -> Bools:
    """Return which columns of a problem are over one of some axes, and no integers.

    Parameters
    ----------
    problem : ArrayProblem
        The program.
    axes : frozenset of str
        Names of axes, such as that of the hours.
    """
    columns = problem.columns()
    is_local = np.zeros(len(columns.cost), dtype=np.bool_)
    for name in problem.column_block_names:
        if axes.intersection(problem.columns_over(name).axis_names):
            is_local[problem.column_block(name)] = True
    return is_local & ~columns.integer


def rows_over_none(problem: ArrayProblem, axes: frozenset[str]) -> Bools:
    """Return which rows of a problem are over none of some axes.

    Parameters
    ----------
    problem : ArrayProblem
        The program.
    axes : frozenset of str
        Names of axes, such as that of the sites.
    """
    is_over_none = np.zeros(problem.numConstraints(), dtype=np.bool_)
    for name in problem.row_block_names:
        if not axes.intersection(problem.rows_over(name).axis_names):
            is_over_none[problem.row_block(name)] = True
    return is_over_none


def seconds_left(
    earlier: tuple[float, float], later: tuple[float, float], rounds: int, enough_gap: float
) -> float:
    """Return how long rounds go on if the gap shrinks by the same share in each.

    Parameters
    ----------
    earlier, later : (float, float)
        Seconds and gap after two rounds.
    rounds : int
        How many rounds the later one is after the earlier one.
    enough_gap : float
        Gap at which rounds end; 1e-7, which is optimal, where it is less.

    Returns
    -------
    float
        From the later one on, of whole rounds; nan where the gap did not shrink, and where it is
        enough, so that something else is missing. [s]

    Examples
    --------
    >>> seconds_left((10.0, 1e-2), (30.0, 1e-4), 2, 0.0)  # to 1e-7: three powers of ten more
    30.0
    >>> seconds_left((10.0, 1e-2), (30.0, 1e-4), 2, 8e-5)  # it takes a whole round
    10.0
    """
    (then, wide), (now, narrow) = earlier, later
    end = max(enough_gap, _EXACT)
    if narrow >= wide or narrow <= end:
        return np.nan
    share = np.log(wide / narrow) / rounds
    more = np.ceil(np.log(narrow / end) / share - _NOISE)
    return float(more * (now - then) / rounds)


class DecomposedSession(HighsSession):
    """A session that solves a program without integers piece by piece.

    Columns that are local fall into pieces (`planner.lp.split`). The master holds all others and
    one cost for each piece, and learns it from cuts: each round it is solved, the pieces are
    solved at its trial, and what their duals prove is added. Its objective is a bound; trial and
    pieces together are a plan where they miss no row. Cuts stay valid while only columns and
    rows of the master change: other bounds, fixed integers, rows that are added.

    Parameters
    ----------
    problem, options
        As for `HighsSession`.
    is_local : array of bool
        Columns that may be left to pieces.
    gap_frac : float
        Rounds may end once the best plan costs at most this share more than the bound; 0 to go on
        to an optimum with its duals. [-]
    solver : callable
        Makes what solves the pieces: threads of this process, where it is left out.
    is_worth_it : callable, optional
        Says of a program's pieces whether it is solved in them; left out, it always is. It is
        asked of each program that falls into other pieces, as rows are added by studies.
    places : frozenset of str
        Names of axes, such as that of the sites. Pieces that rows over none of these couple are
        priced place by place too, without those rows.

    Notes
    -----
    What has integers, has no pieces or none that are worth it, or breaks down in parts, is
    solved whole.

    References
    ----------
    .. [1] J. F. Benders, "Partitioning procedures for solving mixed-variables programming
       problems," Numerische Mathematik 4, 1962.
    .. [2] J. R. Birge and F. V. Louveaux, "A multicut algorithm for two-stage stochastic linear
       programs," European Journal of Operational Research 34, 1988.
    """

    _hands_over_at_once = False  # HiGHS gets the whole program only where it is solved whole

    def __init__(
        self,
        problem: ArrayProblem,
        options: Mapping[str, bool | float | str] | None,
        is_local: Bools,
        gap_frac: float = 0.0,
        solver: Callable[[PieceArrays], PieceSolver] = PiecePrograms,
        is_worth_it: Callable[[Shares], bool] | None = None,
        places: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(problem, options)
        self._is_local, self._solver, self._is_worth_it = is_local, solver, is_worth_it
        self._gap_frac, self._places = gap_frac, places
        self._chosen: tuple[Shares, bool] | None = None  # the last ones, and whether to use them
        self._gave_up = False  # pieces, in the last solve without integers
        self._parted: list[tuple[Shares, Parts]] = []  # the last one first
        self._given: Start | None = None
        self._ended: Start | None = None

    @property
    def has_pieces(self) -> bool:
        """Whether the program it holds is solved in pieces, its integers fixed or relaxed.

        False too where the last such solve gave up pieces.
        """
        return not self._gave_up and self._shares() is not None

    def solve(
        self,
        method: Method = "auto",
        *,
        time_limit_s: float | None = None,
        threads: int = 1,
        on_progress: Callable[[ProgressEvent], None] | None = None,
        interrupt: threading.Event | None = None,
        start: Floats | None = None,
        gap_frac: float = PROVEN_GAP_FRAC,
        strictly: bool = False,
    ) -> Outcome:
        """Solve the program the session holds, in pieces where it has no integers.

        Parameters
        ----------
        method : str
            That of what is solved whole. In pieces, ``"auto"`` and ``"decomposed"`` go on from the
            last basis of the master, and the others begin without it; the cuts stay.
        time_limit_s, threads, on_progress, interrupt, start, gap_frac, strictly
            As for `HighsSession.solve`. Progress is reported once a round.

        Returns
        -------
        Outcome
            Verdict, plan and duals. Stopped, it is the best plan so far with its bound and gap;
            ended at a gap that was asked for, it has the duals that prove the bound.
        """
        began = time.perf_counter()
        limit = np.inf if time_limit_s is None else time_limit_s
        note = ""
        arrays = self._arrays
        if not arrays.columns.integer.any():
            parts = self._in_parts()
            if parts is not None:
                shares = self._parted[0][0]
                run = _Run(
                    parts,
                    lambda plan: shares.missed(arrays, plan),
                    began,
                    began + limit,
                    threads,
                    on_progress,
                    interrupt,
                    optimal_gap_frac(gap_frac),
                    self._gap_frac,
                    strictly=strictly,
                )
                if method not in {"auto", "decomposed"}:
                    parts.master.forget_basis()
                try:
                    outcome = shares.without(run.outcome(), arrays)
                    self._gave_up = False
                    if outcome.status == "optimal" and self._ended is None:
                        self._ended = self._kept(parts)
                    return outcome
                except SolverError as error:
                    note = f" (gave up pieces: {error})"
                    self._gave_up = True
                    del self._parted[0]
        whole = super().solve(
            method,
            time_limit_s=max(0.0, limit - (time.perf_counter() - began)),
            threads=threads,
            on_progress=on_progress,
            interrupt=interrupt,
            start=start,
            gap_frac=gap_frac,
            strictly=strictly,
        )
        return replace(whole, method_used=whole.method_used + note) if note else whole

    def _in_parts(self) -> Parts | None:
        """Return the program in parts, as far as possible with the cuts there are."""
        arrays = self._arrays
        for number, (held, parts) in enumerate(self._parted):
            if held.fits(arrays) and parts.take(held.added_to(arrays)):
                self._parted.insert(0, self._parted.pop(number))
                return parts
        shares = self._shares()
        if shares is None:
            return None
        whole = shares.added_to(arrays)
        split = Split.from_matrix(whole.matrix, shares.local())
        parts = Parts.from_arrays(whole, split, self._solver, self._within(shares, whole, split))
        if self._given is not None:
            duals = shares.to_all(self._given.duals_on(self._problem))
            if shares.row.size:
                over = shares.over(self._problem)
                duals[shares.place] = self._given.duals_over(_SHARES, over)
            parts.start_with(duals)
        others = [one for one in self._parted if one[0].fits(arrays)]
        self._parted = [(shares, parts), *others][:_MOST_PARTED]
        return parts

    def _within(self, shares: Shares, whole: Arrays, split: Split) -> Split | None:
        """Return the places of pieces: what is left of them without rows over no place."""
        if not self._places:
            return None
        of_rows = rows_over_none(self._problem, self._places)
        is_apart = np.zeros(whole.matrix.rows, dtype=np.bool_)
        is_apart[shares.row_at(of_rows.size)] = of_rows
        is_apart[shares.place] = of_rows[shares.row]
        return split.within(whole.matrix, shares.local(), is_apart)

    def _shares(self) -> Shares | None:
        """Return how the program falls into pieces; None where it is solved whole."""
        arrays, chosen = self._arrays, self._chosen
        if chosen is None or not chosen[0].parts_alike(arrays):
            size = arrays.matrix.columns
            is_local = np.concatenate((self._is_local, np.zeros(size, dtype=np.bool_)))[:size]
            shares = Shares.from_arrays(arrays, is_local)
            is_used = shares.split.pieces > 0
            if is_used and self._is_worth_it is not None:
                is_used = self._is_worth_it(shares)
            self._chosen = chosen = (shares, is_used)
        return chosen[0] if chosen[1] else None

    def start_from(self, start: Start) -> bool:
        """Let the next solve begin with the cuts of a like program, as far as they hold here.

        Parameters
        ----------
        start : Start
            What the like program ended with.

        Returns
        -------
        bool
            Whether it has any.
        """
        self._given, self._parted = start, []
        return bool(start.duals)

    def start(self) -> Start | None:
        """Return what a like program may begin with: the cuts that bound at the first optimum."""
        return self._ended

    def _kept(self, parts: Parts) -> Start:
        problem, shares = self._problem, self._parted[0][0]
        binding = parts.binding()
        duals = binding[shares.row_at(self._arrays.matrix.rows)]
        held = {
            name: (problem.rows_over(name), duals[problem.row_block(name)])
            for name in problem.row_block_names
            if problem.row_block(name).stop <= len(duals)
        }
        if shares.row.size:
            held[_SHARES] = shares.over(problem), binding[shares.place]
        return Start({}, {}, {name: block for name, block in held.items() if block[1].any()})


@dataclass(frozen=True, eq=False)
class _Trial:
    """What pieces make of a trial of the master, and for which of them that is news to it.

    `plan` has all columns of the program, whether it misses rows or not; `cost` is what they cost.
    """

    priced: Priced
    is_plan: bool
    is_new: Bools
    plan: Floats
    cost: float


class _Run:
    """One solve in pieces: the best plan and the best bound so far."""

    def __init__(
        self,
        parts: Parts,
        missed: Callable[[Floats], float],  # by a plan, of rows that are split
        began: float,
        until: float,
        threads: int,
        on_progress: Callable[[ProgressEvent], None] | None,
        interrupt: threading.Event | None,
        optimal_gap: float,
        enough_gap: float,
        *,
        strictly: bool,
    ) -> None:
        self._strictly, self._optimal_gap, self._enough_gap = strictly, optimal_gap, enough_gap
        self._parts, self._began, self._until, self._threads = parts, began, until, threads
        self._missed = missed
        self._loose_rounds = 0 if parts.master.cuts else _LOOSE_ROUNDS
        self._on_progress, self._interrupt = on_progress, interrupt
        self._plan: Floats | None = None
        self._objective, self._bound = np.inf, -np.inf
        self._bound_dual: Floats | None = None
        self._rounds = 0
        self._with_penalties = np.inf  # least cost of a trial, with what is paid for missed rows
        self._best_trial = np.empty(0)
        self._last: _Trial | None = None  # that meets the rows of the master
        self._repairs_from, self._wait = 0, 1  # rounds
        self._is_nearby = self._time_is_up = False
        self._gap_at: list[tuple[float, float]] = []  # seconds and gap to that, by round

    def outcome(self) -> Outcome:
        """Solve master and pieces in turn until no piece costs more than the master foretells.

        Raises
        ------
        SolverError
            If a part has no plan or breaks down: then the whole program says why.
        """
        parts = self._parts
        steps = self._steps()
        status: Status | None = None
        while status is None:
            trial = self._next_trial()
            if not isinstance(trial, _Trial):
                status = trial
                break
            is_last = trial.is_plan and not trial.is_new.any()
            if self._loose_rounds:
                self._loose_rounds -= 1
                parts.add_cuts(trial.priced, trial.is_new)
            elif self._gap <= _EXACT or (is_last and self._gap <= self._optimal_gap):
                status = "optimal"
            elif trial.is_new.any():
                parts.add_cuts(trial.priced, trial.is_new)
                if trial.is_new.mean() > _MOST_ARE_NEW:
                    parts.master.forget_basis()
            elif trial.is_plan or not trial.priced.is_proof.all():
                message = "no proven cut is left, and the plan is not optimal by those there are"
                raise SolverError(message)
            elif parts.pieces.penalty < _MOST_PENALTY:
                parts.raise_penalty()
                self._with_penalties, self._gap_at = np.inf, []
            else:
                message = "rows are missed at any price"
                raise SolverError(message)
            if status is None and self._is_enough():
                status = "within_gap"
            if status is None and self._rounds >= _MOST_ROUNDS:
                message = f"no end after {_MOST_ROUNDS} rounds"
                raise SolverError(message)
        if status in {"time_limit", "interrupted"} and self._trial_is_nearer():
            status = self._with_time_for_a_plan(status)
        return self._put_together(status, self._steps() - steps)

    def _next_trial(self) -> _Trial | Status:
        """Solve the master, and price its trial; return why if it was stopped."""
        parts, is_loose = self._parts, self._loose_rounds > 0
        master, pieces = parts.master, parts.pieces
        limits = self._left_s(), self._interrupt, self._threads
        if is_loose:
            solved = master.run_loosely(*limits)
            if solved != highspy.HighsModelStatus.kOptimal and solved not in _STOPPED:
                self._loose_rounds, is_loose = 0, False
        if not is_loose:
            limits = self._left_s(), self._interrupt, self._threads
            solved = master.run(*limits, strictly=self._strictly)
        if solved in _STOPPED:
            return _STOPPED[solved]
        if solved != highspy.HighsModelStatus.kOptimal:
            message = f"the master ended with {solved.name}"
            raise SolverError(message)
        x, foretold = master.solution()
        if not is_loose:
            self._take_bound()
        priced = parts.solve_at(x, self._left_s(), self._interrupt, self._threads)
        if priced is None:
            return "interrupted" if self._is_interrupted() else "time_limit"
        self._rounds += 1
        cost = priced.bound_at(x)
        is_new = priced.is_proof & (cost - foretold > _NEW_CUT * (1.0 + np.abs(cost)))
        if is_loose:
            is_new = priced.is_proof
        objective = master.own_cost(x) + float(priced.cost.sum())
        may_miss = _MISSED if is_new.any() else _MISSED_AT_END
        plan = parts.plan(x, priced.y)
        is_plan = not is_loose and bool(priced.missed.max(initial=0.0) <= may_miss)
        is_plan = is_plan and self._missed(plan) <= may_miss
        if is_plan and objective < self._objective:
            self._objective, self._plan = objective, plan
        with_penalties = objective + pieces.penalty * float(priced.missed.sum())
        if with_penalties < self._with_penalties:
            self._with_penalties, self._best_trial = with_penalties, x
        self._report()
        trial = _Trial(priced, is_plan, is_new, plan, objective)
        self._last = None if is_loose else trial
        return trial

    def _take_bound(self) -> None:
        """Take the objective of the last master as bound, where it is one and a better one."""
        master = self._parts.master
        bound = master.objective
        if not self._is_nearby and master.rests_on_no_bound() and bound > self._bound:
            self._bound = bound
            if self._enough_gap > 0.0:
                self._bound_dual = self._parts.duals()

    def _is_enough(self) -> bool:
        """Return whether the best plan is as near to the bound as was asked for.

        Where a trial is and no plan, it is repaired. If that can not be, a plan near it is looked
        for: in half of the gap, so that it may cost a little more than the trial.
        """
        if self._enough_gap == 0.0:
            return False
        if not self._has_enough() and not self._repair(self._enough_gap):
            closing = relative_gap(self._with_penalties, self._bound)
            if closing <= _SHARE_OF_TRIAL * self._enough_gap:
                self._look_nearby(_FEW_NEARBY)
        return self._has_enough()

    def _has_enough(self) -> bool:
        """Return whether the best plan so far is within a gap that was asked for."""
        return self._enough_gap > 0.0 and self._gap <= self._enough_gap

    def _repair(self, gap: float) -> bool:
        """Make a plan of the last trial where it costs little enough; return whether there is one.

        After a repair in vain the next comes later, each time twice as many rounds.

        Parameters
        ----------
        gap : float
            Most that the trial may cost above the bound, as a share of its cost. [-]
        """
        trial = self._last
        if trial is None or trial.is_plan or trial.cost - self._bound > gap * abs(trial.cost):
            return False
        if not self._time_is_up and self._rounds < self._repairs_from:
            return False
        parts, spent = self._parts, time.perf_counter() - self._began
        seconds = min(_REPAIR_FRAC * self._left_s(), max(_REPAIR_S, spent))
        missed = parts.pieces.rows[trial.priced.missed > _MISSED]
        try:
            plan = repaired(parts.whole, parts.split, trial.plan, missed, seconds, self._interrupt)
        except SolverError:
            plan = None  # what HiGHS can not do here, it may do elsewhere
        if plan is None or not self._is_met(plan):
            self._repairs_from = self._rounds + self._wait
            self._wait *= 2
            return False
        columns = parts.whole.columns
        objective = columns.offset + float(columns.cost @ plan)
        if objective < self._objective:
            self._objective, self._plan = objective, plan
        return True

    def _is_met(self, plan: Floats) -> bool:
        """Return whether a plan misses no row, neither as it is split nor as it was given."""
        whole = self._parts.whole
        value, rows = whole.matrix.times(plan), whole.rows
        missed = np.maximum(rows.lower - value, value - rows.upper).max(initial=0.0)
        return bool(missed <= _MISSED_AT_END) and self._missed(plan) <= _MISSED_AT_END

    def _trial_is_nearer(self) -> bool:
        """Return whether the best trial is much nearer to the bound than the plan, if any."""
        closing = relative_gap(self._with_penalties, self._bound)
        has_trial, has_plan = self._best_trial.size > 0, self._plan is not None
        return has_trial and (not has_plan or closing < _MUCH_NEARER * self._gap)

    def _with_time_for_a_plan(self, status: Status) -> Status:
        """Repair the last trial after a stop, or look for a plan nearby; return how it ended.

        At a limit, that plan may be near enough.
        """
        self._go_on_for_a_plan()
        self._look_for_a_bound()
        self._repair(np.inf)
        if self._trial_is_nearer():
            self._look_nearby()
        return "within_gap" if status == "time_limit" and self._has_enough() else status

    def _go_on_for_a_plan(self) -> None:
        """Go on after a limit in the time that was kept for that, and after Ctrl-C for a while."""
        self._time_is_up = True
        if self._is_interrupted():
            now = time.perf_counter()
            seconds = max(_NEARBY_S, _NEARBY_FRAC * (now - self._began))
            self._until = min(self._until, now + seconds)
            self._interrupt = None

    def _look_for_a_bound(self) -> None:
        """Solve the master to the end where it was solved loosely alone, which bounds nothing."""
        self._loose_rounds = 0
        if np.isfinite(self._bound):
            return
        try:
            trial = self._next_trial()
        except SolverError:
            return  # then there is no bound, and a plan may be near the best trial all the same
        if isinstance(trial, _Trial):
            self._parts.add_cuts(trial.priced, trial.is_new)

    def _look_nearby(self, most: int = _MOST_NEARBY) -> None:
        """Look for a plan near the best trial, in the time that is kept for it.

        Few cuts are missing so near to where pieces were solved, so a trial there soon misses no
        row; where the best trial is no good, later solves may go ever further.
        """
        parts, radius = self._parts, _NEARBY
        self._is_nearby = True
        try:
            for number in range(most):
                parts.master.hold_near(self._best_trial, radius)
                trial = self._next_trial()
                if not isinstance(trial, _Trial) or trial.is_plan:
                    break
                parts.add_cuts(trial.priced, trial.is_new)
                is_stuck = not trial.is_new.any()
                if is_stuck and radius > _FAR and parts.pieces.penalty < _MOST_PENALTY:
                    parts.raise_penalty()
                if is_stuck or number + 1 >= _FEW_NEARBY:
                    radius *= _FARTHER
        except SolverError:
            return  # there is no plan nearby; the bound is one all the same
        finally:
            parts.master.release()
            self._is_nearby = False

    def _steps(self) -> int:
        return self._parts.master.iterations + self._parts.pieces.iterations

    def _put_together(self, status: Status, steps: int) -> Outcome:
        """Return the best plan with its bound, and the duals behind it where it is proven."""
        whole, parts = self._parts.whole, self._parts
        is_optimal, has_plan = status == "optimal", self._plan is not None
        unknown = np.full(whole.matrix.columns, np.nan)
        no_row = np.full(whole.matrix.rows, np.nan)
        plan = unknown if self._plan is None else self._plan
        dual = parts.duals() if is_optimal else no_row
        matrix, reduced = whole.matrix, unknown
        if is_optimal:
            worth = matrix.value * dual[matrix.row_of_value()]
            reduced = whole.columns.cost - added_up(worth, matrix.column, matrix.columns)
        objective = self._objective if has_plan else np.nan
        bound = min(self._bound, self._objective)
        where = f"{parts.pieces.count} pieces {parts.pieces.place}".rstrip()
        return Outcome(
            status=status,
            has_plan=has_plan,
            has_duals=is_optimal,
            objective=objective,
            dual_bound=bound,
            gap=relative_gap(objective, bound),
            x=plan,
            row_value=matrix.times(plan) if has_plan else no_row,
            row_dual=dual,
            reduced_cost=reduced,
            basis=None,
            seconds=time.perf_counter() - self._began,
            iterations=steps,
            method_used=f"decomposed: {where}, {self._rounds} rounds",
            message=status,
            bound_row_dual=self._bound_dual if status == "within_gap" else None,
        )

    @property
    def _gap(self) -> float:
        if self._plan is None:
            return np.inf
        return relative_gap(self._objective, min(self._bound, self._objective))

    def _report(self) -> None:
        if self._on_progress is not None:
            objective = self._objective if self._plan is not None else np.nan
            seconds, gap = time.perf_counter() - self._began, self._gap
            closing = relative_gap(self._with_penalties, self._bound)
            if np.isfinite(closing) and not self._is_nearby:
                self._gap_at.append((seconds, closing))
            self._on_progress(
                ProgressEvent(
                    "rounds",
                    seconds,
                    self._rounds,
                    objective,
                    self._bound,
                    gap,
                    left_s=self._rest_s(),
                )
            )

    def _rest_s(self) -> float:
        """Return how long rounds go on if the gap shrinks as in the last ones. [s]

        While a plan is looked for near a trial, nothing says how long that takes.
        """
        if self._is_nearby or len(self._gap_at) < _FEWEST_GAPS:
            return np.nan
        earlier, later = self._gap_at[-_FEWEST_GAPS], self._gap_at[-1]
        is_plan = self._objective <= self._with_penalties
        enough_gap = self._enough_gap * (1.0 if is_plan else _SHARE_OF_TRIAL)
        rest_s = seconds_left(earlier, later, _FEWEST_GAPS - 1, enough_gap)
        return min(rest_s, max(0.0, self._until - time.perf_counter()))

    def _left_s(self) -> float:
        """Return the time that is left, less what a plan near the best trial may take. [s]"""
        until = self._until
        if not self._time_is_up and self._trial_is_nearer():
            until = self._began + (1.0 - _NEARBY_FRAC) * (until - self._began)
        return max(0.0, until - time.perf_counter())

    def _is_interrupted(self) -> bool:
        return self._interrupt is not None and self._interrupt.is_set()
