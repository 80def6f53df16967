"""Folders and files that are there whole or not at all, and what tells files apart."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PARTIAL", "sha256_of", "whole_file", "whole_folder"]

PARTIAL: Final = ".partial-"
"""Start of the names of folders and files that are being written."""


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to fill; it takes its name once the block ends without an error.

    After an error, or Ctrl-C, nothing of it is left and a folder of that name is as it was.

    Parameters
    ----------
    folder : Path
        Where it is to be; a folder that is there is replaced.

    Yields
    ------
    Path
        An empty folder beside it, on the same file system.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(folder)
    partial.mkdir()
    try:
        yield partial
        _put(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write a file to; it takes its name once the block ends without an error.

    Parameters
    ----------
    path : Path
        Where it is to be; a file that is there is replaced.

    Yields
    ------
    Path
        A path beside it with the same ending, at which nothing is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(f"{PARTIAL}{uuid.uuid4().hex[:12]}{path.suffix}")


def _put(partial: Path, folder: Path) -> None:
    """Rename, setting aside a folder that is there until the new one stands."""
    if not folder.exists():
        partial.rename(folder)
        return
    before = _beside(folder)
    folder.rename(before)
    try:
        partial.rename(folder)
    except BaseException:
        before.rename(folder)
        raise
    shutil.rmtree(before)
