"""A table whose small operations cost few calls: what the checker reads plans and data as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.keys import (
    ColumnStore,
    coded,
    columns_known,
    first_rows,
    index_of,
    joint_places,
    labels,
    one_number,
    read_only,
    shared,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    Columns = dict[Hashable, NDArray[Any]]
    Rows = NDArray[np.intp]


_ONE: Final = frozenset({str, bool, int, float})
"""Types of a value that a column can have in all rows."""
_TEXTS: Final = (pd.arrays.ArrowStringArray, pd.arrays.StringArray)


class Table(pd.DataFrame):
    """A table that picks, joins and indexes by place; all else is as in pandas.

    A rule does little with tables of tens of rows. For each pick and join pandas looks labels up in
    an index of texts and takes every column apart and together again, which costs more than all the
    numbers of the rule. Here a column is one array, texts are Python objects, and what is made of a
    table is made of arrays. What is not simple is left to pandas, whose blocks are made when they
    are asked for: most tables are picked from, joined or indexed by place, and theirs never are.
    """

    @property
    def _constructor(self) -> Any:
        return _made

    @property
    def _mgr(self) -> Any:
        """Blocks of pandas; they are made at the first look."""
        held = self.__dict__
        if "_mgr" not in held:
            held["_mgr"] = held["_parts"].blocks()
        return held["_mgr"]

    @_mgr.setter
    def _mgr(self, blocks: Any) -> None:
        self.__dict__["_mgr"] = blocks

    @property
    def index(self) -> pd.Index[Any]:
        """Labels of the rows."""
        held = self.__dict__
        rows: pd.Index[Any] = _INDEX.__get__(self, Table) if "_mgr" in held else held["_parts"].index
        return rows

    @index.setter
    def index(self, labels: Any) -> None:
        _INDEX.__set__(self, labels)

    @property
    def columns(self) -> pd.Index[Any]:
        """Names of the columns."""
        held = self.__dict__
        names: pd.Index[Any] = _NAMES.__get__(self, Table) if "_mgr" in held else held["_parts"].names
        return names

    @columns.setter
    def columns(self, labels: Any) -> None:
        _NAMES.__set__(self, labels)

    def copy(self, deep: bool = True) -> Any:  # type: ignore[misc]
        """Return the same table, to be changed."""
        own = None if deep else columns_known(self)
        return super().copy(deep) if own is None else _table(own, self.index, can_change=True)

    @property
    def _constructor_sliced(self) -> Any:
        return _column_of

    def __getitem__(self, key: Any) -> Any:
        """Return a column by name, columns by a list of names, or rows under a mask."""
        if type(key) is str:
            own = columns_known(self)
            if own is not None and key in own:
                return _series(own[key], self.index, key)
            names = self.columns
            if type(names) is pd.Index and names.is_unique:
                return self._get_item(key)  # type: ignore[operator]
        if type(key) is list:
            return self._picked(key)
        if isinstance(key, pd.Series):
            if key.dtype == np.bool_ and (key.index is self.index or key.index.equals(self.index)):
                return self._rows(np.flatnonzero(key.to_numpy()))
        elif isinstance(key, np.ndarray) and key.dtype == np.bool_ and key.shape == (len(self),):
            return self._rows(np.flatnonzero(key))
        return super().__getitem__(key)

    def take(  # type: ignore[misc]
        self, indices: Any, axis: Any = 0, **how: Any
    ) -> Any:
        """Return rows by their places."""
        if axis == 0 and not how and isinstance(indices, np.ndarray):
            return self._rows(indices)
        return super().take(indices, axis, **how)

    def assign(self, **columns: Any) -> Any:
        """Return the table with other columns in place of, or beside, its own."""
        own, others = _own(self), _columns(columns, self.index)
        if own is None or others is None:
            return super().assign(**columns)
        return _table({**own, **others[0]}, self.index)

    def rename(self, *mapper: Any, columns: Any = None, **how: Any) -> Any:
        """Return the table with other names of columns."""
        own = None if mapper or how or not isinstance(columns, dict) else _own(self)
        if own is None:
            return super().rename(*mapper, columns=columns, **how)
        made = {columns.get(name, name): column for name, column in own.items()}
        if len(made) < len(own):
            return super().rename(columns=columns)
        return _table(made, self.index)

    def reset_index(self, *level: Any, drop: bool = False, **how: Any) -> Any:
        """Return the table with its rows numbered."""
        own = _own(self) if drop and not level and not how else None
        if own is None:
            return super().reset_index(*level, drop=drop, **how)
        return _table(own, pd.RangeIndex(len(self)))

    def set_index(self, keys: Any, **how: Any) -> Any:
        """Return the table by one or several of its columns, which leave it."""
        names = [keys] if isinstance(keys, str) else keys
        own = None if how or type(names) is not list else _own(self)
        if own is None or not all(name in own for name in names):
            return super().set_index(keys, **how)
        if len(names) == 1:
            index = labels(own[names[0]], names[0])
        else:
            index = index_of([coded(own[name]) for name in names], names)
        rest = {name: column for name, column in own.items() if name not in names}
        return _table(rest, index)

    def drop_duplicates(self, subset: Any = None, **how: Any) -> Any:
        """Return the first row of those that are the same in all columns, or in some."""
        own = None if how else _own(self)
        names = list(self.columns) if subset is None else subset
        place = None
        if own is not None and type(names) is list and names and set(names) <= set(own):
            place = one_number([coded(own[name]) for name in names])
        if place is None or (place < 0).any():
            return super().drop_duplicates(subset, **how)
        return self._rows(first_rows(place)[1])

    def merge(  # type: ignore[override]
        self, right: Any, how: Any = "inner", on: Any = None, **more: Any
    ) -> Any:
        """Return the rows of two tables that have the same keys side by side."""
        keys = [on] if isinstance(on, str) else on
        sides = None if more or keys is None else self._joined(right, keys, how)
        return super().merge(right, how=how, on=on, **more) if sides is None else sides

    def _joined(self, right: pd.DataFrame, keys: Sequence[str], how: str) -> Table | None:
        """Join where no key is missing and no row is without another; else None."""
        own, other = _own(self), _own(right)
        if own is None or other is None or how not in ("inner", "left"):
            return None
        others = [name for name in other if name not in keys]
        if set(others) & set(own) or any(own[key].dtype != other[key].dtype for key in keys):
            return None
        places = joint_places([own[key] for key in keys], [other[key] for key in keys])
        if places is None:
            return None
        ours, theirs = places
        count = np.bincount(theirs, minlength=int(ours.max(initial=-1)) + 1)
        found = count[ours]
        if how == "left" and not found.all():
            return None
        first = np.repeat(np.arange(len(ours)), found)
        begin = np.cumsum(count) - count
        nth = np.arange(len(first)) - np.repeat(np.cumsum(found) - found, found)
        second = np.argsort(theirs, kind="stable")[np.repeat(begin[ours], found) + nth]
        columns = {name: column[first] for name, column in own.items()}
        columns |= {name: other[name][second] for name in others}
        return _table(columns, pd.RangeIndex(len(first)))

    def _picked(self, names: list[Any]) -> Any:
        """Return columns by name."""
        own = _own(self)
        try:
            picked = None if own is None else {name: own[name] for name in names}
        except (KeyError, TypeError):
            picked = None
        if picked is None or len(picked) < len(names):
            return super().__getitem__(names)
        return _table(picked, self.index)

    def _rows(self, places: Rows) -> Any:
        """Return rows by their places."""
        own = _own(self)
        if own is None:
            return super().take(places)
        return _table({name: column[places] for name, column in own.items()}, self.index[places])


_INDEX: Final = pd.DataFrame.__dict__["index"]
_NAMES: Final = pd.DataFrame.__dict__["columns"]
_ONE_COLUMN: Final[Any] = type(pd.Series([0.5])._mgr)


def _own(table: pd.DataFrame) -> Columns | None:
    """Return the columns as arrays that nobody may write into; None where names are not plain."""
    known = columns_known(table)
    if known is not None:
        return known
    names = table.columns
    if isinstance(names, pd.MultiIndex) or not names.is_unique or names.name:
        return None
    column_at: Any = table._get_column_array
    own: Columns = {name: column_at(i) for i, name in enumerate(names)}
    for name, column in own.items():
        if isinstance(column.dtype, pd.StringDtype):
            own[name] = np.asarray(column, dtype=object)
    return own


def stacked(*tables: pd.DataFrame) -> Table:
    """Put the rows of tables one after the other, and number them."""
    parts = [_own(table) for table in tables]
    first = parts[0]
    if first is None or not all(_is_alike(part, first) for part in parts):
        return table_of(pd.concat(tables, ignore_index=True))
    columns = {name: np.concatenate([part[name] for part in parts if part]) for name in first}
    return _table(columns, pd.RangeIndex(sum(len(table) for table in tables)))


def _is_alike(part: Columns | None, first: Columns) -> bool:
    """Say whether columns have the names and types of others, of numpy."""
    return (
        part is not None
        and list(part) == list(first)
        and all(isinstance(of, np.ndarray) and of.dtype == first[at].dtype for at, of in part.items())
    )


def side_by_side(left: pd.DataFrame, right: pd.DataFrame) -> Table:
    """Put two tables of one length side by side, row by row, whatever their indexes."""
    own, other = _own(left), _own(right)
    rows = pd.RangeIndex(len(left))
    if own is None or other is None or set(own) & set(other):
        return table_of(pd.concat([side.set_axis(rows) for side in (left, right)], axis=1))
    return _table({**own, **other}, rows)


def table_of(data: Any = None, *more: Any, **how: Any) -> Table:
    """Return a table as a `Table`, with the same columns; what else there is, as pandas does."""
    if isinstance(data, dict) and not more and set(how) <= {"index"}:
        columns = _columns(data, how.get("index"))
        if columns is not None:
            return _table(*columns)
    is_frame = isinstance(data, pd.DataFrame) and not more and not how
    frame = data if is_frame else pd.DataFrame(data, *more, **how)
    own = _own(frame)
    return _made(frame.copy(deep=False)) if own is None else _table(own, frame.index)


def _table(columns: Columns, index: pd.Index[Any], *, can_change: bool = False) -> Table:
    """Make a table of columns; several may hold the same array, so nobody may write into one."""
    made = object.__new__(Table)
    held = made.__dict__
    held["_parts"] = ColumnStore(columns, index, can_change=can_change)
    held["_attrs"] = {}
    held["_flags"] = pd.Flags(made, allows_duplicate_labels=True)  # type: ignore[attr-defined]
    return made


def _series(column: NDArray[Any], index: pd.Index[Any], name: Hashable) -> pd.Series[Any]:
    """Return a column as pandas does, read only."""
    made: Any = pd.Series
    block = shared(_ONE_COLUMN.from_array(read_only(column), index))
    series: pd.Series[Any] = made._from_mgr(block, None)
    object.__setattr__(series, "_name", name)
    return series


def _columns(data: Mapping[Any, Any], index: pd.Index[Any] | None) -> tuple[Columns, pd.Index[Any]] | None:
    """Return columns of one length with their rows; None where pandas must make them."""
    if index is None:
        sizes = {len(reported) for reported in data.values() if isinstance(reported, (np.ndarray, list))}
        if len(sizes) != 1:
            return None
        index = pd.RangeIndex(sizes.pop())
    columns: Columns = {}
    for name, reported in data.items():
        column = _column(reported, index)
        if column is None:
            return None
        columns[name] = column
    return columns, index


def _column(reported: Any, index: pd.Index[Any]) -> NDArray[Any] | None:
    """Return what is reported as a column of numpy; None where pandas must make one of it."""
    if type(reported) in _ONE or isinstance(reported, np.generic):
        return np.full(len(index), reported, dtype=object if isinstance(reported, str) else None)
    if isinstance(reported, pd.Series):
        if not (reported.index is index or reported.index.equals(index)):
            return None
        reported = reported.array
    if isinstance(reported, list):
        reported = _of_list(reported)
    elif isinstance(reported, pd.api.extensions.ExtensionArray):
        if not isinstance(reported, (pd.arrays.NumpyExtensionArray, *_TEXTS)):
            return None
        reported = reported.to_numpy()
    if not isinstance(reported, np.ndarray) or reported.shape != (len(index),):
        return None
    if reported.dtype.kind not in "biufOU":
        return None
    return reported.astype(object) if reported.dtype.kind == "U" else reported


def _of_list(values: list[Any]) -> NDArray[Any] | None:
    """Return values as a column where they are all of one type that numpy has, or texts."""
    kinds = set(map(type, values))
    if kinds <= {str}:
        return np.array(values, dtype=object)
    return np.array(values) if len(kinds) == 1 and kinds <= _ONE else None


def _made(data: Any = None, *more: Any, **how: Any) -> Table:
    """Return what pandas has just made of a table; nobody else holds it."""
    is_frame = isinstance(data, pd.DataFrame) and not more and not how
    frame = data if is_frame else pd.DataFrame(data, *more, **how)
    frame.__class__ = Table
    return frame  # type: ignore[return-value]


def _column_of(data: Any = None, **how: Any) -> pd.Series[Any]:
    return data if isinstance(data, pd.Series) and not how else pd.Series(data, **how)
