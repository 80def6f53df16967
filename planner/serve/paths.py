"""Paths that more than one part of the server needs, each written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from planner.serve.jobs import Job
    from planner.serve.project import Source

__all__ = [
    "API",
    "JOBS",
    "PLACE",
    "RUNS",
    "SCENARIOS",
    "SWEEPS",
    "files_path",
    "is_api",
    "job_path",
    "place_path",
    "run_path",
    "scenario_path",
    "sweep_path",
]

API: Final = "/api"
"""Path of the interface for programs; what it has is below it."""
JOBS: Final = "/jobs"
"""Path of the page that lists the jobs; below `API`, of the same list for programs."""
PLACE: Final = "/place"
"""Start of the paths that say what is known of a place on the map of a scenario."""
RUNS: Final = "/runs"
"""Start of the paths of runs; below `API`, the list of them for programs."""
SCENARIOS: Final = "/scenarios"
"""Path of the page that lists the scenarios; below `API`, of the same list for programs."""
SWEEPS: Final = "/sweeps"
"""Path of the page that lists the sweeps; below `API`, of the same list for programs."""


def is_api(path: str) -> bool:
    """Tell whether a path is of the interface for programs, which is answered in JSON.

    >>> [is_api(path) for path in ("/api", "/api/runs", "/apiary", "/runs/api")]
    [True, True, False, False]
    """
    return path == API or path.startswith(f"{API}/")


def job_path(job: Job) -> str:
    """Return the path of the page of a job."""
    return _below(JOBS, job.id)


def run_path(run: str) -> str:
    """Return the path of the report of a run, by the name of its folder."""
    return _below(RUNS, run)


def files_path(run: str) -> str:
    """Return the path of the page of what can be downloaded of a run."""
    return f"{run_path(run)}/files"


def scenario_path(source: Source, *, run: str | None = None) -> str:
    """Return the path of the form of a scenario, or of one with the settings of a run."""
    form = _below(SCENARIOS, source.key)
    return form if run is None else f"{form}?run={_quoted(run)}"


def place_path(source: Source) -> str:
    """Return the path that says what is known of a place on the map of a scenario."""
    return _below(PLACE, source.key)


def sweep_path(source: Source) -> str:
    """Return the path of the page of a sweep."""
    return _below(SWEEPS, source.key)


def _below(path: str, name: str) -> str:
    return f"{path}/{_quoted(name)}"


def _quoted(name: str) -> str:
    """Return a name as one step of a path, or as a value: it leads nowhere else."""
    return quote(name, safe="")
