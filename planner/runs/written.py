"""``run.json`` as text, and which files of a run folder are still as dcplan wrote them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.folder_kinds import META_FILE
from planner.outputs.user_files import as_written_names, files_in, is_as_written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["SEAL", "is_sealed", "meta_bytes", "names_as_written", "planners_files", "sealed", "written_names"]

SEAL: Final = "seal"
"""Key of the SHA-256 of all else that ``run.json`` says, by which an edit of it is known."""


def sealed(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says, with its seal at the end; a seal in it is replaced."""
    content = {key: value for key, value in meta.items() if key != SEAL}
    return {**content, SEAL: hashlib.sha256(meta_bytes(content)).hexdigest()}


def meta_bytes(meta: Mapping[str, Any]) -> bytes:
    """Return ``run.json`` as bytes."""
    text = json.dumps(meta, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", errors="backslashreplace")


def names_as_written(folder: Path, *, with_exports: bool) -> set[str]:
    """Return the names of the files in a run folder that are as dcplan wrote them."""
    known = _hashes(folder)
    if with_exports:
        names = as_written_names(folder, known)
    else:
        names = {name for name, path in files_in(folder) if is_as_written(path, known.get(name))}
    return names | ({META_FILE} if is_sealed(folder / META_FILE) else set())


def planners_files(folder: Path) -> list[str]:
    """Return the names of all in a run folder that a planner put there or has changed, sorted."""
    as_written = names_as_written(folder, with_exports=True)
    return sorted(name for name, _ in files_in(folder) if name not in as_written)


def written_names(folder: Path) -> set[str]:
    """Return the names of the files that dcplan wrote into a run folder, changed since or not."""
    return {META_FILE, *_hashes(folder)}


def _hashes(folder: Path) -> dict[str, str]:
    try:
        meta = json.loads((folder / META_FILE).read_bytes())
        known = meta["sha256"]
        return {str(name): str(digits) for name, digits in known.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def is_sealed(path: Path) -> bool:
    """Return whether ``run.json`` is as it was written: a file whose seal is that of the rest."""
    try:
        raw = path.read_bytes()
        return not path.is_symlink() and meta_bytes(sealed(json.loads(raw))) == raw
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return False
