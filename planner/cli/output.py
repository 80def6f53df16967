"""What becomes of an error of the operating system while files are written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from planner.base.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["is_quiet", "write_study", "writing_into"]


def is_quiet(context: click.Context) -> bool:
    """Return whether a command says nothing but its result: option ``-q`` of the program."""
    return bool(context.obj and context.obj.get("quiet"))


@contextmanager
def writing_into(folder: Path) -> Iterator[None]:
    """Report a full disk, or a folder that is gone, as what it is.

    Parameters
    ----------
    folder : Path
        Where the files were to be.

    Yields
    ------
    None

    Raises
    ------
    OutputError
        In place of any `OSError`.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        message = (
            f"{folder}: the files cannot be written: {reason}; make room, or name another folder"
            " with --output"
        )
        raise OutputError(message) from error


def write_study(folder: Path, write: Callable[[Path], list[Path]], *, say: bool) -> None:
    """Write the files of a study into a folder, and tell what of the planner's was kept there.

    Parameters
    ----------
    folder : Path
        Where they are to be.
    write : callable
        Writes them into a folder that it is given, and returns them.
    say : bool
        Name them on stderr, unless the command is to be quiet.

    Raises
    ------
    OutputError
        As `writing_into` does.
    """
    from planner.outputs.staging import staging
    from planner.outputs.user_files import put_files, report_kept

    with writing_into(folder), staging(folder) as staged:
        written, kept = put_files(staged, write(staged), folder)
    if kept:
        click.echo(report_kept(folder, kept), err=True)
    if say and not is_quiet(click.get_current_context()):
        click.echo("\n".join(map(str, written)), err=True)
