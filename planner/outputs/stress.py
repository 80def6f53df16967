"""Files of a stress study: its tables as CSV and Parquet, and the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.folder_kinds import STRESS
from planner.outputs.own_folder import require_own_folder
from planner.outputs.plan_identity import marked
from planner.outputs.staging import staging
from planner.outputs.user_files import put_files
from planner.stress.plot import draw_stress

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.run import Run
    from planner.outputs.user_files import Kept
    from planner.stress import StressStudy

__all__ = ["write_stress"]


def write_stress(study: StressStudy, folder: Path, run: Run) -> tuple[list[Path], list[Kept]]:
    """Write a study into a folder, each file whole or not at all."""
    require_own_folder(folder, STRESS)
    with staging(folder) as partial:
        for table, frame in study.tables.items():
            frame.to_csv(partial / f"{table}.csv", index=False, lineterminator="\n")
            marked(frame, run.tables).to_parquet(partial / f"{table}.parquet", index=False, compression="zstd")
        (partial / "stress.svg").write_text(draw_stress(study, name=run.title), encoding="utf-8")
        return put_files(partial, sorted(partial.iterdir()), folder)
