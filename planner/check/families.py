"""The families of the checker, in the order in which a planner reads their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check import (
    bridge,
    carbon,
    contract_figures,
    contracts,
    cooling,
    days,
    demand,
    existing,
    failover,
    grid,
    hall_figures,
    halls,
    headroom,
    heat,
    latency,
    leads,
    load_price,
    migration,
    non_firm,
    offers,
    power,
    power_prices,
    rack_figures,
    racks,
    rent,
    shapes,
    sites,
    siting,
    stated_existing,
    storage,
    sums,
    supply,
    supply_figures,
    tariff_figures,
    tariffs,
    water,
)

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["FAMILIES"]

FAMILIES: Final[tuple[ModuleType, ...]] = (
    days,
    demand,
    rent,
    latency,
    racks,
    rack_figures,
    stated_existing,
    existing,
    halls,
    hall_figures,
    offers,
    sites,
    leads,
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
    headroom,
    non_firm,
    load_price,
    power_prices,
    contracts,
    contract_figures,
    tariffs,
    tariff_figures,
)
"""What each declares is in `planner.check.declared`; what is about all of them comes after."""
