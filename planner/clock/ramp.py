"""How much of a year something can be used: halls that ramp, and all that begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats


__all__ = ["share_in_force", "usable_share"]

_DIGITS: Final = 9  # of a share of a year: what is left below is rounding


def usable_share(
    service_start: ArrayLike,
    year: ArrayLike,
    ramp_months: float = 12.0,
    ramp_mean_frac: float = 0.6,
    *,
    span_years: ArrayLike = 1.0,
) -> Floats:
    r"""Mean share of a hall that can be used in a calendar year, or in a row of them.

    After energisation the usable share rises on a straight line from :math:`2 m - 1` to 1, so
    that its mean over the ramp is :math:`m`; before, it is 0. The mean over the year is the
    exact integral, whatever the month in which service starts:

    .. math:: \frac{U(y + n - t_0) - U(y - t_0)}{n}, \qquad
              U(x) = (2 m - 1) x + \frac{(1 - m) x^2}{T} \;\; (0 \le x \le T), \quad
              U(x) = m T + x - T \;\; (x > T)
    Takes `ramp_months` [month], `span_years` [yr].

    In service from mid-2028: half a year at 0.2 to 0.6, then half a year at 0.6 to 1:

    >>> usable_share(2028.5, [2027, 2028, 2029, 2030]).round(6).tolist()
    [0.0, 0.2, 0.9, 1.0]
    """
    problems = []
    if not ramp_months >= 0.0:
        problems.append(Problem("ramp", None, None, f"ramp_months is {ramp_months}", "at least 0"))
    if not 0.5 <= ramp_mean_frac <= 1.0:
        problems.append(Problem("ramp", None, None, f"ramp_mean_frac is {ramp_mean_frac}", "0.5 to 1"))
    if problems:
        raise InputError(problems)
    ramp_years = ramp_months / MONTHS_PER_YEAR

    def usable_years(since_start: Floats) -> Floats:
        """Full-hall years of use until a moment."""
        ramping = np.clip(since_start, 0.0, ramp_years)
        rise = (1.0 - ramp_mean_frac) * ramping**2 / ramp_years if ramp_years > 0.0 else 0.0
        full = np.maximum(since_start - ramp_years, 0.0)
        return np.asarray((2.0 * ramp_mean_frac - 1.0) * ramping + rise + full)

    begin = np.asarray(year, dtype=float) - np.asarray(service_start, dtype=float)
    span = np.asarray(span_years, dtype=float)
    return np.asarray((usable_years(begin + span) - usable_years(begin)) / span)


def share_in_force(begin: ArrayLike, end: ArrayLike, year: ArrayLike, span_years: ArrayLike = 1.0) -> Floats:
    """Share of a calendar year, or of a row of them, between two moments; nothing ramps. Takes `span_years` [yr].

    From April 2027 to the end of September 2029:

    >>> share_in_force(2027.25, 2029.75, [2026, 2027, 2028, 2029, 2030]).tolist()
    [0.0, 0.75, 1.0, 0.75, 0.0]
    """
    begun, over = (usable_share(moment, year, ramp_months=0.0, span_years=span_years) for moment in (begin, end))
    return np.asarray(np.round(begun - over, _DIGITS))
