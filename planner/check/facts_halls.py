"""What halls cost to build and to run, added up a second time from the cost tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at, by, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES", "hall_parts"]

_MONEY_YEAR = 2025
_M2_PER_ACRE = 4046.856
_KW_PER_MW = 1000.0
_USD_PER_MUSD = 1e6


def hall_parts(case: Case, designs: pd.DataFrame) -> dict[str, Floats]:
    """Add up what a MW of halls costs, in its parts.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    designs : DataFrame
        site, cooling and redundancy of each row.

    Returns
    -------
    dict of str to array of float
        taxed, plant: overnight, taxed as property or not [MUSD/MW]; upkeep, staff, network: a year
        [MUSD/MW-year]; one number per row.
    """
    items = by(case.data("facility_cost"), "item", "value").astype("float64")
    sites = case.sites.set_index("site")
    topology = case.data("redundancy").set_index("redundancy")
    technology = case.data("cooling").set_index("cooling")
    market = case.data("facility_market").set_index("market")
    known = designs
    known = known.assign(
        market=known["site"].map(sites["market"]), archetype=known["site"].map(sites["archetype"])
    )

    def of(table: pd.DataFrame, key: str, column: str) -> Floats:
        return at(table[column], known, (key,), np.nan)

    is_edge = (known["archetype"] == "edge").to_numpy()
    local = of(market, "market", "index") * np.where(is_edge, items["edge_site_multiplier"], 1.0)
    on_top = local * (1.0 + items["soft_costs"] + items["contingency"])
    shell = items["shell_core"] * of(topology, "redundancy", "space_ratio")
    fit_out = ["site_development", "white_space_fitout", "back_of_house_office"]
    electrical = items["electrical_N"] * of(topology, "redundancy", "electrical_capex_ratio")
    cooling = of(technology, "cooling", "capex_usd_per_kw") * _KW_PER_MW / _USD_PER_MUSD
    mechanical = cooling * of(topology, "redundancy", "mechanical_capex_ratio")
    acres = items["site_area"] * case.scenario.demand.facility_mw_per_rack_mw
    land = of(market, "market", "land_usd_per_m2") * _M2_PER_ACRE * acres / _USD_PER_MUSD
    upkeep = local * (
        items["maintenance"] * electrical + of(technology, "cooling", "opex_frac") * mechanical
    )
    staff = np.where(is_edge, items["staff_fte_small"], items["staff_fte_large"])
    return {
        "taxed": on_top * (shell + float(items[fit_out].sum())) + land,
        "plant": on_top * (electrical + mechanical),
        "upkeep": upkeep * of(topology, "redundancy", "maintenance_ratio"),
        "staff": staff * items["staff_cost"] / _USD_PER_MUSD,
        "network": np.full(len(known), items["connectivity"] * _KW_PER_MW / _USD_PER_MUSD),
    }


def _parts(case: Case, frame: pd.DataFrame) -> dict[str, Floats]:
    """Cost of a MW of halls for the site and design of every row."""
    designs = frame.merge(case.halls[["hall", "cooling", "redundancy"]], on="hall", how="left")
    return hall_parts(case, designs)


@rule(unit="MUSD/MW")
def hall_price_from_tables(case: Case) -> Excess:
    """A MW of new hall costs land, building and plant of its market, cooling and topology."""
    halls = case.inputs.halls
    frame = listed(halls.build, price=halls.build_capex_musd_per_mw, start=halls.build_start)
    parts = _parts(case, frame)
    growth = 1.0 + case.finance_of("construction_real_escalation", "world")
    later = np.clip(frame["start"].to_numpy() - _MONEY_YEAR, 0.0, None)
    own = (parts["taxed"] + parts["plant"]) * growth**later
    return Excess.differs(frame[["site", "hall", "year"]], frame["price"].to_numpy(), own)


@rule(unit="MUSD/MW-year")
def hall_upkeep_from_tables(case: Case) -> Excess:
    """A MW of hall costs upkeep, property tax, insurance, staff and network every year."""
    halls = case.inputs.halls
    frame = listed(halls.hall, price=halls.opex_musd_per_mw_year)
    parts = _parts(case, frame)
    tax, insurance = (
        at(case.finance_of_sites(item), frame, ("site",), np.nan)
        for item in ("property_tax", "insurance")
    )
    own = (
        parts["upkeep"]
        + parts["staff"]
        + parts["network"]
        + insurance * (parts["taxed"] + parts["plant"])
        + tax * parts["taxed"] * float(case.scenario.finance.property_tax)
    )
    return Excess.differs(frame[["site", "hall", "year"]], frame["price"].to_numpy(), own)


RULES = (hall_price_from_tables, hall_upkeep_from_tables)
