"""What new sites take from the site in `like`, said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.say import amount
from planner.inputs.frames import floats
from planner.place.geo import geodesic_km

if TYPE_CHECKING:
    import pandas as pd

    from planner.inputs.findings import Findings
    from planner.scenario import Scenario

__all__ = ["note_inherited"]

_PLACE: Final = ("lat", "lon")
_FIGURES: Final = (
    ("zone", "grid zone {}"),
    ("market", "construction market {}"),
    ("retail_usd_per_mwh", "retail price {} USD/MWh"),
    ("wholesale_usd_per_mwh", "wholesale price {} USD/MWh"),
    ("demand_charge_usd_per_kw_month", "demand charge {} USD/kW-month"),
    ("land_limit_mw", "land for {} MW"),
    ("build_rate_mw_per_year", "build rate {} MW/year"),
    ("opening_usd", "opening cost {} USD"),
    ("fixed_usd_per_year", "fixed cost {} USD/year"),
    ("minimum_size_mw", "least size {} MW"),
)
"""Keys of a new site, and how the figure is said that stands where one is not given."""


def note_inherited(
    scenario: Scenario, sites: pd.DataFrame, known: pd.DataFrame, findings: Findings
) -> None:
    """Note for every new site in scope which figures it has from another site.

    Parameters
    ----------
    scenario : Scenario
        Its new sites.
    sites : DataFrame
        Every site in scope with its figures, as from `sites_in_scope`.
    known : DataFrame
        Table `sites`.
    findings : Findings
        Takes the notes.
    """
    rows = {str(row["site"]): row for row in sites.to_dict("records")}
    lat, lon = (dict(zip(known["site"], floats(known, name), strict=True)) for name in _PLACE)
    for id_, site in scenario.new_sites.items():
        if id_ not in rows:
            continue
        row = rows[id_]
        given = {*site.given(), *_refined(scenario, id_)}
        parts = [
            words.format(_said(row[key]))
            for key, words in _FIGURES
            if key not in given and row[key] == row[key]
        ]
        parts += [f"kind of site {row['archetype']}", "climate, water and carbon of the grid"]
        km = float(geodesic_km(lat[site.like], lon[site.like], site.lat, site.lon))
        findings.note(
            f"New site {id_} takes from {site.like}, {km:,.0f} km away: {', '.join(parts)}.",
            ("new_sites", id_, "like"),
        )


def _said(figure: str | float) -> str:
    return figure if isinstance(figure, str) else amount(figure, 4)


def _refined(scenario: Scenario, id_: str) -> set[str]:
    """Keys of a new site that are given under `sites`."""
    return set(scenario.sites[id_].given()) if id_ in scenario.sites else set()
