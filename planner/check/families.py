"""The families of the checker, in the order in which a planner reads their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check import (
    carbon,
    chain,
    contracts,
    days,
    demand,
    failover,
    grid,
    heat,
    lead_times,
    load_price,
    migration,
    non_firm,
    power,
    racks,
    rent,
    sites,
    stock,
    sums,
    supply,
    supply_output,
    tariffs,
    water,
)
from planner.check.priced import AT_SITE, BOUGHT

if TYPE_CHECKING:
    from types import ModuleType

FAMILIES: Final[tuple[ModuleType, ...]] = (
    days,
    demand,
    rent,
    racks,
    stock,
    sites,
    lead_times,
    power,
    carbon,
    heat,
    water,
    sums,
    chain,
    migration,
    supply,
    supply_output,
    failover,
    grid,
    non_firm,
    load_price,
    contracts,
    tariffs,
)
"""What each declares is in `planner.check.declared`; what is about all of them comes after."""
for _family in FAMILIES:
    AT_SITE.update(getattr(_family, "AT_SITE", {}))
    BOUGHT.update(getattr(_family, "BOUGHT", {}))
