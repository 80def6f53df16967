"""What of a scenario can still be checked although some of it is wrong.

What a problem is about is taken out, and the rest is a scenario to look at. Blocks that something
was taken out of have their defaults there, so what is found in them may not be so and is kept back
until they are fixed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from planner.scenario.contradictions import contradictions
from planner.scenario.messages import problems_of
from planner.scenario.schema import Scenario
from planner.scenario.tree import Node, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from planner.base.errors import Problem

    Spot = tuple[str, int | None, int | None]

GROUND: Final = frozenset({"version", "data", "scope", "years", "decisions_start", "operator", "demand", "new_sites"})
"""Blocks that say what all others are about: without them figures cannot be judged."""


@dataclass(frozen=True)
class ValidRemainder:
    """A scenario less what is wrong in it."""

    scenario: Scenario  # what is left; it says less than what was asked for
    touched: frozenset[str]  # top-level blocks that something was taken out of
    _tree: Node

    @property
    def has_its_ground(self) -> bool:
        """Whether scope, years and demand are those that were asked for."""
        return not self.touched & GROUND

    def conflicts(self) -> tuple[Problem, ...]:
        """Return the settings that conflict, in blocks that nothing was taken out of."""
        if "years" in self.touched:
            return ()
        return self.in_whole_blocks(contradictions(self.scenario))

    def in_whole_blocks(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return those of some problems that do not lie in a block that lacks something."""
        inside = {spot for block in self.touched for spot in _spots(self._tree.children[block])}
        return tuple(problem for problem in problems if _spot(problem) not in inside)


def rest_of(
    name: str, source_files: tuple[Path, ...], tree: Node, problems: Iterable[Problem]
) -> ValidRemainder | None:
    """Take out of a scenario what problems are about."""
    wrong = {_spot(problem) for problem in problems}
    left, touched = tree, frozenset[str]()
    while True:
        found = frozenset(key for key, node in left.children.items() if wrong & set(_spots(node)))
        touched |= found
        left = _without(left, wrong)
        try:
            made = Scenario.model_validate(plain(left))
        except ValidationError as error:
            # A block may not do without what was taken out: then the block goes too.
            now = {_spot(problem) for problem in problems_of(error, left)}
            if now <= wrong:
                return None
            wrong = now
        else:
            return ValidRemainder(made.written_in(name, source_files, left), touched, tree)


def _without(node: Node, wrong: set[Spot]) -> Node:
    """Return a node less all below it that was written at one of some places."""
    if isinstance(node.value, tuple):
        entries = [below for below in node.value if not _is_at(below, wrong)]
        return replace(node, value=tuple(_without(below, wrong) for below in entries))
    if isinstance(node.value, str | int | float | None):
        return node
    return replace(
        node, value={key: _without(below, wrong) for key, below in node.value.items() if not _is_at(below, wrong)}
    )


def _is_at(node: Node, wrong: set[Spot]) -> bool:
    return bool(wrong & set(_own_spots(node)))


def _own_spots(node: Node) -> Iterator[Spot]:
    for place in (node.place, node.key_place):
        if place is not None:
            yield place.spot


def _spots(node: Node) -> Iterator[Spot]:
    """Places of a node and of all below it."""
    yield from _own_spots(node)
    below = node.value if isinstance(node.value, tuple) else node.children.values()
    for entry in below:
        yield from _spots(entry)


def _spot(problem: Problem) -> Spot:
    return problem.file, problem.line, problem.column
