"""Failover: reserve for the outage of a site, within bounds and power."""

from __future__ import annotations

from typing import Final

from planner.limits.grid import CONNECTION, FIRM_CONNECTION
from planner.limits.limit import COMPUTE_DUE, COMPUTE_LIMIT, Limit, SetBy, unit_increments

_NOT_REPORTED: Final = "Money buys more: standby racks."


_OF_WORKLOAD: Final = "workloads.{workload}.failover"
_SET_BY: Final = (SetBy(_OF_WORKLOAD, "true"),)


FAILOVER_LIMITS: Final = (
    Limit("neighbour_reserve", price=COMPUTE_DUE, not_reported=_NOT_REPORTED, set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit(
        "reserve_capacity", price=COMPUTE_LIMIT, not_reported=_NOT_REPORTED, set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)
    ),
    Limit("standby_of_service", set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit("shared_reserve", set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit("failure_cut", set_by=_SET_BY, moved_by=(_OF_WORKLOAD,)),
    Limit(
        "failover_power",
        set_by=(SetBy("failover.form", "{}"), FIRM_CONNECTION),
        relaxed_by={CONNECTION: unit_increments},
        moved_by=(_OF_WORKLOAD,),
    ),
)
