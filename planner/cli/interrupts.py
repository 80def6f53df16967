"""Ctrl-C before a command is at work and after it: the program ends at once, in one line.

Signals by which a terminal that closes, a scheduler of jobs or a system that shuts down end a
program let a command that is at work clear away what is half-written, and leave no plan.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["INTERRUPTED", "MESSAGE", "leave_on_interrupt", "raise_on_interrupt"]

INTERRUPTED: Final = 130  # as a shell reports a program ended by Ctrl-C
MESSAGE: Final = "interrupted"
"""All that is said then."""
_ENDING: Final = {
    getattr(signal, name): said
    for name, said in (("SIGTERM", "terminated"), ("SIGHUP", "hung up"))
    if hasattr(signal, name)  # Windows has no SIGHUP
}
"""Other signals that end a command, and what is said of them; the exit code is 128 and the number,
as of a program that a shell sees ended by one."""


def leave_on_interrupt() -> None:
    """Let Ctrl-C end the program from now on, without an exception.

    For when nothing is being written. An exception may be raised inside the import of a library
    or a callback of the interpreter, which print it with its traceback or take it for a missing
    library.
    """
    signal.signal(signal.SIGINT, _leave)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    _say(number)
    os._exit(128 + number)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, _leave)  # a second one does not wait for anything
    _say(number)
    raise SystemExit(128 + number)


def _say(number: int) -> None:
    with suppress(OSError):  # a terminal that was closed
        os.write(2, f"{_ENDING.get(number, MESSAGE)}\n".encode())


@contextmanager
def raise_on_interrupt() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` in between, so that what is begun is cleared away.

    Other signals that end a program raise `SystemExit`, unless they are ignored, as with nohup.
    """
    if signal.getsignal(signal.SIGINT) is not _leave:  # within another program
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ending = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ending:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, _leave)
