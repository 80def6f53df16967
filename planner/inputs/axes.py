"""The index sets of the linear program, one axis each, made of what is in scope and in play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.family.table_columns import codes, texts
from planner.inputs.case import DUTIES
from planner.inputs.racks import vendors
from planner.lp import Axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallSpace
    from planner.inputs.racks import RackSpace
    from planner.inputs.routes import Reach


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
    stage: Axis  # new halls: ordered, or committed before the first day
    fill: Axis  # halls operated as others: as full as new ones may be, or as existing ones are
    hall_cooling: NDArray[np.intp]  # [hall] -> cooling
    hall_redundancy: NDArray[np.intp]  # [hall] -> redundancy
    hall_pool: NDArray[np.intp]  # (duty, hall) -> hall that names its racks
    workload_duty: NDArray[np.intp]  # [workload] -> duty
    site_zone: NDArray[np.intp]  # [site] -> zone
    site_market: NDArray[np.intp]  # [site] -> market
    rack_vendor: NDArray[np.intp]  # [rack] -> vendor


def make_sets(case: ScopedCase, reach: Reach, halls: HallSpace, racks: RackSpace) -> Sets:
    """Return the axes."""
    cooling, redundancy = case.ids("cooling"), case.ids("redundancy")
    regions = case.ids("regions") + ((ANYWHERE,) if reach.is_lumped.any() else ())
    zones = tuple(dict.fromkeys(texts(case.sites, "zone")))
    markets = tuple(dict.fromkeys(texts(case.sites, "market")))
    makers = vendors(case)
    shapes = tuple(dict.fromkeys(texts(case.workloads, "shape")))
    levers = tuple(dict.fromkeys(case.tables["levers"]["lever"]))
    vintages = [f"stock-{year}" for year in racks.vintage[: (racks.vintage.size - len(case.years))]]
    return Sets(
        site=Axis("site", case.ids("sites")),
        region=Axis("region", regions),
        workload=Axis("workload", case.ids("workloads")),
        duty=Axis("duty", DUTIES),
        rack=Axis("rack", case.ids("racks")),
        cooling=Axis("cooling", cooling),
        redundancy=Axis("redundancy", redundancy),
        hall=Axis(
            "hall", tuple(f"{cooling[c]}|{redundancy[q]}" for c, q in zip(halls.cooling, halls.redundancy, strict=True))
        ),
        year=Axis("year", case.years.labels),
        vintage=Axis("vintage", (*vintages, *case.years.labels)),
        slot=Axis("slot", case.days.names),
        shape=Axis("shape", shapes),
        window=Axis("window", tuple(f"{hours}h" for hours in np.unique(deferral_windows_h(case)) if hours > 0)),
        zone=Axis("zone", zones),
        market=Axis("market", markets),
        tier=Axis("tier", case.scenario.rent.tiers),
        lever=Axis("lever", levers),
        vendor=Axis("vendor", makers),
        stage=Axis("stage", ("ordered", "committed")),
        fill=Axis("fill", ("new", "existing")),
        hall_cooling=halls.cooling,
        hall_redundancy=halls.redundancy,
        hall_pool=halls.pool_hall,
        workload_duty=case.duty,
        site_zone=codes(case.sites["zone"], zones),
        site_market=codes(case.sites["market"], markets),
        rack_vendor=codes(case.racks["vendor"], makers),
    )


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
