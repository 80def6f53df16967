"""A word on stderr where a run is not what was written, for commands that do not check it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from planner.base.words import some

if TYPE_CHECKING:
    from planner.outputs.run import Run

__all__ = ["warn_of_changes"]

_NAMED: Final = 3  # files


def warn_of_changes(run: Run) -> None:
    """Warn of table files that were changed since the run was written.

    Also with ``-q``: it says that the result is not of the run that was stored.
    """
    from planner.outputs.run import files_changed

    if changed := files_changed(run):
        click.echo(
            f"{run.folder}: changed since it was written: {some(changed, _NAMED)}; what follows is"
            f" of the files as they are now (`dcplan check {run.folder}` judges them)",
            err=True,
        )
