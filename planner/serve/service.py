"""What the pages of one server share."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

from starlette.exceptions import HTTPException

from planner.serve.guard import Keys
from planner.serve.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from planner.serve.project import Project, Source

__all__ = ["MOST_CHECKS", "Service", "service_of"]

MOST_CHECKS: Final = 8
"""Of scenarios, at work or waiting: those that wait hold threads that other requests need."""


@dataclass(frozen=True)
class Service:
    """A server's folder, its keys and its work."""

    project: Project  # the folder
    keys: Keys = field(default_factory=Keys)  # what requests must know
    # held while a page is computed, so that many requests at once do not take all memory
    computing: threading.Lock = field(default_factory=threading.Lock)
    _checking: threading.Lock = field(default_factory=threading.Lock)
    _checks: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_CHECKS))

    def source(self, key: str) -> Source:
        """Return a scenario of the folder by its key."""
        found = self.project.source(key)
        if found is None:
            raise HTTPException(404)
        return found

    @contextmanager
    def checking_alone(self) -> Iterator[None]:
        """Wait for other checks of scenarios: one of thousands of sites takes minutes.

        Pages do not wait for a check, which `computing` would make them do.
        """
        if not self._checks.acquire(blocking=False):
            raise HTTPException(503, f"{MOST_CHECKS} checks wait already; repeat it later")
        try:
            with self._checking:
                yield
        finally:
            self._checks.release()

    @cached_property
    def jobs(self) -> Jobs:
        """Its work."""
        return Jobs(self.project.runs_dir)


def service_of(request: Request) -> Service:
    """Return the service that a request is made to."""
    return cast("Service", request.app.state.service)
