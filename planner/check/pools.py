"""How racks and halls go together: the topologies that workloads need, and pools of racks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.check.frames import column_by
from planner.check.once import once

if TYPE_CHECKING:
    import pandas as pd

    from planner.check.case import Case

__all__ = ["availability", "halls_apart", "in_pools", "least_topology"]


@once
def least_topology(case: Case) -> dict[str, str]:
    """Return the least topology that each workload of the plan needs."""
    table = column_by(case.workloads, "workload", "redundancy_min")
    return {name: str(table[name]) for name in case.inputs.sets.workload.labels}


@once
def availability(case: Case) -> dict[str, float]:
    """Return how available each topology is. [%]"""
    table = column_by(case.data("redundancy"), "redundancy", "availability_pct")
    return {str(name): float(value) for name, value in table.items()}


def in_pools(case: Case, rows: pd.DataFrame) -> pd.DataFrame:
    """Name the halls of racks as their pools: by cooling, and the least that their use needs."""
    least: dict[str, str] = {}
    available = availability(case)
    for workload, topology in least_topology(case).items():
        duty = case.duty[workload]
        if duty not in least or available[topology] < available[least[duty]]:
            least[duty] = topology
    cooling, own = halls_apart(rows["hall"])
    of_use = rows["duty"].map(least).fillna(own)
    return rows.assign(hall=cooling + "|" + of_use)


def halls_apart(hall: pd.Series[str]) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return cooling and topology of designs, which are named by both."""
    parts = hall.astype("str").str.split("|")
    return parts.str[0], parts.str[1]
