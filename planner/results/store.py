"""Result tables: made, stored and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from planner.base.errors import InputError, Problem, raise_all
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.lp import Axis, Index
    from planner.tables.descriptor import Field, TableSchema

    Codes = NDArray[np.integer]
    Rows = NDArray[np.intp] | slice
    from pathlib import Path

# --- From arrays to result tables: labels, numerical noise, and the check against the schema ------

NOISE: Final = 1e-7
"""Decisions smaller than this, in the unit of their column, are numerical noise: they are written
as 0, and rows of nothing else are left out where the table says so."""
Cells: TypeAlias = "ArrayLike | pd.api.extensions.ExtensionArray"
"""What a column may be made of."""


def words(axis: Axis, codes: Codes) -> pd.api.extensions.ExtensionArray:
    """Return the labels of codes as an array of text."""
    return pd.array(list(axis.labels), dtype="str").take(codes.astype(np.intp))


def labels(over: Index, rows: Rows = slice(None)) -> dict[str, Cells]:
    """Return the labels of a list as columns, years as numbers."""
    columns: dict[str, Cells] = {}
    for axis, codes in zip(over.axes, over.codes, strict=True):
        if axis.name == "year":
            columns["year"] = np.asarray([int(label) for label in axis.labels])[codes[rows]]
        else:
            columns[axis.name] = words(axis, codes[rows])
    return columns


def listed(over: Index, is_row: ArrayLike | None = None, **columns: Any) -> dict[str, Cells]:
    """Return the columns of a list, or of it where something holds or is not 0, with its labels."""
    rows = slice(None) if is_row is None else np.flatnonzero(is_row)
    return {**labels(over, rows), **{name: values[rows] for name, values in columns.items()}}


def cleaned(values: Floats) -> Floats:
    """Return the values with numerical noise written as 0."""
    return np.where(np.abs(values) < NOISE, 0.0, values)


def placed(over: Index, part: Index, values: Floats | float, missing: float = 0.0) -> Floats:
    """Return the values of a part of a list, and what is missing elsewhere."""
    every = np.full(over.size, missing)
    every[over.find(part)] = values
    return every


def total_by(places: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """Return, for each of `count` places, the sum of the values that go there."""
    return np.bincount(places, weights=values, minlength=count).astype(np.float64, copy=False)


def largest_by(places: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """Return, for each of `count` places, the largest of the values that go there, 0 at least."""
    largest = np.zeros(count)
    np.maximum.at(largest, places, values)
    return largest


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part over whole, nan where the whole is 0."""
    has_whole = whole != 0.0
    return np.where(has_whole, part / np.where(has_whole, whole, 1.0), np.nan)


def mean_of(values: Floats, group_of: NDArray[np.intp], groups: int) -> Floats:
    """Return the means of groups of columns. Takes `values` (row, column). Gives (row, group)."""
    belongs = group_of[:, None] == np.arange(groups)[None, :]
    return np.asarray(values @ (belongs / belongs.sum(axis=0)))


def result_table(name: str, columns: Mapping[str, Cells] | pd.DataFrame) -> pd.DataFrame:
    """Make a result table and check it against its schema."""
    schema = TABLES[name]
    frame = pd.DataFrame({column.name: columns[column.name] for column in schema.fields})
    return checked(name, _typed(schema, frame))


def _typed(schema: TableSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the types of its schema, the same one where it has them."""
    known = {column.name: column.dtype for column in schema.fields}
    others = {name: known[name] for name, dtype in frame.dtypes.items() if name in known and dtype != known[name]}
    return frame.astype(others) if others else frame


def checked(name: str | TableSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a result table if it is as its schema says."""
    schema = TABLES[name] if isinstance(name, str) else name
    if tuple(frame.columns) != schema.columns:
        raise ValueError(f"table {schema.name} has columns {tuple(frame.columns)}, not {schema.columns}")
    for column in schema.fields:
        _check_column(schema, column, frame[column.name])
    keys = list(schema.primary_key)
    if keys and len({*zip(*(frame[key].tolist() for key in keys), strict=True)}) < len(frame):
        twice = frame.loc[frame.duplicated(keys), keys].iloc[0].to_dict()
        raise ValueError(f"table {schema.name} has two rows for {twice}")
    return frame


def _check_column(schema: TableSchema, column: Field, cells: pd.Series) -> None:
    place = f"column {column.name} of table {schema.name}"
    if str(cells.dtype) != column.dtype:
        raise ValueError(f"{place} is {cells.dtype}, not {column.dtype}")
    if column.dtype in {"int64", "bool"}:  # which have no value for a missing cell
        return
    if column.dtype != "float64":
        wrong = cells.isna().to_numpy()
    else:
        numbers = cells.to_numpy()
        wrong = ~np.isfinite(numbers) if column.required else np.isinf(numbers)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{place} is {cells.iloc[row]} in row {row}, where a number or label must be")


# --- The plan as tidy tables ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Results:
    """A solved plan: one table per subject, each also an attribute, such as ``results.site_year``."""

    tables: Mapping[str, pd.DataFrame]  # all tables of the schema by name
    notes: tuple[str, ...] = ()  # what a planner must know of the inputs: regions without a route, smeared sites

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return a table by its name."""
        # Copying and unpickling ask for attributes before there are any tables.
        tables: Mapping[str, pd.DataFrame] = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"results have no table {name!r}; there are {', '.join(tables)}")

    def __dir__(self) -> list[str]:
        """List the tables too, so that a notebook can complete their names."""
        return sorted({*super().__dir__(), *self.tables})

    @property
    def status(self) -> str:
        """How the solve ended; ``"optimal"`` only where proven."""
        return str(self.tables["solution"]["status"].iloc[0])

    @property
    def objective_musd(self) -> float:
        """Net present value of all payments. [MUSD]"""
        return float(self.tables["solution"]["objective_musd"].iloc[0])


# --- Result tables on disk: one Parquet file each, with units and meanings in its schema ----------


def to_parquet(results: Results, folder: Path) -> None:
    """Write every table to ``<folder>/<table>.parquet``, with units and meanings in it for pandas, DuckDB or GDAL."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in results.tables.items():
        metadata = {b"about": TABLES[name].description, b"key": ",".join(TABLES[name].primary_key)}
        fields = [
            pa.field(of.name, _ARROW[of.dtype], metadata={"unit": of.unit, "about": of.description})
            for of in TABLES[name].fields
        ]
        schema = pa.schema(fields, metadata=metadata)
        # A missing number stays nan: null would mean the same and read back as another type.
        table = pa.Table.from_pandas(frame, schema=pa.schema(fields), preserve_index=False, nthreads=1)
        pq.write_table(table.cast(schema), folder / f"{name}.parquet", compression="lz4")


_ARROW: Final = {"str": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}


def from_parquet(folder: Path, notes: tuple[str, ...] = ()) -> Results:
    """Read the tables that `to_parquet` wrote; their notes are kept elsewhere."""
    problems: list[Problem] = []
    tables = {}
    for name in TABLES:
        try:
            tables[name] = read_stored(folder / f"{name}.parquet", TABLES[name])
        except InputError as error:
            problems += error.problems
    raise_all(problems)
    return Results(tables, notes)


def read_stored(path: Path, schema: TableSchema | None) -> pd.DataFrame:
    """Read a stored table."""
    try:
        with pq.ParquetFile(path) as file:  # `pq.read_table` looks for a data set of many files
            frame: pd.DataFrame = file.read(use_threads=False).to_pandas(use_threads=False)
        return frame if schema is None else checked(schema, _typed(schema, frame))
    except (OSError, pa.ArrowException, ValueError, TypeError, KeyError) as error:
        problem = Problem.of(
            str(path),
            f"the table can not be read: {error}",
            "a table of this version of dcplan, as it was written",
            "put the file back as it was, or solve the scenario again",
        )
        raise InputError([problem]) from error
