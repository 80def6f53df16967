"""Non-firm connection: curtailed in stress hours, within what a zone can take; load shed then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from planner.base.words import amount
from planner.limits.grid import (
    CONNECTION,
    FIRM_CONNECTION,
    HEADROOM,
    HEADROOM_SCALE,
    headroom_now,
    headroom_of,
    more_headroom,
)
from planner.limits.limit import Binding, Limit, LimitPrice, SetBy, amount_by_list, unit_increments
from planner.limits.relaxation import Relaxation

if TYPE_CHECKING:
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place


def _rate(question: PreparedScenario, place: Place) -> str:
    del place
    return f"{question.scenario.grid.curtailment_rate_pct:g} % of the year off at most"


def _shed_hours(question: PreparedScenario, place: Place) -> str:
    del place
    return f"{amount(question.scenario.grid.non_firm.shed.max_hours_per_year)} h a year"


def _shed_share(question: PreparedScenario, place: Place) -> str:
    del place
    share = question.scenario.grid.non_firm.shed.max_energy_frac
    return f"{share:g} of the energy that a site would use"


_SHED_HOURS: Final = "grid.non_firm.shed.max_hours_per_year"
_SHED_SHARE: Final = "grid.non_firm.shed.max_energy_frac"
ALL_HEADROOM: Final = Relaxation("headroom firm or not", "MW", ("zone",), more_headroom)


LIMITS: Final = (
    Limit(
        "non_firm_power",
        set_by=(FIRM_CONNECTION, SetBy("grid.curtailment_rate_pct", _rate)),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "all_headroom",
        price=LimitPrice("USD/MW-year", 1.0, "horizon", -1),
        binding=Binding(
            "MW",
            amount_by_list(lambda p: (p.non_firm.headroom, p.non_firm.headroom_mw)),
            "The grid of {zone} has room for {limit} of new connections by {year}, firm or "
            "curtailed up to {tier} % of energy, all used:",
        ),
        set_by=(
            SetBy("table zone_headroom", partial(headroom_now, "limit_mw", "new connections, firm or not,")),
            HEADROOM_SCALE,
        ),
        relaxed_by={ALL_HEADROOM: unit_increments, HEADROOM: partial(headroom_of, "limit_mw")},
    ),
    Limit("shed_hours", set_by=(SetBy(_SHED_HOURS, _shed_hours),), moved_by=(_SHED_HOURS,)),
    Limit("shed_energy", set_by=(SetBy(_SHED_SHARE, _shed_share),), moved_by=(_SHED_SHARE,)),
)
