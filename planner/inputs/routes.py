"""Which sites can serve which users in time: round trips, bounds, residency."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import MOST_PROBLEMS, InputError, Problem, unlisted_problems
from planner.base.units import H100E_PER_KH100E, USD_PER_MUSD
from planner.base.words import did_you_mean, some
from planner.family.table_columns import codes, floats, mask_at, texts
from planner.inputs.failover import may_cover_for
from planner.place.geo import (
    MeasuredPairs,
    apply_measured,
    faster_than_light,
    fibre_floor_ms,
    geodesic_km,
    pair_class,
    round_trips_ms,
    rtt_ms,
)
from planner.plausible.rules import misplaced
from planner.tables.check import check_sheet
from planner.tables.descriptor import Field, TableSchema
from planner.tables.places import TableCell
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.tables.sheet import Sheet


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
    return table, sheet


_BETWEEN_SITES: Final = (
    "remove the row: it is a site, and round trips between sites cannot be given; where one"
    " training run has racks at several sites (siting.block_rtt_ms) they follow from the distance"
)


def _check_ids(case: ScopedCase, table: pd.DataFrame, sheet: Sheet) -> None:
    """Refuse ids that do not exist, each at its cell, and note rows about one that is not in scope."""
    tables, given = case.tables, (*case.scenario.sites.items(), *case.scenario.new_sites.items())
    left_out = (id_ for id_, site in given if site.exclude)  # a site may be left out and keep its rows
    sites = {*tables["sites"]["site"], *case.scenario.new_sites}
    ids = (
        ("from", "demand_regions", {*tables["demand_regions"]["demand_region"]}, case.ids("regions")),
        ("to", "sites", sites, (*case.ids("sites"), *left_out)),
        ("workload", "workloads", {*tables["workloads"]["workload"]}, case.ids("workloads")),
    )
    is_noted = np.zeros(len(table), dtype=np.bool_)
    for column, of, known, in_scope in ids:
        if column not in table:
            continue
        is_known, is_in = (table[column].isin(list(some_)).to_numpy(dtype=np.bool_) for some_ in (known, in_scope))
        cell, unknown = sheet.header.index(column), np.flatnonzero(~is_known)
        for row in unknown[:MOST_PROBLEMS].tolist():
            id_ = str(table[column].iloc[row])
            is_site = column == "from" and id_ in sites
            otherwise = f"`dcplan data ids {of}` lists them"
            fix = _BETWEEN_SITES if is_site else did_you_mean(id_, sorted(map(str, known)), otherwise)
            what_is, must_be = f"{column} is {id_!r}", f"an id of table {of}"
            case.findings.problems.append(sheet.problem(row, cell, what_is, must_be, fix))
        if len(unknown) > MOST_PROBLEMS:
            case.findings.problems.append(unlisted_problems(sheet.file, len(unknown) - MOST_PROBLEMS))
        idle = is_known & ~is_in & ~is_noted
        is_noted |= idle
        if idle.any():
            named = some(list(dict.fromkeys(texts(table[idle], column))), _NAMED)
            rows = "1 row has" if idle.sum() == 1 else f"{idle.sum()} rows have"
            what_is, first = f"{rows} no effect, {column} {named}: not in scope", int(np.flatnonzero(idle)[0])
            problem = sheet.problem(first, cell, what_is, "", "widen the scope, or remove them")
            case.findings.add_without_effect(problem)


_COST: Final = "usd_per_h100e_year"
_COST_FIELDS: Final = (
    Field("from", "string", "Demand region, by its id.", required=True),
    Field("to", "string", "Site, by its id.", required=True),
    Field(_COST, "number", "Cost of serving a mean H100e for a year.", "USD/H100e-year", required=True, minimum=0.0),
    Field("workload", "string", "Its workload; without the column, every workload."),
)


def service_cost(case: ScopedCase) -> Floats | None:
    """Read the scenario's `siting.service_cost_table`. Gives (region, workload, site) [MUSD/kH100e-year]."""
    path, title = case.scenario.file_at(("siting", "service_cost_table")), "Cost of serving users from a site"
    key = ("from", "to", "workload")
    read = None if path is None else read_pairs(case, path, "service_cost_table", title, _COST_FIELDS, key)
    if read is None:
        return None
    table, _ = read
    user, site = codes(table["from"], case.ids("regions")), codes(table["to"], case.ids("sites"))
    musd = floats(table, _COST) * H100E_PER_KH100E / USD_PER_MUSD
    cost = np.full((len(case.ids("regions")), len(case.ids("workloads")), len(case.ids("sites"))), np.nan)
    for code, workload in enumerate(case.ids("workloads")):
        of_class = table["workload"].eq(workload).to_numpy() if "workload" in table else True
        at = np.flatnonzero((user >= 0) & (site >= 0) & of_class)
        cost[user[at], code, site[at]] = musd[at]
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
    key = ("from", "to")
    read = None if path is None else read_pairs(case, path, "rtt_table", "Own round trips", _RTT_FIELDS, key)
    if path is None or read is None:
        return haul_ms, np.zeros(haul_ms.shape, dtype=np.bool_)
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
    at, result = (user[used], site[used]), haul_ms.copy()
    result[at] = there[used]
    is_own = mask_at(haul_ms.shape, at)
    _note_missing(case, is_own, path)
    _note_last_mile(case)
    return result, is_own & bool(case.scenario.latency.own_rtt_includes_last_mile)


def _note_missing(case: ScopedCase, is_own: Bools, path: Path) -> None:
    region, site = np.nonzero(~is_own)
    if not region.size:
        return
    users, sites = case.ids("regions"), case.ids("sites")
    named = "; ".join(f"to {sites[s]} from {_all_or_some(users, ~is_own[:, s])}" for s in np.unique(site))
    pairs = f"{region.size} of {is_own.size} pairs of demand region and site in scope"
    if case.scenario.latency.own_rtt_fill_missing:
        text = f"latency.rtt_table lacks {pairs}, which take the fitted line, a measured pair or the metro rule, with"
        case.findings.add_note(f"{text} the last mile of the class: {named}.", ("latency", "rtt_table"))
        return
    fix = "add them, narrow the scope, or set latency.own_rtt_fill_missing: true to estimate them"
    case.findings.problems.append(Problem.of(path, f"{pairs} have no row: {named}", "a row for each", fix))


def _all_or_some(users: Sequence[str], is_missing: Bools) -> str:
    if is_missing.all():
        return f"all {len(users)} demand regions"
    return ", ".join(user for user, lacks in zip(users, is_missing, strict=True) if lacks)


def _note_last_mile(case: ScopedCase) -> None:
    if case.scenario.latency.own_rtt_includes_last_mile is not None:
        return
    added = zip(texts(case.workloads, "workload"), case.workloads["last_mile_ms"], strict=True)
    miles = some(sorted(f"{workload} {ms:g} ms" for workload, ms in added), _NAMED)
    text = (
        f"To the round trips of latency.rtt_table the last mile of each workload ({miles}) is added. If they are from"
        " end to end, set latency.own_rtt_includes_last_mile: true; false confirms it."
    )
    case.findings.add_note(text, ("latency", "rtt_table"))


_LOCAL_KM = 200.0
_CLOUD_ARCHETYPE: Final = "metro"
_MOST_CLOUDS: Final = 3
"""Places that a workload is spread over: each of three holds half of what is in use."""


class Reach:
    """Round trips between users and sites, and which of them a workload may use.

    A measured value faster than light in fibre is added to the findings as a problem.
    """

    def __init__(self, case: ScopedCase) -> None:
        km = _distance_km(case)
        haul, is_whole = with_own_table(case, _haul_ms(case, km), km)
        last_mile = floats(case.workloads, "last_mile_ms")
        # round trip with the last mile, shape (region, workload, site). [ms]
        self.rtt_ms: Floats = haul[:, None, :] + np.where(is_whole[:, None, :], 0.0, last_mile[None, :, None])
        bound, tight = (floats(case.workloads, name) for name in ("rtt_bound_ms", "tight_rtt_ms"))
        # within the bound and admitted by residency, and within the tight bound, same shape
        self.is_route: Bools = (self.rtt_ms <= bound[:, None]) & _admitted(case, km)
        self.is_tight: Bools = self.is_route & (self.rtt_ms <= tight[:, None])
        # clouds that may serve users, and of these within the tight bound, up to three, shape (region, workload)
        self.clouds, self.tight_clouds = _clouds(case, self.rtt_ms)
        # Where it costs something to serve users from a site, it makes a difference where they are.
        costs_nothing = case.scenario.siting.service_cost_table is None
        is_free = self.is_route.all(axis=2) & np.isnan(tight) & costs_nothing
        is_free &= self.clouds == np.where(is_free, self.clouds, 0).max(axis=0, initial=0)
        # users of a workload that every site and as many clouds can serve and that have no tighter bound, at least two
        # regions of them: where they are makes no difference, shape (region, workload)
        self.is_lumped: Bools = is_free & (is_free.sum(axis=0) > 1)


def _clouds(case: ScopedCase, stated_ms: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Count clouds of which each may cover for the others, up to three, for all users, and within the tight bound.

    They are in the metros of table `sites` in the countries in scope, at the round trips of sites in the plan where
    they are one. Gives (region, workload).
    """
    table, countries = case.tables["sites"], case.scenario.scope.countries
    is_cloud = table["archetype"] == _CLOUD_ARCHETYPE
    if countries != "all":
        is_cloud &= table["country"].isin(list(countries))
    clouds = table[is_cloud].reset_index(drop=True)
    there = replace(case, sites=clouds)
    km = _distance_km(there)
    admitted, covers = _admitted(there, km), may_cover_for(there)
    rtt = _haul_ms(there, km)[:, None, :] + floats(case.workloads, "last_mile_ms")[None, :, None]
    site = codes(clouds["site"], case.ids("sites"))
    rtt[:, :, site >= 0] = stated_ms[:, :, site[site >= 0]]
    if case.scenario.rent.placeless:
        # Compute without a place or residency is wherever it is needed, as often as it is needed.
        is_free = np.array(texts(case.workloads, "residency")) == "none"
        count = np.where(is_free, _MOST_CLOUDS, _places(admitted, covers))
        return count, count
    bound, tight = (floats(case.workloads, name)[:, None] for name in ("rtt_bound_ms", "tight_rtt_ms"))
    return _places(admitted & (rtt <= bound), covers), _places(admitted & (rtt <= tight), covers)


def _places(near: Bools, may_cover: Bools) -> NDArray[np.intp]:
    """Count clouds, up to three, of which each may cover for the others, (region, workload)."""
    if not near.shape[2]:
        return np.zeros(near.shape[:2], dtype=np.intp)
    kinds, kind = np.unique(near.reshape(-1, near.shape[2]), axis=0, return_inverse=True)
    count: NDArray[np.intp] = np.asarray(kinds.any(axis=1), dtype=np.intp)
    for at, is_near in enumerate(kinds):
        pair = may_cover[np.ix_(is_near, is_near)]
        through = pair.astype(np.float32)
        count[at] += int(pair.any()) + int((pair & (through @ through > 0.0)).any())
    return count[kind.ravel()].reshape(near.shape[:2])


def _distance_km(case: ScopedCase) -> Floats:
    """Distance of every demand region from every site, shape (region, site). [km]"""
    lat, lon = (floats(case.regions, name)[:, None] for name in ("lat", "lon"))
    return geodesic_km(lat, lon, floats(case.sites, "lat"), floats(case.sites, "lon"))


def _admitted(case: ScopedCase, km: Floats) -> Bools:
    """Return which pairs each workload's residency rule admits, shape (region, workload, site)."""

    def same(column: str) -> Bools:
        users, sites = (np.array(texts(of, column), dtype=object) for of in (case.regions, case.sites))
        return np.asarray(users[:, None] == sites)

    rules = {
        "none": np.ones(km.shape, dtype=np.bool_),
        "regional": same("region"),
        "national": same("country"),
        "local": km <= _LOCAL_KM,
    }
    return np.stack([rules[rule] for rule in texts(case.workloads, "residency")], axis=1)


def stays_in(case: ScopedCase, region: int, workload: int) -> str:
    """Say where the data of users must stay, by which rule; "" for anywhere."""
    rule = texts(case.workloads, "residency")[workload]
    place = {
        "regional": f"in region {texts(case.regions, 'region')[region]}",
        "national": f"in {texts(case.regions, 'country')[region]}",
        "local": f"within {_LOCAL_KM:g} km",
    }
    return f" {place[rule]} (residency: {rule})" if rule in place else ""


def _haul_ms(case: ScopedCase, km: Floats) -> Floats:
    """Round trip without the last mile: the metro rule, a measured pair, or the fitted line."""
    settings = case.scenario.latency
    intercept, slope = lines_between(case, case.regions, case.sites)
    no_metro = -1.0  # so that measured pairs are laid over the line before the metro rule
    haul = rtt_ms(km, intercept, slope, metro_radius_km=no_metro)
    if settings.measured.use:
        haul = _with_measured(case, haul)
    return np.where(km <= settings.metro_radius_km, settings.metro_rtt_ms, haul)


def lines_between(case: ScopedCase, ends: pd.DataFrame, others: pd.DataFrame) -> tuple[Floats, Floats]:
    """Look up the line of the round trip of every pair of places, at the scenario's quantile.

    Gives (end, other) [ms].
    """
    ones, twos = (list(zip(texts(frame, "region"), texts(frame, "country"), strict=True)) for frame in (ends, others))
    one_kinds, two_kinds = list(dict.fromkeys(ones)), list(dict.fromkeys(twos))
    kind = np.array([[pair_class(*a, *b) for b in two_kinds] for a in one_kinds], dtype=object)
    table = case.tables["rtt_lines"]
    quantile = case.scenario.latency.quantile
    lines = table[table["quantile"] == quantile].set_index("pair_class")
    for missing in sorted(set(kind.ravel()) - set(lines.index)):
        case.findings.add("rtt_lines", f"no line of {quantile} for {missing}", "a line for each", "add it")
    lines = lines.reindex(list(dict.fromkeys([*lines.index, *kind.ravel()])))
    row = np.array([one_kinds.index(end) for end in ones], dtype=np.intp)
    column = np.array([two_kinds.index(other) for other in twos], dtype=np.intp)
    place = codes(list(kind.ravel()), list(lines.index)).reshape(kind.shape)[np.ix_(row, column)]
    return floats(lines, "intercept_ms")[place], floats(lines, "slope_ms_per_km")[place]


def _with_measured(case: ScopedCase, haul: Floats) -> Floats:
    table = case.tables["rtt_measured"]
    origin = floats(table, "origin_lat"), floats(table, "origin_lon")
    destination = floats(table, "destination_lat"), floats(table, "destination_lon")
    labels = [f"{a} to {b}" for a, b in zip(table["origin"], table["destination"], strict=True)]
    rtt = floats(table, "rtt_ms")
    for row, *words in faster_than_light(geodesic_km(*origin, *destination), rtt, labels):
        case.findings.add(TableCell("rtt_measured", row, "rtt_ms"), *words)
    return apply_measured(
        haul,
        floats(case.regions, "lat"),
        floats(case.regions, "lon"),
        floats(case.sites, "lat"),
        floats(case.sites, "lon"),
        MeasuredPairs(*origin, *destination, rtt),
        case.scenario.latency.measured.radius_km,
    )
