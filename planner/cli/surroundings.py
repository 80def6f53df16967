"""What may go wrong around a command and is no bug: streams that end or are full, folders gone, no memory."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BROKEN_SURROUNDINGS: Final = 2  # exit code: as for wrong input, there is something to put right and try again
READER_GONE: Final = 141  # exit code where stdout is closed early, as by `| head`: what a shell sees of SIGPIPE
_ESCAPES: Final = "dcplan_escapes"


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Write what the terminal cannot show as \uXXXX, which is right inside JSON too."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end


codecs.register_error(_ESCAPES, _escaped)


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


@_lossy_stderr()
def within_surroundings(run: Callable[[], object]) -> object:
    """Run a command line; what goes wrong around it becomes a message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPES)
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
        _say("out of memory; fewer sites, fewer days or longer time slices need less")
        raise SystemExit(BROKEN_SURROUNDINGS) from None
    return answer


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
    _say(f"{named}: {reason}" if named else reason)
    _close_stdout()
    raise SystemExit(BROKEN_SURROUNDINGS) from None


def _say(text: str) -> None:
    with suppress(OSError):
        click.echo(f"dcplan: {text}", err=True)


def _close_stdout() -> None:
    """Leave nothing that the interpreter would try to write, and complain of, at its end."""
    if sys.__stdout__ is None:
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
