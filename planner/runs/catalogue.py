"""The catalogue of runs: an index in SQLite that is made again from the folders at any time."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Final

from planner.errors import InputError
from planner.outputs.files import PARTIAL
from planner.runs.folder import META_FILE, read_meta

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["CATALOGUE_FILE", "Entry", "list_runs", "prune", "to_prune"]

CATALOGUE_FILE: Final = "catalogue.sqlite"
_STALE_S: Final = 86_400.0


@dataclass(frozen=True)
class Entry:
    """One run in the catalogue.

    Parameters
    ----------
    run : str
        Name of its folder.
    scenario, title, created, status : str
        As in ``run.json``; `created` is an ISO time in UTC.
    checked : bool
        Whether the checker found every rule kept.
    objective_musd, gap_frac : float or None
        Net present value of all payments [MUSD], and gap to the bound.
    seconds : float
        Wall time of all stages. [s]
    stamp_ns : int
        When ``run.json`` was last changed, by which the index knows that it is current. [ns]
    """

    run: str
    scenario: str
    title: str
    created: str
    status: str
    checked: bool
    objective_musd: float | None
    gap_frac: float | None
    seconds: float
    stamp_ns: int


_COLUMNS: Final = tuple(field.name for field in fields(Entry))
_MAKE: Final = f"CREATE TABLE IF NOT EXISTS runs ({', '.join(_COLUMNS)}, PRIMARY KEY (run))"
_PUT: Final = f"INSERT OR REPLACE INTO runs VALUES ({', '.join('?' * len(_COLUMNS))})"


def list_runs(runs_dir: Path) -> list[Entry]:
    """List the runs of a folder, latest first, and bring the index up to date.

    Parameters
    ----------
    runs_dir : Path
        Folder of run folders; may be missing.

    Returns
    -------
    list of Entry
        What is not a run folder, or cannot be read as one, is left out.
    """
    if not runs_dir.is_dir():
        return []
    path = runs_dir / CATALOGUE_FILE
    try:
        return _current(path, runs_dir)
    except sqlite3.DatabaseError:
        # A damaged index, or a folder that cannot be written: the folders know everything.
        return sorted(_read(runs_dir, {}), key=lambda entry: entry.created, reverse=True)


def to_prune(entries: Sequence[Entry], *, keep: int) -> list[Entry]:
    """Choose all but the latest runs of every scenario.

    Parameters
    ----------
    entries : sequence of Entry
        As `list_runs` gives them.
    keep : int
        Runs of each scenario to keep.

    Returns
    -------
    list of Entry
        The others.
    """
    seen: dict[str, int] = {}
    chosen = []
    for entry in sorted(entries, key=lambda entry: entry.created, reverse=True):
        seen[entry.scenario] = seen.get(entry.scenario, 0) + 1
        if seen[entry.scenario] > keep:
            chosen.append(entry)
    return chosen


def prune(runs_dir: Path, entries: Sequence[Entry]) -> None:
    """Delete run folders, and what writers that were killed a day or more ago have left.

    Parameters
    ----------
    runs_dir : Path
        Folder of run folders.
    entries : sequence of Entry
        The runs to delete.
    """
    for entry in entries:
        shutil.rmtree(runs_dir / entry.run)
    for left in runs_dir.glob(f"{PARTIAL}*"):
        # A young one may be a run that is being written just now.
        if time.time() - left.stat().st_mtime > _STALE_S:
            shutil.rmtree(left, ignore_errors=True)
    list_runs(runs_dir)


def _current(path: Path, runs_dir: Path) -> list[Entry]:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_MAKE)
        known = {entry.run: entry for entry in _rows(database)}
        found = list(_read(runs_dir, known))
        gone = known.keys() - {entry.run for entry in found}
        database.executemany("DELETE FROM runs WHERE run = ?", [(run,) for run in gone])
        database.executemany(_PUT, [astuple(e) for e in found if known.get(e.run) != e])
        return list(_rows(database))


def _rows(database: sqlite3.Connection) -> Iterator[Entry]:
    for row in database.execute(f"SELECT {', '.join(_COLUMNS)} FROM runs ORDER BY created DESC"):
        values = dict(zip(_COLUMNS, row, strict=True))
        yield Entry(**{**values, "checked": bool(values["checked"])})


def _read(runs_dir: Path, known: dict[str, Entry]) -> Iterator[Entry]:
    """Read every run folder, those that have not changed from the index."""
    for path in runs_dir.glob(f"*/{META_FILE}"):
        folder = path.parent
        if folder.name.startswith(PARTIAL) or folder.is_symlink():
            continue
        stamp_ns = path.stat().st_mtime_ns
        before = known.get(folder.name)
        if before is not None and before.stamp_ns == stamp_ns:
            yield before
            continue
        try:
            meta = read_meta(folder)
        except InputError:
            continue
        yield Entry(
            folder.name,
            str(meta["scenario"]),
            str(meta["title"]),
            str(meta["created"]),
            str(meta["status"]),
            bool(meta["check"]["ok"]),
            meta["objective_musd"],
            meta["gap_frac"],
            float(sum(meta["seconds"].values())),
            stamp_ns,
        )
