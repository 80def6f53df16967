"""Figures of non-firm power: stress slots, cost, leads, reckoned a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.facts_sites import decided, months_to_service
from planner.check.frames import at, listed
from planner.check.stress import hours_off, stress_share
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_SITE = ("site", "year")


def _service(case: Case, column: str) -> float:
    """Return a figure of the service that the scenario chooses."""
    figures = case.data("connection_services").set_index("service")[column].astype("float64")
    return float(figures[case.scenario.grid.non_firm.service])


@rule(unit="-")
def stress_from_tables(case: Case) -> Excess:
    """Non-firm power is off in the zone's most stressed slots, for the hours of its rate."""
    sets, p = case.inputs.sets, case.inputs.non_firm
    zones = np.unique(sets.site_zone[p.service["site"]])
    place = pd.DataFrame({"zone": [sets.zone.labels[z] for z in zones]}).merge(
        case.slots[["slot"]], how="cross"
    )
    parts = []
    for label, (rate, hours) in zip(p.tier.labels, hours_off(case).items(), strict=True):
        told = p.off_frac[zones, p.tier.code(label)].ravel()
        own = at(stress_share(case, hours), place, ("zone", "slot"), np.nan)
        named = Excess.where(pd.DataFrame({"rate": [rate]}), np.array([float(label) != rate]))
        parts += [named, Excess.differs(place, told, own)]
    return parts[0].and_also(*parts[1:])


@rule(unit="MUSD/MW")
def non_firm_price_from_tables(case: Case) -> Excess:
    """Non-firm connection costs its substation and the service's share of the network upgrades."""
    p, grid = case.inputs.non_firm, case.scenario.grid
    offers = listed(p.connect, told=p.capex_musd_per_mw)
    items = case.data("facility_cost").set_index("item")["value"]
    substation, network = items["substation_customer"], items["interconnection_network"]
    cost = float(substation)
    if len(offers):
        cost += float(_service(case, "upgrade_cost_frac") * network)
    if grid.expansion_usd_per_mw is not None:
        cost *= grid.expansion_usd_per_mw / (substation + network)
    if grid.non_firm.usd_per_mw is not None:
        cost = grid.non_firm.usd_per_mw
    own = np.full(len(offers), cost / 1e6)
    bought = case.plan("non_firm_connections")
    overnight = bought["added_mw"].to_numpy() * cost / 1e6
    return Excess.differs(offers[list(_SITE)], offers["told"].to_numpy(), own).and_also(
        Excess.differs(bought[list(_SITE)], bought["overnight_musd"].to_numpy(), overnight)
    )


@rule(unit="months")
def non_firm_lead_from_tables(case: Case) -> Excess:
    """Non-firm connection comes after its lead, and turns firm after the months of its service."""
    p = case.inputs.non_firm
    offers = listed(p.connect, start=p.start, turns=p.turns_firm)
    place = offers[list(_SITE)]
    if not len(offers):
        return Excess.where(place, np.zeros(0, dtype=np.bool_))
    months = at(months_to_service(case)["non_firm"], offers, ("site",), np.nan)
    first = decided(case) + months / 12.0
    due = np.maximum(first, offers["year"].to_numpy(dtype=np.float64))
    start = Excess.differs(place, offers["start"].to_numpy() * 12.0, due * 12.0)
    until = _service(case, "firm_after_months")
    never = until == 0.0
    turns = np.full(len(offers), np.inf) if never else due + until / 12.0
    return start.and_also(Excess.differs(place, offers["turns"].to_numpy() * 12.0, turns * 12.0))


RULES = (stress_from_tables, non_firm_price_from_tables, non_firm_lead_from_tables)
