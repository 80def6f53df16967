"""What each mixture of the inputs of two runs costs, each solved once."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError
from planner.lp.change import Arrays
from planner.model import build_model
from planner.model.money import penalty_musd
from planner.results.cost_difference import PlanCost
from planner.results.ended import PLANNED
from planner.studies.solve.answers import with_plan
from planner.studies.solve.asking import session_of
from planner.studies.solve.at_plan import begins_with_program, proof_of
from planner.studies.solve.failover import FailureCuts
from planner.studies.solve.solves import Solves
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import HighsSession, Outcome
    from planner.lp.index import Index
    from planner.model import Model
    from planner.outputs.comparison.causes import CostsOf
    from planner.outputs.run import Run
    from planner.studies.compare.groups import Mixture
    from planner.studies.solve.asking import Asking

__all__ = ["Costs"]

_SAME: float = 1e-9  # relative


class Costs:
    """Costs of mixtures of the inputs of two runs, by which groups are those of the other run."""

    def __init__(self, mixture: Mixture, runs: tuple[Run, Run], costs_of: CostsOf, ask: Asking) -> None:
        self._mixture, self._runs, self._costs_of, self._ask = mixture, runs, costs_of, ask
        self._found: dict[frozenset[int], PlanCost | None] = {}
        self._session: tuple[HighsSession, float] | None = None
        self._openings: _Integers | None = None
        self.solves = 0

    def stored(self, run: Run) -> PlanCost | None:
        """Return what a run stores of its own cost; None where it has no plan."""
        if run.meta["objective_musd"] is None:
            return None
        return PlanCost.from_stored(run.meta, run.tables["costs"])

    def cost_of(self, chosen: frozenset[int]) -> PlanCost | None:
        """Return what a mixture costs; None where it makes no scenario, or has no plan."""
        if chosen not in self._found:
            self._found[chosen] = self._solve(chosen)
        return self._found[chosen]

    def is_program_of(self, run: Run, chosen: frozenset[int]) -> bool:
        """Return whether a run stores the program that this version builds, cuts aside."""
        proof = proof_of(run)
        if proof is None:
            return False
        arrays = Arrays.from_problem(build_model(self._mixture.question(chosen).inputs).problem)
        offset = arrays.columns.offset
        # The constant moves no plan, but what it costs.
        return isclose(proof.offset_musd, offset, rel_tol=_SAME) and begins_with_program(proof, arrays)

    def _solve(self, chosen: frozenset[int]) -> PlanCost | None:
        try:
            question = self._mixture.question(chosen)
        except InputError:
            return None
        self.solves += 1
        model = build_model(question.inputs)
        outcome = self._outcome(question, model)
        name, good = question.scenario.name, PLANNED | {"infeasible"}
        with_plan(outcome, name, "the difference was split", good=good)
        if not outcome.has_plan:
            return None
        cost = bound = outcome.objective
        if self._costs_of == "plans":
            bound = min(outcome.dual_bound, cost)
        return PlanCost(cost, bound, float(penalty_musd(model).value(outcome.x)[0]))

    def _outcome(self, question: PreparedScenario, model: Model) -> Outcome:
        session = self._session_with(question, model)
        scenario = question.scenario
        has_cuts = bool(question.inputs.failover.reserve.size)
        cuts = FailureCuts(model, scenario.failover.most_rounds) if has_cuts else None
        interrupt = self._ask.interrupt
        if self._costs_of == "plans":
            return find_plan(model, session, scenario.solver, cuts=cuts, interrupt=interrupt)
        solves = Solves(model, session, scenario.solver, cuts, None, interrupt)
        columns = model.problem.columns()
        lower, upper = columns.lower.copy(), columns.upper.copy()
        if self._costs_of == "openings" and columns.integer.any():
            held = self._integers().values_in(model)
            lower[columns.integer] = upper[columns.integer] = held
        return solves.solve_within(lower, upper)

    def _session_with(self, question: PreparedScenario, model: Model) -> HighsSession:
        """Return a session that holds a program, and the last basis where there is one."""
        tolerance = question.scenario.solver.tolerance
        if self._session is None or self._session[1] != tolerance:
            self._session = (session_of(question, model), tolerance)
        else:
            self._session[0].update(model.problem)
        return self._session[0]

    def _integers(self) -> _Integers:
        """Return the integers of the first run's plan."""
        if self._openings is None:
            model = build_model(self._mixture.question(()).inputs)
            proof = proof_of(self._runs[0])
            x = None if proof is None else proof.column("x")
            if x is None or len(x) != len(Arrays.from_problem(model.problem).columns.cost):
                question = self._mixture.question(())
                session = session_of(question, model)
                x = find_plan(model, session, question.scenario.solver).x
            self._openings = _Integers(model, x)
        return self._openings


class _Integers:
    """Integers of a plan by their labels."""

    def __init__(self, model: Model, x: Floats) -> None:
        problem = model.problem
        is_integer = problem.columns().integer
        self._values: dict[tuple[str, ...], float] = {}
        for name in problem.column_block_names:
            block = problem.column_block(name)
            if not is_integer[block].any():
                continue
            rounded = np.round(x[block]).tolist()
            self._values |= dict(zip(_labels(name, problem.columns_over(name)), rounded, strict=True))

    def values_in(self, model: Model) -> Floats:
        """Return them for the integers of a program; one that the plan does not know is 0."""
        problem = model.problem
        is_integer = problem.columns().integer
        values = np.zeros(len(is_integer))
        for name in problem.column_block_names:
            block = problem.column_block(name)
            if is_integer[block].any():
                labels = _labels(name, problem.columns_over(name))
                values[block] = [self._values.get(label, 0.0) for label in labels]
        held: Floats = values[is_integer]
        return held


def _labels(name: str, over: Index) -> list[tuple[str, ...]]:
    return [(name, *over.tuples(at)) for at in range(over.size)]
