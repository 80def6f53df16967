"""A stored run opened to be worked with again: question, inputs and plan, from its folder alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.check import Verdict, check_plan
from planner.errors import InputError
from planner.inputs import build_inputs_from
from planner.outputs.program import scenario_of, unreadable_tables
from planner.results.store import from_parquet
from planner.runs.files import files_check, files_problems
from planner.runs.folder import TABLES_FOLDER, changed_since_written, load_run

if TYPE_CHECKING:
    from pathlib import Path

    from planner.inputs.types import Inputs
    from planner.results import Results
    from planner.run import Run
    from planner.scenario import Scenario

__all__ = ["Reopened", "reopen"]


@dataclass(frozen=True, eq=False)
class Reopened:
    """What a run was made of and what it found.

    Parameters
    ----------
    run : Run
        As loaded.
    scenario : Scenario
        The question.
    inputs : Inputs
        Made again from the tables that the run keeps.
    results : Results
        The plan, its tables as the schema says.
    changed : tuple of str
        Table files that are not as they were written.
    """

    run: Run
    scenario: Scenario
    inputs: Inputs
    results: Results
    changed: tuple[str, ...]

    def verdict(self) -> Verdict:
        """Judge the plan anew; what ``run.json`` says of an earlier check is not looked at."""
        told = self.run.meta["objective_musd"]
        files = files_check(self.run.meta["sha256"], self.changed)
        rules = check_plan(
            self.scenario,
            self.inputs,
            self.results,
            objective_musd=math.nan if told is None else float(told),
            status=str(self.run.meta["status"]),
        )
        return Verdict((files, *rules.checks))


def reopen(folder: Path) -> Reopened:
    """Open a run folder, reading nothing else.

    Parameters
    ----------
    folder : Path
        A run folder.

    Returns
    -------
    Reopened
        Question, inputs and plan.

    Raises
    ------
    InputError
        If it is not a run folder, if a table is missing or not as the schema says, or if this
        version no longer takes the scenario.
    """
    run = load_run(folder)
    changed = changed_since_written(folder)
    problems = list(unreadable_tables(run))
    try:
        results = from_parquet(folder / TABLES_FOLDER)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError([*files_problems(folder, changed), *problems])
    scenario = scenario_of(run)
    inputs = build_inputs_from(scenario, run.inputs_tables)
    return Reopened(run, scenario, inputs, results, changed)
