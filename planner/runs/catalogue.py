"""The catalogue of runs: what the folders themselves say, read again where they have changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.outputs.differences import FromShipped
from planner.outputs.folder_kinds import META_FILE
from planner.runs.catalogue_entry import Entry
from planner.runs.index import known_entries, note_entries, stamp_of
from planner.runs.labels import LABELS_FILE, RunLabels, read_labels
from planner.runs.meta_read import read_meta
from planner.runs.replace import remove_runs, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["Entry", "Listing", "Unreadable", "list_runs", "prune", "read_runs", "seconds_before", "to_prune"]


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
    """List the runs of a folder, and what of it cannot be read.

    What writers that were killed have left is put in order first.
    """
    known = known_entries(runs_dir)
    entries, unreadable, changed = [], [], {}
    folders = _folders(runs_dir)  # after the index: what it has and they have not is gone
    for folder in folders:
        before = known.get(folder.name)
        stamp = stamp_of(folder)  # before its files are read
        if before is not None and stamp and before[1] == stamp:
            entries.append(before[0])
            continue
        try:
            entry = _entry(folder)
        except InputError as error:
            unreadable.append(Unreadable(folder.name, _reasons(error)))
            continue
        try:
            labels = read_labels(folder)
        except InputError as error:
            labels, stamp = RunLabels(), ""  # so that it is said each time
            unreadable.append(Unreadable(f"{folder.name}/{LABELS_FILE}", _reasons(error)))
        entry = replace(entry, name=labels.name, tags=labels.tags)
        entries.append(entry)
        if before != (entry, stamp):
            changed[folder.name] = entry, stamp
    gone = known.keys() - {entry.run for entry in entries}
    note_entries(runs_dir, changed, gone)
    entries.sort(key=lambda entry: (entry.created, entry.run), reverse=True)
    return Listing(tuple(entries), tuple(unreadable))


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
    """Delete run folders, and what writers that were killed have left."""
    tidy(runs_dir)
    return remove_runs(runs_dir, [entry.run for entry in entries])


def _folders(runs_dir: Path) -> list[Path]:
    try:
        if not runs_dir.is_dir():
            return []
        tidy(runs_dir)
        return sorted(
            folder
            for folder in runs_dir.iterdir()
            if not folder.name.startswith(".") and not folder.is_symlink() and (folder / META_FILE).exists()
        )
    except (OSError, ValueError) as error:
        found = f"the folder cannot be read: {error}"
        problem = Problem(str(runs_dir), None, None, found, "a folder of run folders", "")
        raise InputError([problem]) from error


def _entry(folder: Path) -> Entry:
    meta = read_meta(folder)
    return Entry(
        folder.name,
        meta["scenario"],
        meta["title"] or "",
        meta.get("differs", {}),
        meta["created"],
        meta["status"],
        meta["check"]["ok"],
        _number(meta["objective_musd"]),
        _number(meta["gap_frac"]),
        float(sum(meta["seconds"].values())),
        from_shipped=FromShipped.from_meta(meta),
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _reasons(error: InputError) -> str:
    return "; ".join(problem.what_is for problem in error.problems)
