"""The catalogue of runs: what the folders themselves say, and from what a user types to a run folder."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.paths import cache_folder, is_file
from planner.base.words import some
from planner.outputs.files import PARTIAL, new_token, tidy, whole_file
from planner.outputs.own_folder import LABELS_FILE, META_FILE
from planner.outputs.run import FromShipped, with_differences
from planner.runs.folder import planners_files
from planner.runs.meta import read_meta
from planner.runs.names import RunLabels, plain_name, read_labels
from planner.scenario.chain import shipped_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Entry:
    """One run in the catalogue."""

    run: str  # name of its folder
    scenario: str  # as in ``run.json``; `created` is an ISO time in UTC
    title: str
    differs: Mapping[str, str]  # settings that are not those of the scenario of that name, with their values
    created: str
    status: str
    checked: bool  # whether the checker found every rule kept
    objective_musd: float | None  # net present value of all payments [MUSD], and gap to the bound
    gap_frac: float | None
    seconds: float  # wall time of all stages. [s]
    name: str = ""  # what a planner calls it; empty for nothing
    tags: tuple[str, ...] = ()  # what a planner finds it by, sorted
    # the shipped scenario that it starts from, and how it differs from it; None where the run does not say
    from_shipped: FromShipped | None = None

    @property
    def changed_settings(self) -> dict[str, str]:
        """Settings and tables that its files change of the shipped scenario, or command and study.

        What `differs` says of a namesake of a shipped scenario is that the name means another plan, not what was
        changed.
        """
        if self.from_shipped is None:
            return dict(self.differs)
        is_namesake = self.scenario != self.from_shipped.scenario and self.scenario in _shipped()
        return {**self.from_shipped.differs, **({} if is_namesake else self.differs)}


@cache
def _shipped() -> frozenset[str]:
    return frozenset(shipped_names())


# --- the folders -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unreadable:
    """A folder with a ``run.json`` that cannot be read as a run, or labels that cannot be read."""

    run: str  # name of the folder; of labels, with that of their file
    reason: str  # why not


@dataclass(frozen=True)
class Listing:
    """What is in a folder of run folders."""

    entries: tuple[Entry, ...]  # the runs, latest first
    unreadable: tuple[Unreadable, ...]  # folders that look like runs and are none, and labels of runs, by name


def list_runs(runs_dir: Path) -> list[Entry]:
    """List the runs of a folder, latest first."""
    return list(read_runs(runs_dir).entries)


def read_runs(runs_dir: Path) -> Listing:
    """List the runs of a folder, and what of it cannot be read; what killed writers have left is put in order first."""
    entries, unreadable = [], []
    for folder in run_folders(runs_dir):
        try:
            entry = _entry(folder)
        except InputError as error:
            unreadable.append(Unreadable(folder.name, _reasons(error)))
            continue
        labels = labels_of(folder, folder.name, unreadable)
        entries.append(replace(entry, name=labels.name, tags=labels.tags))
    entries.sort(key=lambda entry: (entry.created, entry.run), reverse=True)
    return Listing(tuple(entries), tuple(unreadable))


def labels_of(folder: Path, shown: str, unreadable: list[Unreadable]) -> RunLabels:
    """Read name and tags of a folder; where they cannot be, it has none, and is listed under how it is shown."""
    try:
        return read_labels(folder)
    except InputError as error:
        unreadable.append(Unreadable(f"{shown}/{LABELS_FILE}", _reasons(error)))
        return RunLabels()


def seconds_before(names: Iterable[str], entries: Iterable[Entry]) -> float | None:
    """Return how long a scenario took the last time. [s]"""
    latest: dict[str, float] = {}
    for entry in entries:
        latest.setdefault(entry.scenario, entry.seconds)
    return next((latest[name] for name in names if name in latest), None)


def to_prune(entries: Sequence[Entry], *, keep: int) -> list[Entry]:
    """Choose all but the latest runs of every scenario, and those with a name or tags."""
    seen: dict[str, int] = {}
    chosen = []
    plain = [entry for entry in entries if not (entry.name or entry.tags)]
    for entry in sorted(plain, key=lambda entry: entry.created, reverse=True):
        seen[entry.scenario] = seen.get(entry.scenario, 0) + 1
        if seen[entry.scenario] > keep:
            chosen.append(entry)
    return chosen


def prune(runs_dir: Path, entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Delete run folders, and what killed writers have left; return what is not deleted, with the planner's files."""
    tidy(runs_dir)
    refused = {}
    for entry in entries:
        folder = runs_dir / plain_name(entry.run, str(runs_dir))
        with suppress(FileNotFoundError):  # another process deletes it too
            if files := planners_files(folder):
                refused[entry.run] = files
            else:
                doomed = folder.rename(runs_dir / f"{PARTIAL}{new_token()}")  # whole or gone, also when killed
                shutil.rmtree(doomed, ignore_errors=True)
    return refused


def run_folders(runs_dir: Path) -> list[Path]:
    """Return the folders of runs, readable or not, by name; links are none."""
    try:
        if not runs_dir.is_dir():
            return []
        tidy(runs_dir)
        shown = (one for one in runs_dir.iterdir() if not one.name.startswith(".") and not one.is_symlink())
        return sorted(folder for folder in shown if (folder / META_FILE).exists())
    except (OSError, ValueError) as error:
        problem = Problem.of(runs_dir, f"the folder cannot be read: {error}", "a folder of run folders")
        raise InputError([problem]) from error


def _entry(folder: Path) -> Entry:
    meta = read_meta(folder)
    own = {name: meta[name] for name in ("scenario", "differs", "created", "status", "objective_musd", "gap_frac")}
    of_solve = {"checked": meta["check"]["ok"], "seconds": float(sum(meta["seconds"].values()))}
    return Entry(folder.name, title=meta["title"] or "", from_shipped=FromShipped.from_meta(meta), **of_solve, **own)


def _reasons(error: InputError) -> str:
    return "; ".join(problem.what_is for problem in error.problems)


# --- the same as SQL ---------------------------------------------------------------------------

_COLUMNS: Final = (
    *("run", "scenario", "title", "created", "status", "checked"),
    *("objective_musd", "gap_frac", "seconds", "name"),
)


def write_index(runs_dir: Path) -> Path | None:
    """Write what the runs of a folder say into an SQLite file of the cache; None without runs or a cache."""
    home, entries = cache_folder("runs"), read_runs(runs_dir).entries
    if home is None or not entries:
        return None
    file = home / f"{hashlib.sha256(os.fsencode(runs_dir.resolve())).hexdigest()[:16]}.sqlite"
    # SQLite holds text alone, which the name of a folder may not be.
    named = [entry for entry in entries if not any("\ud800" <= sign <= "\udfff" for sign in entry.run)]
    starts = {entry.run: entry.from_shipped for entry in named if entry.from_shipped is not None}
    of_shipped = {run: start.scenario or "" for run, start in starts.items()}
    tables = {
        "runs": [(*(getattr(of, name) for name in _COLUMNS), of_shipped.get(of.run)) for of in named],
        "tags": [(of.run, tag) for of in named for tag in of.tags],
        "differs": [(of.run, *one) for of in named for one in of.differs.items()],
        "from_shipped_differs": [(run, *one) for run, start in starts.items() for one in start.differs.items()],
    }
    heads = {"runs": [*_COLUMNS, "from_shipped"], "tags": ["run", "tag"]}
    try:
        with whole_file(file) as partial, closing(sqlite3.connect(partial)) as index, index:
            for table, rows in tables.items():
                frame = pd.DataFrame(rows, columns=heads.get(table, ["run", "setting", "value"]))
                frame.set_index("run").to_sql(table, index)
    except (OSError, sqlite3.Error, pd.errors.DatabaseError):  # the cache cannot be written to
        return None
    return file


_NAMED: Final = 3  # runs


def find_run(text: str, runs_dir: Path) -> Path:
    """Find a run by path or, in `runs_dir`, folder, own name, unique beginning or scenario (its latest as it is)."""
    path = Path(text)
    if _is_run(path):
        return path
    entries = read_runs(runs_dir).entries
    named = [entry for entry in entries if text and text == entry.name]
    if len(named) > 1 and all(text != entry.run for entry in entries):
        raise InputError([_of_one_name(text, runs_dir, named)])
    of_scenario = [entry for entry in entries if text == entry.scenario]
    unchanged = [entry for entry in of_scenario if not entry.differs]
    meant = [entry for entry in entries if text == entry.run] or named or unchanged
    if meant:
        return runs_dir / max(meant, key=lambda entry: entry.created).run
    if of_scenario:
        raise InputError([_only_changed(text, runs_dir, of_scenario)])
    beginning = [entry.run for entry in entries if text and entry.run.startswith(text)]
    if len(beginning) == 1:
        return runs_dir / beginning[0]
    if text and _is_run(runs_dir / text):  # one that cannot be read: opening it says why
        return runs_dir / text
    raise InputError([_not_one(text, runs_dir, beginning, [entry.run for entry in entries])])


def is_unsolved(text: str, runs_dir: Path) -> bool:
    """Return whether a text names a scenario, and no run: there is none of it yet."""
    if _is_run(Path(text)) or not _is_scenario(text):
        return False
    return not any(
        text in {entry.scenario, entry.name} or entry.run.startswith(text) for entry in read_runs(runs_dir).entries
    )


def try_name(name: str, folder: Path, runs_dir: Path) -> None:
    """Find out whether a folder can be given a name that means it and nothing else."""
    what_is = ""
    entries = read_runs(runs_dir).entries
    others = [entry for entry in entries if (runs_dir / entry.run).resolve() != folder.resolve()]
    if _is_scenario(name) or any(name == entry.scenario for entry in entries):
        what_is = "a scenario has this name"
    elif any(name in {entry.run, entry.name} for entry in others) or _is_run(Path(name)):
        what_is = "another run has this name"
    if what_is:
        raise InputError([Problem.of(f"name {name!r}", what_is, "one of its own", "take another one")])


def _of_one_name(name: str, runs_dir: Path, entries: Sequence[Entry]) -> Problem:
    """Say that two folders have one name, as where one was copied."""
    there_are = some([entry.run for entry in entries], _NAMED)
    what_is = f"{len(entries)} runs have the name {name!r}"
    fix = f"give the folder ({there_are}), or another name: dcplan runs name"
    return Problem.of(runs_dir, what_is, "one run", fix)


def _only_changed(scenario: str, runs_dir: Path, entries: Sequence[Entry]) -> Problem:
    """Say that a scenario was only solved with changed settings."""
    there_are = some([f"{e.run}{with_differences(e.differs)}" for e in entries], _NAMED, between="; ")
    what_is, must_be = f"{scenario} was solved with changed settings only", "a run of it as it is"
    fix = f"name the run you mean ({there_are}), or solve it: dcplan solve {shlex.quote(scenario)}"
    return Problem.of(runs_dir, what_is, must_be, fix)


def _not_one(text: str, runs_dir: Path, beginning: list[str], runs: list[str]) -> Problem:
    """Say why a text names no run, and what would."""
    there_are = f"there are: {', '.join(beginning or runs)}"
    if beginning:
        what_is = f"{len(beginning)} runs begin with {text!r}"
        return Problem.of(runs_dir, what_is, "one run", there_are)
    fix = there_are if runs else "solve a scenario first"
    if text and _is_folder(Path(text)):
        what_is, must_be = f"the folder has no {META_FILE}", "a run folder"
        fix = f"give a folder that dcplan solve has written; {fix}"
        return Problem.of(text, what_is, must_be, fix)
    if _is_scenario(text):
        what_is = f"no run of scenario {text!r}: it was not solved yet, or not by this version"
        fix = f"solve it first: dcplan solve {shlex.quote(text)}"
        return Problem.of(runs_dir, what_is, "one run", fix)
    return Problem.of(runs_dir, f"no run {text!r}", "one run", fix)


def _is_run(path: Path) -> bool:
    """Whether it is a run folder, readable or not; a name that no file can have is none."""
    return is_file(path / META_FILE)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_scenario(text: str) -> bool:
    """Whether it is the name of a scenario that dcplan ships, or a scenario file."""
    path = Path(text)
    if path.suffix in {".yaml", ".yml"}:
        return is_file(path)
    return text in shipped_names()
