"""A scenario file as a tree whose every node knows the file, line and column it was written at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from planner.base.errors import InputError, Problem
from planner.base.sheet_cells import in_sheet

Scalar: TypeAlias = str | int | float | bool | None
Keys: TypeAlias = tuple[str | int, ...]
"""Key path from the root to a node: mapping keys and list positions."""
EACH: Final = "*"
"""Step of a key path: each value of a mapping or list."""


@dataclass(frozen=True)
class Place:
    """Where something is written; `line` and `column` count from 1, None outside of files.

    In a workbook `sheet` names the sheet, and line and column are row and column of the cell.
    """

    file: str
    line: int | None = None
    column: int | None = None
    sheet: str = ""

    @property
    def spot(self) -> tuple[str, int | None, int | None]:
        """Return file, line and column as a `Problem` has them; of a cell all is in the first."""
        if self.sheet and self.line and self.column:
            return in_sheet(self.file, self.sheet, self.line, self.column), None, None
        return self.file, self.line, self.column

    def problem(self, what_is: str, must_be: str, fix: str) -> Problem:
        """Return a problem at this place."""
        return Problem(*self.spot, what_is, must_be, fix)

    def error(self, what_is: str, must_be: str, fix: str) -> InputError:
        """Return the error of a single problem at this place."""
        return InputError([self.problem(what_is, must_be, fix)])


@dataclass(frozen=True)
class Node:
    """A value of a scenario file; `key_place` is where its key stands if it has one."""

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    place: Place
    key_place: Place | None = None

    @property
    def children(self) -> Mapping[str, Node]:
        """The entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def entries(self) -> Iterable[tuple[str | int, Node]]:
        """What is in a mapping with its key, or in a list with its position; none for anything else."""
        return enumerate(self.value) if isinstance(self.value, tuple) else self.children.items()

    def below(self, key: str | int) -> Node | None:
        """Return one of the entries, None where it is not written."""
        if isinstance(self.value, tuple):
            return self.value[key] if isinstance(key, int) and key < len(self.value) else None
        return self.children.get(str(key))

    def at(self, *keys: str | int) -> Node | None:
        """Return the node at the end of a key path, None where it is not written."""
        node: Node | None = self
        for key in keys:
            node = node.below(key) if node else None
        return node

    def entries_at(self, key: str) -> Mapping[str, Node]:
        """Return the entries of the mapping below a key; none where it is not written."""
        return self.children[key].children if key in self.children else {}


def merge(parent: Node, child: Node, is_by_year: Callable[[Keys], bool], keys: Keys = ()) -> Node:
    """Lay a child over its parent: mappings merge key by key, everything else is replaced.

    A path by year (`{2025: 30, 2030: 90}`) is one value and is replaced as a whole: merged,
    the years of the parent would stay between those of the child. A mapping of no line, as after
    ``--set``, leaves the parent's place: what is wrong in it is not all of the mapping.
    """
    both_mappings = isinstance(parent.value, Mapping) and isinstance(child.value, Mapping)
    if not both_mappings or is_by_year(keys):
        return child
    merged = dict(parent.children)
    for key, node in child.children.items():
        is_in_both = key in merged
        merged[key] = merge(merged[key], node, is_by_year, (*keys, key)) if is_in_both else node
    return replace(child if child.place.line else parent, value=merged)


def assign(node: Node, keys: tuple[str, ...], value: Node) -> Node:
    """Return the tree with one value set; missing mappings along the key path are made."""
    if not keys:
        return value
    first, rest = keys[0], keys[1:]
    if isinstance(node.value, Mapping):
        below = node.value.get(first, Node({}, value.place, value.place))
        return replace(node, value={**node.value, first: assign(below, rest, value)})
    if isinstance(node.value, tuple):
        if not (first.isascii() and first.isdigit() and int(first) < len(node.value)):
            message = f"{first!r} is not a position in a list of {len(node.value)} (they start at 0)"
            raise LookupError(message)
        entries = list(node.value)
        entries[int(first)] = assign(entries[int(first)], rest, value)
        return replace(node, value=tuple(entries))
    message = f"{first!r} is below {show(node.value)}, which is not a mapping"
    raise LookupError(message)


def nearest(node: Node, keys: Keys) -> Node:
    """Return the node at the end of a key path, or the last one on it that is written anywhere."""
    for key in keys:
        below = node.below(key)
        if below is None:
            break
        node = below
    return node


def walk(node: Node, keys: Keys = ()) -> Iterator[tuple[Keys, Node]]:
    """Yield a node and all below it, each with its key path."""
    yield keys, node
    for key, one in node.entries:
        yield from walk(one, (*keys, key))


def matching(node: Node, pattern: Sequence[str], keys: Keys = ()) -> Iterator[tuple[Keys, Node]]:
    """Yield the nodes at key paths of a pattern, in which `EACH` is any step, each with its key path."""
    if not pattern:
        yield keys, node
        return
    step, *rest = pattern
    for key, one in node.entries if step == EACH else ((step, node.below(step)),):
        if one is not None:
            yield from matching(one, rest, (*keys, key))


def plain(node: Node) -> object:
    """Return the tree as dicts, lists and plain values."""
    if isinstance(node.value, Mapping):
        return {key: plain(below) for key, below in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(below) for below in node.value]
    return node.value


def placed(node: Node, place: Place) -> Node:
    """Return a tree that is all written at one place."""
    if isinstance(node.value, Mapping):
        return Node({key: placed(below, place) for key, below in node.value.items()}, place, place)
    if isinstance(node.value, tuple):
        return Node(tuple(placed(below, place) for below in node.value), place, place)
    return Node(node.value, place, place)


def show(value: object) -> str:
    """Write a value the way a reader of a YAML file knows it.

    >>> show("10%"), show(True), show(None), show({2025: 1.5}), show([]), show(0.1)
    ("text '10%'", 'true', 'empty', 'a mapping', 'a list', '0.1')
    """
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"text {value!r}"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return str(value)
