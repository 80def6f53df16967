"""What a plan is put through: how many years, which events, how often the grid fails."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from planner.base.errors import Problem, raise_all
from planner.base.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


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
    "lost_load_usd_per_mwh": "USD/MWh",
}
_MAY_BE_ZERO = {"outages_per_year", "heat_wave_k", "heat_wave_days", "curtailment_frac", "fuel_h", "seed"}
_AT_MOST = {
    "curtailment_frac": 1.0,
    "heat_wave_days": 365.0,
    "curtailment_h": HOURS_PER_YEAR,
    "outages_per_year": HOURS_PER_YEAR,
}
"""An event lies within a year of 365 days."""
_WHOLE = {"heat_wave_days": "days", "curtailment_h": "hours"}
"""Lengths of events in a year of hours, and what they are counted in."""
_TABLE = "data/stress_settings.csv"


def settings_from(table: pd.DataFrame, given: dict[str, Any]) -> StressSettings:
    """Take the table's figures, and those that were given in their place."""
    value = dict(zip(table["item"], table["value"].astype(float), strict=True))
    unit_of = dict(zip(table["item"], table["unit"], strict=True))
    problems = [
        Problem.of(_TABLE, f"there is no item {item!r}", "a row of it", "add it")
        for item in _UNITS
        if item not in value
    ]
    problems += [
        Problem.of(_TABLE, f"{item} is in {unit_of[item]}", f"in {unit}", "write the figure in this unit")
        for item, unit in _UNITS.items()
        if item in value and unit_of[item] != unit
    ]
    own = {name: figure for name, figure in given.items() if figure is not None}
    # What the table lacks is reported; the rest is checked all the same.
    settings = StressSettings(**({item: value.get(item, inf) for item in _UNITS} | own))
    problems += [
        problem
        for name, problem in _out_of_range(settings, frozenset(own))
        if name in own or name in value or name not in _UNITS
    ]
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
