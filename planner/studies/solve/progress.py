"""What is said of a solve while it runs, on a terminal and on a page."""

from __future__ import annotations

import time
from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.base.say import duration
from planner.base.units import MUSD_PER_BUSD

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.lp import ProgressEvent

__all__ = ["STAGES", "Pace", "SolverWords"]

STAGES: Final = {
    "read": "Reading scenario and data",
    "build": "Building the linear program",
    "decide": "Deciding year by year",
    "solve": "Solving",
    "results": "Making tables",
    "check": "Checking the plan",
    "estimates": "Finding which figures decide",
    "dispatch": "Operating the plan",
    "write": "Writing the run folder",
}
"""What is said of each stage of a solve."""

_FEWEST: Final = 2  # solves that say how long the others take: the first takes longer than those

_PHASES: Final = {
    "simplex": "simplex",
    "ipm": "interior point",
    "mip": "branch and bound",
    "rounds": "decomposed",
}
_BOUNDED: Final = frozenset({"mip", "rounds"})
"""Phases that have a plan and a bound before they end."""


class Pace:
    """Says how far a study is that solves several times.

    Parameters
    ----------
    clock : callable
        Seconds since some moment.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()

    def of(self, done: int, total: int) -> str:
        """Say which of how many is next, and about how long the rest takes, once that is known.

        Parameters
        ----------
        done, total : int
            Solves that are done, and all that are expected.

        Examples
        --------
        >>> seconds = iter([0.0, 12.0])
        >>> Pace(lambda: next(seconds)).of(4, 10)
        '5 of 10, about 18 s left'
        """
        total = max(total, done + 1)
        if done < _FEWEST:
            return f"{done + 1} of {total}"
        left_s = (self._clock() - self._began) / done * (total - done)
        return f"{done + 1} of {total}, about {duration(left_s)} left"


class SolverWords:
    """Says how far the solver is, in all the solves that a plan takes.

    Iterations are counted on from one solve to the next, and from one algorithm to the next.
    """

    def __init__(self) -> None:
        self._before = 0
        self._last: ProgressEvent | None = None

    def of(self, event: ProgressEvent) -> str:
        """Say how far the solver is.

        Parameters
        ----------
        event : ProgressEvent
            As the solver reports it; each is given once, in their order.
        """
        last, self._last = self._last, event
        if last is not None and _is_another(last, event):
            self._before += last.iterations
        text, steps = _PHASES[event.phase], self._before + event.iterations
        if steps:  # interior point does not say before it is done
            unit = "round" if event.phase == "rounds" else "iteration"
            text += f", {unit} {steps:,}"
        if event.objective == event.objective:  # not nan
            text += f", cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"
        if event.phase in _BOUNDED and event.gap < 1.0:
            text += f", within {event.gap:.2%} of the bound"
        elif event.phase in _BOUNDED and isfinite(event.dual_bound):
            text += f", at least {event.dual_bound / MUSD_PER_BUSD:,.2f} BUSD"
        return text


def _is_another(last: ProgressEvent, event: ProgressEvent) -> bool:
    """Return whether a solve or an algorithm began since the last event."""
    return (
        event.phase != last.phase
        or event.seconds < last.seconds
        or event.iterations < last.iterations
    )
