"""Axes of a sweep, the points on them, samples of these, and the base."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from planner.base.words import did_you_mean
from planner.inputs.uncertain_figures import UncertainFigure, figures_of
from planner.scenario.keys import is_by_year, is_integer, written
from planner.scenario.tree import Node, assign, merge, plain
from planner.studies.sweep.blocks import ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.studies.sweep.blocks import AxisBlock, Sample, SweepRange

# --- One value of one axis of a sweep, and a future: a name and a point of every axis -------------

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


# --- The axes of a sweep: which key, or which figures of the data, and the values they take -------

_LONGEST_LABEL: Final = 200
_DIGITS: Final = 6
"""Significant digits of a value that is drawn: a name must be readable, and say all of it."""
_Draw: TypeAlias = Callable[[float], Point] | None


@dataclass(frozen=True, eq=False)
class SweepAxis:
    """An axis of a sweep."""

    name: str  # any text
    node: Node  # where it is written
    points: tuple[Point, ...]  # its values in order; of one that is drawn from a range, its two ends
    # from a number in [0, 1) to a point, where the axis is drawn from a range; None for one with a list of values,
    # whose points are as likely as each other
    draw: _Draw = None

    def point_at(self, share: float) -> Point:
        """Return the point at a share of the axis, in [0, 1)."""
        if self.draw is not None:
            return self.draw(share)
        return self.points[min(int(share * len(self.points)), len(self.points) - 1)]


def axis_of(
    name: str, node: Node, block: AxisBlock, tables: Mapping[str, pd.DataFrame], *, is_sampled: bool
) -> SweepAxis:
    """Make an axis of its block; an error says what of it the base scenario has not."""
    parts = node.children
    if block.levels is not None:
        levels = parts["levels"].children
        points = [Point(label, (), replace(at, value=at.children)) for label, at in levels.items()]
        return SweepAxis(name, node, tuple(points))
    if block.key is None:
        return SweepAxis(name, node, *_of_figures(block, parts, tables, is_sampled=is_sampled))

    def at(value: Node) -> Point:
        """Return a value as if its key were written where the axis names it."""
        place = parts["key"].key_place or parts["key"].place
        return Point(_label(value), block.key or (), Node(value.value, value.place, place))

    if block.between is not None:
        return SweepAxis(name, node, *_between(block, parts["between"], at, is_sampled=is_sampled))
    listed = _range(block.range, parts["range"]) if block.range is not None else parts["values"].entries
    return SweepAxis(name, node, tuple(at(value) for _, value in listed))


def _range(block: SweepRange, asked: Node) -> Iterable[tuple[int, Node]]:
    """Return the values of a range with their numbers, integers where all of it is."""
    values = block.numbers
    is_whole = all(isinstance(one.value, int) for one in asked.children.values()) and bool((values % 1 == 0).all())
    shown = [int(value) if is_whole else float(f"{value:.12g}") for value in values]
    return enumerate(Node(value, asked.place) for value in shown)


def _between(
    block: AxisBlock, asked: Node, at: Callable[[Node], Point], *, is_sampled: bool
) -> tuple[tuple[Point, ...], _Draw]:
    if not is_sampled:
        fix = "add a sample, or give values or a range instead"
        raise (asked.key_place or asked.place).error("the axis has between", "with a sample", fix)
    first, last = block.between or (0.0, 0.0)
    room, is_whole = last - first, is_integer(block.key or ())

    def draw(share: float) -> Point:
        if is_whole:  # as likely at its ends as between them
            return at(Node(int(first) + min(math.floor(share * (room + 1)), int(room)), asked.place))
        return at(Node(float(f"{first + share * room:.{_DIGITS}g}"), asked.place))

    return tuple(at(end) for _, end in asked.entries), draw


def _of_figures(
    block: AxisBlock, parts: Mapping[str, Node], tables: Mapping[str, pd.DataFrame], *, is_sampled: bool
) -> tuple[tuple[Point, ...], _Draw]:
    figures = _figures(block, parts, tables)
    alone = figures[0] if len(figures) == 1 else None

    def at_end(word: str) -> Point:
        label: Label = word if alone is None else getattr(alone, word)
        return Point(label, (), None, tuple((one, getattr(one, word)) for one in figures))

    def draw(share: float) -> Point:
        share = float(f"{share:.{_DIGITS}g}")
        moved = tuple((one, one.value_at(share)) for one in figures)
        return Point(share if alone is None else moved[0][1], (), None, moved)

    if block.values is None and is_sampled:
        return (at_end("low"), at_end("high")), draw
    return tuple(map(at_end, block.values or ENDS)), None


def _figures(
    block: AxisBlock, parts: Mapping[str, Node], tables: Mapping[str, pd.DataFrame]
) -> Sequence[UncertainFigure]:
    """Return the figures of a table's column that an axis moves together."""
    figures, wanted = figures_of(tables), {"table": block.table, "column": block.column, "row": block.row}
    for key, name in wanted.items():
        if name is None:
            continue
        by_name: dict[str, list[UncertainFigure]] = {}
        for one in figures:
            names = (one.item, *one.item.split(", ")) if key == "row" else (getattr(one, key),)
            for of in dict.fromkeys(names):
                by_name.setdefault(of, []).append(one)
        if name not in by_name:
            other = f"`dcplan data show {block.table}`" if key == "row" else f"there are {', '.join(sorted(by_name))}"
            must_be, fix = f"a {key} of figures with a low and a high", did_you_mean(name, list(by_name), other)
            raise parts[key].place.error(f"the {key} of the axis is {name!r}", must_be, fix)
        figures = by_name[name][-1:] if key == "row" else by_name[name]
    return figures


def _label(node: Node) -> Label:
    value = plain(node)
    if isinstance(value, str | int | float | bool):
        return value
    text = written(value)
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 3]}..."


# --- Which points of the axes go together: all of them, or a sample that fills the space evenly ---


def unit_points(sample: Sample, axes: int) -> Floats:
    """Draw a sample of the unit cube.

    Gives (size, axes). Source: McKay, Beckman and Conover (1979); Owen's scrambling of Sobol' (1967), as
    `scipy.stats.qmc` has them.

    >>> from planner.studies.sweep.blocks import Sample
    >>> drawn = unit_points(Sample(method="latin_hypercube", size=5, seed=7), axes=3)
    >>> [sorted((5 * drawn[:, axis]).astype(int).tolist()) for axis in range(3)]
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """
    from scipy.stats import qmc  # takes half a second to import

    engine = {"sobol": qmc.Sobol, "latin_hypercube": qmc.LatinHypercube}[sample.method]
    drawn = engine(axes, scramble=True, rng=np.random.default_rng(sample.seed)).random(sample.size)
    return np.asarray(drawn, dtype=np.float64)
