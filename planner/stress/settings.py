"""What a plan is put through: how many years, which events, how often the grid fails."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isnan
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StressSettings", "settings_from"]


@dataclass(frozen=True)
class StressSettings:
    """What a plan is put through; figures of table `stress_settings` unless given.

    Parameters
    ----------
    draws
        Years of weather, prices and outages drawn for each model year.
    seed
        Of all random numbers: the same seed gives the same years.
    outages_per_year
        Times a year that the grid fails at a site.
    outage_median_h, outage_mean_h
        Median and mean of how long; log-normal between them. [h]
    heat_wave_k, heat_wave_days
        Heat on top of the drawn weather, in the middle of the hottest month. [K], [day]
    curtailment_frac, curtailment_h
        Share of every firm connection that the grid takes back around the hour of the year in
        which the plan uses most, and for how long. [-], [h]
    generator_mw
        Size of one stand-by generator. [MW]
    fuel_h
        Hours at full output that the fuel at a site lasts. [h]
    weather_persistence_h, price_persistence_h
        Time over which weather and prices forget. [h]
    weather_reach_km, price_reach_km
        Distance over which places stop sharing them. [km]
    """

    outages_per_year: float
    outage_median_h: float
    outage_mean_h: float
    heat_wave_k: float
    heat_wave_days: float
    curtailment_frac: float
    curtailment_h: float
    generator_mw: float
    fuel_h: float
    weather_persistence_h: float
    weather_reach_km: float
    price_persistence_h: float
    price_reach_km: float
    draws: int = 10
    seed: int = 1


_UNITS = {
    "outages_per_year": "1/year",
    "outage_median_h": "h",
    "outage_mean_h": "h",
    "heat_wave_k": "K",
    "heat_wave_days": "day",
    "curtailment_frac": "-",
    "curtailment_h": "h",
    "generator_mw": "MW",
    "fuel_h": "h",
    "weather_persistence_h": "h",
    "weather_reach_km": "km",
    "price_persistence_h": "h",
    "price_reach_km": "km",
}
_MAY_BE_ZERO = {"outages_per_year", "heat_wave_k", "heat_wave_days", "curtailment_frac", "fuel_h"}


def settings_from(table: pd.DataFrame, given: dict[str, Any]) -> StressSettings:
    """Take the table's figures, and those that were given in their place.

    Parameters
    ----------
    table : DataFrame
        `stress_settings`.
    given : dict
        By field of `StressSettings`; None is not given.

    Returns
    -------
    StressSettings

    Raises
    ------
    InputError
        With every figure that is missing, in another unit or out of its range.
    """
    value = dict(zip(table["item"], table["value"].astype(float), strict=True))
    unit_of = dict(zip(table["item"], table["unit"], strict=True))
    problems = [
        Problem("data/stress_settings.csv", None, None, f"there is no item {item!r}", "a row of it")
        for item in _UNITS
        if item not in value
    ]
    problems += [
        Problem(
            "data/stress_settings.csv",
            None,
            None,
            f"{item} is in {unit_of[item]}",
            f"in {unit}",
        )
        for item, unit in _UNITS.items()
        if item in value and unit_of[item] != unit
    ]
    if problems:
        raise InputError(problems)
    own = {name: figure for name, figure in given.items() if figure is not None}
    settings = StressSettings(**({item: value[item] for item in _UNITS} | own))
    problems = list(_out_of_range(settings))
    if problems:
        raise InputError(problems)
    return settings


def _out_of_range(settings: StressSettings) -> list[Problem]:
    found = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        least = "at least 0" if field.name in _MAY_BE_ZERO | {"seed"} else "above 0"
        is_wrong = value < 0 or (value == 0 and least == "above 0") or isnan(value)
        if is_wrong:
            found.append(_problem(field.name, value, least))
    if not settings.curtailment_frac <= 1:
        found.append(_problem("curtailment_frac", settings.curtailment_frac, "0 to 1"))
    if not settings.outage_median_h <= settings.outage_mean_h:
        what_is = f"{settings.outage_median_h} with a mean of {settings.outage_mean_h}"
        found.append(_problem("outage_median_h", what_is, "at most the mean: outages have a tail"))
    return found


def _problem(name: str, value: object, must_be: str) -> Problem:
    return Problem("stress", None, None, f"{name} is {value}", must_be)
