"""Parquet: one file per table, types kept, unit and meaning with every column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.files import whole_file
from planner.results import Results
from planner.results.schema import TABLES
from planner.results.store import to_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.run import Run

__all__ = ["write_inputs", "write_parquet"]


def write_parquet(run: Run, folder: Path) -> list[Path]:
    """Write every table of a run as a Parquet file.

    Parameters
    ----------
    run : Run
        Any run.
    folder : Path
        Where to; made if it is missing.

    Returns
    -------
    list of Path
        The files, ``<name>.parquet``.
    """
    results = {name: run.tables[name] for name in TABLES}
    to_parquet(Results(results, tuple(run.meta["notes"])), folder)
    checks = write_inputs({"checks": run.tables["checks"]}, folder)
    return [*(folder / f"{name}.parquet" for name in TABLES), *checks]


def write_inputs(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write tables that are not of the results' schema.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by name.
    folder : Path
        Where to; made if it is missing.

    Returns
    -------
    list of Path
        The files, ``<name>.parquet``.
    """
    written = []
    for name, frame in tables.items():
        with whole_file(folder / f"{name}.parquet") as partial:
            frame.to_parquet(partial, index=False, compression="zstd")
        written.append(folder / f"{name}.parquet")
    return written
