"""YAML 1.2 with the place of each value."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NoReturn

import yaml

from planner.base.errors import InputError
from planner.base.paths import device_problem, is_device_name
from planner.base.words import NOT_IN_NAMES
from planner.scenario.tree import Node, Place, Scalar, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planner.base.errors import Problem

# --- Which characters a text of a scenario may hold: those that a YAML file may hold unescaped ----
#
# Of these, a name may hold no ends of lines and none that change the direction of text: it is shown
# in tables and in lines of messages.

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
    for keys, node in walk(tree):
        if keys and isinstance(keys[-1], str):
            yield from _problems(keys[-1], "the key", node.key_place or node.place, _NOT_IN_NAMES, _NAME)
        if isinstance(node.value, str):
            yield from _problems(node.value, "the text", node.place, _NOT_TEXT, _TEXT)


def name_problems(name: str, place: Place) -> Iterator[Problem]:
    """Find what the name of a scenario, which is that of its file, may not hold or be."""
    yield from _problems(name, _OF_SCENARIO, place, _NOT_IN_NAMES, _NAME)
    if is_device_name(name):
        yield device_problem(name, _OF_SCENARIO, at=place.file)


def _problems(text: str, what: str, place: Place, refused: re.Pattern[str], must_be: str) -> Iterator[Problem]:
    found = refused.search(text)
    if found is not None:
        yield place.problem(f"{what} {text!a} holds the character U+{ord(found[0]):04X}", must_be, "remove it")


# --- Text in YAML 1.2 (core schema) to a tree with places; only what a scenario needs of it -------
#
# PyYAML follows YAML 1.1, where `NO` is false and `1e3` is text. So only its parser is used: the
# events become nodes here, under the rules of YAML 1.2, with duplicate keys and tags refused and
# with limits on nesting and on what aliases unfold to.
#
# Source: YAML 1.2.2, section 10.3 (core schema).

MOST_NODES: Final = 100_000  # after aliases are unfolded; us-base has about a hundred
MOST_LEVELS: Final = 20  # of nesting; a scenario needs five
LONGEST_INTEGER: Final = 18  # digits; longer ones are read as floats, as no key holds such counts


class _Refused(tuple[Node, ...]):
    """The value of what is refused, until it is left out so that nothing more is said of it."""

    __slots__ = ()


_CORE_SCHEMA: Final[tuple[tuple[re.Pattern[str], Callable[[str], Scalar]], ...]] = (
    (re.compile(r"|~|null|Null|NULL"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(rf"[-+]?[0-9]{{1,{LONGEST_INTEGER}}}"), int),
    (re.compile(r"0o[0-7]{1,20}"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]{1,15}"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?(\.inf|\.Inf|\.INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.nan|\.NaN|\.NAN"), lambda _: math.nan),
)
_FIXES: Final = (
    ("cannot start any token", "indent with spaces, and put quotes around text with special signs"),
    ("mapping values are not allowed", "put quotes around text that holds ': '"),
    ("expected <block end>", "give keys of one mapping the same indent"),
    ("could not find expected ':'", "write 'key: value' with a space after the colon"),
    ("while scanning a quoted scalar", "close the quote"),
    ("expected ',' or", "close the bracket, and separate entries by commas"),
    ("undefined alias", "give the anchor (&name) before the alias (*name)"),
)


def parse(text: str, file: str) -> Node:
    """Read one YAML document."""
    root, problems = parse_with_problems(text, file)
    if problems:
        raise InputError(problems)
    return root


@lru_cache(maxsize=8)
def parse_with_problems(text: str, file: str) -> tuple[Node, tuple[Problem, ...]]:
    """Read one YAML document, and go on behind what does not end the reading.

    A plan is compared with the shipped scenario that it starts from: texts are parsed once.
    """
    builder = _Builder(text, file)
    return builder.document(), tuple(builder.problems)


def scalar(text: str) -> Scalar:
    """Resolve a plain scalar by the core schema of YAML 1.2.

    >>> scalar("NO"), scalar("1e3"), scalar("0o17"), scalar("yes"), scalar("true"), scalar("~")
    ('NO', 1000.0, 15, 'yes', True, None)
    >>> scalar("017"), scalar("1_000"), scalar("1:30"), scalar("2025-01-01")
    (17, '1_000', '1:30', '2025-01-01')
    """
    for pattern, convert in _CORE_SCHEMA:
        if pattern.fullmatch(text):
            return convert(text)
    return text


class _Builder:
    """Turns the events of PyYAML's parser into nodes and collects what is wrong."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._events = self._read(text)
        self._anchors: dict[str, tuple[Node, int] | None] = {}  # None while still being read
        self._nodes = 0

    def document(self) -> Node:
        start = Place(self.file, 1, 1)
        self._next()  # start of the stream
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self._stop(start, "the file is empty", "a mapping of keys", "begin with 'version: 1'")
        root = self._node(self._next(), level=1)
        self._next()  # end of the document
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            fix = "remove the '---' or put the document into a file of its own"
            self._note(self._place(event), "a second document begins", "one document in a file", fix)
        return root

    def _read(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)
            said = " ".join(part for part in (error.context, error.problem) if part)
            fix = next((fix for sign, fix in _FIXES if sign in said), "")
            self._stop(place, f"this is not YAML: {said}", "", fix)
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
            found = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
            self._stop(Place(self.file, line, column), found, "", "remove it")

    def _node(self, event: yaml.Event, level: int) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        self._count(place, 1)
        if level > MOST_LEVELS:
            found, most = f"the nesting is deeper than {MOST_LEVELS} levels", f"at most {MOST_LEVELS} levels deep"
            fix = "`dcplan schema` lists the keys of every block"
            self._stop(place, found, f"{most}; a scenario needs five", fix)
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionStartEvent):
            self._stop(place, "nothing is written here", "a value or a key", "write one")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._note(place, f"the tag {tag!r} is refused", "a plain value", "remove the tag")
        nodes_before = self._nodes
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.MappingStartEvent):
            node = Node(self._mapping(level), place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(self._sequence(level), place)
        else:
            assert isinstance(event, yaml.ScalarEvent)
            # A style is a kind of quotes or block: such a value is text whatever it looks like.
            node = Node(joined(event.value) if event.style else scalar(event.value), place)
        if tag is not None:
            node = Node(_Refused(), place)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - nodes_before + 1)
        return node

    def _mapping(self, level: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key_node = self._node(event, level + 1)
            node, key = self._node(self._next(), level + 1), key_node.value
            name, place = key if isinstance(key, str) else _plain(event), key_node.place
            if not isinstance(key, Scalar):
                fix = "write one key, then a colon, then the list or mapping"
                self._note(place, "a list or mapping is used as a key", "text or a year", fix)
            elif isinstance(node.value, _Refused):
                continue
            elif name is None:
                found = f"*{getattr(event, 'anchor', '')}, the alias of a value that is no text, is used as a key"
                self._note(place, found, "text or a year", "write the key out")
            elif name in entries:
                first = entries[name].key_place
                found = f"the key {name!r} is given twice, first in line {first.line if first else None}"
                self._note(place, found, "given once", "keep one of them")
            else:
                entries[name] = replace(node, key_place=place)
        return entries

    def _sequence(self, level: int) -> tuple[Node, ...]:
        nodes = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            nodes.append(self._node(event, level + 1))
        return tuple(node for node in nodes if not isinstance(node.value, _Refused))

    def _alias(self, event: yaml.AliasEvent, place: Place) -> Node:
        anchor = event.anchor or ""
        if anchor not in self._anchors:
            fix = f"write &{anchor} before the value that is meant"
            self._note(place, f"the alias *{anchor} has no anchor", "an alias of an anchor above it", fix)
            return Node(None, place)
        known = self._anchors[anchor]
        if known is None:
            self._stop(place, f"the alias *{anchor} refers to itself", "", "write the value out")
        node, size = known
        self._count(place, size)
        return replace(node, place=place)

    def _count(self, place: Place, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            fix = "write values out instead of aliases of aliases, and put tables into data:"
            self._stop(place, f"the file expands to more than {MOST_NODES} values", "smaller", fix)

    def _next(self) -> yaml.Event:
        return next(self._events)

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)

    def _note(self, place: Place, what_is: str, must_be: str, fix: str) -> None:
        self.problems.append(place.problem(what_is, must_be, fix))

    def _stop(self, place: Place, what_is: str, must_be: str, fix: str) -> NoReturn:
        self._note(place, what_is, must_be, fix)
        raise InputError(self.problems)


def _plain(event: yaml.Event) -> str | None:
    """Return the text of a scalar without quotes; None for all else."""
    if not isinstance(event, yaml.ScalarEvent) or event.style:
        return None
    return str(event.value)
