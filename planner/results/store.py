"""Result tables on disk: one Parquet file each, with units and meanings in its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from planner.base.errors import InputError, Problem
from planner.results.frame import checked
from planner.results.schema import TABLES
from planner.results.types import Results

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.tables.descriptor import TableSchema

__all__ = ["from_parquet", "read_stored", "to_parquet"]

_NOTES: Final = b"notes"
_NOTES_TABLE: Final = "solution"


def to_parquet(results: Results, folder: Path) -> None:
    """Write every table to ``<folder>/<table>.parquet``.

    Each column carries its unit and meaning as field metadata, each table its own meaning and
    key, so that a file explains itself to pandas, DuckDB or GDAL.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in results.tables.items():
        metadata = {b"about": TABLES[name].description, b"key": ",".join(TABLES[name].primary_key)}
        if name == _NOTES_TABLE:
            metadata[_NOTES] = json.dumps(results.notes)
        fields = [
            pa.field(column.name, _ARROW[column.dtype]).with_metadata(
                {"unit": column.unit, "about": column.description}
            )
            for column in TABLES[name].fields
        ]
        schema = pa.schema(fields, metadata=metadata)
        # A missing number stays nan: null would mean the same and read back as another type.
        table = pa.Table.from_pandas(frame, schema=pa.schema(fields), preserve_index=False)
        pq.write_table(table.cast(schema), folder / f"{name}.parquet", compression="zstd")


_ARROW: Final = {"str": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}


def from_parquet(folder: Path) -> Results:
    """Read the tables that `to_parquet` wrote."""
    problems: list[Problem] = []
    tables = {}
    notes: tuple[str, ...] = ()
    for name in TABLES:
        path = folder / f"{name}.parquet"
        try:
            tables[name], metadata = read_stored(path, TABLES[name])
        except InputError as error:
            problems += error.problems
            continue
        if name == _NOTES_TABLE:
            try:
                notes = tuple(json.loads(metadata[_NOTES]))
            except (KeyError, TypeError, ValueError):
                problems.append(
                    Problem(
                        str(path),
                        None,
                        None,
                        "the notes of the plan are not in the metadata of the file's schema",
                        "a list of texts in JSON under notes, as dcplan writes it",
                        "keep the schema when you write the table, or solve the scenario again",
                    )
                )
    if problems:
        raise InputError(problems)
    return Results(tables, notes)


def read_stored(path: Path, schema: TableSchema | None) -> tuple[pd.DataFrame, dict[bytes, bytes]]:
    """Read a stored table and what its file says of it."""
    try:
        with pq.ParquetFile(path) as file:  # `pq.read_table` looks for a data set of many files
            table = file.read(use_threads=False)
        frame: pd.DataFrame = table.to_pandas(use_threads=False)
        if schema is not None:
            known = {column.name: column.dtype for column in schema.fields}
            types = {
                name: known[name] for name, dtype in frame.dtypes.items() if name in known and dtype != known[name]
            }
            frame = checked(schema, frame.astype(types) if types else frame)
    except (OSError, pa.ArrowException, ValueError, TypeError, KeyError) as error:
        problem = Problem(
            str(path),
            None,
            None,
            f"the table can not be read: {error}",
            "a table of this version of dcplan, as it was written",
            "put the file back as it was, or solve the scenario again",
        )
        raise InputError([problem]) from error
    return frame, table.schema.metadata or {}
