"""What pages have in common."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, cast
from urllib.parse import parse_qsl

from fastapi import Depends
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  FastAPI reads it
from starlette.responses import HTMLResponse

import planner.outputs.report
from planner.base.words import duration
from planner.outputs.report.markup import SCRIPT, STYLE, allowed, joined
from planner.runs.catalogue import seconds_before
from planner.serve.guard import TOKEN_FIELD, Keys, content_policy
from planner.serve.jobs import Job, Jobs, solve_task, sweep_task
from planner.serve.project import JOBS, RUNS, SCENARIOS, SWEEPS, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.serve.project import Project, Source

Thing = TypeVar("Thing")


MOST_CHECKS: Final = 8  # of scenarios, at work or waiting: those that wait hold threads that other requests need


@dataclass(frozen=True)
class Service:
    """A server's folder, its keys and its work."""

    project: Project  # the folder
    keys: Keys = field(default_factory=Keys)  # what requests must know
    # held while a page is computed, so that many requests at once do not take all memory
    computing: threading.Lock = field(default_factory=threading.Lock)
    # two checks at once, so that a short one does not wait for one of thousands of sites
    _checking: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(2))
    _checks: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_CHECKS))

    def source(self, key: str) -> Source:
        """Return a scenario of the folder by its key."""
        return _found(self.project.source(key))

    def sweep(self, key: str) -> Source:
        """Return a sweep by its key."""
        return _found(next((one for one in self.project.sweeps() if one.key == key), None))

    def run_folder(self, name: str) -> Path:
        """Return the folder of a run by its name."""
        return _found(self.project.run_folder(name))

    def start_solve(self, source: Source, like: str | None = None) -> Job:
        """Start to solve a scenario."""
        return self.jobs.start(
            f"Solve {source.name}",
            solve_task,
            (source.argument, self.project.runs_dir),
            seconds_before([source.name, *([like] if like else [])], self.project.runs().entries),
            can_stop=True,
        )

    def start_sweep(self, source: Source) -> Job:
        """Start a sweep; what it has stored is not solved again."""
        return self.jobs.start(
            f"Sweep {source.name}",
            sweep_task,
            (source.argument, self.project.sweep_folder(source)),
            link=source.page,
            when_cancelled="Futures that are done are kept; started again, it goes on from there.",
        )

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Wait while two checks of scenarios, which may take minutes, are at work; pages do not wait for any."""
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


def _found(thing: Thing | None) -> Thing:
    """Return what was asked for; there is no page of what is not there."""
    if thing is None:
        raise HTTPException(404)
    return thing


async def service_of(request: Request) -> Service:
    """Return the service that a request is made to."""
    return cast("Service", request.app.state.service)


# What a route takes to be given the service that it is asked of, the job of its path, or the form that was sent.
Asked = Annotated[Service, Depends(service_of)]


async def job_of(service: Asked, identifier: str) -> Job:
    """Return the job that a path names."""
    return _found(service.jobs.job(identifier))


AskedJob = Annotated[Job, Depends(job_of)]


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form by name, the last of each; the guard has seen its token."""
    text = (await request.body()).decode("ascii", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return {key: value for key, value in pairs if key != TOKEN_FIELD}


Fields = Annotated[dict[str, str], Depends(fields_of)]


# --- What every page of ours has around it, and how a report is put into it -----------------------

_REPORT: Final = Path(planner.outputs.report.__file__).parent
STATIC: Final = {
    "report.css": (_REPORT / STYLE, "text/css"),
    "serve.css": (Path(__file__).parent / "static" / "serve.css", "text/css"),
    "form.js": (Path(__file__).parent / "static" / "form.js", "text/javascript"),
    "serve.js": (Path(__file__).parent / "static" / "serve.js", "text/javascript"),
}
"""Files that pages ask for, by name, with their kinds: these and no others."""
_PLACES: Final = (("/", "Runs"), (SCENARIOS, "Scenarios"), (SWEEPS, "Sweeps"), (JOBS, "Solves"))
_BEFORE: Final = "<header>"


def _escaped(value: object) -> Markup:
    """Escape what a template shows by the one rule of all our markup: see `planner.outputs.report.markup`."""
    return value if isinstance(value, Markup) else Markup(joined([value if isinstance(value, str) else str(value)]))


TEMPLATES: Final = Environment(
    loader=PackageLoader("planner.serve"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_escaped,
)
TEMPLATES.filters["casefold"] = str.casefold
TEMPLATES.globals |= {"duration": duration, "path_of": path_of}
TEMPLATES.globals |= {"places": _PLACES, "runs_path": RUNS, "token_field": TOKEN_FIELD}
_PARTS: Any = TEMPLATES.get_template("parts.html").module
TEMPLATES.globals["parts"] = _PARTS


def page(template: str, title: str, service: Service | None = None, *, status: int = 200, **shown: Any) -> HTMLResponse:
    """Return a page of ours, made of a template; it may say where it is, how often it is read again, its script."""
    shown = {"here": "", "refresh_s": None, "script": "serve.js"} | shown
    if service is not None:
        shown |= {"token": service.keys.form, "folder": service.project.folder} | shown
    text = TEMPLATES.get_template(template).render(title=title, **shown)
    return HTMLResponse(text, status_code=status)


def framed(document: str, more: tuple[tuple[str, str], ...] = ()) -> HTMLResponse:
    """Return a report with the menu on top of it, its script and style allowed by their hashes."""
    text = document.replace(_BEFORE, f"{_PARTS.menu('', more)}{_BEFORE}", 1)
    policy = content_policy(scripts=allowed(SCRIPT), styles=allowed(STYLE))
    return HTMLResponse(text, headers={"content-security-policy": policy})


def message_page(title: str, text: str, status: int = 404) -> HTMLResponse:
    """Return a page that says why there is no other."""
    return page("message.html", title, status=status, text=text)
