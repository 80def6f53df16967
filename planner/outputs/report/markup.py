"""HTML and SVG from values: the one place where text becomes markup, always escaped.

Names of sites and scenarios are written by users and are never trusted. Every child of an element
that is not `Html` already, and every value of an attribute, goes through `html.escape` here.
"""

from __future__ import annotations

import json
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_CONTENT: Final = frozenset({"meta", "link", "input", "br", "col"})
_DROPPED: Final = frozenset({"Cc", "Cs", "Cn"})
"""Control characters, halves of surrogate pairs and unassigned ones: HTML cannot hold them."""
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Controls of direction, by which a name could reorder the text around it."""


class Html(str):
    """Text that is markup already: made here, never by a user."""

    __slots__ = ()


NOTHING: Final = Html()
"""No markup."""


def element(tag: str, *children: str | Iterable[str], **attributes: Any) -> Html:
    """Make an element.

    >>> element("p", "a < b", element("b", "c"), class_="note", data_run=2, hidden=True)
    '<p class="note" data-run="2" hidden>a &lt; b<b>c</b></p>'
    """
    parts = [f"<{tag}"]
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {attribute}")
        elif value is not None and value is not False:
            parts.append(f' {attribute}="{_escaped(str(value))}"')
    parts.append(">")
    if tag not in _NO_CONTENT:
        parts += [joined(children), f"</{tag}>"]
    return Html("".join(parts))


def joined(children: Iterable[str | Iterable[str]]) -> Html:
    """Join pieces of content; what is not `Html` is escaped."""
    return Html(
        "".join(
            (child if isinstance(child, Html) else _escaped(child)) if isinstance(child, str) else joined(child)
            for child in children
        )
    )


def name(text: str) -> Html:
    """Show a name of a user's: in its own direction, whatever is around it."""
    return element("bdi", text)


def embedded_json(content: Any, **attributes: Any) -> Html:
    """Make a block of data for the script of the page.

    Nothing in it can end the block: ``<``, ``>`` and ``&`` are written as JSON escapes.
    """
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return element("script", Html(text), type="application/json", **attributes)


def _escaped(text: str) -> str:
    kept = "".join(
        sign
        for sign in text
        if sign.isprintable() or sign == "\n" or (unicodedata.category(sign) not in _DROPPED and sign not in _TURNS)
    )
    return escape(kept)
