"""The map of a plan or of a difference: for a page, with a slider of years, and for a file.

Colours are classes of the style sheet, steps of four colourings, so that the page only says which of them counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from planner.base.words import amount
from planner.outputs.labels import shortened
from planner.outputs.projection import HEIGHT, WIDTH, sheet_for
from planner.outputs.report.charts import Picture, sheet_size, ticks
from planner.outputs.report.figures import DECLARED, Figures, ReportFigure
from planner.outputs.report.markup import NOTHING, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from planner.outputs.projection import Line, ProjectedMap

_PICKED: Final = element("p", "Choose a site on the map to see it here.", class_="picked note", hidden=True)
"""Where the script says which site is chosen."""
_LARGEST_RADIUS: Final = 40.0
_STEPS: Final = 5
_A_LITTLE_MW: Final = 0.05
_LEAST_MW: Final = 0.5  # a difference that is drawn
_KEY_HEIGHT: Final = 90.0  # of the circles below a picture
SiteFacts = dict[str, "dict[str, ReportFigure | None]"]  # what the map shows of each site in a year
Spots = dict[str, tuple["ReportFigure", str, str]]
"""The size of each site, classes of the style sheet, and what else is said under the pointer."""


@dataclass(frozen=True)
class Colouring:
    """What the colour of a site shows, and in which steps."""

    key: str  # its class in the style sheet
    label: str  # what it is
    unit: str
    per: float = 1.0  # what numbers are divided by
    none: str = "no figure"  # what a site without a number is
    bounds: Sequence[float] = ()  # between the steps; where empty, round numbers between the least and the most


COLOURINGS: Final = tuple(Colouring(**one) for one in DECLARED["colourings"])


def site_facts(figures: Figures, year: int) -> SiteFacts:
    """Return what the map shows of each site in a year, by the keys of `COLOURINGS`, and ``mw``."""
    size = figures.sums_by("site_year", "nameplate_mw", "site", year=year)
    used = figures.sums_by("plan", "used_mw", "site", year=year)
    training = figures.sums_by("plan", "used_mw", "site", year=year, duty="training")
    carbon = figures.sums_by("carbon_site", "grid_t_per_mwh", "site", year=year)
    drawn = figures.sums_by("site_year", "grid_mwh", "site", year=year)
    paid = figures.sums_by("costs", "musd", "site", calendar_year=year, group="energy")
    spare = figures.sums_by("headroom", "spare_mw", "zone", year=year)
    zone = figures.run.sites.set_index("site")["zone"].to_dict()
    facts: SiteFacts = {}
    for (site,), mw in size.items():
        if not mw.value > _A_LITTLE_MW:
            continue
        all_used = used.get((site,))
        none = ReportFigure(0.0, "plan", "used_mw", {"year": year, "duty": "training", "site": site})
        cost, mwh = paid.get((site,)), drawn.get((site,))
        facts[str(site)] = {
            "mw": mw,
            "use": training.get((site,), none).share_of(all_used) if all_used else None,
            "carbon": carbon.get((site,)),
            "price": cost.share_of(mwh) if cost and mwh else None,
            "headroom": spare.get((zone[site],)),
        }
    return facts


def base_map(sites: pd.DataFrame) -> tuple[ProjectedMap, Html]:
    """Return the sheet that suits the sites, and land and borders on it."""
    sheet = sheet_for(sites)
    return sheet, joined(
        [
            element("rect", width="100%", height="100%", class_="sea"),
            _outline("lines", sheet.graticule),
            _outline("near" if sheet.is_us else "land", sheet.land, "Z"),
            _outline("land", sheet.states, "Z"),
            _outline("border", sheet.borders),
        ]
    )


def _outline(look: str, lines: Iterable[Line], end: str = "") -> Html:
    """Return one path of many lines."""
    drawn = ("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) + end for line in lines if len(line) > 1)
    return element("path", class_=look, d="".join(drawn))


def map_of(figures: Figures) -> Html:
    """Draw the map of a plan with its controls and keys."""
    facts = {year: site_facts(figures, year) for year in figures.years}
    bounds = {one.key: one.bounds or _bounds(one, facts) for one in COLOURINGS}
    every = [of for sites in facts.values() for of in sites.values()]
    largest, known = _largest(figures), [one for one in COLOURINGS if any(_is_finite(of[one.key]) for of in every)]
    drawn = {year: _plan_marks(figures, of, year, bounds) for year, of in facts.items()}
    keys = (_colour_key(one, bounds[one.key], facts, is_first=one is known[0]) for one in known)
    about = "Map of the sites in use; the tables of sites have the same figures"
    return element(
        "figure",
        _controls(figures.years, known),
        _svg(figures.run.sites, drawn, about),
        _size_key(largest) if largest > _A_LITTLE_MW else "",
        keys,
        _PICKED,
        class_="map",
        id="map",
        data_colouring=known[0].key if known else None,
    )


def plan_picture(figures: Figures, year: int) -> Picture:
    """Return the map of a year with its keys, coloured by the share of training."""
    use = COLOURINGS[0]
    marks = _plan_marks(figures, site_facts(figures, year), year, {use.key: use.bounds}, is_alone=True)
    *keys, last = ((f"k-use-{at}", text) for at, text in enumerate(_steps(use.bounds)))
    named = (*keys, (last[0], f"{last[1]} % of racks for training"))
    return _picture("Size: racks in use", figures.run.sites, marks, _largest(figures), named)


def difference_map(pair: tuple[Figures, Figures], letters: tuple[str, str], years: Sequence[int]) -> Html:
    """Draw where a plan has more racks in use than the first, and where fewer; with a slider of the years."""
    by_year = {year: site_differences(pair, year) for year in years}
    largest = max((abs(one.shown_value) for of in by_year.values() for one in of.values()), default=0.0)
    title = f"Racks in use, {letters[1]} less {letters[0]}"
    if largest == 0.0:
        return element("p", f"{title}: no difference of {_LEAST_MW:g} MW or more at any site.")
    sites, is_alone = _sites_of(pair), len(years) == 1
    drawn = {year: _difference_marks(sites, of, year, largest) for year, of in by_year.items()}
    items = (element("li", element("span", class_=f"key {look}"), said) for look, said in _more_in(letters))
    return element(
        "figure",
        element("figcaption", element("strong", title), f" [MW]{f', {years[0]}' * is_alone}"),
        NOTHING if is_alone else _controls(years, ()),
        _svg(sites, drawn, f"Map. {title}"),
        _size_key(largest, "Size: difference of racks in use"),
        element("ul", items, class_="legend"),
        NOTHING if is_alone else _PICKED,
        class_="map difference",
        id=None if is_alone else "map",
    )


def difference_picture(pair: tuple[Figures, Figures], letters: tuple[str, str], year: int) -> Picture:
    """Return the map of the differences of a year."""
    found, sites = site_differences(pair, year), _sites_of(pair)
    largest = max((abs(one.shown_value) for one in found.values()), default=_LEAST_MW)
    title = f"Racks in use in {year}, {letters[1]} less {letters[0]} [MW]"
    none = "" if found else f": no difference of {_LEAST_MW:g} MW or more at any site"
    marks = _difference_marks(sites, found, year, largest, is_alone=True)
    return _picture(f"{title}{none}", sites, marks, largest, _more_in(letters))


def site_differences(pair: tuple[Figures, Figures], year: int) -> dict[str, ReportFigure]:
    """Return the difference of racks in use by site, where it is worth a circle."""
    size = [of.sums_by("site_year", "nameplate_mw", "site", year=year) for of in pair]
    found = {}
    for (site,) in dict.fromkeys(key for of in size for key in of):
        before, after = (of.sum("site_year", "nameplate_mw", site=site, year=year) for of in pair)
        if abs(after.value - before.value) >= _LEAST_MW:
            found[str(site)] = after.above(before)
    return found


def _plan_marks(
    figures: Figures, facts: SiteFacts, year: int, bounds: Mapping[str, Sequence[float]], *, is_alone: bool = False
) -> Html:
    """Draw the sites of a plan, each in the step of every colouring that has bounds."""
    shown = [one for one in COLOURINGS if one.key in bounds]
    spots: Spots = {}
    for site, of in facts.items():
        if (mw := of["mw"]) is not None:
            steps = " ".join(_step(of[one.key], one, bounds[one.key]) for one in shown)
            said = "; ".join(_said(of[one.key], one) for one in shown)
            spots[site] = (mw, f"site {'k-' * is_alone}{steps}", f"; {said}")
    return _marks(figures.run.sites, spots, year, _largest(figures), is_alone=is_alone)


def _difference_marks(
    sites: pd.DataFrame, found: Mapping[str, ReportFigure], year: int, largest: float, *, is_alone: bool = False
) -> Html:
    spots: Spots = {site: (of, f"site c{int(of.shown_value <= 0.0)}", "") for site, of in found.items()}
    return _marks(sites, spots, year, largest, is_alone=is_alone)


def _marks(sites: pd.DataFrame, spots: Spots, year: int, largest: float, *, is_alone: bool = False) -> Html:
    """Draw a circle for each site, small ones on top, and the names of the largest; fewer for a phone."""
    sheet, drawn = sheet_for(sites), sites[sites["site"].isin(list(spots))]
    x, y = sheet.place(drawn["lon"].to_numpy(), drawn["lat"].to_numpy())
    named, circles = [], []
    rows = zip(drawn["site"], drawn["name"], x, y, strict=True)
    for site, known_as, left, top in sorted(rows, key=lambda row: -abs(spots[row[0]][0].shown_value)):
        figure, look, more = spots[site]
        radius = max(_LARGEST_RADIUS * math.sqrt(abs(figure.shown_value) / largest), 2.5)
        mw = f"{figure.shown_value:{'+' if figure.less else ''},.0f}"
        named.append(_Spot(shortened(str(known_as).split(" / ")[0], 32), mw, left, top, radius))
        shown = figure.text()
        tip = element("title", f"{known_as}, {year}: {shown} MW{more}")
        attributes = {**figure.attributes(digits=3), "class_": f"n {look}", "data_shown": shown}
        circles.append(element("circle", tip, cx=left, cy=top, r=radius, data_site=site, **attributes))
    names = {"wide": _labels(named, 13.0 / _SIZE)}
    if not is_alone:
        names["phone"] = _labels(named, 27.0 / _SIZE, 5)
    layers = (element("g", of, class_=look, aria_hidden="true") for look, of in names.items())
    return joined([*circles, *layers])


def _picture(
    title: str, sites: pd.DataFrame, marks: Html, largest: float, keys: tuple[tuple[str, str], ...]
) -> Picture:
    """Put a map with circles of round sizes below it."""
    sheet = element("svg", base_map(sites)[1], marks, **sheet_size(WIDTH, HEIGHT))
    x, y, parts = WIDTH, HEIGHT + _KEY_HEIGHT / 2, [sheet]
    for mw in _round_sizes(largest):
        radius, words = _LARGEST_RADIUS * math.sqrt(mw / largest), f"{amount(mw)} MW"
        parts.append(element("text", words, x=x, y=y + 4.0, text_anchor="end", class_="quiet"))
        x -= 1.15 * CHARACTER * len(words) + 8.0 + radius
        parts.append(element("circle", cx=x, cy=y, r=radius, class_="ring"))
        x -= radius + 18.0
    return Picture(title, WIDTH, HEIGHT + _KEY_HEIGHT, joined(parts), keys)


def _svg(sites: pd.DataFrame, years: Mapping[int, Html], about: str) -> Html:
    """Draw the marks of all years on one sheet; those of the last are seen."""
    last = max(years)
    layers = (element("g", of, class_="year", data_year=year, hidden=year != last) for year, of in years.items())
    view = sheet_size(WIDTH, HEIGHT)["viewBox"]
    return element("svg", base_map(sites)[1], layers, viewBox=view, role="img", aria_label=about)


def _largest(figures: Figures) -> float:
    """Return the size that has the largest circle, in all years: so their maps can lie side by side. [MW]"""
    return float(figures.run.tables["site_year"]["nameplate_mw"].to_numpy().max(initial=_A_LITTLE_MW))


def _sites_of(pair: tuple[Figures, Figures]) -> pd.DataFrame:
    return pd.concat([of.run.sites for of in pair]).drop_duplicates("site")


def _more_in(letters: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return ("c0", f"more in {letters[1]}"), ("c1", f"more in {letters[0]}")


def _round_sizes(largest_mw: float) -> list[float]:
    """Return three round sizes, the largest first."""
    unit = 10.0 ** math.floor(math.log10(largest_mw / 2.0))
    first = max(step * unit for step in (1.0, 2.0, 5.0) if step * unit <= largest_mw / 2.0)
    return [first, first / 5, first / 25]


def _is_finite(figure: ReportFigure | None) -> bool:
    return figure is not None and math.isfinite(figure.shown_value)


def _bounds(colouring: Colouring, facts: Mapping[int, SiteFacts]) -> tuple[float, ...]:
    """Return round numbers between the steps of a colour, the same in all years."""
    known = [
        figure.shown_value / colouring.per
        for sites in facts.values()
        for of in sites.values()
        if (figure := of[colouring.key]) is not None and math.isfinite(figure.shown_value)
    ]
    if not known or max(known) <= min(known):
        return ()
    known.sort()
    # Not the ends themselves: one very large number would leave one step to all others.
    low, high = known[len(known) // 20], known[-1 - len(known) // 20]
    inner = [mark for mark in ticks(low, high, _STEPS) if low < mark < high] if high > low else []
    return tuple(inner[: _STEPS - 1])


def _step(figure: ReportFigure | None, colouring: Colouring, bounds: Sequence[float]) -> str:
    if figure is None or not math.isfinite(figure.shown_value):
        return f"{colouring.key}-none"
    value = figure.shown_value / colouring.per
    return f"{colouring.key}-{sum(value >= bound for bound in bounds)}"


def _said(figure: ReportFigure | None, colouring: Colouring) -> str:
    label = colouring.label[0].lower() + colouring.label[1:]
    if figure is None or not math.isfinite(figure.shown_value):
        return f"{label}: {colouring.none}"
    return f"{label} {figure.text(per=colouring.per)} {colouring.unit}"


def _controls(years: Sequence[int], colourings: Sequence[Colouring]) -> Html:
    """Return slider and choice of colour; the script shows them."""
    last = len(years) - 1
    shown = element("output", str(years[-1]), id="map-year-shown", for_="map-year")
    span = {"min": "0", "max": str(last), "value": str(last), "data_years": " ".join(map(str, years))}
    chosen = element("input", type="range", id="map-year", **span, aria_valuetext=str(years[-1]))
    slider = element("label", "Year ", shown, chosen, for_="map-year")  # else it is that of the output
    choice = []
    for at, one in enumerate(colourings):
        chosen = element("input", type="radio", name="colouring", value=one.key, checked=at == 0)
        choice.append(element("label", chosen, f" {one.label}"))
    if not colourings:
        return element("div", slider, class_="controls", hidden=True)
    fields = element("fieldset", element("legend", "Colour of the sites"), choice)
    return element("div", slider if len(years) > 1 else NOTHING, fields, class_="controls", hidden=True)


def _size_key(largest_mw: float, label: str = "Size: racks in use") -> Html:
    """Explain the size of the circles, which grow and shrink with the map."""
    parts = []
    for mw in reversed(_round_sizes(largest_mw)):
        radius = _LARGEST_RADIUS * math.sqrt(mw / largest_mw)
        size = 2.0 * radius + 2.0
        circle = element("circle", cx=size / 2, cy=size / 2, r=radius)
        # A share of the width of the key, which is that of the map.
        share = f"{100.0 * size / WIDTH:.2f}%"
        drawn = element("svg", circle, viewBox=f"0 0 {size:.1f} {size:.1f}", width=share)
        parts += [drawn, element("span", f"{amount(mw)} MW")]
    return element("div", element("span", label), parts, class_="key-size", aria_hidden="true")


def _colour_key(
    colouring: Colouring, bounds: Sequence[float], facts: Mapping[int, SiteFacts], *, is_first: bool
) -> Html:
    """Explain the colours of a colouring."""
    shown = enumerate(_steps(bounds))
    keys = [element("li", element("span", class_=f"key k-{colouring.key}-{at}"), text) for at, text in shown]
    if any(not _is_finite(of[colouring.key]) for sites in facts.values() for of in sites.values()):
        keys.append(element("li", element("span", class_=f"key k-{colouring.key}-none"), colouring.none))
    return element(
        "div",
        element("span", f"{colouring.label} [{colouring.unit}]"),
        element("ul", keys, class_="legend"),
        class_="key-colouring",
        data_colouring=colouring.key,
        hidden=not is_first,
    )


def _steps(bounds: Sequence[float]) -> list[str]:
    """Say which numbers each step of a colour has."""
    texts = [amount(bound) for bound in bounds]
    if not texts:
        return ["all"]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    return [f"below {texts[0]}", *between, f"{texts[-1]} and more"]


# --- Labels of sites, the largest first: each at the first place where it hides nothing -----------
#
# Where there is no room beside its circle, a label lies further out, with a line to the circle.

CHARACTER: Final = 6.3  # mean width of a character of text of 12 pixels [pixel]
_SIZE: Final = 12.0
_FURTHER: Final = tuple(range(12, 152, 10))  # from a circle to a label with a line, where text has 12 pixels [pixel]
_DIRECTIONS: Final = tuple(
    (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    for degrees in sorted(range(-180, 180, 15), key=lambda one: one % 45)
)
"""In which they lie, across and down: aslant first."""


@dataclass(frozen=True)
class _Spot:
    """A site on the sheet."""

    name: str
    amount: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class _Label:
    """A place for a label: the rectangle it takes, and where its text begins, ends or has its middle. [pixel]"""

    box: tuple[float, float, float, float]  # left, top, right, bottom
    x: float
    y: float
    anchor: str  # `inside`, for the middle of a circle, in two lines
    leader: tuple[float, float, float, float] | None = None  # from the circle to a label further out: both ends

    def drawn(self, spot: _Spot, zoom: float) -> Html:
        """Draw it; a name written from right to left would take the number to its other side."""
        named = element("tspan", spot.name, unicode_bidi="isolate")
        x, y = self.x, self.y
        if self.anchor == "inside":
            below = element("tspan", spot.amount, x=x, dy=f"{13.0 * zoom:.0f}")
            return element("text", element("tspan", named, x=x), below, class_="inside", text_anchor="middle", y=y)
        ends = self.leader and "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*self.leader)
        line = element("path", class_="leader", d=ends) if ends else NOTHING
        size = element("tspan", spot.amount, class_="mw")
        return joined([line, element("text", named, " ", size, class_="label", x=x, y=y, text_anchor=self.anchor)])


def _labels(spots: Sequence[_Spot], zoom: float, most: int = 14) -> Html:
    """Label the largest sites."""
    x, y, radius = (np.array([getattr(one, name) for one in spots]) for name in ("x", "y", "radius"))
    squares, cores = (
        shapely.box(x - share * radius, y - share * radius, x + share * radius, y + share * radius)
        for share in (0.8, 0.65)  # of text all but the corners are free, of lines the edge too
    )
    sheet, drawn, taken = shapely.box(2.0, 2.0, WIDTH - 2.0, HEIGHT - 2.0), list[Html](), list[shapely.Geometry]()
    for at, spot in enumerate(spots[:most]):
        for label in _places(spot, zoom):
            box = shapely.box(*label.box)
            if not sheet.contains(box) or shapely.intersects(box, [*taken, *np.delete(squares, at)]).any():
                continue
            ends = label.leader and shapely.LineString([label.leader[:2], label.leader[2:]])
            line = ends and ends.buffer(2.0, cap_style="square")
            if line is None or not shapely.intersects(line, [*taken, *np.delete(cores, at)]).any():
                drawn.append(label.drawn(spot, zoom))
                taken += [box] if line is None else [box, line]
                break
    return joined(drawn)


def _places(spot: _Spot, zoom: float) -> Iterator[_Label]:
    """Give the places for a label, the best first: next to the circle, inside it, then further out with a line."""
    width, size = zoom * CHARACTER * (len(spot.name) + 1 + len(spot.amount)), zoom * _SIZE
    gap, slant = spot.radius + 4.0 * zoom, 0.72 * spot.radius + 3.0 * zoom

    def place(x: float, y: float, anchor: str, leader: tuple[float, float, float, float] | None = None) -> _Label:
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        free = 5.0 * zoom if leader else 0.0  # further out there is room for what is around it
        box = (left - free, y - size - free, left + width + free, y + 3.0 * zoom + free)
        return _Label(box, x, y, anchor, leader)

    for across, down, anchor in (
        (gap, 4.0 * zoom, "start"),
        (-gap, 4.0 * zoom, "end"),
        (0.0, -gap - 1.0, "middle"),
        (0.0, gap + 9.0 * zoom, "middle"),
        (slant, -slant, "start"),
        (slant, slant + 8.0 * zoom, "start"),
        (-slant, -slant, "end"),
        (-slant, slant + 8.0 * zoom, "end"),
    ):
        yield place(spot.x + across, spot.y + down, anchor)
    half = zoom * CHARACTER * len(spot.name) / 2
    if half < spot.radius - 2.0:
        box = (spot.x - half, spot.y - size, spot.x + half, spot.y + size)
        yield _Label(box, spot.x, spot.y - 2.0 * zoom, "inside")
    for out, (across, down) in product(_FURTHER, _DIRECTIONS):
        reach = spot.radius + out * zoom
        x, y = spot.x + reach * across, spot.y + reach * down
        anchor = "middle" if abs(across) < 0.5 else "start" if across > 0.0 else "end"
        # The line ends at the middle of the side of the text that looks to the circle.
        base = y + (size * 0.35 if anchor != "middle" else size if down > 0.0 else -4.0 * zoom)
        aside = {"start": 3.0, "middle": 0.0, "end": -3.0}[anchor] * zoom
        yield place(x + aside, base, anchor, (spot.x + spot.radius * across, spot.y + spot.radius * down, x, y))
