"""From a run back to its linear program, as MPS and LP files for other solvers."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import InputError, Problem
from planner.inputs import build_inputs
from planner.model import build_model
from planner.outputs.files import sha256_of, whole_file
from planner.paths import DATA_DIR
from planner.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.model import Model
    from planner.runs import Run
    from planner.scenario import Scenario

__all__ = ["model_of", "scenario_of", "write_lp", "write_mps"]


def write_mps(run: Run, path: Path) -> list[Path]:
    """Write the linear program as a free MPS file.

    The program is built again from the scenario in ``run.json``. Names of rows and columns are
    PuLP's, in which signs that other programs stumble over are written as ``_xHH``.

    Parameters
    ----------
    run : Run
        Any run.
    path : Path
        The file.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    InputError
        As `scenario_of` does.
    """
    problem = model_of(run).problem
    with whole_file(path) as partial:
        problem.writeMPS(str(partial))
    return [path]


def write_lp(run: Run, path: Path) -> list[Path]:
    """Write the linear program as a CPLEX LP file, which people can read.

    Parameters
    ----------
    run : Run
        Any run; the program is built again as for `write_mps`.
    path : Path
        The file.

    Returns
    -------
    list of Path
        The file.

    Raises
    ------
    InputError
        As `scenario_of` does.
    """
    problem = model_of(run).problem
    with whole_file(path) as partial:
        problem.writeLP(str(partial))
    return [path]


def model_of(run: Run) -> Model:
    """Build the linear program of a run again.

    Parameters
    ----------
    run : Run
        Any run.

    Returns
    -------
    Model
        The same program as was solved: `scenario_of` refuses data that has changed.

    Raises
    ------
    InputError
        As `scenario_of` does.
    """
    return build_model(build_inputs(scenario_of(run)))


def scenario_of(run: Run) -> Scenario:
    """Read the merged scenario of a run again.

    Parameters
    ----------
    run : Run
        Any run.

    Returns
    -------
    Scenario
        With the name it had; it says the same as the one that was solved.

    Raises
    ------
    InputError
        If a table has changed since the run, or this version no longer takes the scenario.
    """
    problems = list(_changed(run))
    if problems:
        raise InputError(problems)
    with tempfile.TemporaryDirectory() as folder:
        # JSON is YAML too, so the merged scenario is read by the same strict rules as any file.
        path = Path(folder) / "merged.yaml"
        path.write_text(json.dumps(run.meta["merged"]), encoding="utf-8")
        scenario = load_scenario(path)
        return scenario.written_in(run.name, scenario.source_files, scenario.tree)


def _changed(run: Run) -> Iterator[Problem]:
    for table, entry in run.meta["data"].items():
        path = DATA_DIR / entry["file"] if entry["shipped"] else Path(entry["file"])
        if not path.is_file():
            yield Problem(str(path), None, None, f"table {table} is gone", "there", "solve again")
        elif sha256_of(path) != entry["sha256"]:
            what_is = f"table {table} has changed since the run"
            must_be = f"the file with SHA-256 {entry['sha256'][:12]}..."
            yield Problem(str(path), None, None, what_is, must_be, "solve the scenario again")
