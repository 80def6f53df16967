"""The index sets of the linear program, one axis each, made of what is in scope and in play."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.arrays import Record
from planner.family.table_columns import codes, texts
from planner.inputs.case import DUTIES
from planner.inputs.racks import vendors
from planner.lp import Axis

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallSpace
    from planner.inputs.racks import RackSpace
    from planner.inputs.routes import Reach


ANYWHERE = "(anywhere)"
"""Label of the one placeless demand region: users whose latency bound covers the whole map."""


class Sets(Record):
    """The axes; every index list of the program is made of these."""

    def __init__(self, case: ScopedCase, reach: Reach, halls: HallSpace, racks: RackSpace) -> None:
        cooling, redundancy = case.ids("cooling"), case.ids("redundancy")
        designs = zip(halls.cooling, halls.redundancy, strict=True)
        self.site: Axis = Axis("site", case.ids("sites"))
        # demand regions, and ANYWHERE last when a class is placeless
        self.region: Axis = Axis("region", case.ids("regions") + (ANYWHERE,) * bool(reach.is_lumped.any()))
        self.workload: Axis = Axis("workload", case.ids("workloads"))
        self.duty: Axis = Axis("duty", DUTIES)  # training, inference
        self.rack: Axis = Axis("rack", case.ids("racks"))
        self.cooling: Axis = Axis("cooling", cooling)
        self.redundancy: Axis = Axis("redundancy", redundancy)
        self.hall: Axis = Axis("hall", tuple(f"{cooling[c]}|{redundancy[q]}" for c, q in designs))  # designs
        self.year: Axis = Axis("year", case.years.labels)  # "2025", ...
        bought = racks.vintage[: racks.vintage.size - len(case.years)]
        # rack cohorts: "stock-2022", ..., then the model years
        self.vintage: Axis = Axis("vintage", (*(f"stock-{year}" for year in bought), *case.years.labels))
        self.slot: Axis = Axis("slot", case.days.names)  # "d0h00", ...
        self.shape: Axis = _axis("shape", texts(case.workloads, "shape"))  # hourly, of load: flat, conversation, coding
        windows = np.unique(deferral_windows_h(case))
        self.window: Axis = Axis("window", tuple(f"{hours}h" for hours in windows if hours > 0))  # of deferral: "8h"
        self.zone: Axis = _axis("zone", texts(case.sites, "zone"))
        self.market: Axis = _axis("market", texts(case.sites, "market"))
        self.tier: Axis = Axis("tier", case.scenario.rent.tiers)  # rent: on_demand, reserved
        self.lever: Axis = _axis("lever", case.tables["levers"]["lever"])
        self.vendor: Axis = Axis("vendor", vendors(case))
        self.stage: Axis = Axis("stage", ("ordered", "committed"))  # new halls; the latter before the first day
        # halls operated as others: as full as new ones may be, or as existing ones are
        self.fill: Axis = Axis("fill", ("new", "existing"))
        self.hall_cooling: NDArray[np.intp] = halls.cooling  # [hall] -> cooling
        self.hall_redundancy: NDArray[np.intp] = halls.redundancy  # [hall] -> redundancy
        self.hall_pool: NDArray[np.intp] = halls.pool_hall  # (duty, hall) -> hall that names its racks
        self.workload_duty: NDArray[np.intp] = case.duty  # [workload] -> duty
        self.site_zone: NDArray[np.intp] = codes(case.sites["zone"], self.zone.labels)  # [site] -> zone
        self.site_market: NDArray[np.intp] = codes(case.sites["market"], self.market.labels)  # [site] -> market
        self.rack_vendor: NDArray[np.intp] = codes(case.racks["vendor"], self.vendor.labels)  # [rack] -> vendor


def _axis(name: str, labels: Iterable[str]) -> Axis:
    return Axis(name, tuple(dict.fromkeys(labels)))


def deferral_windows_h(case: ScopedCase) -> np.ndarray:
    """Return the window of every workload within which its work may wait, 0 for none. [h]

    A window divides the day, holds at least two time slices and is no longer than the workload
    allows.
    """
    slot_h = case.days.slot_h
    allowed = [hours for hours in range(2 * slot_h, 25, slot_h) if 24 % hours == 0]
    longest = case.workloads["max_deferral_h"].to_numpy(dtype=np.float64)
    share = case.workloads["deferrable_frac"].to_numpy(dtype=np.float64)
    fits = np.array([0, *allowed])
    window = fits[np.searchsorted(fits, longest + 1e-9, side="right") - 1]
    return np.where(case.scenario.flexibility.deferral & (share > 0.0), window, 0)
