"""Programs with whole numbers: relax, round, fix and solve; then search from there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.outcome import PROVEN_GAP_FRAC, relative_gap
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.studies.solve.rounding import RULES, rounded

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.lp import HighsSession, Outcome, ProgressEvent, Status
    from planner.model import Model
    from planner.scenario.schema import Solver


__all__ = ["find_plan"]

_STOPPED: Final = frozenset({"time_limit", "iteration_limit", "interrupted"})
_MOST_ROUNDS: Final = 40
_A_LITTLE: Final = 1e-6  # of a demand
_RESERVE: Final = 2.0  # of the time of one solve with fixed whole numbers, for the one at the end


def find_plan(
    model: Model,
    session: HighsSession,
    solver: Solver,
    *,
    on_progress: Callable[[ProgressEvent], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Outcome:
    """Solve a program; where it has whole numbers, by rounding, and by a search if asked for.

    Parameters
    ----------
    model : Model
        The program.
    session : HighsSession
        Holds it.
    solver : Solver
        Method, time, threads, and what is done about whole numbers.
    on_progress, interrupt
        As for `HighsSession.solve`.

    Returns
    -------
    Outcome
        Without whole numbers, that of the linear program. With them, the best plan found, how
        far any plan could be below it, and duals with the whole numbers fixed. ``optimal`` only
        where the gap is closed; ``within_gap`` where rounding or search ended as asked with a
        gap; a limit or an interrupt that cut the search short is said.

    Notes
    -----
    The linear program with the whole numbers relaxed gives a bound. Openings and phases are
    rounded (`planner.studies.solve.rounding`), fixed, and the rest solved again from the last
    basis.
    Rows that only tighten the bound are freed at the end, so that a dual is not split with them.
    They follow from the others by then: the plan stays, and only the duals are taken from that
    solve, some hundreds of steps of primal simplex. Freed while the whole numbers are fixed, they
    would leave a basis that is feasible in neither sense.
    """
    found = _Finder(model, session, solver, on_progress, interrupt)
    return found.whole() if model.problem.isMIP() else found.linear()


class _Finder:
    def __init__(
        self,
        model: Model,
        session: HighsSession,
        solver: Solver,
        on_progress: Callable[[ProgressEvent], None] | None,
        interrupt: threading.Event | None,
    ) -> None:
        self._model, self._session, self._solver = model, session, solver
        self._on_progress, self._interrupt = on_progress, interrupt
        self._began = time.perf_counter()
        self._iterations = 0
        self._how: list[str] = []

    # --- steps --------------------------------------------------------------------------

    def linear(self) -> Outcome:
        """Solve what the session holds."""
        return self._session.solve(
            self._solver.method,
            time_limit_s=self._solver.time_limit_s,
            threads=self._solver.threads,
            on_progress=self._on_progress,
            interrupt=self._interrupt,
        )

    def whole(self) -> Outcome:
        """Relax, round, fix, solve; search where asked for or where no rounding leaves a plan."""
        relaxed = self._relaxed()
        if relaxed.status != "optimal":
            return replace(relaxed, has_plan=False, has_duals=False)
        if self._solver.whole_numbers == "search":
            relaxed = self._tightened(relaxed)
        bound = relaxed.objective
        status: Status = relaxed.status
        best = self._rounded(relaxed.x)
        if best is not None and best.status != "optimal":
            return replace(best, has_plan=False, has_duals=False)  # stopped while it was solved
        if self._solver.whole_numbers == "search" or best is None:
            best, bound, status = self._searched(best, bound)
        best = self._freed(best)
        if best.status in _STOPPED:
            status = best.status
        told = self._told(best, bound, status)
        by_search = told.dual_bound > relaxed.objective
        return replace(
            told,
            bound_row_dual=relaxed.row_dual,
            bound_by="search" if by_search else "relaxation",
        )

    def _relaxed(self) -> Outcome:
        """Solve without insisting on whole numbers."""
        columns = self._model.problem.columns()
        self._session.set_columns(integer=np.zeros_like(columns.integer))
        outcome = self._session.solve(
            self._solver.method,
            time_limit_s=self._left_s(),
            threads=self._solver.threads,
            on_progress=self._on_progress,
            interrupt=self._interrupt,
        )
        self._count(outcome, "relaxed")
        return outcome

    def _tightened(self, relaxed: Outcome) -> Outcome:
        """Add the rows that tie service to openings where the relaxed plan breaks them.

        Most of them never bind, so a large siting problem is solved without them first. They
        stay in the program, where they help the search.
        """
        model, problem = self._model, self._model.problem
        links = model.p.siting.linkable
        if not links.size:
            return relaxed
        is_there = np.zeros(links.size, dtype=np.bool_)
        left_over = model.siting.beyond_what_is_open(links)
        wanted = model.siting.demand_of(links)
        for number in range(_MOST_ROUNDS):
            is_broken = ~is_there & (left_over.value(relaxed.x) > _A_LITTLE * wanted)
            if not is_broken.any():
                break
            is_there |= is_broken
            rows = model.siting.served_only_if_open(links.select(is_broken, "broken"))
            problem.rows(f"served_only_if_open_{number}", rows)
            self._session.update(problem)
            self._session.set_columns(integer=np.zeros(problem.numVariables(), dtype=np.bool_))
            outcome = self._session.solve(
                "auto",
                time_limit_s=self._left_s(),
                threads=self._solver.threads,
                on_progress=self._on_progress,
                interrupt=self._interrupt,
            )
            self._iterations += outcome.iterations
            if outcome.status != "optimal":
                break
            relaxed = outcome
        self._how.append(f"tightened ({int(is_there.sum())} rows)")
        return relaxed

    def _rounded(self, x: Floats) -> Outcome | None:
        """Round by one rule after the other until the rest has a plan; None where none leaves one.

        A solve that was stopped is returned as it is.
        """
        tried: list[Floats] = []
        for rule in RULES:
            whole = self._whole_of(rounded(self._model, x, rule))
            if any(np.array_equal(whole, other) for other in tried):
                continue
            tried.append(whole)
            outcome = self._fixed(whole)
            self._count(outcome, "rounded and fixed")
            if outcome.status == "optimal" or outcome.status in _STOPPED:
                return outcome
        return None

    def _whole_of(self, x: Floats) -> Floats:
        return np.round(x[self._model.problem.columns().integer])

    def _fixed(self, whole: Floats) -> Outcome:
        """Solve with the whole numbers fixed."""
        columns = self._model.problem.columns()
        lower, upper = columns.lower.copy(), columns.upper.copy()
        lower[columns.integer] = upper[columns.integer] = whole
        self._session.set_columns(lower=lower, upper=upper, integer=np.zeros_like(columns.integer))
        return self._session.solve(
            "auto",  # from the last basis, whatever method made it
            time_limit_s=self._left_s(),
            threads=self._solver.threads,
            on_progress=self._on_progress,
            interrupt=self._interrupt,
        )

    def _freed(self, best: Outcome) -> Outcome:
        """Take the duals of the best plan without the rows that only tighten the bound."""
        problem = self._model.problem
        rows = problem.row_bounds()
        row_upper = rows.upper.copy()
        for name in problem.row_block_names:
            if name.startswith(ONLY_FOR_THE_BOUND):
                row_upper[problem.row_block(name)] = np.inf
        if best.status != "optimal" or np.array_equal(row_upper, rows.upper):
            return best
        self._session.set_rows(rows.lower, row_upper)
        freed = self._fixed(self._whole_of(best.x))
        self._count(freed, "freed")
        if freed.status != "optimal":
            return replace(
                best,
                status=freed.status,
                has_duals=False,
                row_dual=np.full_like(best.row_dual, np.nan),
                reduced_cost=np.full_like(best.reduced_cost, np.nan),
            )
        return replace(
            best,
            has_duals=True,
            row_dual=freed.row_dual,
            reduced_cost=freed.reduced_cost,
            basis=freed.basis,
        )

    def _searched(self, best: Outcome | None, bound: float) -> tuple[Outcome, float, Status]:
        """Search by branch and bound; return the better plan, the better bound and the verdict."""
        columns = self._model.problem.columns()
        self._session.set_columns(lower=columns.lower, upper=columns.upper, integer=columns.integer)
        reserve_s = _RESERVE * best.seconds if best is not None else 0.0
        found = self._session.solve(
            self._solver.method,
            time_limit_s=max(0.0, self._left_s() - reserve_s),
            threads=self._solver.threads,
            on_progress=self._on_progress,
            interrupt=self._interrupt,
            start=best.x if best is not None else None,
            gap_frac=self._solver.gap_frac,
        )
        self._count(found, "searched")
        bound = max(bound, found.dual_bound)
        if found.has_plan and (best is None or found.objective < best.objective):
            fixed = self._fixed(self._whole_of(found.x))
            self._count(fixed, "fixed")
            best = fixed if fixed.status == "optimal" else found
        return best or found, bound, found.status

    def _told(self, best: Outcome, bound: float, status: Status) -> Outcome:
        """Put together what is told of the best plan."""
        if not best.has_plan:
            return replace(
                best, status=status, method_used=self._method(), duals_of="fixed_program"
            )
        bound = min(bound, best.objective)
        gap = relative_gap(best.objective, bound)
        if gap <= PROVEN_GAP_FRAC:
            status = "optimal"
        elif status == "optimal":
            status = "within_gap"
        return replace(
            best,
            status=status,
            dual_bound=bound,
            gap=gap,
            seconds=time.perf_counter() - self._began,
            iterations=self._iterations,
            method_used=self._method(),
            duals_of="fixed_program",
        )

    # --- bookkeeping --------------------------------------------------------------------

    def _left_s(self) -> float:
        spent = time.perf_counter() - self._began
        return max(0.0, self._solver.time_limit_s - spent)

    def _count(self, outcome: Outcome, step: str) -> None:
        self._iterations += outcome.iterations
        self._how.append(f"{step} ({outcome.method_used})")

    def _method(self) -> str:
        return ", ".join(self._how)
