"""Settings of a scenario outside their plausible range, and paths that jump."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeGuard

from planner.plausible.ranges import as_text
from planner.scenario.keys import EACH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.base.errors import Problem
    from planner.plausible.ranges import Range
    from planner.scenario.tree import Node, Place

__all__ = ["implausible_settings", "jumps", "numbers_at"]

_LEAP: Final = 10.0
"""Demand of one company may leap so far at once, beside its growth by the year."""
_PATHS: Final = (("demand", "facility_gw"), ("demand", "explicit", EACH, "by_year"))
GROWTH: Final = "demand_growth"


def implausible_settings(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find settings outside their range.

    Parameters
    ----------
    tree : Node
        What was written, merged.
    ranges : iterable of Range
        Where each may be written.

    Yields
    ------
    Problem
        One for each number, at its place.
    """
    for given in ranges:
        for keys in given.settings:
            for name, value, place in numbers_at(tree, keys):
                if given.excludes(value):
                    yield place.problem(given.what_is(name, value), "", given.fix)


def jumps(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find paths of demand one of whose points is in another unit than the one before.

    Parameters
    ----------
    tree : Node
        What was written, merged.
    ranges : iterable of Range
        One of them says how fast demand may grow. [1/year]

    Yields
    ------
    Problem
        One for each point that cannot follow from the one before.
    """
    by_year = 1.0 + max((r.high for r in ranges if r.quantity == GROWTH), default=float("inf"))
    for keys in _PATHS:
        for name, path in _nodes(tree, keys, ""):
            points = sorted((int(year), node) for year, node in path.children.items())
            for (year, before), (later, node) in pairwise(points):
                first, second = before.value, node.value
                if not (_is_number(first) and _is_number(second)) or not first or not second:
                    continue
                most = _LEAP * by_year ** (later - year)
                if not 1.0 / most <= second / first <= most:
                    what_is = (
                        f"{name} jumps from {as_text(first)} in {year}"
                        f" to {as_text(second)} in {later}"
                    )
                    yield node.place.problem(what_is, "", "check that both are in one unit")
                    break  # the way back is no slip of its own


def numbers_at(tree: Node, keys: tuple[str, ...]) -> Iterator[tuple[str, float, Place]]:
    """Return the numbers that are written at a key path or below it.

    Parameters
    ----------
    tree : Node
        What was written, merged.
    keys : tuple of str
        `*` is each entry of a mapping or list.

    Yields
    ------
    str, float, Place
        Dotted name, number and place.
    """
    for name, node in _nodes(tree, keys, ""):
        yield from _numbers(node, name)


def _nodes(node: Node, keys: tuple[str, ...], name: str) -> Iterator[tuple[str, Node]]:
    if not keys:
        yield name, node
        return
    for step, label, below in _entries(node, name):
        if keys[0] in (EACH, step):
            yield from _nodes(below, keys[1:], label)


def _numbers(node: Node, name: str) -> Iterator[tuple[str, float, Place]]:
    if _is_number(node.value):
        yield name, float(node.value), node.place
    for _, label, below in _entries(node, name):
        yield from _numbers(below, label)


def _entries(node: Node, name: str) -> Iterator[tuple[str, str, Node]]:
    """Key, dotted name and node of each entry of a mapping or list."""
    if isinstance(node.value, tuple):
        for position, below in enumerate(node.value):
            yield str(position), f"{name}[{position}]", below
    elif isinstance(node.value, Mapping):
        for key, below in node.value.items():
            yield key, f"{name}.{key}" if name else key, below


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float | int) and not isinstance(value, bool)
