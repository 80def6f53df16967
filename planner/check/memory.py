"""Memory of racks and what classes need of it, read a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import by

if TYPE_CHECKING:
    import pandas as pd

    from planner.check.case import Case

__all__ = ["roomy"]


def roomy(case: Case, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of workload and rack whose rack holds what the class needs in memory.

    Parameters
    ----------
    case : Case
        Scenario and data.
    pairs : DataFrame
        Columns workload and rack.

    Returns
    -------
    DataFrame
        Some of the rows.
    """
    known_gb = by(case.data("rack_memory"), "rack", "memory_gb").astype("float64").to_dict()
    stated = case.scenario.racks.override.items()
    known_gb |= {rack: own.memory_gb for rack, own in stated if own.memory_gb is not None}
    fits = np.ones(len(pairs), dtype=np.bool_)
    for name, own in case.scenario.workloads.items():
        if own.least_memory_gb is not None:
            room = np.array([known_gb.get(rack, 0.0) for rack in pairs["rack"]])
            fits &= (pairs["workload"] != name).to_numpy() | (room >= own.least_memory_gb)
    return pairs[fits].reset_index(drop=True)
