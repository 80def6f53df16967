"""A planner's own round trips, laid over the fitted and measured ones pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import Problem
from planner.base.words import some
from planner.inputs.frames import codes, floats, texts
from planner.inputs.own_pairs import read_pairs
from planner.place.geo import faster_than_light, round_trips_ms
from planner.tables.descriptor import Field

if TYPE_CHECKING:
    from pathlib import Path

    from planner.inputs.case import Case
    from planner.inputs.types import Bools, Floats

__all__ = ["with_own_table"]

_FIELDS: Final = (
    Field("from", "string", "Demand region, by its id.", required=True),
    Field("to", "string", "Site, by its id.", required=True),
    Field("rtt_ms", "number", "Round trip, or time one way.", "ms", required=True, minimum=0.0),
    Field("one_way", "boolean", "Whether the time is one-way, not there and back."),
)
_NAMED: Final = 8  # of the pairs that are missing


def with_own_table(case: Case, haul_ms: Floats, km: Floats) -> tuple[Floats, Bools]:
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
        Round trips; `haul_ms` itself where there is no table. [ms]
    array of bool
        Whether a round trip includes the last mile already.

    Notes
    -----
    What is wrong with the table is added to the findings: pairs in scope that it lacks, unless
    `latency.own_rtt_fill_missing` lets them take what `haul_ms` holds.
    """
    path = case.scenario.file_at(("latency", "rtt_table"))
    is_whole = np.zeros(haul_ms.shape, dtype=np.bool_)
    if path is None:
        return haul_ms, is_whole
    read = read_pairs(case, path, "rtt_table", "Round trips of one's own", _FIELDS, ("from", "to"))
    if read is None:
        return haul_ms, is_whole
    table, sheet = read
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
    cell = sheet.header.index("rtt_ms")
    case.findings.problems += [
        sheet.problem(row, cell, *words) for row, *words in faster_than_light(far_km, there, labels)
    ]
    result, is_own = haul_ms.copy(), np.zeros(haul_ms.shape, dtype=np.bool_)
    result[user[used], site[used]] = there[used]
    is_own[user[used], site[used]] = True
    _note_missing(case, is_own, path)
    _note_last_mile(case)
    return result, is_own & bool(case.scenario.latency.own_rtt_includes_last_mile)


def _note_missing(case: Case, is_own: Bools, path: Path) -> None:
    """Refuse pairs in scope that the table lacks, or name those that are filled in."""
    region, site = np.nonzero(~is_own)
    if not region.size:
        return
    users, sites = case.ids("regions"), case.ids("sites")
    named = some([f"{users[u]} to {sites[s]}" for u, s in zip(region, site, strict=True)], _NAMED)
    pairs = f"{region.size} of {is_own.size} pairs of demand region and site in scope"
    if case.scenario.latency.own_rtt_fill_missing:
        text = (
            f"latency.rtt_table lacks {pairs}, which take the fitted line, a measured pair or the"
            f" metro rule, with the last mile of the class: {named}."
        )
        case.findings.note(text, ("latency", "rtt_table"))
        return
    mend = (
        "add them, narrow the scope, or set latency.own_rtt_fill_missing: true to take the"
        " fitted line for them"
    )
    problem = Problem(str(path), None, None, f"{pairs} have no row: {named}", "one for each", mend)
    case.findings.problems.append(problem)


def _note_last_mile(case: Case) -> None:
    """Say what is added to the planner's own figures where the scenario does not declare it."""
    if case.scenario.latency.own_rtt_includes_last_mile is not None:
        return
    added = zip(texts(case.workloads, "workload"), case.workloads["last_mile_ms"], strict=True)
    miles = some(sorted(f"{workload} {ms:g} ms" for workload, ms in added), _NAMED)
    text = (
        f"To the round trips of latency.rtt_table the last mile of each class ({miles}) is added."
        " If they are from end to end, set latency.own_rtt_includes_last_mile: true; false"
        " confirms it."
    )
    case.findings.note(text, ("latency", "rtt_table"))
