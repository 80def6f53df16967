"""A map on which a new site is placed, and what is known of a place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.projection import sheet_for
from planner.outputs.report.map import HEIGHT, MARGIN, WIDTH, base_map
from planner.outputs.report.markup import Html, element
from planner.place.climate import countries_near
from planner.place.geo import geodesic_km
from planner.serve.project import place_path

if TYPE_CHECKING:
    import pandas as pd

    from planner.serve.form.draft import BaseScenario, FormDraft

NEW_SITES: Final = ("new_sites",)
"""Key path of the sites of one's own."""
_TABLE: Final = "sites"
_RADIUS: Final = 5.0
_NEW_RADIUS: Final = 8.0
_FIELDS: Final = (
    ("name", "Name", None),
    ("lat", "Latitude [degrees]", None),
    ("lon", "Longitude [degrees]", None),
    ("country", "Country, two letters", None),
    ("like", "Like which site", "ids-sites-site"),
)
_DIGITS: Final = 4  # of a degree: ten meters


def new_site_part(draft: FormDraft) -> Html:
    """Return the map with its sites, and the fields that a click on it fills."""
    sites = _sites(draft.base)
    if sites is None:
        text = "The scenario's own table of sites cannot be read, so there is no map of it."
        where = [element("p", text, class_="note")]
    else:
        where = _map(draft.base, sites)
    fields = (
        element(
            "label",
            f"{label} ",
            element("input", type="text", name=f"new:{key}", id=f"new-{key}", list=ids, autocomplete="off"),
        )
        for key, label, ids in _FIELDS
    )
    return element("div", where, element("div", fields, class_="new-site"))


def _map(base: BaseScenario, sites: pd.DataFrame) -> list[Html]:
    """Draw the sites, and leave room for what is said of a place."""
    sheet, below = base_map(sites)
    x, y = sheet.place(sites["lon"].to_numpy(float), sites["lat"].to_numpy(float))
    circles = (
        element(
            "circle",
            element("title", f"{site}: {name}"),
            cx=f"{at_x:.1f}",
            cy=f"{at_y:.1f}",
            r=f"{_RADIUS:g}",
            class_="c7",
        )
        for site, name, at_x, at_y in zip(sites["site"], sites["name"], x, y, strict=True)
    )
    picture = element(
        "svg",
        below,
        circles,
        element("circle", r=f"{_NEW_RADIUS:g}", class_="c1", id="new-place", hidden=True),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        aria_label="Map of the sites; latitude and longitude can be typed below in its place",
        id="place-map",
        data_place=place_path(base.source),
    )
    return [
        element("p", "Click on the map to place a site, or type where it is.", class_="note"),
        element("figure", picture, class_="map"),
        element("p", id="place-said", role="status", class_="note"),
    ]


def place_at(base: BaseScenario, x: float, y: float) -> dict[str, Any] | None:
    """Return what is known of a place on the map; None off the globe, or without a map.

    Takes `x` [pixel], `y` [pixel]. Gives [degree].
    """
    known, sites = base.table(_TABLE), _sites(base)
    if known is None or sites is None:
        return None
    lon, lat = sheet_for(sites, WIDTH, HEIGHT, MARGIN).locate(x, y)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return None
    countries = countries_near(lat, lon)
    km = geodesic_km(lat, lon, known["lat"].to_numpy(float), known["lon"].to_numpy(float))
    return {
        "lat": round(lat, _DIGITS),
        "lon": round(lon, _DIGITS),
        "country": countries[0] if countries else "",
        "like": str(known["site"].iloc[int(km.argmin())]),
        "km": round(float(km.min())),
    }


def _sites(base: BaseScenario) -> pd.DataFrame | None:
    """Return the sites of the countries in scope; None where there is no table of any."""
    sites = base.table(_TABLE)
    if sites is None or sites.empty:
        return None
    countries = base.value(("scope", "countries"), ["US"])
    within = sites[sites["country"].isin(countries)] if isinstance(countries, list) else sites
    return within if len(within) else sites
