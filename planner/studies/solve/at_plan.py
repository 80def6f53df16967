"""Sessions of the solver: of a new program, and at a plan that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.lp.change import Arrays
from planner.lp.highs import HighsSession
from planner.model import build_model
from planner.model.failover import without_cuts
from planner.model.money import objective_musd, penalty_musd
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.results.proof import Proof
from planner.results.store import cleaned
from planner.studies.solve.asking import session_of
from planner.studies.solve.solves import FailureCuts, Solves, add_cuts, stored_cuts, upper_of_plan
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.build import PreparedScenario
    from planner.inputs.inputs import Inputs
    from planner.lp import ArrayProblem, Expression, Outcome
    from planner.lp.blocks import RowBounds
    from planner.lp.shares import Shares
    from planner.model import Model
    from planner.outputs.run import Run
    from planner.scenario.schema import Solver
    from planner.studies.solve.asking import Asking
    from planner.studies.solve.solves import SolveHooks

# --- The program of a plan with its integers as they are, in a session that starts at the plan ----


def stored_program(run: Run) -> Proof | None:
    """Return the stored program with its solution; None where there is none."""
    return Proof.of_tables(run.proof_tables) if len(run.proof_tables) else None


def proof_of(run: Run) -> Proof | None:
    """Return the stored program with its solution and duals; None where there is none."""
    proof = stored_program(run)
    return proof if proof is not None and proof.has_duals else None


def has_program(proof: Proof, arrays: Arrays) -> bool:
    """Return whether a proof is of a program, number by number.

    Below its rows may be some that only its bound needs: they are found while it is solved, and
    lifted where integers are fixed, so that none has a dual.
    """
    families = proof.rows["family"].iloc[len(arrays.rows.lower) :].astype(str)
    return bool(families.str.startswith(ONLY_FOR_THE_BOUND).all()) and begins_with_program(proof, arrays)


def duals_of(proof: Proof, arrays: Arrays) -> Floats:
    """Return the duals of a program's own rows, nan where a row has none."""
    return proof.row("dual")[: len(arrays.rows.lower)]


def begins_with_program(proof: Proof, arrays: Arrays) -> bool:
    """Return whether a proof is of a program, perhaps with rows that were added below it.

    Failover has such rows: cuts are found while it is solved, after all rows of the model.
    """
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
    if proof is None:
        return build_model(inputs)
    model = build_model(without_cuts(inputs))
    return add_cuts(model, stored_cuts(model, proof))


def fixed_program(
    question: PreparedScenario, model: Model, ask: Asking, proof: Proof | None = None
) -> tuple[HighsSession, RowBounds]:
    """Hand over the program of a plan with its integers fixed as the plan has them; return the bounds of its rows too.

    The first solve starts at the plan where that was stored.
    """
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

    may_end = ends_at_gap and is_asked and not problem.isMIP()
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
