"""Which futures a method asks for: points of the unit cube, in blocks that are drawn alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats

__all__ = ["LEVELS", "METHODS", "Design", "Method", "names_of", "rows_per_block", "shares_of"]

Method: TypeAlias = Literal["tornado", "morris", "sobol"]
METHODS: Final[tuple[Method, ...]] = ("tornado", "morris", "sobol")
LEVELS: Final = 4
"""Of each factor in the grid of Morris: its low, its high and two between them."""


@dataclass(frozen=True)
class Design:
    """How the futures are chosen.

    Parameters
    ----------
    method : {"tornado", "morris", "sobol"}
        One factor at a time at its low and high; trajectories that move one after the other; a
        sample of all of them at once.
    size : int
        Trajectories of Morris, or base samples of Sobol, a power of 2.
    seed : int
        The same seed draws the same points; a larger size goes on from those of a smaller one.
    """

    method: Method
    size: int
    seed: int


def rows_per_block(method: Method, factors: int) -> int:
    """Return how many points a trajectory of Morris has, or a base sample of Sobol.

    Examples
    --------
    >>> rows_per_block("morris", 7), rows_per_block("sobol", 7)
    (8, 9)
    """
    return factors + (1 if method == "morris" else 2)


def names_of(factors: int) -> list[str]:
    """Return what SALib calls the factors; their own names are a planner's text."""
    return [f"x{at}" for at in range(factors)]


def shares_of(design: Design, factors: int) -> Floats:
    """Draw the points of Morris or Sobol.

    Parameters
    ----------
    design : Design
        Of one of these methods.
    factors : int
        How many there are, at least 1.

    Returns
    -------
    array of float
        In [0, 1], of shape (size * rows per block, factors), block after block.

    Source: Morris (1991); Saltelli (2002) for Sobol's indices; as SALib has them.

    Examples
    --------
    >>> drawn = shares_of(Design("morris", 3, seed=11), factors=2)
    >>> bool((np.abs(np.diff(drawn.reshape(3, 3, 2), axis=1)).sum(axis=2) > 0.66).all())
    True
    """
    problem = {
        "num_vars": factors,
        "names": names_of(factors),
        "bounds": [[0.0, 1.0]] * factors,
    }
    if design.method == "morris":
        from SALib.sample import morris

        drawn = morris.sample(problem, design.size, num_levels=LEVELS, seed=design.seed)
    else:
        from SALib.sample import sobol

        drawn = sobol.sample(problem, design.size, calc_second_order=False, seed=design.seed)
    # Differences of a few units in the last place would be other futures.
    return np.asarray(np.round(drawn, 12), dtype=np.float64)
