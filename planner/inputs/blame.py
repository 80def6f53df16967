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
    """Find racks that lack a hall because their hall is written at another site."""
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
