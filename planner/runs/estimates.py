"""The figures that decide, stored in a run folder that is there already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from planner.outputs.estimates import write_estimates
from planner.outputs.files import sha256_of, whole_file
from planner.outputs.folder_kinds import META_FILE
from planner.outputs.staging import locked
from planner.runs.written import SEAL, is_sealed, meta_bytes, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from planner.outputs.run import Run
    from planner.outputs.user_files import Kept

__all__ = ["store_estimates"]


def store_estimates(table: pd.DataFrame, run: Run, folder: Path) -> list[Kept]:
    """Write the table into a run folder, whose ``run.json`` then holds the hashes of its files."""
    with locked(folder.parent):  # as writers of runs do
        written, kept = write_estimates(table, run, folder)
        _take_hashes(folder, written)
    return kept


def _take_hashes(folder: Path, written: Iterable[Path]) -> None:
    """Let ``run.json`` hold the hashes of these files; those of all others stay as they are.

    One that a planner has edited is left as it is, so that the edit is still found.
    """
    path = folder / META_FILE
    meta = json.loads(path.read_bytes())
    if SEAL in meta and not is_sealed(path):
        return
    of_files = {file.relative_to(folder).as_posix(): sha256_of(file) for file in written}
    known = {**meta, "sha256": dict(sorted({**meta["sha256"], **of_files}.items()))}
    with whole_file(path) as partial:
        partial.write_bytes(meta_bytes(sealed(known) if SEAL in meta else known))
