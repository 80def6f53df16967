"""Power topologies by workload: what is good enough, and what of it is cheapest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.table_columns import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase
    from planner.inputs.facility import HallCost

__all__ = ["Quality", "quality_of_classes"]


@dataclass(frozen=True)
class Quality:
    """Topologies by workload.

    Parameters
    ----------
    new
        Topology of new halls for each workload, -1 where none on offer is good enough,
        shape (workload,).
    placed
        Topology in which the base-year racks of each workload stand, shape (workload,).
    suffices
        Whether a topology is good enough for a workload, shape (workload, redundancy).
    """

    new: NDArray[np.intp]
    placed: NDArray[np.intp]
    suffices: Bools


def quality_of_classes(case: ScopedCase, cost: HallCost) -> Quality:
    """Choose, for every workload, the cheapest topology that is available enough.

    Parameters
    ----------
    case : ScopedCase
        Workloads, topologies, and those that the scenario lets be built.
    cost : HallCost
        Cost of halls; that of the first site and cooling ranks the topologies.

    Returns
    -------
    Quality
    """
    names = case.ids("redundancy")
    available = floats(case.redundancy, "availability_pct")
    price = cost.capex_musd_per_mw[0, 0]

    def least(column: str, allowed: Bools) -> tuple[NDArray[np.intp], Bools]:
        wanted = np.array([names.index(name) for name in case.workloads[column]], np.intp)
        enough = available[None, :] >= available[wanted][:, None]
        ranked = np.where(enough & allowed, price, np.inf)
        best = ranked.argmin(axis=1)
        return np.where(np.isfinite(ranked.min(axis=1)), best, -1), enough

    asked = case.scenario.halls.redundancy
    allowed = np.array([asked == "all" or name in asked for name in names])
    new, suffices = least("redundancy_min", allowed)
    _note_other_ranks(case, cost, suffices & allowed, new)
    placed, _ = least("placed_redundancy", np.ones(len(names), dtype=np.bool_))
    for w in np.flatnonzero(new < 0):
        case.findings.add_at_key(
            ("halls", "redundancy"),
            f"no topology of halls.redundancy is good enough for {case.ids('workloads')[w]},"
            f" which needs {case.workloads['redundancy_min'].iloc[w]}",
            "one at least as available",
            "add a topology, or lower redundancy_min",
        )
    return Quality(new, placed, suffices)


def _note_other_ranks(
    case: ScopedCase, cost: HallCost, is_choice: Bools, new: NDArray[np.intp]
) -> None:
    """Say where a workload would find another topology cheaper than at the first site."""
    price = cost.capex_musd_per_mw
    differs = np.zeros(len(case.sites), dtype=np.bool_)
    for w in np.flatnonzero(new >= 0):
        cheapest = np.where(is_choice[w], price, np.inf).min(axis=2)
        differs |= (price[:, :, new[w]] > cheapest).any(axis=1)
    if differs.any():
        case.findings.add_note(
            f"New halls have the topology that is cheapest at {case.ids('sites')[0]}; at"
            f" {differs.sum()} of {differs.size} sites, or with other cooling, another is cheaper."
        )
