"""Futures of a sweep, and in which order they are solved."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, TypeAlias

from planner.base.errors import InputError, Problem, raise_all
from planner.base.pandas_texts import with_texts_as_objects
from planner.inputs import TABLES, build_inputs_from
from planner.inputs.build import moved_figures, with_values
from planner.outputs.files import sha256_of
from planner.runs.names import folder_name
from planner.runs.settings import own_files
from planner.scenario import Changes, Scenario, ScenarioDraft, unknown_ids
from planner.scenario.tree import Node, Place
from planner.studies.sweep.axes import Future, changed_tree
from planner.studies.sweep.file import SweepFile, read_file
from planner.tables import read_with_hashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.inputs.inputs import Inputs

# --- In which order futures are solved, and which of them begin where another one ended -----------
#
# Futures of a grid that differ in the last axis alone are a group, and so are those of a sample, and
# those of the list. The first of a group is solved without a start, and the others begin where it
# ended if that promises to be quicker. Who begins where is a matter of the sweep and not of who is
# done first, so that a sweep has the same plans however its futures are spread.


def leaders(futures: Sequence[Future], *, is_sampled: bool) -> dict[str, str]:
    """Return for each future that begins where another one ended, which one that is."""
    first: dict[object, Future] = {}
    led = {}
    for future in futures:
        group: object = "list"
        if future.points:
            group = () if is_sampled else tuple(id(point) for point in [*future.points.values()][:-1])
        leader = first.setdefault(group, future)
        if leader is not future:
            led[future.name] = leader.name
    return led


class Queue:
    """Futures that wait, those that others begin from first."""

    def __init__(self, questions: Iterable[FutureTask], starts: Mapping[str, bytes]) -> None:
        waiting = list(questions)
        self._starts = dict(starts)
        self._open = {question.name for question in waiting}
        self._waiting = sorted(waiting, key=lambda question: (not question.leads, bool(question.begins_at)))

    def __bool__(self) -> bool:
        """Whether any future waits."""
        return bool(self._waiting)

    def next(self) -> tuple[FutureTask, bytes | None] | None:
        """Take a future that can begin, with where it begins; None while all wait for another."""
        for place, question in enumerate(self._waiting):
            if question.begins_at not in self._open:
                del self._waiting[place]
                return question, self._starts.get(question.begins_at)
        return None

    def put_back(self, question: FutureTask) -> None:
        """Let a future wait again."""
        self._waiting.insert(0, question)

    def done(self, question: FutureTask, start: bytes | None) -> None:
        """Note that a future is solved, and where it ended."""
        self._open.discard(question.name)
        if start is not None:
            self._starts[question.name] = start


# --- From the file of a sweep to futures that can be solved: every mistake is found before a solve ---

_PACKAGES: Final = ("dcplan", "highspy", "numpy", "pandas")
FORMAT: Final = 5
"""Version of the files of a sweep's folder, and of how its plans are found: answers of another are not read."""


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables as read, for all futures that read the same ones."""

    key: str  # made of the hashes of their files
    frames: Mapping[str, pd.DataFrame]  # the tables by name
    sha256: Mapping[Path, str]  # SHA-256 of every file, by full path


@dataclass(frozen=True, eq=False)
class FutureTask:
    """One future, ready to be solved or refused."""

    future: Future  # as the file of the sweep says
    # of its files in the sweep's folder, without ending: made of its name, and of a hash of all that makes its result,
    # so that a changed future is another one
    file_name: str
    tables_key: str  # which tables it reads
    scenario: Scenario | None  # what it asks; None where its points make no scenario together
    problems: tuple[Problem, ...] = ()  # why not
    keeps_run: bool = False  # whether its whole run is stored
    begins_at: str = ""  # future at whose end it may begin; empty for none
    leads: bool = False  # whether others may begin where it ends

    @property
    def name(self) -> str:
        """Name of the future."""
        return self.future.name


@dataclass(frozen=True, eq=False)
class Sweep:
    """A sweep that can be run."""

    file: SweepFile  # what was read
    questions: tuple[FutureTask, ...]  # in the order of the file
    tables: Mapping[str, Tables]  # by key
    # figures of the base scenario and of single points that are allowed but implausible
    warnings: tuple[Problem, ...] = ()


Together: TypeAlias = "Callable[[SweepFile, Mapping[str, Scenario]], Sequence[Problem]]"
"""Finds why futures, by name, cannot be put together."""


@with_texts_as_objects
def read_sweep(path: str | Path, overrides: Changes = (), together: Together | None = None) -> Sweep:
    """Read the file of a sweep, and find every mistake in it before anything is solved."""
    file = read_file(path, overrides, needs_uncertainty=together is not None)
    led = {}
    if not file.problems:  # else two futures may have one name
        led = leaders(file.futures, is_sampled=file.sample is not None)
    return sweep_of(file, led, together)


@with_texts_as_objects
def sweep_of(file: SweepFile, led: Mapping[str, str], together: Together | None = None) -> Sweep:
    """Make a sweep of futures that are known, and find every mistake in them."""
    reader = _Reader(file)
    problems = [*file.problems, *reader.base_problems()]
    is_right = not problems
    can_be_tried = reader.read and not file.draft.problems  # else what is missing is so in each
    if can_be_tried and file.futures:
        points = [Future("", {axis.name: point}) for axis in file.axes for point in axis.points]
        listed = [Future(name, {}, settings) for name, settings in file.listed.items()]
        for future in (*points, *listed):
            problems += reader.problems(future, is_built=is_right)
        if together is not None:
            made = {future.name: reader.scenario(future) for future in file.futures}
            problems += [problem for _, found in made.values() for problem in found]
            problems += together(file, {name: one for name, (one, _) in made.items() if one is not None})
    raise_all(dict.fromkeys(problems))  # what is wrong with the base is so in each
    questions: dict[str, FutureTask] = {}
    for future in file.futures:  # a leader comes before those that begin where it ends
        questions[future.name] = reader.question(future, questions.get(led.get(future.name, "")))
    leading = set(led.values())
    every = tuple(replace(one, leads=one.name in leading) for one in questions.values())
    return Sweep(file, every, {one.key: one for one in reader.read.values()}, tuple(reader.warnings))


def inputs_of(question: FutureTask, tables: Tables) -> Inputs:
    """Build what the model knows of a future."""
    assert question.scenario is not None
    figures = question.future.figures
    inputs = build_inputs_from(question.scenario, with_values(tables.frames, figures), tables.sha256)
    return inputs.changed(moved=moved_figures(figures))


class _Reader:
    """Makes futures of a file; tables are read once for all that name the same files."""

    def __init__(self, file: SweepFile) -> None:
        self._file, self._base = file, file.draft
        self.read: dict[tuple[tuple[str, str], ...], Tables] = {}
        self.warnings: dict[Problem, None] = {}  # in order, each once

    def tables(self, data_files: Mapping[str, Path]) -> Tables:
        """Return the tables that are in some files."""
        key = tuple(sorted((name, str(path)) for name, path in data_files.items()))
        if key not in self.read:
            found = read_with_hashes(TABLES, data_files)
            text = json.dumps(sorted([path.name, sha256] for path, sha256 in found.sha256.items()))
            self.read[key] = Tables(hashlib.sha256(text.encode()).hexdigest(), found.frames, found.sha256)
        return self.read[key]

    def base_problems(self) -> tuple[Problem, ...]:
        """Return what is wrong with the base scenario."""
        (scenario, problems), uncertainty = self._base.checked(), self._file.uncertainty
        if not self._base.has_its_tables:
            return problems
        try:
            tables = self.tables(self._base.data_files)
        except InputError as error:
            return (*problems, *error.problems)
        problems = (*problems, *unknown_ids(self._base.tree, tables.frames))
        if scenario is not None and uncertainty is not None:
            problems = (*problems, *uncertainty.horizon_problems(scenario))
        return problems if problems or scenario is None else self._build_problems(scenario, Future(""), tables)

    def problems(self, future: Future, *, is_built: bool) -> tuple[Problem, ...]:
        """Return what is wrong with a future; to build it from its data takes a second."""
        scenario, problems = self.scenario(future)
        if problems or scenario is None or not is_built:
            return problems
        return self._build_problems(scenario, future, self.tables(scenario.data_files))

    def _build_problems(self, scenario: Scenario, future: Future, tables: Tables) -> tuple[Problem, ...]:
        try:
            inputs = build_inputs_from(scenario, with_values(tables.frames, future.figures))
        except InputError as error:
            return error.problems
        self.warnings |= dict.fromkeys(inputs.warnings)
        return ()

    def scenario(self, future: Future) -> tuple[Scenario | None, tuple[Problem, ...]]:
        """Return the scenario of a future, or what keeps it from being one."""
        file, base = self._file, self._base
        try:
            tree = changed_tree(base.tree, future)
        except LookupError as error:
            at = next(point.value for point in future.points.values() if point.keys and point.value)
            what_is, fix = f"the key leads nowhere: {error.args[0]}", "write a key path of the scenario"
            return None, ((at.key_place or at.place).problem(what_is, "a key", fix),)
        tree = replace(tree, value={**tree.children, "title": Node(future.name, Place(str(file.path)))})
        files, sha256 = (file.path, *base.source_files), (file.sha256, *base.source_sha256)
        draft = ScenarioDraft(future.name, files, tree, (), sha256)
        scenario, problems = draft.checked()
        if not draft.has_its_tables:
            return None, problems
        try:
            tables = self.tables(draft.data_files)
        except InputError as error:
            return None, (*problems, *error.problems)
        moved = (figure.table for figure, _ in future.figures)
        others = [
            f"{table} of future {future.name!r} is another table than that of the base"
            for table in moved
            if draft.data_files.get(table) != base.data_files.get(table)
        ]
        must_be, fix = "the one whose figures an axis moves", "take the axis over its figures out, or the other table"
        if scenario is not None:  # futures are solved side by side
            scenario = scenario.model_copy(update={"solver": scenario.solver.model_copy(update={"threads": 1})})
        of_figures = [Problem.of(file.path, what_is, must_be, fix) for what_is in others]
        return scenario, (*problems, *of_figures, *unknown_ids(tree, tables.frames))

    def question(self, future: Future, leader: FutureTask | None) -> FutureTask:
        """Return a future with the name of its files."""
        scenario, problems = self.scenario(future)
        tables = self.tables(self._base.data_files if scenario is None else scenario.data_files)
        keeps_run = self._file.runs is None or future.name in self._file.runs
        settings = None if scenario is None else scenario.model_dump(mode="json", exclude={"extends", "data"})
        if problems:
            scenario = None
        content = {
            "settings": [str(problem) for problem in problems] if settings is None else settings,
            "figures": [[one.table, one.column, one.rows, value] for one, value in future.figures],
            "labels": future.labels,
            "tables": tables.key,
            # Hashes of files that are no tables, such as a matrix of round trips, by key.
            "files": {} if scenario is None else {".".join(k): sha256_of(path) for k, path in own_files(scenario)},
            "keeps_run": keeps_run,
            "begins_at": leader.file_name if leader is not None else "",
            "versions": versions_of(_PACKAGES),
            "format": FORMAT,
        }
        begins_at = leader.name if leader is not None else ""
        file_name = folder_name(future.name, content)
        return FutureTask(future, file_name, tables.key, scenario, problems, keeps_run, begins_at)


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of libraries, and of dcplan, that are installed."""
    known = dict.fromkeys(packages, "not installed")  # run from a checkout that is not installed
    for package in known:
        with suppress(PackageNotFoundError):
            known[package] = version(package)
    return known
