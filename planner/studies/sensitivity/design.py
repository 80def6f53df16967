"""Which futures a method asks for: points of the unit cube, in blocks that are drawn alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from planner.base.number_format import amount, duration

if TYPE_CHECKING:
    from planner.base.arrays import Floats

__all__ = ["LEVELS", "METHODS", "Design", "Method", "names_of", "rows_per_block", "shares_of", "words_of"]

Method: TypeAlias = Literal["tornado", "morris", "sobol"]
METHODS: Final[tuple[Method, ...]] = ("tornado", "morris", "sobol")
LEVELS: Final = 4
"""Of each factor in the grid of Morris: its low, its high and two between them."""
_FEW: Final = 3  # figures, trajectories or samples that are not worth halving


@dataclass(frozen=True)
class Design:
    """How the futures are chosen."""

    # one factor at a time at its low and high; trajectories that move one after the other; a sample of all of them at
    # once
    method: Method
    size: int  # trajectories of Morris, or base samples of Sobol, a power of 2
    seed: int  # the same seed draws the same points; a larger size goes on from those of a smaller one


def rows_per_block(method: Method, factors: int) -> int:
    """Return how many points a trajectory of Morris has, or a base sample of Sobol.

    >>> rows_per_block("morris", 7), rows_per_block("sobol", 7)
    (8, 9)
    """
    return factors + (1 if method == "morris" else 2)


def names_of(factors: int) -> list[str]:
    """Return what SALib calls the factors; their own names are a planner's text."""
    return [f"x{at}" for at in range(factors)]


def shares_of(design: Design, factors: int) -> Floats:
    """Draw the points of Morris or Sobol.

    Gives (point, factor), in [0, 1]. Source: Morris (1991); Saltelli (2002) for Sobol's indices; as SALib has them.

    >>> drawn = shares_of(Design("morris", 3, seed=11), factors=2)
    >>> bool((np.abs(np.diff(drawn.reshape(3, 3, 2), axis=1)).sum(axis=2) > 0.66).all())
    True
    """
    problem = {"num_vars": factors, "names": names_of(factors), "bounds": [[0.0, 1.0]] * factors}
    if design.method == "morris":
        from SALib.sample import morris

        drawn = morris.sample(problem, design.size, num_levels=LEVELS, seed=design.seed)
    else:
        from SALib.sample import sobol

        drawn = sobol.sample(problem, design.size, calc_second_order=False, seed=design.seed)
    # Differences of a few units in the last place would be other futures.
    return np.asarray(np.round(drawn, 12), dtype=np.float64)


def words_of(design: Design, factors: int, futures: int, seconds: float) -> str:
    """Say how many futures a study has, how long they may take, and how to have fewer. Takes `seconds` [s].

    >>> words_of(Design("sobol", 64, 1), 3, 320, 1.5)
    '320 futures of 3 figures, some 8 min of solving at 1.5 s each; --samples 32 makes about 160'
    >>> words_of(Design("tornado", 0, 1), 10, 20, float("nan"))
    '20 futures of 10 figures; --figures 5 makes about 10'
    """
    time = ""
    if not math.isnan(seconds):
        time = f", some {duration(futures * seconds)} of solving at {amount(seconds, 2)} s each"
    of, size = {
        "tornado": ("figures", factors),
        "morris": ("trajectories", design.size),
        "sobol": ("samples", design.size),
    }[design.method]
    fewer = f"; --{of} {size // 2} makes about {futures // 2}" if size > _FEW else ""
    figures = "1 figure" if factors == 1 else f"{factors} figures"
    return f"{futures:,} futures of {figures}{time}{fewer}"
