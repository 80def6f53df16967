"""Files of a dispatch: its table as CSV and Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.kept import put_files
from planner.outputs.of_plan import marked
from planner.outputs.staging import staging

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.outputs.kept import Kept
    from planner.outputs.run import Run

__all__ = ["write_dispatch"]


def write_dispatch(table: pd.DataFrame, folder: Path, run: Run) -> tuple[list[Path], list[Kept]]:
    """Write the table of a dispatch into a folder, each file whole or not at all.

    Parameters
    ----------
    table : DataFrame
        As `planner.studies.dispatch` makes it.
    folder : Path
        Where to. Files of an earlier dispatch are replaced; all others stay.
    run : Run
        The run that it is of; the Parquet file holds the hash of its plan.

    Returns
    -------
    list of Path, list of Kept
        ``dispatch.csv`` and ``dispatch.parquet``; and files in their places that a planner has
        changed, which are kept.
    """
    with staging(folder) as partial:
        table.to_csv(partial / "dispatch.csv", index=False, lineterminator="\n")
        marked(table, run.tables).to_parquet(
            partial / "dispatch.parquet", index=False, compression="zstd"
        )
        return put_files(partial, sorted(partial.iterdir()), folder)
