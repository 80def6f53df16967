"""The table of contents: every family of rows and costs, in the order of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.families import FAMILIES as DECLARED
from planner.model import (
    carbon,
    contracts,
    demand,
    failover,
    grid,
    halls,
    load_price,
    migration,
    non_firm,
    power,
    racks,
    sites,
    siting,
    storage,
    supply,
    tariffs,
)

if TYPE_CHECKING:
    from planner.family.declared import RowsModule

FAMILIES: tuple[RowsModule, ...] = (
    *(demand, racks, halls, sites, siting, power, migration, supply, storage),
    *(grid, non_firm, load_price, contracts, tariffs, carbon, failover),
    *DECLARED,
)
"""All but money, which is about what these cost together."""
