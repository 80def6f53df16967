"""What limits a plan: one record for each limit, which prices, explain and diagnose read."""

from __future__ import annotations

from typing import Final

from planner.limits.demand import DEMAND_LIMITS, FAILOVER_LIMITS
from planner.limits.limit import Limit
from planner.limits.power import (
    CARBON_LIMITS,
    CLEAN_LIMITS,
    CONTRACT_LIMITS,
    GRID_LIMITS,
    NON_FIRM_LIMITS,
    POWER_LIMITS,
    SUPPLY_LIMITS,
)
from planner.limits.space import BUDGET_LIMITS, HALLS_LIMITS, LAND_LIMITS, RACKS_LIMITS, RATE_LIMITS, SITING_LIMITS

__all__ = ["BY_NAME", "LIMITS", "RELAXATIONS", "Limit", "moved_by"]

LIMITS: Final = (
    *DEMAND_LIMITS,
    *FAILOVER_LIMITS,
    *GRID_LIMITS,
    *NON_FIRM_LIMITS,
    *CONTRACT_LIMITS,
    *POWER_LIMITS,
    *SITING_LIMITS,
    *SUPPLY_LIMITS,
    *CLEAN_LIMITS,
    *CARBON_LIMITS,
    *LAND_LIMITS,
    *HALLS_LIMITS,
    *RATE_LIMITS,
    *RACKS_LIMITS,
    *BUDGET_LIMITS,
)
"""Every limit, in the order of table `prices`."""

RELAXATIONS: Final = tuple(dict.fromkeys(relaxation for limit in LIMITS for relaxation in limit.relaxed_by))
"""Every relaxation, in the order in which they are tried."""

BY_NAME: Final = {limit.name: limit for limit in LIMITS}


def moved_by(key: str) -> tuple[str, ...]:
    """Return the names of the limits that a setting or table moves, by its key path."""
    names = tuple(limit.name for limit in LIMITS if key in limit.moved_by)
    if not names:
        message = f"no limit is moved by {key}"
        raise LookupError(message)
    return names
