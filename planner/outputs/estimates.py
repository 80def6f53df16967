"""File of the figures that decide, next to the run that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.outputs.plan_identity import is_of_plan, marked
from planner.outputs.staging import staging
from planner.outputs.user_files import LEDGER_FILE, put_files

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.run import Run
    from planner.outputs.user_files import Kept

__all__ = ["ESTIMATES_FOLDER", "read_estimates", "write_estimates"]

ESTIMATES_FOLDER: Final = "estimates"
"""Folder of the figures that decide in a run folder."""


def write_estimates(table: pd.DataFrame, run: Run, folder: Path) -> tuple[list[Path], list[Kept]]:
    """Write the table into a run folder, as CSV and Parquet, each whole or not at all."""
    home = folder / ESTIMATES_FOLDER
    with staging(home) as partial:
        table.to_csv(partial / "estimates.csv", index=False, lineterminator="\n")
        stored = marked(table, run.tables)
        stored.to_parquet(partial / "estimates.parquet", index=False, compression="zstd")
        written, kept = put_files(partial, sorted(partial.iterdir()), home)
    return [*written, home / LEDGER_FILE], kept


def read_estimates(run: Run) -> pd.DataFrame | None:
    """Read what was found of the plan of a run; None where it was not asked."""
    if run.estimates is not None:
        return run.estimates
    if run.folder is None:
        return None
    path = run.folder / ESTIMATES_FOLDER / "estimates.parquet"
    if not path.is_file():
        return None
    table = pd.read_parquet(path)
    return table if is_of_plan(table, run.tables) else None
