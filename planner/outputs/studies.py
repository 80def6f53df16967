"""Studies that are stored next to the run that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.plan_identity import is_of_plan
from planner.results.store import read_stored

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.run import Run

__all__ = ["is_of_this_plan", "stress_tables"]


def stress_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return the stress study in the folder of a run, of whichever plan it is."""
    stored = sorted((run.folder / "stress").glob("stress_*.parquet")) if run.folder else []
    return {path.stem: read_stored(path, None)[0] for path in stored}


def is_of_this_plan(run: Run, study: dict[str, pd.DataFrame]) -> bool:
    """Return whether all tables of a study are of the plan of a run."""
    return all(is_of_plan(frame, run.tables) for frame in study.values())
