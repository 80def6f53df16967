"""What pages have in common."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

import planner.outputs.report
from planner.outputs.report.markup import NOTHING, SCRIPT, STYLE, Html, allowed, element, joined
from planner.runs.catalogue import seconds_before
from planner.serve.guard import TOKEN_FIELD, Keys, content_policy
from planner.serve.jobs import Jobs
from planner.serve.project import JOBS, SCENARIOS, SWEEPS, sweep_path
from planner.serve.worker import solve_task, sweep_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.requests import Request

    from planner.serve.jobs import Job
    from planner.serve.project import Project, Source

Thing = TypeVar("Thing")

# --- What the pages of one server share -----------------------------------------------------------

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
        return _found(self.project.source(key))

    def sweep(self, key: str) -> Source:
        """Return a sweep by its key."""
        return _found(next((one for one in self.project.sweeps() if one.key == key), None))

    def run_folder(self, name: str) -> Path:
        """Return the folder of a run by its name."""
        return _found(self.project.run_folder(name))

    def job(self, identifier: str) -> Job:
        """Return a job."""
        return _found(self.jobs.job(identifier))

    def start_solve(self, source: Source, like: str | None = None) -> Job:
        """Start to solve a scenario."""
        names = [source.name, *([like] if like else [])]
        return self.jobs.start(
            f"Solve {source.name}",
            solve_task,
            (source.argument, self.project.runs_dir),
            seconds_before(names, self.project.runs().entries),
            can_stop=True,
        )

    def start_sweep(self, source: Source) -> Job:
        """Start a sweep; what it has stored is not solved again."""
        return self.jobs.start(
            f"Sweep {source.name}",
            sweep_task,
            (source.argument, self.project.sweep_folder(source)),
            link=sweep_path(source),
            when_cancelled="Futures that are done are kept; started again, it goes on from there.",
        )

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


def _found(thing: Thing | None) -> Thing:
    """Return what was asked for; there is no page of what is not there."""
    if thing is None:
        raise HTTPException(404)
    return thing


def service_of(request: Request) -> Service:
    """Return the service that a request is made to."""
    return cast("Service", request.app.state.service)


# --- The fields of a form that was sent -----------------------------------------------------------


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form by name, the last of each; the guard has seen its token."""
    text = (await request.body()).decode("ascii", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    return {key: value for key, value in pairs if key != TOKEN_FIELD}


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


def shell(
    title: str,
    *content: Html,
    here: str = "",
    refresh_s: int | None = None,
    status: int = 200,
    script: str = "serve.js",
) -> HTMLResponse:
    """Return a page of ours."""
    again = NOTHING
    if refresh_s is not None:
        again = element("noscript", element("meta", http_equiv="refresh", content=str(refresh_s)))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} - dcplan"),
        element("link", rel="icon", href="data:,"),
        [element("link", rel="stylesheet", href=f"/static/{name}") for name in _STYLES],
        element("script", src=f"/static/{script}", defer=True),
        again,
    )
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        menu(here),
        element("main", element("h1", title), content, id="content"),
        class_="serve",
    )
    document = element("html", head, body, lang="en")
    return HTMLResponse(f"<!doctype html>\n{document}\n", status_code=status)


_STYLES: Final = ("report.css", "serve.css")


def menu(here: str, more: Iterable[tuple[str, str]] = ()) -> Html:
    """Return the links at the top of every page."""
    links = (
        element("li", element("a", name, href=path, aria_current="page" if path == here else None))
        for path, name in (*_PLACES, *more)
    )
    return element("nav", element("ul", links), aria_label="dcplan")


def framed(document: str, more: Iterable[tuple[str, str]] = ()) -> HTMLResponse:
    """Return a report with the menu on top of it, its script and style allowed by their hashes."""
    text = document.replace(_BEFORE, f"{menu('', more)}{_BEFORE}", 1)
    policy = content_policy(scripts=allowed(SCRIPT), styles=allowed(STYLE))
    return HTMLResponse(text, headers={"content-security-policy": policy})


def button_form(action: str, label: str, token: str, class_: str | None = None, **fields: str) -> Html:
    """Return a button that sends a form."""
    hidden = (
        element("input", type="hidden", name=name, value=value)
        for name, value in (*fields.items(), (TOKEN_FIELD, token))
    )
    button = element("button", label, type="submit")
    return element("form", hidden, button, method="post", action=action, class_=class_)


def table(heads: Iterable[tuple[str | Html, str | None]], rows: Iterable[Html], label: str | None = None) -> Html:
    """Return a table that scrolls sideways, by its heads with their classes and its rows."""
    head = element("tr", (element("th", text, scope="col", class_=class_ or None) for text, class_ in heads))
    body = element("table", element("thead", head), element("tbody", rows), aria_label=label)
    return element("div", body, class_="scroll")


def message_page(title: str, text: str, status: int = 404) -> HTMLResponse:
    """Return a page that says why there is no other."""
    return shell(title, joined(element("p", line) for line in text.split("\n")), status=status)
