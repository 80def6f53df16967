"""A program solved in pieces: a master that learns from cuts what its hours cost (Benders)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np

from planner.base.errors import SolverError
from planner.lp.highs import HighsSession
from planner.lp.parts import Parts
from planner.lp.pieces import Split
from planner.lp.rounds import Rounds
from planner.lp.shares import Shares
from planner.lp.start import Start, of_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Bools
    from planner.lp.change import Arrays
    from planner.lp.outcome import Method, Outcome, SolveOptions
    from planner.lp.problem import ArrayProblem

_MOST_PARTED: Final = 2
"""Programs whose cuts a session keeps: a study asks for a measure and for least cost in turn."""
_SHARES: Final = "shares of rows"  # no name of a block, as it has spaces


def local_columns(problem: ArrayProblem, axes: frozenset[str]) -> Bools:
    """Return which columns of a problem are over one of some axes, and no integers."""
    columns = problem.columns()
    is_local = np.zeros(len(columns.cost), dtype=np.bool_)
    for name in problem.column_block_names:
        if axes.intersection(problem.columns_over(name).axis_names):
            is_local[problem.column_block(name)] = True
    return is_local & ~columns.integer


def rows_over_none(problem: ArrayProblem, axes: frozenset[str]) -> Bools:
    """Return which rows of a problem are over none of some axes."""
    is_over_none = np.zeros(problem.row_count, dtype=np.bool_)
    for name in problem.row_block_names:
        if not axes.intersection(problem.rows_over(name).axis_names):
            is_over_none[problem.row_block(name)] = True
    return is_over_none


class DecomposedSession(HighsSession):
    """A session that solves a program without integers piece by piece.

    Columns that are local fall into pieces (`planner.lp.pieces`). The master holds all others and one cost for each
    piece, and learns it from cuts: each round it is solved, the pieces are solved at its trial, and what their duals
    prove is added. Its objective is a bound; trial and pieces together are a plan where they miss no row. Cuts stay
    valid while only columns and rows of the master change: other bounds, fixed integers, rows that are added. What has
    integers, no pieces or none that are worth it, or breaks down in parts, is solved whole.

    Source: Benders, Numerische Mathematik 4, 1962; Birge and Louveaux, European Journal of Operational Research 34,
    1988.
    """

    _hands_over_at_once = False  # HiGHS gets the whole program only where it is solved whole

    def __init__(
        self,
        problem: ArrayProblem,
        options: Mapping[str, bool | float | str] | None,
        is_local: Bools,
        gap_frac: float = 0.0,
        is_worth_it: Callable[[Shares], bool] | None = None,
        places: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(problem, options)
        self._is_local, self._is_worth_it = is_local, is_worth_it
        self._gap_frac, self._places = gap_frac, places
        self._chosen: tuple[Shares, bool] | None = None  # the last ones, and whether to use them
        self._gave_up = False  # pieces, in the last solve without integers
        self._parted: list[tuple[Shares, Parts]] = []  # the last one first
        self._given: Start | None = None
        self._ended: Start | None = None

    @property
    def has_pieces(self) -> bool:
        """Whether the program is solved in pieces, integers fixed or relaxed; not where the last solve gave them up."""
        return not self._gave_up and self._shares() is not None

    def solve(self, method: Method = "auto", **how: Unpack[SolveOptions]) -> Outcome:
        """Solve the program the session holds, in pieces where it has no integers."""
        began = time.perf_counter()
        limit = how.get("time_limit_s")
        until = np.inf if limit is None else began + limit
        note = ""
        arrays = self._arrays
        if not arrays.columns.integer.any():
            parts = self._in_parts()
            if parts is not None:
                shares = self._parted[0][0]
                rounds = Rounds(parts, lambda plan: shares.missed(arrays, plan), began, until, self._gap_frac, how)
                if method not in {"auto", "decomposed"}:
                    parts.master.forget_basis()
                try:
                    outcome = shares.without(rounds.outcome(), arrays)
                    self._gave_up = False
                    if outcome.status == "optimal" and self._ended is None:
                        self._ended = self._kept(parts)
                    return outcome
                except SolverError as error:
                    note = f" (gave up pieces: {error})"
                    self._gave_up = True
                    del self._parted[0]
        how["time_limit_s"] = max(0.0, until - time.perf_counter())
        whole = super().solve(method, **how)
        return replace(whole, method_used=whole.method_used + note) if note else whole

    def exact(self, outcome: Outcome, **how: Unpack[SolveOptions]) -> Outcome:
        """Return an optimum with the duals of a vertex of the whole program.

        Rounds end within 1e-7 of the optimum, where a single dual may be off by much more. The whole program goes on
        from the basis that plan and duals stand for. Where that takes too long, the plan stays, proven by its duals,
        without prices.
        """
        if not (self.has_pieces and outcome.status == "optimal" and outcome.has_duals):
            return outcome
        dual = np.zeros(self._arrays.matrix.rows)  # rows that were added since have none
        dual[: outcome.row_dual.size] = outcome.row_dual
        self.start_at(outcome.x, dual)
        found = super().solve("auto", **how)
        method = f"{outcome.method_used}, its duals by {found.method_used}"
        seconds, steps = outcome.seconds + found.seconds, outcome.iterations + found.iterations
        if found.status == "optimal":
            return replace(found, method_used=method, seconds=seconds, iterations=steps)
        return replace(
            outcome,
            status="within_gap",
            has_duals=False,
            row_dual=np.full_like(outcome.row_dual, np.nan),
            reduced_cost=np.full_like(outcome.reduced_cost, np.nan),
            bound_row_dual=outcome.row_dual,
            method_used=f"{method}, given up",
            seconds=seconds,
            iterations=steps,
        )

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
        parts = Parts.from_arrays(whole, split, self._within(shares, whole, split))
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
        """Let the next solve begin with the cuts of a like program, as far as they hold here."""
        self._given, self._parted = start, []
        return bool(start.duals)

    def start(self) -> Start | None:
        """Return what a like program may begin with: the cuts that bound at the first optimum."""
        return self._ended

    def _kept(self, parts: Parts) -> Start:
        problem, shares = self._problem, self._parted[0][0]
        binding = parts.binding()
        held = of_rows(problem, binding[shares.row_at(self._arrays.matrix.rows)])
        if shares.row.size:
            held[_SHARES] = shares.over(problem), binding[shares.place]
        return Start({}, {}, {name: block for name, block in held.items() if block[1].any()})
