"""Make the outlines from TopoJSON, by hand: ``python bench/outlines.py DIR``.

DIR holds ``states-10m.json`` of the npm package us-atlas 3.0.1, ``countries-50m.json`` of
world-atlas 2.0.2 and ``codes.json`` of i18n-iso-countries 7.14.0, which says the code of a number.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
import shapely.affinity

from planner.place.climate import COUNTRIES_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["convert", "countries", "main"]

_BASEMAPS: Final = COUNTRIES_FILE.parents[1] / "outputs" / "basemaps"
_DECIMALS: Final = 2  # of a degree, about 1 km
# Output, input, object of land, object of units, tolerance [degree], least area [square degree].
_MAPS: Final = (
    ("us", "states-10m.json", "nation", "states", 0.03, 0.02),
    ("world", "countries-50m.json", "land", "countries", 0.06, 0.15),
)
_COUNTRIES: Final = (0.1, 0.1)  # tolerance [degree], least area [square degree]
_ALSO: Final = {
    "PR": "US",
    "VI": "US",
    "GU": "US",
    "MP": "US",
    "AS": "US",
    "HK": "CN",
    "MO": "CN",
    "GL": "DK",
    "FO": "DK",
    "AX": "FI",
}
"""Territories that a table may also give the code of their country."""
_WITHOUT_OUTLINE: Final = "AQ"  # it goes round the pole, so `_cut` leaves nothing but islands
_WITHOUT_NUMBER: Final = {"Kosovo": "RS", "N. Cyprus": "CY", "Somaliland": "SO"}

Line = list[tuple[float, float]]


def main(folder: Path) -> None:
    """Write the outlines where maps, and the countries where `borders` reads them."""
    for name, source, land, units, tolerance, least_area in _MAPS:
        topology = json.loads((folder / source).read_text(encoding="utf-8"))
        content = convert(topology, land, units, tolerance, least_area)
        text = json.dumps(content, separators=(",", ":"))
        (_BASEMAPS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    topology = json.loads((folder / "countries-50m.json").read_text(encoding="utf-8"))
    codes = json.loads((folder / "codes.json").read_text(encoding="utf-8"))
    content = countries(topology, {number: code for code, _, number, *_ in codes})
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    COUNTRIES_FILE.write_text(text + "\n", encoding="utf-8")


def convert(topology: dict[str, Any], land: str, units: str, tolerance: float, least_area: float) -> dict[str, Any]:
    """Turn a topology into polygons of land and lines between units.

    Arcs are simplified before they are put together, so that neighbours keep one line.
    Takes `tolerance` [degree], `least_area` [square degree].
    """
    arcs = [_simplified(arc, tolerance) for arc in _decoded(topology)]
    rings = ([_ring(ring, arcs) for ring in polygon] for polygon in _polygons(topology["objects"][land]))
    polygons = [part for polygon in rings for part in _cut(polygon)]
    uses = Counter(
        at if at >= 0 else ~at for polygon in _polygons(topology["objects"][units]) for ring in polygon for at in ring
    )
    return {
        "land": [
            [_points(ring) for ring in (polygon.exterior, *polygon.interiors)]
            for polygon in polygons
            if polygon.area >= least_area
        ],
        "borders": [arcs[at] for at, times in sorted(uses.items()) if times > 1],
    }


def countries(topology: dict[str, Any], codes: dict[str, str]) -> dict[str, list[Line]]:
    """Turn a topology into the rings of each country."""
    tolerance, least_area = _COUNTRIES
    arcs = [_simplified(arc, tolerance) for arc in _decoded(topology)]
    rings: dict[str, list[Line]] = defaultdict(list)
    for unit in topology["objects"]["countries"]["geometries"]:
        name = unit["properties"]["name"]
        code = codes.get(unit.get("id", ""), _WITHOUT_NUMBER.get(name, ""))
        polygons = _polygons(unit)
        parts = [p for polygon in polygons for p in _cut([_ring(r, arcs) for r in polygon])]
        largest = max((part.area for part in parts), default=0.0)
        of_unit = [
            _points(ring)
            for part in parts
            if part.area >= min(least_area, largest)
            for ring in (part.exterior, *part.interiors)
        ]
        for known in {code, _ALSO.get(code, code)} - {"", _WITHOUT_OUTLINE}:
            rings[known] += of_unit
    return dict(rings)


def _decoded(topology: dict[str, Any]) -> Iterator[Line]:
    """Undo the quantization and the differences between points."""
    (scale_x, scale_y), (shift_x, shift_y) = (topology["transform"][key] for key in ("scale", "translate"))
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((x * scale_x + shift_x, y * scale_y + shift_y))
        yield line


def _simplified(line: Line, tolerance: float) -> Line:
    return _points(shapely.LineString(line).simplify(tolerance))


def _polygons(shape: dict[str, Any]) -> Iterator[list[list[int]]]:
    """Walk the polygons of an object; each is a list of rings of numbers of arcs."""
    if shape["type"] == "GeometryCollection":
        for part in shape["geometries"]:
            yield from _polygons(part)
    elif shape["type"] == "Polygon":
        yield shape["arcs"]
    elif shape["type"] == "MultiPolygon":
        yield from shape["arcs"]


def _ring(numbers: list[int], arcs: list[Line]) -> Line:
    """Join arcs end to end; a negative number is an arc walked backwards."""
    ring: Line = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring


def _cut(polygon: list[Line]) -> Iterator[shapely.Polygon]:
    """Cut a polygon at the 180th meridian, which TopoJSON of the whole globe does not.

    Antarctica, which goes round the pole, cannot be laid flat and is left out.
    """
    unwrapped = [np.unwrap(np.array(ring), period=360.0, axis=0) for ring in polygon]
    outer = unwrapped[0]
    if len(outer) < 4 or abs(outer[0, 0] - outer[-1, 0]) > 180.0:
        return
    holes = [ring for ring in unwrapped[1:] if len(ring) > 3]
    shape = shapely.Polygon(outer, holes).buffer(0)
    for turn in (-360.0, 0.0, 360.0):
        moved = shapely.affinity.translate(shape, xoff=turn)
        for part in shapely.get_parts(shapely.clip_by_rect(moved, -180.0, -90.0, 180.0, 90.0)):
            if isinstance(part, shapely.Polygon):
                yield part


def _points(ring: shapely.LineString) -> Line:
    return [(round(x, _DECIMALS), round(y, _DECIMALS)) for x, y in ring.coords]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
