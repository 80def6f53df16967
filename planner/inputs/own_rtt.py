"""A planner's own round trips, laid over the fitted and measured ones pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.geo import fibre_problems, round_trips_ms
from planner.inputs.frames import codes, floats, texts
from planner.inputs.own_pairs import read_pairs
from planner.tables.descriptor import Field

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Floats

__all__ = ["with_own_table"]

_FIELDS: Final = (
    Field("from", "string", "Demand region, by its id.", required=True),
    Field("to", "string", "Site, by its id.", required=True),
    Field("rtt_ms", "number", "Time without the last mile.", "ms", required=True, minimum=0.0),
    Field("one_way", "boolean", "Whether the time is one-way, not there and back."),
)


def with_own_table(case: Case, haul_ms: Floats, km: Floats) -> Floats:
    """Replace round trips by those of the scenario's `latency.rtt_table`, where it has one.

    Parameters
    ----------
    case : Case
        Scenario, regions and sites.
    haul_ms : array of float
        Round trips without the last mile, shape (region, site). [ms]
    km : array of float
        Distances, same shape. [km]

    Returns
    -------
    array of float
        Round trips; `haul_ms` itself where there is no table. What is wrong with the table is
        added to the findings.
    """
    path = case.scenario.file_at(("latency", "rtt_table"))
    if path is None:
        return haul_ms
    table = read_pairs(case, path, "rtt_table", "Round trips of one's own", _FIELDS, ("from", "to"))
    if table is None:
        return haul_ms
    there = floats(table, "rtt_ms")
    if "one_way" in table:
        one_way = table["one_way"].fillna(value=False).to_numpy(dtype=np.bool_)
        origins, ends = texts(table, "from"), texts(table, "to")
        there = np.where(one_way, round_trips_ms(origins, ends, there), there)
    user = codes(table["from"], case.ids("regions"))
    site = codes(table["to"], case.ids("sites"))
    used = np.flatnonzero((user >= 0) & (site >= 0))
    far_km = np.zeros(len(table))
    far_km[used] = km[user[used], site[used]]
    labels = [f"{a} to {b}" for a, b in zip(table["from"], table["to"], strict=True)]
    case.findings.problems += fibre_problems(far_km, there, labels, str(path))
    result = haul_ms.copy()
    result[user[used], site[used]] = there[used]
    return result
