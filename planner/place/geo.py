"""Distance and latency between places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import KM_PER_M, MS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats, Integers

# --- Distances on the globe and round-trip times over fibre ---------------------------------------
#
# A round-trip time is a line over the geodesic distance, fitted per class of pairs of world
# regions, or a measured value where a measured pair lies close to both ends. Last-mile access
# is added on top of either. Inside a metro area the line's intercept, which is made of long-haul
# equipment and detours, does not apply.

SPEED_OF_LIGHT_KM_PER_S: Final = 299_792.458  # [km/s], in vacuum, by definition
FIBRE_GROUP_INDEX: Final = 1.468
"""Group index of standard single-mode fibre (ITU-T G.652) at 1,550 nm: 204,200 km/s."""
METRO_RADIUS_KM: Final = 80.0  # [km]
METRO_RTT_MS: Final = 1.0  # [ms], estimate: up to 80 km of fibre and a few switches
MEASURED_RADIUS_KM: Final = 50.0  # [km]
PAIR_CLASSES: Final = (
    "us_ca",
    "europe",
    "asia_oceania",
    "latin_america",
    "middle_east_africa",
    "transatlantic",
    "intercontinental",
    "world",
)
"""Classes that have a line of their own; `world` serves pairs inside any other continent."""
_BACKBONE_COUNTRIES: Final = frozenset({"US", "CA"})
_CONTINENTS: Final = {
    "Asia": "asia_oceania",
    "Oceania": "asia_oceania",
    "Asia-Pacific": "asia_oceania",
    "Europe": "europe",
    "Latin America": "latin_america",
    "Middle East & Africa": "middle_east_africa",
}


def geodesic_km(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Shortest distance on the WGS84 ellipsoid.

    Takes `lat1` [degree], `lon1` [degree], `lat2` [degree], `lon2` [degree]. Gives [km].
    """
    from pyproj import Geod  # here, for it is slow to load and most callers need no distance

    y1, x1, y2, x2 = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (lat1, lon1, lat2, lon2)))
    _, _, metres = Geod(ellps="WGS84").inv(x1.ravel(), y1.ravel(), x2.ravel(), y2.ravel())
    return np.asarray(metres, dtype=float).reshape(x1.shape) * KM_PER_M


def fibre_floor_ms(distance_km: ArrayLike) -> Floats:
    r"""Round-trip time of light in a fibre laid along the geodesic: nothing can be faster.

    .. math:: 2 d \, n / c \qquad n = 1.468
    Gives [ms].
    """
    there_and_back_km = 2.0 * np.asarray(distance_km, dtype=float)
    return there_and_back_km * FIBRE_GROUP_INDEX / SPEED_OF_LIGHT_KM_PER_S * MS_PER_S


def faster_than_light(
    distance_km: ArrayLike, rtt_ms: ArrayLike, labels: Sequence[str]
) -> list[tuple[int, str, str, str]]:
    """List the round trips that would need signals faster than light in fibre.

    Takes `distance_km` (pair,) [km], `rtt_ms` (pair,) [ms].
    """
    distance, rtt = np.asarray(distance_km, dtype=float), np.asarray(rtt_ms, dtype=float)
    floor = fibre_floor_ms(distance)
    too_fast = ~((rtt > 0.0) & (rtt >= floor))
    return [
        (
            int(row),
            f"{labels[int(row)]}: {rtt[row]:g} ms over {distance[row]:.0f} km",
            f"at least {floor[row]:.2f} ms, light in fibre",
            "if it is one-way say so in the table",
        )
        for row in np.flatnonzero(too_fast)
    ]


def pair_class(region_a: str, country_a: str, region_b: str, country_b: str) -> str:
    """Class of a pair of places, the name of its latency line."""
    a, b = _continent(region_a, country_a), _continent(region_b, country_b)
    if a == b:
        return a if a in PAIR_CLASSES else "world"
    return "transatlantic" if {a, b} == {"us_ca", "europe"} else "intercontinental"


def rtt_ms(
    distance_km: ArrayLike,
    intercept_ms: ArrayLike,
    slope_ms_per_km: ArrayLike,
    last_mile_ms: ArrayLike = 0.0,
    metro_radius_km: float = METRO_RADIUS_KM,
    metro_rtt_ms: float = METRO_RTT_MS,
) -> Floats:
    r"""Round-trip time by the line of a pair class, or by the metro rule close by.

    .. math:: \max(a + b d, \text{light in fibre}) + l \quad (d > d_m), \qquad
              m + l \quad (d \le d_m)
    Takes `slope_ms_per_km` [ms]. Gives [ms].
    """
    distance = np.asarray(distance_km, dtype=float)
    line = np.asarray(intercept_ms) + np.asarray(slope_ms_per_km) * distance
    long_haul = np.maximum(line, fibre_floor_ms(distance))
    haul = np.where(distance <= metro_radius_km, metro_rtt_ms, long_haul)
    return np.asarray(haul + np.asarray(last_mile_ms, dtype=float))


@dataclass(frozen=True)
class MeasuredPairs:
    """Measured round-trip times between two places, one row a pair."""

    origin_lat: Floats  # ends of each pair, shape (pair,). [degree]
    origin_lon: Floats
    destination_lat: Floats
    destination_lon: Floats
    rtt_ms: Floats  # round-trip time measured from the origin, shape (pair,). [ms]


def apply_measured(
    haul_ms: ArrayLike,
    user_lat: ArrayLike,
    user_lon: ArrayLike,
    site_lat: ArrayLike,
    site_lon: ArrayLike,
    measured: MeasuredPairs,
    radius_km: float = MEASURED_RADIUS_KM,
) -> Floats:
    """Replace fitted long-haul times by measured ones where a pair lies close to both ends.

    A pair measured from the users' side comes first, so tables with a value for each direction
    keep their asymmetry; one measured only from the sites' side serves where there is no
    other. Of several pairs the one whose ends lie closest counts, then the one listed first.
    Takes `haul_ms` (user, site) [ms], `user_lat` (user,) [degree], `user_lon` (user,) [degree], `site_lat` (site,)
    [degree], `site_lon` (site,) [degree]. Gives (user, site) [ms].
    """
    result = np.array(haul_ms, dtype=float)
    closest_km = np.full(result.shape, np.inf)
    users = np.stack([np.asarray(user_lat, dtype=float), np.asarray(user_lon)], axis=1)
    sites = np.stack([np.asarray(site_lat, dtype=float), np.asarray(site_lon)], axis=1)
    ends, origin, destination = _ends(measured)
    user_km = _to_ends_km(users, ends)
    site_km = _to_ends_km(sites, ends)
    for user_end, site_end in ((origin, destination), (destination, origin)):
        is_open = np.isinf(closest_km)
        for pair, rtt in enumerate(measured.rtt_ms):
            near_users = np.flatnonzero(user_km[:, user_end[pair]] <= radius_km)
            near_sites = np.flatnonzero(site_km[:, site_end[pair]] <= radius_km)
            block = np.ix_(near_users, near_sites)
            offset_km = user_km[near_users, user_end[pair]][:, None] + site_km[near_sites, site_end[pair]]
            is_better = is_open[block] & (offset_km < closest_km[block])
            result[block] = np.where(is_better, rtt, result[block])
            closest_km[block] = np.where(is_better, offset_km, closest_km[block])
    return result


def round_trips_ms(origins: Sequence[str], destinations: Sequence[str], one_way_ms: ArrayLike) -> Floats:
    """Turn one-way times into round trips: there plus back, or twice there.

    Takes `one_way_ms` (row,) [ms]. Gives (row,).

    >>> round_trips_ms(["a", "b", "a"], ["b", "a", "c"], [12.0, 13.5, 7.0]).tolist()
    [25.5, 25.5, 14.0]
    """
    there = np.asarray(one_way_ms, dtype=float)
    row_of = {ends: row for row, ends in enumerate(zip(origins, destinations, strict=True))}
    back_row = [
        row_of.get((destination, origin), row)
        for row, (origin, destination) in enumerate(zip(origins, destinations, strict=True))
    ]
    return np.asarray(there + there[back_row])


def _continent(region: str, country: str) -> str:
    if country in _BACKBONE_COUNTRIES:
        return "us_ca"
    return _CONTINENTS.get(region, region)


def _ends(measured: MeasuredPairs) -> tuple[Floats, Integers, Integers]:
    """List the different ends of all pairs, and the ends of each pair in that list."""
    origins = np.stack([measured.origin_lat, measured.origin_lon], axis=1)
    destinations = np.stack([measured.destination_lat, measured.destination_lon], axis=1)
    ends, code = np.unique(np.concatenate([origins, destinations]), axis=0, return_inverse=True)
    code = code.ravel()
    return ends, code[: len(origins)], code[len(origins) :]


def _to_ends_km(places: Floats, ends: Floats) -> Floats:
    """Distances from places to ends of measured pairs, shape (place, end)."""
    return geodesic_km(places[:, :1], places[:, 1:], ends[:, 0], ends[:, 1])
