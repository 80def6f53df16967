"""GeoPackage: every map layer in one file, with the style QGIS opens it with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from planner.outputs.files import whole_file
from planner.outputs.layers import LAYERS
from planner.outputs.qgis_style import lines_qml, points_qml

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.layers import Layer
    from planner.outputs.run import Run

__all__ = ["write_gpkg"]

_MAKE_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
"""
_REGISTER_STYLES = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles that QGIS opens the layers with')
"""
_PUT_STYLE = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,
  styleName, styleQML, styleSLD, useAsDefault, description, owner)
VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '')
"""


def write_gpkg(run: Run, path: Path) -> list[Path]:
    """Write all map layers as a GeoPackage for QGIS."""
    layers = [layer(run) for layer in LAYERS.values()]
    with whole_file(path) as partial:
        for layer in layers:
            frame = gpd.GeoDataFrame(layer.attributes, geometry=_shapes(layer), crs="EPSG:4326")
            frame.to_file(partial, layer=layer.name, driver="GPKG", layer_options={"DESCRIPTION": layer.about})
        _write_styles(partial, layers, run.years[-1])
    return [path]


def _shapes(layer: Layer) -> list[shapely.Geometry]:
    if layer.name == "assignments":
        # One type for the whole layer, though few lines are cut at the 180th meridian.
        return [shapely.MultiLineString(lines) for lines in layer.lines]
    return [shapely.Point(lines[0][0]) for lines in layer.lines]


def _write_styles(path: Path, layers: list[Layer], year: int) -> None:
    styles = {
        "sites": points_qml("#b5541c", f'"nameplate_mw_{year}"', "name"),
        "site_years": points_qml("#b5541c", '"nameplate_mw"', "name"),
        "assignments": lines_qml("#4a6fa5", '"served_kh100e"'),
        "demand_regions": points_qml("#4a6fa5", f'"demand_kh100e_{year}"', "name", alpha=90),
    }
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_MAKE_STYLES)
        database.execute(_REGISTER_STYLES)
        rows = [(layer.name, layer.name, styles[layer.name], layer.about) for layer in layers]
        database.executemany(_PUT_STYLE, rows)
