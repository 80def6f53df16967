"""Charts of studies: how far a figure spreads over futures, and cost over another measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.svg import tick_decimals, ticks
from planner.outputs.report.charts import HEIGHT, LEFT, WIDTH, Series, ValueAxis, chart_figure, drawing, svg_text
from planner.outputs.report.markup import NOTHING, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.outputs.report.figures import ReportFigure

__all__ = ["curve", "fan"]

_BANDS: Final = (
    ("least", "most", "all futures"),
    ("tenth", "nine_tenths", "eight of ten"),
    ("quarter", "three_quarters", "half of them"),
)
_ROWS: Final = {
    "most": "most",
    "nine_tenths": "nine tenths are below",
    "three_quarters": "three quarters are below",
    "median": "median",
    "quarter": "a quarter is below",
    "tenth": "a tenth is below",
    "least": "least",
}
_ALONE: Final = 30.0  # half the width of a band of one year
_EDGE: Final = 22.0  # from the last place to the edge
_MOST_PLACES: Final = 8


def fan(
    title: str, unit: str, places: Sequence[str], of: Mapping[str, Sequence[ReportFigure]], *, per: float = 1.0
) -> Html:
    """Draw how far a figure spreads over futures: three bands and the median, from 0."""
    values = {key: [one.shown_value / per for one in figures] for key, figures in of.items()}
    low, high = min(0.0, *values["least"]), max(0.0, *values["most"])
    if high <= low:
        return NOTHING
    axis = ValueAxis.around(low, high, unit)
    step = (WIDTH - LEFT - 2.0 * _EDGE) / max(1, len(places) - 1)
    along = [LEFT + _EDGE + at * step for at in range(len(places))]
    ends = along if len(places) > 1 else [along[0], along[0] + 2.0 * _ALONE]
    parts = [axis.grid()]
    for below, above, _ in _BANDS:
        there, back = _level(values[above], ends), _level(values[below], ends)
        outline = [*zip(ends, there, strict=True), *reversed([*zip(ends, back, strict=True)])]
        points = " ".join(f"{x:.1f},{axis.y_of(value):.1f}" for x, value in outline)
        parts.append(element("polygon", points=points, class_="band"))
    median = _level(values["median"], ends)
    line = "M" + "L".join(f"{x:.1f},{axis.y_of(value):.1f}" for x, value in zip(ends, median, strict=True))
    parts.append(element("path", d=line, class_="line c1"))
    shown = -(-len(places) // _MOST_PLACES)
    parts += [
        svg_text(x, HEIGHT - 8.0, place, "middle")
        for at, (x, place) in enumerate(zip(along, places, strict=True))
        if at % shown == 0
    ]
    about = f"{title} [{unit}], {places[0]} to {places[-1]}, spread over futures"
    drawn = drawing(title, HEIGHT, parts, about)
    series = [Series(label, tuple(of[key])) for key, label in _ROWS.items()]
    return chart_figure(title, unit, drawn, _key(), places, series, per)


def _level(values: Sequence[float], ends: Sequence[float]) -> list[float]:
    """Return the values; those of one year for both ends of its band."""
    return [*values] if len(values) == len(ends) else [values[0]] * len(ends)


def _key() -> Html:
    bands = [
        element("li", element("span", class_=f"key band-{number}"), label)
        for number, (_, _, label) in enumerate(_BANDS)
    ]
    return element("ul", bands, element("li", element("span", class_="key c1"), "median"), class_="legend")


def curve(title: str, units: tuple[str, str], points: Sequence[tuple[ReportFigure, ReportFigure, bool]]) -> Html:
    """Draw one measure over another, a circle at each point; no axis need start at 0."""
    if len(points) < 2:
        return NOTHING
    x, y = ([one.shown_value for one in of] for of in list(zip(*points, strict=True))[:2])
    axis = ValueAxis.around(*_around(y), units[1])
    low, high = _around(x)
    scale = (WIDTH - LEFT - _EDGE) / (high - low)
    marks = ticks(low, high)
    decimals = tick_decimals(marks)
    at = [(LEFT + (a - low) * scale, axis.y_of(b)) for a, b in zip(x, y, strict=True)]
    parts = [axis.grid()]
    parts.append(element("path", d="M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in at), class_="line c0"))
    for (a, b), (right, up, is_marked) in zip(at, points, strict=True):
        shown = up.text(digits=5)
        parts.append(
            element(
                "circle",
                element("title", f"{right.text(digits=4)} {units[0]}: {shown} {units[1]}"),
                cx=f"{a:.1f}",
                cy=f"{b:.1f}",
                r=7 if is_marked else 4.5,
                **{**up.attributes(digits=5), "class_": f"n c{1 if is_marked else 0}", "data_shown": shown},
            )
        )
    parts += [svg_text(LEFT + (mark - low) * scale, HEIGHT - 8.0, f"{mark:,.{decimals}f}", "middle") for mark in marks]
    drawn = drawing("", HEIGHT, parts, f"{title}: {units[1]} over {units[0]}")
    words = f" {units[1]} upwards, {units[0]} to the right; the axes need not start at 0"
    caption = element("figcaption", element("strong", title), element("span", words, class_="note"))
    return element("figure", joined([caption, drawn]), class_="chart")


def _around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return low - margin, high + margin
