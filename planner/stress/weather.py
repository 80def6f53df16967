r"""Weather years synthesised from the statistics that ship: means, daily ranges, hottest hours.

The temperature of an hour is that of the mean day of its month plus an anomaly that lasts for
days and is shared by places near each other:

.. math:: T_{s\tau} = \bar T_s(m, h) + \sigma_s\, a_{s\tau}, \qquad
    a_{s\tau} = \varphi\, a_{s,\tau-1} + \sqrt{1 - \varphi^2}\, (L\, \epsilon_\tau)_s

with :math:`\varphi = e^{-1/\Theta}` and :math:`L L^\top = e^{-d/D}`, so that the anomaly of every
place is standard normal. :math:`\sigma_s` is set so that the design temperature is passed in 0.4 %
of the hours, which is what that temperature means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import erfc
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_DAY
from planner.clock.days import DAYS_PER_MONTH
from planner.place.geo import geodesic_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats


DESIGN_FRAC: Final = 0.004
"""Share of the hours above the design temperature of the climate table."""

_MOST_K: Final = 40.0
_HALVINGS: Final = 40
_MONTH_OF_DAY: Final = np.repeat(np.arange(12), DAYS_PER_MONTH)
_HOURS: Final = int(HOURS_PER_DAY)
_erfc = np.frompyfunc(erfc, 1, 1)


class Anomalies:
    """Standard normal numbers by draw and place that last, hour after hour."""

    def __init__(
        self, lat: Floats, lon: Floats, *, draws: int, persistence_h: float, reach_km: float, seed: tuple[int, ...]
    ) -> None:
        self._rng = np.random.default_rng(seed)
        apart_km = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
        # A touch on the diagonal keeps places at one spot from spoiling the factor.
        self._factor = np.linalg.cholesky(np.exp(-apart_km / reach_km) + 1e-9 * np.eye(lat.size))
        self._keep = float(np.exp(-1.0 / persistence_h))
        self._state = self._shocks(1, draws)[0]

    def next_hours(self, hours: int) -> Floats:
        """Draw the hours that follow, shape (draw, place, hour)."""
        result = np.empty((*self._state.shape, hours))
        state, keep = self._state, self._keep
        shocks = np.sqrt(1.0 - keep**2) * self._shocks(hours, len(state))
        for hour, shock in enumerate(shocks):
            state = keep * state + shock
            result[:, :, hour] = state
        self._state = state
        return result

    def _shocks(self, hours: int, draws: int) -> Floats:
        return self._rng.standard_normal((hours, draws, len(self._factor))) @ self._factor.T


@dataclass(frozen=True)
class Weather:
    """The mean weather of places on their own clocks, and how far it strays."""

    mean_c: Floats  # temperature of the mean day of each month. [deg C]
    design_c: Floats  # passed in 0.4 % of the hours. [deg C]
    utc_offset_h: Floats  # standard clock. [h]

    @cached_property
    def anomaly_k(self) -> Floats:
        """Standard deviation of the anomaly, shape (place,). [K]"""
        return anomaly_k(self.mean_c, self.design_c)

    def local_hours(self, first_day: int, days: int) -> NDArray[np.int64]:
        """Return the hour of the local day in which hours in UTC begin, (place, hour)."""
        hour = np.arange(first_day * _HOURS, (first_day + days) * _HOURS)
        clock = np.floor(hour[None, :] + self.utc_offset_h[:, None]).astype(np.int64)
        return np.asarray(clock % _HOURS)

    def month_of_hours(self, first_day: int, days: int) -> NDArray[np.int64]:
        """Return the month of hours in UTC, from 0, (hour,)."""
        return np.repeat(_MONTH_OF_DAY[first_day : first_day + days], _HOURS)

    def mean_of_hours(self, first_day: int, days: int) -> Floats:
        """Return the mean temperature of hours in UTC, (place, hour). [deg C]"""
        month = self.month_of_hours(first_day, days)
        places = np.arange(len(self.mean_c))[:, None]
        return np.asarray(self.mean_c[places, month[None, :], self.local_hours(first_day, days)])


def anomaly_k(mean_c: Floats, design_c: Floats) -> Floats:
    """Return the spread that carries a place above its design temperature in 0.4 % of hours.

    Takes `mean_c` [deg C], `design_c` [deg C]. Gives (place,) [K].

    A place with one temperature, 20 C, and a design temperature of 33.26 C, which is
    2.652 standard deviations of 5 K above it:

    >>> anomaly_k(np.full((1, 12, 24), 20.0), np.array([33.26])).round(3).tolist()
    [5.0]
    """
    hours = np.repeat(np.array(DAYS_PER_MONTH, dtype=np.float64), _HOURS)
    weight = hours / hours.sum()
    by_hour = mean_c.reshape(len(mean_c), -1)
    low, high = np.full(len(mean_c), 1e-6), np.full(len(mean_c), _MOST_K)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = normal_tail((design_c[:, None] - by_hour) / middle[:, None]) @ weight
        low, high = (np.where(above < DESIGN_FRAC, middle, low), np.where(above < DESIGN_FRAC, high, middle))
    return np.where(high < 1e-5, 0.0, 0.5 * (low + high))


def normal_tail(z: Floats) -> Floats:
    """Return the probability that a standard normal number is above z.

    >>> normal_tail(np.array([0.0, 1.6448536])).round(6).tolist()
    [0.5, 0.05]
    """
    return np.asarray(0.5 * _erfc(z / np.sqrt(2.0)), dtype=np.float64)
