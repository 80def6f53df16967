"""A plan that is right, with everything in it that a plan can do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from planner.check import RULES, check_plan
from planner.check.case import Case
from planner.check.verdict import judged
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.results import Results, read_results
from planner.scenario import load_scenario
from planner.studies.failover import takeover_of

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

    @property
    def tables(self):
        return self.results.tables

    @property
    def case(self):
        """What a rule is given."""
        return Case(self.scenario, self.inputs, self.results, self.objective_musd, self.status)

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
        )

    def told(self, **tables):
        """Return the plan with other tables."""
        results = dataclasses.replace(self.results, tables={**self.tables, **tables})
        return dataclasses.replace(self, results=results)

    def assumed(self, room, **arrays):
        """Return the plan made from other inputs of one room."""
        changed = dataclasses.replace(getattr(self.inputs, room), **arrays)
        return dataclasses.replace(self, inputs=dataclasses.replace(self.inputs, **{room: changed}))

    def read(self, **tables):
        """Return the plan made from other data."""
        data = {**self.inputs.tables, **tables}
        return dataclasses.replace(self, inputs=dataclasses.replace(self.inputs, tables=data))


def solved(path, *changes):
    scenario = load_scenario(str(path), changes)
    inputs = build_inputs(scenario)
    model = build_model(inputs)
    outcome = HighsSession(model.problem).solve()
    results = read_results(model, outcome, takeover_of(model, outcome))
    return Plan(scenario, inputs, results, outcome.objective, outcome.status)
