"""Files that are there whole or not at all, and what tells files apart."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat
import threading
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import ENDING_SIGNALS, InputError, OutputError
from planner.base.paths import device_problem, is_device_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PARTIAL: Final = ".partial-"
"""Start of the names of folders and files that are being written."""
_OPEN_FILES: Final = ("/dev/std", "/dev/fd/", "/proc/")
"""Start of the paths of what a process has open, whatever it is."""
_INSTEAD: Final = "name another folder with --output"
_MOST_LINKS: Final = 40  # that Linux follows in a path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write a file to; it takes its name once the block ends without an error."""
    refuse_device_names(path)
    if special := kind_of_special(path):
        raise FileExistsError(errno.EEXIST, f"it is {special}", str(path))
    with without_empty(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{PARTIAL}{uuid.uuid4().hex[:12]}{path.suffix}")
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def refuse_device_names(path: Path, setting: str = "") -> None:
    """Refuse to make a file or folder that Windows could not: all that is written passes here."""
    for step in (path, *path.parents):
        if is_device_name(step.name) and not os.path.lexists(step):
            raise InputError([device_problem(step.name, at=setting or str(path))])


@contextmanager
def without_empty(home: Path) -> Iterator[None]:
    """Remove folders in the end that a block had to make and that hold nothing."""
    made = [folder for folder in (home, *home.parents) if not folder.exists()]
    try:
        yield
    finally:
        with suppress(OSError):  # one that holds something stays
            for folder in made:
                folder.rmdir()


@contextmanager
def whole_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Give paths to write files to that belong together, as `whole_file` does for one.

    Once the block ends without an error all take their names, and Ctrl-C, SIGTERM and SIGHUP wait
    until they have. SIGKILL or an error of the disk meanwhile can still leave some as they were.
    """
    with ExitStack() as files:
        yield [files.enter_context(whole_file(path)) for path in paths]
        with _signals_held():
            files.close()


def move_all(moves: Iterable[tuple[Path, Path]]) -> None:
    """Give files and folders other names on the same file system: all of them, or none.

    Ctrl-C, SIGTERM and SIGHUP wait meanwhile; what was moved is taken back if a later one fails.
    """
    with _signals_held(), ExitStack() as taking_back:
        for source, target in moves:
            source.rename(target)
            taking_back.callback(target.rename, source)
        taking_back.pop_all()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Put Ctrl-C and other signals that end a program off until the block has ended."""
    if threading.current_thread() is not threading.main_thread():  # others are not interrupted
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    # One that is ignored stays so; a handler that is not Python's cannot be set again.
    for number in [one for one in ENDING_SIGNALS if before[one] in {None, signal.SIG_IGN}]:
        del before[number]
    came: list[int] = []
    for number in before:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)


def kind_of_special(path: Path) -> str | None:
    """Return what is at a path where that is neither a regular file nor a folder."""
    try:
        mode = path.stat().st_mode
        is_open_file = _leads_to_open_file(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    if is_open_file or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "a device"
    return None


def _leads_to_open_file(path: Path) -> bool:
    """Return whether a path, or a link that it leads over, is a name of what a process has open."""
    for _ in range(_MOST_LINKS):
        path = Path(os.path.realpath(path.parent), path.name)
        if path.as_posix().startswith(_OPEN_FILES):
            return True
        if not path.is_symlink():
            break
        path = path.parent / path.readlink()
    return False


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def writing_into(folder: Path, instead: str = _INSTEAD) -> Iterator[None]:
    """Report a full disk, or a folder that is gone, as what it is."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{folder}: the files cannot be written: {reason}; make room, or {instead}"
        raise OutputError(message) from error
