"""The file of a sweep: its keys, and what is wrong with it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import SCENARIOS_DIR, is_file
from planner.base.words import did_you_mean
from planner.inputs import TABLES
from planner.scenario import Changes, ScenarioDraft, as_overrides, json_schema, read_draft
from planner.scenario.chain import VERSION, is_path, read_source
from planner.scenario.keys import field_at, is_by_year
from planner.scenario.load import with_override
from planner.scenario.tree import Node, Place, merge, show
from planner.scenario.yaml12 import name_problems, text_problems
from planner.studies.sweep.answers import OWN_COLUMNS
from planner.studies.sweep.axes import Future, Method, Sample, SweepAxis, SweepBase, read_axis, unit_points
from planner.studies.sweep.reading import SweepPart, Uncertainty, read_uncertainty
from planner.tables import right_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


# --- The file of a sweep: a base scenario, and the futures that are laid over it ------------------
#
# It is read with the places of all that is written, so that a value that fits no setting is an
# error at its line and column in this file, as it is in a scenario.

MOST_FUTURES: Final = 10_000
_KEYS: Final = (*("version", "title", "question", "base", "set", "axes", "sample", "futures", "runs"), "uncertainty")
_KEYS_OF_SWEEPS: Final = frozenset({"base", "axes", "futures"})
"""Keys of a sweep that no scenario has."""
_SAMPLE_KEYS: Final = ("method", "size", "seed")
_METHODS: Final[tuple[Method, ...]] = ("latin_hypercube", "sobol")
MOST_SEED: Final = 2**32 - 1
_SHIPPED_DIR: Final = SCENARIOS_DIR / "sweeps"


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
    sweep = SweepPart(source.tree, "the sweep", [*problems, *text_problems(source.tree)])
    parts = sweep.entries(_KEYS, fixes=_fixes_of_settings(source.tree))
    _check_version(sweep, parts)
    title, question = (parts[key].text("write a line of text") if key in parts else "" for key in ("title", "question"))
    draft = _base(path, sweep, parts, overrides)
    sample = _sample(parts["sample"]) if "sample" in parts else None
    known = SweepBase(is_sampled="sample" in parts)  # without a tree where a part of it may be missing
    if draft is not None:
        tables = right_tables(TABLES, draft.data_files)
        known = SweepBase(None if draft.problems else draft.tree, tables, known.is_sampled)
    axes = _axes(parts, known)
    listed = _listed(sweep, parts)
    futures = _futures(parts, axes, sample, listed)
    are_all_made = (
        bool(futures)
        and ("axes" not in parts or len(axes) == len(parts["axes"].node.children))
        and ("sample" not in parts or sample is not None)
    )
    names = [future.name for future in futures] if are_all_made else None
    runs = _runs(parts["runs"], names) if "runs" in parts else frozenset[str]()
    uncertainty = read_uncertainty(parts["uncertainty"], names) if "uncertainty" in parts else None
    if needs_uncertainty and "uncertainty" not in parts:
        fix = "add a block: uncertainty: {known_from: 2028}"
        sweep.problems.append(Problem.of(path, "the sweep has no uncertainty", "an uncertainty block", fix))
    found = (*sweep.problems, *name_problems(path.stem, Place(str(path))))
    if draft is None:
        raise InputError(found)
    said = (title or path.stem, question)
    return SweepFile(path, source.sha256, *said, draft, axes, sample, futures, listed, runs, found, uncertainty)


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


def _check_version(sweep: SweepPart, parts: Mapping[str, SweepPart]) -> None:
    fix = f"begin with 'version: {VERSION}'"
    if "version" not in parts:
        sweep.problems.append(Place(sweep.node.place.file, 1, 1).problem("version is missing", "given", fix))
    elif parts["version"].value != VERSION or isinstance(parts["version"].value, bool):
        what_is = f"version is {show(parts['version'].value)}"
        parts["version"].note(what_is, str(VERSION), "this program reads no other version of the format")


def _fixes_of_settings(tree: Node) -> dict[str, str]:
    """Return what to do with keys of a scenario that are among those of a sweep."""
    write = "write it under set: settings of every future, as in 'set: {{{}: ...}}'"
    fixes = {key: write.format(key) for key in tree.children if field_at((key,)) is not None}
    return {**fixes, "extends": "name the scenario with base"}


def _base(path: Path, sweep: SweepPart, parts: Mapping[str, SweepPart], overrides: Changes) -> ScenarioDraft | None:
    """Read the base scenario, and lay over it what holds in every future.

    None where it cannot be read; the problems say why.
    """
    settings = parts["set"].settings() if "set" in parts else {}
    if "base" not in parts:
        return sweep.note("base is missing", "given", "name a shipped scenario or a file, as in 'base: us-base'")
    base = parts["base"]
    name = base.text("name a shipped scenario or a file")
    if not name:
        return None
    asked = Path(os.path.normpath(path.parent / name)) if is_path(name) else name
    try:
        draft = read_draft(asked)
    except InputError as error:
        sweep.problems.extend(_at(base.node.place, error.problems))
        return None
    if _KEYS_OF_SWEEPS & draft.tree.children.keys():
        return base.note(f"base {name!r} is a sweep", "a scenario", "name the scenario it begins from")
    if not draft.source_files:
        is_gone = isinstance(asked, Path) and not is_file(asked)
        sweep.problems.extend(_at(base.node.place, draft.problems) if is_gone else draft.problems)
        return None
    laid = merge(draft.tree, parts["set"].node, is_by_year) if settings else draft.tree
    problems = list(draft.problems)
    for override in as_overrides(overrides):
        try:
            laid = with_override(laid, override)
        except InputError as error:
            problems += error.problems
    return replace(draft, tree=laid, problems=tuple(problems))


def _at(place: Place, problems: Sequence[Problem]) -> list[Problem]:
    """Return problems of a base that is not there, at the place where it is named."""
    return [replace(one, file=place.file, line=place.line, column=place.column) for one in problems]


def _sample(part: SweepPart) -> Sample | None:
    fix = "write {method: sobol, size: 64, seed: 1}"
    parts = part.entries(_SAMPLE_KEYS, "sample", needs=dict.fromkeys(_SAMPLE_KEYS, fix))
    method = next((of for of in _METHODS if "method" in parts and parts["method"].value == of), None)
    if "method" in parts and method is None:
        what_is = f"method of sample is {show(parts['method'].value)}"
        parts["method"].note(what_is, " or ".join(_METHODS), "write one of them")
    size = parts["size"].whole(2, MOST_FUTURES) if "size" in parts else None
    seed = parts["seed"].whole(0, MOST_SEED) if "seed" in parts else None
    if method == "sobol" and size is not None and size & (size - 1):
        fix = f"take {1 << (size.bit_length() - 1)} or {1 << size.bit_length()}"
        return parts["size"].note(f"size of sample is {size}", "a power of 2 with sobol", fix)
    return None if method is None or size is None or seed is None else Sample(method, size, seed)


def _axes(parts: Mapping[str, SweepPart], base: SweepBase) -> tuple[SweepAxis, ...]:
    if "axes" not in parts:
        if base.is_sampled:
            parts["sample"].note_key("sample has no axes", "given with axes", "add axes")
        return ()
    axes: list[SweepAxis] = []
    by_key: dict[tuple[str, ...], str] = {}
    for name, node in parts["axes"].mapping().items():
        part = parts["axes"].below(node, f"axis {name!r}")
        part.check_name(name, "an axis")
        if name in OWN_COLUMNS:
            fix = f"table futures has a column {name!r}; take another name"
            part.note_key(f"an axis is called {name!r}", "another name", fix)
        axis = read_axis(name, part, base)
        if axis is None:
            continue
        axes.append(axis)
        keys = axis.points[0].keys
        if keys and by_key.setdefault(keys, name) != name:  # the last would count alone
            what_is = f"axis {name!r} has the key of axis {by_key[keys]!r}"
            part.note_key(what_is, "a key of its own", "remove one of the two")
    return tuple(axes)


def _listed(sweep: SweepPart, parts: Mapping[str, SweepPart]) -> dict[str, Node]:
    has_axes = "axes" in parts and bool(parts["axes"].value)
    if "futures" not in parts:
        if not has_axes:
            part = parts.get("axes") or parts.get("base") or sweep
            part.note_key("the sweep has no futures", "given axes or futures", "add axes, or futures: settings by name")
        return {}
    if parts["futures"].value == {} and not has_axes:
        parts["futures"].note("futures are empty", "given with one entry at least", "add some, or axes")
    listed = {}
    for name, node in parts["futures"].mapping().items():
        future = sweep.below(node, f"future {name!r}")
        listed[name] = replace(node, value={} if node.value is None else future.settings())
        future.check_name(name, "a future")
    return listed


def _futures(
    parts: Mapping[str, SweepPart], axes: tuple[SweepAxis, ...], sample: Sample | None, listed: Mapping[str, Node]
) -> tuple[Future, ...]:
    count = prod(len(axis.points) for axis in axes) if axes else 0
    if "sample" not in parts and count > MOST_FUTURES:
        fix = "take fewer values, or draw a sample"
        return parts["axes"].note_key(f"the axes make {count:,} futures", f"at most {MOST_FUTURES:,}", fix) or ()
    of_axes = list(_of_axes(axes, sample, is_sampled="sample" in parts))
    names: dict[str, tuple[str, ...]] = {}
    for future in of_axes:
        labels = tuple(map(str, future.labels.values()))
        if names.setdefault(future.name, labels) != labels:  # else an axis has a value twice
            fix = "change a value, the name of a level or the name of an axis"
            at = future.points[axes[-1].name].value or axes[-1].node  # the axis, of a point of figures
            what_is = f"two futures of the axes are called {future.name!r}"
            parts["axes"].below(at, "").note_key(what_is, "a name of its own", fix)
    for name in sorted(names.keys() & listed.keys()):
        fix = "the axes make one of this name; take another name"
        parts["futures"].below(listed[name], name).note_key(f"a future is called {name!r}", "another name", fix)
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


def _runs(part: SweepPart, names: Sequence[str] | None) -> frozenset[str] | None:
    """Return the futures whose whole run is stored; None for all of them.

    `names` are those of all futures; None where some could not be made.
    """
    if part.value in ("all", "none"):
        return None if part.value == "all" else frozenset()
    if not isinstance(part.value, tuple):
        what_is, must_be = f"runs is {show(part.value)}", "all, none, or a list of futures"
        return part.note(what_is, must_be, "write [first, second]") or frozenset()
    for node in part.value:
        if not isinstance(node.value, str) or (names is not None and node.value not in names):
            fix = "name one as results name it: `axis=value, axis=value`, or of the list"
            part.below(node, "runs").note(f"runs have {show(node.value)}", "a future of this sweep", fix)
    return frozenset(str(node.value) for node in part.value)


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
