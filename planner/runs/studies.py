"""Folders of sweeps and studies near a folder of runs, by the file that says what each is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator

from planner.outputs.own_folder import FUTURES_FOLDER, STUDY_KINDS, SWEEP, files_of
from planner.runs.catalogue import Unreadable, labels_of
from planner.runs.names import Part, Text, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTED: Final = tuple(kind for kind in STUDY_KINDS if kind.is_listed)
"""Kinds that are listed. A sweep is what has no file of another one."""


@dataclass(frozen=True)
class StudyEntry:
    """One sweep or study in the catalogue; several may be in one folder."""

    folder: str  # its path, beginning where `studies_near` was asked to look
    kind: str  # the name of one of `LISTED`
    scenario: str  # the scenario that it begins from
    # of a sweep or stochastic program; of a frontier, what cost is traded against; of what decides, the output that is
    # asked about; else empty
    title: str
    changed: str  # when its file was written last: an ISO time in UTC
    done: int | None = None  # futures with an answer, and all futures, of a sweep
    total: int | None = None
    name: str = ""  # what a planner calls it; empty for nothing
    tags: tuple[str, ...] = ()  # what a planner finds it by, sorted


def studies_near(home: Path) -> tuple[list[StudyEntry], list[Unreadable]]:
    """List the sweeps and studies in a folder, and in the folders in it, latest first."""
    studies, unreadable = [], []
    for folder in _folders(home):
        shown = folder.relative_to(home).as_posix()
        read = []
        for kind, path in _found_in(folder):
            try:
                read.append(_study(kind, path, shown))
            except (OSError, ValueError, RecursionError) as error:
                unreadable.append(Unreadable(f"{shown}/{path.name}", f"cannot be read: {error}"))
        if not read:
            continue
        labels = labels_of(folder, shown, unreadable)
        studies += [StudyEntry(**study, name=labels.name, tags=labels.tags) for study in read]
    studies.sort(key=lambda study: (study.changed, study.folder), reverse=True)
    return studies, unreadable


def kind_of(folder: Path) -> str | None:
    """Return the name of the kind that a folder is, the first of several; None of one that is not in `LISTED`."""
    return next((kind for kind, _ in _found_in(folder)), None)


def _folders(home: Path) -> Iterator[Path]:
    """Yield the folders in a folder, and those in them; nothing of what cannot be looked at."""
    for folder in _below(home):
        yield folder
        if not _found_in(folder):
            yield from _below(folder)


def _below(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob("[!.]*") if not path.is_symlink() and path.is_dir())
    except OSError:
        return []


def _found_in(folder: Path) -> list[tuple[str, Path]]:
    """Return the studies of a folder, each with its file: a sweep is one where no other is."""
    found: list[tuple[str, Path]] = []
    for kind in LISTED:
        if kind is not SWEEP or not found:
            found += [(kind.name, path) for path in files_of(folder, kind.files)]
    return found


def _step(name: str) -> str:
    if {"/", "\\", "\0"} & set(name):
        raise ValueError("the name of a file of the folder")
    return name


class _Sweep(Part):
    base: Text
    title: Text
    futures: dict[str, Annotated[Text, AfterValidator(_step)]]


class _Study(Part):
    scenario: Text
    label: Text = ""
    of: Text = ""


def _study(kind: str, path: Path, at: str) -> dict[str, Any]:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    study = {"folder": at, "kind": kind, "changed": changed}
    if kind != SWEEP.name:
        of = read_json(path, _Study)
        return study | {"scenario": of.scenario, "title": of.label or of.of}
    raw = read_json(path, _Sweep)
    files = list(raw.futures.values())
    done = sum((path.parent / FUTURES_FOLDER / f"{name}.json").is_file() for name in files)
    return study | {"scenario": raw.base, "title": raw.title, "done": done, "total": len(files)}
