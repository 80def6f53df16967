"""The root of a headroom study: a constant load whose curtailed share is the rate, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats


__all__ = ["largest_load_mw"]


def largest_load_mw(slack_mw: Floats, promised_h: float) -> float:
    r"""Largest constant load whose curtailed energy is at most so many hours of it.

    With the slack :math:`s_h \ge 0` below the threshold the curtailed energy is
    :math:`\sum_h \max(0, L - s_h)`. Less the promised energy :math:`E L` it is convex and
    piecewise linear in `L`, 0 at `L = 0`, with a kink at every slack. So the last kink at which
    it is not above 0 tells which `k` hours are curtailed, and the root is

    .. math:: L = \frac{s_1 + \dots + s_k}{k - E}
    Takes `slack_mw` (hour,) [MW]. Gives [MW].

    At 30 MW, 30 and 20 MWh are cut in the two tightest hours: 50 MWh, 5/3 hours of the load.

    >>> round(largest_load_mw(np.array([40.0, 0.0, 10.0, 70.0]), promised_h=5 / 3), 9)
    30.0
    """
    slack = np.sort(slack_mw)
    hours = np.arange(1, len(slack) + 1)
    slack_sum = np.cumsum(slack)
    excess_mwh = (hours - promised_h) * slack - slack_sum  # at the kinks
    k = int(np.flatnonzero(excess_mwh <= 0.0)[-1]) + 1
    return float(slack_sum[k - 1] / (k - promised_h))
