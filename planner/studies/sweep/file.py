"""The file of a sweep: its keys, and what is wrong with it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError

from planner.base.errors import InputError, Problem
from planner.base.paths import SCENARIOS_DIR, is_file
from planner.base.words import did_you_mean, some
from planner.family.values import Block
from planner.inputs import TABLES
from planner.scenario import Changes, ScenarioDraft, as_overrides, json_schema, read_draft
from planner.scenario.chain import is_path, read_source
from planner.scenario.keys import is_by_year
from planner.scenario.load import with_override
from planner.scenario.messages import problems_of
from planner.scenario.tree import Node, Place, merge, plain, show
from planner.scenario.yaml12 import name_problems, text_problems
from planner.studies.sweep.axes import (
    MOST_FUTURES,
    AxisBlock,
    Future,
    Risk,
    Sample,
    SweepAxis,
    SweepBlock,
    Uncertainty,
    UncertaintyBlock,
    axis_of,
    unit_points,
)
from planner.tables import right_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd


# --- The file of a sweep: a base scenario, and the futures that are laid over it ------------------
#
# It is read with the places of all that is written, so that a value that fits no setting is an
# error at its line and column in this file, as it is in a scenario.

_SHIPPED_DIR: Final = SCENARIOS_DIR / "sweeps"
_SUM_TO_1: Final = 1e-5
"""How far from 1 weights may add up to, so that thirds may be written with six decimals."""
_NAMED: Final = 3
_Kind = TypeVar("_Kind", bound=Block)


@dataclass(frozen=True, eq=False)
class SweepFile:
    """The file of a sweep as read."""

    path: Path  # the file
    sha256: str  # of its bytes
    title: str  # as written; the title is the name of the file where it is left out
    question: str
    draft: ScenarioDraft  # the base scenario with what holds in every future
    axes: tuple[SweepAxis, ...]  # its axes
    sample: Sample | None  # how futures are drawn from the axes; None for their grid
    futures: tuple[Future, ...]  # in order: those of the axes, then those of the list
    listed: Mapping[str, Node]  # futures of the list, with what is written
    runs: frozenset[str] | None  # futures whose whole run is stored; None for all of them
    problems: tuple[Problem, ...]  # what is wrong with the file alone, so far
    # how likely the futures are, and when it is known which one comes; None where the file says nothing of it
    uncertainty: Uncertainty | None = None

    @property
    def name(self) -> str:
        """Name of the file without its ending."""
        return self.path.stem


def read_file(path: str | Path, overrides: Changes = (), *, needs_uncertainty: bool = False) -> SweepFile:
    """Read the file of a sweep and the base scenario that it names."""
    path = find_sweep(path)
    source, problems = read_source(path, Place(str(path)), "sweep")
    tree = source.tree
    problems += [*text_problems(tree), *name_problems(path.stem, Place(str(path)))]
    try:
        SweepBlock.model_validate(plain(tree))
    except ValidationError as error:
        problems += problems_of(error, tree, SweepBlock)
    parts = tree.children
    draft = _base(path, parts, overrides, problems) if "base" in parts else None
    tables = None if draft is None else right_tables(TABLES, draft.data_files)
    axes, sample = _axes(tree, tables, problems), _right(Sample, parts.get("sample"))
    listed = {name: replace(at, value=at.children) for name, at in tree.entries_at("futures").items()}
    futures = _futures(parts, axes, sample, listed, problems)
    is_made = len(axes) == len(tree.entries_at("axes")) and ("sample" not in parts or sample is not None)
    names = [future.name for future in futures] if is_made and futures else None
    runs = _runs(parts["runs"], names, problems) if "runs" in parts else frozenset[str]()
    uncertainty = _uncertainty(parts["uncertainty"], names, problems) if "uncertainty" in parts else None
    if needs_uncertainty and "uncertainty" not in parts:
        fix = "add a block: uncertainty: {known_from: 2028}"
        problems.append(Problem.of(path, "the sweep has no uncertainty", "an uncertainty block", fix))
    if draft is None:
        raise InputError(problems)
    title, question = (str(parts[key].value) if key in parts else "" for key in ("title", "question"))
    said = (title or path.stem, question)
    found = tuple(problems)
    return SweepFile(path, source.sha256, *said, draft, axes, sample, futures, listed, runs, found, uncertainty)


def _right(kind: type[_Kind], node: Node | None) -> _Kind | None:
    """Return a block of the file if it is there and right; what is wrong with it was said of the whole file."""
    try:
        return None if node is None else kind.model_validate(plain(node))
    except ValidationError:
        return None


def _at_key(node: Node, what_is: str, must_be: str, fix: str) -> Problem:
    return (node.key_place or node.place).problem(what_is, must_be, fix)


def shipped_sweeps() -> list[str]:
    """Return the names of the shipped sweeps in order."""
    return sorted(path.stem for path in _SHIPPED_DIR.glob("*.yaml"))


def find_sweep(path: str | Path) -> Path:
    """Return the file of a sweep."""
    if isinstance(path, Path) or is_path(path):
        return Path(path)
    shipped = _SHIPPED_DIR / f"{path}.yaml"
    if not is_file(shipped):
        fix = did_you_mean(path, shipped_sweeps(), f"shipped are {', '.join(shipped_sweeps())}")
        raise InputError.at(path, f"no shipped sweep is called {path!r}", "a name or a file", fix)
    here = Path.cwd()
    return shipped.relative_to(here) if shipped.is_relative_to(here) else shipped


def _base(path: Path, parts: Mapping[str, Node], overrides: Changes, problems: list[Problem]) -> ScenarioDraft | None:
    """Read the base scenario, and lay over it what holds in every future; None where problems say why not."""
    base = parts["base"]
    name = base.value
    if not isinstance(name, str) or not name:
        return None
    asked = Path(os.path.normpath(path.parent / name)) if is_path(name) else name
    try:
        draft = read_draft(asked)
    except InputError as error:
        problems += _at(base.place, error.problems)
        return None
    if not draft.source_files:
        is_gone = isinstance(asked, Path) and not is_file(asked)
        problems += _at(base.place, draft.problems) if is_gone else draft.problems
        return None
    is_set = "set" in parts and bool(parts["set"].children)
    laid = merge(draft.tree, parts["set"], is_by_year) if is_set else draft.tree
    found = list(draft.problems)
    for override in as_overrides(overrides):
        try:
            laid = with_override(laid, override)
        except InputError as error:
            found += error.problems
    return replace(draft, tree=laid, problems=tuple(found))


def _at(place: Place, problems: Sequence[Problem]) -> list[Problem]:
    """Return problems of a base that is not there, at the place where it is named."""
    return [replace(one, file=place.file, line=place.line, column=place.column) for one in problems]


def _axes(tree: Node, tables: Mapping[str, pd.DataFrame] | None, problems: list[Problem]) -> tuple[SweepAxis, ...]:
    """Make the axes; figures of the data wait until it is known which they are."""
    parts, is_sampled = tree.entries_at("axes"), "sample" in tree.children
    if is_sampled and not parts:
        problems.append(_at_key(tree.children["sample"], "sample has no axes", "given with axes", "add axes"))
    axes: list[SweepAxis] = []
    by_key: dict[tuple[str, ...], str] = {}
    for name, node in parts.items():
        block = _right(AxisBlock, node)
        if block is None or (block.table is not None and tables is None):
            continue
        try:
            axes.append(axis_of(name, node, block, tables or {}, is_sampled=is_sampled))
        except InputError as error:
            problems += error.problems
        if block.key and by_key.setdefault(block.key, name) != name:  # the last would count alone
            what_is = f"axis {name!r} has the key of axis {by_key[block.key]!r}"
            problems.append(_at_key(node, what_is, "a key of its own", "remove one of the two"))
    return tuple(axes)


def _futures(
    parts: Mapping[str, Node],
    axes: tuple[SweepAxis, ...],
    sample: Sample | None,
    listed: Mapping[str, Node],
    problems: list[Problem],
) -> tuple[Future, ...]:
    if not listed and not ("axes" in parts and parts["axes"].children):
        at = parts.get("futures") or parts.get("axes") or parts.get("base") or next(iter(parts.values()))
        fix = "add axes, or futures: settings by name"
        problems.append(_at_key(at, "the sweep has no futures", "given axes or futures", fix))
    count = prod(len(axis.points) for axis in axes) if axes else 0
    if "sample" not in parts and count > MOST_FUTURES:
        what_is, fix = f"the axes make {count:,} futures", "take fewer values, or draw a sample"
        problems.append(_at_key(parts["axes"], what_is, f"at most {MOST_FUTURES:,}", fix))
        return ()
    of_axes = list(_of_axes(axes, sample, is_sampled="sample" in parts))
    names: dict[str, tuple[str, ...]] = {}
    for future in of_axes:
        labels = tuple(map(str, future.labels.values()))
        if names.setdefault(future.name, labels) != labels:
            fix = "change a value, the name of a level or the name of an axis"
            at = future.points[axes[-1].name].value or axes[-1].node  # the axis, of a point of figures
            what_is = f"two futures of the axes are called {future.name!r}"
            problems.append(_at_key(at, what_is, "a name of its own", fix))
    for name in sorted(names.keys() & listed.keys()):
        fix = "the axes make one of this name; take another name"
        problems.append(_at_key(listed[name], f"a future is called {name!r}", "another name", fix))
    return (*of_axes, *(Future(name, {}, node) for name, node in listed.items()))


def _of_axes(axes: tuple[SweepAxis, ...], sample: Sample | None, *, is_sampled: bool) -> Iterator[Future]:
    if not axes:
        return
    if not is_sampled:
        for points in product(*(axis.points for axis in axes)):
            by_axis = {axis.name: point for axis, point in zip(axes, points, strict=True)}
            name = ", ".join(f"{axis}={point.label}" for axis, point in by_axis.items())
            yield Future(name, by_axis)
    elif sample is not None:
        digits = len(str(sample.size))
        for number, shares in enumerate(unit_points(sample, len(axes)), start=1):
            by_axis = {axis.name: axis.point_at(float(share)) for axis, share in zip(axes, shares, strict=True)}
            yield Future(f"sample-{number:0{digits}}", by_axis)


def _runs(node: Node, names: Sequence[str] | None, problems: list[Problem]) -> frozenset[str] | None:
    """Return the futures whose whole run is stored, None for all; `names` are None where some could not be made."""
    listed = node.value if isinstance(node.value, tuple) else ()
    problems += _unknown([(f"runs have {show(one.value)}", str(one.value), one.place) for one in listed], names)
    return None if node.value == "all" else frozenset(str(one.value) for one in listed)


def _unknown(named: Iterable[tuple[str, str, Place]], futures: Sequence[str] | None) -> list[Problem]:
    """Find what names no future of the sweep: what is said of it, the name, and where it is written."""
    return [
        place.problem(
            what_is, "a future of this sweep", did_you_mean(name, futures, f"futures are {some(futures, _NAMED)}")
        )
        for what_is, name, place in named
        if futures is not None and name not in futures
    ]


def _uncertainty(node: Node, futures: Sequence[str] | None, problems: list[Problem]) -> Uncertainty | None:
    """Compare block `uncertainty` with the futures, None where some could not be made."""
    if futures is None:
        return None
    block, weights, central = _right(UncertaintyBlock, node), node.entries_at("weights"), node.at("central")
    named = [(f"weights has {name!r}", name, at.key_place or at.place) for name, at in weights.items()]
    if central is not None:
        named.append((f"central is {str(central.value)!r}", str(central.value), central.place))
    problems += _unknown(named, futures)
    missing = [repr(name) for name in futures if weights and name not in weights]
    if missing:
        what_is, fix = f"weights has nothing of {some(missing, _NAMED)}", "add them, or leave weights out"
        problems.append(_at_key(node.children["weights"], what_is, "a weight of every future", fix))
    if block is None or missing:
        return None
    given = block.weights or dict.fromkeys(futures, 1.0)
    total = sum(given.values())
    if block.weights and abs(total - 1.0) > _SUM_TO_1:
        fix = "weights are likelihoods; leave them out for futures that are equally likely"
        problems.append(_at_key(node.children["weights"], f"weights add up to {total:.6g}", "1", fix))
    risk = Risk() if block.cvar is None else Risk(block.cvar.weight, block.cvar.tail)
    shares = {name: given[name] / total for name in futures}
    return Uncertainty(block.known_from, shares, risk, block.central, node.children["known_from"])


# --- The JSON Schema of the files of sweeps, for editors ------------------------------------------


def sweep_schema() -> str:
    """Return the JSON Schema of the file of a sweep as text: its own keys, and settings as those of scenarios."""
    schema = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    scenario = json.loads(json_schema())
    kinds = {name: _in_part(kind) for name, kind in scenario.pop("$defs", {}).items()}
    settings = _in_part({key: scenario[key] for key in ("type", "properties", "additionalProperties")})
    return json.dumps(schema | {"$defs": {**kinds, "settings": settings, **schema["$defs"]}}, indent=2) + "\n"


def _in_part(schema: Any) -> Any:
    """Return a schema that asks for no key: what is laid over a scenario may be any part of one."""
    if isinstance(schema, dict):
        asks = isinstance(schema.get("required"), list)
        return {key: _in_part(value) for key, value in schema.items() if not (asks and key == "required")}
    return [_in_part(one) for one in schema] if isinstance(schema, list) else schema
