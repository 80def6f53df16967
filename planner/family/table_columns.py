"""Columns of tables as arrays, and arrays laid out by ids: what every builder of inputs uses."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import Findings

    Codes = NDArray[np.intp]

PROVENANCE = ("basis", "source", "source_year", "kind")


def floats(frame: pd.DataFrame, column: str) -> Floats:
    """Return a column as floats, blanks as NaN."""
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def ints(frame: pd.DataFrame, column: str) -> NDArray[np.int64]:
    """Return a column without blanks as integers."""
    return frame[column].to_numpy(dtype=np.int64)


def bools(frame: pd.DataFrame, column: str) -> Bools:
    """Return a column without blanks as truth values."""
    return frame[column].to_numpy(dtype=np.bool_)


def texts(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    """Return a column as texts, blanks as the empty text."""
    cells = frame[column]
    if isinstance(cells.dtype, pd.StringDtype):
        return tuple(cells.to_numpy(dtype=object, na_value="").tolist())
    is_blank = cells.isna().tolist()
    listed = zip(cells.tolist(), is_blank, strict=True)
    return tuple("" if blank else str(value) for value, blank in listed)


def any_along(mask: Bools, axis: int | tuple[int, ...]) -> Bools:
    """Return whether any entry along some axes is true."""
    return np.asarray(mask.any(axis=axis), dtype=np.bool_)


def codes(
    values: Sequence[Any] | pd.Series[Any] | NDArray[Any], labels: Sequence[Any] | pd.Series[Any] | NDArray[Any]
) -> Codes:
    """Return the place of every value in a list of labels, -1 where it has none."""
    known, wanted = _listed(labels), _listed(values)
    place = {label: code for code, label in enumerate(known)}
    if len(place) < len(known):
        twice = next(label for code, label in enumerate(known) if place[label] != code)
        message = f"label {twice!r} is repeated"
        raise ValueError(message)
    return np.array([*map(place.get, wanted, repeat(-1))], dtype=np.intp)


def _listed(values: Sequence[Any] | pd.Series[Any] | NDArray[Any]) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else np.asarray(values).tolist()


def join_columns(left: pd.DataFrame, right: pd.DataFrame, key: str, findings: Findings, table: str) -> pd.DataFrame:
    """Lay the columns of another table next to a frame; a missing row is a problem."""
    taken = [c for c in right.columns if c not in left.columns and c not in PROVENANCE]
    missing = sorted(set(left[key]) - set(right[key]))
    for id_ in missing:
        findings.add(table, f"there is no row for {key} {id_}", "a row for each", "add it")
    if missing or not right[key].is_unique:
        return left.merge(right[[key, *taken]], on=key, how="left", validate="many_to_one")
    found = right[taken].take(codes(left[key], right[key]))
    rows = pd.RangeIndex(len(left))
    return pd.concat([left.set_axis(rows), found.set_axis(rows)], axis=1)


def dense_by_ids(table: pd.DataFrame, axes: Mapping[str, Sequence[Any]], value: str, fill: float = np.nan) -> Floats:
    """Return a long table as a dense array."""
    places = [codes(table[column], labels) for column, labels in axes.items()]
    known = np.logical_and.reduce([place >= 0 for place in places])
    array = np.full([len(labels) for labels in axes.values()], fill)
    array[tuple(place[known] for place in places)] = floats(table, value)[known]
    return array


def sum_at(shape: tuple[int, ...], at: tuple[NDArray[Any], ...], values: NDArray[Any]) -> Floats:
    """Add up values at places of the first axes; those at a code of -1 are left out."""
    total = np.zeros(shape)
    known = np.logical_and.reduce([place >= 0 for place in at])
    np.add.at(total, tuple(place[known] for place in at), values[known])
    return total


def sum_by_ids(table: pd.DataFrame, axes: Mapping[str, Sequence[Any]], value: str) -> Floats:
    """Add up a column of a long table as a dense array; rows of other ids are left out."""
    places = tuple(codes(table[column], labels) for column, labels in axes.items())
    return sum_at(tuple(map(len, axes.values())), places, floats(table, value))


def mask_at(shape: Sequence[int], at: Any) -> Bools:
    """Return a mask that is true at some places."""
    mask = np.zeros(shape, dtype=np.bool_)
    mask[at] = True
    return mask


def named_in(asked: str | Sequence[str], ids: Sequence[str]) -> Bools:
    """Return which ids a scenario names, where it may say `all`."""
    return np.array([asked == "all" or id_ in asked for id_ in ids], dtype=np.bool_)


def given(own: float | None, table: Floats) -> Floats:
    """Return a figure of the scenario's own for all, or else those of a table."""
    return table if own is None else np.full(table.shape, own)
