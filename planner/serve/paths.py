"""Paths that more than one part of the server needs, each written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from planner.serve.jobs import Job
    from planner.serve.project import Source

__all__ = ["API", "JOBS", "is_api", "job_path", "sweep_path"]

API: Final = "/api"
"""Path of the interface for programs; what it has is below it."""
JOBS: Final = "/jobs"
"""Path of the page that lists the jobs; below `API`, of the same list for programs."""


def is_api(path: str) -> bool:
    """Tell whether a path is of the interface for programs, which is answered in JSON.

    Parameters
    ----------
    path : str
        Of a request, decoded.

    Examples
    --------
    >>> [is_api(path) for path in ("/api", "/api/runs", "/apiary", "/runs/api")]
    [True, True, False, False]
    """
    return path == API or path.startswith(f"{API}/")


def job_path(job: Job) -> str:
    """Return the path of the page of a job."""
    return f"{JOBS}/{quote(job.id, safe='')}"


def sweep_path(source: Source) -> str:
    """Return the path of the page of a sweep."""
    return f"/sweeps/{quote(source.key, safe='')}"
