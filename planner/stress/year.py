"""Years of hours: a user's own, or one from which days are chosen, and in which they are judged.

Where a scenario gives all 365 days of a year, these are it. Else weather and prices are drawn from
the statistics that ship, as for `dcplan stress`, one year for all model years.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem, raise_all
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR
from planner.clock.days import DAYS_PER_MONTH, SeriesDays
from planner.family.table_columns import any_along, floats
from planner.inputs.power_prices import wholesale_shape
from planner.inputs.site_series import SiteSeries, site_series
from planner.stress.fixed import price_factor, price_spread, weather_of
from planner.stress.weather import Anomalies, StressSettings
from planner.tables import Package, load_package, read_tables
from planner.tables.sheet import shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase

# --- A user's own hours: temperatures and prices by site and hour of the year, read strictly ------

_HOURS: Final = int(HOURS_PER_DAY)
_YEAR_H: Final = int(HOURS_PER_YEAR)
_TABLE: Final = "own_hours"


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
    frame = read_tables([_TABLE], {_TABLE: path}, package=package)[_TABLE]
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
