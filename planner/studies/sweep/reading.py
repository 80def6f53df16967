"""Pieces of a sweep's file, each with its place; what is wrong is collected, not raised."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.base.words import closest
from planner.scenario.tree import Node, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.base.errors import Problem

_LONGEST_NAME: Final = 200
_OF_A_FILE: Final = frozenset({"extends", "version"})


class Found:
    """Problems that were found so far."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self.problems: list[Problem] = list(problems)

    def note(self, node: Node, what_is: str, must_be: str, fix: str) -> None:
        """Add a problem at the place of a value."""
        self.problems.append(node.place.problem(what_is, must_be, fix))

    def note_key(self, node: Node, what_is: str, must_be: str, fix: str) -> None:
        """Add a problem at the place of the key of a value."""
        place = node.key_place or node.place
        self.problems.append(place.problem(what_is, must_be, fix))

    def entries(
        self, node: Node, name: str, known: Sequence[str], fixes: Mapping[str, str] | None = None
    ) -> Mapping[str, Node]:
        """Return the entries of a mapping that may have these keys; others are problems.

        Of some of these `fixes` says what to do.
        """
        mapping = self.mapping(node, name)
        for key, below in mapping.items():
            if key not in known:
                meant = closest(key, known)
                fix = f"did you mean {meant!r}?" if meant else f"known here: {', '.join(known)}"
                self.note_key(below, f"unknown key {key!r} in {name}", "a key of a sweep", (fixes or {}).get(key, fix))
        return {key: below for key, below in mapping.items() if key in known}

    def check_name(self, node: Node, name: str, what: str) -> None:
        """Note a name that tables and lines of progress cannot show."""
        if not name.strip() or len(name) > _LONGEST_NAME or name.splitlines() != [name]:
            must_be = f"one line of text with at most {_LONGEST_NAME} characters"
            self.note_key(node, f"{what} is called {name!r}", must_be, "take another name")

    def mapping(self, node: Node, name: str) -> Mapping[str, Node]:
        """Return the entries of a mapping; anything else is a problem."""
        if isinstance(node.value, Mapping):
            return node.value
        self.note(node, f"{name} is {show(node.value)}", "a mapping of keys", "write keys under it, or remove the line")
        return {}

    def settings(self, node: Node, name: str) -> Mapping[str, Node]:
        """Return settings to lay over the base; what another file would be read for is none."""
        mapping = self.mapping(node, name)
        for key in sorted(_OF_A_FILE & mapping.keys()):
            fix = "remove it; base names the scenario that all futures begin from"
            self.note_key(mapping[key], f"{name} has {key}", "settings alone", fix)
        return mapping

    def entries_of_list(self, node: Node, name: str) -> tuple[Node, ...]:
        """Return the entries of a list with at least one; anything else is a problem."""
        if isinstance(node.value, tuple) and node.value:
            return node.value
        what_is = f"{name} is {'empty' if node.value == () else show(node.value)}"
        self.note(node, what_is, "a list with at least one entry", "write [first, second]")
        return ()

    def text(self, node: Node, name: str, fix: str) -> str:
        """Return a text that is not empty; anything else is a problem."""
        if isinstance(node.value, str) and node.value:
            return node.value
        self.note(node, f"{name} is {show(node.value) if node.value else 'empty'}", "text", fix)
        return ""

    def number(self, node: Node, name: str) -> float | None:
        """Return a finite number; anything else is a problem."""
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return value
        self.note(node, f"{name} is {show(value)}", "a finite number", "write a number, without quotes")
        return None

    def whole(self, node: Node, name: str, least: int, most: int) -> int | None:
        """Return an integer within bounds; anything else is a problem."""
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.note(node, f"{name} is {show(value)}", f"an integer from {least:,} to {most:,}", "write another one")
        return None
