"""What solving again would add to an explanation, how long it takes, and how far it is."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from planner.base.number_format import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.studies.explain.explanation import ExplainablePlan

__all__ = ["Countdown", "Try", "list_tries", "seconds_of", "solve_seconds"]

# Shares of the time that the plan took to solve, measured on us-base (25 s of processor time):
_FROM_PLAN: Final = 0.2  # its program with the integers as they are, from the stored plan: 4.5 s
_FROM_BASIS: Final = 0.06  # one figure moved, from the last basis: 1.5 s
_FROM_NOTHING: Final = 0.8  # another program, integers relaxed: 20 s
_LEAST_SECONDS: Final = 0.05  # to build a program and hand it over, however small it is
_SEARCH: Final = 5  # solves to find a lead time or a latency bound by halving


@dataclass(frozen=True)
class Try:
    """Something that is found by solving again."""

    what: str  # as a list in a sentence names it
    solves: int  # how many solves it takes
    share: float  # of each, as a share of the time that the plan took. [-]
    first_share: float = 0.0  # of one solve before them. [-]

    def seconds(self, solve_s: float) -> float:
        """Return how long it takes where the plan took so long. [s]"""
        count = self.solves + (self.first_share > 0.0)
        return max(count * _LEAST_SECONDS, solve_s * (self.first_share + self.solves * self.share))


def list_tries(limits: int, site: str | None, *, steps: bool, grows: bool) -> list[Try]:
    """List what `--resolve` adds."""
    tries = []
    if limits:
        one = "the limit above" if limits == 1 else f"each of the {limits} limits above"
        tries.append(Try(f"a little more of {one}", limits, _FROM_BASIS, _FROM_PLAN))
    if steps:
        tries.append(Try("one month less of lead time", 1, _FROM_NOTHING, _FROM_NOTHING))
        tries.append(Try("one millisecond more for the largest workloads", 3, _FROM_NOTHING))
    if site is not None:
        one_mw = f"one more MW of racks at {site}, its cost of entry"
        tries.append(Try(one_mw, 1, _FROM_NOTHING, _FROM_NOTHING))
        tries.append(Try("the price of power at which it has more", 1, _FROM_NOTHING))
        if grows:
            tries.append(Try(f"no new halls at {site}", 1, _FROM_NOTHING))
        else:
            what = "the lead time and the latency bound from which it has more"
            tries.append(Try(what, 2 * _SEARCH, _FROM_NOTHING))
    return tries


def solve_seconds(solved: ExplainablePlan) -> float:
    """Return how long the plan took to solve. [s]"""
    return float(solved.run.meta["seconds"].get("solve", 0.0))


def seconds_of(solved: ExplainablePlan, tries: Sequence[Try]) -> float:
    """Return how long all of them take, from the time that the plan took to solve. [s]"""
    solve_s = solve_seconds(solved)
    return math.fsum(one.seconds(solve_s) for one in tries)


class Countdown:
    """Says of each solve which it is of how many, and about how long the rest takes."""

    def __init__(
        self, report: Callable[[str], None], total: int, seconds: float, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._report, self._total, self._expected, self._clock = report, total, seconds, clock
        self._done, self._began = 0, clock()

    def __call__(self, what: str) -> None:
        """Say what is solved next."""
        gone = self._clock() - self._began
        left = self._expected - gone
        if self._done > 1:  # the first takes longer than the others
            left = gone / self._done * (self._total - self._done)
        self._done += 1
        self._total = max(self._total, self._done)
        rest = f", about {duration(left)} left" if left > 0.0 else ""
        self._report(f"{what[:1].upper()}{what[1:]} ({self._done} of {self._total}{rest})")
