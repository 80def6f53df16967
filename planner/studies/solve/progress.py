"""What is said of a solve while it runs, on a terminal and on a page."""

from __future__ import annotations

import time
from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.base.number_format import duration
from planner.base.units import MUSD_PER_BUSD

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.lp import ProgressEvent

__all__ = ["STAGES", "Pace", "solver_words"]

STAGES: Final = {
    "read": "Reading scenario and data",
    "build": "Building the linear program",
    "decide": "Deciding year by year",
    "solve": "Solving",
    "results": "Making tables",
    "check": "Checking the plan",
    "dispatch": "Operating the plan",
    "write": "Writing the run folder",
}
"""What is said of each stage of a solve."""

_FEWEST: Final = 2  # solves that say how long the others take: the first takes longer than those

_PHASES: Final = {"simplex": "simplex", "ipm": "interior point", "mip": "branch and bound", "rounds": "decomposed"}
_STEPS: Final = {
    "relaxed": "integers relaxed",
    "tightened": "raising the bound",
    "blocks": "campuses and deployments",
    "fixed": "integers fixed",
    "dive": "integers one by one",
    "search": "searching integers",
}
"""What is said of each step to a plan with integers."""
_BOUNDED: Final = frozenset({"mip", "rounds"})
"""Phases that have a plan and a bound before they end."""


class Pace:
    """Says how far a study is that solves several times."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()

    def describe(self, done: int, total: int) -> str:
        """Say which of how many is next, and about how long the rest takes, once that is known.

        >>> seconds = iter([0.0, 12.0])
        >>> Pace(lambda: next(seconds)).describe(4, 10)
        '5 of 10, about 18 s left'
        """
        total = max(total, done + 1)
        if done < _FEWEST:
            return f"{done + 1} of {total}"
        left_s = (self._clock() - self._began) / done * (total - done)
        return f"{done + 1} of {total}, about {duration(left_s)} left"


def solver_words(event: ProgressEvent) -> str:
    """Say how far the solver is: in which solve of a plan, what it is for, and at what cost.

    >>> from planner.lp import ProgressEvent
    >>> nan = float("nan")
    >>> solver_words(ProgressEvent("simplex", 2.0, 445, nan, 115_290.0, nan, "blocks", 7))
    'campuses and deployments, solve 7, simplex, iteration 445, at least 115.29 BUSD'
    """
    parts = [_STEPS[event.step]] if event.step else []
    parts += [f"solve {event.solve}"] if event.solve > 1 else []
    parts += [_PHASES[event.phase]]
    if event.iterations:  # interior point does not say before it is done
        unit = "round" if event.phase == "rounds" else "iteration"
        parts += [f"{unit} {event.iterations:,}"]
    if isfinite(event.objective):
        parts += [f"cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"]
    if event.phase in _BOUNDED and event.gap < 1.0:
        parts += [f"within {event.gap:.2%} of the bound"]
    elif isfinite(event.dual_bound):
        parts += [f"at least {event.dual_bound / MUSD_PER_BUSD:,.2f} BUSD"]
    if isfinite(event.left_s):
        parts += [f"about {duration(event.left_s)} left in this solve"]
    return ", ".join(parts)
