"""How a solve is asked for, in sessions that are new or at a plan that is known, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InfeasibleError, InputError, LimitReachedError, SolverError
from planner.base.units import MUSD_PER_BUSD
from planner.base.words import duration
from planner.lp import UNIT, Expression
from planner.lp.change import Arrays
from planner.lp.highs import HighsSession
from planner.model import build_model
from planner.model.money import objective_musd, penalty_musd
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.results.ended import PLANNED
from planner.results.proof import Proof
from planner.results.store import cleaned
from planner.studies.solve.solves import STOPPED, FailureCuts, SolveHooks, Solves, add_cuts, stored_cuts, upper_of_plan
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from planner.base.arrays import Floats
    from planner.base.errors import Problem
    from planner.inputs.build import Cell, PreparedScenario
    from planner.inputs.inputs import Inputs
    from planner.lp import ArrayProblem, Outcome, ProgressEvent
    from planner.lp.outcome import Method
    from planner.lp.problem import RowBounds
    from planner.lp.shares import Shares
    from planner.model import Model
    from planner.outputs.run import Run
    from planner.scenario import Setting
    from planner.scenario.schema import Solver

# --- What an answer of the solver is within a study: a plan, or the error that ends the study ------

_STOPS: Final = {
    "time_limit": "the time limit (solver.time_limit_s) was reached",
    "iteration_limit": "the limit of rounds (failover.most_rounds) was reached",
    "interrupted": "interrupted",
}
_WHAT_NEXT: Final = "allow more time, or try another method (solver.method)"


def stopped(name: str, outcome: Outcome, before: str, known: str = "") -> LimitReachedError:
    """Return the error of a solve that was stopped, with what can be done."""
    next_ = _WHAT_NEXT if outcome.status == "time_limit" else ""
    parts = (f"{name}: {_STOPS[outcome.status]} before {before}", known, next_)
    return LimitReachedError("; ".join(filter(None, parts)))


def with_plan(outcome: Outcome, scenario: str, before: str, *, good: AbstractSet[str] = PLANNED) -> Outcome:
    """Return an answer if it is one that a study can go on with."""
    status = outcome.status
    if status in good:
        return outcome
    if status in STOPPED:
        raise stopped(scenario, outcome, before)
    if status == "infeasible":
        raise InfeasibleError(f"{scenario}: no plan meets all constraints; dcplan diagnose says why")
    raise SolverError(f"{scenario}: {status}: {outcome.message}")


# --- Solves on the way to an answer: they keep the scenario's limits and can be stopped -----------


@dataclass(frozen=True, eq=False)
class Asking:
    """How questions are put to the solver."""

    report_stage: Callable[[str], None]  # called with what is being done
    interrupt: threading.Event | None = None  # set it to stop

    @property
    def hooks(self) -> SolveHooks:
        """What stops the solver, without progress on it."""
        return SolveHooks(None, self.interrupt)

    def solve(self, question: PreparedScenario, model: Model, method: Method = "auto") -> Outcome:
        """Solve a program with the scenario's tolerance and limits, integers as fractions."""
        return self.solve_session(question, relaxed_session(question, model), method)

    def solve_session(
        self, question: PreparedScenario, session: HighsSession, method: Method = "auto", *, most_s: float = inf
    ) -> Outcome:
        """Solve what a session holds, for `most_s` at most; a stop ends the whole study."""
        solver = question.scenario.solver
        most_s = min(solver.time_limit_s, most_s)
        outcome = session.solve(method, time_limit_s=most_s, threads=solver.threads, interrupt=self.interrupt)
        if outcome.status == "interrupted":
            raise LimitReachedError(f"{question.scenario.name}: interrupted")
        return outcome

    def has_plan(self, question: PreparedScenario, session: HighsSession) -> bool:
        """Find out whether there is any plan; the session holds a program without costs."""
        outcome = self.solve_session(question, session, "simplex")
        before = "it was clear whether there is a plan"
        return with_plan(outcome, question.scenario.name, before, good={"optimal", "infeasible"}).status == "optimal"

    def is_possible(self, question: PreparedScenario) -> bool:
        """Find out whether a scenario has any plan, its integers kept."""
        model = without_costs(build_model(question.inputs))
        if not self.has_plan(question, relaxed_session(question, model)):
            return False
        return not model.problem.has_integers or self.has_whole_plan(question, model)

    def has_whole_plan(self, question: PreparedScenario, model: Model) -> bool:
        """Find out whether a program with integers has a plan, by rounding, then a search."""
        outcome = find_plan(model, session_of(question, model), question.scenario.solver, hooks=self.hooks)
        if not outcome.has_plan:
            before = "it was clear whether there is a plan with integers"
            with_plan(outcome, question.scenario.name, before, good={"infeasible"})
        return outcome.has_plan

    def is_enough(self, question: PreparedScenario, settings: Sequence[Setting], cells: Sequence[Cell] = ()) -> bool:
        """Change settings and figures, and look for a plan; what makes no scenario is no help."""
        try:
            return self.is_possible(question.changed(settings, cells))
        except InputError:
            return False


def session_of(question: PreparedScenario, model: Model) -> HighsSession:
    """Hand a program to the solver with the tolerance of its scenario."""
    return HighsSession(model.problem, {"primal_feasibility_tolerance": question.scenario.solver.tolerance})


def relaxed_session(question: PreparedScenario, model: Model) -> HighsSession:
    """Hand over a program that does not insist on integers."""
    session = session_of(question, model)
    is_whole = model.problem.columns().integer
    if is_whole.any():
        session.set_columns(integer=np.zeros_like(is_whole))
    return session


def without_costs(model: Model) -> Model:
    """Make every plan of a program cost nothing, so that any one will do."""
    model.problem.minimise(Expression.constant(UNIT, 0.0))
    return model


def hear_warnings(
    warnings: Sequence[Problem], on_warning: Callable[[Problem], None] | None, *, strict: bool = False
) -> None:
    """Tell of each figure that is allowed but implausible; where that is strict, refuse them."""
    if strict and warnings:
        raise InputError(warnings)
    if on_warning is not None:
        for warning in warnings:
            on_warning(warning)


# --- The program of a plan with its integers as they are, in a session that starts at the plan ----


def stored_program(run: Run) -> Proof | None:
    """Return the stored program with its solution; None where there is none."""
    return Proof.of_tables(run.proof_tables) if len(run.proof_tables) else None


def proof_of(run: Run) -> Proof | None:
    """Return the stored program with its solution and duals; None where there is none."""
    proof = stored_program(run)
    return proof if proof is not None and proof.has_duals else None


def has_program(proof: Proof, arrays: Arrays) -> bool:
    """Return whether a proof is of a program, number by number, but for rows below it that only its bound needs."""
    families = proof.rows["family"].iloc[len(arrays.rows.lower) :].astype(str)
    return bool(families.str.startswith(ONLY_FOR_THE_BOUND).all()) and begins_with_program(proof, arrays)


def duals_of(proof: Proof, arrays: Arrays) -> Floats:
    """Return the duals of a program's own rows, nan where a row has none."""
    return proof.row("dual")[: len(arrays.rows.lower)]


def begins_with_program(proof: Proof, arrays: Arrays) -> bool:
    """Return whether a proof is of a program, perhaps with rows added below it, as the cuts of failover are."""
    columns, rows, matrix = arrays.columns, arrays.rows, arrays.matrix
    count = len(rows.lower)
    row, column, value = proof.terms()
    is_first = row < count
    both: tuple[tuple[np.ndarray, np.ndarray], ...] = (
        *((proof.column(name), getattr(columns, name)) for name in ("cost", "lower", "upper")),
        *((proof.row(name)[:count], getattr(rows, name)) for name in ("lower", "upper")),
        *((row[is_first], matrix.row_of_value()), (column[is_first], matrix.column), (value[is_first], matrix.value)),
    )
    return all(a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=0.0)) for a, b in both)


def model_at(inputs: Inputs, proof: Proof | None) -> Model:
    """Build the program of a plan, with the rows that were added while it was solved."""
    model = build_model(inputs)
    return model if proof is None else add_cuts(model, stored_cuts(model, proof))


def fixed_program(
    question: PreparedScenario, model: Model, ask: Asking, proof: Proof | None = None
) -> tuple[HighsSession, RowBounds]:
    """Hand over a plan's program, integers fixed, and bounds of its rows; it starts at the plan if that is stored."""
    session, arrays = session_of(question, model), Arrays.from_problem(model.problem)
    is_stored = proof is not None and has_program(proof, arrays)
    x = proof.column("x") if proof is not None and is_stored else None
    if arrays.columns.integer.any():
        if x is None:
            ask.report_stage("find the integers of the plan")
            x = find_plan(model, session_of(question, model), question.scenario.solver, hooks=ask.hooks).x
        arrays = integers_fixed(model, arrays, x)
        session.take(arrays)
    if proof is not None and is_stored:
        session.start_at(proof.column("x"), duals_of(proof, arrays))
    return session, arrays.rows


def integers_fixed(model: Model, arrays: Arrays, x: Floats) -> Arrays:
    """Return a program with its integers fixed, free of the rows that only a bound needs."""
    columns = arrays.columns
    lower, upper = columns.lower.copy(), columns.upper.copy()
    lower[columns.integer] = upper[columns.integer] = np.round(x[columns.integer])
    fixed = arrays.with_columns(lower=lower, upper=upper, integer=np.zeros_like(columns.integer))
    # So that no dual is split with rows that only tighten the bound.
    is_free = np.isposinf(upper_of_plan(model.problem))
    return fixed.with_rows(arrays.rows.lower, np.where(is_free, np.inf, arrays.rows.upper))


# --- The session that finds a plan: the program whole, or in pieces -------------------------------

HOURLY: Final = frozenset({"slot", "period"})
"""Axes of decisions that are made again in every time slice, or billed by its season."""
PLACES: Final = frozenset({"site"})
"""Axes of what hours are coupled between: by claims of a pool, by work that moves."""
LEAST_NONZEROS: Final = 300_000
"""Coefficients of rows over hours from which on pieces are quicker; see `docs/decisions.md`."""
LEAST_SHARE: Final = 0.4
"""Share of all coefficients that these must be, or the master is nearly the whole program."""


def plan_session(problem: ArrayProblem, solver: Solver, *, ends_at_gap: bool = True) -> HighsSession:
    """Hand a program to the solver as its settings say: whole, or in pieces."""
    options = {"primal_feasibility_tolerance": solver.tolerance}
    is_asked = solver.method == "decomposed"
    if not is_asked and (solver.method != "auto" or len(problem.matrix().value) < LEAST_NONZEROS):
        return HighsSession(problem, options)
    # scipy's graphs take a while to import.
    from planner.lp.decomposed import DecomposedSession, local_columns

    may_end = ends_at_gap and is_asked and not problem.has_integers
    session = DecomposedSession(
        problem,
        options,
        local_columns(problem, HOURLY),
        (solver.gap_frac or 0.0) if may_end else 0.0,
        None if is_asked else _are_worth_it,
        PLACES,
    )
    return session if is_asked or session.has_pieces else HighsSession(problem, options)


def _are_worth_it(shares: Shares) -> bool:
    """Return whether pieces are quicker than the whole: where much is in many of them."""
    from planner.lp.shares import MOST_LEFT

    size = shares.sizes()
    least = max(LEAST_NONZEROS, LEAST_SHARE * len(shares.matrix.value))
    return bool(size.sum() >= least and size.max() <= MOST_LEFT * size.sum())


class WarmProgram:
    """The program of a question, integers relaxed, in a session that goes on from solve to solve."""

    def __init__(self, question: PreparedScenario, hooks: SolveHooks) -> None:
        self.question, self._hooks = question, hooks
        self.model = build_model(question.inputs)
        self.cost, self._penalty = objective_musd(self.model), penalty_musd(self.model)
        self.session = plan_session(self.model.problem, question.scenario.solver, ends_at_gap=False)
        self.cuts = FailureCuts.where_asked(question.scenario, self.model)

    def bounds(self) -> tuple[Floats, Floats]:
        """Return the bounds of its columns, to be changed."""
        columns = self.model.problem.columns()
        return columns.lower.copy(), columns.upper.copy()

    def solve(self, lower: Floats | None = None, upper: Floats | None = None, **how: Any) -> Outcome:
        """Solve it within bounds, its own where they are left out, from the last basis; `how` is of `solve_within`."""
        solves, own = self.solves(), self.bounds()
        return solves.solve_within(own[0] if lower is None else lower, own[1] if upper is None else upper, **how)

    def solves(self) -> Solves:
        """Return its solves, on a clock of their own."""
        return Solves(self.model, self.session, self.question.scenario.solver, self.cuts, self._hooks)

    def minimise(self, objective: Expression) -> None:
        """Ask for the least of something else."""
        self.model.problem.minimise(objective)
        self.session.update(self.model.problem)

    def penalty_musd(self, outcome: Outcome) -> float:
        """Return what of the cost of a solution is the penalty of unmet demand. [MUSD]"""
        return float(cleaned(self._penalty.value(outcome.x))[0])


# --- What is said of a solve while it runs, on a terminal and on a page ---------------------------

STAGES: Final = {
    "read": "Reading scenario and data",
    "build": "Building the linear program",
    "decide": "Deciding year by year",
    "solve": "Solving",
    "results": "Making tables",
    "check": "Checking the plan",
    "dispatch": "Operating the plan",
    "write": "Writing the run folder",
}
"""What is said of each stage of a solve."""
_FEWEST: Final = 2  # solves that say how long the others take: the first takes longer than those
_PHASES: Final = {"simplex": "simplex", "ipm": "interior point", "mip": "branch and bound", "rounds": "decomposed"}
_STEPS: Final = {
    "relaxed": "integers relaxed",
    "tightened": "raising the bound",
    "blocks": "campuses and deployments",
    "fixed": "integers fixed",
    "search": "searching integers",
}
"""What is said of each step to a plan with integers."""
_BOUNDED: Final = frozenset({"mip", "rounds"})
"""Phases that have a plan and a bound before they end."""


class Pace:
    """Says how far a study is that solves several times."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()

    def describe(self, done: int, total: int) -> str:
        """Say which of how many is next, and about how long the rest takes, once that is known.

        >>> seconds = iter([0.0, 12.0])
        >>> Pace(lambda: next(seconds)).describe(4, 10)
        '5 of 10, about 18 s left'
        """
        total = max(total, done + 1)
        if done < _FEWEST:
            return f"{done + 1} of {total}"
        left_s = (self._clock() - self._began) / done * (total - done)
        return f"{done + 1} of {total}, about {duration(left_s)} left"


def solver_words(event: ProgressEvent) -> str:
    """Say how far the solver is: in which solve of a plan, what it is for, and at what cost.

    >>> from planner.lp import ProgressEvent
    >>> nan = float("nan")
    >>> solver_words(ProgressEvent("simplex", 2.0, 445, nan, 115_290.0, nan, "blocks", 7))
    'campuses and deployments, solve 7, simplex, iteration 445, at least 115.29 BUSD'
    """
    parts = [_STEPS[event.step]] if event.step else []
    parts += [f"solve {event.solve}"] if event.solve > 1 else []
    parts += [_PHASES[event.phase]]
    unit = "round" if event.phase == "rounds" else "iteration"
    parts += [f"{unit} {event.iterations:,}"] if event.iterations else []  # interior point says none before it is done
    if isfinite(event.objective):
        parts += [f"cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"]
    if event.phase in _BOUNDED and event.gap < 1.0:
        parts += [f"within {event.gap:.2%} of the bound"]
    elif 0.0 < event.dual_bound < inf:  # one below 0 says nothing
        parts += [f"at least {event.dual_bound / MUSD_PER_BUSD:,.2f} BUSD"]
    if isfinite(event.left_s):
        parts += [f"about {duration(event.left_s)} left in this solve"]
    return ", ".join(parts)
