"""The map of the plan as a chart of the workbook: outlines as lines, a mark for each site."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from planner.outputs.map_labels import Label, Spot, find_label_places
from planner.outputs.map_svg import colour_of, sites_in_use
from planner.outputs.projection import sheet_for
from planner.outputs.run import once_a_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlsxwriter.chart import Chart

    from planner.outputs.basemaps import Line
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["MAP_HEIGHT", "MAP_WIDTH", "map_chart", "write_map"]

MAP_WIDTH: Final = 890
MAP_HEIGHT: Final = 470
_NAME: Final = "Map"
_MARGIN: Final = 14.0
_LARGEST: Final = 54.0
"""Across the mark of the largest site; a mark may have 72. [point]"""
_SMALLEST: Final = 3.0
_POINTS_PER_PIXEL: Final = 0.75
_HEAD: Final = 4
_LABELLED: Final = 12
_ABOUT: Final = (
    "What the map on the cover is drawn from: outlines on a sheet of so many pixels, and the sites "
    "with racks in the last model year."
)
_LINES: Final = (("land", "#c4cabf", 0.75), ("states", "#c4cabf", 0.75), ("borders", "#d9ddd4", 0.5))
_SITES: Final = 2 * len(_LINES) + 1
"""First column of the sites."""
_LABELS: Final = _SITES + 6
"""First column of the labels."""
_TEXT: Final = 11.0  # of labels [pixel]
_HALF_LINE: Final = 4.0  # from the foot of a text to its middle [pixel]


def write_map(book: Book) -> None:
    """Write sheet Map: outlines, a pair of columns each, and the sites that are drawn."""
    widths = (*[10] * (_SITES - 1), 3, 30, 10, 10, 12, 12)
    sheet = book.sheet(_NAME, _ABOUT, widths=widths)
    for at, (kind, lines) in enumerate(_outlines(book).items()):
        for column, axis in ((2 * at, "x"), (2 * at + 1, "y")):
            book.text(sheet, _HEAD, column, f"{kind} {axis}", "head_right")
        row = _HEAD
        for line in lines:
            for x, y in line:
                row += 1
                sheet.write_number(row, 2 * at, round(x, 1))
                sheet.write_number(row, 2 * at + 1, round(y, 1))
            row += 1  # a blank row lifts the pen
    for column, head in enumerate(("site", "x", "y", "racks, MW", "training"), start=_SITES):
        book.text(sheet, _HEAD, column, head, "head" if column == _SITES else "head_right")
    for column, head in enumerate(("label", "x", "y"), start=_LABELS):
        book.text(sheet, _HEAD, column, head, "head" if column == _LABELS else "head_right")
    for row, label in enumerate(_labels(_spots(book.run)), start=_HEAD + 1):
        words = label.name if label.is_inside else f"{label.name} {label.amount}"
        book.text(sheet, row, _LABELS, words)
        book.number(sheet, row, _LABELS + 1, label.x, "0.0")
        book.number(sheet, row, _LABELS + 2, MAP_HEIGHT - label.y + _HALF_LINE, "0.0")
    for row, spot in enumerate(_spots(book.run), start=_HEAD + 1):
        book.text(sheet, row, _SITES, spot.name)
        for column, value, shown in (
            (1, spot.x, "0.0"),
            (2, MAP_HEIGHT - spot.y, "0.0"),
            (3, spot.mw, "#,##0.0"),
            (4, spot.training_frac, "0%"),
        ):
            book.number(sheet, row, _SITES + column, value, shown)


def map_chart(book: Book) -> Chart:
    """Return the map of the last model year, to be put on a sheet.

    The area of a mark is the nameplate in use, its colour the share of training.
    """
    chart = book.chart("scatter", f"Racks in use at the end of the plan, {book.run.years[-1]}", "")
    for at, (kind, lines) in enumerate(_outlines(book).items()):
        _, colour, width = _LINES[at]
        last = _HEAD + sum(len(line) + 1 for line in lines)
        if not lines:
            continue
        chart.add_series(
            {
                "name": kind,
                "categories": [_NAME, _HEAD + 1, 2 * at, last, 2 * at],
                "values": [_NAME, _HEAD + 1, 2 * at + 1, last, 2 * at + 1],
                "marker": {"type": "none"},
                "line": {"color": colour, "width": width},
            }
        )
    spots = _spots(book.run)
    for row, spot in enumerate(spots, start=_HEAD + 1):
        chart.add_series(_mark(spot, row))
    for row, label in enumerate(_labels(spots), start=_HEAD + 1):
        chart.add_series(_text(label, row))
    for axis, most in ((chart.set_x_axis, MAP_WIDTH), (chart.set_y_axis, MAP_HEIGHT)):
        axis({"min": 0, "max": most, "visible": False, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    chart.show_blanks_as("gap")
    chart.set_plotarea({"layout": {"x": 0.0, "y": 0.07, "width": 1.0, "height": 0.93}})
    chart.set_size({"width": MAP_WIDTH, "height": MAP_HEIGHT / 0.93})
    return chart


def _mark(spot: Spot, row: int) -> dict[str, Any]:
    """Return the series of a site: one mark."""
    across = max(2.0 * spot.radius * _POINTS_PER_PIXEL, _SMALLEST)
    return {
        "name": [_NAME, row, _SITES],
        "categories": [_NAME, row, _SITES + 1, row, _SITES + 1],
        "values": [_NAME, row, _SITES + 2, row, _SITES + 2],
        "line": {"none": True},
        "marker": {
            "type": "circle",
            "size": round(across),
            "fill": {"color": colour_of(spot.training_frac)},
            "border": {"color": "#ffffff", "width": 0.75},
        },
    }


def _text(label: Label, row: int) -> dict[str, Any]:
    """Return the series of a label: no mark, and its name where it begins, ends or is centred."""
    font = {"size": 8, "color": "#ffffff" if label.is_inside else "#26323f"}
    side = {"start": "right", "end": "left", "middle": "center"}[label.anchor]
    return {
        "name": [_NAME, row, _LABELS],
        "categories": [_NAME, row, _LABELS + 1, row, _LABELS + 1],
        "values": [_NAME, row, _LABELS + 2, row, _LABELS + 2],
        "line": {"none": True},
        "marker": {"type": "none"},
        "data_labels": {"series_name": True, "value": False, "position": side, "font": font},
    }


def _labels(spots: list[Spot]) -> list[Label]:
    sheet = (MAP_WIDTH, MAP_HEIGHT)
    return find_label_places(spots, sheet, most=_LABELLED, size=_TEXT, has_leaders=False)


@once_a_run
def _spots(run: Run) -> list[Spot]:
    """Return the sites with racks in the last model year, the largest first."""
    sites = sites_in_use(run, run.years[-1])
    sheet = sheet_for(run.sites, MAP_WIDTH, MAP_HEIGHT, _MARGIN)
    x, y = sheet.place(sites["lon"].to_numpy(), sites["lat"].to_numpy())
    mw = sites["nameplate_mw"].to_numpy()
    largest = _LARGEST / 2.0 / _POINTS_PER_PIXEL
    radius = largest * np.sqrt(mw / mw.max()) if len(mw) else mw
    names = [str(name).split(" / ")[0] for name in sites["name"]]
    return [Spot(*values) for values in zip(names, mw, sites["training_frac"], x, y, radius, strict=True)]


def _outlines(book: Book) -> dict[str, list[Line]]:
    """Return land, states and borders inside the sheet, with y upwards."""
    sites = book.run.sites
    return _outlines_around(tuple(sites["lon"].tolist()), tuple(sites["lat"].tolist()))


@lru_cache(maxsize=4)
def _outlines_around(lon: tuple[float, ...], lat: tuple[float, ...]) -> dict[str, list[Line]]:
    """Return the same for sites at some places: the cover asks for it, and so does sheet Map."""
    sites = pd.DataFrame({"lon": lon, "lat": lat})
    sheet = sheet_for(sites, MAP_WIDTH, MAP_HEIGHT, _MARGIN)
    of = {"land": sheet.land, "states": sheet.states, "borders": sheet.borders}
    return {kind: list(_inside(lines)) for kind, lines in of.items()}


def _inside(lines: Iterable[Line]) -> Iterable[Line]:
    """Clip lines to the sheet, and leave out points that no eye sees."""
    for line in lines:
        if len(line) < 2:
            continue
        clipped = shapely.clip_by_rect(shapely.LineString(line), 0, 0, MAP_WIDTH, MAP_HEIGHT)
        for part in shapely.get_parts(clipped):
            if part.length > _LEAST_LENGTH:
                points = part.simplify(_TOLERANCE).coords
                yield [(x, MAP_HEIGHT - y) for x, y in points]


_LEAST_LENGTH: Final = 4.0  # of an outline [pixel]
_TOLERANCE: Final = 0.6  # of outlines [pixel]
