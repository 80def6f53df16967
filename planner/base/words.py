"""Words for what is too long to be shown in full, or is no text."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NOT_IN_NAMES", "and_more", "closest", "file_in_message", "in_message", "some", "within_sentence"]

NOT_IN_NAMES: Final = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
"""Ranges of a pattern: controls, ends of lines, and what changes the direction of text."""
_NOT_TEXT: Final = re.compile(f"(?!\n)[{NOT_IN_NAMES}\ud800-\udfff]")
_LONG_NAME: Final = re.compile(r"(?<![^\s(\[])(?:'[^']{200,}'|\"[^\"]{200,}\")(?![^\s,;:.)\]])|[^\s'\"]{200,}")
_NO_FILE: Final = re.compile(r"[^/\\]{256,}")
"""Longer than the name of a file or folder may be."""
_CLOSE_ENOUGH: Final = 0.6
_FIRST: Final = 80
_LAST: Final = 20


def and_more(count: int, shown: int) -> str:
    """Say how many of a list are left when so many of it are shown.

    >>> and_more(5, 3), and_more(3, 3)
    (' and 2 more', '')
    """
    return f" and {count - shown} more" if count > shown else ""


def closest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word most like a given one in either case, None when none is near.

    A word with the same letters in another order is near, however short it is.

    >>> closest("us-va-ashbrun", ["us-ga-atlanta", "us-va-ashburn"]), closest("tyni", ["tiny"])
    ('us-va-ashburn', 'tiny')
    """
    by_lower_case = {text.lower(): text for text in known}
    asked = word.lower()
    found = get_close_matches(asked, by_lower_case, n=1, cutoff=_CLOSE_ENOUGH) or [
        text for text in by_lower_case if sorted(text) == sorted(asked)
    ]
    return by_lower_case[found[0]] if found else None


def within_sentence(text: str) -> str:
    """Begin a text in lower case; names and ids in it stay as they are.

    >>> within_sentence("Racks in PJM, last year")
    'racks in PJM, last year'
    """
    return text[:1].lower() + text[1:]


def some(words: Sequence[str], most: int, *, between: str = ", ") -> str:
    """List the first of some words, and say how many more there are.

    >>> some(["oak", "elm", "ash"], 2), some(["oak", "elm"], 2)
    ('oak, elm and 1 more', 'oak, elm')
    """
    return between.join(words[:most]) + and_more(len(words), most)


def in_message(text: str) -> str:
    r"""Write text as a message shows it: control characters escaped, long names shortened.

    Ends of lines stay; a name is what stands in quotes, or has no spaces.

    >>> in_message("unknown site 'a\x7fb'")
    "unknown site 'a\\x7fb'"
    >>> in_message(f"unknown key '{5000 * 'x'}'").count("x")
    100
    >>> in_message(f"unknown key '{5000 * 'x'}'")[-30:]
    "xxxxxxxxxx' (5,000 characters)"
    """
    return _LONG_NAME.sub(_shortened, _NOT_TEXT.sub(_escaped, text))


def file_in_message(file: str) -> str:
    r"""Write the name of a file as a message shows it, whole if there may be such a file.

    >>> file_in_message("plans/odd\x7f\nname.yaml"), file_in_message(5000 * "x")[-20:]
    ('plans/odd\\x7f\\nname.yaml', 'x (5,000 characters)')
    """
    return _NO_FILE.sub(_shortened, _NOT_TEXT.sub(_escaped, file).replace("\n", r"\n"))


def _escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")


def _shortened(found: re.Match[str]) -> str:
    name = found.group()
    core = name.strip("'\"")
    shown = name.replace(core, f"{core[:_FIRST]}...{core[-_LAST:]}")
    return f"{shown} ({len(core):,} characters)"
