"""The folder of a study: its name, which follows that of the study's file, and whose it is."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import SCENARIOS_DIR, is_file
from planner.outputs.files import sha256_of
from planner.outputs.staging import try_folder
from planner.outputs.study_files import OF_WHAT, STOCHASTIC_FILE, STUDY_FILES, SWEEP_FILE
from planner.runs.names import slug
from planner.runs.written import META_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["file_entry", "files_of", "folder_of_file", "try_study_folder", "wrong_folder"]

_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "run": (META_FILE,),
    "runs": (f"*/{META_FILE}",),
    **STUDY_FILES,
}
"""Files that say what is in a folder, as patterns."""
_KIND_OF: Final = dict.fromkeys(OF_WHAT, "sensitivity")
"""What a kind of file is a part of; else it is a kind of its own."""
_WORDS: Final[Mapping[str, str]] = {
    "run": "run",
    "runs": "folder of runs",
    "sensitivity": "study of sensitivity",
    "stochastic": "stochastic program",
    "frontier": "frontier",
    "alternatives": "study of alternatives",
    "sweep": "sweep",
    "stress": "stress study",
    "dispatch": "study of dispatch",
    "days_error": "study of the error of days",
}
"""What a planner knows each as."""
_SAYS: Final = {"sweep": SWEEP_FILE, "sensitivity": SWEEP_FILE, "stochastic": STOCHASTIC_FILE}
"""File of a study in which its `file_entry` is; others are replaced whole."""


def file_entry(file: Path, sha256: str) -> dict[str, Any]:
    """Describe the file that a study was made from, as key ``file`` of the study's own file.

    Parameters
    ----------
    file : Path
        The file.
    sha256 : str
        Its hash.
    """
    return {"file": str(file.resolve()), "sha256": sha256, "shipped": _is_shipped(file)}


def folder_of_file(file: Path, home: Path, says: str) -> Path:
    """Return the folder of a study of a file.

    Parameters
    ----------
    file : Path
        The file, there or not.
    home : Path
        Folder of folders of such studies.
    says : str
        Name of the file in the study's folder that holds its `file_entry`.

    Returns
    -------
    Path
        The first of ``NAME``, ``NAME-2``, ... in `home` that no other file has, so that a file of
        one's own and a shipped one of its name are kept apart.
    """
    named = slug(file.stem)
    folders = (home / (named if n == 1 else f"{named}-{n}") for n in itertools.count(1))
    return next(folder for folder in folders if _is_free_for(file, folder / says))


def try_study_folder(folder: Path, kind: str, file: Path | None = None) -> None:
    """Find out whether a study can be written into a folder, before work is done for it.

    Parameters
    ----------
    folder, kind, file
        As for `wrong_folder`.

    Raises
    ------
    InputError
        If it cannot be written to, or is that of something else.
    """
    try_folder(folder, _option(kind))
    if wrong := wrong_folder(folder, kind, file):
        raise InputError(wrong)


def wrong_folder(folder: Path, kind: str, file: Path | None = None) -> list[Problem]:
    """Return why a study may not be written into a folder: it holds what is of something else.

    Files of both would be mixed, tables of one name replaced, and a report be of either.

    Parameters
    ----------
    folder : Path
        Where it is to be; it need not be there.
    kind : str
        ``runs`` of a folder of runs; of a study one of `STUDY_FILES`, or ``sensitivity``.
    file : Path, optional
        That the study is of, there or not, where it goes on from what its folder holds.
    """
    own = {kind, "sweep"} if kind == "sensitivity" else {kind}
    name, asked = _WORDS[kind], "" if file is None else f" of {str(file)!r}"
    must_be = f"a new folder, or that of {'the' if asked else 'a'} {name}{asked}"
    if kind == "runs":
        must_be = "a new folder, or one of runs"
    found = [
        (path, f"a {_WORDS[of]}")
        for key, patterns in _FILES.items()
        if (of := _KIND_OF.get(key, key)) not in own
        for path in files_of(folder, patterns)
    ]
    if not found and file is not None:
        says = folder / _SAYS[kind]
        is_like = "sweep or " if kind == "sensitivity" else ""
        other = _other_file(file, says)
        found = [] if other is None else [(says, f"another {is_like}{name}, of {other!r}")]
    fix = f"name another folder with {_option(kind)}, or move what is in this one away"
    return [
        Problem(str(path), None, None, f"the folder is that of {whose}", must_be, fix)
        for path, whose in found[:1]
    ]


def _option(kind: str) -> str:
    """Return the option that names the folder."""
    return "--runs" if kind == "runs" else "--output"


def files_of(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """Return the files of a folder that match any of some patterns; none of what is no folder."""
    try:
        matching = [path for one in patterns for path in sorted(folder.glob(one))]
        return [path for path in matching if path.is_file()]
    except (OSError, ValueError):  # such as a name that is too long
        return []


def _other_file(file: Path, says: Path) -> str | None:
    """Return the file that the folder of a study is of, where that is another one.

    A file with the same content is no other one, wherever it is; nor is one of the same name
    where the file that is named is gone: it was moved, and edited.

    Parameters
    ----------
    file : Path
        The file that is asked about, there or not.
    says : Path
        File in the folder that holds its `file_entry`. One that is missing or cannot be read
        names no file.
    """
    try:
        entry = json.loads(says.read_bytes())["file"]
        of, digest = Path(entry["file"]), entry["sha256"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    is_moved = of.name == file.name and not is_file(of)
    is_copy = is_file(file) and digest == sha256_of(file)
    return None if is_copy or is_moved or _is_free_for(file, says) else str(of)


def _is_shipped(path: Path) -> bool:
    return path.resolve().is_relative_to(SCENARIOS_DIR)


def _is_free_for(file: Path, says: Path) -> bool:
    """Whether a folder is not in use, or used by this file, even if either was moved since."""
    try:
        entry = json.loads(says.read_bytes())["file"]
        of, digest = Path(entry["file"]), entry["sha256"]
        of_shipped = bool(entry.get("shipped", _is_shipped(of)))
    except FileNotFoundError:
        return True
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    if of_shipped or _is_shipped(file):  # wherever the other dcplan is installed
        is_like = of.parts[-2:] == file.resolve().parts[-2:]  # scenarios and sweeps share names
        return of_shipped and _is_shipped(file) and is_like
    if of == file.resolve():
        return True
    return not is_file(of) and is_file(file) and digest == sha256_of(file)
