"""A planner's own round trips, laid over the fitted and measured ones pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.errors import InputError, Problem
from planner.geo import fibre_problems, round_trips_ms
from planner.inputs.frames import codes, floats, texts
from planner.tables.check import check_sheet
from planner.tables.descriptor import Field, TableSchema
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

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
    table = _read(case, path) if path is not None else None
    if path is None or table is None:
        return haul_ms
    _check_ids(case, table, str(path))
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


def _read(case: Case, path: Path) -> pd.DataFrame | None:
    try:
        sheet = read_sheet(path, "rtt_table")
    except InputError as error:
        case.findings.problems += error.problems
        return None
    fields = tuple(f for f in _FIELDS if f.required or f.name in sheet.header)
    schema = TableSchema(
        name="rtt_table",
        path=str(path),
        title="Round trips of one's own",
        description="",
        vintage="",
        sources=(),
        licences=(),
        fields=fields,
        primary_key=("from", "to"),
        foreign_keys=(),
        may_be_empty=False,
    )
    table, problems = check_sheet(sheet, schema)
    case.findings.problems += problems
    return None if problems else table


def _check_ids(case: Case, table: pd.DataFrame, file: str) -> None:
    """Ids must exist, in scope or not."""
    users = set(case.tables["demand_regions"]["demand_region"])
    sites = {*case.tables["sites"]["site"], *case.scenario.new_sites}
    for column, known, of in (("from", users, "demand_regions"), ("to", sites, "sites")):
        for row, id_ in enumerate(table[column]):
            if id_ not in known:
                case.findings.problems.append(
                    Problem(file, row + 2, None, f"{column} is {id_!r}", f"an id of table {of}")
                )
