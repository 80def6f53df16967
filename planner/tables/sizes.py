"""Numbers of a size that nothing has: finite, and far from all that can be computed with.

A price of 1e300 is in the bounds of its column, overflows once it is multiplied, and is a mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SIZE_MUST_BE", "has_odd_size"]

LARGEST: Final = 1e15
SMALLEST: Final = 1e-12
"""Of numbers other than 0, in whatever unit."""
SIZE_MUST_BE: Final = f"0, or between {SMALLEST:g} and {LARGEST:g} in size"


def has_odd_size(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which finite numbers are too large or too small to compute with.

    >>> has_odd_size([0.0, 7.5, 1e300, -1e16, 1e-300, float("inf"), float("nan")]).tolist()
    [False, False, True, True, True, False, False]
    """
    size = np.abs(np.asarray(values, dtype=np.float64))
    odd = (size > LARGEST) | ((size > 0.0) & (size < SMALLEST))
    return np.asarray(odd & np.isfinite(size), dtype=np.bool_)
