"""Parquet: one file per table, types kept, unit and meaning with every column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from planner.outputs.files import whole_file
from planner.results import Results
from planner.results.schema import TABLES
from planner.results.store import to_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.outputs.run import Run

__all__ = ["write_inputs", "write_parquet", "write_proof"]


def write_parquet(run: Run, folder: Path) -> list[Path]:
    """Write every table of a run as a Parquet file."""
    results = {name: run.tables[name] for name in TABLES}
    to_parquet(Results(results, tuple(run.meta["notes"])), folder)
    checks = write_inputs({"checks": run.tables["checks"]}, folder)
    return [*(folder / f"{name}.parquet" for name in TABLES), *checks]


def write_inputs(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write tables that are not of the results' schema."""
    return _write(tables, folder)


def write_proof(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write the tables of a proof."""
    # Places of non-zeros rise: as differences they take half the space.
    return _write(tables, folder, whole="DELTA_BINARY_PACKED")


def _write(tables: Mapping[str, pd.DataFrame], folder: Path, whole: str | None = None) -> list[Path]:
    """Write tables, integers in an encoding of Parquet if one is named."""
    written = []
    for name, frame in tables.items():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        integers = [column.name for column in table.schema if pa.types.is_integer(column.type)]
        encoded = integers if whole else []
        others = [column for column in table.column_names if column not in encoded]
        with whole_file(folder / f"{name}.parquet") as partial:
            pq.write_table(
                table,
                partial,
                compression="zstd",
                use_dictionary=others if encoded else True,
                column_encoding=dict.fromkeys(encoded, whole) if encoded else None,
            )
        written.append(folder / f"{name}.parquet")
    return written
