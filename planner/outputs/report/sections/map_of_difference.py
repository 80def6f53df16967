"""The map of a difference: where one plan has more racks than another, and where fewer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.outputs.comparison.measures import common_years
from planner.outputs.map_labels import Spot
from planner.outputs.report.map import PICKED, base_map, controls, names_of, size_key
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.outputs.projection import ProjectedMap
    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["map_of_difference"]

_LARGEST_RADIUS: Final = 40.0
_SMALLEST_RADIUS: Final = 2.0
_LEAST_MW: Final = 0.5  # a difference that is drawn


def map_of_difference(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Draw a map for each further run: its racks in use less those of the first.

    The first map has a slider of the years that both have; further ones show the last.
    """
    years = common_years([of.run for of in figures])
    if not years:
        return NOTHING
    maps = [
        _map((figures[0], figures[number]), (letters[0], letters[number]), years if number == 1 else years[-1:])
        for number in range(1, len(figures))
    ]
    return section("map-section", "Where they differ", *maps)


def _map(pair: tuple[Figures, Figures], letters: tuple[str, str], years: Sequence[int]) -> Html:
    by_year = {year: _differences(pair, year) for year in years}
    largest = max((abs(one.shown_value) for of in by_year.values() for one in of.values()), default=0.0)
    title = f"Racks in use, {letters[1]} less {letters[0]}"
    if largest == 0.0:
        return element("p", f"{title}: no difference of {_LEAST_MW:g} MW or more at any site.")
    sites = pd.concat([of.run.sites for of in pair]).drop_duplicates("site")
    sheet, below = base_map(sites)
    is_alone = len(years) == 1
    drawn = element(
        "svg",
        below,
        (_year(of, sites, sheet, year, largest, year != years[-1]) for year, of in by_year.items()),
        viewBox=f"0 0 {sheet.width:.0f} {sheet.height:.0f}",
        role="img",
        aria_label=f"Map. {title}",
    )
    key = element(
        "ul",
        element("li", element("span", class_="key c0"), f"more in {letters[1]}"),
        element("li", element("span", class_="key c1"), f"more in {letters[0]}"),
        class_="legend",
    )
    return element(
        "figure",
        element("figcaption", element("strong", title), f" [MW]{f', {years[0]}' * is_alone}"),
        NOTHING if is_alone else controls(years, ()),
        drawn,
        size_key(largest, "Size: difference of racks in use"),
        key,
        NOTHING if is_alone else PICKED,
        class_="map difference",
        id=None if is_alone else "map",
    )


def _differences(pair: tuple[Figures, Figures], year: int) -> dict[str, ReportFigure]:
    """Return the difference of racks in use by site, where it is worth a circle."""
    sites = dict.fromkeys(
        str(site) for of in pair for (site,) in of.sums_by("site_year", "nameplate_mw", "site", year=year)
    )
    found = {}
    for site in sites:
        before, after = (of.sum("site_year", "nameplate_mw", site=site, year=year) for of in pair)
        if abs(after.value - before.value) >= _LEAST_MW:
            found[site] = after.above(before)
    return found


def _year(
    differences: Mapping[str, ReportFigure],
    sites: pd.DataFrame,
    sheet: ProjectedMap,
    year: int,
    largest_mw: float,
    is_hidden: bool,
) -> Html:
    drawn = sites[sites["site"].isin(list(differences))]
    x, y = sheet.place(drawn["lon"].to_numpy(), drawn["lat"].to_numpy())
    spots, circles = [], []
    for site, known_as, left, top in zip(drawn["site"], drawn["name"], x, y, strict=True):
        figure = differences[site]
        value, shown = figure.shown_value, figure.text()
        radius = max(_LARGEST_RADIUS * math.sqrt(abs(value) / largest_mw), _SMALLEST_RADIUS)
        said = {"class_": f"n site c{0 if value > 0.0 else 1}", "data_shown": shown}
        circle = element(
            "circle",
            element("title", f"{known_as}, {year}: {shown} MW"),
            cx=f"{left:.1f}",
            cy=f"{top:.1f}",
            r=f"{radius:.1f}",
            data_site=site,
            **{**figure.attributes(digits=3), **said},
        )
        spots.append(Spot(str(known_as), value, math.nan, left, top, radius))
        circles.append(circle)
    order = sorted(range(len(spots)), key=lambda at: -spots[at].radius)  # small ones lie on top
    return element(
        "g",
        (circles[at] for at in order),
        names_of([spots[at] for at in order], has_sign=True),
        class_="year",
        data_year=year,
        hidden=is_hidden,
    )
