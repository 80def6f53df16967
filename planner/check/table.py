"""A table whose small operations cost few calls: what the checker reads plans and data as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.keys import coded, first_rows, joint_places, one_number

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


__all__ = ["Table", "table_of"]


class Table(pd.DataFrame):
    """A table that picks, joins and indexes by place; all else is as in pandas.

    A rule does little with tables of tens of rows. For each pick and join pandas looks labels up in
    an index of texts and takes every column apart and together again, which costs more than all the
    numbers of the rule. What is not simple is left to pandas.
    """

    @property
    def _constructor(self) -> Any:
        return _made

    @property
    def _constructor_sliced(self) -> Any:
        return _column_of

    def __getitem__(self, key: Any) -> Any:
        """Return a column by name, columns by a list of names, or rows under a mask."""
        if type(key) is list:
            places = self._places(key)
            if places is not None:
                return self.take(places, axis=1)
        elif isinstance(key, pd.Series):
            if key.dtype == np.bool_ and key.index.equals(self.index):
                return self.take(np.flatnonzero(key.to_numpy()))
        elif isinstance(key, np.ndarray) and key.dtype == np.bool_ and key.shape == (len(self),):
            return self.take(np.flatnonzero(key))
        return super().__getitem__(key)

    def set_index(self, keys: Any, **how: Any) -> Any:
        """Return the table by one or several of its columns, which leave it."""
        names = [keys] if isinstance(keys, str) else keys
        places = None if how or type(names) is not list else self._places(names)
        if places is None:
            return super().set_index(keys, **how)
        rest = self.take([i for i in range(self.shape[1]) if i not in places], axis=1)
        if len(names) == 1:
            rest.index = pd.Index(self[names[0]])
        else:
            codes, labels = zip(*(coded(self[name]) for name in names), strict=True)
            rest.index = pd.MultiIndex(labels, codes, names=names, verify_integrity=False)
        return rest

    def drop_duplicates(self, subset: Any = None, **how: Any) -> Any:
        """Return the first row of those that are the same in all columns, or in some."""
        names = list(self.columns) if subset is None else subset
        place = None
        if not how and type(names) is list and names:
            place = one_number([coded(self[name]) for name in names])
        if place is None or (place < 0).any():
            return super().drop_duplicates(subset, **how)
        return self.take(first_rows(place)[1])

    def merge(  # type: ignore[override]
        self, right: Any, how: Any = "inner", on: Any = None, **more: Any
    ) -> Any:
        """Return the rows of two tables that have the same keys side by side."""
        keys = [on] if isinstance(on, str) else on
        sides = None if more or keys is None else self._joined(right, keys, how)
        return super().merge(right, how=how, on=on, **more) if sides is None else sides

    def _joined(self, right: pd.DataFrame, keys: Sequence[str], how: str) -> Table | None:
        """Join where no key is missing and no row is without another; else None."""
        others = [name for name in right.columns if name not in keys]
        if how not in ("inner", "left") or set(others) & set(self.columns):
            return None
        if any(self[key].dtype != right[key].dtype for key in keys):
            return None
        places = joint_places(self, right, keys)
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
        return beside(self.take(first), table_of(right)[others].take(second))

    def _places(self, names: Sequence[Hashable]) -> list[int] | None:
        """Return the places of columns; None where one is unknown or there twice."""
        columns = self.columns
        try:
            places: list[Any] = [columns.get_loc(name) for name in names]
        except (KeyError, TypeError):
            return None
        return places if all(type(place) is int for place in places) else None


def beside(left: pd.DataFrame, right: pd.DataFrame) -> Table:
    """Put two tables of one length side by side, row by row, whatever their indexes."""
    rows = pd.RangeIndex(len(left))
    sides = [side.set_axis(rows) for side in (left, right)]
    return table_of(pd.concat(sides, axis=1))


def table_of(data: Any = None, *more: Any, **how: Any) -> Table:
    """Return a table as a `Table`, with the same columns; what else there is, as pandas does."""
    frame = pd.DataFrame(data, *more, **how)
    frame.__class__ = Table
    return frame  # type: ignore[return-value]


def _made(data: Any = None, *more: Any, **how: Any) -> Table:
    """Return what pandas has just made of a table; nobody else holds it."""
    is_frame = isinstance(data, pd.DataFrame) and not more and not how
    frame = data if is_frame else pd.DataFrame(data, *more, **how)
    frame.__class__ = Table
    return frame  # type: ignore[return-value]


def _column_of(data: Any = None, **how: Any) -> pd.Series[Any]:
    return data if isinstance(data, pd.Series) and not how else pd.Series(data, **how)
