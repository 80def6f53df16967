"""Files of days chosen from a year: tables `series_days` and `site_series` for a scenario."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.outputs.staging import staging

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["write_days"]


def write_days(days: pd.DataFrame, hours: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """Write two tables into a folder, both or none."""
    files = {"series_days": folder / "series_days.csv", "site_series": folder / "site_series.csv"}
    problems = [
        Problem(str(file), None, None, "the file is there already", "a new one", "move it away")
        for file in files.values()
        if os.path.lexists(file)
    ]
    if problems:
        raise InputError(problems)
    with staging(folder) as partial:
        for (name, file), frame in zip(files.items(), (days, hours), strict=True):
            frame.to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")
            (partial / f"{name}.csv").replace(file)
    return files
