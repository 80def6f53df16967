"""Settings of a scenario outside their plausible range, and paths that jump."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeGuard

from planner.plausible.ranges import as_text
from planner.scenario.keys import EACH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.base.errors import Problem
    from planner.plausible.ranges import Range
    from planner.scenario.tree import Node, Place

_LEAP: Final = 10.0
"""Demand of one company may leap so far at once, beside its growth by the year."""
_FALL: Final = 3.0
"""It may fall so far at once, beside its fastest decline by the year."""
_FEW_YEARS: Final = 2  # of which one may well be left to the line between others
_FAR_YEARS: Final = 5
"""A path may begin with figures so much older than the plan, or end so much later."""
_PATHS: Final = (("demand", "facility_gw"), ("demand", "explicit", EACH, "by_year"))
GROWTH: Final = "demand_growth"


def implausible_settings(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find settings outside their range."""
    for given in ranges:
        for keys in given.settings:
            for name, value, place in numbers_at(tree, keys):
                if given.excludes(value):
                    yield place.problem(given.what_is(name, value), "", given.fix)


def jumps(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find paths of demand one of whose points is in another unit than the one before. Takes `ranges` [1/year]."""
    growth = [one for one in ranges if one.quantity == GROWTH]
    rise = 1.0 + max((one.high for one in growth), default=float("inf"))
    decline = 1.0 + min((one.low for one in growth), default=-1.0)
    for keys in _PATHS:
        for name, path in _nodes(tree, keys, ""):
            points = sorted((int(year), node) for year, node in path.children.items())
            for (year, before), (later, node) in pairwise(points):
                first, second = before.value, node.value
                if not (_is_number(first) and _is_number(second)) or not first or not second:
                    continue
                span = later - year
                if not decline**span / _FALL <= second / first <= _LEAP * rise**span:
                    what_is = f"{name} jumps from {as_text(first)} in {year} to {as_text(second)} in {later}"
                    yield node.place.problem(what_is, "", "check that both are in one unit")
                    break  # the way back is no slip of its own


def stray_years(tree: Node, years: Sequence[int]) -> Iterator[Problem]:
    """Find a year of a path far outside the model years where the path lacks one of them."""
    for keys in _PATHS:
        for name, path in _nodes(tree, keys, ""):
            given = {int(year): node for year, node in path.children.items()}
            missing = sorted(set(years) - given.keys())
            outside = sorted(given.keys() - set(years))
            if len(years) <= _FEW_YEARS or len(missing) != 1 or len(outside) != 1:
                continue
            (year,), (lacks,) = outside, missing
            if max(years[0] - year, year - years[-1]) > _FAR_YEARS:
                what_is = f"{name} has a point in {year} and none in the model year {lacks}"
                yield given[year].place.problem(what_is, "", f"is {lacks} meant?")


def numbers_at(tree: Node, keys: tuple[str, ...]) -> Iterator[tuple[str, float, Place]]:
    """Return the numbers that are written at a key path or below it."""
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
