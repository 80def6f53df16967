"""Settings and weather of a stress test."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import Problem, raise_all
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR
from planner.clock.days import DAYS_PER_MONTH
from planner.place.geo import geodesic_km

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats

# --- What a plan is put through: how many years, which events, how often the grid fails -----------


@dataclass(frozen=True)
class StressSettings:
    """What a plan is put through; figures of table `stress_settings` unless given."""

    outages_per_year: float  # times a year that the grid fails at a site
    outage_median_h: float  # median and mean of how long; log-normal between them. [h]
    outage_mean_h: float
    heat_wave_k: float  # heat on top of the drawn weather, in the middle of the hottest month. [K], [day]
    heat_wave_days: float
    # share of every firm connection that the grid takes back around the hour of the year in which the plan uses most,
    # and for how long. [-], [h]
    curtailment_frac: float
    curtailment_h: float
    generator_mw: float  # size of one standby generator. [MW]
    fuel_h: float  # hours at full output that the fuel at a site lasts. [h]
    weather_persistence_h: float  # time over which weather and prices forget. [h]
    weather_reach_km: float  # distance over which places stop sharing them. [km]
    price_persistence_h: float
    price_reach_km: float
    # price of energy that nothing delivers at a site without racks, in `dispatch` and `days-error`. [USD/MWh]
    lost_load_usd_per_mwh: float
    draws: int = 10  # years of weather, prices and outages drawn for each model year
    seed: int = 1  # of all random numbers: the same seed gives the same years


_UNIT_OF_SUFFIX: Final = {
    **{"_per_year": "1/year", "_usd_per_mwh": "USD/MWh", "_frac": "-", "_days": "day"},
    **{"_mw": "MW", "_km": "km", "_h": "h", "_k": "K"},
}
_UNITS: Final = {
    of.name: next(unit for suffix, unit in _UNIT_OF_SUFFIX.items() if of.name.endswith(suffix))
    for of in fields(StressSettings)
    if of.default is MISSING
}
"""Unit of each figure of the table, as its name says."""
_MAY_BE_ZERO: Final = {"outages_per_year", "heat_wave_k", "heat_wave_days", "curtailment_frac", "fuel_h", "seed"}
_AT_MOST: Final = {
    "curtailment_frac": 1.0,
    "heat_wave_days": 365.0,
    "curtailment_h": HOURS_PER_YEAR,
    "outages_per_year": HOURS_PER_YEAR,
}
"""An event lies within a year of 365 days."""
_WHOLE: Final = {"heat_wave_days": "days", "curtailment_h": "hours"}
"""Lengths of events in a year of hours, and what they are counted in."""
_TABLE: Final = "data/stress_settings.csv"


def settings_from(table: pd.DataFrame, given: dict[str, Any]) -> StressSettings:
    """Take the table's figures, and those that were given in their place."""
    value = dict(zip(table["item"], table["value"].astype(float), strict=True))
    unit_of = dict(zip(table["item"], table["unit"], strict=True))
    missing = [item for item in _UNITS if item not in value]
    problems = [Problem.of(_TABLE, f"there is no item {item!r}", "a row of it", "add it") for item in missing]
    fix = "write the figure in this unit"
    for item, unit in _UNITS.items():
        if unit_of.get(item, unit) != unit:
            problems.append(Problem.of(_TABLE, f"{item} is in {unit_of[item]}", f"in {unit}", fix))
    own = {name: figure for name, figure in given.items() if figure is not None}
    # What the table lacks is reported; the rest is checked all the same.
    settings = StressSettings(**({item: value.get(item, inf) for item in _UNITS} | own))
    out_of_range = _out_of_range(settings, frozenset(own))
    problems += [problem for name, problem in out_of_range if name in own or name not in missing]
    raise_all(problems)
    return settings


def _out_of_range(settings: StressSettings, given: frozenset[str]) -> Iterator[tuple[str, Problem]]:
    """Names of figures that cannot be, with what to say of them."""
    for field in fields(settings):
        name, value = field.name, getattr(settings, field.name)
        most, unit = _AT_MOST.get(name, inf), _WHOLE.get(name)
        is_too_low = value < 0 or (value == 0 and name not in _MAY_BE_ZERO)
        is_in_parts = unit is not None and isfinite(value) and value != int(value)
        if is_too_low or not isfinite(value) or value > most or is_in_parts:
            yield name, _problem(name, value, _range_of(name, most, unit), is_given=name in given)
    median, mean = settings.outage_median_h, settings.outage_mean_h
    if not median <= mean:
        what_is = f"outage_median_h is {median:g}, above outage_mean_h, which is {mean:g}"
        fix = "lower the median, or raise the mean"
        yield "outage_median_h", Problem.of(_TABLE, what_is, "at most the mean: outages have a tail", fix)


def _range_of(name: str, most: float, unit: str | None) -> str:
    if unit is not None:
        return f"whole {unit}, {0 if name in _MAY_BE_ZERO else 1} to {most:g}"
    if most < inf:
        return f"{'' if name in _MAY_BE_ZERO else 'above '}0 to {most:g}"
    return "at least 0" if name in _MAY_BE_ZERO else "above 0"


def _problem(name: str, value: float, must_be: str, *, is_given: bool) -> Problem:
    if not is_given:
        return Problem.of(_TABLE, f"{name} is {value:g}", must_be, "fix the table")
    option = f"--{name.replace('_', '-')}"
    usual = "the figure of table stress_settings"
    if name not in _UNITS:
        usual = f"{StressSettings.__dataclass_fields__[name].default}"
    return Problem.of(option, f"{value:g} is given", must_be, f"leave it out for {usual}")


# --- Weather years synthesised from the statistics that ship: means, daily ranges, hottest hours ---

DESIGN_FRAC: Final = 0.004
"""Share of the hours above the design temperature of the climate table."""

_MOST_K: Final = 40.0
_HALVINGS: Final = 40
_MONTH_OF_DAY: Final = np.repeat(np.arange(12), DAYS_PER_MONTH)
_HOURS: Final = int(HOURS_PER_DAY)


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
    from scipy.special import ndtr

    hours = np.repeat(np.array(DAYS_PER_MONTH, dtype=np.float64), _HOURS)
    weight = hours / hours.sum()
    by_hour = mean_c.reshape(len(mean_c), -1)
    low, high = np.full(len(mean_c), 1e-6), np.full(len(mean_c), _MOST_K)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = ndtr((by_hour - design_c[:, None]) / middle[:, None]) @ weight
        low, high = (np.where(above < DESIGN_FRAC, middle, low), np.where(above < DESIGN_FRAC, high, middle))
    return np.where(high < 1e-5, 0.0, 0.5 * (low + high))
