"""Look-ups and sums over frames, each computed once for a case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from planner.check.table import coded, coded_levels, first_rows, index_of, labels, one_number, rows_of, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


# --- Small operations on labelled tables that every check is written with -------------------------

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


class AxisLabels(Protocol):
    """An axis, as far as the checker reads it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, in order."""


def with_int_year(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose years are whole numbers, so that tables can be laid side by side."""
    years = [column for column in _YEARS if column in frame.columns and frame[column].dtype != np.int64]
    return table_of(frame.astype(dict.fromkeys(years, "int64")) if years else frame)


def to_frame(index: Labelled, **columns: NDArray[Any]) -> pd.DataFrame:
    """Write an index list as a table of labels with values beside them."""
    if index not in _LISTS:
        axes = {
            name: index.labels(name).astype(np.int64) if name in _YEARS else index.labels(name)
            for name in index.axis_names
        }
        _LISTS[index] = table_of(axes, index=pd.RangeIndex(index.size))
    return _LISTS[index].assign(**columns)


def label_of(axis: AxisLabels, codes: NDArray[np.integer[Any]]) -> NDArray[np.object_]:
    """Return the label of each place on an axis, "" where the axis has no such place."""
    labels = np.array([*axis.labels, ""], dtype=object)
    known = (codes >= 0) & (codes < len(axis.labels))
    return np.asarray(labels[np.where(known, codes, -1)])


def sum_by(frame: pd.DataFrame, keys: Sequence[str], values: object) -> pd.Series[float]:
    """Add values up by keys."""
    columns = [coded(frame[key]) for key in keys]
    place = one_number(columns)
    numbers = np.asarray(values, dtype=np.float64)
    if place is None or len(numbers) != len(frame):
        reported = pd.Series(numbers, index=frame.index)
        return reported.groupby([frame[key] for key in keys], sort=False).sum()
    is_known = place >= 0
    if not is_known.all():  # a row without its keys counts nowhere, as in pandas
        columns = [(own[is_known], known) for own, known in columns]
        place, numbers = place[is_known], numbers[is_known]
    group, first = first_rows(place)
    sums = np.bincount(group, np.where(np.isnan(numbers), 0.0, numbers), len(first))
    if len(keys) == 1:
        (own, known), name = columns[0], keys[0]
        return pd.Series(sums, index=labels(known[own[first]], name))
    return pd.Series(sums, index=index_of([(own[first], known) for own, known in columns], keys))


def lookup(series: pd.Series[float], frame: pd.DataFrame, keys: Sequence[str], missing: float = 0.0) -> Floats:
    """Look up a number for every row of a table."""
    if not len(frame) or not len(series):
        return np.full(len(frame), missing)
    found = rows_of(coded_levels(series.index), frame, keys)
    if found is None:
        found = series.index.get_indexer(_as_index(frame, keys))
    return np.where(found >= 0, series.to_numpy(dtype=np.float64)[found], missing)


def together(keys: Sequence[str], *tables: pd.DataFrame) -> pd.DataFrame:
    """Return the keys of several tables, each once, in the order in which they come."""
    columns = {key: np.concatenate([table[key].to_numpy() for table in tables]) for key in keys}
    place = one_number([coded(column) for column in columns.values()])
    if place is None or (place < 0).any():
        every = pd.concat([table[list(keys)] for table in tables])
        return every.drop_duplicates().reset_index(drop=True)
    rows = first_rows(place)[1]
    return table_of({key: column[rows] for key, column in columns.items()})


def cell(table: pd.DataFrame, key: str, row: str | int, column: str) -> float:
    """Return one number of a table: that of a column in the first row with a key."""
    return float(table.loc[table[key] == row, column].to_numpy(dtype=np.float64)[0])


def quotient(part: object, whole: object) -> Floats:
    """Divide two columns; missing where the second is 0."""
    left, right = (np.asarray(side, dtype=np.float64) for side in (part, whole))
    return np.where(right != 0.0, left / np.where(right != 0.0, right, 1.0), np.nan)


def isin(frame: pd.DataFrame, other: pd.DataFrame, keys: Sequence[str]) -> Bools:
    """Say for each row of a table whether another table has its keys."""
    if not len(frame) or not len(other):
        return np.zeros(len(frame), dtype=np.bool_)
    known = [coded(other[key]) for key in keys]
    found = rows_of(known, frame, keys, distinct=False)
    if found is None:
        is_in = _as_index(frame, keys).isin(_as_index(other, keys))
        return np.asarray(is_in, dtype=np.bool_)
    return found >= 0


def repeated(frame: pd.DataFrame, keys: Sequence[str]) -> Bools:
    """Say for each row of a table whether a row before it has the same keys."""
    # A missing label is a label here, as good as any: places from 1, and 0 for what is missing.
    columns = [coded(frame[key]) for key in keys]
    place = one_number([(codes + 1, np.empty(len(known) + 1)) for codes, known in columns])
    if place is None:
        return frame.duplicated(list(keys)).to_numpy(dtype=np.bool_)
    group, first = first_rows(place)
    return np.asarray(first[group] != np.arange(len(frame)))


def column_by(table: pd.DataFrame, key: str, column: str) -> pd.Series[Any]:
    """Return a column of a table by another."""
    return table[column].set_axis(labels(table[key].to_numpy(), key))


def keyed(frame: pd.DataFrame) -> pd.MultiIndex:
    """Return the rows of a table as an index, with a level for each column."""
    names = list(frame.columns)
    return index_of([coded(frame[name]) for name in names], names)


def lookup_labels(known: Mapping[Any, float], column: pd.Series[Any] | NDArray[Any], missing: float = np.nan) -> Floats:
    """Return the number of each label, `missing` where a label has none."""
    codes, distinct = coded(column)
    numbers = [known.get(label, missing) for label in distinct.tolist()]
    return np.array([*numbers, missing], dtype=np.float64)[codes]


def crossed(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Return every row of a table with every row of another."""
    return left.merge(right, how="cross")


def _as_index(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Index[Any]:
    if len(keys) == 1:
        return labels(frame[keys[0]].to_numpy(), keys[0])
    return keyed(frame[list(keys)])


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


def path_value_or_nan(path: Mapping[int, float] | float, year: int) -> float:
    """Read a path by year as steps, each held until the next; nan before the first."""
    value = path_value(path, year)
    return float("nan") if value is None else value
