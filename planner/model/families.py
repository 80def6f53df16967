"""The table of contents: every family of rows and costs, in the order of the paper."""

from __future__ import annotations

from planner.model import (
    carbon,
    contracts,
    demand,
    failover,
    grid,
    halls,
    heat,
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

FAMILIES = (
    demand,
    racks,
    halls,
    sites,
    siting,
    power,
    migration,
    supply,
    storage,
    grid,
    non_firm,
    load_price,
    contracts,
    tariffs,
    carbon,
    failover,
    heat,
)
"""All but money, which is about what these cost together."""
