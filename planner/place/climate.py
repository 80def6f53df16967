"""Climate and borders of places."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from planner.base.errors import refuse
from planner.base.units import HOURS_PER_DAY
from planner.clock.profiles import slot_means, slot_peaks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.clock.days import Days

# --- From weather to overhead: mechanical cooling, water, and electrical loss ---------------------
#
# A cooling plant is a curve over one temperature, dry or wet bulb. The weather of a month is a
# mean day, a cosine around the monthly mean; the curve is applied to each of its hours and only
# then averaged, since an overhead at a mean temperature is not a mean overhead.

WARMEST_HOUR: Final = 15.0  # [h], local standard time; dry and wet bulb alike


def mechanical_overhead_frac(
    temp_c: ArrayLike, floor: ArrayLike, ramp: ArrayLike, start: ArrayLike, end: ArrayLike, slope: ArrayLike
) -> Floats:
    r"""Power of a cooling plant per unit of heat, at the temperature that drives it.

    Free cooling up to `start`, mixed operation up to `end`, compressors alone beyond:

    .. math:: m_0 + m_1 \min\!\left(\max\!\left(\frac{T - T_0}{T_1 - T_0}, 0\right), 1\right)
              + m_2 \max(0, T - T_1)
    Takes `temp_c` [deg C], `start` [deg C], `end` [deg C], `slope` [1/K].

    Shape of the published PUE bands of N. Lei, E. Masanet, Resources, Conservation and
    Recycling 182 (2022) 106323.
    """
    temp, low, high = (np.asarray(value, dtype=float) for value in (temp_c, start, end))
    refuse("cooling", (not np.all(high > low), f"the ramp ends at {high} C", f"above its start {low}"))
    mixed = np.clip((temp - low) / (high - low), 0.0, 1.0)
    beyond = np.maximum(temp - high, 0.0)
    return np.asarray(np.asarray(floor) + np.asarray(ramp) * mixed + np.asarray(slope) * beyond, dtype=float)


def wue_l_per_kwh(temp_c: ArrayLike, floor: ArrayLike, ramp: ArrayLike, start: ArrayLike, end: ArrayLike) -> Floats:
    """Water that a cooling plant evaporates and drains, at the temperature that drives it.

    The same ramp as `mechanical_overhead_frac`, level beyond its end.
    Takes `temp_c` [deg C], `floor` [L/kWh of IT energy], `ramp` [L/kWh of IT energy], `start` [deg C], `end` [deg C].

    >>> wue_l_per_kwh([6.0, 15.0, 35.0], 0.2, 2.4, 9.0, 21.0).round(6).tolist()
    [0.2, 1.4, 2.6]
    """
    return mechanical_overhead_frac(temp_c, floor, ramp, start, end, 0.0)


def hourly_temperatures(monthly_mean_c: ArrayLike, daily_range_k: ArrayLike) -> Floats:
    r"""Mean day of each month, a cosine that is highest at 15 h local standard time.

    .. math:: T(m, h) = \bar T_m + \frac{R_m}{2} \cos\frac{2 \pi (h - 15)}{24}
    Takes `monthly_mean_c` [deg C], `daily_range_k` [K]. Gives [deg C].
    """
    swing = np.asarray(daily_range_k, dtype=float)[..., None] / 2.0
    return np.asarray(np.asarray(monthly_mean_c, dtype=float)[..., None] + swing * _cosine())


def design_day_temperatures(design_max_c: ArrayLike, daily_range_k: ArrayLike) -> Floats:
    """Peak day whose warmest hour is the design temperature.

    Takes `design_max_c` [deg C], `daily_range_k` [K]. Gives [deg C].
    """
    swing = np.asarray(daily_range_k, dtype=float)[..., None] / 2.0
    return np.asarray(np.asarray(design_max_c, dtype=float)[..., None] + swing * (_cosine() - 1.0))


def slot_values(by_month: ArrayLike, on_peak_day: ArrayLike, utc_offset_h: float, days: Days) -> Floats:
    """Lay an hourly overhead or water use over the slots of the days.

    Ordinary days take the mean over a slot, because they are billed; slots of a peak day
    take the highest hour, because they size cooling and interconnection and must not shrink
    when slots are made longer.
    """
    peak = np.asarray(on_peak_day, dtype=float)[..., None, :]
    every_day = np.broadcast_to(peak, (*peak.shape[:-2], days.n_days, peak.shape[-1]))
    return np.where(
        days.is_peak,
        slot_peaks(every_day, utc_offset_h, days, is_by_day=True),
        slot_means(by_month, utc_offset_h, days),
    )


class ElectricalLoss(NamedTuple):
    """Loss of a power chain as a linear function of hall and load."""

    fixed_frac: Floats  # loss per MW of hall, whatever the load
    variable_frac: Floats  # loss per MW of load


def electrical_loss(
    k0: ArrayLike,
    k1: ArrayLike,
    k2: ArrayLike,
    distribution: ArrayLike,
    installed_ratio: ArrayLike,
    design_utilisation: ArrayLike,
) -> ElectricalLoss:
    r"""Linear loss of UPS and distribution that meets the quadratic curve at the design load.

    A UPS of 1 MW at load fraction x loses :math:`k_0 + k_1 x + k_2 x^2`. A hall of H MW has
    :math:`\rho H` MW of UPS, so at a load of L its fraction is :math:`x = L / (\rho H)`: every
    feed of a 2N hall (:math:`\rho = 2`) carries half. With one x of the square held at the
    design load, :math:`x_d = u_d / \rho`, the loss is linear in H and L,

    .. math:: k_0 \rho H + (k_1 + k_2 x_d) L + \delta L,

    equal to the curve at the design load and at no load. Between the two it exceeds the curve
    by at most :math:`k_2 x_d^2 / 4` of the rating, 0.25 % at k2 = 0.018 and x = 0.75; beyond
    the design load it falls short.
    """
    ratio = np.asarray(installed_ratio, dtype=float)
    utilisation = np.asarray(design_utilisation, dtype=float)
    at_design = np.asarray(k1) + np.asarray(k2) * utilisation / ratio
    return ElectricalLoss(
        fixed_frac=np.asarray(np.asarray(k0) * ratio, dtype=float),
        variable_frac=np.asarray(at_design + np.asarray(distribution), dtype=float),
    )


def _cosine() -> Floats:
    """Shape of a day, 1 at the warmest local hour, mean 0, shape (24,)."""
    hours = np.arange(HOURS_PER_DAY)
    return np.asarray(np.cos(2.0 * np.pi * (hours - WARMEST_HOUR) / HOURS_PER_DAY))


# --- In which country a place lies, from outlines that are small enough to ship -------------------
#
# `countries.json` has the rings of every country in WGS 84, longitude first. It is made from
# world-atlas (Natural Earth 1:50 million, public domain; the package under the ISC licence) by
# `bench/outlines.py`. Coasts and borders are some 10 km off.

COUNTRIES_FILE: Final = Path(__file__).parent / "countries.json"
NEAR_DEG: Final = 0.4
"""How far from its outline a place may lie: some 40 km, for harbours and simplified borders."""


def has_outline(country: str) -> bool:
    """Tell whether the outline of a country is known, by its ISO 3166 alpha-2 code."""
    return country in _rings()


def is_near(country: str, lat: float, lon: float) -> bool:
    """Tell whether a place lies in a country or close to its outline. Takes `lat` [degree], `lon` [degree]."""
    import shapely  # here, for it is slow to load and few scenarios have places of their own

    outline, width = _outline(country), math.cos(math.radians(lat))  # of a degree of longitude, in those of latitude
    in_degrees_of_latitude = shapely.transform(outline, lambda points: points * (width, 1.0))
    return bool(shapely.dwithin(in_degrees_of_latitude, shapely.Point(lon * width, lat), NEAR_DEG))


def countries_near(lat: float, lon: float) -> tuple[str, ...]:
    """Return the codes of all countries that a place lies in or close to."""
    return tuple(code for code in _rings() if is_near(code, lat, lon))


@cache
def _rings() -> dict[str, list[list[list[float]]]]:
    """Rings by country, points longitude first."""
    rings: dict[str, list[list[list[float]]]] = json.loads(COUNTRIES_FILE.read_text(encoding="utf-8"))
    return rings


@cache
def _outline(country: str) -> Any:
    """What of the globe a country is: inside an odd number of its rings."""
    import shapely

    return shapely.build_area(shapely.MultiLineString([[*ring, ring[0]] for ring in _rings().get(country, ())]))
