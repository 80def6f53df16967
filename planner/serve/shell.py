"""What every page of ours has around it, and how a report is put into it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

import planner.outputs.report
from planner.outputs.report.markup import NOTHING, Html, element, joined
from planner.outputs.report.page import SCRIPT, STYLE, allowed
from planner.serve.guard import TOKEN_FIELD, content_policy
from planner.serve.paths import JOBS, SCENARIOS, SWEEPS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["STATIC", "button_form", "framed", "message_page", "shell"]

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


def message_page(title: str, text: str, status: int = 404) -> HTMLResponse:
    """Return a page that says why there is no other."""
    return shell(title, joined(element("p", line) for line in text.split("\n")), status=status)
