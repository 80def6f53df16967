"""What new sites take from the site in `like`, said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.number_format import amount
from planner.inputs.assumed import HALL_ITEMS, POWER_ITEMS
from planner.inputs.places import own_key
from planner.inputs.table_columns import floats, texts
from planner.inputs.without_effect import idle_figures
from planner.place.geo import geodesic_km

if TYPE_CHECKING:
    from planner.inputs.case import ScopedCase
    from planner.scenario import Scenario

__all__ = ["note_fixed_costs", "note_inherited"]

_PLACE: Final = ("lat", "lon")
_FIGURES: Final = {
    "zone": "grid zone {}",
    "market": "construction market {}",
    "retail_usd_per_mwh": "retail price {} USD/MWh",
    "wholesale_usd_per_mwh": "wholesale price {} USD/MWh",
    "demand_charge_usd_per_kw_month": "demand charge {} USD/kW-month",
    "land_limit_mw": "land for {} MW",
    "build_rate_mw_per_year": "build rate {} MW/year",
    "opening_usd": "opening cost {} USD",
    "fixed_usd_per_year": "fixed cost {} USD/year",
    "minimum_size_mw": "least size {} MW",
}
"""Keys of a new site, and how the figure is said that stands where one is not given."""
_ITEMS: Final = {
    "market": HALL_ITEMS,
    "retail_usd_per_mwh": POWER_ITEMS,
    "wholesale_usd_per_mwh": POWER_ITEMS[:1],
    "demand_charge_usd_per_kw_month": POWER_ITEMS[1:],
    "opening_usd": ("site_opening",),
    "fixed_usd_per_year": ("site_fixed",),
}
"""Lines of the cost list that these figures set."""


def note_inherited(case: ScopedCase) -> None:
    """Note for every new site in scope which figures it has from another site.

    Figures that have no effect at the site are left out, as the price where a tariff bills it.
    """
    if not case.scenario.new_sites:
        return
    known = case.tables["sites"]
    rows = {str(row["site"]): row for row in case.sites.to_dict("records")}
    lat, lon = (dict(zip(known["site"], floats(known, name), strict=True)) for name in _PLACE)
    idle = idle_figures(case)
    for id_, site in case.scenario.new_sites.items():
        if id_ not in rows:
            continue
        row = rows[id_]
        left_out = {*site.written_values(), *_refined(case.scenario, id_), *idle.get(id_, ())}
        taken = [key for key in _FIGURES if key not in left_out and row[key] == row[key]]
        parts = [_FIGURES[key].format(_said(row[key])) for key in taken]
        parts += [f"kind of site {row['archetype']}", "climate, water and carbon of the grid"]
        km = float(geodesic_km(lat[site.like], lon[site.like], site.lat, site.lon))
        items = dict.fromkeys(item for key in taken for item in _ITEMS.get(key, ()))
        case.findings.assume(
            f"New site {id_} takes from {site.like}, {km:,.0f} km away: {', '.join(parts)}.",
            ("new_sites", id_, "like"),
            items=tuple(items),
            sites=(id_,),
        )


def _said(figure: str | float) -> str:
    return figure if isinstance(figure, str) else amount(figure, 4)


def _refined(scenario: Scenario, id_: str) -> set[str]:
    """Keys of a new site that are given under `sites`."""
    return set(scenario.sites[id_].written_values()) if id_ in scenario.sites else set()


def note_fixed_costs(case: ScopedCase) -> None:
    """Note what a fixed cost of a site's own replaces, which it does not add to."""
    figure = "fixed_usd_per_year"
    of_kind = case.tables["site_archetypes"].set_index("archetype")[figure]
    for site, kind, own in zip(
        case.ids("sites"), texts(case.sites, "archetype"), floats(case.sites, figure), strict=True
    ):
        key_path = own_key(case.scenario, site, figure)
        if key_path is not None and own != of_kind[kind]:
            case.findings.add_note(
                f"{figure} of {site}, {amount(own, 4)} USD, replaces the {amount(of_kind[kind], 4)} USD of guards,"
                f" least crew and network that a site of kind {kind} has; it does not add to them.",
                key_path,
            )
