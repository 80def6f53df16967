"""One block of decisions, which is also an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.expression import Expression

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp.index import Index

__all__ = ["Variable"]


class Variable(Expression):
    """One decision per tuple of an index list; made by `ArrayProblem.variable`."""

    def __init__(
        self, name: str, over: Index, lower: Floats, upper: Floats, *, integer: bool, first_column: int
    ) -> None:
        place = np.arange(over.size, dtype=np.int32)
        super().__init__(over, place, place + np.int32(first_column), np.ones(over.size), np.zeros(over.size))
        self.name = name
        self.lower = lower
        self.upper = upper
        self.integer = integer
        self.first_column = first_column
