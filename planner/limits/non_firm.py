"""Non-firm connection: curtailed in stress hours, within what a zone can take; load shed then."""

from __future__ import annotations

from functools import partial
from typing import Final

from planner.limits.grid import (
    CONNECTION,
    FIRM_CONNECTION,
    HEADROOM,
    HEADROOM_SCALE,
    headroom_now,
    headroom_of,
    more_headroom,
)
from planner.limits.limit import MW_LASTING, Binding, Limit, Listed, SetBy, unit_increments
from planner.limits.relaxation import Relaxation

_HEADROOM: Final = Listed(lambda p: (p.non_firm.headroom, p.non_firm.headroom_mw))
_SHED_HOURS: Final = "grid.non_firm.shed.max_hours_per_year"
_SHED_SHARE: Final = "grid.non_firm.shed.max_energy_frac"
ALL_HEADROOM: Final = Relaxation("headroom firm or not", "MW", ("zone",), more_headroom)


NON_FIRM_LIMITS: Final = (
    Limit(
        "non_firm_power",
        set_by=(FIRM_CONNECTION, SetBy("grid.curtailment_rate_pct", "{figure:g} % of the year off at most")),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "all_headroom",
        price=MW_LASTING,
        binding=Binding(
            "MW",
            _HEADROOM.amount,
            "The grid of {zone} has room for {limit} of new connections by {year}, firm or "
            "curtailed up to {tier} % of energy, all used:",
        ),
        set_by=(
            SetBy("table zone_headroom", partial(headroom_now, "limit_mw", "new connections, firm or not,")),
            HEADROOM_SCALE,
        ),
        relaxed_by={ALL_HEADROOM: unit_increments, HEADROOM: partial(headroom_of, "limit_mw")},
    ),
    Limit("shed_hours", set_by=(SetBy(_SHED_HOURS, "{} h a year"),), moved_by=(_SHED_HOURS,)),
    Limit(
        "shed_energy",
        set_by=(SetBy(_SHED_SHARE, "{figure:g} of the energy that a site would use"),),
        moved_by=(_SHED_SHARE,),
    ),
)
