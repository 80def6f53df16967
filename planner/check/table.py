"""Tables that the checker reads plans and data as, and keys of their rows as whole numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Coded = tuple[Codes, NDArray[Any]]


def table_of(data: Any = None, **how: Any) -> pd.DataFrame:
    """Return a table; a column of an empty list is one of texts."""
    if isinstance(data, dict):
        none = np.array([], dtype=object)
        data = {name: none if isinstance(column, list) and not column else column for name, column in data.items()}
    return pd.DataFrame(data, **how)


# Tables are small and many: what a look-up costs are the calls that pandas makes for it, not the
# rows. Each column of keys becomes whole numbers, one for each label, and the columns one number.

_MOST: Final = 2**62  # numbers of keys are int64
_FEW: Final = 200
"""Rows up to which a dict is quicker than the hash table of pandas with all that is around it."""


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
    joint = _joint(known, [frame[key].to_numpy() for key in keys])
    if joint is None or (joint[0] < 0).any():
        return None
    listed, wanted = joint
    places = np.arange(len(listed))
    row = np.full(len(listed) + len(wanted) + 1, -1, dtype=np.int64)
    row[listed] = places
    if distinct and (row[listed] != places).any():
        return None
    return np.where(wanted < 0, -1, row[wanted])
