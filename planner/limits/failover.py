"""Failover: reserve for the outage of a site, within bounds and power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR
from planner.limits.grid import CONNECTION, FIRM_CONNECTION
from planner.limits.limit import Limit, LimitPrice, SetBy, unit_increments

if TYPE_CHECKING:
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place

_KH100E_HOURS: Final = H100E_PER_KH100E * HOURS_PER_YEAR  # [H100e h / kH100e and year]
_NOT_REPORTED: Final = "Money buys more: standby racks."


def _form(question: PreparedScenario, place: Place) -> str:
    del place
    return question.scenario.failover.form


_OF_WORKLOAD: Final = "workloads.{workload}.failover"
_SET_BY: Final = (SetBy(_OF_WORKLOAD, "true"),)


LIMITS: Final = (
    Limit(
        "neighbour_reserve",
        price=LimitPrice("USD/H100e-hour", _KH100E_HOURS, "yearly", 1),
        not_reported=_NOT_REPORTED,
        set_by=_SET_BY,
        moved_by=(_OF_WORKLOAD,),
    ),
    Limit(
        "reserve_capacity",
        price=LimitPrice("USD/H100e-hour", _KH100E_HOURS, "yearly", -1),
        not_reported=_NOT_REPORTED,
        set_by=_SET_BY,
        moved_by=(_OF_WORKLOAD,),
    ),
    Limit("standby_of_service", set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit("shared_reserve", set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit("failure_cut", set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit(
        "failover_power",
        set_by=(SetBy("failover.form", _form), FIRM_CONNECTION),
        relaxed_by={CONNECTION: unit_increments},
        moved_by=(_OF_WORKLOAD,),
    ),
)
