"""Memory of racks: a workload may need a least amount, and racks that have less are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.number_format import amount
from planner.base.words import some

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.inputs.findings import Findings
    from planner.scenario import Scenario

__all__ = ["with_enough_memory"]

_NAMED = 12


def with_enough_memory(
    pairs: pd.DataFrame, scenario: Scenario, tables: Mapping[str, pd.DataFrame], findings: Findings
) -> pd.DataFrame:
    """Keep the pairs whose rack has, in one server or domain, the memory that the workload needs."""
    table = tables["rack_memory"]
    memory_gb = dict(zip(table["rack"], table["memory_gb"].astype(float), strict=True))
    for rack, override in scenario.racks.override.items():
        if override.memory_gb is not None:
            memory_gb[rack] = override.memory_gb
    least_gb = {name: own.least_memory_gb or 0.0 for name, own in scenario.workloads.items()}
    has = pairs["rack"].map(memory_gb).to_numpy(dtype=np.float64)
    needs = pairs["workload"].map(least_gb).fillna(0.0).to_numpy(dtype=np.float64)
    is_short = (needs > 0.0) & ~(has >= needs)
    short = pairs[is_short].assign(has=has[is_short])
    for workload, rows in short.groupby("workload", sort=False):
        named = [
            f"{rack} ({'unknown' if np.isnan(gb) else f'{amount(gb, 4)} GB'})"
            for rack, gb in zip(rows["rack"], rows["has"], strict=True)
        ]
        findings.add_note(
            f"{workload} needs {amount(least_gb[str(workload)], 4)} GB of memory that works as one."
            f" Not offered to it: {some(named, _NAMED)}. Existing ones stay in service.",
            ("workloads", str(workload), "least_memory_gb"),
        )
    return pairs[~is_short].reset_index(drop=True)
