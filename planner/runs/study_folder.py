"""The folder of a study: it has the name of the study's file, numbered where another has that."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from planner.base.paths import SCENARIOS_DIR, is_file
from planner.outputs.files import sha256_of
from planner.runs.names import slug

__all__ = ["file_entry", "folder_of_file", "other_file"]


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


def other_file(file: Path, sha256: str, says: Path) -> str | None:
    """Return the file that the folder of a study is of, where that is another one.

    Parameters
    ----------
    file : Path
        The file that is asked about.
    sha256 : str
        Its hash. A file with the same content is no other one, wherever it is; nor is one of the
        same name where the file that is named is gone: it was moved, and edited.
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
    is_same = digest == sha256 or is_moved or _is_free_for(file, says)
    return None if is_same else str(of)


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
        return of_shipped and _is_shipped(file) and of.name == file.name
    if of == file.resolve():
        return True
    return not is_file(of) and is_file(file) and digest == sha256_of(file)
