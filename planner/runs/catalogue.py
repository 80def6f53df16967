"""The catalogue of runs: what the folders themselves say, read again where they have changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from planner.base.cache import cache_folder
from planner.base.errors import InputError, Problem
from planner.outputs.differences import FromShipped
from planner.outputs.files import PARTIAL
from planner.outputs.folder_kinds import LABELS_FILE, META_FILE
from planner.outputs.staging import new_token, tidy
from planner.runs.folder import planners_files
from planner.runs.labels import RunLabels, read_labels
from planner.runs.meta import read_meta
from planner.runs.names import plain_name
from planner.scenario.chain import shipped_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path


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

        A file that has the name of a shipped scenario and does not start from it is compared with
        that in `differs`, which says that the name means another plan, not what was changed.
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


# --- the index ---------------------------------------------------------------------------------

_KIND: Final = "runs"
_VERSION: Final = 3
_MOST_FILES: Final = 200
_WAIT_S: Final = 1.0
_SETTLED_NS: Final = 2_000_000_000
"""A file that is as young as this may be changed again within one tick of its clock."""
_TABLES: Final = """
CREATE TABLE runs (
    run TEXT PRIMARY KEY, scenario TEXT, title TEXT, created TEXT, status TEXT, checked INTEGER,
    objective_musd REAL, gap_frac REAL, seconds REAL, name TEXT, from_shipped TEXT,
    stamp TEXT, digest TEXT
);
CREATE TABLE tags (run TEXT, tag TEXT);
CREATE TABLE differs (run TEXT, setting TEXT, value TEXT);
CREATE TABLE from_shipped_differs (run TEXT, setting TEXT, value TEXT);
CREATE INDEX from_shipped_differs_by_run ON from_shipped_differs (run);
"""
_COLUMNS: Final = (
    "run, scenario, title, created, status, checked, objective_musd, gap_frac, seconds, name, from_shipped"
)
_NONE_SHIPPED: Final = ""
"""In column ``from_shipped`` of a run that starts from none; NULL where it is unknown."""


def index_file(runs_dir: Path) -> Path | None:
    """Return the file of the index of a folder of runs, there or not; None without a cache."""
    folder = cache_folder(_KIND)
    if folder is None:
        return None
    digits = hashlib.sha256(os.fsencode(runs_dir.resolve())).hexdigest()
    return folder / f"{digits[:16]}.sqlite"


def stamp_of(folder: Path) -> str:
    """Return what tells whether the files that an entry is read from are the same as before."""
    parts = []
    for name in (META_FILE, LABELS_FILE):
        try:
            at = (folder / name).stat()
        except FileNotFoundError:
            parts.append("none")
            continue
        except OSError:
            return ""
        if time.time_ns() - max(at.st_mtime_ns, at.st_ctime_ns) < _SETTLED_NS:
            return ""
        parts.append(f"{at.st_ino} {at.st_size} {at.st_mtime_ns} {at.st_ctime_ns}")
    return "; ".join(parts)


def known_entries(runs_dir: Path) -> dict[str, tuple[Entry, str] | None]:
    """Return what the index holds of a folder of runs."""
    path = index_file(runs_dir)
    if path is None or not path.is_file():
        return {}
    try:
        with closing(_opened(path)) as index:
            return _read(index)
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            _remove(path)  # of another version of dcplan, or of its tables
    except (sqlite3.Error, ValueError, TypeError, AttributeError):
        _remove(path)  # damaged
    return {}


def note_entries(runs_dir: Path, read: Mapping[str, tuple[Entry, str]], gone: Collection[str]) -> None:
    """Put entries that were read from their folders into the index."""
    path = index_file(runs_dir)
    read = {run: entry for run, entry in read.items() if _is_unicode(run)}
    if path is None or not (read or gone):
        return
    try:
        is_new = not path.is_file()
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True)
            _drop_oldest(path.parent)
        with closing(_opened(path)) as index, index:
            index.execute("BEGIN IMMEDIATE")
            if not index.execute("PRAGMA user_version").fetchone()[0]:
                for statement in _TABLES.split(";"):
                    index.execute(statement)
                index.execute(f"PRAGMA user_version = {_VERSION}")
            _write(index, read, gone)
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            _remove(path)
    except sqlite3.Error:
        _remove(path)
    except OSError:  # it cannot be written: folders are read each time
        return


def _opened(path: Path) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        # Torn by a loss of power it is damaged, and so made again; waiting for the disk gains
        # nothing.
        index.execute("PRAGMA synchronous = OFF")
    except sqlite3.Error:  # a file that is no index is only found out here
        index.close()
        raise
    return index


def _read(index: sqlite3.Connection) -> dict[str, tuple[Entry, str] | None]:
    if index.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        raise ValueError
    index.execute("BEGIN")  # the tables as of one moment
    tags: dict[str, list[str]] = {}
    for run, tag in index.execute("SELECT run, tag FROM tags ORDER BY tag"):
        tags.setdefault(run, []).append(tag)
    differs, of_start = (_settings(index, table) for table in ("differs", "from_shipped_differs"))
    found: dict[str, tuple[Entry, str] | None] = dict.fromkeys([*tags, *differs, *of_start])
    for *row, stamp, digest in index.execute(f"SELECT {_COLUMNS}, stamp, digest FROM runs"):
        run, scenario, title, created, status, checked, musd, gap, seconds, name, start = row
        entry = Entry(
            run,
            scenario,
            title,
            differs.get(run, {}),
            created,
            status,
            bool(checked),
            musd,
            gap,
            seconds,
            name,
            tuple(tags.get(run, ())),
            None if start is None else FromShipped(start or None, of_start.get(run, {})),
        )
        found[run] = (entry, stamp) if digest == _digest(entry, stamp) else None
    return found


def _settings(index: sqlite3.Connection, table: str) -> dict[str, dict[str, str]]:
    """Return value by setting by run."""
    found: dict[str, dict[str, str]] = {}
    for run, setting, value in index.execute(f"SELECT run, setting, value FROM {table} ORDER BY rowid"):
        found.setdefault(run, {})[setting] = value
    return found


def _write(index: sqlite3.Connection, read: Mapping[str, tuple[Entry, str]], gone: Iterable[str]) -> None:
    for run in (*gone, *read):
        for table in ("runs", "tags", "differs", "from_shipped_differs"):
            index.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
    for run, (entry, stamp) in read.items():
        row = (
            *(run, entry.scenario, entry.title, entry.created, entry.status, entry.checked),
            *(entry.objective_musd, entry.gap_frac, entry.seconds, entry.name),
            None if entry.from_shipped is None else entry.from_shipped.scenario or _NONE_SHIPPED,
            *(stamp, _digest(entry, stamp)),
        )
        marks = ", ".join("?" * len(row))
        index.execute(f"INSERT INTO runs ({_COLUMNS}, stamp, digest) VALUES ({marks})", row)
        index.executemany("INSERT INTO tags VALUES (?, ?)", ((run, tag) for tag in entry.tags))
        of_start = entry.from_shipped.differs if entry.from_shipped else {}
        for table, differs in (("differs", entry.differs), ("from_shipped_differs", of_start)):
            index.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?)", ((run, setting, value) for setting, value in differs.items())
            )


def _digest(entry: Entry, stamp: str) -> str:
    return hashlib.sha256(json.dumps([astuple(entry), stamp]).encode()).hexdigest()


def _is_unicode(run: str) -> bool:
    """Whether the name of a folder is text, which is all that SQLite holds."""
    return not any("\ud800" <= sign <= "\udfff" for sign in run)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another process is at the index, or the disk is; then it is not damaged."""
    busy = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY}
    busy |= {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
    return error.sqlite_errorcode & 0xFF in busy


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _drop_oldest(folder: Path) -> None:
    """Keep the newest files, so that those of folders that are gone do not pile up."""
    by_age = sorted(folder.glob("*.sqlite"), key=lambda path: -path.stat().st_mtime)
    for path in by_age[_MOST_FILES - 1 :]:
        _remove(path)
