"""Which of two figures that conflict is more likely the slip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from planner.base.arrays import Bools, Floats

__all__ = ["out_of_step", "racks_of_moved_halls"]


def out_of_step(value: float, peers: Floats) -> float:
    """Return how far a figure is from the median of its kind, as the logarithm of their ratio.

    Parameters
    ----------
    value : float
        The figure, at least 0.
    peers : array of float
        Figures of its kind, itself among them.

    Examples
    --------
    >>> import numpy as np
    >>> halls = np.array([11.3, 16.8, 0.0215])
    >>> round(out_of_step(0.0215, halls), 2), out_of_step(11.3, halls)
    (6.26, 0.0)
    """
    known = peers[peers > 0.0]
    if value <= 0.0 or not known.size:
        return 0.0
    return float(abs(np.log(value / np.median(known))))


def racks_of_moved_halls(
    halls: pd.DataFrame, racks: pd.DataFrame, without: Bools, sites: Collection[str]
) -> tuple[Bools, dict[int, list[int]]]:
    """Find racks that lack a hall because their hall is written at another site.

    Parameters
    ----------
    halls, racks : DataFrame
        Rows of `existing_halls` and `existing_racks`.
    without : array of bool
        Rows of racks without a hall, shape (rack row,).
    sites : collection of str
        Sites that there are.

    Returns
    -------
    array of bool
        Rows of racks of which the hall is to blame, and nothing else is said, shape (rack row,).
    dict of int to list of int
        By row of a hall that is at another site than all racks in a hall of its name: their rows.
        Halls of a site that does not exist are refused already, and not among them.
    """
    used = set(zip(racks["site"], racks["hall"], strict=True))
    of_others, moved = np.zeros(len(racks), dtype=np.bool_), dict[int, list[int]]()
    name, site = racks["hall"].to_numpy(), racks["site"].to_numpy()
    for hall, (at, named) in enumerate(zip(halls["site"], halls["hall"], strict=True)):
        rows = np.flatnonzero(without & (name == named))
        if not rows.size or len(set(site[rows])) > 1:
            continue
        if at not in sites:
            of_others[rows] = True
        elif (at, named) not in used and (halls["hall"] == named).sum() == 1:
            of_others[rows] = True
            moved[hall] = [int(row) for row in rows]
    return of_others, moved
