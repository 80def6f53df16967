"""The map: one picture per model year, of which the page shows one, in one of four colourings.

Sites are projected here, in Python. Their colours are classes of the style sheet, a few steps of
each of the four, so that the page only has to say which of them counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import amount
from planner.base.svg import ticks
from planner.outputs.map_labels import Spot, svg_labels
from planner.outputs.map_svg import outline, round_sizes, sites_in_use
from planner.outputs.projection import sheet_for
from planner.outputs.report.figures import ReportFigure
from planner.outputs.report.markup import NOTHING, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from planner.outputs.labels import DisplayNames
    from planner.outputs.projection import ProjectedMap
    from planner.outputs.report.figures import Figures

__all__ = ["COLOURINGS", "PICKED", "base_map", "controls", "map_of", "names_of", "site_facts", "size_key"]

PICKED: Final = element("p", "Choose a site on the map to see it here.", class_="picked note", hidden=True)
"""Where the script says which site is chosen."""
WIDTH: Final = 1000.0
HEIGHT: Final = 560.0
MARGIN: Final = 14.0
_LARGEST_RADIUS: Final = 40.0
_SMALLEST_RADIUS: Final = 2.5
_PHONE_LABELS: Final = 5
_PHONE_SIZE: Final = 27.0
_LABEL_SIZE: Final = 13.0
_STEPS: Final = 5
_A_LITTLE_MW: Final = 0.05
_PER_MUSD: Final = 1e-6


@dataclass(frozen=True)
class Colouring:
    """What the colour of a site shows, and in which steps."""

    key: str  # its class in the style sheet
    label: str  # what it is
    unit: str
    per: float = 1.0  # what numbers are divided by
    none: str = "no figure"  # what a site without a number is
    bounds: tuple[float, ...] = ()  # between the steps; where empty, round numbers between the least and the most


COLOURINGS: Final = (
    Colouring("use", "Use: share of training", "% of racks", 0.01, bounds=(10.0, 40.0, 60.0, 90.0)),
    Colouring("carbon", "Carbon intensity", "t CO2/MWh"),
    Colouring("price", "Cost of grid electricity", "USD/MWh", _PER_MUSD),
    Colouring("headroom", "Headroom left in the grid zone", "MW", none="no limit stated"),
)


def site_facts(figures: Figures, year: int) -> dict[str, dict[str, ReportFigure | None]]:
    """Return what the map shows of each site in a year, by the keys of `COLOURINGS`, and ``mw``."""
    size = figures.sums_by("site_year", "nameplate_mw", "site", year=year)
    used = figures.sums_by("plan", "used_mw", "site", year=year)
    training = figures.sums_by("plan", "used_mw", "site", year=year, duty="training")
    carbon = figures.sums_by("carbon_site", "grid_t_per_mwh", "site", year=year)
    drawn = figures.sums_by("site_year", "grid_mwh", "site", year=year)
    paid = figures.sums_by("costs", "musd", "site", calendar_year=year, group="energy")
    spare = figures.sums_by("headroom", "spare_mw", "zone", year=year)
    zone = figures.run.sites.set_index("site")["zone"].to_dict()
    facts: dict[str, dict[str, ReportFigure | None]] = {}
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
    sheet = sheet_for(sites, WIDTH, HEIGHT, MARGIN)
    return sheet, joined(
        [
            element("rect", width="100%", height="100%", class_="sea"),
            Html(outline("lines", sheet.graticule, closed=False)),
            Html(outline("near" if sheet.is_us else "land", sheet.land, closed=True)),
            Html(outline("land", sheet.states, closed=True)),
            Html(outline("border", sheet.borders, closed=False)),
        ]
    )


def map_of(figures: Figures, labels: DisplayNames) -> Html:
    """Draw the map of a plan with its controls and keys."""
    sheet, below = base_map(figures.run.sites)
    facts = {year: site_facts(figures, year) for year in figures.years}
    bounds = {one.key: one.bounds or _bounds(one, facts) for one in COLOURINGS}
    largest = max(float(figures.run.tables["site_year"]["nameplate_mw"].max()), _A_LITTLE_MW)
    years = [_year(figures, sheet, year, facts[year], bounds, largest) for year in figures.years]
    drawn = element(
        "svg",
        below,
        years,
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        aria_label="Map of the sites in use; the tables of sites have the same figures",
    )
    known = [one for one in COLOURINGS if _is_known(one, facts)]
    return element(
        "figure",
        controls(figures.years, known),
        drawn,
        size_key(largest),
        (_colour_key(one, bounds[one.key], facts, is_first=one is known[0]) for one in known),
        PICKED,
        class_="map",
        id="map",
        data_colouring=known[0].key if known else None,
    )


def _is_known(colouring: Colouring, facts: Mapping[int, Mapping[str, Mapping[str, ReportFigure | None]]]) -> bool:
    return any(_is_finite(of[colouring.key]) for sites in facts.values() for of in sites.values())


def _is_finite(figure: ReportFigure | None) -> bool:
    return figure is not None and math.isfinite(figure.shown_value)


def _bounds(
    colouring: Colouring, facts: Mapping[int, Mapping[str, Mapping[str, ReportFigure | None]]]
) -> tuple[float, ...]:
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


def _year(
    figures: Figures,
    sheet: ProjectedMap,
    year: int,
    facts: Mapping[str, Mapping[str, ReportFigure | None]],
    bounds: Mapping[str, Sequence[float]],
    largest_mw: float,
) -> Html:
    sites = sites_in_use(figures.run, year)
    x, y = sheet.place(sites["lon"].to_numpy(), sites["lat"].to_numpy())
    spots, circles = [], []
    radius = np.maximum(_LARGEST_RADIUS * np.sqrt(sites["nameplate_mw"].to_numpy() / largest_mw), _SMALLEST_RADIUS)
    columns = (sites[name] for name in ("name", "nameplate_mw", "training_frac"))
    for site, *values in zip(sites["site"], *columns, x, y, radius, strict=True):
        of = facts[str(site)]
        if (mw := of["mw"]) is None:
            continue  # a site without racks is not in use
        spot = Spot(*values)
        spots.append(spot)
        steps = (_step(of[colouring.key], colouring, bounds[colouring.key]) for colouring in COLOURINGS)
        shown = mw.text()
        said = "; ".join(_said(of[one.key], one) for one in COLOURINGS)
        circles.append(
            element(
                "circle",
                element("title", f"{spot.name}, {year}: {shown} MW; {said}"),
                cx=f"{spot.x:.1f}",
                cy=f"{spot.y:.1f}",
                r=f"{spot.radius:.1f}",
                data_site=site,
                data_shown=shown,
                **{**mw.attributes(digits=3), "class_": f"n site {' '.join(steps)}"},
            )
        )
    return element("g", circles, names_of(spots), class_="year", data_year=year, hidden=year != figures.last)


def _said(figure: ReportFigure | None, colouring: Colouring) -> str:
    label = colouring.label[0].lower() + colouring.label[1:]
    if figure is None or not math.isfinite(figure.shown_value):
        return f"{label}: {colouring.none}"
    return f"{label} {figure.text(per=colouring.per)} {colouring.unit}"


def names_of(spots: Sequence[Spot], *, has_sign: bool = False) -> Html:
    """Write the names of the largest sites, fewer and larger ones for a phone."""
    sheet = (WIDTH, HEIGHT)
    wide = svg_labels(spots, sheet, size=_LABEL_SIZE, has_sign=has_sign)
    phone = svg_labels(spots, sheet, most=_PHONE_LABELS, size=_PHONE_SIZE, has_sign=has_sign)
    return joined(
        element("g", Html("".join(labels)), class_=of, aria_hidden="true")
        for labels, of in ((wide, "wide"), (phone, "phone"))
    )


def controls(years: Sequence[int], colourings: Sequence[Colouring]) -> Html:
    """Return slider and choice of colour; the script shows them."""
    slider = element(
        "label",
        "Year ",
        element("output", str(years[-1]), id="map-year-shown", for_="map-year"),
        element(
            "input",
            type="range",
            id="map-year",
            min="0",
            max=str(len(years) - 1),
            value=str(len(years) - 1),
            data_years=" ".join(map(str, years)),
            aria_valuetext=str(years[-1]),
        ),
        for_="map-year",  # else it is that of the output, which may have one too
    )
    choice = (
        element(
            "label",
            element("input", type="radio", name="colouring", value=colouring.key, checked=at == 0),
            f" {colouring.label}",
        )
        for at, colouring in enumerate(colourings)
    )
    if not colourings:
        return element("div", slider, class_="controls", hidden=True)
    fields = element("fieldset", element("legend", "Colour of the sites"), choice)
    return element("div", slider if len(years) > 1 else NOTHING, fields, class_="controls", hidden=True)


def size_key(largest_mw: float, label: str = "Size: racks in use") -> Html:
    """Explain the size of the circles, which grow and shrink with the map."""
    parts = []
    for mw in reversed(round_sizes(largest_mw)):
        radius = _LARGEST_RADIUS * math.sqrt(mw / largest_mw)
        size = 2.0 * radius + 2.0
        drawn = element(
            "svg",
            element("circle", cx=f"{size / 2:.1f}", cy=f"{size / 2:.1f}", r=f"{radius:.1f}"),
            viewBox=f"0 0 {size:.1f} {size:.1f}",
            # A share of the width of the key, which is that of the map.
            width=f"{100.0 * size / WIDTH:.2f}%",
        )
        parts += [drawn, element("span", f"{amount(mw)} MW")]
    return element("div", element("span", label), parts, class_="key-size", aria_hidden="true")


def _colour_key(
    colouring: Colouring,
    bounds: Sequence[float],
    facts: Mapping[int, Mapping[str, Mapping[str, ReportFigure | None]]],
    *,
    is_first: bool,
) -> Html:
    """Explain the colours of a colouring."""
    texts = [amount(bound) for bound in bounds]
    if not texts:
        steps = ["all"]
    else:
        between = [f"{low} to {high}" for low, high in pairwise(texts)]
        steps = [f"below {texts[0]}", *between, f"{texts[-1]} and more"]
    keys = [element("li", element("span", class_=f"key k-{colouring.key}-{at}"), text) for at, text in enumerate(steps)]
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
