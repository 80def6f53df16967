r"""Whether standby generators and batteries carry an outage.

A site has n generators and needs k of them. Each starts with probability :math:`a(1-f)` and
then runs r hours without failing with :math:`e^{-r/M}`. A battery that carries the load alone for b
hours does so at the end of an outage, when fewer than k generators are left, or from its start;
either way generators must run for the other hours only:

.. math:: P(d) = \sum_{i=k}^{n} \binom{n}{i} p^i (1-p)^{n-i}, \qquad
          p = a (1 - f) e^{-(d-b)/M}

as long as fuel lasts, and 1 for an outage that the battery carries alone.

Source: as the outage simulation of NREL's REopt (Marqusee, Ericson and Jenket 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats


__all__ = ["DURATIONS_H", "Reliability", "carry_probability", "generators"]

DURATIONS_H: Final = (1, 2, 4, 6, 8, 12, 18, 24, 36, 48, 72)
"""Outages that are reported, in hours."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Reliability:
    """How a generator starts and runs."""

    availability_frac: float  # share of the time that it is not in repair
    start_failure_frac: float  # share of starts that fail
    mean_time_to_failure_h: float  # of running. [h]

    @property
    def starts_frac(self) -> float:
        """Probability that it is there and starts."""
        return self.availability_frac * (1.0 - self.start_failure_frac)

    def survives_frac(self, hours: ArrayLike) -> Floats:
        """Return the probability that it runs on for so long."""
        return np.asarray(np.exp(-np.asarray(hours, dtype=np.float64) / self.mean_time_to_failure_h))


def generators(mw: Floats, unit_mw: float) -> NDArray[np.int64]:
    """Return how many generators of a size make up a power, at least as much.

    >>> generators(np.array([0.0, 5.5, 5.6]), 2.75).tolist()
    [0, 2, 3]
    """
    return np.ceil(np.asarray(mw) / unit_mw - _ROUNDING).astype(np.int64)


def carry_probability(
    hours: float, *, count: int, needed: int, reliability: Reliability, fuel_h: float, battery_h: float
) -> float:
    """Return the probability that standby power carries an outage. Takes `hours` [h].

    Three generators of which two are needed, each starting in 9 of 10 cases and running for
    ever, carry 3 x 0.9^2 x 0.1 + 0.9^3 of the outages:

    >>> sure = Reliability(0.9, 0.0, 1e12)
    >>> round(carry_probability(
    ...     5.0, count=3, needed=2, reliability=sure, fuel_h=24.0, battery_h=0.0), 6)
    0.972
    """
    if hours <= battery_h or needed == 0:
        return 1.0
    if hours > fuel_h + battery_h or needed > count:
        return 0.0
    each = reliability.starts_frac * float(reliability.survives_frac(hours - battery_h))
    if each >= 1.0:
        return 1.0
    # By logarithms: the coefficients of a large site pass what a float can hold.
    terms = (
        exp(_log_choose(count, run) + run * log(each) + (count - run) * log1p(-each))
        for run in range(needed, count + 1)
    )
    return min(1.0, sum(terms))


def _log_choose(count: int, run: int) -> float:
    return lgamma(count + 1) - lgamma(run + 1) - lgamma(count - run + 1)
