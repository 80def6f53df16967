"""Power purchase agreements on offer: where, at which strike, and how they deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.frames import any_along, floats, texts
from planner.inputs.supply_shapes import renewable_shape
from planner.scenario import interpolated

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Bools, Floats, Sets
    from planner.scenario.contract_blocks import Ppa

__all__ = ["delivery_profiles", "strikes"]

_BOTH: Final = "mixed"  # half sun, half wind
_FOLLOWS: Final = {"solar": ("solar",), "wind": ("wind",), _BOTH: ("solar", "wind")}


def strikes(case: Case, sets: Sets, first_site: np.ndarray) -> Floats:
    """Return the strike of every agreement by zone and year of first delivery.

    Prices of the table stand on straight lines between its years and hold beyond them.

    Parameters
    ----------
    case : Case
        Settings, and tables `ppa_prices` and `ppa_regions`.
    sets : Sets
        Axes.
    first_site : array of int
        A site of every zone, whose country tells the zone's region, shape (zone,).

    Returns
    -------
    array of float
        Shape (contract, zone, year); NaN where it is not on offer. [USD/MWh]
    """
    table, of_country = case.tables["ppa_prices"], case.tables["ppa_regions"]
    regions = dict(zip(of_country["country"], of_country["region"], strict=True))
    country = np.array(texts(case.sites, "country"), dtype=object)[first_site]
    offers = case.scenario.contracts.ppa
    price = np.full((len(offers), len(sets.zone), len(case.years)), np.nan)
    for c, (name, offer) in enumerate(offers.items()):
        rows = table[table["technology"] == offer.technology].sort_values("year")
        without = []
        for z, zone in enumerate(sets.zone.labels):
            if offer.zones != "all" and zone not in offer.zones:
                continue
            if offer.price_usd_per_mwh is not None:
                price[c, z] = [interpolated(offer.price_usd_per_mwh, y) for y in case.years.years]
                continue
            own = rows[rows["region"] == regions.get(str(country[z]), "")]
            if own.empty:
                without.append(zone)
                continue
            price[c, z] = np.interp(
                case.year, floats(own, "year"), floats(own, "price_usd_per_mwh")
            )
        _tell_of_zones_without(case, name, offer, without)
    return price


def _tell_of_zones_without(case: Case, name: str, offer: Ppa, zones: list[str]) -> None:
    """Tell where a table has no strike: a problem where the scenario names the zone."""
    if not zones:
        return
    if offer.zones == "all":
        case.findings.note(
            f"Agreement {name} is not on offer in {', '.join(zones)}: table ppa_prices has no"
            f" price of {offer.technology} there."
        )
        return
    case.findings.at_key(
        ("contracts", "ppa", name, "zones"),
        f"table ppa_prices has no price of {offer.technology} for {', '.join(zones)}",
        "zones with a price",
        "give price_usd_per_mwh, or leave the zones out",
    )


def delivery_profiles(case: Case, sets: Sets, first_site: np.ndarray, is_offered: Bools) -> Floats:
    """Return output over capacity of every agreement by zone and slot.

    Parameters
    ----------
    case : Case
        Settings and table `renewable_shapes`.
    sets : Sets
        Axes.
    first_site : array of int
        A site of every zone, whose clock the zone keeps, shape (zone,).
    is_offered : array of bool
        Shape (contract, zone); zones elsewhere are not told of.

    Returns
    -------
    array of float
        Shape (contract, zone, slot).
    """
    weight = case.days.weight_h / case.days.weight_h.sum()
    offers = tuple(case.scenario.contracts.ppa.values())
    profile = np.ones((len(offers), len(sets.zone), len(sets.slot)))
    follows = [_FOLLOWS.get(offer.profile or offer.technology, ()) for offer in offers]
    shapes = {}
    for kind in ("solar", "wind"):
        asked = np.array([kind in kinds for kinds in follows], dtype=np.bool_)
        here = any_along(is_offered & asked[:, None], axis=0)
        if here.any():
            at_site = np.zeros(len(sets.site), dtype=np.bool_)
            at_site[first_site[here]] = True
            shape = renewable_shape(case, kind, at_site)
            shapes[kind] = np.ones(profile.shape[1:]) if shape is None else shape[first_site]
    for c, offer in enumerate(offers):
        if follows[c] and is_offered[c].any():
            profile[c] = np.mean([shapes[kind] for kind in follows[c]], axis=0)
        if offer.capacity_factor_frac is not None:
            scale = offer.capacity_factor_frac / (profile[c] @ weight)
            profile[c] = np.minimum(profile[c] * scale[:, None], 1.0)
    return profile
