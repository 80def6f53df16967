"""Names are data: whatever they look like, every export gives them back unchanged."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from synthetic import SITES

from planner.outputs import WRITERS
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs import Run

IDS = list(SITES["site"])
NAMES = list(SITES["name"])


def test_in_a_workbook(run: Run, tmp_path: Path) -> None:
    (path,) = WRITERS["xlsx"](run, tmp_path)

    with closing(openpyxl.load_workbook(path, read_only=True)) as workbook:
        rows = list(workbook["Site list"].iter_rows(min_row=6, max_row=5 + len(IDS)))

    # Sites stand in another order in the workbook, but with the same pairs of id and name.
    found = {row[0].value: row[1].value for row in rows}
    assert found == dict(zip(IDS, NAMES, strict=True))
    assert {row[0].data_type for row in rows} == {"s"}
    assert {row[1].data_type for row in rows} == {"s"}


def test_in_csv(run: Run, tmp_path: Path) -> None:
    paths = {path.stem: path for path in WRITERS["csv"](run, tmp_path) if path.suffix == ".csv"}

    for name, table in RUN_TABLES.items():
        numbers = [column.name for column in table.fields if column.dtype == "float64"]
        types = {column.name: column.dtype for column in table.fields}
        read = pd.read_csv(
            paths[name], dtype=types, keep_default_na=False, na_values={number: [""] for number in numbers}
        )
        pd.testing.assert_frame_equal(read, run.tables[name])


def test_csv_quotes_text_and_nothing_else(run: Run, tmp_path: Path) -> None:
    WRITERS["csv"](run, tmp_path)

    lines = (tmp_path / "csv" / "sites.csv").read_text(encoding="utf-8").splitlines()

    assert lines[1].startswith('"=1+1","=1+1","US",')
    assert ",39.04,-77.49," in lines[1]


def test_in_parquet(run: Run, tmp_path: Path) -> None:
    paths = WRITERS["parquet"](run, tmp_path)

    assert {path.stem for path in paths} == set(RUN_TABLES)
    for path in paths:
        pd.testing.assert_frame_equal(pd.read_parquet(path), run.tables[path.stem])


def test_in_a_geopackage(run: Run, tmp_path: Path) -> None:
    (path,) = WRITERS["gpkg"](run, tmp_path)

    sites = gpd.read_file(path, layer="sites")
    served = gpd.read_file(path, layer="assignments")

    assert list(sites["site"]) == IDS
    assert list(sites["name"]) == NAMES
    assert set(served["site"]) == set(IDS)


def test_in_geojson(run: Run, tmp_path: Path) -> None:
    WRITERS["geojson"](run, tmp_path)

    text = (tmp_path / "geojson" / "sites.geojson").read_text(encoding="utf-8")

    properties = [feature["properties"] for feature in json.loads(text)["features"]]
    assert [one["site"] for one in properties] == IDS
    assert [one["name"] for one in properties] == NAMES


def test_a_geopackage_stores_a_style_for_every_layer(run: Run, tmp_path: Path) -> None:
    (path,) = WRITERS["gpkg"](run, tmp_path)

    with closing(sqlite3.connect(path)) as database:
        features = database.execute(
            "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY 1"
        ).fetchall()
        styled = database.execute("SELECT f_table_name FROM layer_styles WHERE useAsDefault ORDER BY 1").fetchall()

    assert [name for (name,) in features] == ["assignments", "demand_regions", "site_years", "sites"]
    assert styled == features


@pytest.mark.parametrize("layer", ["sites", "site_years", "assignments", "demand_regions"])
def test_geojson_is_strict_json_with_longitude_first(run: Run, tmp_path: Path, layer: str) -> None:
    WRITERS["geojson"](run, tmp_path)

    def no_constant(word: str) -> float:
        raise AssertionError(word)

    text = (tmp_path / "geojson" / f"{layer}.geojson").read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=no_constant)

    assert set(content) == {"type", "features"}
    first = content["features"][0]["geometry"]["coordinates"]
    while isinstance(first[0], list):
        first = first[0]
    longitude, latitude = first
    west = {"sites": -77.49, "site_years": -77.49}.get(layer, -118.24)
    assert longitude == pytest.approx(west)
    assert 30.0 < latitude < 45.0


def test_lines_are_cut_at_the_180th_meridian(run: Run, tmp_path: Path) -> None:
    WRITERS["geojson"](run, tmp_path)

    text = (tmp_path / "geojson" / "assignments.geojson").read_text(encoding="utf-8")
    over_the_pacific = [
        feature["geometry"]
        for feature in json.loads(text)["features"]
        if feature["properties"]["site"] == "fiji" and feature["properties"]["region"] == "los-angeles"
    ]

    west, east = over_the_pacific[0]["coordinates"]
    assert over_the_pacific[0]["type"] == "MultiLineString"
    assert west[-1] == [-180.0, east[0][1]]
    assert east[0][0] == 180.0
