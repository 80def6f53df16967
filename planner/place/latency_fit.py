"""The line of round-trip time over distance at a quantile of measured pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

__all__ = ["LatencyLine", "fit_line"]


@dataclass(frozen=True)
class LatencyLine:
    """A fitted line over the distance."""

    intercept_ms: float  # round-trip time of the line at distance 0. [ms]
    slope_ms_per_km: float  # round-trip time per kilometre of geodesic. [ms/km]


def fit_line(distance_km: ArrayLike, rtt_ms: ArrayLike, quantile: float = 0.5) -> LatencyLine:
    r"""Fit the line below which a share of the measured pairs lies (quantile regression).

    It minimises the check loss; at 0.5 these are least absolute deviations.

    .. math:: \min_{a, b} \sum_i \rho_q(t_i - a - b d_i), \qquad
              \rho_q(e) = \max(q e, (q - 1) e)

    For a given slope the best intercept is the q-quantile of what remains. The loss left is a
    convex function of the slope alone, so a golden-section search finds its least value.
    Takes `distance_km` (pair,) [km], `rtt_ms` (pair,) [ms].

    R. Koenker, G. Bassett, Regression Quantiles, Econometrica 46 (1978) 33-50.

    One outlier does not move the median line 5 + 0.02 d:

    >>> line = fit_line([100, 300, 500, 900], [7.0, 11.0, 95.0, 23.0])
    >>> round(line.intercept_ms, 6), round(line.slope_ms_per_km, 6)
    (5.0, 0.02)
    """
    distance, rtt = np.asarray(distance_km, dtype=float), np.asarray(rtt_ms, dtype=float)
    problems = []
    if not 0.0 < quantile < 1.0:
        problems.append(Problem("fit", None, None, f"quantile is {quantile}", "between 0 and 1"))
    if np.unique(distance).size < 2:
        problems.append(Problem("fit", None, None, "all pairs have one distance", "at least two distances"))
    if problems:
        raise InputError(problems)

    def best_intercept(slope: float) -> float:
        rest = rtt - slope * distance
        return float(np.quantile(rest, quantile, method="inverted_cdf"))

    def loss(slope: float) -> float:
        error = rtt - best_intercept(slope) - slope * distance
        return float(np.maximum(quantile * error, (quantile - 1.0) * error).sum())

    scale = float(np.ptp(rtt) / np.ptp(distance)) or 1.0  # a flat table has no slope of its own
    slope = _least_of_convex(loss, *_bracket(loss, scale))
    return LatencyLine(best_intercept(slope), slope)


def _bracket(loss: Callable[[float], float], scale: float) -> tuple[float, float]:
    """Widen an interval around 0 until a convex function rises at both ends."""
    low, high = -scale, scale
    while loss(low) < loss(low / 2.0):
        low *= 2.0
    while loss(high) < loss(high / 2.0):
        high *= 2.0
    return low, high


def _least_of_convex(loss: Callable[[float], float], low: float, high: float) -> float:
    """Find where a convex function is least by golden-section search."""
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    tolerance = 1e-12 * (high - low)
    left, right = high - golden * (high - low), low + golden * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    while high - low > tolerance:
        if loss_left <= loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - golden * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + golden * (high - low)
            loss_right = loss(right)
    return float((low + high) / 2.0)
