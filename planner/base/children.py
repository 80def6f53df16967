"""Processes that Ctrl-C in a terminal does not reach: who starts them ends them."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["apart_from_ctrl_c"]


@contextmanager
def apart_from_ctrl_c() -> Iterator[None]:
    """Start processes in this block that Ctrl-C does not reach, from their first moment on.

    A terminal sends it to a program and to all processes that it has started. A process that
    ignores it by itself does so only once its modules are imported, and ends in a traceback before.
    Here it waits until the block has ended. On Windows nothing is done.

    It waits for this program, too: the signal goes to any thread that does not block it, and an
    exception of the main thread in the middle of a start leaves a process without what it is to do.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # which lets the signal through again where it starts
    handler = signal.getsignal(signal.SIGINT)
    is_held = handler is not None and threading.current_thread() is threading.main_thread()
    came: list[int] = []
    if is_held:
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if is_held:
            signal.signal(signal.SIGINT, handler)
            if came:
                signal.raise_signal(signal.SIGINT)
