"""Distance on the WGS84 ellipsoid by Vincenty's formula, apart from the library the plan uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats


_EQUATOR_KM: Final = 6378.137
_FLATTENING: Final = 1.0 / 298.257223563
_POLE_KM: Final = _EQUATOR_KM * (1.0 - _FLATTENING)
_ROUNDS: Final = 60  # ten settle all but pairs at opposite ends of the globe


def distance_km(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Shortest distance on the ellipsoid.

    Takes `lat_a` [degree], `lon_a` [degree], `lat_b` [degree], `lon_b` [degree]. Gives [km].

    T. Vincenty, Direct and inverse solutions of geodesics on the ellipsoid, Survey Review 23,
    1975, formulae 14 to 19 and 3 to 6.

    London to Paris:

    >>> ends = (np.array([degrees]) for degrees in (51.5074, -0.1278, 48.8566, 2.3522))
    >>> distance_km(*ends).round(1).tolist()
    [343.9]
    """
    reduced_a = np.arctan((1.0 - _FLATTENING) * np.tan(np.radians(lat_a)))
    reduced_b = np.arctan((1.0 - _FLATTENING) * np.tan(np.radians(lat_b)))
    sin_a, cos_a = np.sin(reduced_a), np.cos(reduced_a)
    sin_b, cos_b = np.sin(reduced_b), np.cos(reduced_b)
    apart = np.radians(np.asarray(lon_b) - np.asarray(lon_a))
    around = apart
    for _ in range(_ROUNDS):
        across = cos_b * np.sin(around)
        along = cos_a * sin_b - sin_a * cos_b * np.cos(around)
        sine = np.hypot(across, along)
        cosine = sin_a * sin_b + cos_a * cos_b * np.cos(around)
        arc = np.arctan2(sine, cosine)
        sin_azimuth = np.where(sine > 0.0, cos_a * cos_b * np.sin(around) / np.where(sine > 0.0, sine, 1.0), 0.0)
        cos2_azimuth = 1.0 - sin_azimuth**2
        on_equator = cos2_azimuth < 1e-15
        middle = np.where(on_equator, 0.0, cosine - 2.0 * sin_a * sin_b / np.where(on_equator, 1.0, cos2_azimuth))
        c = _FLATTENING / 16.0 * cos2_azimuth * (4.0 + _FLATTENING * (4.0 - 3.0 * cos2_azimuth))
        bend = arc + c * sine * (middle + c * cosine * (2.0 * middle**2 - 1.0))
        before, around = around, apart + (1.0 - c) * _FLATTENING * sin_azimuth * bend
        if np.all(np.abs(around - before) < 1e-13):
            break
    u2 = cos2_azimuth * (_EQUATOR_KM**2 - _POLE_KM**2) / _POLE_KM**2
    a = 1.0 + u2 / 16384.0 * (4096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)))
    b = u2 / 1024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)))
    inner = cosine * (2.0 * middle**2 - 1.0) - b / 6.0 * middle * (4.0 * sine**2 - 3.0) * (4.0 * middle**2 - 3.0)
    bulge = b * sine * (middle + b / 4.0 * inner)
    return np.asarray(_POLE_KM * a * (arc - bulge))
