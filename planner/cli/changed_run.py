"""A word on stderr where a run is not what was written, for commands that do not check it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from planner.base.words import some

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["warn_of_changes"]

_NAMED: Final = 3  # files


def warn_of_changes(folder: Path) -> None:
    """Warn of table files that were changed since the run was written.

    Also with ``-q``: it says that the result is not of the run that was stored.

    Parameters
    ----------
    folder : Path
        The run folder.

    Raises
    ------
    InputError
        If it is not a run folder, or one of another version.
    """
    from planner.runs.folder import changed_since_written

    changed = changed_since_written(folder)
    if changed:
        click.echo(
            f"{folder}: changed since it was written: {some(changed, _NAMED)}; what follows is of"
            f" the files as they are now (`dcplan check {folder}` judges them)",
            err=True,
        )
