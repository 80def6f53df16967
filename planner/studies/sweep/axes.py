"""The blocks of a sweep's file, the axes and points that are made of them, samples, and how likely futures are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from planner.base.words import did_you_mean
from planner.family.values import Block, Frac, NotASwitch, Number, Override, Text
from planner.inputs.build import UncertainFigure, figures_of
from planner.scenario.keys import ABOUT_THE_FILE, is_by_year, is_integer, unknown_key_fix, unknown_key_in, written
from planner.scenario.tree import Node, assign, merge, plain
from planner.studies.sweep.answers import OWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

    import pandas as pd
    from pydantic import ValidationInfo

    from planner.base.arrays import Floats
    from planner.base.errors import Problem
    from planner.scenario import Scenario

MOST_FUTURES: Final = 10_000
MOST_SEED: Final = 2**32 - 1
_LONGEST_NAME: Final = 200
ENDS: Final = ("low", "value", "high")
"""Values that a figure of the data has."""


def _must(be: str, *, holds: bool) -> None:
    if not holds:
        raise ValueError(be)


def _in_a_line(name: str) -> str:
    """Refuse a name that tables and lines of progress cannot show."""
    is_shown = bool(name.strip()) and len(name) <= _LONGEST_NAME and name.splitlines() == [name]
    _must(f"one line of text with at most {_LONGEST_NAME} characters", holds=is_shown)
    return name


def _no_column(name: str) -> str:
    _must(f"another name: table futures has a column {name!r}", holds=name not in OWN_COLUMNS)
    return name


def _settings_alone(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse what another file would be read for."""
    is_alone = not {"extends", "version"} & settings.keys()
    _must("settings, without extends and version: base names the scenario that all begin from", holds=is_alone)
    return settings


def _steps(key: object) -> object:
    return tuple(key.split(".")) if isinstance(key, str) else key


def _of_schema(keys: tuple[str, ...]) -> tuple[str, ...]:
    _must("a setting, as demand.trajectory", holds=keys[0] not in ABOUT_THE_FILE)
    unknown = unknown_key_in(keys)
    fix = "" if unknown is None else f"{'.'.join(map(str, unknown))} is none, {unknown_key_fix(unknown)}"
    _must(f"a key of the schema: {fix}", holds=not fix)
    return keys


def _no_repeats(values: tuple[Any, ...]) -> tuple[Any, ...]:
    names = [str(value) for value in values]  # futures are named by them: 36 and "36" are one name
    twice = sorted({name for name in names if names.count(name) > 1})
    _must(f"a list without repeats, but {', '.join(twice)} is there more than once", holds=not twice)
    return values


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    _must("two numbers, the lower one first", holds=ends[0] < ends[1])
    return ends


_Name: TypeAlias = Annotated[str, AfterValidator(_in_a_line)]
_Settings: TypeAlias = Annotated[Mapping[str, Any], AfterValidator(_settings_alone)]
_MaybeNone: TypeAlias = Annotated[_Settings, BeforeValidator(lambda settings: {} if settings is None else settings)]
_KeyPath: TypeAlias = Annotated[
    tuple[Text, ...], Field(min_length=1), BeforeValidator(_steps), AfterValidator(_of_schema)
]
_Values: TypeAlias = Annotated[tuple[Any, ...], Field(min_length=1), AfterValidator(_no_repeats)]
_Share: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=1)]


class SweepRange(Override):
    """Values at equal steps, both ends included."""

    from_: Number = Field(alias="from")
    """First value."""
    to: Number
    """Last value."""
    step: Number | None = None
    """It leads from `from` to `to`."""
    count: Annotated[int, Field(strict=True, ge=2, le=MOST_FUTURES)] | None = None
    """How many values, in place of a step."""

    @field_validator("step")
    @classmethod
    def _leads_to_the_end(cls, step: float, info: ValidationInfo) -> float:
        if {"from_", "to"} <= info.data.keys():
            width = info.data["to"] - info.data["from_"]
            steps = width / step if step else -1.0
            is_part = 0.0 <= steps < MOST_FUTURES - 0.5 and abs(steps - round(steps)) <= 1e-9 * max(1.0, steps)
            _must(f"a part of {width:.12g} that makes at most {MOST_FUTURES:,} values", holds=is_part)
        return step

    @model_validator(mode="after")
    def _has_step_or_count(self) -> Self:
        _must("one with from, to, and one of step and count", holds=(self.step is None) != (self.count is None))
        return self

    @property
    def numbers(self) -> Floats:
        """Its values."""
        count = self.count or 1 + round((self.to - self.from_) / (self.step or 1.0))
        step = self.step or (self.to - self.from_) / (count - 1)
        return np.asarray(self.from_ + step * np.arange(count), dtype=np.float64)


class AxisBlock(Override):
    """An axis: values of a setting, levels of several, or figures of the data."""

    key: _KeyPath | None = None
    """Setting, as demand.trajectory; an id with a dot as [sites, my.site, land_limit_mw]."""
    values: _Values | None = None
    """Values of the setting; of figures some of low, value and high."""
    range: SweepRange | None = None
    """Values at equal steps: {from: 0, to: 12, step: 6} or {from: 0, to: 12, count: 3}."""
    between: Annotated[tuple[Number, Number], AfterValidator(_rising)] | None = None
    """Two ends, between which a sample draws."""
    levels: Annotated[Mapping[_Name, _MaybeNone], Field(min_length=1)] | None = None
    """Groups of settings by name."""
    table: Text | None = None
    """Table of the data whose figures move between their low and high."""
    column: Text | None = None
    """Its column."""
    row: Text | None = None
    """One of its rows; left out, all of them."""

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        kinds = self.model_fields_set & _TAKEN_WITH.keys()
        _must("given one of key, levels and table", holds=len(kinds) == 1)
        (kind,) = kinds
        others = sorted(self.model_fields_set - {kind, *_TAKEN_WITH[kind]})
        _must(f"without {' and '.join(others)}, which {kind} does not take", holds=not others)
        ways = self.model_fields_set & {"values", "range", "between"}
        _must("given one of values, range and between", holds=kind != "key" or len(ways) == 1)
        is_whole = self.key is not None and self.between is not None and is_integer(self.key)
        is_right = not is_whole or all(end.is_integer() for end in self.between or ())
        _must("between two integers, as its setting takes", holds=is_right)
        _must("given with a column, as `dcplan estimates` names it", holds=kind != "table" or self.column is not None)
        are_ends = kind != "table" or all(value in ENDS for value in self.values or ())
        _must("one whose values are some of low, value and high", holds=are_ends)
        return self


_TAKEN_WITH: Final = {"key": ("values", "range", "between"), "levels": (), "table": ("column", "row", "values")}
"""Other keys of an axis by the one that says what it is over."""


class Sample(Block):
    """How futures are drawn from the axes."""

    method: Literal["latin_hypercube", "sobol"]
    """In a latin hypercube each axis is cut into as many strips as there are futures, and each strip is met once."""
    size: Annotated[int, Field(strict=True, ge=2, le=MOST_FUTURES)]
    """Number of futures."""
    seed: Annotated[int, Field(strict=True, ge=0, le=MOST_SEED)]
    """The same seed draws the same sample."""

    @field_validator("size")
    @classmethod
    def _is_power_of_2(cls, size: int, info: ValidationInfo) -> int:
        power = 1 << (size.bit_length() - 1)
        is_right = info.data.get("method") != "sobol" or size == power
        _must(f"a power of 2 with sobol, as {power} or {2 * power}", holds=is_right)
        return size


class CvarBlock(Block):
    """How much bad futures count."""

    weight: Frac
    """Share of the objective that is the conditional value at risk. [-]"""
    tail: _Share
    """The worst futures, as a share of all likelihood. [-]"""


class UncertaintyBlock(Override):
    """How likely the futures are, and when it is known which of them comes."""

    known_from: Annotated[int, Field(strict=True)]
    """Year from which it is known which future comes, as 2028."""
    weights: Annotated[Mapping[str, _Share], Field(min_length=1)] | None = None
    """Likelihood of every future; left out, all are equally likely."""
    cvar: CvarBlock | None = None
    """Weight and tail of bad futures, as {weight: 0.3, tail: 0.1}."""
    central: Text | None = None
    """Future that stands for all of them where one plans for a single one."""


class SweepBlock(Override):
    """All of the file."""

    version: Annotated[Literal[1], NotASwitch]
    """Version of the format."""
    title: Text = ""
    """For readers; left out, the name of the file."""
    question: Text = ""
    """For readers: what the sweep answers."""
    base: Text
    """Shipped scenario or file that all futures begin from, as us-base."""
    set: _Settings = Field(default_factory=dict)
    """Settings of every future."""
    axes: Mapping[Annotated[_Name, AfterValidator(_no_column)], AxisBlock] = Field(default_factory=dict)
    """What differs between futures, by a name of yours."""
    sample: Sample | None = None
    """As {method: sobol, size: 64, seed: 1}."""
    futures: Mapping[_Name, _MaybeNone] = Field(default_factory=dict)
    """Futures by name, each with its settings."""
    runs: Annotated[
        Annotated[Literal["all", "none"], Tag("all")] | Annotated[tuple[str, ...], Tag("ids")],
        Discriminator(lambda value: "ids" if isinstance(value, list | tuple) else "all"),
    ] = "none"
    """Futures whose whole run is stored: all, none, or a list of them."""
    uncertainty: UncertaintyBlock | None = None
    """How likely the futures are, for a stochastic program."""


# --- How likely the futures of a sweep are, and when it is known which of them comes --------------


@dataclass(frozen=True)
class Risk:
    """How much bad futures count."""

    # share of the objective that is the conditional value at risk; the rest is the expected cost. [0, 1]
    weight: float = 0.0
    tail: float = 1.0  # the worst futures, as a share of all likelihood, whose mean cost that is. In (0, 1]

    @property
    def is_asked(self) -> bool:
        """Whether bad futures count more than others, or their mean cost is to be shown."""
        return self.weight > 0.0 or self.tail < 1.0

    def objective(self, costs: Floats, weights: Floats) -> float:
        """Return the objective at the cost of each future.

        >>> Risk(0.5, 0.25).objective(np.array([3.0, 7.0]), np.array([0.75, 0.25]))
        5.5
        """
        return self.part(costs, costs, weights)

    def part(self, part: Floats, costs: Floats, weights: Floats) -> float:
        """Return what of the objective a part of the cost of each future is.

        >>> costs, weights = np.array([3.0, 7.0]), np.array([0.75, 0.25])
        >>> Risk(0.5, 0.25).part(np.array([1.0, 2.0]), costs, weights)
        1.625
        """
        shares = (1.0 - self.weight) * weights + self.weight * self._tail_weights(costs, weights)
        # A future of weight 0 is left out: 0 times an infinite cost would be nan.
        return float(shares[shares > 0.0] @ part[shares > 0.0])

    def cvar(self, costs: Floats, weights: Floats) -> float:
        """Return the mean cost of the worst futures. Source: Rockafellar and Uryasev 2000."""
        shares = self._tail_weights(costs, weights)
        return float(shares[shares > 0.0] @ costs[shares > 0.0])

    def _tail_weights(self, costs: Floats, weights: Floats) -> Floats:
        """Return how much each future counts in the mean of the worst; they add up to 1."""
        order = np.argsort(-costs, kind="stable")
        before = np.cumsum(weights[order]) - weights[order]
        shares = np.empty(len(costs))
        shares[order] = np.clip(self.tail - before, 0.0, weights[order]) / self.tail
        return shares


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What is known of the futures of a sweep together."""

    known_from: int  # from 1 January of this year on it is known which future comes
    weights: Mapping[str, float]  # how likely each future is; they add up to 1
    risk: Risk  # how much bad futures count
    central: str | None  # future that stands for all of them where one plans for a single one; None for their mean
    at: Node  # where `known_from` is written

    def horizon_problems(self, scenario: Scenario) -> list[Problem]:
        """Find that nothing is decided before the futures are known, or that they never are."""
        first, last = scenario.decisions_start.year, max(scenario.years)
        if first < self.known_from <= last:
            return []
        must_be = f"a year after {first}, when decisions begin, and up to {last}, the last model year"
        return [self.at.place.problem(f"known_from is {self.known_from}", must_be, "take one of them")]


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

    >>> from planner.studies.sweep.axes import Sample
    >>> drawn = unit_points(Sample(method="latin_hypercube", size=5, seed=7), axes=3)
    >>> [sorted((5 * drawn[:, axis]).astype(int).tolist()) for axis in range(3)]
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """
    from scipy.stats import qmc  # takes half a second to import

    engine = {"sobol": qmc.Sobol, "latin_hypercube": qmc.LatinHypercube}[sample.method]
    drawn = engine(axes, scramble=True, rng=np.random.default_rng(sample.seed)).random(sample.size)
    return np.asarray(drawn, dtype=np.float64)
