"""Keys of rows as whole numbers, and the columns that they are read from."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.internals import create_dataframe_from_blocks  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Coded = tuple[Codes, NDArray[Any]]

# --- What a table of the checker is made of, until pandas asks for more than its columns ----------
#
# It uses parts of pandas that are not public: the manager of a frame (`_mgr`), its `blocks` and
# `axes`, their `refs`, and `pandas.api.internals.create_dataframe_from_blocks`. All were tried with
# pandas 3.1.1, which `constraints.txt` pins. Where another version changes them,
# `tests/check/test_quick_tables.py` fails: its tables must do what those of pandas do, and a cell
# that is written must not reach the array of its column.

_ANOTHER: Final[Any] = pd.Series([0.5])._mgr.blocks[0]  # type: ignore[attr-defined]


class ColumnStore:
    """Columns by name, and the labels of the rows."""

    __slots__ = ("_can_change", "_made", "columns", "index", "names")

    def __init__(self, columns: dict[Any, NDArray[Any]], index: pd.Index[Any], *, can_change: bool = False) -> None:
        self._can_change = can_change
        self.columns = columns
        self.index = index
        self.names = _names(tuple(columns))
        self._made: tuple[Any, ...] = ()

    def blocks(self) -> Any:
        """Return the columns as pandas holds them, a block each."""
        blocks = [
            (read_only(column).reshape(1, -1), np.array([place]))
            if isinstance(column, np.ndarray)
            else (column, np.array([place]))
            for place, column in enumerate(self.columns.values())
        ]
        manager = create_dataframe_from_blocks(blocks, self.index, self.names)._mgr
        if self._can_change:
            shared(manager)
        self._made = _what_changes(manager)
        return manager

    def are_those_of(self, manager: Any) -> bool:
        """Say whether blocks that were made of these columns are still what they were.

        Whoever puts columns into a table, or gives them other names, puts other blocks or labels
        into its manager; the arrays cannot be written.
        """
        return all(one is before for one, before in zip(_what_changes(manager), self._made, strict=True))


def columns_known(table: pd.DataFrame) -> dict[Any, NDArray[Any]] | None:
    """Return the columns a table was made of; None where it was not, or has been changed."""
    parts = table.__dict__.get("_parts")
    if parts is None:
        return None
    manager = table.__dict__.get("_mgr")
    own: dict[Any, NDArray[Any]] = parts.columns
    return own if manager is None or parts.are_those_of(manager) else None


def read_only(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column that cannot be written, whoever holds the array itself."""
    if not isinstance(column, np.ndarray) or not column.flags.writeable:
        return column
    view = column.view()
    view.flags.writeable = False
    return view


def shared(manager: Any) -> Any:
    """Let pandas take arrays for shared, so that it writes into a copy and never into them."""
    for block in manager.blocks:
        block.refs.add_reference(_ANOTHER)
    return manager


def _what_changes(manager: Any) -> tuple[Any, ...]:
    return (manager.blocks, *manager.axes)


@cache
def _names(names: tuple[Hashable, ...]) -> pd.Index[Any]:
    """Return names of columns as an index, which knows their places from the first look-up on."""
    return pd.Index(names, dtype=object, tupleize_cols=False)


# --- Keys of rows as whole numbers ----------------------------------------------------------------
#
# Tables are small and many: what a look-up costs are the calls that pandas makes for it, not the
# rows. Each column of keys becomes whole numbers, one for each label, and the columns one number.

_MOST: Final = 2**62  # numbers of keys are int64
_FEW: Final = 200
"""Rows up to which a dict is quicker than the hash table of pandas with all that is around it."""


class CodedLabels(NamedTuple):
    """One kind of label of all rows or columns of the program."""

    codes: NDArray[np.integer[Any]]  # place of each label among the kinds, -1 where there is none
    kinds: NDArray[np.object_]  # labels as texts, nan as the last one

    def places_of(self, label: str) -> NDArray[np.intp]:
        """Return the rows or columns that have a label."""
        return np.flatnonzero(np.isin(self.codes, np.flatnonzero(self.kinds == label)))


def coded(column: pd.Series[Any] | pd.Index[Any] | NDArray[Any]) -> Coded:
    """Return the place of each label among the distinct ones, -1 for a missing one, and these."""
    cells = column if isinstance(column, np.ndarray) else column.to_numpy()
    return _few_coded(cells) or _coded(cells)


def _coded(cells: NDArray[Any]) -> Coded:
    if not len(cells):
        return np.zeros(0, dtype=np.int64), cells
    codes, found = pd.factorize(cells)
    return codes.astype(np.int64, copy=False), found


def _few_coded(cells: NDArray[Any]) -> Coded | None:
    """Return the same for texts or whole numbers of a few rows; None for what is left to pandas."""
    if not 0 < len(cells) <= _FEW or cells.dtype not in (object, np.int64):
        return None
    places: dict[Any, int] = {}
    codes = [places.setdefault(cell, len(places)) for cell in cells.tolist()]
    if cells.dtype == object and not {*map(type, places)} <= {str}:
        return None
    return np.array(codes, dtype=np.int64), np.array(list(places), dtype=cells.dtype)


def cells_of(table: pd.DataFrame, name: str) -> NDArray[Any]:
    """Return a column of a table as an array of numpy, without making a Series of it."""
    own = columns_known(table)
    if own is not None:
        column = own[name]
        return column if isinstance(column, np.ndarray) else column.to_numpy()
    place = table.columns.get_loc(name)
    if not isinstance(place, int):  # several columns have the name
        return table[name].to_numpy()
    read: Any = table._get_column_array
    cells = read(place)
    return cells if isinstance(cells, np.ndarray) else cells.to_numpy()


def coded_levels(index: pd.Index[Any]) -> list[Coded]:
    """Return the same for every level of an index."""
    if not isinstance(index, pd.MultiIndex):
        return [coded(index)]
    return [
        (np.asarray(codes, dtype=np.int64), level.to_numpy())
        for codes, level in zip(index.codes, index.levels, strict=True)
    ]


def labels(column: NDArray[Any], name: Hashable) -> pd.Index[Any]:
    """Return labels as an index; texts stay Python objects."""
    if column.dtype in (object, np.int64):  # nothing is to be found out about them
        new: Any = pd.Index._simple_new  # type: ignore[attr-defined]
        made: pd.Index[Any] = new(column, name)
        return made
    index: pd.Index[Any] = pd.Index(column, dtype=column.dtype, name=name)
    return index


def index_of(columns: Sequence[Coded], names: Sequence[Hashable]) -> pd.MultiIndex:
    """Return an index of one level for each column."""
    levels: list[Any] = [labels(known, name) for (_, known), name in zip(columns, names, strict=True)]
    codes: list[Any] = [own for own, _ in columns]
    return pd.MultiIndex(levels, codes, names=list(names), verify_integrity=False)


def one_number(columns: Sequence[Coded]) -> Codes | None:
    """Return one number per row for its labels, -1 where one is missing; None if too many."""
    return _one_number([codes for codes, _ in columns], [len(labels) for _, labels in columns])


def _one_number(codes: Sequence[Codes], sizes: Sequence[int]) -> Codes | None:
    if math.prod(sizes) >= _MOST:
        return None
    number, is_known = codes[0], codes[0] >= 0
    for own, size in zip(codes[1:], sizes[1:], strict=True):
        number = number * size + own
        is_known = is_known & (own >= 0)
    return np.where(is_known, number, -1)


def first_rows(number: Codes) -> tuple[Codes, Codes]:
    """Return the group of each row, numbered as they occur, and the first row of each group."""
    group, found = coded(number)
    first = np.empty(len(found), dtype=np.int64)
    first[group[::-1]] = np.arange(len(number))[::-1]  # the last that is written stays
    return group, first


def joint_places(left: Sequence[NDArray[Any]], right: Sequence[NDArray[Any]]) -> tuple[Codes, Codes] | None:
    """Return for the rows of two tables one number for their keys, from 0 without gaps.

    None where a key is missing.
    """
    joint = _joint([coded(column) for column in right], left)
    if joint is None or (joint[1] < 0).any() or (joint[0] < 0).any():
        return None
    return joint[1], joint[0]


def _joint(known: Sequence[Coded], columns: Sequence[NDArray[Any]]) -> tuple[Codes, Codes] | None:
    """Return numbers, from 0 without gaps, for a list of keys and for the rows of a table."""
    ours, theirs, sizes = [], [], []
    for (codes, found), column in zip(known, columns, strict=True):
        both, distinct = coded(np.concatenate([found, column]))
        ours.append(np.append(both[: len(found)], -1)[codes])
        theirs.append(both[len(found) :])
        sizes.append(len(distinct))
    listed, wanted = _one_number(ours, sizes), _one_number(theirs, sizes)
    if listed is None or wanted is None:
        return None
    number = np.concatenate([listed, wanted])
    joint = np.where(number < 0, -1, coded(number)[0])
    # A missing key takes a number of its own, which leaves a gap that does no harm.
    return joint[: len(listed)], joint[len(listed) :]


def rows_of(known: Sequence[Coded], frame: pd.DataFrame, keys: Sequence[str], *, distinct: bool = True) -> Codes | None:
    """Return the row of a list that has the keys of each row of a table, -1 where none has."""
    joint = _joint(known, [cells_of(frame, key) for key in keys])
    if joint is None or (joint[0] < 0).any():
        return None
    listed, wanted = joint
    places = np.arange(len(listed))
    row = np.full(len(listed) + len(wanted) + 1, -1, dtype=np.int64)
    row[listed] = places
    if distinct and (row[listed] != places).any():
        return None
    return np.where(wanted < 0, -1, row[wanted])
