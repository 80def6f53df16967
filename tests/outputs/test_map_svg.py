"""The map is a well-formed picture whose circles tell the truth, whatever sites are called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from planner.outputs.plots import Plots
from planner.outputs.projection import sheet_for

if TYPE_CHECKING:
    from planner.runs import Run

SVG = "{http://www.w3.org/2000/svg}"


def drawn(run: Run, year: int) -> ElementTree.Element:
    return ElementTree.fromstring(Plots(run).map(year).svg())


def circles(picture: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Return the circle of each site by its name."""
    found = [one for one in picture.iter(f"{SVG}circle") if "site" in one.get("class", "").split()]
    titles = [one.findtext(f"{SVG}title", "") for one in found]
    return {title.rsplit(", ", 1)[0]: one for title, one in zip(titles, found, strict=True)}


def test_names_are_never_markup(run: Run) -> None:
    picture = drawn(run, 2030)

    names = set(run.sites["name"])
    assert set(circles(picture)) == names
    assert "=Odd <i>names</i> 🏭" in [text.text for text in picture.iter(f"{SVG}text")]
    used = {one.tag.removeprefix(SVG) for one in picture.iter()}
    assert used == {"circle", "g", "path", "rect", "style", "svg", "text", "title", "tspan"}


def test_names_with_signs_that_xml_cannot_hold_make_a_picture_all_the_same(run: Run) -> None:
    sites = run.sites.assign(name=run.sites["name"].where(run.sites["site"] != "NO", "a\x00b\x1b[1m"))
    odd = replace(run, tables={**run.tables, "sites": sites})

    assert "ab[1m" in circles(drawn(odd, 2030))


def test_areas_are_in_proportion_to_nameplate_in_all_years(run: Run) -> None:
    site_year = run.tables["site_year"].set_index(["site", "year"])["nameplate_mw"]
    early, late = (circles(drawn(run, year)) for year in (2027, 2030))

    radius = {
        ("new-york", 2027): float(early["New-York"].get("r", 0)),
        ("new-york", 2030): float(late["New-York"].get("r", 0)),
        ("NO", 2030): float(late["NO"].get("r", 0)),
    }

    ratios = [mm**2 / site_year[place] for place, mm in radius.items()]
    # Radii are written with one decimal.
    assert ratios == pytest.approx([ratios[0]] * 3, rel=0.02)


def test_a_site_without_racks_is_not_drawn(run: Run) -> None:
    # Site NA has no load in 2025, its first year.
    assert "NA" not in circles(drawn(run, 2025))
    assert "NA" in circles(drawn(run, 2027))


def test_colour_goes_from_inference_to_training(run: Run) -> None:
    plan = run.tables["plan"]
    training, inference = (
        replace(run, tables={**run.tables, "plan": plan.assign(duty=pd.Series(duty, plan.index, dtype="str"))})
        for duty in ("training", "inference")
    )

    assert circles(drawn(training, 2030))["NO"].get("class") == "n site k-use-4"
    assert circles(drawn(inference, 2030))["NO"].get("class") == "n site k-use-0"


def test_a_year_that_is_not_of_the_plan_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="2026 is not a model year"):
        Plots(run).map(2026)


@pytest.mark.parametrize(
    ("lon", "lat", "is_round"),
    [([2.4, 10.8, 18.1], [48.6, 59.9, 59.3], True), ([2.4, 139.7, -77.5], [48.6, 35.7, 39.0], False)],
)
def test_all_sites_lie_on_the_sheet(lon: list[float], lat: list[float], is_round: bool) -> None:
    sheet = sheet_for(pd.DataFrame({"lon": lon, "lat": lat}))

    x, y = sheet.place(np.array(lon), np.array(lat))

    assert not sheet.is_us
    assert ((x > 26.0) & (x < 974.0)).all()
    assert ((y > 26.0) & (y < 534.0)).all()
    # A regional sheet is finer than one of the world: ten degrees of longitude at the first site.
    ten = sheet.place(np.array([lon[0], lon[0] + 10.0]), np.array([lat[0], lat[0]]))[0]
    assert (ten[1] - ten[0] > 100.0) == is_round
