"""QGIS styles (QML): circles and lines whose size follows a column of the layer."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

__all__ = ["lines_qml", "points_qml"]

_HEAD: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_LARGEST_MM: Final = 14.0
_WIDEST_MM: Final = 1.6


def points_qml(colour: str, measure: str, label: str, *, alpha: int = 190) -> str:
    """Return a style of circles whose area follows a measure, labelled with a column."""
    size = f"{_LARGEST_MM} * sqrt(max(0, {measure}) / maximum({measure}))"
    symbol = _symbol(
        "marker",
        "SimpleMarker",
        {
            "color": _rgba(colour, alpha),
            "name": "circle",
            "outline_color": "255,255,255,255",
            "outline_width": "0.2",
            "size": "2",
            "size_unit": "MM",
        },
        {"size": size},
    )
    text = f"if({measure} > 0.1 * maximum({measure}), {_column(label)}, '')"
    labelling = (
        '<labeling type="simple"><settings calloutType="simple">'
        f'<text-style fieldName={quoteattr(text)} isExpression="1" fontSize="8" '
        'fontSizeUnit="Point" textColor="40,40,40,255"><text-buffer bufferDraw="1" '
        'bufferSize="0.7" bufferColor="255,255,255,255"/></text-style>'
        "</settings></labeling>"
    )
    return _qml(symbol, labelling)


def lines_qml(colour: str, measure: str) -> str:
    """Return a style of lines whose width follows a measure."""
    width = f"0.1 + {_WIDEST_MM} * max(0, {measure}) / maximum({measure})"
    look = {"line_color": _rgba(colour, 90), "line_width": "0.3", "line_width_unit": "MM", "capstyle": "round"}
    return _qml(_symbol("line", "SimpleLine", look, {"outlineWidth": width}), "")


def _qml(symbol: str, labelling: str) -> str:
    labels_on = int(bool(labelling))
    return (
        f'{_HEAD}<qgis version="3.22" styleCategories="Symbology|Labeling" '
        f'labelsEnabled="{labels_on}"><renderer-v2 type="singleSymbol" symbollevels="0" '
        f'enableorderby="0"><symbols>{symbol}</symbols></renderer-v2>{labelling}</qgis>\n'
    )


def _symbol(kind: str, layer: str, look: dict[str, str], by_data: dict[str, str]) -> str:
    properties = "".join(
        f'<Option type="Map" name="{name}"><Option type="bool" name="active" value="true"/>'
        f'<Option type="QString" name="expression" value={quoteattr(expression)}/>'
        '<Option type="int" name="type" value="3"/></Option>'
        for name, expression in by_data.items()
    )
    options = "".join(f'<Option type="QString" name="{name}" value="{value}"/>' for name, value in look.items())
    return (
        f'<symbol type="{kind}" name="0" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{layer}" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{options}</Option><data_defined_properties><Option type="Map">'
        '<Option type="QString" name="name" value=""/>'
        f'<Option type="Map" name="properties">{properties}</Option>'
        '<Option type="QString" name="type" value="collection"/>'
        "</Option></data_defined_properties></layer></symbol>"
    )


def _rgba(colour: str, alpha: int) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
