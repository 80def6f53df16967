"""Files that are there whole or not at all, and what tells files apart."""

from __future__ import annotations

import hashlib
import signal
import threading
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["PARTIAL", "sha256_of", "whole_file", "whole_files"]

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


@contextmanager
def whole_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Give paths to write files to that belong together, as `whole_file` does for one.

    Once the block ends without an error all take their names, and Ctrl-C waits until they have. A
    kill or an error of the disk meanwhile can still leave some as they were before.

    Parameters
    ----------
    paths : sequence of Path
        Where they are to be.

    Yields
    ------
    list of Path
        A path for each.
    """
    with ExitStack() as files:
        yield [files.enter_context(whole_file(path)) for path in paths]
        with _interrupts_held():
            files.close()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Put Ctrl-C off until the block has ended."""
    before = signal.getsignal(signal.SIGINT)
    # Other threads are not interrupted; a handler that is not Python's cannot be set again.
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
