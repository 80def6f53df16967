"""Which characters a text of a scenario may hold: those that a YAML file may hold unescaped.

Of these, a name may hold no ends of lines and none that change the direction of text: it is shown
in tables and in lines of messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from planner.base.paths import device_problem, is_device_name
from planner.base.words import NOT_IN_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.errors import Problem
    from planner.scenario.tree import Node, Place

__all__ = ["joined", "name_problems", "text_problems"]

_NOT_TEXT: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Not ``c-printable`` of YAML 1.2.2, section 5.1: controls, halves of pairs, U+FFFE, U+FFFF."""


_NOT_IN_NAMES: Final = re.compile(f"{_NOT_TEXT.pattern}|[{NOT_IN_NAMES}]")
_OF_SCENARIO: Final = "the name of the scenario"
_TEXT: Final = "text without control characters and without halves of surrogate pairs"
_NAME: Final = "text without control characters, ends of lines, changes of direction and halves of surrogate pairs"


def joined(text: str) -> str:
    r"""Return text whose escaped surrogate pairs, as JSON writes them, are the signs they mean.

    >>> joined("\ud83c\udfed") == "\U0001f3ed"
    True
    """
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def text_problems(tree: Node) -> Iterator[Problem]:
    """Find keys and values with characters that are no text.

    Workbooks, terminals and UTF-8 cannot hold them, so a plan would fail once it is written.
    """
    if isinstance(tree.value, str):
        yield from _problems(tree.value, "the text", tree.place, _NOT_TEXT, _TEXT)
    elif isinstance(tree.value, tuple):
        for node in tree.value:
            yield from text_problems(node)
    for key, node in tree.children.items():
        place = node.key_place or node.place
        yield from _problems(key, "the key", place, _NOT_IN_NAMES, _NAME)
        yield from text_problems(node)


def name_problems(name: str, place: Place) -> Iterator[Problem]:
    """Find what the name of a scenario, which is that of its file, may not hold or be."""
    yield from _problems(name, _OF_SCENARIO, place, _NOT_IN_NAMES, _NAME)
    if is_device_name(name):
        yield device_problem(name, _OF_SCENARIO, at=place.file)


def _problems(text: str, what: str, place: Place, refused: re.Pattern[str], must_be: str) -> Iterator[Problem]:
    found = refused.search(text)
    if found is not None:
        yield place.problem(f"{what} {text!a} holds the character U+{ord(found[0]):04X}", must_be, "remove it")
