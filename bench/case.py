"""The case that all modelling layers build: dispatch with assignment, as plain arrays.

Regions are served from sites over sparse routes; a site has the capacity built up to a year, and
meets its load in every slot from the grid, solar and a battery; zones have headroom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BATTERY_HOURS = 4.0
EFFICIENCY = 0.93


@dataclass(frozen=True)
class Case:
    """Sets by number of members, sparse routes, and data; r region, s site, t year, h slot."""

    regions: int
    sites: int
    years: int
    slots: int
    zones: int
    route_region: Ints
    route_site: Ints
    zone_of_site: Ints
    demand: Floats  # r t
    existing: Floats  # s
    pue: Floats  # s h
    shape: Floats  # h
    solar: Floats  # s h
    headroom: Floats  # z t
    cost_route: Floats  # route
    cost_build: Floats  # s t
    cost_firm: Floats  # s t
    cost_solar: Floats  # s t
    cost_battery: Floats  # s t
    price: Floats  # s t h
    cost_unmet: float


def make_case(*, regions: int, sites: int, years: int, slots: int, routes: int) -> Case:
    """Return a case of the given size; `routes` is the number of sites that a region can use."""
    rng = np.random.default_rng(20250101)
    zones = max(2, sites // 8)
    hour = np.arange(slots) * 24.0 / slots
    near = np.argsort(rng.random((regions, sites)), axis=1)[:, :routes]
    return Case(
        regions=regions,
        sites=sites,
        years=years,
        slots=slots,
        zones=zones,
        route_region=np.repeat(np.arange(regions), routes),
        route_site=near.ravel(),
        zone_of_site=rng.integers(0, zones, sites),
        demand=rng.uniform(2.0, 9.0, (regions, years)) * np.linspace(1.1, 1.9, years),
        existing=rng.uniform(3.0, 9.0, sites),
        pue=rng.uniform(1.1, 1.4, (sites, 1)) + rng.uniform(0.0, 0.1, (sites, slots)),
        shape=0.85 + 0.15 * np.sin(2.0 * np.pi * hour / 24.0),
        solar=np.round(np.clip(np.sin(2.0 * np.pi * (hour - 6.0) / 24.0), 0.0, None), 6)
        * rng.uniform(0.5, 0.9, (sites, 1)),
        headroom=rng.uniform(30.0, 90.0, (zones, years)),
        cost_route=rng.uniform(0.1, 2.5, regions * routes),
        cost_build=rng.uniform(60.0, 90.0, (sites, years)),
        cost_firm=rng.uniform(40.0, 110.0, (sites, years)),
        cost_solar=rng.uniform(90.0, 150.0, (sites, years)),
        cost_battery=rng.uniform(110.0, 170.0, (sites, years)),
        price=rng.uniform(30.0, 110.0, (sites, years, slots)) * 8.76 / slots,
        cost_unmet=1500.0,
    )


SIZES = {
    "small": {"regions": 40, "sites": 30, "years": 6, "slots": 24, "routes": 12},
    "medium": {"regions": 50, "sites": 60, "years": 6, "slots": 48, "routes": 20},
    "large": {"regions": 60, "sites": 100, "years": 6, "slots": 144, "routes": 40},
}
