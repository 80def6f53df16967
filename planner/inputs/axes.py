"""The index sets of the linear program, one axis each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.lp.index import Axis

ANYWHERE = "(anywhere)"
"""Label of the one placeless demand region: users whose latency bound covers the whole map."""


@dataclass(frozen=True)
class Sets:
    """The axes; every index list of the program is made of these."""

    site: Axis
    region: Axis  # demand regions, and ANYWHERE last when a class is placeless
    workload: Axis
    duty: Axis  # training, inference
    rack: Axis
    cooling: Axis
    redundancy: Axis
    hall: Axis  # designs "cooling|redundancy"
    year: Axis  # "2025", ...
    vintage: Axis  # rack cohorts: "stock-2022", ..., then the model years
    slot: Axis  # "d0h00", ...
    shape: Axis  # hourly shapes of load: flat, conversation, coding
    window: Axis  # deferral windows "8h", "24h"
    zone: Axis
    market: Axis
    tier: Axis  # rent: on_demand, reserved
    lever: Axis
    vendor: Axis
    hall_cooling: NDArray[np.intp]  # [hall] -> cooling
    hall_redundancy: NDArray[np.intp]  # [hall] -> redundancy
    hall_pool: NDArray[np.intp]  # (duty, hall) -> hall that names its racks
    workload_duty: NDArray[np.intp]  # [workload] -> duty
    site_zone: NDArray[np.intp]  # [site] -> zone
    site_market: NDArray[np.intp]  # [site] -> market
    rack_vendor: NDArray[np.intp]  # [rack] -> vendor
