"""A solved scenario: what was asked, what the solver said, the tables, the check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from planner.results.ended import exit_code
from planner.runs.views import PlanViews

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check import Verdict
    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome
    from planner.outputs.run import Run
    from planner.results import Results
    from planner.results.program_tables import Proof
    from planner.scenario import Scenario

__all__ = ["Plan"]


@dataclass(frozen=True, repr=False)
class Plan(PlanViews):
    """A solved scenario: what was asked, what the solver said, the tables, the check.

    Parameters
    ----------
    scenario : Scenario
        As merged and validated.
    inputs : Inputs
        Sets and coefficients made from it.
    outcome : Outcome
        The solver's verdict, bound and gap.
    results : Results
        Tidy tables with one documented schema.
    verdict : Verdict
        What the independent checker found.
    seconds : mapping
        Wall time of every stage. [s]
    sizes : mapping
        Rows, columns and non-zeros of the program.
    proof : Proof
        The program that was solved, with what proves that no plan costs less.
    orders_held_before : int or None
        Year before which orders were given, not chosen: bound and proof are of plans with them.
    """

    scenario: Scenario
    inputs: Inputs
    outcome: Outcome
    results: Results
    verdict: Verdict
    seconds: Mapping[str, float]
    sizes: Mapping[str, int]
    proof: Proof
    orders_held_before: int | None = None

    @property
    def exit_code(self) -> int:
        """0 solved as asked and checked, 1 the check failed, 4 a limit was reached."""
        return exit_code(self.outcome.status, [check.name for check in self.verdict.broken])

    @cached_property
    def run(self) -> Run:
        """What is stored of the plan, in memory."""
        from planner.runs.run_of_plan import run_of

        return run_of(self)
