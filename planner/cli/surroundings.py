"""What ends a command from outside: Ctrl-C and other signals, streams that are full, no memory."""

from __future__ import annotations

import codecs
import errno
import io
import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

import click

from planner.base.errors import ENDING_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# --- Ctrl-C before a command is at work and after it: the program ends at once, in one line -------

_ENDED: Final = 128
"""Exit code, with the number of the signal added, as a shell reports a program ended by one."""
INTERRUPTED: Final = _ENDED + signal.SIGINT
MESSAGE: Final = ENDING_SIGNALS[signal.SIGINT]
"""What is said after Ctrl-C."""


def leave_on_interrupt() -> None:
    """Let Ctrl-C end the program from now on, without an exception.

    For when nothing is being written. An exception may be raised inside the import of a library
    or a callback of the interpreter, which print it with its traceback or take it for a missing
    library.
    """
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
    """Let Ctrl-C raise `KeyboardInterrupt` in between, so that what is begun is cleared away.

    Other signals that end a program raise `SystemExit`, unless they are ignored, as with nohup.
    """
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


# --- What may go wrong around a command: streams that end or are full, folders gone, no memory ----

BROKEN_SURROUNDINGS: Final = 2
"""Exit code: as for wrong input, there is something to put right and try again."""
READER_GONE: Final = 141
"""Exit code where stdout is closed early, as by `| head`: what a shell sees of SIGPIPE."""
_ESCAPES: Final = "dcplan_escapes"


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Write what the terminal cannot show as \uXXXX, which is right inside JSON too."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end


codecs.register_error(_ESCAPES, _escaped)


def within_surroundings(run: Callable[[], object]) -> object:
    """Run a command line; what goes wrong around it becomes a message and an exit code."""
    with _lossy_stderr():
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors=_ESCAPES)
        return _within_surroundings(run)


def _within_surroundings(run: Callable[[], object]) -> object:
    stdout = sys.stdout
    try:
        answer = run()
        _flush()
    except SystemExit:
        if sys.stdout is not stdout:  # click puts another there where the pipe is closed
            _close_stdout()
            raise SystemExit(READER_GONE) from None
        try:
            _flush()
        except OSError as error:
            _exit_with(error)
        raise
    except OSError as error:
        _exit_with(error)
    except MemoryError:
        _say_why("out of memory; fewer sites, fewer days or longer time slices need less")
        raise SystemExit(BROKEN_SURROUNDINGS) from None
    return answer


class _LossyStderr(io.TextIOWrapper):
    """A stream of which nobody depends on what is written: an error of it is no error."""

    def write(self, text: str, /) -> int:
        """Write, or lose what cannot be written."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is waiting, or leave it."""
        with suppress(OSError):
            super().flush()


@contextmanager
def _lossy_stderr() -> Iterator[None]:
    """Let no line on stderr that cannot be written, as on a full disk, cost a plan."""
    stderr = sys.__stderr__
    if stderr is None or stderr is not sys.stderr:  # there is none, or another program's
        yield
        return
    stderr.flush()
    # Without a buffer: what cannot be written is not tried again at the end, which makes the exit
    # code 120, and a signal that comes while a line is written may write one itself.
    raw = open(stderr.fileno(), "wb", buffering=0, closefd=False)  # noqa: SIM115
    sys.stderr = _LossyStderr(raw, stderr.encoding, stderr.errors, write_through=True)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = stderr


def _flush() -> None:
    if sys.stdout is not None:  # it is where a program is started without one
        sys.stdout.flush()


def _exit_with(error: OSError) -> None:
    if error.errno == errno.EPIPE:
        _close_stdout()
        raise SystemExit(READER_GONE) from None
    reason = error.strerror or str(error) or type(error).__name__
    named = " -> ".join(str(name) for name in (error.filename, error.filename2) if name)
    if not named and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
        named = "stdout"  # a stream has no name in its errors
    _say_why(f"{named}: {reason}" if named else reason)
    _close_stdout()
    raise SystemExit(BROKEN_SURROUNDINGS) from None


def _say_why(text: str) -> None:
    with suppress(OSError):
        click.echo(f"dcplan: {text}", err=True)


def _close_stdout() -> None:
    """Leave nothing that the interpreter would try to write, and complain of, at its end."""
    if sys.__stdout__ is None:
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
