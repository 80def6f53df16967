"""One value of one axis of a sweep, and a future: a name and a point of every axis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from planner.scenario.keys import is_by_year
from planner.scenario.tree import assign, merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.inputs.uncertain_figures import UncertainFigure
    from planner.scenario.tree import Node

__all__ = ["Future", "Label", "Point", "changed_tree"]

Label: TypeAlias = str | int | float | bool
"""What a point is called in names and tables: the value itself where it is one."""


@dataclass(frozen=True, eq=False)
class Point:
    """One value of one axis."""

    label: Label  # what it is called
    # key path that is set; empty where `value` is a tree of settings, laid over the scenario as a file over the one
    # that it extends
    keys: tuple[str, ...] = ()
    value: Node | None = None  # what is set, with its place in the file of the sweep; None where figures alone move
    figures: tuple[tuple[UncertainFigure, float], ...] = ()  # figures of the data, with the values that they take


@dataclass(frozen=True, eq=False)
class Future:
    """One future of a sweep."""

    name: str  # its name, any text
    # by axis; none of an axis that a future of the list `futures` leaves as it is
    points: Mapping[str, Point] = field(default_factory=dict)
    settings: Node | None = None  # settings of a future of that list, laid over the scenario at last

    @property
    def labels(self) -> dict[str, Label]:
        """What its points are called, by axis."""
        return {axis: point.label for axis, point in self.points.items()}

    @property
    def figures(self) -> tuple[tuple[UncertainFigure, float], ...]:
        """Figures of the data that differ, with their values."""
        return tuple(moved for point in self.points.values() for moved in point.figures)


def changed_tree(tree: Node, future: Future) -> Node:
    """Return what a future says: a scenario with the points of the future laid over it."""
    for point in future.points.values():
        if point.value is not None:
            tree = assign(tree, point.keys, point.value) if point.keys else merge(tree, point.value, is_by_year)
    return merge(tree, future.settings, is_by_year) if future.settings is not None else tree
