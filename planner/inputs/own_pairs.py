"""Tables of a planner's own with a figure for each pair of a demand region and a site."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import MOST_PROBLEMS, InputError, Problem, unlisted_problems
from planner.base.units import H100E_PER_KH100E, USD_PER_MUSD
from planner.base.words import closest, some
from planner.inputs.table_columns import codes, floats, texts
from planner.place.geo import faster_than_light, fibre_floor_ms, round_trips_ms
from planner.plausible.coordinates import misplaced
from planner.tables.check import check_sheet
from planner.tables.descriptor import Field, TableSchema
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.tables.sheet import Sheet

__all__ = ["read_pairs", "service_cost", "with_own_table"]


def read_pairs(
    case: ScopedCase, path: Path, name: str, title: str, fields: Sequence[Field], key: Sequence[str]
) -> tuple[pd.DataFrame, Sheet] | None:
    """Read such a table; what is wrong with it is added to the findings."""
    try:
        raw = bytes_of(path)
        sheet = sheet_of(raw, path, name)
    except InputError as error:
        case.findings.problems += error.problems
        return None
    case.findings.sha256[path.resolve()] = hashlib.sha256(raw).hexdigest()
    known = tuple(field for field in fields if field.required or field.name in sheet.header)
    schema = TableSchema(
        name=name,
        path=str(path),
        title=title,
        description="",
        fields=known,
        primary_key=tuple(column for column in key if column in {f.name for f in known}),
    )
    table, problems = check_sheet(sheet, schema)
    case.findings.problems += problems
    if problems:
        return None
    _check_ids(case, table, sheet)
    _note_out_of_scope(case, table, sheet)
    return table, sheet


_BETWEEN_SITES: Final = (
    "remove the row: it is a site, and round trips between sites cannot be given; where one"
    " training run has racks at several sites (siting.block_rtt_ms) they follow from the distance"
)


def _check_ids(case: ScopedCase, table: pd.DataFrame, sheet: Sheet) -> None:
    """Ids must exist, in scope or not; one that does not is placed at its cell."""
    ids = (
        ("from", "demand_regions", set(case.tables["demand_regions"]["demand_region"])),
        ("to", "sites", {*case.tables["sites"]["site"], *case.scenario.new_sites}),
        ("workload", "workloads", set(case.tables["workloads"]["workload"])),
    )
    for column, of, known in ids:
        if column not in table:
            continue
        unknown = np.flatnonzero(~table[column].isin(list(known)))
        for row in unknown[:MOST_PROBLEMS]:
            id_ = str(table[column].iloc[row])
            meant = closest(id_, sorted(map(str, known)))
            fix = f"did you mean {meant!r}?" if meant else f"`dcplan data ids {of}` lists them"
            if column == "from" and id_ in ids[1][2]:
                fix = _BETWEEN_SITES
            cell = sheet.header.index(column)
            case.findings.problems.append(
                sheet.problem(int(row), cell, f"{column} is {id_!r}", f"an id of table {of}", fix)
            )
        if len(unknown) > MOST_PROBLEMS:
            rest = unlisted_problems(sheet.file, len(unknown) - MOST_PROBLEMS)
            case.findings.problems.append(rest)


def _note_out_of_scope(case: ScopedCase, table: pd.DataFrame, sheet: Sheet) -> None:
    """Note rows about a region, site or workload that there is, and that is not in scope."""
    left_out = {id_ for id_, site in case.scenario.sites.items() if site.exclude}
    left_out |= {id_ for id_, site in case.scenario.new_sites.items() if site.exclude}
    ids = (
        ("from", case.tables["demand_regions"]["demand_region"], case.ids("regions")),
        (
            "to",
            (*case.tables["sites"]["site"], *case.scenario.new_sites),
            (*case.ids("sites"), *left_out),  # a site may be left out and keep its rows
        ),
        ("workload", case.tables["workloads"]["workload"], case.ids("workloads")),
    )
    is_noted = np.zeros(len(table), dtype=np.bool_)
    for column, known, in_scope in ids:
        if column not in table:
            continue
        is_id, is_in = (table[column].isin(list(some_)).to_numpy() for some_ in (known, in_scope))
        idle = is_id & ~is_in & ~is_noted
        is_noted |= idle
        if idle.any():
            named = some(list(dict.fromkeys(texts(table[idle], column))), _NAMED)
            rows = "1 row has" if idle.sum() == 1 else f"{idle.sum()} rows have"
            what_is = f"{rows} no effect, {column} {named}: not in scope"
            cell = sheet.header.index(column)
            problem = sheet.problem(int(np.flatnonzero(idle)[0]), cell, what_is, "", "widen the scope, or remove them")
            case.findings.add_without_effect(problem)


_COST_FIELDS: Final = (
    Field("from", "string", "Demand region, by its id.", required=True),
    Field("to", "string", "Site, by its id.", required=True),
    Field(
        "usd_per_h100e_year",
        "number",
        "Cost of serving a mean H100e for a year.",
        "USD/H100e-year",
        required=True,
        minimum=0.0,
    ),
    Field("workload", "string", "Its workload; without the column, every workload."),
)


def service_cost(case: ScopedCase) -> Floats | None:
    """Read the scenario's `siting.service_cost_table`. Gives (region, workload, site) [MUSD/kH100e-year]."""
    path = case.scenario.file_at(("siting", "service_cost_table"))
    if path is None:
        return None
    read = read_pairs(
        case, path, "service_cost_table", "Cost of serving users from a site", _COST_FIELDS, ("from", "to", "workload")
    )
    if read is None:
        return None
    table, _ = read
    user, site = codes(table["from"], case.ids("regions")), codes(table["to"], case.ids("sites"))
    musd = floats(table, "usd_per_h100e_year") * H100E_PER_KH100E / USD_PER_MUSD
    shape = (len(case.ids("regions")), len(case.ids("workloads")), len(case.ids("sites")))
    cost = np.full(shape, np.nan)
    in_scope = (user >= 0) & (site >= 0)
    if "workload" in table:
        of_class = codes(table["workload"], case.ids("workloads"))
        at = np.flatnonzero(in_scope & (of_class >= 0))
        cost[user[at], of_class[at], site[at]] = musd[at]
    else:
        at = np.flatnonzero(in_scope)
        cost[user[at], :, site[at]] = musd[at, None]
    return cost


_RTT_FIELDS: Final = (
    Field("from", "string", "Demand region, by its id.", required=True),
    Field("to", "string", "Site, by its id.", required=True),
    Field("rtt_ms", "number", "Round trip, or time one way.", "ms", required=True, minimum=0.0),
    Field("one_way", "boolean", "Whether the time is one-way, not there and back."),
)
_SLOWEST: Final = 4.0
_ACCESS_MS: Final = 50.0
"""Round trips of table `rtt_measured` take four times light in fibre and 4.2 ms at most; the
slowest tenth of pings of the public internet 35 ms more, and a last mile 10."""
_NAMED: Final = 8  # of the pairs that are missing


def with_own_table(case: ScopedCase, haul_ms: Floats, km: Floats) -> tuple[Floats, Bools]:
    """Replace round trips by those of the scenario's `latency.rtt_table`, where it has one.

    Takes `haul_ms` (region, site) [ms], `km` [km]. Gives round trips [ms], and where they are its own.

    What is wrong with the table is added to the findings: pairs in scope that it lacks, unless
    `latency.own_rtt_fill_missing` lets them take what `haul_ms` holds.
    """
    path = case.scenario.file_at(("latency", "rtt_table"))
    is_whole = np.zeros(haul_ms.shape, dtype=np.bool_)
    if path is None:
        return haul_ms, is_whole
    read = read_pairs(case, path, "rtt_table", "Own round trips", _RTT_FIELDS, ("from", "to"))
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
    misplaced_sites, follows = misplaced(case.scenario), Counter[str]()
    for row, *words in faster_than_light(far_km, there, labels):
        to = str(table["to"].iloc[row])
        if to in misplaced_sites:
            follows[to] += 1  # the place is wrong, and not the round trips
        else:
            case.findings.problems.append(sheet.problem(row, cell, *words))
    slow = there > _SLOWEST * fibre_floor_ms(far_km) + _ACCESS_MS
    for row in used[slow[used]]:
        if str(table["to"].iloc[row]) not in misplaced_sites:
            what_is = f"{labels[row]}: {there[row]:g} ms over {far_km[row]:.0f} km, and light in"
            what_is += f" fibre takes {fibre_floor_ms(far_km[row]):.3g} ms"
            fix = "check its unit, ms, and the place of the site"
            case.findings.warnings.append(sheet.problem(int(row), cell, what_is, "", fix))
    for to, count in follows.items():
        place = misplaced_sites[to]
        what_is = f"{place.what_is}, and {count} round trips of {sheet.file} are too short for that"
        case.findings.problems.append(replace(place, what_is=what_is, must_be="in its country"))
    result, is_own = haul_ms.copy(), np.zeros(haul_ms.shape, dtype=np.bool_)
    result[user[used], site[used]] = there[used]
    is_own[user[used], site[used]] = True
    _note_missing(case, is_own, path)
    _note_last_mile(case)
    return result, is_own & bool(case.scenario.latency.own_rtt_includes_last_mile)


def _note_missing(case: ScopedCase, is_own: Bools, path: Path) -> None:
    """Refuse pairs in scope that the table lacks, or name those that are filled in."""
    region, site = np.nonzero(~is_own)
    if not region.size:
        return
    users, sites = case.ids("regions"), case.ids("sites")
    named = "; ".join(f"to {sites[s]} from {_all_or_some(users, ~is_own[:, s])}" for s in np.unique(site))
    pairs = f"{region.size} of {is_own.size} pairs of demand region and site in scope"
    if case.scenario.latency.own_rtt_fill_missing:
        text = (
            f"latency.rtt_table lacks {pairs}, which take the fitted line, a measured pair or the"
            f" metro rule, with the last mile of the class: {named}."
        )
        case.findings.add_note(text, ("latency", "rtt_table"))
        return
    fix = "add them, narrow the scope, or set latency.own_rtt_fill_missing: true to estimate them"
    problem = Problem(str(path), None, None, f"{pairs} have no row: {named}", "a row for each", fix)
    case.findings.problems.append(problem)


def _all_or_some(users: Sequence[str], is_missing: Bools) -> str:
    """Name the demand regions that lack a pair, or say that all do."""
    if is_missing.all():
        return f"all {len(users)} demand regions"
    return ", ".join(user for user, lacks in zip(users, is_missing, strict=True) if lacks)


def _note_last_mile(case: ScopedCase) -> None:
    """Say what is added to the planner's own figures where the scenario does not declare it."""
    if case.scenario.latency.own_rtt_includes_last_mile is not None:
        return
    added = zip(texts(case.workloads, "workload"), case.workloads["last_mile_ms"], strict=True)
    miles = some(sorted(f"{workload} {ms:g} ms" for workload, ms in added), _NAMED)
    text = (
        f"To the round trips of latency.rtt_table the last mile of each workload ({miles}) is added. If they are from"
        " end to end, set latency.own_rtt_includes_last_mile: true; false confirms it."
    )
    case.findings.add_note(text, ("latency", "rtt_table"))
