"""Which points of the axes go together: all of them, or a sample that fills the space evenly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats

__all__ = ["Method", "Sample", "unit_points"]

Method: TypeAlias = Literal["latin_hypercube", "sobol"]


@dataclass(frozen=True)
class Sample:
    """How a sample is drawn."""

    # latin hypercube: each axis is cut into as many strips as there are futures, and each strip is met once
    method: Method
    size: int  # number of futures
    seed: int  # the same seed draws the same sample


def unit_points(sample: Sample, axes: int) -> Floats:
    """Draw a sample of the unit cube.

    Gives (size, axes). Source: McKay, Beckman and Conover (1979); Owen's scrambling of Sobol' (1967), as
    `scipy.stats.qmc` has them.

    >>> drawn = unit_points(Sample("latin_hypercube", 5, seed=7), axes=3)
    >>> [sorted((5 * drawn[:, axis]).astype(int).tolist()) for axis in range(3)]
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """
    from scipy.stats import qmc  # takes half a second to import

    rng = np.random.default_rng(sample.seed)
    if sample.method == "sobol":
        drawn = qmc.Sobol(axes, scramble=True, rng=rng).random(sample.size)
    else:
        drawn = qmc.LatinHypercube(axes, rng=rng).random(sample.size)
    return np.asarray(drawn, dtype=np.float64)
