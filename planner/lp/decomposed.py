"""A program solved in pieces: a master that learns from cuts what its hours cost (Benders)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from planner.base.errors import SolverError
from planner.lp.expression import added_up
from planner.lp.highs import HighsSession
from planner.lp.master import Master
from planner.lp.outcome import PROVEN_GAP_FRAC, Outcome, Status, optimal_gap_frac, relative_gap
from planner.lp.pieces import Pieces
from planner.lp.progress import ProgressEvent
from planner.lp.split import Split
from planner.lp.start import Start

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.change import Arrays
    from planner.lp.methods import Method
    from planner.lp.pieces import Priced
    from planner.lp.problem import ArrayProblem

__all__ = ["DecomposedSession", "local_columns", "seconds_left"]

_EXACT: Final = 1e-7  # [-]; gap up to which HiGHS takes plan and duals for those of one optimum
_NEW_CUT: Final = 1e-9  # of a piece's cost: what a cut must add
_MISSED: Final = 1e-7  # [-]; of a row that a plan may miss
_MOST_PENALTY: Final = 1e7  # [MUSD per unit]
_MOST_ROUNDS: Final = 400
_NO_SHARE: Final = 1e-9  # [-]; price of a cut that does not bind
_FEWEST_GAPS: Final = 3  # rounds that say how fast the gap shrinks
_MOST_KEPT: Final = 8
"""Most cuts of a piece that are kept for other programs."""
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


def seconds_left(earlier: tuple[float, float], later: tuple[float, float]) -> float:
    """Return after how long rounds end if the gap goes on to shrink by the same share a second.

    Parameters
    ----------
    earlier, later : (float, float)
        Seconds and gap after two rounds.

    Returns
    -------
    float
        From the later one on; nan where the gap did not shrink. [s]

    Examples
    --------
    >>> round(seconds_left((10.0, 1e-2), (30.0, 1e-4)), 3)  # to 1e-7: three powers of ten more
    30.0
    """
    (then, wide), (now, narrow) = earlier, later
    narrow = max(narrow, _EXACT)
    if narrow >= wide:
        return np.nan
    return float((now - then) * np.log(narrow / _EXACT) / np.log(wide / narrow))


@dataclass(eq=False)
class _Parts:
    """A program in parts, and the duals behind every cut of its master."""

    whole: Arrays
    split: Split
    pieces: Pieces
    master: Master
    dual_of_round: list[Floats] = field(default_factory=list)
    round_of_cut: list[Positions] = field(default_factory=list)

    @classmethod
    def of(cls, arrays: Arrays, split: Split) -> _Parts:
        """Split a program."""
        pieces = Pieces(arrays, split)
        rows = np.flatnonzero(split.piece_of_row < 0)
        return cls(arrays, split, pieces, Master(arrays, pieces.of_master, rows, pieces.least))

    def takes(self, new: Arrays) -> bool:
        """Go on with a program that differs in the master alone; return whether it is such."""
        old, rows = self.whole, len(self.whole.rows.lower)
        if new is old:
            return True
        if new.matrix.columns != old.matrix.columns or new.matrix.rows < rows:
            return False
        head = new.head(rows) if new.matrix.rows > rows else new
        added = new.matrix.column[new.matrix.start[rows] :]
        columns = np.concatenate((old.changed_costs(head), old.changed_column_bounds(head), added))
        is_of_pieces = (self.split.piece_of_column[columns] >= 0).any() or (
            self.split.piece_of_row[old.changed_row_bounds(head)] >= 0
        ).any()
        same_matrix = head.matrix is old.matrix or not old.changed_coefficients(head)
        if is_of_pieces or not same_matrix:
            return False
        new_rows = np.arange(rows, new.matrix.rows)
        self.master.take(new, new_rows)
        self.whole = new
        self.split = self.split.with_rows(new_rows.size)
        return True

    def add_cuts(self, priced: Priced, is_new: Bools) -> None:
        """Add cuts of some pieces to the master, and keep the duals behind them."""
        self._add(priced.constant, priced.slope, is_new, priced.dual)

    def _add(self, constant: Floats, slope: Any, is_new: Bools, dual: Floats) -> None:
        self.master.add_cuts(constant, slope, is_new)
        number = len(self.dual_of_round)
        self.round_of_cut.append(np.full(int(is_new.sum()), number, dtype=np.intp))
        self.dual_of_round.append(dual)

    def start_with(self, duals: Floats) -> None:
        """Add the cuts that duals of a like program prove here too.

        Parameters
        ----------
        duals : array of float
            Rows of the whole program by cuts of a piece; 0 where a piece has no more of them.
        """
        for dual in duals[self.pieces.rows].T:
            constant, slope, is_proof = self.pieces.proven(dual)
            has_dual = np.zeros(self.pieces.count, dtype=np.bool_)
            has_dual[self.split.piece_of_row[self.pieces.rows[dual != 0.0]]] = True
            self._add(constant, slope, is_proof & has_dual, dual)

    def binding(self) -> Floats:
        """Return the duals behind the cuts that bind in the last master, rows by cuts of a piece.

        Of each piece those with the highest price come first, and at most some.
        """
        _, of_cuts = self.master.duals()
        cut = np.flatnonzero(of_cuts > _NO_SHARE)
        piece = self.master.piece_of_cut[cut]
        order = np.lexsort((-of_cuts[cut], piece))
        cut, piece = cut[order], piece[order]
        place = np.arange(cut.size) - np.searchsorted(piece, piece)
        made = np.concatenate(self.round_of_cut) if self.round_of_cut else cut
        duals = np.zeros((len(self.whole.rows.lower), min(place.max(initial=-1) + 1, _MOST_KEPT)))
        piece_of_row = self.split.piece_of_row[self.pieces.rows]
        for number in range(duals.shape[1]):
            round_of = np.full(self.pieces.count, -1, dtype=np.intp)
            is_here = place == number
            round_of[piece[is_here]] = made[cut[is_here]]
            of_row = round_of[piece_of_row]
            for at in np.unique(of_row[of_row >= 0]):
                rows = np.flatnonzero(of_row == at)
                duals[self.pieces.rows[rows], number] = self.dual_of_round[at][rows]
        return duals

    def plan(self, x: Floats, y: Floats) -> Floats:
        """Return the columns of the whole program."""
        plan = np.empty(len(self.whole.columns.cost))
        plan[self.pieces.of_master], plan[self.pieces.columns] = x, y
        return plan

    def duals(self) -> Floats:
        """Return the duals of the whole program that the last solve of the master stands for.

        The cuts of a piece that bind share its rows' duals as they share the price of its cost.
        """
        dual = np.zeros(len(self.whole.rows.lower))
        of_rows, of_cuts = self.master.duals()
        dual[self.master.rows] = of_rows
        if self.master.cuts:
            piece, made = self.master.piece_of_cut, np.concatenate(self.round_of_cut)
            of_pieces = np.zeros(self.pieces.rows.size)
            for number, of_round in enumerate(self.dual_of_round):
                share = np.bincount(
                    piece, np.where(made == number, of_cuts, 0.0), self.pieces.count
                )
                of_pieces += share[self.split.piece_of_row[self.pieces.rows]] * of_round
            dual[self.pieces.rows] = of_pieces
        return dual


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

    Notes
    -----
    What has integers, has no pieces, or breaks down in parts, is solved whole.

    References
    ----------
    .. [1] J. F. Benders, "Partitioning procedures for solving mixed-variables programming
       problems," Numerische Mathematik 4, 1962.
    .. [2] J. R. Birge and F. V. Louveaux, "A multicut algorithm for two-stage stochastic linear
       programs," European Journal of Operational Research 34, 1988.
    """

    def __init__(
        self,
        problem: ArrayProblem,
        options: Mapping[str, bool | float | str] | None,
        is_local: Bools,
    ) -> None:
        super().__init__(problem, options)
        self._is_local = is_local
        self._parts: _Parts | None = None
        self._given: Start | None = None
        self._ended: Start | None = None

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
        method, time_limit_s, threads, on_progress, interrupt, start, gap_frac, strictly
            As for `HighsSession.solve`; `method` is that of what is solved whole. Progress is
            reported once a round.

        Returns
        -------
        Outcome
            Verdict, plan and duals. Stopped, it is the best plan so far with its bound and gap.
        """
        began = time.perf_counter()
        limit = np.inf if time_limit_s is None else time_limit_s
        note = ""
        if not self._arrays.columns.integer.any():
            parts = self._in_parts()
            if parts is not None:
                run = _Run(
                    parts,
                    began,
                    began + limit,
                    threads,
                    on_progress,
                    interrupt,
                    optimal_gap_frac(gap_frac),
                    strictly=strictly,
                )
                try:
                    outcome = run.outcome()
                    if outcome.status == "optimal" and self._ended is None:
                        self._ended = self._kept(parts)
                    return outcome
                except SolverError as error:
                    note = f" (gave up pieces: {error})"
                    self._parts = None
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

    def _in_parts(self) -> _Parts | None:
        """Return the program in parts, as far as possible with the cuts there are."""
        if self._parts is None or not self._parts.takes(self._arrays):
            size = self._arrays.matrix.columns
            is_local = np.concatenate((self._is_local, np.zeros(size, dtype=np.bool_)))[:size]
            split = Split.of(self._arrays.matrix, is_local)
            self._parts = _Parts.of(self._arrays, split) if split.pieces else None
            if self._parts is not None and self._given is not None:
                self._parts.start_with(self._given.duals_on(self._problem))
        return self._parts

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
        self._given, self._parts = start, None
        return bool(start.duals)

    def start(self) -> Start | None:
        """Return what a like program may begin with: the cuts that bound at the first optimum."""
        return self._ended

    def _kept(self, parts: _Parts) -> Start:
        problem, duals = self._problem, parts.binding()
        held = {
            name: (problem.rows_over(name), duals[problem.row_block(name)])
            for name in problem.row_block_names
            if problem.row_block(name).stop <= len(duals)
        }
        return Start({}, {}, {name: block for name, block in held.items() if block[1].any()})


class _Run:
    """One solve in pieces: the best plan and the best bound so far."""

    def __init__(
        self,
        parts: _Parts,
        began: float,
        until: float,
        threads: int,
        on_progress: Callable[[ProgressEvent], None] | None,
        interrupt: threading.Event | None,
        optimal_gap: float,
        *,
        strictly: bool,
    ) -> None:
        self._strictly, self._optimal_gap = strictly, optimal_gap
        self._parts, self._began, self._until, self._threads = parts, began, until, threads
        self._on_progress, self._interrupt = on_progress, interrupt
        self._plan: Floats | None = None
        self._objective, self._bound = np.inf, -np.inf
        self._rounds = 0
        self._with_penalties = np.inf  # least cost of a trial, with what is paid for missed rows
        self._gap_at: list[tuple[float, float]] = []  # seconds and gap to that, by round

    def outcome(self) -> Outcome:
        """Solve master and pieces in turn until no piece costs more than the master foretells.

        Raises
        ------
        SolverError
            If a part has no plan or breaks down: then the whole program says why.
        """
        parts = self._parts
        master, pieces = parts.master, parts.pieces
        steps = master.iterations + pieces.iterations
        status: Status | None = None
        while status is None:
            solved = master.run(
                self._left_s(), self._interrupt, self._threads, strictly=self._strictly
            )
            if solved in _STOPPED:
                status = _STOPPED[solved]
                break
            if solved != highspy.HighsModelStatus.kOptimal:
                message = f"the master ended with {solved.name}"
                raise SolverError(message)
            x, foretold = master.solution()
            if master.rests_on_no_bound(foretold):
                self._bound = max(self._bound, master.objective)
            priced = pieces.at(x, self._left_s(), self._interrupt)
            if priced is None:
                status = "interrupted" if self._is_interrupted() else "time_limit"
                break
            self._rounds += 1
            objective = master.own_cost(x) + float(priced.cost.sum())
            is_plan = priced.missed.max(initial=0.0) <= _MISSED
            if is_plan and objective < self._objective:
                self._objective, self._plan = objective, parts.plan(x, priced.y)
            penalties = pieces.penalty * float(priced.missed.sum())
            self._with_penalties = min(self._with_penalties, objective + penalties)
            self._report()
            cost = priced.at(x)
            is_new = priced.is_proof & (cost - foretold > _NEW_CUT * (1.0 + np.abs(cost)))
            is_last = is_plan and not is_new.any()
            if self._gap <= _EXACT or (is_last and self._gap <= self._optimal_gap):
                status = "optimal"
            elif is_new.any():
                parts.add_cuts(priced, is_new)
            elif is_plan or not priced.is_proof.all():
                message = "no proven cut is left, and the plan is not optimal by those there are"
                raise SolverError(message)
            elif pieces.penalty < _MOST_PENALTY:
                pieces.raise_penalty()
                self._with_penalties, self._gap_at = np.inf, []
            else:
                message = "rows are missed at any price"
                raise SolverError(message)
            if self._rounds == _MOST_ROUNDS:
                message = f"no end after {_MOST_ROUNDS} rounds"
                raise SolverError(message)
        return self._put_together(status, master.iterations + pieces.iterations - steps)

    def _put_together(self, status: Status, steps: int) -> Outcome:
        """Return the best plan with its bound, and the duals behind it where it is proven."""
        whole, parts = self._parts.whole, self._parts
        is_optimal, has_plan = status == "optimal", self._plan is not None
        unknown = np.full(whole.matrix.columns, np.nan)
        no_row = np.full(whole.matrix.rows, np.nan)
        plan = unknown if self._plan is None else self._plan
        dual = parts.duals() if is_optimal else no_row
        matrix = whole.matrix
        worth = matrix.value * dual[matrix.row_of_value()]
        objective = self._objective if has_plan else np.nan
        bound = min(self._bound, self._objective)
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
            reduced_cost=whole.columns.cost - added_up(worth, matrix.column, matrix.columns),
            basis=None,
            seconds=time.perf_counter() - self._began,
            iterations=steps,
            method_used=f"decomposed: {parts.pieces.count} pieces, {self._rounds} rounds",
            message=status,
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
            if np.isfinite(closing):
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
        """Return how long the rest takes if the gap shrinks as in the last rounds. [s]"""
        if len(self._gap_at) < _FEWEST_GAPS:
            return np.nan
        return min(seconds_left(self._gap_at[-_FEWEST_GAPS], self._gap_at[-1]), self._left_s())

    def _left_s(self) -> float:
        return max(0.0, self._until - time.perf_counter())

    def _is_interrupted(self) -> bool:
        return self._interrupt is not None and self._interrupt.is_set()
