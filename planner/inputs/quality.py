"""Power topologies by workload: what is good enough, and where base-year racks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.family.table_columns import codes, floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase


@dataclass(frozen=True)
class Quality:
    """Topologies by workload."""

    least: NDArray[np.intp]  # [workload] -> the least redundancy that it may have
    placed: NDArray[np.intp]  # [workload] -> redundancy that its base-year racks are in
    replaces: Bools  # (redundancy, redundancy): as available as the other, or more
    suffices: Bools  # (workload, redundancy): good enough for the workload
    allowed: Bools  # [redundancy]: new halls may have it


def quality_of_classes(case: ScopedCase) -> Quality:
    """Return which topologies are available enough for every workload."""
    names = case.ids("redundancy")
    available = floats(case.redundancy, "availability_pct")
    least = codes(case.workloads["redundancy_min"], names)
    replaces = available[:, None] >= available
    suffices = replaces.T[least]
    asked = case.scenario.halls.redundancy
    allowed = np.array([asked == "all" or name in asked for name in names])
    for w in np.flatnonzero(~(suffices & allowed).any(axis=1)):
        what_is = (
            f"no topology of halls.redundancy is good enough for {case.ids('workloads')[w]},"
            f" which needs {case.workloads['redundancy_min'].iloc[w]}"
        )
        case.findings.add(
            ("halls", "redundancy"), what_is, "one at least as available", "add a topology, or lower redundancy_min"
        )
    placed = codes(case.workloads["placed_redundancy"], names)
    return Quality(least, placed, replaces, suffices, allowed)
