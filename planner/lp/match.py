"""Where the tuples of one list are in another list of the same axes, by their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Positions
    from planner.lp.index import Index

__all__ = ["positions"]


def positions(old: Index, new: Index) -> Positions:
    """Return for each tuple of a new list its position in an old list, or -1.

    >>> from planner.lp.axis import Axis
    >>> from planner.lp.index import Index
    >>> old = Index.full("old", Axis("site", ("a", "b", "c")))
    >>> positions(old, Index.full("new", Axis("site", ("c", "d", "a")))).tolist()
    [2, -1, 0]
    """
    if old.axis_names != new.axis_names:
        return np.full(new.size, -1, dtype=np.intp)
    key, other = np.zeros(old.size, dtype=np.int64), np.zeros(new.size, dtype=np.int64)
    known = np.ones(new.size, dtype=np.bool_)
    for name in old.axis_names:
        labels = old.axis(name).labels
        code = {label: at for at, label in enumerate(labels)}
        of_label = np.array([code.get(one, -1) for one in new.axis(name).labels], dtype=np.int64)
        codes = of_label[new[name]] if new.size else np.zeros(0, dtype=np.int64)
        known &= codes >= 0
        key = key * len(labels) + old[name]
        other = other * len(labels) + codes
    if not old.size:
        return np.full(new.size, -1, dtype=np.intp)
    order = np.argsort(key, kind="stable")
    at = np.searchsorted(key[order], other)
    at[at == old.size] = 0
    found = order[at]
    return np.where(known & (key[found] == other), found, -1)
