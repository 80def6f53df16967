"""Memory of racks and what workloads need of it, recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.check.frames import column_by, lookup_labels

if TYPE_CHECKING:
    import pandas as pd

    from planner.check.case import Case


def with_enough_memory(case: Case, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of workload and rack whose rack has the memory that the workload needs."""
    known_gb = column_by(case.data("rack_memory"), "rack", "memory_gb").astype("float64").to_dict()
    stated = case.scenario.racks.override.items()
    known_gb |= {rack: given.memory_gb for rack, given in stated if given.memory_gb is not None}
    least_gb = {
        name: given.least_memory_gb
        for name, given in case.scenario.workloads.items()
        if given.least_memory_gb is not None
    }
    room = lookup_labels(known_gb, pairs["rack"], 0.0)
    need = lookup_labels(least_gb, pairs["workload"], 0.0)
    return pairs[room >= need].reset_index(drop=True)
