"""What limits a plan: one record for each limit, which prices, explain and diagnose read."""

from __future__ import annotations

from typing import Final

from planner.limits import (
    carbon,
    contracts,
    demand,
    failover,
    grid,
    halls,
    non_firm,
    power,
    racks,
    sites,
    siting,
    supply,
)
from planner.limits.limit import Limit

__all__ = ["BY_NAME", "LIMITS", "Limit", "moved_by"]

LIMITS: Final = (
    *demand.LIMITS,
    *failover.LIMITS,
    *grid.LIMITS,
    *non_firm.LIMITS,
    *contracts.CONTRACT_LIMITS,
    *power.LIMITS,
    *siting.LIMITS,
    *supply.LIMITS,
    *contracts.CLEAN_LIMITS,
    *carbon.LIMITS,
    *sites.LAND_LIMITS,
    *halls.LIMITS,
    *sites.RATE_LIMITS,
    *racks.LIMITS,
    *sites.BUDGET_LIMITS,
)
"""Every limit, in the order of table `prices`."""

BY_NAME: Final = {limit.name: limit for limit in LIMITS}


def moved_by(key: str) -> tuple[str, ...]:
    """Return the names of the limits that a setting or table moves, by its key path."""
    names = tuple(limit.name for limit in LIMITS if key in limit.moved_by)
    if not names:
        message = f"no limit is moved by {key}"
        raise LookupError(message)
    return names
