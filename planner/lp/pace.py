"""How fast the rounds of a solve in pieces close its gap, and so how long they go on."""

from __future__ import annotations

from typing import Final

import numpy as np

from planner.lp.outcome import LEAST_GAP_FRAC

__all__ = ["GapPace"]

_FEWEST_GAPS: Final = 3  # rounds that say how fast the gap shrinks
_NOISE: Final = 1e-9  # of a round


class GapPace:
    """Seconds and gaps of rounds, and the time that rounds to come take at the same pace.

    >>> pace = GapPace()
    >>> for seconds, gap in ((10.0, 1e-2), (20.0, 1e-3), (30.0, 1e-4)):
    ...     pace.note(seconds, gap)
    >>> pace.seconds_left(0.0)  # to 1e-7: three powers of ten more
    30.0
    >>> pace.seconds_left(8e-5)  # it takes a whole round
    10.0
    """

    def __init__(self) -> None:
        self._gap_at: list[tuple[float, float]] = []  # seconds and gap, by round

    def note(self, seconds: float, gap: float) -> None:
        """Note the gap after a round; one without a bound or a trial says nothing."""
        if np.isfinite(gap):
            self._gap_at.append((seconds, gap))

    def forget(self) -> None:
        """Forget all rounds, as those to come are of another program."""
        self._gap_at.clear()

    def seconds_left(self, enough_gap: float) -> float:
        """Return how long rounds go on if the gap shrinks as in the last ones. [s] Takes `enough_gap` [-]."""
        if len(self._gap_at) < _FEWEST_GAPS:
            return np.nan
        (then, wide), (now, narrow) = self._gap_at[-_FEWEST_GAPS], self._gap_at[-1]
        end, rounds = max(enough_gap, LEAST_GAP_FRAC), _FEWEST_GAPS - 1
        if narrow >= wide or narrow <= end:
            return np.nan
        share = np.log(wide / narrow) / rounds
        more = np.ceil(np.log(narrow / end) / share - _NOISE)
        return float(more * (now - then) / rounds)
