"""Studies of a run, each in a folder of its own, which is in that of the run unless another is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.outputs.folder_kinds import ESTIMATES, STRESS
from planner.outputs.own_folder import study_folder, write_tables
from planner.results.store import read_stored

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.folder_kinds import FolderKind
    from planner.outputs.run import Run
    from planner.stress import StressStudy

__all__ = ["read_estimates", "stress_tables", "write_operation", "write_stress"]


def write_stress(study: StressStudy, folder: Path, name: str) -> None:
    """Write a stress study of the plan of this name into a folder: its tables, and its plot."""
    from planner.stress.plot import draw_stress

    with study_folder(folder, STRESS) as staged:
        write_tables(study.tables, staged)
        (staged / "stress.svg").write_text(draw_stress(study, name=name), encoding="utf-8")


def write_operation(table: pd.DataFrame, kind: FolderKind, folder: Path) -> None:
    """Write a study that is one table into a folder."""
    with study_folder(folder, kind) as staged:
        write_tables({kind.name: table}, staged)


def stress_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return the stress study in the folder of a run."""
    stored = sorted((run.folder / STRESS.name).glob("stress_*.parquet")) if run.folder else []
    return {path.stem: read_stored(path, None)[0] for path in stored}


def read_estimates(run: Run) -> pd.DataFrame | None:
    """Read which figures of the data decide; None where it was not asked."""
    path = run.folder / ESTIMATES.name / "estimates.parquet" if run.folder else None
    return pd.read_parquet(path) if path is not None and path.is_file() else None
