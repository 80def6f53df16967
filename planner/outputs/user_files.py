"""What a planner put into a folder, or changed there, and where it is kept when files are replaced.

Files that dcplan wrote are known by their SHA-256. All others belong to the planner: they are
never deleted and never written over, but stay where they are or are put into ``kept/``.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from planner.base.words import some
from planner.outputs.files import sha256_of, whole_file
from planner.outputs.staging import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "KEPT_FOLDER",
    "LEDGER_FILE",
    "Kept",
    "as_written_names",
    "files_in",
    "is_as_written",
    "keep",
    "ledger",
    "place_for",
    "put_files",
    "report_kept",
]

KEPT_FOLDER: Final = "kept"
"""Folder of what could not stay where it was; the next ones are ``kept-2``, ``kept-3``, ..."""
_NAMED: Final = 20  # files that moved, and as many that stayed
LEDGER_FILE: Final = ".dcplan-written.json"
"""Names and hashes of the files that an export has written next to it."""


@dataclass(frozen=True, order=True)
class Kept:
    """A file of the planner's that is kept."""

    name: str  # where it was, as a path with ``/`` in the folder
    now: str  # where it is


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """List all that is in a folder, at any depth, with its name: a path with ``/``."""
    for home, folders, files in os.walk(folder):
        here = Path(home)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        empty = [] if folders or files or links or here == folder else [here]
        for path in (*empty, *(here / name for name in sorted([*files, *links]))):
            yield path.relative_to(folder).as_posix(), path


def is_as_written(path: Path, sha256: str | None) -> bool:
    """Whether a file is the one with this hash; one that cannot be read is not."""
    if sha256 is None or path.is_symlink() or not path.is_file():
        return False
    try:
        return sha256_of(path) == sha256
    except OSError:
        return False


def place_for(path: Path, name: str, home: Path, *, in_place: bool) -> Path:
    """Choose where a file of the planner's is kept."""
    if in_place and _is_free(home, name, path):
        return home / name
    number = 1
    while True:
        kept = f"{KEPT_FOLDER}/{name}" if number == 1 else f"{KEPT_FOLDER}-{number}/{name}"
        if _is_free(home, kept, path):
            return home / kept
        number += 1


def keep(path: Path, target: Path) -> None:
    """Let a file be at a second place too; the same file where the file system can do that."""
    if os.path.lexists(target):
        return
    if path.is_dir() and not path.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, target, follow_symlinks=False)


def report_kept(folder: Path, kept: Sequence[Kept]) -> str:
    """Say which files were kept, and where."""
    known = [file for file in kept if PurePosixPath(file.name).name != LEDGER_FILE]
    moved = [f"{file.name} is now {file.now}" for file in known if file.name != file.now]
    homes = Counter(_home(file.name) for file in known if file.name == file.now)
    stayed = [f"{home} ({count} files)" if count > 1 else home for home, count in homes.items()]
    parts = [*([some(moved, _NAMED)] if moved else []), *([some(stayed, _NAMED)] if stayed else [])]
    return f"{folder}: kept other or changed files: {', '.join(parts)}"


def _home(name: str) -> str:
    """Return the folder of a folder that a file is in, or the file itself."""
    first, *below = PurePosixPath(name).parts
    return f"{first}/" if below else first


def ledger(folder: Path) -> dict[str, str]:
    """Return the hashes of files that an export wrote into a folder, by name; none if unknown."""
    try:
        content = json.loads((folder / LEDGER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    known = content if isinstance(content, dict) else {}
    return {name: digits for name, digits in known.items() if isinstance(digits, str)}


def put_files(staged: Path, files: Sequence[Path], home: Path) -> tuple[list[Path], list[Kept]]:
    """Move finished files to where they are to be, each whole.

    A file that is there is replaced if dcplan wrote it and nobody has changed it since, or if it
    is the same. Any other one is kept.
    """
    written, kept = [], []
    with locked(home):
        known = ledger(home)
        for file in files:
            name = file.relative_to(staged).as_posix()
            path = home / name
            is_same = _is_same(path, file)
            if os.path.lexists(path) and not is_same and not is_as_written(path, known.get(name)):
                target = place_for(path, name, home, in_place=False)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
                kept.append(Kept(name, target.relative_to(home).as_posix()))
            known[name] = sha256_of(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            file.replace(path)
            written.append(path)
        with whole_file(home / LEDGER_FILE) as partial:
            partial.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return written, kept


def as_written_names(folder: Path, known: Mapping[str, str]) -> set[str]:
    """Return the names of files below a folder that are as dcplan wrote them, by ledgers too."""
    all_known, ledgers = dict(known), set()
    for name, path in files_in(folder):
        if path.name == LEDGER_FILE and (of_exports := ledger(path.parent)):
            ledgers.add(name)
            below = PurePosixPath(name).parent
            all_known |= {(below / at).as_posix(): it for at, it in of_exports.items()}
    return ledgers | {name for name, path in files_in(folder) if is_as_written(path, all_known.get(name))}


def _is_free(home: Path, name: str, path: Path) -> bool:
    """Whether nothing is at a name, or the same as a file, and its folders can be made."""
    target = home / name
    above = home
    for part in PurePosixPath(name).parts[:-1]:
        above = above / part
        if above.is_symlink() or (os.path.lexists(above) and not above.is_dir()):
            return False
    if not os.path.lexists(target):
        return True
    if path.is_symlink() or target.is_symlink():
        both = path.is_symlink() and target.is_symlink()
        return both and path.readlink() == target.readlink()
    if path.is_dir() or target.is_dir():
        return path.is_dir() and target.is_dir()
    return _is_same(path, target)


def _is_same(path: Path, other: Path) -> bool:
    """Whether two files hold the same; what cannot be read does not."""
    try:
        both = path.is_file() and other.is_file()
        return both and filecmp.cmp(path, other, shallow=False)
    except OSError:
        return False
