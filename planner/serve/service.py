"""What the pages of one server share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from starlette.exceptions import HTTPException

from planner.serve.guard import Keys
from planner.serve.jobs import Jobs

if TYPE_CHECKING:
    from starlette.requests import Request

    from planner.serve.project import Project, Source

__all__ = ["Service", "service_of"]


@dataclass(frozen=True)
class Service:
    """A server's folder, its keys and its work.

    Parameters
    ----------
    project : Project
        The folder.
    keys : Keys
        What requests must know.
    computing : Lock
        Held while a page is computed, so that many requests at once do not take all memory.
    """

    project: Project
    keys: Keys = field(default_factory=Keys)
    computing: threading.Lock = field(default_factory=threading.Lock)

    def source(self, key: str) -> Source:
        """Return a scenario of the folder by its key.

        Raises
        ------
        HTTPException
            404 where the folder has none of that key.
        """
        found = self.project.source(key)
        if found is None:
            raise HTTPException(404)
        return found

    @cached_property
    def jobs(self) -> Jobs:
        """Its work."""
        return Jobs(self.project.runs_dir)


def service_of(request: Request) -> Service:
    """Return the service that a request is made to."""
    return cast("Service", request.app.state.service)
