"""A plan that is right, with everything in it that a plan can do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from shared import shared

from planner.check import RULES, check_plan
from planner.check.case import Case
from planner.check.verdict import judged
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.results import Results
from planner.results.proof import read_proof
from planner.results.read import read_results
from planner.scenario import load_scenario
from planner.studies.solve.solves import FailureCuts, site_outages

RICH = Path(__file__).parent / "rich.yaml"
MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What the checker is given."""

    scenario: object
    inputs: object
    results: Results
    objective_musd: float
    status: str
    bound_musd: float
    gap_frac: float
    proof: object

    @classmethod
    def of(cls, model, outcome, scenario):
        """Read a plan as the command does."""
        results = read_results(model, outcome, site_outages(model, outcome))
        said = (outcome.objective, outcome.status, outcome.dual_bound, outcome.gap)
        return cls(scenario, model.p, results, *said, read_proof(model.problem, outcome))

    @classmethod
    def of_solve(cls, plan):
        """Read what `planner.solve` returns."""
        outcome = plan.outcome
        said = (outcome.objective, outcome.status, outcome.dual_bound, outcome.gap)
        return cls(plan.scenario, plan.inputs, plan.results, *said, plan.proof)

    @property
    def tables(self):
        return self.results.tables

    @property
    def case(self):
        """What a rule is given."""
        return Case(**{field.name: getattr(self, field.name) for field in dataclasses.fields(self)})

    def check(self, name):
        """Make one check alone."""
        return judged(next(one for one in RULES if one.name == name), self.case)

    def verdict(self):
        return check_plan(
            self.scenario,
            self.inputs,
            self.results,
            objective_musd=self.objective_musd,
            status=self.status,
            bound_musd=self.bound_musd,
            gap_frac=self.gap_frac,
            proof=self.proof,
        )

    def reported(self, **tables):
        """Return the plan with other tables."""
        results = dataclasses.replace(self.results, tables={**self.tables, **tables})
        return dataclasses.replace(self, results=results)

    def assumed(self, room, **arrays):
        """Return the plan made from other inputs of one room."""
        changed = getattr(self.inputs, room).changed(**arrays)
        return dataclasses.replace(self, inputs=self.inputs.changed(**{room: changed}))

    def read(self, **tables):
        """Return the plan made from other data."""
        data = {**self.inputs.tables, **tables}
        return dataclasses.replace(self, inputs=self.inputs.changed(tables=data))


@shared
def solved(path, *changes):
    """Solve a scenario of the repository with changes, once for all tests."""
    return solved_anew(path, *changes)


def solved_anew(path, *changes):
    """Solve it again, where a test has changed the planner.

    Whole numbers are found by search, losses of sites survived by rounds of cuts.
    """
    scenario = load_scenario(str(path), changes)
    inputs = build_inputs(scenario)
    model = build_model(inputs)
    cuts = FailureCuts(model, scenario.failover.most_rounds)
    outcome = HighsSession(model.problem).solve()
    while outcome.has_plan and cuts.are_broken(outcome.x):
        cuts.add()
        outcome = HighsSession(model.problem).solve()
    return dataclasses.replace(Plan.of(model, outcome, scenario), inputs=inputs)
