"""A chart of rows, in each a dot for every place: where a plan does well, and where badly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from planner.base.svg import ticks
from planner.outputs.labels import shortened_apart
from planner.outputs.report.charts import WIDTH, chart_figure, drawing, legend, svg_text
from planner.outputs.report.figures import decimals_for
from planner.outputs.report.markup import NOTHING, Html, element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.report.charts import Series

__all__ = ["dots"]

_ROW: Final = 24.0
_FOOT: Final = 22.0
_LABEL: Final = 204.0
_MOST_LABEL: Final = 300.0
_RIGHT: Final = 70.0
_GAP: Final = 10.0  # between a row's last dot and its note
_PER_LETTER: Final = 7.84
"""Pixels, of a label or a note beside a row."""
_COLOURS: Final = 10


def dots(title: str, unit: str, places: Sequence[str], rows: Sequence[Series], *, per: float = 1.0) -> Html:
    """Draw a row for each series from 0 to its largest figure, with a dot for every place."""
    known = [_known(row, per) for row in rows]
    high = max((value for of in known for value in of.values()), default=0.0)
    if high <= 0.0:
        return NOTHING
    longest = max(len(row.label) for row in rows)
    beside = min(max(_LABEL, 8.0 + _PER_LETTER * longest), _MOST_LABEL)
    notes = [_note(len(places) - len(of)) for of in known]
    right = max([_RIGHT, *(_GAP + _PER_LETTER * len(note) for note in notes if note)])
    scale = (WIDTH - beside - right) / high
    height = len(rows) * _ROW + _FOOT
    marks = [mark for mark in ticks(0.0, high) if mark <= high]
    step = marks[1] if len(marks) > 1 else high
    of_marks = max(0, -math.floor(math.log10(step) + 1e-9))
    parts = []
    for mark in marks:
        x = beside + mark * scale
        kind = "zero" if mark == 0.0 else "grid"
        parts.append(element("line", x1=x, x2=x, y1=0, y2=height - _FOOT, class_=kind))
        parts.append(svg_text(x, height - 6.0, f"{mark:,.{of_marks}f}", "middle"))
    decimals = decimals_for([value for of in known for value in of.values()])
    has_colours = len(places) <= _COLOURS
    labels = shortened_apart([row.label for row in rows], int((beside - 8.0) / _PER_LETTER))
    for at, (row, of) in enumerate(zip(rows, known, strict=True)):
        y = (at + 0.5) * _ROW
        parts.append(svg_text(beside - 8.0, y + 4.0, labels[at], "end"))
        end = beside + max(of.values(), default=0.0) * scale
        parts.append(element("line", x1=beside, x2=f"{end:.1f}", y1=y, y2=y, class_="reach"))
        for place, value in of.items():
            figure = row.figures[place]
            assert figure is not None
            shown = figure.text(per=per, decimals=decimals)
            parts.append(
                element(
                    "circle",
                    element("title", f"{row.label}, {places[place]}: {shown} {unit}"),
                    cx=f"{beside + value * scale:.1f}",
                    cy=f"{y:.1f}",
                    r=5,
                    **{
                        **figure.attributes(per=per),
                        "class_": f"n c{place if has_colours else 0}",
                        "data_shown": shown,
                    },
                )
            )
        if notes[at]:
            parts.append(svg_text(end + _GAP, y + 4.0, notes[at], "start"))
    drawn = drawing(title, height, parts, f"{title} [{unit}]")
    key = legend(list(places)) if has_colours else NOTHING
    return chart_figure(title, unit, drawn, key, places, rows, per)


def _note(left: int) -> str:
    return f"no plan in {left}" if left else ""


def _known(row: Series, per: float) -> dict[int, float]:
    """Return the values of a row that are there, by place."""
    return {
        at: figure.shown_value / per
        for at, figure in enumerate(row.figures)
        if figure is not None and math.isfinite(figure.shown_value)
    }
