"""What is said of files that a command writes, and what becomes of an error while it does."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from planner.base.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["is_quiet", "note", "print_written", "writing_into"]

_INSTEAD: Final = "name another folder with --output"


def is_quiet(context: click.Context) -> bool:
    """Return whether a command says nothing but its result: option ``-q`` of the program."""
    return bool(context.obj and context.obj.get("quiet"))


def note(text: str) -> None:
    """Say on stderr what is neither a result nor an error: not at all with ``-q``."""
    if not is_quiet(click.get_current_context()):
        click.echo(text, err=True)


def print_written(*paths: Path, as_json: bool) -> None:
    """Say where files were written, at the end of a result."""
    from planner.outputs.terminal import print_paths, written_lines

    if paths and as_json:
        note(written_lines(paths))
    elif paths:
        print_paths(paths)


@contextmanager
def writing_into(folder: Path, instead: str = _INSTEAD) -> Iterator[None]:
    """Report a full disk, or a folder that is gone, as what it is."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{folder}: the files cannot be written: {reason}; make room, or {instead}"
        raise OutputError(message) from error
