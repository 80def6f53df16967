"""Ctrl-C before a command is at work and after it: the program ends at once, in one line."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["INTERRUPTED", "MESSAGE", "leave_on_interrupt", "raise_on_interrupt"]

INTERRUPTED: Final = 130  # as a shell reports a program ended by Ctrl-C
MESSAGE: Final = "interrupted"
"""All that is said then."""


def leave_on_interrupt() -> None:
    """Let Ctrl-C end the program from now on, without an exception.

    For when nothing is being written. An exception may be raised inside the import of a library
    or a callback of the interpreter, which print it with its traceback or take it for a missing
    library.
    """
    signal.signal(signal.SIGINT, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, f"{MESSAGE}\n".encode())
    os._exit(INTERRUPTED)


@contextmanager
def raise_on_interrupt() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` in between, so that what is begun is cleared away."""
    if signal.getsignal(signal.SIGINT) is not _leave:  # within another program
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _leave)
