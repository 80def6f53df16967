"""HTML and SVG from values: the one place where text becomes markup, always escaped.

Names are written by users and never trusted: every child that is not `Html` already, and every value of an
attribute, goes through `html.escape` here.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NO_CONTENT: Final = frozenset({"meta", "link", "input", "br", "col"})
_DROPPED: Final = frozenset({"Cc", "Cs", "Cn"})
"""Control characters, halves of surrogate pairs and unassigned ones: HTML cannot hold them."""
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Controls of direction, by which a name could reorder the text around it."""


class Html(str):
    """Text that is markup already: made here, never by a user."""

    __slots__ = ()


NOTHING: Final = Html()  # no markup


def element(tag: str, *children: str | Iterable[str], **attributes: Any) -> Html:
    """Make an element; a number that is no integer is a place, to a tenth of a pixel.

    >>> element("p", "a < b", element("b", "c"), class_="note", data_run=2, hidden=True)
    '<p class="note" data-run="2" hidden>a &lt; b<b>c</b></p>'
    >>> element("circle", cx=20.04)
    '<circle cx="20.0"></circle>'
    """
    parts = [f"<{tag}"]
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {attribute}")
        elif value is not None and value is not False:
            text = f"{value:.1f}" if isinstance(value, float) else str(value)
            parts.append(f' {attribute}="{_escaped(text)}"')
    parts.append(">")
    if tag not in _NO_CONTENT:
        parts += [joined(children), f"</{tag}>"]
    return Html("".join(parts))


def joined(children: Iterable[str | Iterable[str]]) -> Html:
    """Join pieces of content; what is not `Html` is escaped."""
    pieces = (joined(child) if not isinstance(child, str) else child for child in children)
    return Html("".join(child if isinstance(child, Html) else _escaped(child) for child in pieces))


def name(text: str) -> Html:
    """Show a name of a user's: in its own direction, whatever is around it."""
    return element("bdi", text)


def _escaped(text: str) -> str:
    return escape(text if text.isprintable() else "".join(filter(_is_kept, text)))


def _is_kept(sign: str) -> bool:
    is_plain = sign.isprintable() or sign == "\n"
    return is_plain or (unicodedata.category(sign) not in _DROPPED and sign not in _TURNS)


STYLE: Final = "style.css"  # the one style of a report
SCRIPT: Final = "script.js"  # its one script


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
    links = (element("li", element("a", label, href=f"#{name}")) for name, label, _ in kept)
    contents = element("nav", element("ul", links), aria_label="Contents")
    parts = {
        "policy": _escaped(policy()),
        "title": _escaped(title),
        "style": file_text(STYLE),
        "head": head,
        "contents": contents,
        "sections": joined(content for _, _, content in kept),
        "foot": foot,
        "script": file_text(SCRIPT),
    }
    return Template(file_text("page.html")).substitute(parts)


def write_page(document: str, path: Path) -> list[Path]:
    """Write a page to a file."""
    path.write_text(document, encoding="utf-8")
    return [path]


@cache
def file_text(name: str) -> Html:
    """Return style, script or page, which are ours and hold no text of users."""
    return Html((Path(__file__).parent / name).read_text(encoding="utf-8"))
