"""Charts as SVG of their own, drawn from figures; each with the same figures as a table below it.

Colours are classes that the style sheet fills in, so that a chart is right in dark mode and on
paper. Widths are of a column of the page; the SVG scales with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from planner.base.svg import tick_decimals, ticks
from planner.outputs.labels import shortened_apart
from planner.outputs.report.figures import decimals_for
from planner.outputs.report.markup import NOTHING, Html, element, joined
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.report.figures import ReportFigure

__all__ = [
    "HEIGHT",
    "LEFT",
    "WIDTH",
    "Series",
    "ValueAxis",
    "bars",
    "chart_figure",
    "columns",
    "drawing",
    "legend",
    "lines",
    "svg_text",
    "waterfall",
]

WIDTH: Final = 520.0
HEIGHT: Final = 250.0
LEFT: Final = 58.0
_TOP: Final = 22.0
_BOTTOM: Final = 26.0
_BAR: Final = 22.0
_BAR_LABEL: Final = 204.0
_BAR_VALUE: Final = 70.0
_MOST_LABEL: Final = 300.0
_PER_LETTER: Final = 7.84
"""Pixels, of a label beside a bar."""
_COLOURS: Final = 10


@dataclass(frozen=True)
class Series:
    """A line, or a colour of stacked columns."""

    label: str  # what it is called
    figures: tuple[ReportFigure | None, ...]  # one for each place of the axis; None where there is none


def columns(title: str, unit: str, places: Sequence[str], series: Sequence[Series], *, per: float = 1.0) -> Html:
    """Draw stacked columns, one for each place; what is below 0 goes down from 0."""
    values = [[_value(figure, per) for figure in one.figures] for one in series]
    high = max((sum(max(row[at], 0.0) for row in values) for at in range(len(places))), default=0.0)
    low = min((sum(min(row[at], 0.0) for row in values) for at in range(len(places))), default=0.0)
    if high <= low:
        return NOTHING
    axis = ValueAxis.around(low, high, unit)
    step = (WIDTH - LEFT) / len(places)
    width = min(0.66 * step, 64.0)
    decimals = decimals_for([value for row in values for value in row])
    parts = [axis.grid()]
    for at, place in enumerate(places):
        x = LEFT + (at + 0.5) * step
        up = down = 0.0
        for number, one in enumerate(series):
            figure, value = one.figures[at], values[number][at]
            if figure is None or value == 0.0:
                continue
            start = up if value > 0.0 else down
            end = start + value
            up, down = (end, down) if value > 0.0 else (up, end)
            y = axis.y_of(max(start, end))
            height = axis.y_of(min(start, end)) - y
            shape = (x - width / 2, y, width, height)
            parts.append(_mark(figure, f"{one.label}, {place}", unit, shape, number, per, decimals))
        parts.append(svg_text(x, HEIGHT - 8.0, place, "middle"))
    drawn = drawing(title, HEIGHT, parts, f"{title} [{unit}], {places[0]} to {places[-1]}")
    return chart_figure(title, unit, drawn, legend([one.label for one in series]), places, series, per)


def lines(title: str, unit: str, places: Sequence[str], series: Sequence[Series], *, per: float = 1.0) -> Html:
    """Plot steps over the time slices of a day, a line a series, with gaps for missing figures."""
    values = [[math.nan if figure is None else _value(figure, per) for figure in one.figures] for one in series]
    known = [value for row in values for value in row if math.isfinite(value)]
    if not known:
        return NOTHING
    axis = ValueAxis.around(min(0.0, *known), max(known) or 1.0, unit)
    step = (WIDTH - LEFT) / len(places)
    parts = [axis.grid()]
    for number, row in enumerate(values):
        is_known = [math.isfinite(value) for value in row]
        points = [
            f"{'L' if end or (at and is_known[at - 1]) else 'M'}{LEFT + (at + end) * step:.1f},{axis.y_of(value):.1f}"
            for at, value in enumerate(row)
            if is_known[at]
            for end in (0, 1)
        ]
        parts.append(element("path", d="".join(points), class_=f"line c{number % _COLOURS}"))
    shown = max(1, math.ceil(len(places) / 8))
    parts += [
        svg_text(LEFT + at * step, HEIGHT - 8.0, place, "middle") for at, place in enumerate(places) if at % shown == 0
    ]
    drawn = drawing(title, HEIGHT, parts, f"{title} [{unit}], {places[0]} to {places[-1]}")
    return chart_figure(title, unit, drawn, legend([one.label for one in series]), places, series, per)


def bars(title: str, unit: str, rows: Sequence[tuple[str, ReportFigure]], *, per: float = 1.0, note: str = "") -> Html:
    """Draw one bar to the right for each row, with its number at its end; as `columns`."""
    return _bars(title, unit, rows, [0.0] * len(rows), per, note)


def waterfall(
    title: str, unit: str, rows: Sequence[tuple[str, ReportFigure]], *, per: float = 1.0, note: str = ""
) -> Html:
    """Draw each row from where the one before it ends, and the last one, their sum, from 0."""
    *terms, _ = [_value(figure, per) for _, figure in rows]
    starts = [0.0, *accumulate(terms)][: len(terms)]
    return _bars(title, unit, rows, [*starts, 0.0], per, note)


def _bars(
    title: str, unit: str, rows: Sequence[tuple[str, ReportFigure]], starts: Sequence[float], per: float, note: str
) -> Html:
    values = [_value(figure, per) for _, figure in rows]
    ends = [start + value for start, value in zip(starts, values, strict=True)]
    high, low = max([0.0, *starts, *ends]), min([0.0, *starts, *ends])
    if high <= low:
        return NOTHING
    longest = max(len(label) for label, _ in rows)
    beside = min(max(_BAR_LABEL, 8.0 + _PER_LETTER * longest), _MOST_LABEL)
    room = WIDTH - beside - _BAR_VALUE
    scale = room / (high - low)
    zero = beside - low * scale
    decimals = decimals_for(values)
    shown = shortened_apart([label for label, _ in rows], int((beside - 8.0) / _PER_LETTER))
    parts = []
    for at, ((label, figure), value) in enumerate(zip(rows, values, strict=True)):
        top = at * _BAR
        left = zero + min(starts[at], ends[at]) * scale
        shape = (left, top + 3.0, abs(value) * scale, _BAR - 6.0)
        parts.append(svg_text(beside - 8.0, top + 15.5, shown[at], "end"))
        kind = 0 if value >= 0.0 else 1
        parts.append(_mark(figure, label, unit, shape, kind, per, decimals))
        end = zero + max(starts[at], ends[at]) * scale + 6.0
        parts.append(svg_text(end, top + 15.5, figure.text(per=per, decimals=decimals), "start"))
    height = len(rows) * _BAR
    drawn = drawing(title, height, parts, f"{title} [{unit}]")
    caption = element("figcaption", element("strong", title), f" [{unit}]", _note(note))
    return element("figure", caption, drawn, class_="chart")


@dataclass(frozen=True)
class ValueAxis:
    """The axis of values, from low to high, which holds 0."""

    low: float
    high: float
    unit: str

    @classmethod
    def around(cls, low: float, high: float, unit: str) -> ValueAxis:
        """Return an axis that ends at round numbers."""
        marks = ticks(low, high)
        step = marks[1] - marks[0] if len(marks) > 1 else high - low
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, unit)

    def y_of(self, value: float) -> float:
        """Return the height on the page of a value. [pixel]"""
        room = HEIGHT - _TOP - _BOTTOM
        return _TOP + room * (self.high - value) / (self.high - self.low)

    def grid(self) -> Html:
        """Draw lines and numbers."""
        marks = ticks(self.low, self.high)
        decimals = tick_decimals(marks)
        parts = []
        for value in marks:
            y = f"{self.y_of(value):.1f}"
            kind = "zero" if value == 0.0 else "grid"
            parts.append(element("line", x1=LEFT, x2=WIDTH, y1=y, y2=y, class_=kind))
            parts.append(svg_text(LEFT - 7.0, self.y_of(value) + 4.0, f"{value:,.{decimals}f}", "end"))
        return joined(parts)


def _value(figure: ReportFigure | None, per: float) -> float:
    return 0.0 if figure is None else figure.shown_value / per


def _mark(
    figure: ReportFigure,
    label: str,
    unit: str,
    shape: tuple[float, float, float, float],
    colour: int,
    per: float,
    decimals: int,
) -> Html:
    """Draw a rectangle that says what it is under the pointer."""
    shown = figure.text(per=per, decimals=decimals)
    left, top, width, height = (f"{value:.1f}" for value in shape)
    return element(
        "rect",
        element("title", f"{label}: {shown} {unit}"),
        x=left,
        y=top,
        width=width,
        height=height,
        **{**figure.attributes(per=per), "class_": f"n c{colour % _COLOURS}", "data_shown": shown},
    )


def svg_text(x: float, y: float, words: str, anchor: str) -> Html:
    """Write words on a drawing."""
    return element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def drawing(title: str, height: float, parts: Sequence[str], about: str) -> Html:
    """Put parts into a drawing as wide as a column; one with a title has a table below it."""
    return element(
        "svg",
        parts,
        class_="axes" if height == HEIGHT else None,
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        aria_label=f"{about}; figures in the table below" if title else about,
    )


def legend(labels: Sequence[str]) -> Html:
    """Return the colours of series with their labels; nothing for one."""
    if len(labels) == 1:
        return NOTHING
    keys = (
        element("li", element("span", class_=f"key c{at % _COLOURS}"), element("bdi", label))
        for at, label in enumerate(labels)
    )
    return element("ul", keys, class_="legend")


def chart_figure(
    title: str, unit: str, drawn: Html, legend: Html, places: Sequence[str], series: Sequence[Series], per: float
) -> Html:
    """Put title, drawing, legend and a table of the same figures together."""
    caption = element("figcaption", element("strong", title), f" [{unit}]")
    rows = [(one.label, one.figures) for one in series]
    table = figure_table(
        f"{title} [{unit}]", "", [NumberColumn(place, per=per) for place in places], rows, one_unit=True
    )
    more = element("details", element("summary", "Figures"), table)
    return element("figure", caption, drawn, legend, more, class_="chart")


def _note(note: str) -> Html:
    return element("span", f" {note}", class_="note") if note else NOTHING
