"""Files and folders that are there whole or not at all, and what tells files apart."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import signal
import stat
import sys
import threading
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import ENDING_SIGNALS, InputError, OutputError
from planner.base.paths import device_problem, is_device_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


PARTIAL: Final = ".partial-"  # start of the names of folders and files that are being written
_OPEN_FILES: Final = ("/dev/std", "/dev/fd/", "/proc/")  # start of the paths of what a process has open, whatever it is


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
    """Give paths to write files to that belong together: once the block ends all take their names, and signals wait."""
    with ExitStack() as files:
        yield [files.enter_context(whole_file(path)) for path in paths]
        with _signals_held():
            files.close()


def move_all(moves: Iterable[tuple[Path, Path]]) -> None:
    """Give files and folders other names on the same file system: all of them, or none; Ctrl-C and SIGTERM wait."""
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
        named = Path(os.path.realpath(path.parent), path.name)
        target = named.parent / named.readlink() if named.is_symlink() else named
        is_open_file = any(one.as_posix().startswith(_OPEN_FILES) for one in (named, target))
    except (OSError, ValueError):
        return None
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    if is_open_file or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "a device"
    return None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def writing_into(folder: Path, instead: str = "name another folder with --output") -> Iterator[None]:
    """Report a full disk, or a folder that is gone, as what it is."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{folder}: the files cannot be written: {reason}; make room, or {instead}"
        raise OutputError(message) from error


if sys.platform != "win32":
    import fcntl

_TOKEN_DIGITS: Final = 12
_LEFT: Final = re.compile(rf"{re.escape(PARTIAL)}[0-9a-f]{{{_TOKEN_DIGITS}}}(\.[a-z]+)?")
_TRIES: Final = 100
_LONGEST_NAME: Final = "tables/" + "x" * 80  # longer than that of any file in a run folder


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """Give an empty folder inside another, swept of those of killed writers; what is left in it is removed."""
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
    held = _lock(folder, waits=True)
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
        raise InputError.at(setting, f"{str(file)!r} is {special}", "a new file, or a regular one", "name another file")
    try_folder(file.parent, setting)


def try_folder(folder: Path, setting: str) -> None:
    """Find out whether files can be written into a folder, before work is done for them."""
    refuse_device_names(folder, setting)
    try:
        with staging(folder) as partial:
            probe = partial / _LONGEST_NAME
            probe.parent.mkdir()
            with probe.open("wb") as file:
                file.write(bytes(1 << 20))  # 1 MiB
                file.flush()
                os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        is_other = os.path.lexists(folder) and not folder.is_dir()
        reason = "it is not a folder" if is_other else getattr(error, "strerror", None) or str(error)
        what_is = f"nothing can be written into {str(folder)!r}: {reason}"
        must_be = "a folder that can be written to, with room for the files"
        raise InputError.at(setting, what_is, must_be, "name another folder, or make room") from error


def new_token() -> str:
    """Return what makes the name of a folder its own."""
    return uuid.uuid4().hex[:_TOKEN_DIGITS]


def _begin(home: Path) -> tuple[Path, int | None]:
    """Make a folder and lock it before anybody can take it for left over."""
    for left in reversed(range(_TRIES)):
        home.mkdir(parents=True, exist_ok=True)
        partial = home / f"{PARTIAL}{new_token()}"
        try:
            with locked(home):
                _sweep(home)
                partial.mkdir()
                return partial, _lock(partial)
        except FileNotFoundError:  # another writer has just removed `home`, which was empty
            if not left:
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
        return time.time() - left.lstat().st_mtime > 86_400.0  # a day
    except OSError:
        return False


def _lock(folder: Path, *, waits: bool = False) -> int | None:
    """Return the descriptor that holds the lock of a folder; None where there are no locks."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor
