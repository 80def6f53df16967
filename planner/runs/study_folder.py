"""The folder of a study, named as the file that it is of."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from planner.outputs.own_folder import is_free_for
from planner.runs.names import slug

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["folder_of_file"]


def folder_of_file(file: Path, home: Path, entry_file: str) -> Path:
    """Return the folder of a study of a file."""
    named = slug(file.stem)
    folders = (home / (named if n == 1 else f"{named}-{n}") for n in itertools.count(1))
    return next(folder for folder in folders if is_free_for(file, folder / entry_file))
