"""Power of a site: what comes in covers what it uses."""

from __future__ import annotations

from typing import Final

from planner.limits.limit import Limit, LimitPrice

POWER_LIMITS: Final = tuple(
    Limit(
        name,
        price=LimitPrice("USD/MWh", 1.0, "yearly", 1, by_slot=True),
        not_reported="It always binds; its price is that of the energy a site uses.",
        not_set="It balances decisions: no figure of a scenario is its right side.",
    )
    for name in ("power_balance", "exact_balance")
)
