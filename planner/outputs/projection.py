"""From the globe to a sheet: a projection that suits the sites, and outlines on it."""

from __future__ import annotations

import json
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import shapely
from pyproj import Transformer

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats

WIDTH: Final = 1000.0
HEIGHT: Final = 560.0  # of a sheet [pixel]
_MARGIN: Final = 14.0
Line = list[tuple[float, float]]
Box = tuple[float, float, float, float]  # west, south, east, north [degree]
_WORLD: Final[Box] = (-180.0, -56.0, 180.0, 78.0)
_LOWER_48: Final[Box] = (-124.9, 24.4, -66.8, 49.5)
_ALBERS_US: Final = "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=37.5 +lon_0=-96 +datum=WGS84"


@cache
def _outlines(name: Literal["us", "world"]) -> dict[str, Any]:
    """Read outlines in WGS 84, longitude first: rings of `land`, each outer one with its holes, and `borders`.

    `bench/outlines.py` makes them from us-atlas (United States Census Bureau, public domain) and world-atlas (Natural
    Earth, public domain), packages under the ISC licence.
    """
    outlines: dict[str, Any] = json.loads((Path(__file__).parent / "basemaps" / f"{name}.json").read_bytes())
    return outlines


class ProjectedMap:
    """A projected sheet of a size in pixels; its outlines are worked out once."""

    def __init__(self, projection: str, box: Box, grid_step: float, margin: float, *, is_us: bool) -> None:
        """Scale a projection so that a box of the globe fills the sheet."""
        self.box = box  # part of the globe that it shows, at least
        self.grid_step = grid_step  # between the lines of the graticule. [degree]
        self.is_us = is_us  # whether it shows the 48 states and their borders
        self._project = Transformer.from_crs("EPSG:4326", projection, always_xy=True)
        west, south, east, north = box
        around = np.linspace(0.0, 1.0, 60)
        lon = west + (east - west) * np.concatenate([around, around, 0 * around, 0 * around + 1.0])
        lat = south + (north - south) * np.concatenate([0 * around, 0 * around + 1.0, around, around])
        x, y = (np.asarray(values) for values in self._project.transform(lon, lat))
        wide, high = x.max() - x.min(), y.max() - y.min()
        self._scale = min((WIDTH - 2 * margin) / wide, (HEIGHT - 2 * margin) / high)
        self._left = (x.max() + x.min()) / 2 - WIDTH / 2 / self._scale
        self._top = (y.max() + y.min()) / 2 + HEIGHT / 2 / self._scale

    def place(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return where points are on the sheet, from its upper left corner. [pixel]"""
        x, y = self._project.transform(lon, lat)
        return (np.asarray(x) - self._left) * self._scale, (self._top - np.asarray(y)) * self._scale

    def locate(self, x: float, y: float) -> tuple[float, float]:
        """Return longitude and latitude of a point on it; not finite off the globe. [degree]"""
        lon, lat = self._project.transform(
            x / self._scale + self._left, self._top - y / self._scale, direction="INVERSE"
        )
        return float(lon), float(lat)

    @cached_property
    def land(self) -> tuple[Line, ...]:
        """Outlines of land as rings on the sheet."""
        shapes = [shapely.Polygon(outer, holes).buffer(0) for outer, *holes in _outlines("world")["land"]]
        return self._rings(shapely.clip_by_rect(shapes, *self._drawn()))

    @cached_property
    def states(self) -> tuple[Line, ...]:
        """Outlines of land on the sheet that is shown in more detail, if any."""
        land = _outlines("us")["land"] if self.is_us else ()
        return self._rings([shapely.Polygon(outer, holes) for outer, *holes in land])

    @cached_property
    def borders(self) -> tuple[Line, ...]:
        """Borders of countries, or of states, as lines on the sheet."""
        borders = _outlines("us" if self.is_us else "world")["borders"]
        return self._lines(shapely.clip_by_rect([shapely.LineString(line) for line in borders], *self._drawn()))

    @cached_property
    def graticule(self) -> tuple[Line, ...]:
        """Meridians and parallels as lines on the sheet."""
        west, south, east, north = self._drawn()
        step = self.grid_step
        lons = np.arange(np.ceil(west / step) * step, east + 1e-9, step)
        lats = np.arange(np.ceil(south / step) * step, north + 1e-9, step)
        ends = [*([(lon, south), (lon, north)] for lon in lons), *([(west, lat), (east, lat)] for lat in lats)]
        return self._lines([shapely.LineString(two) for two in ends])

    def _drawn(self) -> Box:
        west, south, east, north = self.box
        lon, lat = 45.0, 16.0  # of land beyond the box, so that corners are filled [degree]
        return max(west - lon, -180.0), max(south - lat, -85.0), min(east + lon, 180.0), min(north + lat, 85.0)

    def _rings(self, shapes: ArrayLike) -> tuple[Line, ...]:
        rings = shapely.get_rings(shapely.get_parts(shapes))
        return self._lines([shapely.LineString(ring.coords) for ring in rings])

    def _lines(self, shapes: ArrayLike) -> tuple[Line, ...]:
        """Return lines on the sheet, bent where the projection bends them; clipping leaves some without a length."""
        lines = shapely.get_parts(shapes)
        bent = shapely.segmentize(lines[shapely.length(lines) > 0.0], 1.0)  # [degree]
        placed = shapely.transform(bent, lambda places: np.column_stack(self.place(*places.T)))
        return tuple([(x, y) for x, y in line.coords] for line in shapely.simplify(placed, 0.35))  # [pixel]


def sheet_for(sites: pd.DataFrame) -> ProjectedMap:
    """Choose a projection by where sites are: Albers for 48 states, Lambert azimuthal for a region, else Robinson."""
    lon, lat = sites["lon"].to_numpy(dtype=float), sites["lat"].to_numpy(dtype=float)
    west, south, east, north = _LOWER_48
    is_us = bool(((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).all())
    if is_us:
        return _fitted(_ALBERS_US, _LOWER_48, 10.0, _MARGIN, is_us=True)
    box = (lon.min() - 4.0, lat.min() - 3.0, lon.max() + 4.0, lat.max() + 3.0)
    margin = _MARGIN + 16.0  # sites may lie at the edge of the sheet
    if box[2] - box[0] > 95.0:  # of longitude, more than an equal-area sheet shows well [degree]
        return _fitted("+proj=robin +datum=WGS84", _WORLD, 30.0, margin, is_us=False)
    middle = f"+lon_0={(box[0] + box[2]) / 2:.2f} +lat_0={(box[1] + box[3]) / 2:.2f}"
    return _fitted(f"+proj=laea {middle} +datum=WGS84", box, 10.0, margin, is_us=False)


_fitted = lru_cache(maxsize=8)(ProjectedMap)
"""A report, a comparison and a workbook draw the same sheet again and again."""
