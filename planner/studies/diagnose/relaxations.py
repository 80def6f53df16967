"""What could be relaxed in a scenario without a plan, kind by kind."""

from __future__ import annotations

from typing import Final

from planner.limits import carbon, contracts, demand, grid, halls, non_firm, racks, sites, supply

__all__ = ["RELAXATIONS"]

RELAXATIONS: Final = (
    demand.DEMAND,
    demand.TIGHT_BOUND,
    demand.RENT,
    racks.DELIVERIES,
    sites.LAND,
    halls.LEASE,
    sites.BUILD_RATE,
    sites.MARKET,
    sites.BUDGET,
    sites.CASH,
    grid.CONNECTION,
    contracts.CONTRACTS,
    supply.SOURCES,
    grid.FIRM_HEADROOM,
    non_firm.ALL_HEADROOM,
    grid.HEADROOM,
    carbon.CARBON,
    carbon.WATER,
)
"""Every relaxation, in the order in which they are tried."""
