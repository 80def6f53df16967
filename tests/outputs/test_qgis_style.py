"""QGIS styles are well-formed and follow the measure they are given."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from planner.outputs.layers import qgis_style

MEASURE = '"a & <b>"'


@pytest.mark.parametrize(
    ("style", "layer", "trait"),
    [
        (qgis_style("points", "181,84,28,190", MEASURE, 'na"me'), "SimpleMarker", "size"),
        (qgis_style("lines", "181,84,28,90", MEASURE), "SimpleLine", "outlineWidth"),
    ],
)
def test_the_size_of_the_symbol_follows_the_measure(style: str, layer: str, trait: str) -> None:
    root = ElementTree.fromstring(style)

    symbol = root.find("renderer-v2/symbols/symbol/layer")
    assert symbol is not None
    assert symbol.get("class") == layer
    options = {one.get("name"): one.get("value") for one in symbol.iterfind("Option/Option")}
    assert "181,84,28" in (options.get("color") or options.get("line_color") or "")
    by_data = next(one for one in symbol.iter("Option") if one.get("name") == trait and len(one))
    rule = {one.get("name"): one.get("value") for one in by_data}
    assert rule["active"] == "true"
    assert f"max(0, {MEASURE}) / maximum({MEASURE})" in (rule["expression"] or "")
