"""Ctrl-C before a command is at work and after it: the program ends at once, in one line.

Other signals that end a program let a command at work clear away what is half-written, and leave no plan.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

from planner.base.errors import ENDING_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ENDED: Final = 128  # exit code, with the number of the signal added, as a shell reports a program ended by one
INTERRUPTED: Final = _ENDED + signal.SIGINT
MESSAGE: Final = ENDING_SIGNALS[signal.SIGINT]  # what is said after Ctrl-C


def leave_on_interrupt() -> None:
    """Let Ctrl-C end the program at once, as an exception inside an import may be taken for a missing library."""
    signal.signal(signal.SIGINT, _leave)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    _say(number)
    os._exit(_ENDED + number)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, _leave)  # a second one does not wait for anything
    _say(number)
    raise SystemExit(_ENDED + number)


def _say(number: int) -> None:
    with suppress(OSError):  # a terminal that was closed
        os.write(2, f"{ENDING_SIGNALS[number]}\n".encode())


@contextmanager
def raise_on_interrupt() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` in between, and other signals that are not ignored `SystemExit`."""
    if signal.getsignal(signal.SIGINT) is not _leave:  # within another program
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # SIGINT is not among them: its handler is the one above.
    ending = [number for number in ENDING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ending:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, _leave)
