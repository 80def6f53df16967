"""What befalls the sites: outages of the grid, an emergency in a zone, a heat wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.stress.settings import StressSettings


__all__ = ["GridEmergency", "HeatWave", "Outages", "outage_h"]


@dataclass(frozen=True)
class GridEmergency:
    """An emergency: the grid takes back a share of the connections of sites."""

    sites: Bools  # whose connections
    first_hour: int  # when, in hours of the year
    hours: int
    frac: float  # share that is taken back

    def left_frac(self, first_hour: int, hours: int) -> Floats:
        """Return the share that is left, (site, hour)."""
        hour = np.arange(first_hour, first_hour + hours)
        is_cut = (hour >= self.first_hour) & (hour < self.first_hour + self.hours)
        return np.asarray(1.0 - self.frac * np.outer(self.sites, is_cut))


@dataclass(frozen=True)
class HeatWave:
    """A heat wave: every site is hotter for some days."""

    first_hour: int  # when, in hours of the year
    hours: int
    hotter_k: float  # by how much. [K]

    def of_hours(self, first_hour: int, hours: int) -> Floats:
        """Return the heat on top, (hour,). [K]"""
        hour = np.arange(first_hour, first_hour + hours)
        is_hot = (hour >= self.first_hour) & (hour < self.first_hour + self.hours)
        return np.asarray(self.hotter_k * is_hot, dtype=np.float64)


class Outages:
    """Outages of the grid at each site, drawn hour by hour, independent of each other.

    They begin as a Poisson process; how long they last is log-normal. An outage that ends
    within an hour takes that hour whole: standby power has to start all the same.
    """

    def __init__(self, shape: tuple[int, int], settings: StressSettings, rng: np.random.Generator) -> None:
        self._left_h = np.zeros(shape, dtype=np.int64)
        self._settings = settings
        self._rng = rng

    def next_hours(self, hours: int) -> Bools:
        """Draw whether the grid is out, (draw, site, hour)."""
        shape = self._left_h.shape
        begins = self._rng.random((hours, *shape)) < self._settings.outages_per_year / HOURS_PER_YEAR
        result = np.zeros((*shape, hours), dtype=np.bool_)
        for hour in range(hours):
            fresh = np.flatnonzero(begins[hour])
            if fresh.size:
                lasts = outage_h(fresh.size, self._settings, self._rng)
                self._left_h.ravel()[fresh] = np.maximum(self._left_h.ravel()[fresh], lasts)
            result[:, :, hour] = self._left_h > 0
            self._left_h = np.maximum(self._left_h - 1, 0)
        return result


def outage_h(count: int, settings: StressSettings, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw how long outages last, in whole hours begun. Gives (count,) [h]."""
    spread = np.sqrt(2.0 * np.log(settings.outage_mean_h / settings.outage_median_h))
    lasts = settings.outage_median_h * np.exp(spread * rng.standard_normal(count))
    return np.asarray(np.ceil(lasts), dtype=np.int64)
