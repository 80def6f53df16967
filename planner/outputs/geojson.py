"""GeoJSON by RFC 7946: one file per map layer, in WGS 84, longitude first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.files import whole_file
from planner.outputs.layers import LAYERS

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.layers import Layer, Line
    from planner.outputs.run import Run

__all__ = ["write_geojson"]

_DECIMALS: Final = 6  # of a degree, about 0.1 m


def write_geojson(run: Run, folder: Path) -> list[Path]:
    """Write every map layer as a GeoJSON file."""
    written = []
    for name, layer in LAYERS.items():
        path = folder / f"{name}.geojson"
        text = json.dumps(_collection(layer(run)), ensure_ascii=False, allow_nan=False)
        with whole_file(path) as partial:
            partial.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _collection(layer: Layer) -> dict[str, Any]:
    frame = layer.attributes.astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    features = [
        {"type": "Feature", "geometry": _geometry(lines), "properties": row}
        for row, lines in zip(rows, layer.lines, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _geometry(lines: list[Line]) -> dict[str, Any]:
    rounded = [[[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in line] for line in lines]
    if len(rounded) > 1:
        return {"type": "MultiLineString", "coordinates": rounded}
    if len(rounded[0]) > 1:
        return {"type": "LineString", "coordinates": rounded[0]}
    return {"type": "Point", "coordinates": rounded[0][0]}
