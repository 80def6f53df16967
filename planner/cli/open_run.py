"""The run that a command is about: opened, or solved first where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.runs.plan import PlanViews


def open_or_solve(text: str, runs_dir: Path, progress: Progress) -> PlanViews:
    """Open a run; solve and store a scenario that has none, not among files of a study."""
    from planner.cli.options import warn_of_changes
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import try_own_folder
    from planner.runs import find_run
    from planner.runs.find import is_unsolved
    from planner.runs.folder import load_run, write_run
    from planner.runs.reopen import reopen
    from planner.studies.solve import solve

    if not is_unsolved(text, runs_dir):
        folder = find_run(text, runs_dir)
        warn_of_changes(load_run(folder))
        progress.stage("read")
        return reopen(folder)
    try_own_folder(runs_dir, RUNS)
    progress.print_line(f"No run of {text} in {runs_dir}: it is solved once, and its run is stored.")
    plan = solve(text, on_stage=progress.stage, on_progress=progress.solver, interrupt=progress.interrupt)
    progress.stage("write")
    folder = write_run(plan, runs_dir, log=progress.lines)
    progress.print_line(f"Written to {folder}")
    return plan
