"""The families of the checker, in the order in which a planner reads their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check import (
    carbon,
    contracts,
    contracts_figures,
    cooling,
    days,
    decision_lists,
    demand,
    demand_figures,
    existing,
    failover,
    grid,
    grid_figures,
    halls,
    halls_figures,
    headroom,
    heat,
    latency,
    lead_times,
    load_price,
    migration,
    non_firm,
    non_firm_figures,
    power,
    power_prices,
    racks,
    racks_figures,
    rent,
    shapes,
    sites,
    siting,
    stock,
    sums,
    supply,
    supply_figures,
    tariffs,
    tariffs_figures,
    water,
)
from planner.check import chain as bridge
from planner.check import supply_output as storage

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["FAMILIES"]

FAMILIES: Final[tuple[ModuleType, ...]] = (
    days,
    demand,
    demand_figures,
    rent,
    latency,
    racks,
    racks_figures,
    existing,
    stock,
    halls,
    halls_figures,
    decision_lists,
    sites,
    lead_times,
    siting,
    power,
    cooling,
    shapes,
    carbon,
    heat,
    water,
    sums,
    bridge,
    migration,
    supply,
    storage,
    supply_figures,
    failover,
    grid,
    grid_figures,
    headroom,
    non_firm,
    non_firm_figures,
    load_price,
    power_prices,
    contracts,
    contracts_figures,
    tariffs,
    tariffs_figures,
)
"""What each declares is in `planner.check.declared`; what is about all of them comes after."""
