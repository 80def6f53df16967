"""A folder to fill next to what it will become: locked while its writer lives, swept when dead.

The lock is that of the operating system on the folder itself. It ends with its process, however
that ends, so that a folder without one is known to be left over. On file systems without locks
a day of age tells it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.outputs.files import PARTIAL, kind_of_special, refuse_device_names, without_empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform != "win32":
    import fcntl

_TOKEN_DIGITS: Final = 12
_LEFT: Final = re.compile(rf"{re.escape(PARTIAL)}[0-9a-f]{{{_TOKEN_DIGITS}}}(\.[a-z]+)?")
_STALE_S: Final = 86_400.0
_TRIES: Final = 100
_WAIT_S: Final = 60.0  # for another writer, who takes milliseconds
_POLL_S: Final = 0.005
_LONGEST_NAME: Final = "tables/" + "x" * 80  # longer than that of any file in a run folder
_PROBE_BYTES: Final = 1 << 20


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """Give an empty folder inside another one; what is still in it at the end is removed.

    Folders that are left of writers that were killed are removed first. Folders that had to be
    made and hold nothing at the end are removed too.
    """
    refuse_device_names(home)
    with without_empty(home):
        partial, held = _begin(home)
        try:
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            if held is not None:
                os.close(held)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process works on the names in a folder, and keep others waiting."""
    end = time.monotonic() + _WAIT_S
    held = None
    while True:
        try:
            held = _lock(folder)
            break
        except BlockingIOError:
            if time.monotonic() > end:
                break
            time.sleep(_POLL_S)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def tidy(home: Path) -> None:
    """Remove what writers that were killed have left in a folder."""
    if any(home.glob(f"{PARTIAL}*")):
        with locked(home):
            _sweep(home)


def _sweep(home: Path) -> None:
    for left in home.glob(f"{PARTIAL}*"):
        if _LEFT.fullmatch(left.name) and _is_dead(left):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                with suppress(OSError):
                    left.unlink()


def try_file(file: Path, setting: str) -> None:
    """Find out whether a file can be written, before work is done for it."""
    refuse_device_names(file, setting)
    if special := kind_of_special(file):
        what_is, must_be = f"{str(file)!r} is {special}", "a new file, or a regular one"
        raise InputError([Problem.of(setting, what_is, must_be, "name another file")])
    try_folder(file.parent, setting)


def try_folder(folder: Path, setting: str) -> None:
    """Find out whether files can be written into a folder, before work is done for them."""
    refuse_device_names(folder, setting)
    try:
        with staging(folder) as partial:
            probe = partial / _LONGEST_NAME
            probe.parent.mkdir()
            with probe.open("wb") as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        is_other = os.path.lexists(folder) and not folder.is_dir()
        reason = getattr(error, "strerror", None) or str(error)
        reason = "it is not a folder" if is_other else reason
        problem = Problem.of(
            setting,
            f"nothing can be written into {str(folder)!r}: {reason}",
            "a folder that can be written to, with room for the files",
            "name another folder, or make room",
        )
        raise InputError([problem]) from error


def new_token() -> str:
    """Return what makes the name of a folder its own."""
    return uuid.uuid4().hex[:_TOKEN_DIGITS]


def _begin(home: Path) -> tuple[Path, int | None]:
    """Make a folder and lock it before anybody can take it for left over."""
    for attempt in range(_TRIES):
        home.mkdir(parents=True, exist_ok=True)
        partial = home / f"{PARTIAL}{new_token()}"
        try:
            with locked(home):
                _sweep(home)
                partial.mkdir()
                return partial, _lock(partial)
        except FileNotFoundError:  # another writer has just removed `home`, which was empty
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


def _is_dead(left: Path) -> bool:
    """Whether nobody fills a folder any more; where locks do not say, age does."""
    try:
        held = _lock(left) if left.is_dir() else None
    except BlockingIOError:
        return False
    if held is not None:
        os.close(held)
        return True
    try:
        return time.time() - left.lstat().st_mtime > _STALE_S
    except OSError:
        return False


def _lock(folder: Path) -> int | None:
    """Return the descriptor that holds the lock of a folder; None where there are no locks."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
