"""Integers found by diving: the nearest to an integer are set first, the rest solved again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp import Columns, Outcome

__all__ = ["dive"]

_WHOLE: Final = 1e-6  # nearer than this to an integer is one
_SHARE: Final = 0.2  # of those that are still fractional, set in one step
_MOST_SOLVES: Final = 40


def dive(
    x: Floats, columns: Columns, solve: Callable[[Floats, Floats], Outcome], *, cutoff: float = np.inf
) -> Floats | None:
    """Set integers step by step and solve the relaxation again after each step.

    A step that leaves no solution is taken back, and of its integers the one nearest to an
    integer is set to the other side; a second such step in a row ends the dive.

    .. [1] T. Berthold, "Primal heuristics for mixed integer programs," Diploma thesis, TU
       Berlin, 2006, section 3.2.
    """
    at = np.flatnonzero(columns.integer)
    lower, upper = columns.lower.copy(), columns.upper.copy()
    for _ in range(_MOST_SOLVES):
        step = _nearest(x[at], lower[at] < upper[at])
        if not step.size:
            return np.round(x[at])
        set_now, value = at[step], x[at[step]]
        before = lower[set_now], upper[set_now]
        is_up = _goes_up(value)
        _set(lower, upper, set_now, value, is_up)
        outcome = solve(lower, upper)
        if outcome.status == "infeasible":
            lower[set_now], upper[set_now] = before
            _set(lower, upper, set_now[:1], value[:1], ~is_up[:1])
            outcome = solve(lower, upper)
        if outcome.status != "optimal" or outcome.objective >= cutoff:
            return None
        x = outcome.x
    return None


def _nearest(value: Floats, is_free: Bools) -> Positions:
    """Return which integers to set next: the fractional ones nearest to an integer, in order."""
    distance = np.abs(value - np.round(value))
    fractional = np.flatnonzero(is_free & (distance > _WHOLE))
    # Of those half way the largest first: it is the one most work leans on.
    order = np.lexsort((-value[fractional], np.round(distance[fractional], 6)))
    return np.asarray(fractional[order[: max(1, int(_SHARE * fractional.size))]])


def _goes_up(value: Floats) -> Bools:
    return np.asarray(value - np.floor(value) >= 0.5)


def _set(lower: Floats, upper: Floats, at: Positions, value: Floats, is_up: Bools) -> None:
    lower[at[is_up]] = np.ceil(value[is_up])
    upper[at[~is_up]] = np.floor(value[~is_up])
