"""The catalogue of runs: what the folders themselves say, read again each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.runs.meta_read import read_meta
from planner.runs.replace import remove_runs, tidy
from planner.runs.written import META_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Entry", "Listing", "Unreadable", "list_runs", "prune", "read_runs", "to_prune"]


@dataclass(frozen=True)
class Entry:
    """One run in the catalogue.

    Parameters
    ----------
    run : str
        Name of its folder.
    scenario, title, created, status : str
        As in ``run.json``; `created` is an ISO time in UTC.
    differs : mapping of str to str
        Settings that are not those of the scenario of that name, with their values.
    checked : bool
        Whether the checker found every rule kept.
    objective_musd, gap_frac : float or None
        Net present value of all payments [MUSD], and gap to the bound.
    seconds : float
        Wall time of all stages. [s]
    """

    run: str
    scenario: str
    title: str
    differs: Mapping[str, str]
    created: str
    status: str
    checked: bool
    objective_musd: float | None
    gap_frac: float | None
    seconds: float


@dataclass(frozen=True)
class Unreadable:
    """A folder with a ``run.json`` that cannot be read as a run.

    Parameters
    ----------
    run : str
        Name of the folder.
    reason : str
        Why not.
    """

    run: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """What is in a folder of run folders.

    Parameters
    ----------
    entries : tuple of Entry
        The runs, latest first.
    unreadable : tuple of Unreadable
        Folders that look like runs and are none, by name.
    """

    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...]


def list_runs(runs_dir: Path) -> list[Entry]:
    """List the runs of a folder, latest first.

    Parameters
    ----------
    runs_dir : Path
        Folder of run folders; may be missing.

    Returns
    -------
    list of Entry
        What is not a run folder, or cannot be read as one, is left out.
    """
    return list(read_runs(runs_dir).entries)


def read_runs(runs_dir: Path) -> Listing:
    """List the runs of a folder, and what of it cannot be read.

    What writers that were killed have left is put in order first.

    Parameters
    ----------
    runs_dir : Path
        Folder of run folders; may be missing.

    Returns
    -------
    Listing
        Links and hidden folders are no runs.

    Raises
    ------
    InputError
        If the folder itself cannot be read.
    """
    entries, unreadable = [], []
    for folder in _folders(runs_dir):
        try:
            entries.append(_entry(folder))
        except InputError as error:
            reasons = "; ".join(problem.what_is for problem in error.problems)
            unreadable.append(Unreadable(folder.name, reasons))
    entries.sort(key=lambda entry: (entry.created, entry.run), reverse=True)
    return Listing(tuple(entries), tuple(unreadable))


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


def prune(runs_dir: Path, entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Delete run folders, and what writers that were killed have left.

    Parameters
    ----------
    runs_dir : Path
        Folder of run folders.
    entries : sequence of Entry
        The runs to delete.

    Returns
    -------
    dict of str to list of str
        Runs that stay, since they hold files that dcplan did not write as they are, with these.
    """
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
            if not folder.name.startswith(".")
            and not folder.is_symlink()
            and (folder / META_FILE).exists()
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
        meta["objective_musd"],
        meta["gap_frac"],
        float(sum(meta["seconds"].values())),
    )
