"""From what a user types to a run folder."""

from __future__ import annotations

from pathlib import Path

from planner.errors import InputError, Problem
from planner.runs.catalogue import list_runs
from planner.runs.folder import META_FILE

__all__ = ["find_run"]


def find_run(text: str, runs_dir: Path) -> Path:
    """Find a run.

    Parameters
    ----------
    text : str
        Path of a run folder; or, in `runs_dir`, its name, the beginning of it that no other has,
        or the name of a scenario, whose latest run is meant.
    runs_dir : Path
        Folder of run folders.

    Returns
    -------
    Path
        The run folder.

    Raises
    ------
    InputError
        If there is none, or several; names those there are.
    """
    path = Path(text)
    if (path / META_FILE).is_file():
        return path
    entries = list_runs(runs_dir)
    of_scenario = [entry for entry in entries if text in {entry.run, entry.scenario}]
    if of_scenario:
        return runs_dir / max(of_scenario, key=lambda entry: entry.created).run
    beginning = [entry.run for entry in entries if text and entry.run.startswith(text)]
    if len(beginning) == 1:
        return runs_dir / beginning[0]
    names = beginning or [entry.run for entry in entries]
    what_is = f"{len(beginning)} runs begin with {text!r}" if beginning else f"no run {text!r}"
    mend = f"there are: {', '.join(names)}" if names else "solve a scenario first"
    raise InputError([Problem(str(runs_dir), None, None, what_is, "one run", mend)])
