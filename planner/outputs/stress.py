"""Files of a stress study: its tables as CSV and Parquet, and the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.files import whole_folder
from planner.stress.plot import draw_stress

if TYPE_CHECKING:
    from pathlib import Path

    from planner.stress import StressStudy

__all__ = ["write_stress"]


def write_stress(study: StressStudy, folder: Path, *, name: str) -> list[Path]:
    """Write a study into a folder, which is there whole or not at all.

    Parameters
    ----------
    study : StressStudy
        What was found.
    folder : Path
        Where to; what is there is replaced.
    name : str
        What the plan is called.

    Returns
    -------
    list of Path
        ``<table>.csv``, ``<table>.parquet`` and ``stress.svg``.
    """
    with whole_folder(folder) as partial:
        for table, frame in study.tables.items():
            frame.to_csv(partial / f"{table}.csv", index=False, lineterminator="\n")
            frame.to_parquet(partial / f"{table}.parquet", index=False, compression="zstd")
        (partial / "stress.svg").write_text(draw_stress(study, name=name), encoding="utf-8")
    return sorted(folder.iterdir())
