"""From arrays to result tables: labels, numerical noise, and the check against the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pandas as pd

from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.lp import Axis, Index
    from planner.tables.descriptor import Field, TableSchema

    Codes = NDArray[np.integer]

NOISE: Final = 1e-7
"""Decisions smaller than this, in the unit of their column, are numerical noise: they are written
as 0, and rows of nothing else are left out where the table says so."""

_NEVER_MISSING: Final = ("int64", "bool")
"""Types that have no value for a missing cell."""

Cells: TypeAlias = "ArrayLike | pd.api.extensions.ExtensionArray"
"""What a column may be made of."""

__all__ = ["Cells", "checked", "cleaned", "labels", "mean_of", "ratio", "result_table", "total_by", "words"]


def words(axis: Axis, codes: Codes) -> pd.api.extensions.ExtensionArray:
    """Return the labels of codes as an array of text."""
    return pd.array(list(axis.labels), dtype="str").take(codes.astype(np.intp))


def labels(over: Index, rows: NDArray[np.intp] | None = None) -> dict[str, Cells]:
    """Return the labels of a list as columns, years as numbers."""
    columns: dict[str, Cells] = {}
    for axis, codes in zip(over.axes, over.codes, strict=True):
        kept = codes if rows is None else codes[rows]
        if axis.name == "year":
            columns["year"] = np.asarray([int(label) for label in axis.labels])[kept]
        else:
            columns[axis.name] = words(axis, kept)
    return columns


def cleaned(values: Floats) -> Floats:
    """Return the values with numerical noise written as 0."""
    return np.where(np.abs(values) < NOISE, 0.0, values)


def total_by(places: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """Return, for each of `count` places, the sum of the values that go there."""
    return np.bincount(places, weights=values, minlength=count).astype(np.float64, copy=False)


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
    ordered = {column.name: columns[column.name] for column in schema.fields}
    frame = pd.DataFrame(ordered)
    others = {
        column.name: column.dtype
        for column, dtype in zip(schema.fields, frame.dtypes, strict=True)
        if dtype != column.dtype
    }
    return checked(name, frame.astype(others) if others else frame)


def checked(name: str | TableSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a result table if it is as its schema says."""
    schema = TABLES[name] if isinstance(name, str) else name
    if tuple(frame.columns) != schema.columns:
        message = f"table {schema.name} has columns {tuple(frame.columns)}, not {schema.columns}"
        raise ValueError(message)
    for column in schema.fields:
        _check_column(schema, column, frame[column.name])
    keys = list(schema.primary_key)
    if keys and frame.duplicated(keys).any():
        twice = frame.loc[frame.duplicated(keys), keys].iloc[0].to_dict()
        message = f"table {schema.name} has two rows for {twice}"
        raise ValueError(message)
    return frame


def _check_column(schema: TableSchema, column: Field, cells: pd.Series) -> None:
    place = f"column {column.name} of table {schema.name}"
    if str(cells.dtype) != column.dtype:
        message = f"{place} is {cells.dtype}, not {column.dtype}"
        raise ValueError(message)
    if column.dtype in _NEVER_MISSING:
        return
    if column.dtype != "float64":
        wrong = cells.isna().to_numpy()
    else:
        numbers = cells.to_numpy()
        wrong = ~np.isfinite(numbers) if column.required else np.isinf(numbers)
    if wrong.any():
        row = int(np.argmax(wrong))
        message = f"{place} is {cells.iloc[row]} in row {row}, where a number or label must be"
        raise ValueError(message)
