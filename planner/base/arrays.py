"""Kinds of arrays, by what they hold, and records of them."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Positions = NDArray[np.intp]  # places in a list


class Record:
    """Index lists and figures that belong together, made by `__init__` and left as they are."""

    def changed(self, **figures: Any) -> Self:
        """Return the same with other figures in place of some."""
        other = copy.copy(self)
        for name, figure in figures.items():
            getattr(self, name)  # a figure that there is
            setattr(other, name, figure)
        return other
