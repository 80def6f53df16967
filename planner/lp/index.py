"""Axes and index lists, and how two lists are matched."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.base.arrays import Positions

# --- Sparse lists of index tuples over axes, and the map from one list to another -----------------

_DENSE_LOOKUP_FACTOR = 8  # a table this many times the list's length beats a binary search
_MOST_KEYS = 2**63  # keys are int64


@dataclass(frozen=True, eq=False)
class Index:
    """A list of distinct tuples over axes, mostly sparse; `Index.full` and `Index.sparse` check what they are given."""

    name: str  # name of the list, used in messages
    axes: tuple[Axis, ...]  # axes of a tuple, with distinct names
    codes: tuple[Codes, ...]  # for each axis the code of every tuple; all of one length
    size: int  # number of tuples; only a list without axes can not tell it from its codes

    @classmethod
    def full(cls, name: str, *axes: Axis) -> Index:
        """Return every combination of the axes' labels, the last axis running fastest.

        >>> from planner.lp.index import Axis
        >>> site, year = Axis("site", ("a", "b")), Axis("year", ("2027", "2028"))
        >>> Index.full("site_year", site, year).tuples(2)
        ('b', '2027')
        """
        _check_axes(name, axes)
        shape = tuple(len(axis) for axis in axes)
        grids = np.indices(shape, dtype=np.int32, sparse=True)
        codes = tuple(np.broadcast_to(grid, shape).ravel() for grid in grids)
        return cls(name, axes, codes, math.prod(shape))

    @classmethod
    def sparse(cls, name: str, axes: Sequence[Axis], codes: Sequence[npt.ArrayLike]) -> Index:
        """Return the list of the given tuples, in the given order."""
        axes = tuple(axes)
        _check_axes(name, axes)
        columns = tuple(np.asarray(column).reshape(-1) for column in codes)
        if not axes or len(axes) != len(columns) or len({len(column) for column in columns}) != 1:
            raise ValueError(f"index {name}: needs one code array per axis, all of one length")
        for axis, column in zip(axes, columns, strict=True):
            if len(column) and column.dtype.kind not in "iu":
                raise ValueError(f"index {name}: codes of axis {axis.name} are {column.dtype}, not integers")
            off = (column < 0) | (column >= len(axis))
            if off.any():
                message = f"index {name}: code {column[off][0]} is off axis {axis.name}, which has {len(axis)} labels"
                raise ValueError(message)
        kept = tuple(column.astype(np.int32) for column in columns)
        made = cls(name, axes, kept, len(columns[0]))
        made._check_distinct()
        return made

    def _check_distinct(self) -> None:
        keys = np.sort(self._keys)
        twice = keys[1:][keys[1:] == keys[:-1]]
        if len(twice):
            at = int(np.flatnonzero(self._keys == twice[0])[0])
            raise ValueError(f"index {self.name}: tuple {self.tuples(at)} is repeated")

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, axis_name: str) -> Codes:
        """Return the codes of one axis, one per tuple."""
        return self.codes[self._place(axis_name)]

    def _place(self, axis_name: str) -> int:
        for place, axis in enumerate(self.axes):
            if axis.name == axis_name:
                return place
        raise ValueError(f"index {self.name} has no axis {axis_name!r}; it has {self.axis_names}")

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names of the axes, in order."""
        return tuple(axis.name for axis in self.axes)

    def axis(self, axis_name: str) -> Axis:
        """Return the axis of that name."""
        return self.axes[self._place(axis_name)]

    def labels(self, axis_name: str) -> Texts:
        """Return the labels of one axis, one per tuple."""
        return self.axis(axis_name).texts[self[axis_name]]

    def tuples(self, position: int) -> tuple[str, ...]:
        """Return the labels of the tuple at one position."""
        return tuple(axis.labels[codes[position]] for axis, codes in zip(self.axes, self.codes, strict=True))

    def position(self, *labels: str) -> int:
        """Return the position of one tuple."""
        if len(labels) != len(self.axes):
            raise ValueError(f"index {self.name}: {labels} does not name one label of {self.axis_names}")
        codes = tuple(axis.codes((label,)) for axis, label in zip(self.axes, labels, strict=True))
        at = int(self.find(Index(self.name, self.axes, codes, 1))[0])
        if at < 0:
            raise ValueError(f"index {self.name}{self.axis_names} has no tuple {labels}")
        return at

    def frame(self) -> pd.DataFrame:
        """Return the tuples as a table of labels, one column per axis."""
        columns: dict[str, Any] = {axis.name: self.labels(axis.name) for axis in self.axes}
        return pd.DataFrame(columns, index=pd.RangeIndex(self.size))

    def select(self, which: npt.ArrayLike, name: str | None = None) -> Index:
        """Return the tuples under a mask or at distinct positions, in that order."""
        at = self.positions(which)
        codes = tuple(codes[at] for codes in self.codes)
        chosen = Index(name or self.name, self.axes, codes, len(at))
        if np.asarray(which).dtype != np.bool_:
            chosen._check_distinct()
        return chosen

    def positions(self, which: npt.ArrayLike) -> Positions:
        """Return a mask over the list, or positions in it, as checked positions."""
        which = np.asarray(which)
        if which.dtype == np.bool_:
            if which.shape != (self.size,):
                raise ValueError(f"index {self.name}: mask of shape {which.shape} for {self.size} tuples")
            return np.flatnonzero(which)
        at = which.astype(np.intp).reshape(-1)
        off = (at < 0) | (at >= self.size)
        if off.any():
            raise ValueError(f"index {self.name}: position {at[off][0]} is off its {self.size} tuples")
        return at

    def matches(self, other: Index) -> bool:
        """Return whether the other list holds the same tuples over the same axes in order."""
        return self is other or (
            self.axes == other.axes and self.size == other.size and all(map(np.array_equal, self.codes, other.codes))
        )

    def find(self, other: Index) -> Positions:
        """Return where in this list the tuples of a finer list stand.

        >>> from planner.lp.index import Axis
        >>> site, year = Axis("site", ("a", "b")), Axis("year", ("2027", "2028"))
        >>> Index.full("site", site).find(Index.full("site_year", site, year)).tolist()
        [0, 0, 1, 1]
        """
        if other is self:
            return np.arange(self.size)
        keys = self._keys_of(other)
        if not self.size:
            return np.full(other.size, -1, dtype=np.intp)
        if self._is_dense:
            return self._place_of_key[keys]
        sorted_keys, order = self._sorted_keys
        at = np.searchsorted(sorted_keys, keys)
        at[at == self.size] = 0
        return np.where(sorted_keys[at] == keys, order[at], -1)

    def _keys_of(self, other: Index) -> npt.NDArray[np.int64]:
        keys = np.zeros(other.size, dtype=np.int64)
        for axis in self.axes:
            if other.axis(axis.name) != axis:
                message = f"axis {axis.name} of index {other.name} has other labels than that of index {self.name}"
                raise ValueError(message)
            codes = other[axis.name]
            # An index made without `full` or `sparse` may hold any code; as part of a key it
            # would name another tuple.
            if codes.size and not 0 <= codes.min() <= codes.max() < len(axis):
                off = codes[(codes < 0) | (codes >= len(axis))][0]
                message = f"index {other.name}: code {off} is off axis {axis.name}, which has {len(axis)} labels"
                raise ValueError(message)
            keys *= len(axis)
            keys += codes
        return keys

    @cached_property
    def _keys(self) -> npt.NDArray[np.int64]:
        return self._keys_of(self)

    @property
    def _key_count(self) -> int:
        return math.prod(len(axis) for axis in self.axes)

    @property
    def _is_dense(self) -> bool:
        return self._key_count <= _DENSE_LOOKUP_FACTOR * self.size

    @cached_property
    def _place_of_key(self) -> Positions:
        places = np.full(self._key_count, -1, dtype=np.intp)
        places[self._keys] = np.arange(self.size)
        return places

    @cached_property
    def _sorted_keys(self) -> tuple[npt.NDArray[np.int64], Positions]:
        order = np.argsort(self._keys, kind="stable")
        return self._keys[order], order


def _check_axes(name: str, axes: Sequence[Axis]) -> None:
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise ValueError(f"index {name}: two axes of one name in {names}; use Axis.renamed")
    if math.prod(len(axis) for axis in axes) >= _MOST_KEYS:
        raise ValueError(f"index {name}: axes {names} span more tuples than an int64 can number")


UNIT = Index.full("unit")
# --- Axes: what an index counts, by label and by code ---------------------------------------------

Codes = npt.NDArray[np.int32]
Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Axis:
    """A named, ordered set of labels, such as all sites or all years.

    >>> Axis("year", ("2027", "2028")).code("2028")
    1
    """

    name: str  # what the axis counts, for example ``"site"``
    labels: tuple[str, ...]  # distinct texts; every character counts, so ``new-york`` and ``new_york`` stay apart

    def __post_init__(self) -> None:
        for label in self.labels:
            if not isinstance(label, str):
                raise ValueError(f"axis {self.name}: label {label!r} is not text")
        if len(self._code_of) < len(self.labels):
            twice = next(x for i, x in enumerate(self.labels) if self._code_of[x] != i)
            raise ValueError(f"axis {self.name}: label {twice!r} is repeated")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {label: code for code, label in enumerate(self.labels)}

    @cached_property
    def texts(self) -> Texts:
        """The labels as an object array, to be taken by code."""
        texts = np.empty(len(self.labels), dtype=object)
        texts[:] = self.labels
        texts.flags.writeable = False
        return texts

    def code(self, label: str) -> int:
        """Return the place of one label on the axis."""
        return int(self.codes((label,))[0])

    def codes(self, labels: Iterable[str]) -> Codes:
        """Return the places of many labels on the axis."""
        try:
            return np.fromiter(map(self._code_of.__getitem__, labels), dtype=np.int32)
        except KeyError as error:
            raise ValueError(f"axis {self.name} has no label {error.args[0]!r}") from error

    def renamed(self, name: str) -> Axis:
        """Return the same labels under another name, so that a list can hold both."""
        return replace(self, name=name)


# --- Where the tuples of one list are in another list of the same axes, by their labels -----------


def positions(old: Index, new: Index) -> Positions:
    """Return for each tuple of a new list its position in an old list, or -1.

    >>> from planner.lp.index import Axis
    >>> from planner.lp.index import Index
    >>> old = Index.full("old", Axis("site", ("a", "b", "c")))
    >>> positions(old, Index.full("new", Axis("site", ("c", "d", "a")))).tolist()
    [2, -1, 0]
    """
    found = np.full(new.size, -1, dtype=np.intp)
    if old.axis_names != new.axis_names:
        return found
    codes = []
    for axis in old.axes:
        of_label = np.array([axis._code_of.get(label, -1) for label in new.axis(axis.name).labels], dtype=np.int32)
        codes.append(of_label[new[axis.name]])
    known = np.flatnonzero(np.all([code >= 0 for code in codes], axis=0) & np.ones(new.size, dtype=np.bool_))
    found[known] = old.find(Index(new.name, old.axes, tuple(code[known] for code in codes), known.size))
    return found


# --- Index lists made from other index lists: joins, projections, products ------------------------


def pairs(left: Index, right: Index, on: tuple[str, ...]) -> tuple[Positions, Positions]:
    """Return every pair of a left and a right tuple that agree on some axes.

    >>> from planner.lp.index import Axis
    >>> site, year = Axis("site", ("a", "b")), Axis("year", ("2027", "2028"))
    >>> built = Index.sparse("built", (site, year), ([0, 1], [0, 1]))
    >>> left, right = pairs(built, Index.full("site_year", site, year), on=("site",))
    >>> left.tolist(), right.tolist()
    ([0, 0, 1, 1], [0, 1, 2, 3])
    """
    shared = distinct(right, *on, name=f"{right.name} by {','.join(on)}")
    group_of_left = shared.find(left)
    group_of_right = shared.find(right)
    order = np.argsort(group_of_right, kind="stable")
    count = np.bincount(group_of_right, minlength=shared.size)
    first = np.cumsum(count) - count
    known = np.flatnonzero(group_of_left >= 0)
    groups = group_of_left[known]
    wanted = count[groups]
    left_positions = np.repeat(known, wanted)
    within = np.arange(wanted.sum()) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return left_positions, order[np.repeat(first[groups], wanted) + within]


def distinct(index: Index, *axis_names: str, name: str | None = None) -> Index:
    """Return the distinct tuples of some axes of a list, in order of their codes."""
    axes = tuple(index.axis(axis_name) for axis_name in axis_names)
    keys = np.zeros(index.size, dtype=np.int64)
    for axis in axes:
        keys = keys * len(axis) + index[axis.name]
    _, first = np.unique(keys, return_index=True)
    codes = tuple(index[axis.name][first] for axis in axes)
    return Index(name or "_".join(axis_names), axes, codes, len(first))


def cross(index: Index, axis: Axis, name: str | None = None) -> Index:
    """Return every tuple of a list with every label of one more axis, which runs fastest."""
    codes = tuple(np.repeat(codes, len(axis)) for codes in index.codes)
    last = np.tile(np.arange(len(axis), dtype=np.int32), index.size)
    return Index(name or f"{index.name}_{axis.name}", (*index.axes, axis), (*codes, last), index.size * len(axis))


def locate(index: Index, *codes: npt.ArrayLike) -> Positions:
    """Return where in a list the tuples with these codes stand, -1 where they do not.

    >>> from planner.lp.index import Axis
    >>> site, year = Axis("site", ("a", "b")), Axis("year", ("2027", "2028"))
    >>> site_year = Index.full("site_year", site, year)
    >>> locate(site_year, site_year["site"], site_year["year"] - 1).tolist()
    [-1, 0, -1, 2]
    """
    columns = tuple(np.asarray(column, dtype=np.int32) for column in codes)
    on_axes = np.ones(len(columns[0]), dtype=np.bool_)
    for axis, column in zip(index.axes, columns, strict=True):
        on_axes &= (column >= 0) & (column < len(axis))
    # Off its axis a code would make the key of another tuple, so it asks for the first instead.
    asked = tuple(np.where(on_axes, column, 0).astype(np.int32) for column in columns)
    found = index.find(Index(f"asked of {index.name}", index.axes, asked, len(on_axes)))
    return np.where(on_axes, found, -1)
