"""Paths, and processes that were started."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_cache_path

from planner.base.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SHIPPED: Final = _PACKAGE / "_shipped"
_ROOT: Final = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent
DATA_DIR: Final = _ROOT / "data"
SCENARIOS_DIR: Final = _ROOT / "scenarios"
_PORTS: Final = tuple(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS})


def cache_folder(name: str) -> Path | None:
    """Return the folder of a kind of what is cached; `DCPLAN_CACHE` names another than the user's, or `off`: None."""
    asked = os.environ.get("DCPLAN_CACHE", "")
    if asked == "off":
        return None
    try:
        return (Path(asked) if asked else user_cache_path("dcplan", appauthor=False)) / name
    except RuntimeError:  # no home folder
        return None


def is_device_name(name: str) -> bool:
    """Return whether Windows keeps a name for a device, so that no file there can have it.

    >>> [is_device_name(name) for name in ("con.yaml", "Com1", "AUX .tar.gz", "icon", "con-2")]
    [True, True, True, False, False]
    """
    return name.partition(".")[0].rstrip(" ").lower() in _DEVICES


def device_problem(name: str, what: str = "the name", *, at: str) -> Problem:
    """Return the problem of a name that `is_device_name`, written or asked for at a place."""
    found = f"Windows keeps {what} {name!r} for a device"
    return Problem(at, None, None, found, "one that files have everywhere", "choose another name")


def is_file(path: Path) -> bool:
    """Return whether there is a file, also of what can be no path: too long, or with a NUL."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


# --- Processes that Ctrl-C in a terminal does not reach: who starts them ends them ----------------


@contextmanager
def apart_from_ctrl_c() -> Iterator[None]:
    """Start processes in this block that Ctrl-C does not reach, from their first moment on.

    A process that ignores it by itself does so only once its modules are imported. It waits for this program, too:
    an exception in the middle of a start leaves a process without what it is to do. On Windows nothing is done.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker  # few commands start processes

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
