"""Look-ups and sums over frames, each computed once for a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


# --- Small operations on labelled tables that every check is written with -------------------------


def table_of(data: Any = None, **how: Any) -> pd.DataFrame:
    """Return a table; a column of an empty list is one of texts."""
    if isinstance(data, dict):
        none = np.array([], dtype=object)
        data = {name: none if isinstance(column, list) and not column else column for name, column in data.items()}
    return pd.DataFrame(data, **how)


_YEARS: Final = ("year", "calendar_year")


class Labelled(Protocol):
    """An index list, as far as the checker reads it: its tuples by label."""

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names of the axes, in order."""

    @property
    def size(self) -> int:
        """Number of tuples."""

    def labels(self, axis_name: str, /) -> NDArray[np.object_]:
        """Return the labels of one axis, one per tuple."""


# An index list is frozen: many rules of many cases write the same one as a table.
_LISTS: Final[WeakKeyDictionary[Labelled, pd.DataFrame]] = WeakKeyDictionary()


def with_int_year(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose years are whole numbers, so that tables can be laid side by side."""
    years = [column for column in _YEARS if column in frame.columns and frame[column].dtype != np.int64]
    return frame.astype(dict.fromkeys(years, "int64")) if years else frame


def to_frame(index: Labelled, **columns: NDArray[Any]) -> pd.DataFrame:
    """Write an index list as a table of labels with values beside them."""
    if index not in _LISTS:
        axes = {
            name: index.labels(name).astype(np.int64) if name in _YEARS else index.labels(name)
            for name in index.axis_names
        }
        _LISTS[index] = table_of(axes, index=pd.RangeIndex(index.size))
    return _LISTS[index].assign(**columns)


def label_of(names: Sequence[str], codes: NDArray[np.integer[Any]]) -> NDArray[np.object_]:
    """Return the label of each place on an axis, "" where the axis has no such place."""
    labels = np.array([*names, ""], dtype=object)
    known = (codes >= 0) & (codes < len(names))
    return np.asarray(labels[np.where(known, codes, -1)])


# Tables are small and many: a dict of labels is quicker than an index of pandas.


def sum_by(frame: pd.DataFrame, keys: Sequence[str], values: object) -> dict[Any, float]:
    """Add values up by keys."""
    sums: dict[Any, float] = defaultdict(float)
    numbers = np.asarray(values, dtype=np.float64)
    for key, number in zip(_row_keys(frame, keys), np.where(np.isnan(numbers), 0.0, numbers).tolist(), strict=True):
        sums[key] += number
    return dict(sums)


def lookup(
    known: pd.Series[float] | dict[Any, float], frame: pd.DataFrame, keys: Sequence[str], missing: float = 0.0
) -> Floats:
    """Look up a number for every row of a table."""
    if isinstance(known, pd.Series):
        known = _once_each(known.index.tolist(), known, keys)
    return np.array([known.get(key, missing) for key in _row_keys(frame, keys)], dtype=np.float64)


def _row_keys(frame: pd.DataFrame, keys: Sequence[str]) -> list[Any]:
    """Return the labels of each row of a table, together where there are several."""
    labels = [frame[key].tolist() for key in keys]
    return labels[0] if len(labels) == 1 else list(zip(*labels, strict=True))


def keyed(table: pd.DataFrame, keys: Iterable[str]) -> dict[str, pd.Series[Any]]:
    """Return the columns of a table that tell its places apart."""
    return {key: table[key] for key in keys}


def together(keys: Sequence[str], *tables: pd.DataFrame) -> pd.DataFrame:
    """Return the keys of several tables, each once, in the order in which they come."""
    every = pd.concat([table[list(keys)] for table in tables])
    return every.drop_duplicates().reset_index(drop=True)


def by_keys(table: pd.DataFrame, keys: Sequence[str], column: str) -> dict[Any, float]:
    """Return the numbers of a column by the labels of others, which must tell the rows apart."""
    return _once_each(_row_keys(table, keys), table[column], keys)


def found_by(
    table: pd.DataFrame, keys: Sequence[str], column: str, rows: pd.DataFrame, missing: float = np.nan
) -> Floats:
    """Look up a number of a table for every row of another, by the keys that tell the rows of the first apart."""
    return lookup(by_keys(table, keys, column), rows, keys, missing)


def _once_each(labels: list[Any], numbers: pd.Series[float], keys: Sequence[str]) -> dict[Any, float]:
    known = dict(zip(labels, numbers.to_numpy(dtype=np.float64).tolist(), strict=True))
    if len(known) < len(labels):
        message = f"keys {', '.join(keys)} come twice"
        raise ValueError(message)
    return known


def cell(table: pd.DataFrame, key: str, row: str | int, column: str) -> float:
    """Return one number of a table: that of a column in the first row with a key."""
    return float(table.loc[table[key] == row, column].to_numpy(dtype=np.float64)[0])


def quotient(part: object, whole: object) -> Floats:
    """Divide two columns; missing where the second is 0."""
    left, right = (np.asarray(side, dtype=np.float64) for side in (part, whole))
    return np.where(right != 0.0, left / np.where(right != 0.0, right, 1.0), np.nan)


def isin(frame: pd.DataFrame, other: pd.DataFrame, keys: Sequence[str]) -> Bools:
    """Say for each row of a table whether another table has its keys."""
    if not len(other):
        return np.zeros(len(frame), dtype=np.bool_)
    known = set(_row_keys(other, keys))
    return np.array([key in known for key in _row_keys(frame, keys)], dtype=np.bool_)


def column_by(table: pd.DataFrame, key: str, column: str) -> pd.Series[Any]:
    """Return a column of a table by another."""
    return table[column].set_axis(table[key])


def lookup_labels(known: Mapping[Any, float], column: pd.Series[Any] | NDArray[Any], missing: float = np.nan) -> Floats:
    """Return the number of each label, `missing` where a label has none."""
    return np.array([known.get(label, missing) for label in column.tolist()], dtype=np.float64)


def crossed(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Return every row of a table with every row of another."""
    return left.merge(right, how="cross")


# --- What several rules need of a case is computed once -------------------------------------------

Asked = ParamSpec("Asked")
Figures = TypeVar("Figures")


def once(compute: Callable[Concatenate[Case, Asked], Figures]) -> Callable[Concatenate[Case, Asked], Figures]:
    """Make a function of a case keep what it returns with the case, by its other arguments."""

    @wraps(compute)
    def of_case(case: Case, /, *asked: Asked.args, **named: Asked.kwargs) -> Figures:
        key = (compute, asked, tuple(sorted(named.items())))
        if key not in case.computed:
            found = compute(case, *asked, **named)
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            case.computed[key] = found
        lent: Figures = _lent(case.computed[key])
        return lent

    return of_case


def _lent(kept: Any) -> Any:
    return kept.copy(deep=False) if isinstance(kept, (pd.DataFrame, pd.Series)) else kept


# --- Figures of the scenario by year --------------------------------------------------------------


def path_value(path: Mapping[int, float] | float | None, year: int) -> float | None:
    """Read a path by year as steps."""
    if not isinstance(path, Mapping):
        return path
    given = sorted(known for known in path if known <= year)
    return path[given[-1]] if given else None


def between(path: Mapping[int, float] | float, year: float) -> float:
    """Read a path by year on straight lines between its years; a number holds every year."""
    if not isinstance(path, Mapping):
        return path
    known = sorted(path)
    return float(np.interp(year, known, [path[y] for y in known]))


def path_value_or_nan(path: Mapping[int, float] | float | None, year: int) -> float:
    """Read a path by year as steps, each held until the next; nan before the first."""
    value = path_value(path, year)
    return float("nan") if value is None else value
