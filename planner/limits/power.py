"""Power of a site: what comes in covers what it uses."""

from __future__ import annotations

from typing import Final

from planner.limits.limit import Limit, LimitPrice

_NOT_REPORTED: Final = "It always binds; its price is that of the energy a site uses."
_NOT_SET: Final = "It balances decisions: no figure of a scenario is its right side."


LIMITS: Final = (
    Limit(
        "power_balance",
        price=LimitPrice("USD/MWh", 1.0, "yearly", 1, by_slot=True),
        not_reported=_NOT_REPORTED,
        not_set=_NOT_SET,
    ),
    Limit(
        "exact_balance",
        price=LimitPrice("USD/MWh", 1.0, "yearly", 1, by_slot=True),
        not_reported=_NOT_REPORTED,
        not_set=_NOT_SET,
    ),
)
