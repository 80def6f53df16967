"""What is plausible: the ranges of table `plausible_ranges`, and places that are where they are said to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError
from planner.place.climate import countries_near, has_outline, is_near
from planner.place.geo import geodesic_km
from planner.tables import load_package
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from planner.base.arrays import Bools, Floats
    from planner.base.errors import Problem
    from planner.scenario import Scenario
    from planner.scenario.tree import Keys
    from planner.tables.places import TablePlaces

RANGES: Final = "plausible_ranges"
_COLUMNS: Final = ("quantity", "table", "column", "rows", "settings", "low", "high", "unit", "hint")
_LARGE = 1e3
_SMALL = 1e-3


class Range:
    """What a figure usually is, and where it is written."""

    def __init__(self, row: Mapping[str, object]) -> None:
        """Read a row of table `plausible_ranges`."""
        cells = {name: str(cell) for name, cell in row.items()}
        self.quantity = cells["quantity"]  # id
        self.table = cells["table"]  # table of the data that has the figure; "" for none
        # its column, and the one that it is divided by; "" where the figure itself is meant
        self.column, _, self.over = cells["column"].partition(" / ")
        rows = (part.partition("=") for part in cells["rows"].split())
        # column and values: of which rows the figure is meant
        self.rows = tuple((name, tuple(values.split("|"))) for name, _, values in rows)
        # key paths of a scenario to the same figure, `*` for each entry
        self.settings = tuple(tuple(keys.split(".")) for keys in cells["settings"].split())
        self.low, self.high = float(cells["low"]), float(cells["high"])  # beyond them a figure is suspicious. [unit]
        self.unit = cells["unit"]  # unit of the figure
        self.hint = cells["hint"]  # which slip it probably is

    def excludes(self, values: ArrayLike) -> Bools:
        """Tell which figures lie outside; a 0 says that there is none, and is no slip.

        >>> made = Range(dict.fromkeys(_COLUMNS, "") | {"low": 20.0, "high": 300.0})
        >>> made.excludes([0.0, 8.2, 82.0, float("nan")]).tolist()
        [False, True, False, False]
        """
        figures = np.asarray(values, dtype=np.float64)
        return np.asarray(((figures < self.low) | (figures > self.high)) & (figures != 0.0), dtype=np.bool_)

    def what_is(self, name: str, value: float) -> str:
        """Say of a figure that it lies outside, and of what."""
        unit = "" if self.unit in PURE_NUMBERS else f" [{self.unit}]"
        bounds = f"{as_text(self.low)} to {as_text(self.high)}"
        return f"{name} is {as_text(value)}{unit}, outside the plausible {bounds}"

    @property
    def fix(self) -> str:
        """Say what to look for."""
        return self.hint or "check its unit"


def as_text(value: float) -> str:
    """Write a figure as a planner would.

    >>> as_text(2460.0), as_text(0.0098), as_text(7e6), as_text(8.2), as_text(1.25e-5)
    ('2,460', '0.0098', '7,000,000', '8.2', '1.25e-05')
    """
    if abs(value) >= _LARGE:
        return f"{value:,.0f}"
    return f"{value:,.4g}" if abs(value) >= _SMALL else f"{value:.3g}"


def ranges_of(table: pd.DataFrame, places: TablePlaces) -> tuple[Range, ...]:
    """Read table `plausible_ranges`, one range for each row."""
    columns = (table[name].to_numpy(dtype=object, na_value="").tolist() for name in _COLUMNS)
    ranges, wrong = _read(tuple(zip(*columns, strict=True)))
    if wrong:
        raise InputError([places.problem(RANGES, *one) for one in wrong])
    return ranges


@lru_cache(maxsize=4)
def _read(rows: tuple[tuple[object, ...], ...]) -> tuple[tuple[Range, ...], tuple[tuple[int, str, str, str, str], ...]]:
    """Return the ranges of some rows, once for all scenarios, and what is wrong by row."""
    ranges = tuple(Range(dict(zip(_COLUMNS, row, strict=True))) for row in rows)
    wrong = tuple((record, *one) for record, given in enumerate(ranges) for one in _wrong(given))
    return ranges, wrong


def _wrong(given: Range) -> Iterator[tuple[str, str, str, str]]:
    """Column, what is, what must be and how to fix it, of names that there are not."""
    tables = load_package().tables
    if not given.table:
        return
    if given.table not in tables:
        found = f"unknown table {given.table!r}"
        yield "table", found, "a table of the data", "`dcplan data list` lists them"
        return
    fields = {field.name: field for field in tables[given.table].fields}
    fix = f"`dcplan data show {given.table}` lists them"
    for name in filter(None, (given.column or "(blank)", given.over)):
        if name not in fields or not fields[name].is_number:
            found = f"table {given.table} has no column of numbers {name!r}"
            yield "column", found, "one of its columns", fix
    for name, values in given.rows:
        if name not in fields or not any(values):
            why = "has no value" if name in fields else f"is no column of table {given.table}"
            found = f"{name!r}, by which rows are chosen, {why}"
            yield "rows", found, "column=value, further values after |", fix


# --- Places elsewhere than said, and zones, markets and like sites far from the site given them ---

_TABLES: Final = (
    ("sites", "", True),
    ("demand_regions", "", True),
    ("rtt_measured", "origin_", False),
    ("rtt_measured", "destination_", False),
)
"""Table, what its columns of place begin with, and whether it has one of time."""
_DEGREES_PER_HOUR: Final = 15.0
_FAR_H: Final = 3.5
"""Legal time and that of the sun differ by 3 hours at most, in the west of China."""


def misplaced(scenario: Scenario) -> dict[str, Problem]:
    """Find sites of a scenario's own that lie in another country than they say, or in the sea."""
    wrong = {}
    for id_, site in scenario.new_sites.items():
        found = _elsewhere(site.country, site.lat, site.lon)
        if found is not None:
            axis, what_is, fix = found
            wrong[id_] = scenario.problem(("new_sites", id_, axis), f"new_sites.{id_}: {what_is}", fix=fix)
    return wrong


def misplaced_rows(tables: Mapping[str, pd.DataFrame], places: TablePlaces) -> Iterator[Problem]:
    """Find rows of a user's own tables whose place is not in their country, or not in their time."""
    for table, prefix, has_time in _TABLES:
        if table not in tables:
            continue
        frame = tables[table]
        rows = zip(frame.iloc[:, 0], *(frame[f"{prefix}{name}"] for name in ("country", "lat", "lon")), strict=True)
        wrong = set()
        for record, (id_, country, lat, lon) in enumerate(rows):
            found = _elsewhere(country, lat, lon)
            if found is not None:
                wrong.add(record)
                axis, what_is, fix = found
                yield places.problem(table, record, f"{prefix}{axis}", f"{id_}: {what_is}", "", fix)
        if has_time:
            yield from _other_time(table, frame, wrong, places)


def _other_time(table: str, frame: pd.DataFrame, misplaced_at: set[int], places: TablePlaces) -> Iterator[Problem]:
    """Compare the time of places that are where they should be with that of the sun."""
    offset, lon = (frame[name].to_numpy(dtype=np.float64) for name in ("utc_offset_h", "lon"))
    names = list(frame.iloc[:, 0])
    sun_h = lon / _DEGREES_PER_HOUR
    for record in np.flatnonzero(np.abs((offset - sun_h + 12.0) % 24.0 - 12.0) > _FAR_H):
        if int(record) not in misplaced_at:
            what_is = f"{names[record]}: utc_offset_h is {offset[record]:g}, but lon is {lon[record]:g}"
            fix = f"about {round(sun_h[record]):+d} would be plausible"
            yield places.problem(table, int(record), "utc_offset_h", what_is, "", fix)


def _elsewhere(country: str, lat: float, lon: float) -> tuple[str, str, str] | None:
    """Return which axis to blame, what is wrong, and what to do; None where nothing is."""
    if not has_outline(country) or is_near(country, lat, lon):
        return None
    found = countries_near(lat, lon)
    where = f"lies in {' or '.join(found)}" if found else "lies in the sea or in no known country"
    what_is = f"lat {lat:g}, lon {lon:g} {where}, but its country is {country}"
    for axis, tried in (("lon", (lat, -lon)), ("lat", (-lat, lon)), ("lat", (lon, lat)), ("lat", (-lat, -lon))):
        if abs(tried[0]) <= 90.0 and is_near(country, *tried):
            return axis, what_is, f"did you mean lat {tried[0]:g}, lon {tried[1]:g}?"
    return "lat", what_is, "check the coordinates and the country"


NEEDED: Final = frozenset({"sites", "grid_zones", "facility_market"})
"""Tables by which these are judged."""
_ZONE_KM: Final = 300.0
"""A grid may reach so far into another country, from the nearest of its sites."""
_OWN_ZONE_KM: Final = 750.0
"""The nearest other site of its zone may be so far away: San Diego is 670 km from that of CAISO."""
_NEXT: Final = 3  # sites whose zones are named
_MARKET_KM: Final = 1000.0
"""Builders of a market work so far away, from the nearest of its sites."""
_LIKE_KM: Final = 3000.0
_LIKE_ELSEWHERE_KM: Final = 1000.0  # in another country, or on another grid
_MUCH_NEARER: Final = 3.0
"""A site that is like another takes its zone, prices and climate: of much nearer ones they fit."""
_STATE_KM: Final = 200.0
_NEXT_DOOR_KM: Final = 8.0
"""A site so near has the same zone, if none of the zone that is given is: Secaucus is 10 km from another grid."""
_IN_STATE_NEARER: Final = 2.0
"""The same for a zone that no other site of its state has: all rows of table `sites` are within them."""


def related_far_away(
    scenario: Scenario, tables: Mapping[str, pd.DataFrame], misplaced: Collection[str]
) -> Iterator[Problem]:
    """Find zones and markets of another country, and like sites that are far away."""
    sites = tables["sites"]
    columns = ("country", "state", "lat", "lon")
    places = dict(zip(sites["site"], zip(*(sites[name] for name in columns), strict=True), strict=True))
    places |= {id_: tuple(getattr(site, name) for name in columns) for id_, site in scenario.new_sites.items()}
    of = {
        (block, id_): _Site(scenario, tables, (block, id_), places[id_][0], places[id_][1], _km(sites, places[id_][2:]))
        for block, id_, _ in scenario.own_sites()
        if id_ in places and id_ not in misplaced
    }
    for (block, id_), one in of.items():
        site, new = getattr(scenario, block)[id_], scenario.new_sites.get(id_)
        if site.zone is not None:
            yield from one.zone(site.zone, None if new is None else new.like)
        if site.market is not None:
            yield from one.market(site.market)
    for id_, new in scenario.new_sites.items():
        if id_ not in misplaced:
            refined = scenario.sites.get(id_)
            takes_zone = new.zone is None and (refined is None or refined.zone is None)
            yield from of["new_sites", id_].like(new.like, takes_zone=takes_zone)


def zones_elsewhere(sites: pd.DataFrame, places: TablePlaces) -> Iterator[Problem]:
    """Find sites of a user's own table in another zone than the sites next to them."""
    listed = zip(*(sites[name] for name in ("site", "zone", "country", "state", "lat", "lon")), strict=True)
    for record, (site, zone, country, state, lat, lon) in enumerate(listed):
        km = _km(sites, (lat, lon))
        km[record] = np.inf
        found = _other_zone(sites, zone, country, state, km)
        if found is not None:
            what_is, fix = found
            yield places.problem("sites", record, "zone", f"zone of {site} is {what_is}", "", fix)


def _other_zone(sites: pd.DataFrame, zone: str, country: str, state: str, km: Floats) -> tuple[str, str] | None:
    """Say of a zone that its sites are far away, for its state, and the nearest site has another; or nothing."""
    in_zone = (sites["zone"] == zone).to_numpy(dtype=np.bool_)
    near_km, beside = float(km[in_zone].min(initial=np.inf)), sites.iloc[int(km.argmin())]
    if beside["country"] != country or np.isinf(near_km):
        return None
    if not 0.0 < km.min() <= _NEXT_DOOR_KM or near_km <= _NEXT_DOOR_KM:
        if near_km <= max(_STATE_KM, _IN_STATE_NEARER * km.min()):
            return None
        of_state = set(sites["zone"][(sites["country"] == country) & (sites["state"] == state) & np.isfinite(km)])
        if near_km <= max(_OWN_ZONE_KM, _MUCH_NEARER * km.min()) and (not of_state or zone in of_state):
            return None
    beside_km = round(km.min())
    away = f", {as_text(beside_km)} km away," if beside_km else " of the tables"
    what_is = (
        f"{zone}, whose nearest site is {as_text(round(near_km))} km away, and"
        f" {beside['site']}{away} is in {beside['zone']}"
    )
    zones = sites["zone"].iloc[np.argsort(km)[:_NEXT]].unique()
    return what_is, f"sites next to it are in {' and '.join(zones)}"


def _km(sites: pd.DataFrame, place: tuple[float, float]) -> Floats:
    """Distance of a place to each site of the table, shape (site,). [km]"""
    lat, lon = (sites[name].to_numpy(dtype=np.float64) for name in ("lat", "lon"))
    return np.asarray(geodesic_km(place[0], place[1], lat, lon))


@dataclass(frozen=True)
class _Site:
    """One site of a scenario."""

    scenario: Scenario
    tables: Mapping[str, pd.DataFrame]
    keys: Keys
    country: str
    state: str  # empty where it is not known
    km: Floats  # how far the sites of the table are from it. [km]

    def zone(self, zone: str, like: str | None) -> Iterator[Problem]:
        """Find a zone whose sites are further away than those of its country, or the next site.

        One that is also the zone of the site it is like is meant.
        """
        zones, sites = self.tables["grid_zones"], self.tables["sites"]
        of = set(zones["country"][zones["zone"] == zone])
        in_zone = (sites["zone"] == zone).to_numpy(dtype=np.bool_)
        near_km = float(self.km[in_zone].min(initial=np.inf))
        own = zones["zone"][zones["country"] == self.country]
        own_km = float(self.km[sites["zone"].isin(own)].min(initial=np.inf))
        if of and self.country not in of and near_km > max(_ZONE_KM, own_km):
            what_is = f"{zone}, a zone of {min(of)}, and its country is {self.country}"
            fix = f"zones of {self.country} are {', '.join(own)}" if len(own) else "check the zone"
            yield self._problem("zone", what_is, fix)
        elif not (in_zone & (sites["site"] == like).to_numpy(dtype=np.bool_)).any():
            found = _other_zone(sites, zone, self.country, self.state, self.km)
            if found is not None:
                yield self._problem("zone", *found)

    def market(self, market: str) -> Iterator[Problem]:
        """Find a market of another country, none of whose sites is near, where there are own."""
        markets, sites = self.tables["facility_market"], self.tables["sites"]
        in_market = (sites["market"] == market).to_numpy(dtype=np.bool_)
        is_near = float(self.km[in_market].min(initial=np.inf)) < _MARKET_KM
        of = set(markets["country"][markets["market"] == market])
        own = markets["market"][markets["country"] == self.country]
        if of and self.country not in of and len(own) and not is_near:
            what_is = f"{market}, a market of {min(of)}, and its country is {self.country}"
            yield self._problem("market", what_is, f"markets of {self.country} are {', '.join(own)}")

    def like(self, like: str, *, takes_zone: bool) -> Iterator[Problem]:
        """Find a like site that is far away, or on a far grid, where another is much nearer."""
        sites = self.tables["sites"]
        at = np.flatnonzero(sites["site"] == like)
        if not at.size:
            return
        km, nearest = float(self.km[at[0]]), int(self.km.argmin())
        is_abroad = sites["country"].iloc[at[0]] != self.country
        zone, zone_there = (sites["zone"].iloc[row] for row in (at[0], nearest))
        on_far_grid = takes_zone and zone != zone_there and self.km[nearest] < _ZONE_KM
        is_far = km > (_LIKE_ELSEWHERE_KM if is_abroad or on_far_grid else _LIKE_KM)
        if is_far and km > _MUCH_NEARER * self.km[nearest]:
            what_is = f"{like}, {as_text(round(km))} km away, and gives it its grid zone, prices and climate"
            fix = f"{sites['site'].iloc[nearest]} is {as_text(round(self.km[nearest]))} km away"
            fix += f", in zone {zone_there} and not {zone}: take it, or give the zone" * bool(on_far_grid)
            yield self._problem("like", what_is, fix)

    def _problem(self, figure: str, what_is: str, fix: str) -> Problem:
        keys = (*self.keys, figure)
        return self.scenario.problem(keys, f"{'.'.join(map(str, keys))} is {what_is}", fix=fix)
