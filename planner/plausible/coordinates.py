"""Places that do not lie in the country they are said to be in, or not in its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import Problem
from planner.place.climate import countries_near, has_outline, is_near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from planner.scenario import Scenario
    from planner.tables.places import TablePlaces

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
        found = _wrong(site.country, site.lat, site.lon)
        if found is not None:
            axis, what_is, fix = found
            file, line, column = scenario.place_of(("new_sites", id_, axis))
            wrong[id_] = Problem(file, line, column, f"new_sites.{id_}: {what_is}", "", fix)
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
            found = _wrong(country, lat, lon)
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
    off_h = (offset - sun_h + 12.0) % 24.0 - 12.0
    for record in np.flatnonzero(np.abs(off_h) > _FAR_H):
        if int(record) not in misplaced_at:
            what_is = f"{names[record]}: utc_offset_h is {offset[record]:g}, but lon is {lon[record]:g}"
            fix = f"about {round(sun_h[record]):+d} would be plausible"
            yield places.problem(table, int(record), "utc_offset_h", what_is, "", fix)


def _wrong(country: str, lat: float, lon: float) -> tuple[str, str, str] | None:
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
