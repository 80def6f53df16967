"""How a charge bends over the load: what a linear program can hold of it."""

from __future__ import annotations

from enum import Enum

__all__ = ["Curvature"]


class Curvature(Enum):
    """Shape of a month's charge as a function of the hourly load.

    A linear or convex charge is the largest of some planes, so a linear program that minimises
    cost holds it exactly. One that is not convex (declining tiers) needs integers or a bound.
    """

    CONSTANT = "constant"
    LINEAR = "linear"
    CONVEX = "convex"
    NOT_CONVEX = "not convex"

    @property
    def is_convex(self) -> bool:
        """Whether the charge of a mix of two loads is at most the mix of their charges."""
        return self is not Curvature.NOT_CONVEX
