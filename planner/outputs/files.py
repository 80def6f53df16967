"""Files that are there whole or not at all, and what tells files apart."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PARTIAL", "sha256_of", "whole_file"]

PARTIAL: Final = ".partial-"
"""Start of the names of folders and files that are being written."""


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
        A path next to it with the same ending, at which nothing is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{PARTIAL}{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
