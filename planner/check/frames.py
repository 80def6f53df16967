"""Small operations on labelled tables that every check is written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "Labelled",
    "at",
    "cell",
    "has",
    "label_of",
    "listed",
    "quotient",
    "taken",
    "tally",
    "with_int_year",
]


class Labelled(Protocol):
    """An index list, as far as the checker reads it: its tuples as a table of labels."""

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names of the axes, in order."""

    def frame(self) -> pd.DataFrame:
        """Return one row of labels per tuple."""


class Labels(Protocol):
    """An axis, as far as the checker reads it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, in order."""


def with_int_year(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose years are whole numbers, so that tables can be laid side by side."""
    years = [
        column
        for column in ("year", "calendar_year")
        if column in frame.columns and frame[column].dtype != np.int64
    ]
    return frame.astype(dict.fromkeys(years, "int64"))


def listed(index: Labelled, **columns: NDArray[Any]) -> pd.DataFrame:
    """Write an index list as a table of labels with values beside them.

    Parameters
    ----------
    index : Labelled
        List of tuples.
    **columns : array
        Values, one per tuple.

    Returns
    -------
    DataFrame
        One row per tuple; `year` is a whole number.
    """
    return with_int_year(index.frame()).assign(**columns)


def label_of(axis: Labels, codes: NDArray[np.integer[Any]]) -> NDArray[np.object_]:
    """Return the label of each place on an axis, "" where the axis has no such place."""
    labels = np.array([*axis.labels, ""], dtype=object)
    known = (codes >= 0) & (codes < len(axis.labels))
    return np.asarray(labels[np.where(known, codes, -1)])


def taken(codes: NDArray[np.integer[Any]], place: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Return the codes at places of a list, -1 where the list has no such place."""
    known = (place >= 0) & (place < len(codes))
    return np.append(codes, -1)[np.where(known, place, -1)].astype(np.intp)


def tally(frame: pd.DataFrame, keys: Sequence[str], values: object) -> pd.Series[float]:
    """Add values up by keys.

    Parameters
    ----------
    frame : DataFrame
        Table with the columns `keys`.
    keys : sequence of str
        Columns to add up by.
    values : array
        One number per row.

    Returns
    -------
    Series
        Sums by the keys that occur.
    """
    numbers = pd.Series(np.asarray(values, dtype=np.float64), index=frame.index)
    return numbers.groupby([frame[key] for key in keys], sort=False).sum()


def at(
    series: pd.Series[float],
    frame: pd.DataFrame,
    keys: Sequence[str],
    missing: float = 0.0,
) -> Floats:
    """Look up a number for every row of a table.

    Parameters
    ----------
    series : Series
        Numbers by key, such as `tally` returns, without repeated keys.
    frame : DataFrame
        Rows to look up.
    keys : sequence of str
        Columns of `frame`, in the order of the series' index.
    missing : float, optional
        What rows get whose key the series does not have.

    Returns
    -------
    array of float
        One number per row.
    """
    if not len(frame) or not len(series):
        return np.full(len(frame), missing)
    wanted = _as_index(frame, keys)
    found = series.index.get_indexer(wanted)
    return np.where(found >= 0, series.to_numpy(dtype=np.float64)[found], missing)


def cell(table: pd.DataFrame, key: str, row: str | int, column: str) -> float:
    """Return one number of a table: that of a column in the first row with a key.

    Parameters
    ----------
    table : DataFrame
        Table with the columns `key` and `column`.
    key : str
        Column to look for the row in.
    row : str or int
        What it says there.
    column : str
        Column of the number.
    """
    return float(table.loc[table[key] == row, column].to_numpy(dtype=np.float64)[0])


def quotient(part: object, whole: object) -> Floats:
    """Divide two columns; missing where the second is 0."""
    left, right = (np.asarray(side, dtype=np.float64) for side in (part, whole))
    return np.where(right != 0.0, left / np.where(right != 0.0, right, 1.0), np.nan)


def has(frame: pd.DataFrame, other: pd.DataFrame, keys: Sequence[str]) -> Bools:
    """Say for each row of a table whether another table has its keys."""
    if not len(frame) or not len(other):
        return np.zeros(len(frame), dtype=np.bool_)
    known = _as_index(other, keys)
    return np.asarray(_as_index(frame, keys).isin(known), dtype=np.bool_)


def _as_index(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Index[Any]:
    if len(keys) == 1:
        single: pd.Index[Any] = pd.Index(frame[keys[0]])
        return single
    return pd.MultiIndex.from_frame(frame[list(keys)])
