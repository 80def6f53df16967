"""Settings, weather and prices of a stress test, and years of hours.

Years are a user's own, or those from which days are chosen, and in which they are judged. Where a
scenario gives all 365 days of a year, these are it. Else weather and prices are drawn from the
statistics that ship, as for `dcplan stress`, one year for all model years.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from functools import cached_property
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InputError, Problem, raise_all
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR
from planner.clock.days import DAYS_PER_MONTH, SEASONS, SeriesDays
from planner.family.table_columns import any_along, codes, dense_by_ids, floats
from planner.inputs.power import wholesale_shape
from planner.inputs.site_series import SiteSeries, monthly_temperatures, site_series
from planner.place.geo import geodesic_km
from planner.tables import Package, load_package, read_tables
from planner.tables.sheet import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase

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
_RANGES: Final = {
    "outages_per_year": (0.0, HOURS_PER_YEAR, "0 to 8760"),
    "heat_wave_k": (0.0, inf, "at least 0"),
    "heat_wave_days": (0.0, 365.0, "whole days, 0 to 365"),
    "curtailment_frac": (0.0, 1.0, "0 to 1"),
    "curtailment_h": (1.0, HOURS_PER_YEAR, "whole hours, 1 to 8760"),
    "fuel_h": (0.0, inf, "at least 0"),
    "seed": (0.0, inf, "at least 0"),
}
"""Least and most of figures, and that in words: an event lies within a year of 365 days. Others are above 0."""
_ABOVE_0: Final = (5e-324, inf, "above 0")
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
    for name, figure in vars(settings).items():
        problems += _out_of_range(name, figure, is_given=name in own) if name in own or name not in missing else ()
    median, mean = settings.outage_median_h, settings.outage_mean_h
    if not median <= mean:
        what_is = f"outage_median_h is {median:g}, above outage_mean_h, which is {mean:g}"
        fix = "lower the median, or raise the mean"
        problems.append(Problem.of(_TABLE, what_is, "at most the mean: outages have a tail", fix))
    raise_all(problems)
    return settings


def _out_of_range(name: str, figure: float, *, is_given: bool) -> Iterator[Problem]:
    """Refuse a figure that cannot be, at its option or in the table."""
    least, most, must_be = _RANGES.get(name, _ABOVE_0)
    is_in_parts = must_be.startswith("whole") and figure % 1.0 != 0.0
    if least <= figure <= most and isfinite(figure) and not is_in_parts:
        return
    if is_given:
        fix = "leave it out for the usual figure"
        yield Problem.of(f"--{name.replace('_', '-')}", f"{figure:g} is given", must_be, fix)
    else:
        yield Problem.of(_TABLE, f"{name} is {figure:g}", must_be, "fix the table")


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
    """Return the spread that carries a place above its design temperature in 0.4 % of hours. Gives (place,) [K].

    A place with one temperature, 20 C, and a design temperature 2.652 standard deviations of 5 K above it:

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


# --- Price years synthesised from what the price shapes say of their spread -----------------------
#
# The table gives the mean and the median of each hour of a season, each over its own mean of the
# year. A log-normal price has :math:`\mathrm{mean} / \mathrm{median} = e^{\sigma^2/2}`, so
#
# .. math:: \tfrac12 \sigma_h^2 = \ln\frac{s^{\mathrm{mean}}_h}{s^{\mathrm{median}}_h} + \ln k
#
# The ratio k of the two means of the year is not in the table. It is at least as large as keeps
# every :math:`\sigma^2` from being negative; that least value is taken, so spreads are understated
# rather than overstated.


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
    """Return the price of an hour over its mean, which is 1, for a standard normal anomaly. Gives (draw, place, hour).

    >>> price_factor(np.array([[[0.0, 1.0]]]), np.array([[0.2, 0.2]])).round(4).tolist()
    [[[0.9802, 1.1972]]]
    """
    return np.asarray(np.exp(spread * anomaly - 0.5 * spread**2))


def weather_of(case: ScopedCase, bulb: str, at: NDArray[np.intp]) -> Weather:
    """Return the mean weather of some sites, and how far it strays."""
    mean, _ = monthly_temperatures(case, bulb)
    return Weather(
        mean_c=mean[at],
        design_c=floats(case.sites, f"design_{bulb}_bulb_c")[at],
        utc_offset_h=floats(case.sites, "utc_offset_h")[at],
    )


def price_spread(case: ScopedCase) -> Floats:
    """Return the spread of the logarithm of the price, shape (site, season, local hour)."""
    table = case.tables["price_shapes"]
    named = list(case.sites["price_zone"].dropna().unique())
    axes = {"price_zone": named, "season": SEASONS, "hour_local": tuple(range(_HOURS))}
    mean = dense_by_ids(table, axes, "shape_mean_frac")
    of_zone = log_spread(mean, dense_by_ids(table, axes, "shape_median_frac"))
    return np.asarray(of_zone[codes(case.sites["price_zone"], named)])


# --- A user's own hours: temperatures and prices by site and hour of the year, read strictly ------

_YEAR_H: Final = int(HOURS_PER_YEAR)
_OWN: Final = "own_hours"


@dataclass(frozen=True)
class OwnHours:
    """Own weather and prices; what is NaN is drawn."""

    dry_c: Floats  # temperatures. [deg C]
    wet_c: Floats
    wholesale_usd_per_mwh: Floats  # wholesale price

    def temperatures(
        self, first_day: int, days: int, dry_c: Floats, wet_c: Floats, hotter_k: Floats
    ) -> tuple[Floats, Floats]:
        """Put own temperatures, and a heat wave on them, in the place of drawn ones."""
        at = slice(first_day * _HOURS, (first_day + days) * _HOURS)
        return (_given_or(self.dry_c[:, at] + hotter_k, dry_c), _given_or(self.wet_c[:, at] + hotter_k, wet_c))

    def prices(self, first_day: int, days: int, delivered: Floats, wholesale: Floats, drawn: Floats) -> Floats:
        """Put own wholesale prices under the adder of the plan."""
        at = slice(first_day * _HOURS, (first_day + days) * _HOURS)
        return _given_or(delivered + self.wholesale_usd_per_mwh[:, at] - wholesale, drawn)


def _given_or(given: Floats, drawn: Floats) -> Floats:
    return np.asarray(np.where(np.isnan(given), drawn, given))


def read_own_hours(path: Path, sites: tuple[str, ...], package: Package | None = None) -> OwnHours:
    """Read a user's own hours of a year."""
    package = package or load_package()
    frame = read_tables([_OWN], {_OWN: path}, package=package)[_OWN]
    file = shown_path(path)
    must_be, fix = "a site that draws power in the plan", "check its spelling, or leave its rows out"
    unknown = sorted(set(frame["site"]) - set(sites))
    problems = [Problem.of(file, f"unknown site {site!r}", must_be, fix) for site in unknown]
    must_be, fix = f"{_YEAR_H}, from 0, in UTC", "add rows, or leave the site out to have its hours drawn"
    for site, hours in frame.groupby("site")["year_hour_utc"].nunique().items():
        if hours != _YEAR_H:
            problems.append(Problem.of(file, f"{site} has {hours} hours", must_be, fix))
    raise_all(problems)

    def hours_of(name: str) -> Floats:
        """Return a column by site and hour, NaN for a site without rows."""
        wide = frame.pivot(index="site", columns="year_hour_utc", values=name)
        return wide.reindex(index=list(sites), columns=range(_YEAR_H)).to_numpy(dtype=np.float64)

    return OwnHours(*map(hours_of, ("dry_bulb_c", "wet_bulb_c", "wholesale_usd_per_mwh")))


# --- A year of hours from which days are chosen, and in which they are judged ---------------------

YEAR_DAYS: Final = sum(DAYS_PER_MONTH)
_MONTHS: Final = tuple(int(m) for m in np.repeat(np.arange(1, 13), DAYS_PER_MONTH))
_SEASON: Final = np.repeat(np.arange(1, 13) % 12 // 3, DAYS_PER_MONTH).repeat(_HOURS)
_SERIES: Final = "site_series"
_OF_THE_DAY: Final = ("other_load_frac", "solar_frac", "wind_frac")
"""What nothing is drawn for: without a series a site has what its tables say."""


@dataclass(frozen=True, eq=False)
class StressYear:
    """365 days in hours of UTC."""

    sites: tuple[str, ...]  # sites in scope
    # a day for each of the year, in time slices of an hour; the hottest, of all sites, is the peak day
    days: SeriesDays
    # their hours, NaN where a site has no course of its own; temperatures and wholesale prices are there for every site
    series: SiteSeries
    is_drawn: bool  # whether weather or prices of some site are drawn

    def by_day(self, column: str) -> Floats:
        """Return a series by day, shape (site, 365, 24)."""
        return np.asarray(getattr(self.series, column)).reshape(len(self.sites), YEAR_DAYS, _HOURS)


def year_of_hours(case: ScopedCase, settings: StressSettings) -> StressYear:
    """Return the year of a scenario, hour by hour."""
    is_year = case.scenario.time.chronological and case.days.day_days.tolist() == [1.0] * YEAR_DAYS
    days = SeriesDays(_MONTHS, (1.0,) * YEAR_DAYS, (0,), slot_h=1)
    hourly = replace(case, days=days)
    series = site_series(hourly) if is_year else _without_series(case)
    dry_c, wet_c = _drawn_weather(hourly, settings)
    price = _drawn_prices(hourly, settings)
    case.findings.stop_if_wrong()
    has_weather, has_price = (
        ~any_along(np.isnan(of).reshape(len(of), -1), axis=1) for of in (series.dry_bulb_c, series.wholesale_frac)
    )
    series = replace(
        series,
        dry_bulb_c=np.where(has_weather[:, None, None], series.dry_bulb_c, dry_c),
        wet_bulb_c=np.where(has_weather[:, None, None], series.wet_bulb_c, wet_c),
        wholesale_frac=np.where(has_price[:, None], series.wholesale_frac, price),
    )
    hottest = int(series.dry_bulb_c.max(axis=2).mean(axis=0).argmax())
    is_drawn = not (has_weather.all() and has_price.all())
    return StressYear(case.ids("sites"), replace(days, peaks=(hottest,)), series, is_drawn)


def _without_series(case: ScopedCase) -> SiteSeries:
    """Return nothing for every site, and refuse series that would be left out."""
    table = case.tables[_SERIES]
    given = [column for column in _OF_THE_DAY if table[column].notna().any()]
    if given:
        what_is = f"it has {', '.join(given)} for {case.days.n_days} days"
        must_be = f"for the {YEAR_DAYS} days of a year, where days are chosen from a year or judged by one"
        fix = "name a scenario with `time.chronological` and a row of series_days for each day of the year"
        raise InputError.at(_SERIES, what_is, must_be, fix)
    none = np.full((len(case.sites), YEAR_DAYS * _HOURS), np.nan)
    by_day = none.reshape(len(case.sites), YEAR_DAYS, _HOURS)
    return SiteSeries(none, none, none, none, by_day, by_day)


def _anomalies(case: ScopedCase, settings: StressSettings, of: str, stream: int) -> Floats:
    """Draw standard normal numbers of weather or prices for the hours of a year, shape (site, hour)."""
    hours, km = (float(getattr(settings, f"{of}_{name}")) for name in ("persistence_h", "reach_km"))
    lat, lon = floats(case.sites, "lat"), floats(case.sites, "lon")
    drawn = Anomalies(lat, lon, draws=1, persistence_h=hours, reach_km=km, seed=(settings.seed, stream))
    return np.asarray(drawn.next_hours(YEAR_DAYS * _HOURS)[0])


def _drawn_weather(case: ScopedCase, settings: StressSettings) -> tuple[Floats, Floats]:
    """Draw both temperatures, shape (site, day, hour). [deg C]"""
    anomaly = _anomalies(case, settings, "weather", 0)
    every = np.arange(len(case.sites))
    dry, wet = (
        (bulb.mean_of_hours(0, YEAR_DAYS) + bulb.anomaly_k[:, None] * anomaly).reshape(len(every), YEAR_DAYS, _HOURS)
        for bulb in (weather_of(case, name, every) for name in ("dry", "wet"))
    )
    # A wet bulb above the dry one is no weather; both are drawn from one anomaly, but spread apart.
    return dry, np.minimum(wet, dry)


def _drawn_prices(case: ScopedCase, settings: StressSettings) -> Floats:
    """Draw wholesale prices over their mean, shape (site, hour)."""
    shape = wholesale_shape(case)
    if case.scenario.energy.use_flat_price:
        return shape
    anomaly, every = _anomalies(case, settings, "price", 1), np.arange(len(case.sites))
    local = weather_of(case, "dry", every).local_hours(0, YEAR_DAYS)
    spread = price_spread(case)[every[:, None], _SEASON[None, :], local]
    return np.asarray(shape * price_factor(anomaly[None], spread)[0])
