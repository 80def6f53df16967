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
from planner.scenario import ScenarioDraft, as_overrides, json_schema, read_draft
from planner.scenario.chain import VERSION, is_path, read_source
from planner.scenario.keys import field_at, is_by_year
from planner.scenario.load import with_override
from planner.scenario.tree import Node, Place, merge, show
from planner.scenario.yaml12 import name_problems, text_problems
from planner.studies.sweep.answers import OWN_COLUMNS
from planner.studies.sweep.axes import Future, Method, Sample, SweepAxis, SweepBase, read_axis, unit_points
from planner.studies.sweep.reading import Found, Uncertainty, read_uncertainty
from planner.tables import right_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.scenario import Changes

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
_MOST_SEED: Final = 2**32 - 1
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
    found = Found([*problems, *text_problems(source.tree)])
    entries = found.entries(source.tree, "the sweep", _KEYS, _fixes_of_settings(source.tree))
    _check_version(source.tree, entries, found)
    told = (key for key in ("title", "question") if key in entries)
    texts = {key: found.text(entries[key], key, "write a line of text") for key in told}
    draft = _base(path, source.tree, entries, overrides, found)
    sample = _sample(entries["sample"], found) if "sample" in entries else None
    known = SweepBase()  # without a tree where a part of it may be missing
    if draft is not None:
        known = SweepBase(None if draft.problems else draft.tree, right_tables(TABLES, draft.data_files))
    axes = _axes(entries, known, found, is_sampled="sample" in entries)
    listed = _listed(source.tree, entries, found)
    futures = _futures(entries, axes, sample, listed, found)
    are_all_made = (
        bool(futures)
        and ("axes" not in entries or len(axes) == len(entries["axes"].children))
        and ("sample" not in entries or sample is not None)
    )
    uncertainty, made = None, [future.name for future in futures] if are_all_made else None
    runs = _runs(entries, made, found)
    if "uncertainty" in entries:
        uncertainty = read_uncertainty(entries["uncertainty"], made, found)
    elif needs_uncertainty:
        fix = "add a block: uncertainty: {known_from: 2028}"
        found.problems.append(Problem.of(path, "the sweep has no uncertainty", "an uncertainty block", fix))
    problems = [*found.problems, *name_problems(path.stem, Place(str(path)))]
    if draft is None:
        raise InputError(problems)

    made_of = (draft, axes, sample, futures, listed, runs, tuple(problems), uncertainty)
    return SweepFile(path, source.sha256, texts.get("title") or path.stem, texts.get("question", ""), *made_of)


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
        raise InputError([Problem.of(path, f"no shipped sweep is called {path!r}", "a name or a file", fix)])
    here = Path.cwd()
    return shipped.relative_to(here) if shipped.is_relative_to(here) else shipped


def _check_version(tree: Node, entries: Mapping[str, Node], found: Found) -> None:
    fix = f"begin with 'version: {VERSION}'"
    if "version" not in entries:
        found.problems.append(Place(tree.place.file, 1, 1).problem("version is missing", "given", fix))
    elif entries["version"].value != VERSION or isinstance(entries["version"].value, bool):
        what_is = f"version is {show(entries['version'].value)}"
        found.note(entries["version"], what_is, str(VERSION), "this program reads no other version of the format")


def _fixes_of_settings(tree: Node) -> dict[str, str]:
    """Return what to do with keys of a scenario that are among those of a sweep."""
    write = "write it under set: settings of every future, as in 'set: {{{}: ...}}'"
    fixes = {key: write.format(key) for key in tree.children if field_at((key,)) is not None}
    return {**fixes, "extends": "name the scenario with base"}


def _base(
    path: Path, tree: Node, entries: Mapping[str, Node], overrides: Changes, found: Found
) -> ScenarioDraft | None:
    """Read the base scenario, and lay over it what holds in every future.

    None where it cannot be read; the problems say why.
    """
    if "set" in entries:
        found.settings(entries["set"], "set")
    if "base" not in entries:
        fix = "name a shipped scenario or a file, as in 'base: us-base'"
        return found.note(tree, "base is missing", "given", fix)
    node = entries["base"]
    name = found.text(node, "base", "name a shipped scenario or a file")
    if not name:
        return None
    asked = Path(os.path.normpath(path.parent / name)) if is_path(name) else name
    try:
        draft = read_draft(asked)
    except InputError as error:
        found.problems += _at(node.place, error.problems)
        return None
    if _KEYS_OF_SWEEPS & draft.tree.children.keys():
        return found.note(node, f"base {name!r} is a sweep", "a scenario", "name the scenario it begins from")
    if not draft.source_files:
        is_gone = isinstance(asked, Path) and not is_file(asked)
        found.problems += _at(node.place, draft.problems) if is_gone else draft.problems
        return None
    laid = draft.tree
    if "set" in entries and isinstance(entries["set"].value, dict):
        laid = merge(laid, entries["set"], is_by_year)
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


def _sample(node: Node, found: Found) -> Sample | None:
    entries = found.entries(node, "sample", _SAMPLE_KEYS)
    found.missing(node, entries, "sample", _SAMPLE_KEYS, "write {method: sobol, size: 64, seed: 1}")
    method = next((of for of in _METHODS if "method" in entries and entries["method"].value == of), None)
    if "method" in entries and method is None:
        what_is = f"method of sample is {show(entries['method'].value)}"
        found.note(entries["method"], what_is, " or ".join(_METHODS), "write one of them")
    size, seed = (
        found.whole(entries[key], f"{key} of sample", least, most) if key in entries else None
        for key, least, most in (("size", 2, MOST_FUTURES), ("seed", 0, _MOST_SEED))
    )
    if method == "sobol" and size is not None and size & (size - 1):
        fix = f"take {1 << (size.bit_length() - 1)} or {1 << size.bit_length()}"
        return found.note(entries["size"], f"size of sample is {size}", "a power of 2 with sobol", fix)
    return None if method is None or size is None or seed is None else Sample(method, size, seed)


def _axes(entries: Mapping[str, Node], base: SweepBase, found: Found, *, is_sampled: bool) -> tuple[SweepAxis, ...]:
    if "axes" not in entries:
        if is_sampled:
            found.note_key(entries["sample"], "sample has no axes", "given with axes", "add axes")
        return ()
    axes = []
    for name, node in found.mapping(entries["axes"], "axes").items():
        found.check_name(node, name, "an axis")
        if name in OWN_COLUMNS:
            fix = f"table futures has a column {name!r}; take another name"
            found.note_key(node, f"an axis is called {name!r}", "another name", fix)
        axis = read_axis(name, node, base, found, is_sampled=is_sampled)
        axes += [axis] if axis is not None else []
    by_key: dict[tuple[str, ...], str] = {}
    for axis in axes:
        keys = axis.points[0].keys
        if keys and by_key.setdefault(keys, axis.name) != axis.name:  # the last would count alone
            what_is = f"axis {axis.name!r} has the key of axis {by_key[keys]!r}"
            found.note_key(axis.node, what_is, "a key of its own", "remove one of the two")
    return tuple(axes)


def _listed(tree: Node, entries: Mapping[str, Node], found: Found) -> dict[str, Node]:
    if "futures" not in entries:
        if not ("axes" in entries and entries["axes"].value):
            place = entries.get("axes") or entries.get("base") or tree
            fix = "add axes, or futures: settings by name"
            found.note_key(place, "the sweep has no futures", "given axes or futures", fix)
        return {}
    listed = {}
    if entries["futures"].value == {} and not ("axes" in entries and entries["axes"].value):
        found.note(entries["futures"], "futures are empty", "given with one entry at least", "add some, or axes")
    for name, node in found.mapping(entries["futures"], "futures").items():
        given = {} if node.value is None else found.settings(node, f"future {name!r}")
        listed[name] = replace(node, value=given)
        found.check_name(node, name, "a future")
    return listed


def _futures(
    entries: Mapping[str, Node],
    axes: tuple[SweepAxis, ...],
    sample: Sample | None,
    listed: Mapping[str, Node],
    found: Found,
) -> tuple[Future, ...]:
    count = prod(len(axis.points) for axis in axes) if axes else 0
    if "sample" not in entries and count > MOST_FUTURES:
        fix = "take fewer values, or draw a sample"
        must_be = f"at most {MOST_FUTURES:,}"
        return found.note_key(entries["axes"], f"the axes make {count:,} futures", must_be, fix) or ()
    of_axes = list(_of_axes(axes, sample, is_sampled="sample" in entries))
    names: dict[str, tuple[str, ...]] = {}
    for future in of_axes:
        labels = tuple(map(str, future.labels.values()))
        if names.setdefault(future.name, labels) != labels:  # else an axis has a value twice
            fix = "change a value, the name of a level or the name of an axis"
            what_is = f"two futures of the axes are called {future.name!r}"
            at = future.points[axes[-1].name].value or axes[-1].node  # the axis, of a point of figures
            found.note_key(at, what_is, "a name of its own", fix)
    for name in sorted(names.keys() & listed.keys()):
        fix = "the axes make one of this name; take another name"
        found.note_key(listed[name], f"a future is called {name!r}", "another name", fix)
    of_list = [Future(name, {}, node) for name, node in listed.items()]
    return (*of_axes, *of_list)


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
            drawn = zip(axes, shares, strict=True)
            by_axis = {axis.name: axis.point_at(float(share)) for axis, share in drawn}
            yield Future(f"sample-{number:0{digits}}", by_axis)


def _runs(entries: Mapping[str, Node], names: Sequence[str] | None, found: Found) -> frozenset[str] | None:
    """Return the futures whose whole run is stored; None for all of them.

    `names` are those of all futures; None where some could not be made.
    """
    node = entries.get("runs")
    if node is None or node.value in ("all", "none"):
        return None if node is not None and node.value == "all" else frozenset()
    if not isinstance(node.value, tuple):
        must_be = "all, none, or a list of futures"
        return found.note(node, f"runs is {show(node.value)}", must_be, "write [first, second]") or frozenset()
    for at in node.value:
        if not isinstance(at.value, str) or (names is not None and at.value not in names):
            fix = "name one as results name it: `axis=value, axis=value`, or of the list"
            found.note(at, f"runs have {show(at.value)}", "a future of this sweep", fix)
    return frozenset(str(at.value) for at in node.value)


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
