"""Axes of a sweep, the points on them, samples of these, and the base."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from planner.base.words import did_you_mean
from planner.inputs.uncertain_figures import UncertainFigure, figures_of
from planner.scenario.ids import has_own_entries, no_entry
from planner.scenario.keys import ABOUT_THE_FILE, is_by_year, is_integer, unknown_key_fix, unknown_key_in
from planner.scenario.tree import Node, assign, merge, plain, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.studies.sweep.reading import SweepPart

# --- What the axes of a sweep are read against: the tree and the tables of its base scenario ------


@dataclass(frozen=True, eq=False)
class SweepBase:
    """What is known of a base scenario."""

    tree: Node | None = None  # what it says, with what holds in every future; None where it could not be read whole
    tables: Mapping[str, pd.DataFrame] | None = None  # its data; None where it is not known which they are
    is_sampled: bool = False  # whether futures are drawn from the axes


def missing_entry(keys: tuple[str, ...], tree: Node) -> tuple[str, str, str] | None:
    """Find an entry of the scenario's own that a key path leads into and that is not there.

    A key within an entry, such as the price of a new site, does not make one: the rest of it
    would be missing. Ids of a table are left out, since an entry under them only changes figures.
    """
    entries = tree.children
    for length in range(1, len(keys) - 1):
        above, id_ = keys[:length], keys[length]
        entries = entries[above[-1]].children if above[-1] in entries else {}
        if has_own_entries(above) and id_ not in entries:
            return no_entry(above, id_, entries, "", "add it whole under set")
    return None


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

_KEYS: Final = ("key", "values", "range", "between", "levels", "table", "column", "row")
_RANGE_KEYS: Final = ("from", "to", "step", "count")
_ENDS: Final = ("low", "value", "high")
_MOST_VALUES: Final = 10_000
_LONGEST_LABEL: Final = 200
_DIGITS: Final = 6
"""Significant digits of a value that is drawn: a name must be readable, and say all of it."""
_Points: TypeAlias = tuple[tuple[Point, ...], Callable[[float], Point] | None]
"""Points of an axis, and how others are drawn; none where it cannot be read."""
_NONE: Final[_Points] = ((), None)


@dataclass(frozen=True, eq=False)
class SweepAxis:
    """An axis of a sweep."""

    name: str  # any text
    node: Node  # where it is written
    points: tuple[Point, ...]  # its values in order; of one that is drawn from a range, its two ends
    # from a number in [0, 1) to a point, where the axis is drawn from a range; None for one with a list of values,
    # whose points are as likely as each other
    draw: Callable[[float], Point] | None = None

    def point_at(self, share: float) -> Point:
        """Return the point at a share of the axis, in [0, 1)."""
        if self.draw is not None:
            return self.draw(share)
        return self.points[min(int(share * len(self.points)), len(self.points) - 1)]


def read_axis(name: str, axis: SweepPart, base: SweepBase) -> SweepAxis | None:
    """Read an axis."""
    before = len(axis.problems)
    parts = axis.entries(_KEYS, axis.name)
    kinds = [kind for kind in _OF_KIND if kind in parts]
    if len(kinds) != 1:
        what_is = f"{axis.name} has {' and '.join(kinds) or 'no key'}"
        fix = "key: a setting, levels: groups of settings by name, table: figures of the data"
        is_noted = len(axis.problems) > before
        return None if is_noted else axis.note_key(what_is, "given one of key, levels and table", fix)
    (kind,) = kinds
    others, read = _OF_KIND[kind]
    for key in sorted(parts.keys() - others - {kind}):
        must_be = f"one of {', '.join(sorted(others))}" if others else "left out"
        parts[key].note_key(f"{axis.name} has {kind} and {key}", must_be, f"remove {key}")
    points, draw = read(axis, parts, base) if len(axis.problems) == before else _NONE
    return SweepAxis(name, axis.node, points, draw) if points else None


def _levels(axis: SweepPart, parts: Mapping[str, SweepPart], _: SweepBase) -> _Points:
    levels, before, points = parts["levels"], len(axis.problems), []
    if levels.value == {}:
        levels.note(f"{levels.name} are empty", "given with one entry at least", "write {name: settings}")
    for label, node in levels.mapping().items():
        level = axis.below(Node({}, node.place) if node.value is None else node, f"level {label!r} of {axis.name}")
        level.check_name(label, "a level")
        level.settings()
        points.append(Point(label, (), level.node))
    return (tuple(points), None) if len(axis.problems) == before else _NONE


def _of_key(axis: SweepPart, parts: Mapping[str, SweepPart], base: SweepBase) -> _Points:
    key = parts["key"]
    keys = _key_path(key, base)
    given = [kind for kind in ("values", "range", "between") if kind in parts]
    if len(given) != 1:
        what_is = f"{axis.name} has {' and '.join(given) or 'no values'}"
        fix = "values: [first, second], range: {from: , to: , step: } or between: [low, high]"
        return axis.note_key(what_is, "given one of values, range and between", fix) or _NONE
    # Of an axis with a wrong key the values are read too: what is wrong with them is said at once.
    if given == ["between"]:
        found = _between(axis, parts["between"], keys or (), base)
        return found if keys is not None else _NONE
    values = parts["values"].listed() if given == ["values"] else _range(axis, parts["range"])
    labels = [_label(value.node) for value in values]
    names = list(map(str, labels))  # futures are named by them: 36 and "36" are one name
    for at, value in enumerate(values):
        if labels[at] in labels[:at] or names[at] in names[:at]:
            value.note(f"{labels[at]} is in {axis.name} twice", "there once", "remove one of them")
    if keys is None:
        return _NONE
    pairs = zip(labels, values, strict=True)
    return tuple(Point(label, keys, _at_key(value.node, key)) for label, value in pairs), None


def _key_path(key: SweepPart, base: SweepBase) -> tuple[str, ...] | None:
    """Return the key path that an axis is about, where schema and base scenario have it."""
    steps = key.value
    if isinstance(steps, tuple) and steps and all(isinstance(at.value, str) for at in steps):
        keys = tuple(str(at.value) for at in steps)
    else:
        keys = tuple(key.text("write it as demand.trajectory").split("."))
    if not all(keys):
        fix = "write it as demand.trajectory, an id with a dot as [sites, my.site, land_limit_mw]"
        return key.note(f"{key.name} has an empty step", "a key path", fix) if key.value else None
    if keys[0] in ABOUT_THE_FILE:
        return key.note(f"{key.name} is {keys[0]}", "a setting", "remove the axis")
    unknown = unknown_key_in(keys)
    if unknown is not None:
        word = ".".join(map(str, unknown))
        return key.note(f"unknown key {word!r}", "a key of the schema", unknown_key_fix(unknown))
    missing = missing_entry(keys, base.tree) if base.tree is not None else None
    return keys if missing is None else key.note(*missing)


def _range(axis: SweepPart, asked: SweepPart) -> tuple[SweepPart, ...]:
    """Return the values of a range, both ends included."""
    before = len(axis.problems)
    parts = asked.entries(_RANGE_KEYS, axis.name)
    numbers = {key: float(part.number() or 0) for key, part in parts.items()}
    if len(axis.problems) > before:
        return ()
    if not ({"from", "to"} <= parts.keys() and len({"step", "count"} & parts.keys()) == 1):
        fix = "write {from: 0, to: 12, step: 6} or {from: 0, to: 12, count: 3}"
        what_is = f"{asked.name} has {', '.join(parts) or 'nothing'}"
        return asked.note(what_is, "given from, to, and one of step and count", fix) or ()
    first, last = numbers["from"], numbers["to"]
    if "count" in parts:
        count = parts["count"].whole(2, _MOST_VALUES)
        if count is None:
            return ()
        values = first + (last - first) / (count - 1) * np.arange(count)
    else:
        step = numbers["step"]
        wrong = _step_problem(step, last - first)
        if wrong is not None:
            what_is = f"{parts['step'].name} is {step:.12g}, from {first:.12g} to {last:.12g}"
            return parts["step"].note(what_is, *wrong) or ()
        values = first + step * np.arange(round((last - first) / step) + 1)
    is_whole = all(isinstance(one.value, int) for one in parts.values()) and bool((values == np.round(values)).all())
    shown = [int(value) if is_whole else float(f"{value:.12g}") for value in values]
    return tuple(asked.below(Node(value, asked.node.place), asked.name) for value in shown)


def _step_problem(step: float, width: float) -> tuple[str, str] | None:
    """Return what a step must be and how to fix it; None where it leads from end to end."""
    if step == 0.0:
        return "other than 0", "choose a step that leads from the one to the other"
    steps = width / step
    if steps < 0.0:
        side = "below 0, as the range falls" if width < 0.0 else "above 0, as the range rises"
        return side, f"write {-step:.12g}, or exchange the two ends"
    if steps > _MOST_VALUES - 0.5:  # both ends are values
        return f"one that makes at most {_MOST_VALUES:,} values", "take longer steps"
    if abs(steps - round(steps)) > 1e-9 * max(1.0, steps):
        return f"a part of {width:.12g}", "choose a step that leads from the one to the other"
    return None


def _between(axis: SweepPart, asked: SweepPart, keys: tuple[str, ...], base: SweepBase) -> _Points:
    numbers = [end.number() for end in asked.listed()]
    if not numbers or None in numbers:
        return _NONE
    if not base.is_sampled:
        fix = "add a sample, or give values or a range instead"
        return asked.note_key(f"{axis.name} has between", "with a sample", fix) or _NONE
    low, high = numbers[0], numbers[-1]
    if len(numbers) != 2 or low is None or high is None or not low < high:
        what_is = f"{asked.name} is [{', '.join(show(plain(end)) for end in asked.value)}]"
        return asked.note(what_is, "two numbers, the lower one first", "write [low, high]") or _NONE
    is_whole = is_integer(keys)
    if is_whole and not (float(low).is_integer() and float(high).is_integer()):
        what_is = f"{asked.name} is [{low:g}, {high:g}]"
        return asked.note(what_is, "two integers, as its setting takes", "round them") or _NONE
    first, room = low, high - low

    def at(value: float) -> Point:
        return Point(value, keys, _at_key(Node(value, asked.node.place), asked))

    def draw(share: float) -> Point:
        if is_whole:  # as likely at its ends as between them
            return at(int(first) + min(math.floor(share * (room + 1)), int(room)))
        return at(float(f"{first + share * room:.{_DIGITS}g}"))

    return (at(low), at(high)), draw


def _of_figures(axis: SweepPart, parts: Mapping[str, SweepPart], base: SweepBase) -> _Points:
    figures = _figures(axis, parts, base)
    if not figures:
        return _NONE
    alone = figures[0] if len(figures) == 1 else None

    def at_end(word: str) -> Point:
        label: Label = word if alone is None else getattr(alone, word)
        return Point(label, (), None, tuple((one, getattr(one, word)) for one in figures))

    def draw(share: float) -> Point:
        share = float(f"{share:.{_DIGITS}g}")
        moved = tuple((one, one.value_at(share)) for one in figures)
        return Point(share if alone is None else moved[0][1], (), None, moved)

    if "values" not in parts:
        sampled = (at_end("low"), at_end("high")), draw
        return sampled if base.is_sampled else (tuple(map(at_end, _ENDS)), None)
    words: list[str] = []
    for one in parts["values"].listed():
        if one.value in _ENDS and one.value not in words:
            words.append(one.value)
        else:
            one.note(f"{one.name} have {show(one.value)}", "some of low, value and high, each once", "write another")
    return tuple(map(at_end, words)), None


def _figures(axis: SweepPart, parts: Mapping[str, SweepPart], base: SweepBase) -> list[UncertainFigure]:
    """Return the figures of a table's column that an axis moves together."""
    if "column" not in parts:
        fix = "name the column, as `dcplan estimates` does"
        return axis.note_key(f"{axis.name} has no column", "given with a table", fix) or []
    wanted = {key: parts[key].text("write its name") for key in ("table", "column", "row") if key in parts}
    if not all(wanted.values()) or base.tables is None:
        return []
    figures = figures_of(base.tables)
    for key in ("table", "column"):
        known = sorted({getattr(one, key) for one in figures})
        if wanted[key] not in known:
            fix = did_you_mean(wanted[key], known, f"there are {', '.join(known)}")
            what_is = f"{parts[key].name} is {wanted[key]!r}"
            return parts[key].note(what_is, f"a {key} of figures with a low and a high", fix) or []
        figures = [one for one in figures if getattr(one, key) == wanted[key]]
    if "row" not in wanted:
        return figures
    rows = {row: one for one in figures for row in (one.item, *one.item.split(", "))}
    if wanted["row"] not in rows:
        fix = did_you_mean(wanted["row"], list(rows), f"`dcplan data show {wanted['table']}`")
        what_is = f"{parts['row'].name} is {wanted['row']!r}"
        return parts["row"].note(what_is, "a row whose figure has a low and a high", fix) or []
    return [rows[wanted["row"]]]


_OF_KIND: Final = {
    "key": ({"values", "range", "between"}, _of_key),
    "levels": (set[str](), _levels),
    "table": ({"column", "row", "values"}, _of_figures),
}
"""Other keys of an axis by the one that says what it is over, and what reads it."""


def _at_key(value: Node, key: SweepPart) -> Node:
    """Return a value as if its key were written where the axis names it."""
    return Node(value.value, value.place, key.node.key_place or key.node.place)


def _label(node: Node) -> Label:
    value = plain(node)
    if isinstance(value, str | int | float | bool):
        return value
    text = _in_a_line(value)
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 3]}..."


def _in_a_line(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_in_a_line(at)}" for key, at in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_in_a_line, value))}]"
    return "null" if value is None else str(value)


# --- Which points of the axes go together: all of them, or a sample that fills the space evenly ---

Method: TypeAlias = Literal["latin_hypercube", "sobol"]


@dataclass(frozen=True)
class Sample:
    """How a sample is drawn."""

    # latin hypercube: each axis is cut into as many strips as there are futures, and each strip is met once
    method: Method
    size: int  # number of futures
    seed: int  # the same seed draws the same sample


def unit_points(sample: Sample, axes: int) -> Floats:
    """Draw a sample of the unit cube.

    Gives (size, axes). Source: McKay, Beckman and Conover (1979); Owen's scrambling of Sobol' (1967), as
    `scipy.stats.qmc` has them.

    >>> drawn = unit_points(Sample("latin_hypercube", 5, seed=7), axes=3)
    >>> [sorted((5 * drawn[:, axis]).astype(int).tolist()) for axis in range(3)]
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """
    from scipy.stats import qmc  # takes half a second to import

    engine = {"sobol": qmc.Sobol, "latin_hypercube": qmc.LatinHypercube}[sample.method]
    drawn = engine(axes, scramble=True, rng=np.random.default_rng(sample.seed)).random(sample.size)
    return np.asarray(drawn, dtype=np.float64)
