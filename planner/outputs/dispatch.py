"""Files of a plan operated hour by hour: its table as CSV and Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.own_folder import require_own_folder
from planner.outputs.plan_identity import marked
from planner.outputs.staging import staging
from planner.outputs.user_files import put_files

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.outputs.folder_kinds import FolderKind
    from planner.outputs.run import Run
    from planner.outputs.user_files import Kept

__all__ = ["write_operation"]


def write_operation(table: pd.DataFrame, kind: FolderKind, folder: Path, run: Run) -> tuple[list[Path], list[Kept]]:
    """Write a table of `planner.studies.dispatch` into a folder, each file whole or not at all."""
    require_own_folder(folder, kind)
    with staging(folder) as partial:
        table.to_csv(partial / f"{kind.name}.csv", index=False, lineterminator="\n")
        marked(table, run.tables).to_parquet(partial / f"{kind.name}.parquet", index=False, compression="zstd")
        return put_files(partial, sorted(partial.iterdir()), folder)
