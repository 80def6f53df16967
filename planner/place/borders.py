"""In which country a place lies, from outlines that are small enough to ship.

`countries.json` has the rings of every country in WGS 84, longitude first. It is made from
world-atlas (Natural Earth 1:50 million, public domain; the package under the ISC licence) by
`planner.outputs.basemaps.convert`. Coasts and borders are some 10 km off.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats

__all__ = ["COUNTRIES_FILE", "countries_near", "has_outline", "is_near"]

COUNTRIES_FILE: Final = Path(__file__).parent / "countries.json"
NEAR_DEG: Final = 0.4
"""How far from its outline a place may lie: some 40 km, for harbours and simplified borders."""


def has_outline(country: str) -> bool:
    """Tell whether the outline of a country is known, by its ISO 3166 alpha-2 code."""
    return country in _rings()


def is_near(country: str, lat: float, lon: float) -> bool:
    """Tell whether a place lies in a country or close to its outline. Takes `lat` [degree], `lon` [degree].

    >>> is_near("US", 39.04, -77.49), is_near("US", 39.9, 116.4)
    (True, False)
    """
    rings = [ring for ring, box in _rings().get(country, ()) if _reaches(box, lat, lon)]
    inside = sum(_is_inside(ring, lat, lon) for ring in rings) % 2 == 1
    return inside or any(_distance_deg(ring, lat, lon) < NEAR_DEG for ring in rings)


def countries_near(lat: float, lon: float) -> tuple[str, ...]:
    """Return the codes of all countries that a place lies in or close to.

    >>> countries_near(39.9, 116.4), countries_near(0.0, -30.0)
    (('CN',), ())
    """
    return tuple(code for code in _rings() if is_near(code, lat, lon))


@cache
def _rings() -> dict[str, list[tuple[Floats, tuple[float, ...]]]]:
    """Rings by country, each of shape (point, 2), longitude first, and the rectangle round it."""
    content = json.loads(COUNTRIES_FILE.read_text(encoding="utf-8"))
    found: dict[str, list[tuple[Floats, tuple[float, ...]]]] = {}
    for code, rings in content.items():
        points = [np.array(ring) for ring in rings]
        found[code] = [(ring, (*ring.min(axis=0), *ring.max(axis=0))) for ring in points]
    return found


def _reaches(box: tuple[float, ...], lat: float, lon: float) -> bool:
    """Whether a place lies within a rectangle, with a margin."""
    west, south, east, north = box
    wide = NEAR_DEG / max(math.cos(math.radians(lat)), 0.1)
    return west - wide <= lon <= east + wide and south - NEAR_DEG <= lat <= north + NEAR_DEG


def _is_inside(ring: Floats, lat: float, lon: float) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    x, y = ring.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > lat) != (next_y > lat)
    rise = np.where(crosses, next_y - y, 1.0)
    at = x + (lat - y) * (next_x - x) / rise
    return int((crosses & (at > lon)).sum()) % 2 == 1


def _distance_deg(ring: Floats, lat: float, lon: float) -> float:
    """Shortest distance to the lines of a ring, in degrees of latitude."""
    scale = np.array([np.cos(np.radians(lat)), 1.0])
    start = (ring - np.array([lon, lat])) * scale
    way = np.roll(start, -1, axis=0) - start
    length = (way**2).sum(axis=1)
    along = np.clip(-(start * way).sum(axis=1) / np.where(length > 0.0, length, 1.0), 0.0, 1.0)
    nearest = start + along[:, None] * way
    return float(np.sqrt((nearest**2).sum(axis=1)).min())
