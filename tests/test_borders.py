"""Which country a place lies in, from outlines that ship."""

from __future__ import annotations

import pytest

from planner.place.climate import countries_near, has_outline, is_near
from planner.tables import read_tables

FRAMES = read_tables(["sites", "demand_regions", "rtt_measured"])


@pytest.mark.parametrize(
    ("lat", "lon", "countries"),
    [
        (39.04, -77.49, {"US"}),  # Ashburn
        (21.31, -157.86, {"US"}),  # Honolulu
        (64.13, -21.9, {"IS"}),  # Reykjavik
        (39.9, 116.4, {"CN"}),  # Beijing
        (-29.6, 28.2, {"LS"}),  # inside a hole of South Africa
        (47.56, 7.59, {"CH", "DE", "FR"}),  # Basel, where three countries meet
        (1.35, 103.82, {"SG", "MY"}),
        (0.0, -30.0, set()),  # the Atlantic
    ],
)
def test_places_lie_in_the_countries_that_a_map_shows(lat: float, lon: float, countries: set[str]) -> None:
    assert set(countries_near(lat, lon)) == countries


@pytest.mark.parametrize(
    ("table", "prefix"),
    [("sites", ""), ("demand_regions", ""), ("rtt_measured", "origin_"), ("rtt_measured", "destination_")],
)
def test_every_place_of_the_tables_lies_in_its_country(table: str, prefix: str) -> None:
    frame = FRAMES[table]
    columns = [frame[f"{prefix}{name}"] for name in ("country", "lat", "lon")]

    outside = [row for row in zip(*columns, strict=True) if not is_near(*row)]

    assert outside == []


def test_islands_may_have_no_outline() -> None:
    assert has_outline("SG")
    assert not has_outline("TV")
    assert not is_near("TV", -8.5, 179.2)
