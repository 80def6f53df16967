r"""Price years synthesised from what the price shapes say of their spread.

The table gives the mean and the median of each hour of a season, each over its own mean of the
year. A log-normal price has :math:`\mathrm{mean} / \mathrm{median} = e^{\sigma^2/2}`, so

.. math:: \tfrac12 \sigma_h^2 = \ln\frac{s^{\mathrm{mean}}_h}{s^{\mathrm{median}}_h} + \ln k

The ratio k of the two means of the year is not in the table. It is at least as large as keeps
every :math:`\sigma^2` from being negative; that least value is taken, so spreads are understated
rather than overstated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats


__all__ = ["log_spread", "price_factor"]


def log_spread(shape_mean: Floats, shape_median: Floats) -> Floats:
    """Return the standard deviation of the logarithm of the price.

    An hour whose mean is as its median, and one whose mean is e^(1/2) times its median:

    >>> mean = np.array([[[0.8, 0.5 * np.exp(0.5)]]])
    >>> log_spread(mean, np.array([[[0.8, 0.5]]])).round(6).tolist()
    [[[0.0, 1.0]]]
    """
    half_variance = np.log(shape_mean / shape_median)
    least = half_variance.reshape(len(half_variance), -1).min(axis=1)
    return np.asarray(np.sqrt(2.0 * (half_variance - least[:, None, None])))


def price_factor(anomaly: Floats, spread: Floats) -> Floats:
    """Return the price of an hour over its mean, for a standard normal anomaly.

    Its expectation is 1.
    Gives (draw, place, hour).

    >>> price_factor(np.array([[[0.0, 1.0]]]), np.array([[0.2, 0.2]])).round(4).tolist()
    [[[0.9802, 1.1972]]]
    """
    return np.asarray(np.exp(spread * anomaly - 0.5 * spread**2))
