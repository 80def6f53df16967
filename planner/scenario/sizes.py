"""Numbers in a scenario of a size that nothing has, which are in no bound of their key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from planner.tables.sizes import SIZE_MUST_BE, has_odd_size

if TYPE_CHECKING:
    from planner.base.errors import Problem
    from planner.scenario.tree import Node

__all__ = ["size_problems"]


def size_problems(node: Node, name: str = "") -> Iterator[Problem]:
    """Find numbers that are too large or too small to compute with."""
    value = node.value
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from size_problems(below, f"{name}.{key}" if name else key)
    elif isinstance(value, tuple):
        for position, below in enumerate(value):
            yield from size_problems(below, f"{name}[{position}]")
    elif isinstance(value, float | int) and not isinstance(value, bool) and has_odd_size(value):
        yield node.place.problem(f"{name} is {value:g}", SIZE_MUST_BE, "check its unit")
