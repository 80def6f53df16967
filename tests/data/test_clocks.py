"""The hours of the shipped shapes are those of standard time, told by their beginning.

The sun tells which clock a table keeps. At longitude `lon` it stands highest at

    12 h + utc_offset_h - lon / 15 - equation of time

on the standard clock of a site; the sites of a zone stand for where its plants are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from planner.tables import load_package, read_tables

if TYPE_CHECKING:
    from planner.base.arrays import Floats


TABLES = read_tables(load_package().tables)
SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
MIDDLE_H = np.arange(24) + 0.5  # [h], the middle of an hour that is told by its beginning
DEGREES_PER_HOUR = 15.0
SUN_WITHIN_H = 0.75
"""Sites are not where the plants are, and some zones lie under two clocks."""
DIP_WITHIN_H = 1.0
"""Load falls through the afternoon, so dips are centred up to an hour after noon."""
DEEP_FRAC = 0.5  # [fraction], dips of prices deeper than this are the sun's
SUNNY = ["AT", "AU-NSW", "AU-VIC", "BE", "CAISO", "CH", "CL-SIC", "DE-LU", "ES", "FR", "NL", "PT"]
"""Markets with enough sun to pull the price of some season down by that much at noon."""


def equation_of_time_h(season: str) -> float:
    """Sun time less mean time, mean of the season [h].

    References
    ----------
    .. [1] C. B. Honsberg and S. G. Bowden, "Solar Time", PVEducation, 2019.
    """
    days = pd.date_range("2023-01-01", "2023-12-31")
    days = days[days.month.isin(SEASONS[season])]
    angle = 2.0 * np.pi * (days.day_of_year.to_numpy() - 81) / 365
    minutes = 9.87 * np.sin(2.0 * angle) - 7.53 * np.cos(angle) - 1.5 * np.sin(angle)
    return float(minutes.mean()) / 60


def solar_noon_h(sites: pd.DataFrame, season: str) -> float:
    """When the sun stands highest over `sites`, on their standard clocks [h]."""
    behind_clock = sites["utc_offset_h"] - sites["lon"] / DEGREES_PER_HOUR
    return 12.0 + float(behind_clock.mean()) - equation_of_time_h(season)


def centre_h(height: Floats) -> float:
    """Centre of mass of the upper half of a hump [h], which leaves out night and dusk."""
    upper = np.clip(height - height.max() / 2.0, 0.0, None)
    return float(upper @ MIDDLE_H / upper.sum())


def by_hour(table: str, key: str, value: str) -> pd.DataFrame:
    """Rows of zone and season, columns of the 24 hours."""
    return TABLES[table].pivot(index=[key, "season"], columns="hour_local", values=value)


def solar() -> pd.DataFrame:
    shapes = TABLES["renewable_shapes"]
    return shapes[shapes["technology"] == "solar"].pivot(
        index=["zone", "season"], columns="hour_local", values="capacity_factor_frac"
    )


def dip(price: Floats) -> tuple[Floats, float]:
    """How far each hour from 6 to 20 lies below the lower shoulder, and the deepest over it."""
    day = price[6:20]
    shoulder = min(day[:5].max(), day[-5:].max())
    below = np.zeros(24)
    below[6:20] = np.clip(shoulder - day, 0.0, None)
    return below, below.max() / shoulder if shoulder > 0.0 else 0.0


def test_noon_is_that_of_a_watch_and_a_map() -> None:
    # Ashburn: 77.5 W is 2.5 degrees, 10 minutes, behind its meridian of 75 W. In autumn the sun is
    # up to 16.4 minutes ahead of mean time (3 November), in the mean of the season 11 to 12.
    ashburn = TABLES["sites"].query("site == 'us-va-ashburn'")

    assert solar_noon_h(ashburn, "SON") == pytest.approx(12 + (10 - 11.5) / 60, abs=0.02)
    assert solar_noon_h(ashburn, "DJF") > 12 + 15 / 60


@pytest.mark.parametrize("zone", sorted({str(zone) for zone, _ in solar().index}))
def test_the_sun_of_every_zone_and_season_is_centred_on_solar_noon(zone: str) -> None:
    sites = TABLES["sites"].query("zone == @zone")
    late_h = {
        season: centre_h(solar().loc[(zone, season)].to_numpy()) - solar_noon_h(sites, season) for season in SEASONS
    }

    assert all(abs(hours) <= SUN_WITHIN_H for hours in late_h.values()), late_h


@pytest.mark.parametrize("zone", SUNNY)
def test_dips_of_prices_that_the_sun_makes_are_centred_about_solar_noon(zone: str) -> None:
    # Medians: scarce hours of an evening make shoulders of a mean that are not the sun's.
    prices = by_hour("price_shapes", "price_zone", "shape_median_frac")
    sites = TABLES["sites"].query("price_zone == @zone and not price_zone_is_proxy")
    late_h = {}
    for season in SEASONS:
        below, depth_frac = dip(prices.loc[(zone, season)].to_numpy())
        if depth_frac > DEEP_FRAC:
            late_h[season] = centre_h(below) - solar_noon_h(sites, season)

    assert late_h
    assert all(abs(hours) <= DIP_WITHIN_H for hours in late_h.values()), late_h
