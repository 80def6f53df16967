"""Index lists made from other index lists: joins, projections, products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.index import Index

if TYPE_CHECKING:
    import numpy.typing as npt

    from planner.base.arrays import Positions
    from planner.lp.axis import Axis

__all__ = ["cross", "distinct", "locate", "pairs"]


def pairs(left: Index, right: Index, on: tuple[str, ...]) -> tuple[Positions, Positions]:
    """Return every pair of a left and a right tuple that agree on some axes.

    >>> from planner.lp.axis import Axis
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

    >>> from planner.lp.axis import Axis
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
