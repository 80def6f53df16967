"""Charts as SVG, drawn from figures: on a page each with its title and a table, in a file as a picture.

Colours are classes of the style sheet, for dark mode and paper; widths are of a column of the page, which scales it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.labels import shortened_apart
from planner.outputs.report.figures import DECLARED, NumberColumn, decimals_for, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.outputs.report.figures import ReportFigure, TableFigures


_MOST_DECIMALS: Final = 10


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from low to high, at most so many steps apart.

    >>> ticks(0.0, 29_259.0)
    [0.0, 10000.0, 20000.0]
    >>> ticks(17.2, 17.9)
    [17.2, 17.4, 17.6, 17.8]
    >>> ticks(1.25, 1.25 + 1e-13)  # next to each other: one, as they would look the same
    [1.25]
    """
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * (1 - 1e-9))
    first = -math.floor(-low / step + 1e-9)
    last = math.floor(high / step + 1e-9)
    return list(dict.fromkeys(round(number * step, _MOST_DECIMALS) for number in range(first, last + 1)))


def tick_texts(values: Sequence[float]) -> list[str]:
    """Write ticks with the fewest decimals that show them as they are, so that no two read the same.

    >>> tick_texts([0.0, 10000.0]), tick_texts([637.5, 638.0]), tick_texts([1.25])
    (['0', '10,000'], ['637.5', '638.0'], ['1.25'])
    >>> tick_texts([0.1 + 0.2, 0.7])  # 0.30000000000000004 is 0.3
    ['0.3', '0.7']
    """
    exact = [round(value, _MOST_DECIMALS) for value in values]
    decimals = next((n for n in range(_MOST_DECIMALS) if [round(one, n) for one in exact] == exact), _MOST_DECIMALS)
    return [f"{value:,.{decimals}f}" for value in values]


# --- Charts ---------------------------------------------------------------------------------------

WIDTH: Final = 520.0
HEIGHT: Final = 250.0
LEFT: Final = 58.0
_TOP: Final = 22.0
_BOTTOM: Final = 26.0
_BAR: Final = 22.0
_THIN_BAR: Final = 11.0
_ROW: Final = 24.0
_FOOT: Final = 22.0
_VALUE: Final = 70.0
_GAP: Final = 10.0  # between a row's last dot and its note
_EDGE: Final = 22.0  # from the last place to the edge
_ALONE: Final = 0.15  # half the width of a band of one year
_PER_LETTER: Final = 7.84  # pixels, of a label beside a bar
_COLOURS: Final = 10
Rectangle = tuple[float, float, float, float]  # left, top, width and height [pixel]
Keys = tuple[tuple[str, str], ...]  # colour classes, each with what has that colour


@dataclass(frozen=True)
class Series:
    """A line, a row, or a colour of stacked columns."""

    label: str  # what it is called
    figures: tuple[ReportFigure | None, ...]  # one for each place of the axis; None where there is none


def series_by(
    figures: TableFigures, table: str, column: str, key: str, places: Sequence[int], words: Callable[[str], str]
) -> list[Series]:
    """Return a series for each label of a key, over years, in the order of the table."""
    of = figures.sums_by(table, column, key, "year" if "year" in figures.tables[table] else "calendar_year")
    names = dict.fromkeys(str(label[0]) for label in of)
    return [Series(words(one), tuple(of.get((one, place)) for place in places)) for one in names]


@dataclass(frozen=True)
class Line:
    """A line through points of two numbers."""

    label: str  # what it is called; a line without a label is not in the key
    points: Sequence[tuple[float, float]]
    colour: int
    look: str = "line"  # classes of the style sheet
    has_marks: bool = False  # whether each point has a dot


@dataclass(frozen=True)
class Picture:
    """A drawing without the words around it."""

    title: str
    width: float
    height: float
    parts: Html
    keys: Keys = ()
    note: str = ""


class Chart(Html):
    """A figure of a page, whose picture can be drawn on its own too."""

    picture: Picture


def sheet_size(width: float, height: float) -> dict[str, str]:
    """Return the attributes of a drawing of a size. [pixel]"""
    wide, high = f"{width:.0f}", f"{height:.0f}"
    return {"width": wide, "height": high, "viewBox": f"0 0 {wide} {high}"}


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
        if at % math.ceil(len(places) / 12) == 0:
            parts.append(_below(x, place))
    keys = _keys([one.label for one in series])
    return _chart(title, unit, HEIGHT, parts, keys=keys, table=_table(title, unit, places, series, per), places=places)


def lines(title: str, unit: str, places: Sequence[str], series: Sequence[Series], *, per: float = 1.0) -> Html:
    """Plot steps over the time slices of a day, a line a series, with gaps for missing figures."""
    drawn = [
        Line(one.label, [(at + end, value) for at, value in enumerate(_known(one, per)) for end in (0, 1)], number)
        for number, one in enumerate(series)
    ]
    feet = [*enumerate(places)]
    return curves(title, ("", unit), drawn, feet=feet, table=_table(title, unit, places, series, per))


def _known(series: Series, per: float) -> list[float]:
    return [math.nan if figure is None else _value(figure, per) for figure in series.figures]


def bars(title: str, unit: str, rows: Sequence[tuple[str, ReportFigure]], *, per: float = 1.0, note: str = "") -> Html:
    """Draw one bar to the right for each row, with its number at its end; as `columns`."""
    labels, series = [label for label, _ in rows], [Series("", tuple(figure for _, figure in rows))]
    return groups(title, unit, labels, series, per=per, note=note, starts=[0.0] * len(rows))


def waterfall(title: str, unit: str, rows: Sequence[tuple[str, ReportFigure]]) -> Html:
    """Draw each row from where the one before it ends, and the last one, their sum, from 0."""
    labels, series = [label for label, _ in rows], [Series("", tuple(figure for _, figure in rows))]
    *terms, _ = [figure.shown_value for _, figure in rows]
    return groups(title, unit, labels, series, starts=[*[0.0, *accumulate(terms)][: len(terms)], 0.0])


def groups(
    title: str,
    unit: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    is_stacked: bool = False,
    errors: Sequence[Sequence[float] | None] = (),
    starts: Sequence[float] = (),
    per: float = 1.0,
    note: str = "",
) -> Html:
    """Draw a bar of each series for each label, `errors` to both sides; bars with starts have numbers, no axis."""
    values = [[_value(figure, per) for figure in one.figures] for one in series]
    spans = []
    for number, row in enumerate(values):
        around = (errors[number] if number < len(errors) else None) or [0.0] * len(labels)
        for at, (value, error) in enumerate(zip(row, around, strict=True)):
            start = sum(of[at] for of in values[:number]) if is_stacked else starts[at] if starts else 0.0
            spans.append((at, number, start, start + value, error))
    reach = [0.0, *(one for _, _, start, end, error in spans for one in (start, end - error, end + error))]
    low, high = min(reach), max(reach)
    if high <= low:
        return NOTHING
    beside, shown = _labels(labels)
    scale = (WIDTH - beside - (_VALUE if starts else _EDGE)) / (high - low)
    zero = beside - low * scale
    is_thick = is_stacked or bool(starts)
    thick, each = (_BAR - 6.0, _BAR) if is_thick else (_THIN_BAR, _THIN_BAR * len(series) + 8.0)
    height = each * len(labels) + (0.0 if starts else _FOOT)
    parts = [] if starts else _uprights(low, high, lambda value: zero + value * scale, height)
    parts += [_text(beside - 8.0, (at + 0.5) * each + 4.5, label, "end") for at, label in enumerate(shown)]
    decimals = decimals_for([one for row in values for one in row])
    for at, number, start, end, error in sorted(spans):
        figure, top = series[number].figures[at], at * each + (3.0 if is_thick else 4.0 + number * thick)
        if figure is None or (start == end and not starts):
            continue
        shape = (zero + min(start, end) * scale, top, abs(end - start) * scale, thick)
        said = ", ".join(filter(None, (labels[at], series[number].label)))
        parts.append(_mark(figure, said, unit, shape, int(end < start) if starts else number, per, decimals))
        if starts:
            right = zero + max(start, end) * scale + 6.0
            parts.append(_text(right, top + 12.5, figure.text(per=per, decimals=decimals), "start"))
        if error:
            parts.append(_reach(zero + (end - error) * scale, zero + (end + error) * scale, top + thick / 2))
    return _chart(title, unit, height, parts, keys=_keys([one.label for one in series]), note=note)


def dots(title: str, unit: str, places: Sequence[str], rows: Sequence[Series], *, per: float = 1.0) -> Html:
    """Draw a row for each series from 0 to its largest figure, with a dot for every place."""
    known = [{at: one for at, one in enumerate(_known(row, per)) if math.isfinite(one)} for row in rows]
    every = [value for of in known for value in of.values()]
    high = max(every, default=0.0)
    if high <= 0.0:
        return NOTHING
    beside, labels = _labels([row.label for row in rows])
    notes = [f"no plan in {left}" if (left := len(places) - len(of)) else "" for of in known]
    right = max([_VALUE, *(_GAP + _PER_LETTER * len(note) for note in notes if note)])
    scale = (WIDTH - beside - right) / high
    height = len(rows) * _ROW + _FOOT
    parts = _uprights(0.0, high, lambda value: beside + value * scale, height)
    decimals, has_colours = decimals_for(every), len(places) <= _COLOURS
    for at, (row, of) in enumerate(zip(rows, known, strict=True)):
        y, end = (at + 0.5) * _ROW, beside + max(of.values(), default=0.0) * scale
        parts += [_text(beside - 8.0, y + 4.0, labels[at], "end"), _reach(beside, end, y)]
        for place, value in of.items():
            figure = row.figures[place]
            assert figure is not None
            shown = figure.text(per=per, decimals=decimals)
            tip, at_dot = f"{row.label}, {places[place]}: {shown} {unit}", (beside + value * scale, y, 5.0)
            parts.append(_dot(tip, at_dot, place if has_colours else 0, shown, figure.attributes(per=per)))
        if notes[at]:
            parts.append(_text(end + _GAP, y + 4.0, notes[at], "start"))
    keys = _keys(places) if has_colours else ()
    return _chart(title, unit, height, parts, keys=keys, table=_table(title, unit, places, rows, per))


def fan(
    title: str, unit: str, years: Sequence[int], of: Mapping[str, Sequence[ReportFigure]], *, per: float = 1.0
) -> Html:
    """Draw how far a figure spreads over futures: three bands and the median, from 0."""
    values = {key: [one.shown_value / per for one in figures] for key, figures in of.items()}
    if max(0.0, *values["most"]) <= min(0.0, *values["least"]):
        return NOTHING
    ends = years if len(years) > 1 else [years[0] - _ALONE, years[0] + _ALONE]

    def level(key: str, label: str = "", colour: int = 0, look: str = "line") -> Line:
        """Return a share of the futures; that of one year at both ends of its band."""
        of_key = values[key] if len(years) > 1 else values[key] * 2
        return Line(label, [*zip(ends, of_key, strict=True)], colour, look)

    areas = [
        (level(above, label, look=f"band-{number}"), level(below))
        for number, (below, above, label) in enumerate(DECLARED["bands"])
    ]
    places = [str(year) for year in years]
    series = [Series(label, tuple(of[key])) for key, label in DECLARED["quantiles"].items()]
    table = _table(title, unit, places, series, per)
    return curves(title, ("", unit), [level("median", "median", 1)], feet=feet_of(years), areas=areas, table=table)


def feet_of(years: Sequence[int]) -> list[tuple[float, str]]:
    """Return years as the places of `curves`."""
    return [(year, str(year)) for year in years]


def curve(
    title: str,
    units: tuple[str, str],
    points: Sequence[tuple[ReportFigure, ReportFigure, bool]],
    tips: Sequence[str] = (),
) -> Html:
    """Draw one measure over another, a circle at each point; no axis need start at 0."""
    if len(points) < 2:
        return NOTHING
    x, y = ([one.shown_value for one in of] for of in list(zip(*points, strict=True))[:2])
    plane = _Plane(ValueAxis.around(*_around(y), units[1]), *_around(x))
    places = [plane.place(*pair) for pair in zip(x, y, strict=True)]
    parts = [plane.axis.grid(), _path(places, "line c0")]
    for at, ((a, b), (right, up, is_marked)) in enumerate(zip(places, points, strict=True)):
        shown = up.text(digits=5)
        tip = tips[at] if tips else f"{right.text(digits=4)} {units[0]}: {shown} {units[1]}"
        attributes = up.attributes(digits=5)
        parts.append(_dot(tip, (a, b, 7.0 if is_marked else 4.5), int(is_marked), shown, attributes))
    parts += plane.feet(ticks(plane.low, plane.high))
    words = f"{units[1]} upwards, {units[0]} to the right; the axes need not start at 0"
    keys = (("c1", "knee"),) if any(one[2] for one in points) else ()
    return _chart(title, "", HEIGHT, parts, note=words, about=f": {units[1]} over {units[0]}", keys=keys)


def curves(
    title: str,
    units: tuple[str, str],
    drawn: Sequence[Line],
    *,
    feet: Sequence[tuple[float, str]] = (),
    areas: Sequence[tuple[Line, Line]] = (),
    floor: float = 0.0,
    note: str = "",
    table: Html = NOTHING,
) -> Html:
    """Draw lines over a number, or over places (`feet`, with room for a last step), and what lies between two."""
    points = [point for one in (*drawn, *(line for pair in areas for line in pair)) for point in one.points]
    x, y = [x for x, _ in points], [y for _, y in points if math.isfinite(y)]
    if not y:
        return NOTHING
    bottom, top = min(floor, *y), max(floor, *y)
    axis = ValueAxis.around(bottom, top if top > bottom else bottom + 1.0, units[1])
    span = (min(x) - 0.3, max(x) + 0.3) if feet else (min(0.0, *x), max(x) or 1.0)
    plane = _Plane(axis, *span)
    parts = [axis.grid()]
    for above, below in areas:
        outline = [plane.place(*point) for point in [*above.points, *reversed(below.points)]]
        shape = " ".join(f"{a:.1f},{b:.1f}" for a, b in outline)
        parts.append(element("polygon", points=shape, class_=f"band c{above.colour}" if above.colour else "band"))
    for one in drawn:
        places = [plane.place(*point) for point in one.points]
        parts.append(_path(places, f"{one.look} c{one.colour % _COLOURS}"))
        if one.has_marks:
            for (a, b), (at, value) in zip(places, one.points, strict=True):
                tip = f"{one.label}, {at:g}: {value:,.6g} {units[1]}"
                parts.append(_dot(tip, (a, b, 3.5), one.colour, "", {"class_": "n"}))
    if feet:
        parts += _some_below([(plane.place(at, 0.0)[0], words) for at, words in feet])
    else:
        parts += plane.feet(ticks(*span))
    looks = ((f"band c{above.colour}" if above.look == "line" else above.look, above.label) for above, _ in areas)
    keys = (*looks, *((f"c{one.colour % _COLOURS}", one.label) for one in drawn if one.label))
    said = "; ".join(part for part in ("" if feet else f"{units[0]} to the right", note) if part)
    kept, of = keys if len(keys) > 1 else (), [words for _, words in feet]
    return _chart(title, units[1], HEIGHT, parts, keys=kept, table=table, places=of, note=said)


def heat_map(
    title: str, rows: Sequence[str], places: Sequence[str], values: Sequence[Sequence[float]], note: str
) -> Html:
    """Draw a cell for each row and place, the darker the larger its share is, with the share under the pointer."""
    most = max(map(max, values)) or 1.0
    wide, high = (WIDTH - LEFT) / len(places), (HEIGHT - _BOTTOM) / len(rows)
    parts = []
    for at, (row, of) in enumerate(zip(rows, values, strict=True)):
        parts.append(_text(LEFT - 7.0, (at + 0.7) * high, row, "end"))
        for across, value in enumerate(of):
            tip = element("title", f"{row}, {places[across]}: {value:.1%}")
            dark = {"fill_opacity": f"{0.05 + 0.95 * value / most:.3f}", "class_": "n c1"}
            parts.append(element("rect", tip, x=LEFT + across * wide, y=at * high, width=wide, height=high, **dark))
    parts += _some_below([(LEFT + (at + 0.5) * wide, place) for at, place in enumerate(places)])
    return _chart(title, "", HEIGHT, parts, note=note)


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
        marks, parts = ticks(self.low, self.high), []
        for value, words in zip(marks, tick_texts(marks), strict=True):
            y = self.y_of(value)
            parts.append(_line((LEFT, WIDTH), (y, y), "zero" if value == 0.0 else "grid"))
            parts.append(_text(LEFT - 7.0, y + 4.0, words, "end"))
        return joined(parts)


@dataclass(frozen=True)
class _Plane:
    """An axis of values with numbers to the right, from low to high."""

    axis: ValueAxis
    low: float
    high: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        return LEFT + (x - self.low) * (WIDTH - LEFT - _EDGE) / (self.high - self.low), self.axis.y_of(y)

    def feet(self, marks: Sequence[float]) -> list[Html]:
        feet = (self.place(mark, self.axis.low)[0] for mark in marks)
        return [*map(_below, feet, tick_texts(marks))]


def _around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return max(low - margin, 0.0) if low >= 0.0 else low - margin, high + margin


def _value(figure: ReportFigure | None, per: float) -> float:
    return 0.0 if figure is None else figure.shown_value / per


def _labels(labels: Sequence[str]) -> tuple[float, list[str]]:
    """Return the room for labels beside rows, and the labels cut to it."""
    beside = min(max(204.0, 8.0 + _PER_LETTER * max(map(len, labels))), 300.0)
    return beside, shortened_apart(labels, int((beside - 8.0) / _PER_LETTER))


def _uprights(low: float, high: float, x_of: Callable[[float], float], height: float) -> list[Html]:
    """Draw lines from top to bottom with their numbers, for rows."""
    marks, parts = [mark for mark in ticks(low, high) if mark <= high], []
    for mark, words in zip(marks, tick_texts(marks), strict=True):
        x = x_of(mark)
        parts.append(_line((x, x), (0, height - _FOOT), "zero" if mark == 0.0 else "grid"))
        parts.append(_text(x, height - 6.0, words, "middle"))
    return parts


def _mark(
    figure: ReportFigure, label: str, unit: str, shape: Rectangle, colour: int, per: float, decimals: int
) -> Html:
    """Draw a rectangle that says what it is under the pointer."""
    (left, top, width, height), shown = shape, figure.text(per=per, decimals=decimals)
    tip = element("title", f"{label}: {shown} {unit}")
    attributes = {**figure.attributes(per=per), "class_": f"n c{colour % _COLOURS}", "data_shown": shown}
    return element("rect", tip, x=left, y=top, width=width, height=height, **attributes)


def _dot(tip: str, at: tuple[float, float, float], colour: int, shown: str, attributes: Mapping[str, Any]) -> Html:
    (x, y, radius), look = at, {"class_": f"n c{colour % _COLOURS}", "data_shown": shown or None}
    return element("circle", element("title", tip), cx=x, cy=y, r=f"{radius:g}", **{**attributes, **look})


def _path(points: Sequence[tuple[float, float]], look: str) -> Html:
    """Draw a line through points, with gaps at those that are not known."""
    runs = groupby(points, key=lambda point: math.isfinite(point[1]))
    drawn = ("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in run) for is_known, run in runs if is_known)
    return element("path", d="".join(drawn), class_=look)


def _line(x: tuple[float, float], y: tuple[float, float], look: str) -> Html:
    return element("line", x1=x[0], x2=x[1], y1=y[0], y2=y[1], class_=look)


def _reach(left: float, right: float, y: float) -> Html:
    return _line((left, right), (y, y), "reach")


def _text(x: float, y: float, words: str, anchor: str) -> Html:
    return element("text", words, x=x, y=y, text_anchor=anchor)


def _below(x: float, words: str) -> Html:
    return _text(x, HEIGHT - 8.0, words, "middle")


def _some_below(places: Sequence[tuple[float, str]]) -> list[Html]:
    """Write as many places below a chart as there is room for."""
    return [_below(x, place) for x, place in places[:: max(1, math.ceil(len(places) / 8))]]


def _keys(labels: Sequence[str]) -> Keys:
    """Return the colours of series with their labels; nothing for one."""
    return tuple((f"c{at % _COLOURS}", label) for at, label in enumerate(labels)) if len(labels) > 1 else ()


def _table(title: str, unit: str, places: Sequence[str], series: Sequence[Series], per: float) -> Html:
    """Return a table of the figures of a chart, to be opened below it."""
    heads = [NumberColumn(place, per=per) for place in places]
    rows = [(one.label, one.figures) for one in series]
    table = figure_table(f"{title} [{unit}]", "", heads, rows, one_unit=True)
    return element("details", element("summary", "Figures"), table)


def _chart(
    title: str,
    unit: str,
    height: float,
    parts: Sequence[Html],
    *,
    keys: Keys = (),
    table: Html = NOTHING,
    places: Sequence[str] = (),
    about: str = "",
    note: str = "",
) -> Chart:
    """Put title, drawing, key and a table of the same figures together."""
    named = f" [{unit}]" if unit else ""
    from_to = f", {places[0]} to {places[-1]}" if places else ""
    drawn = element(
        "svg",
        parts,
        class_="axes" if height == HEIGHT else None,
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        aria_label=f"{title}{named}{from_to}{about}{'; figures in the table below' if table else ''}",
    )
    said = element("span", f" {note}", class_="note") if note else NOTHING
    caption = element("figcaption", element("strong", title), named, said)
    items = (element("li", element("span", class_=f"key {look}"), element("bdi", label)) for look, label in keys)
    legend = element("ul", items, class_="legend") if keys else NOTHING
    chart = Chart(element("figure", caption, drawn, legend, table, class_="chart"))
    chart.picture = Picture(f"{title}{named}", WIDTH, height, joined(parts), keys, note)
    return chart
