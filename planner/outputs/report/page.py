"""The page around the sections: its policy, style and script, all in the one file."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.outputs.files import whole_file
from planner.outputs.report.markup import NOTHING, Html, element

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE: Final = "style.css"
"""The one style of a report."""
SCRIPT: Final = "script.js"
"""Its one script."""
_HERE: Final = Path(__file__).parent


def policy() -> str:
    """Return what a browser does with a page: no request, no style or script but our two."""
    return (
        f"default-src 'none'; style-src {allowed(STYLE)}; script-src {allowed(SCRIPT)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def allowed(name: str) -> str:
    """Return the source of a policy that allows `STYLE` or `SCRIPT` inside a page: its hash."""
    digest = hashlib.sha256(file_text(name).encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def section(identifier: str, heading: str, *content: Html) -> Html:
    """Make a section; nothing where it has no content."""
    kept = [part for part in content if part]
    if not kept:
        return NOTHING
    head = element("h2", heading, id=f"{identifier}-head")
    return element("section", head, kept, id=identifier, aria_labelledby=f"{identifier}-head")


def page(title: str, head: Html, sections: Sequence[tuple[str, str, Html]], foot: Html) -> str:
    """Put a page together."""
    kept = [(name, label, content) for name, label, content in sections if content]
    contents = element(
        "nav",
        element("ul", (element("li", element("a", label, href=f"#{name}")) for name, label, _ in kept)),
        aria_label="Contents",
    )
    document = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy()),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", title),
            element("style", file_text(STYLE)),
        ),
        element(
            "body",
            element("a", "Skip to the answer", href="#answer", class_="skip"),
            element("header", head),
            contents,
            element("main", (content for _, _, content in kept)),
            element("footer", foot),
            element("script", file_text(SCRIPT)),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{document}\n"


def write_page(document: str, path: Path) -> list[Path]:
    """Write a page to a file, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(document, encoding="utf-8")
    return [path]


@cache
def file_text(name: str) -> Html:
    """Return style or script, which are ours and hold no text of users."""
    return Html((_HERE / name).read_text(encoding="utf-8"))
