"""The outage of each site of a plan, and the rows that ask for the reserve that it lacked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import SolverError
from planner.lp import Axis, HighsSession, Index
from planner.model.failover import OutageTakeovers, outage_exposure, with_cuts
from planner.results.store import cleaned

if TYPE_CHECKING:
    from planner.base.arrays import Floats, Positions
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.inputs import Inputs
    from planner.lp import ArrayProblem, Outcome
    from planner.model import Model
    from planner.results.proof import Proof
    from planner.scenario import Scenario

_CUTS: Final = "failure_cut_"


def take_over(p: Inputs, served_kh100e: Floats, reserve_kh100e: Floats) -> OutageTakeovers:
    """Let every site fail in turn and send its work to the reserves in reach.

    Takes `served_kh100e` [served], `reserve_kh100e` [reserve of p.failover].
    """
    work = outage_exposure(p, served_kh100e, reserve_kh100e)
    unserved, taken = np.zeros(work.service.size), np.zeros(len(work.of_service))
    for program in work.programs():
        outcome = HighsSession(program.problem).solve("simplex")
        if outcome.status != "optimal":
            raise SolverError(f"the site outages could not be computed: {outcome.status}")
        unserved[program.service] = program.unserved.value(outcome.x)
        taken[program.arc] = program.taken.value(outcome.x)
    return OutageTakeovers(work.service, work.kh100e, unserved, work.of_service, work.reserve, taken)


def site_outages(model: Model, outcome: Outcome) -> OutageTakeovers:
    """Say who takes over the work of each site of a plan, were it lost."""
    x = cleaned(outcome.x)
    return take_over(model.p, cleaned(model.served.value(x)), cleaned(model.failover.reserve.value(x)))


def stored_cuts(model: Model, proof: Proof) -> FailoverInputs:
    """Return what a stored program asks of a plan so that it survives the loss of any one site."""
    p, problem = model.p, model.problem
    first = problem.numConstraints()
    row, column, _ = proof.terms()
    row, column = row[row >= first] - first, column[row >= first]
    of_reserve, of_served = (_places(problem, name, column) for name in ("reserve", "served"))
    labels = proof.rows.iloc[first:]
    if labels.empty or (np.maximum(of_reserve, of_served) < 0).any():
        return p.failover
    axes = (p.sets.site, p.sets.workload, p.sets.year)
    codes = [[axis.code(str(label)) for label in labels[axis.name].astype(str)] for axis in axes]
    number = Axis("cut", tuple(str(i + 1) for i in range(len(labels))))
    return p.failover.changed(
        cut=Index.sparse("cut", (*axes, number), (*codes, np.arange(len(labels)))),
        cut_served_row=row[of_served >= 0],
        cut_served=of_served[of_served >= 0],
        cut_reserve_row=row[of_reserve >= 0],
        cut_reserve=of_reserve[of_reserve >= 0],
    )


def add_cuts(model: Model, p: FailoverInputs) -> Model:
    """Add all cuts to a program that has none, below its rows as when they were found."""
    if p.cut.size:
        model.problem.rows(f"{_CUTS}0", model.failover.survives(p))
    return model


def _places(problem: ArrayProblem, variable: str, column: Positions) -> Positions:
    """Return the places of columns in a variable, -1 of others."""
    block = problem.column_block(variable)
    return np.where((column >= block.start) & (column < block.stop), column - block.start, -1)


class FailureCuts:
    """Rows that ask for the reserves that solutions lacked, added below the others.

    Every plan that survives the outage of any one site keeps them, so they hold wherever they were
    found: with integers relaxed, fixed, or in a search.
    """

    def __init__(self, model: Model, most_rounds: int) -> None:
        self._model = model
        self._blocks = 0
        self.most_rounds = most_rounds  # most times in a row that one solve is done again with more of them
        self.inputs: Inputs = model.p
        """Inputs of the program with the cuts it has by now."""

    @classmethod
    def where_asked(cls, scenario: Scenario, model: Model) -> FailureCuts | None:
        """Return those of a program, none where no workload asks for failover."""
        return cls(model, scenario.failover.most_rounds) if model.p.failover.reserve.size else None

    def are_broken(self, x: Floats) -> bool:
        """Let every site fail in turn and look for work that is left unserved."""
        model = self._model
        served, reserve = model.served.value(x), model.failover.reserve.value(x)
        self._found = take_over(model.p, np.maximum(served, 0.0), np.maximum(reserve, 0.0))
        return bool(self._found.is_unserved.any())

    def add(self) -> None:
        """Add a row for each site, workload and year whose loss left work unserved."""
        first = self.inputs.failover.cut.size
        self.inputs = with_cuts(self.inputs, self._found)
        rows = self._model.failover.survives(self.inputs.failover, first)
        self._model.problem.rows(f"{_CUTS}{self._blocks}", rows)
        self._blocks += 1
