"""From a scenario or a sweep to the job that solves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.runs.catalogue import seconds_before
from planner.serve.project import sweep_path
from planner.serve.worker import solve_task, sweep_task

if TYPE_CHECKING:
    from planner.serve.jobs import Job
    from planner.serve.project import Source
    from planner.serve.service import Service


def start_solve(service: Service, source: Source, like: str | None = None) -> Job:
    """Start to solve a scenario."""
    names = [source.name, *([like] if like else [])]
    return service.jobs.start(
        f"Solve {source.name}",
        solve_task,
        (source.argument, service.project.runs_dir),
        seconds_before(names, service.project.runs().entries),
        can_stop=True,
    )


def start_sweep(service: Service, source: Source) -> Job:
    """Start a sweep; what it has stored is not solved again."""
    return service.jobs.start(
        f"Sweep {source.name}",
        sweep_task,
        (source.argument, service.project.sweep_folder(source)),
        link=sweep_path(source),
        when_cancelled="Futures that are done are kept; started again, it goes on from there.",
    )
