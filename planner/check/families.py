"""The families of the checker, in the order in which a planner reads their rules."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from planner.check import (
    carbon,
    contracts,
    days,
    demand,
    failover,
    grid,
    lead_times,
    migration,
    power,
    racks,
    rent,
    sites,
    stock,
    sums,
    supply,
    supply_output,
    tariffs,
)
from planner.check.priced import AT_SITE, BOUGHT
from planner.families import named

if TYPE_CHECKING:
    from types import ModuleType

BY_HEADING: Final[dict[str, tuple[ModuleType, ...]]] = {
    "Latency and residency": (days, demand),
    "Demand and rent": (rent,),
    "Racks": (racks, stock),
    "Sites": (sites, lead_times),
    "Power, water and carbon": (power, carbon, sums),
    "Work between sites": (migration,),
    "On-site power": (supply, supply_output),
    "Site outage": (failover,),
    "Grid": (grid,),
    "PPAs and clean power": (contracts,),
    "Bills": (tariffs,),
}
"""By the heading of its rules; what each declares is in `planner.check.declared`."""
for _file in (import_module(f"planner.check.{name}") for name, _ in named()):  # families of one file
    BY_HEADING[_file.HEADING] = (*BY_HEADING.get(_file.HEADING, ()), _file)
FAMILIES: Final = tuple(family for families in BY_HEADING.values() for family in families)
"""What is about all of them comes after."""
for _family in FAMILIES:
    AT_SITE.update(getattr(_family, "AT_SITE", {}))
    BOUGHT.update(getattr(_family, "BOUGHT", {}))
