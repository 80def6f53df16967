"""Non-firm connection: curtailed in stress hours, within what a zone can take."""

from __future__ import annotations

from functools import partial
from typing import Final

from planner.limits.amounts import of_list
from planner.limits.giving import one
from planner.limits.grid import (
    CONNECTION,
    HEADROOM,
    HEADROOM_SCALE,
    headroom_now,
    headroom_of,
    more_headroom,
)
from planner.limits.limit import Binding, Limit, Price
from planner.limits.relief import Relief
from planner.limits.settings import SetBy

__all__ = ["ALL_HEADROOM", "LIMITS"]

ALL_HEADROOM: Final = Relief("headroom firm or not", "MW", ("zone",), more_headroom)


LIMITS: Final = (
    Limit("non_firm_power", eased_by={CONNECTION: one}),
    Limit(
        "all_headroom",
        price=Price("USD/MW-year", 1.0, "horizon", -1),
        binding=Binding(
            "MW",
            of_list(lambda p: (p.non_firm.headroom, p.non_firm.headroom_mw)),
            "The grid of {zone} has room for {limit} of new connections by {year}, firm or "
            "off for up to {tier} % of their energy, all used:",
        ),
        set_by=(
            SetBy(
                "table zone_headroom",
                partial(headroom_now, "limit_mw", "new connections, firm or not,"),
            ),
            HEADROOM_SCALE,
        ),
        eased_by={ALL_HEADROOM: one, HEADROOM: partial(headroom_of, "limit_mw")},
    ),
)
