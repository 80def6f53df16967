"""Map layers of a run, as GeoJSON and as a GeoPackage that QGIS opens with a style."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from string import Template
from typing import TYPE_CHECKING, Final, Literal
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.outputs.run import Run


Line = list[tuple[float, float]]  # points of a line as (longitude, latitude) in WGS 84

_SITE_MEASURES: Final = (
    *("nameplate_mw", "facility_mean_mw", "facility_peak_mw", "energy_mwh", "new_firm_mw", "capex_musd"),
)
_DEMAND_MEASURES: Final = ("demand_kh100e", "served_kh100e", "rented_kh100e", "unmet_kh100e")


@dataclass(frozen=True)
class Layer:
    """A map layer: one row of attributes per feature, and its geometry."""

    name: str  # name of the layer
    about: str  # what a feature is
    attributes: pd.DataFrame  # one row per feature
    shapes: Sequence[shapely.Geometry]  # geometry of each feature: a point, or one line or more


def sites(run: Run) -> Layer:
    """Sites as points, with what the plan does there in each year as columns."""
    frame = run.sites.set_index("site")
    for measure in _SITE_MEASURES:
        frame = frame.join(_by_year(run.tables["site_year"], "site", measure, run.years))
    plan = run.tables["plan"]
    training = plan[plan["duty"] == "training"].rename(columns={"used_mw": "training_mw"})
    frame = frame.join(_by_year(training, "site", "training_mw", run.years))
    columns = [name for name in frame if str(name)[-4:].isdigit()]
    # A site that can do nothing in a year has no row there: it does nothing.
    frame = frame.fillna(dict.fromkeys(columns, 0.0)).reset_index()
    return Layer("sites", "One point per site.", frame, _points(frame))


def site_years(run: Run) -> Layer:
    """Sites as points, one per site and year, for filters and the time slider."""
    place = run.sites[["site", "name", "country", "lat", "lon"]]
    frame = place.merge(run.tables["site_year"], on="site")
    return Layer("site_years", "One point per site and year.", frame, _points(frame))


def assignments(run: Run) -> Layer:
    """Who is served from where, if demand has a place: a great circle per region, workload, site and year."""
    regions = _places(run)
    served = run.tables["assignment"]
    frame = served[served["region"].isin(regions.index)].reset_index(drop=True)
    at = run.sites.set_index("site")[["lon", "lat"]]
    pairs = frame[["region", "site"]].drop_duplicates()
    circle = {
        (region, site): great_circle(*regions.loc[region, ["lon", "lat"]], *at.loc[site])
        for region, site in pairs.itertuples(index=False)
    }
    # One type for the whole layer, though few lines are cut at the 180th meridian.
    lines = [shapely.MultiLineString(circle[pair]) for pair in zip(frame["region"], frame["site"], strict=True)]
    return Layer("assignments", "One line per region, workload, site and year.", frame, lines)


def demand_regions(run: Run) -> Layer:
    """Demand regions as points, with demand and how it is met in each year as columns."""
    frame = _places(run)
    for measure in _DEMAND_MEASURES:
        frame = frame.join(_by_year(run.tables["demand"], "region", measure, run.years))
    frame = frame.rename_axis("region").reset_index()
    return Layer("demand_regions", "One point per demand region.", frame, _points(frame))


LAYERS: Mapping[str, Callable[[Run], Layer]] = {
    of.__name__: of for of in (sites, site_years, assignments, demand_regions)
}
"""Every map layer by name."""


def great_circle(lon_from: float, lat_from: float, lon_to: float, lat_to: float) -> list[Line]:
    """Return the shortest line between two points [degree], cut where it crosses the 180th meridian.

    >>> great_circle(178.0, 5.0, -179.0, 5.0)
    [[(178.0, 5.0), (180.0, 5.0)], [(-180.0, 5.0), (-179.0, 5.0)]]
    """
    geod = Geod(ellps="WGS84")
    ends = (lon_from, lat_from, lon_to, lat_to)
    steps = int(geod.inv(*ends)[2] // 400_000.0)  # [m]
    between = geod.npts(*ends, steps) if steps else []
    points = [(float(lon), float(lat)) for lon, lat in between]
    return _cut([(float(lon_from), float(lat_from)), *points, (float(lon_to), float(lat_to))])


def _cut(points: Line) -> list[Line]:
    lines: list[Line] = [[points[0]]]
    for (lon, lat), (next_lon, next_lat) in pairwise(points):
        if abs(next_lon - lon) > 180.0:
            edge = np.copysign(180.0, lon)
            across = next_lon + 2.0 * edge  # the same place, counted on beyond the edge
            share = (edge - lon) / (across - lon)
            crossing = float(lat + share * (next_lat - lat))
            lines[-1].append((float(edge), crossing))
            lines.append([(float(-edge), crossing)])
        lines[-1].append((next_lon, next_lat))
    return lines


def _places(run: Run) -> pd.DataFrame:
    """Return the demand regions of the run that have a place, by id."""
    known = run.inputs_tables["demand_regions"].set_index("demand_region")
    wanted = [region for region in run.tables["demand"]["region"].unique() if region != "(anywhere)"]
    return known.loc[wanted, ["name", "country", "lat", "lon"]]


def _by_year(frame: pd.DataFrame, key: str, measure: str, years: list[int]) -> pd.DataFrame:
    """Return the totals of a measure with one column per year, named `<measure>_<year>`."""
    wide = frame.pivot_table(index=key, columns="year", values=measure, aggfunc="sum")
    return wide.reindex(columns=years).set_axis([f"{measure}_{year}" for year in years], axis=1)


def _points(frame: pd.DataFrame) -> list[shapely.Geometry]:
    return [*shapely.points(frame["lon"].to_numpy(np.float64), frame["lat"].to_numpy(np.float64))]


def write_geojson(run: Run, folder: Path) -> list[Path]:
    """Write every map layer as a GeoJSON file."""
    written = []
    for name, layer in LAYERS.items():
        path, of = folder / f"{name}.geojson", layer(run)
        shapes = [shapely.transform(_single(shape), lambda places: places.round(6)) for shape in of.shapes]
        text = gpd.GeoDataFrame(of.attributes, geometry=shapes).to_json(drop_id=True, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _single(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape


# --- GeoPackage: every map layer in one file, with the style QGIS opens it with -------------------
#
# A style (QML) is a file of `qgis/`: circles or lines whose size follows a column of the layer.

_STYLES: Final = files("planner.outputs") / "qgis"


def qgis_style(shape: Literal["points", "lines"], colour: str, measure: str, label: str = "name") -> str:
    """Return a style of circles whose area follows a measure, labelled with a column, or of lines that are as wide."""
    column = '"{}"'.format(label.replace('"', '""'))
    names = {"colour": colour, "measure": measure, "label": column}
    shown = {name: escape(text, {'"': "&quot;"}) for name, text in names.items()}
    return Template((_STYLES / f"{shape}.qml").read_text(encoding="utf-8")).substitute(shown)


def write_gpkg(run: Run, path: Path) -> list[Path]:
    """Write all map layers as a GeoPackage for QGIS."""
    layers, year = [layer(run) for layer in LAYERS.values()], run.years[-1]
    styles = {
        "sites": qgis_style("points", "181,84,28,190", f'"nameplate_mw_{year}"'),
        "site_years": qgis_style("points", "181,84,28,190", '"nameplate_mw"'),
        "assignments": qgis_style("lines", "74,111,165,90", '"served_kh100e"'),
        "demand_regions": qgis_style("points", "74,111,165,90", f'"demand_kh100e_{year}"'),
    }
    path.unlink(missing_ok=True)
    for layer in layers:
        frame = gpd.GeoDataFrame(layer.attributes, geometry=layer.shapes, crs="EPSG:4326")
        frame.to_file(path, layer=layer.name, driver="GPKG", layer_options={"DESCRIPTION": layer.about})
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript((_STYLES / "styles.sql").read_text(encoding="utf-8"))
        rows = [(layer.name, layer.name, styles[layer.name], layer.about) for layer in layers]
        database.executemany((_STYLES / "put_style.sql").read_text(encoding="utf-8"), rows)
    return [path]
