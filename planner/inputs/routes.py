"""Which sites can serve which users in time: round trips, bounds, residency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.own_pairs import with_own_table
from planner.inputs.table_columns import codes, floats, texts
from planner.place.geo import MeasuredPairs, apply_measured, faster_than_light, geodesic_km, pair_class, rtt_ms

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase

__all__ = ["Reach", "find_reach", "lines_between", "reach_of_clouds"]

_LOCAL_KM = 200.0


@dataclass(frozen=True)
class Reach:
    """Round trips between users and sites, and which of them a workload may use."""

    rtt_ms: Floats  # round trip with the last mile, shape (region, workload, site). [ms]
    is_route: Bools  # within the bound and admitted by residency, same shape
    is_tight: Bools  # within the tight bound, same shape
    # users of a workload that every site can serve and that have no tighter bound, at least two regions of them: where
    # they are makes no difference, shape (region, workload)
    is_lumped: Bools


def find_reach(case: ScopedCase) -> Reach:
    """Compute round trips and admit routes.

    A measured value faster than light in fibre is added to the findings as a problem.
    """
    km = _distance_km(case)
    haul, is_whole = with_own_table(case, _haul_ms(case, km), km)
    last_mile = floats(case.workloads, "last_mile_ms")
    rtt = haul[:, None, :] + np.where(is_whole[:, None, :], 0.0, last_mile[None, :, None])
    in_time = rtt <= floats(case.workloads, "rtt_bound_ms")[None, :, None]
    tight = floats(case.workloads, "tight_rtt_ms")
    is_route = in_time & _admitted(case, km)
    # Where it costs something to serve users from a site, it makes a difference where they are.
    costs_nothing = case.scenario.siting.service_cost_table is None
    is_free = is_route.all(axis=2) & np.isnan(tight) & costs_nothing
    return Reach(
        rtt_ms=rtt,
        is_route=is_route,
        is_tight=is_route & (rtt <= tight[None, :, None]),
        is_lumped=is_free & (is_free.sum(axis=0) > 1),
    )


def reach_of_clouds(case: ScopedCase, reach: Reach, clouds: pd.DataFrame) -> tuple[Bools, Bools]:
    """Find which users clouds may serve: in time, and within the tight bound. Gives (region, workload, cloud)."""
    there = replace(case, sites=clouds)
    km = _distance_km(there)
    admitted = _admitted(there, km)
    if case.scenario.rent.placeless:
        return admitted, admitted
    rtt = _haul_ms(there, km)[:, None, :] + floats(case.workloads, "last_mile_ms")[None, :, None]
    site = codes(clouds["site"], case.ids("sites"))
    rtt[:, :, site >= 0] = reach.rtt_ms[:, :, site[site >= 0]]
    bound, tight = (floats(case.workloads, name) for name in ("rtt_bound_ms", "tight_rtt_ms"))
    return admitted & (rtt <= bound[:, None]), admitted & (rtt <= tight[:, None])


def _distance_km(case: ScopedCase) -> Floats:
    """Distance of every demand region from every site, shape (region, site). [km]"""
    lat, lon = (floats(case.regions, name)[:, None] for name in ("lat", "lon"))
    return geodesic_km(lat, lon, floats(case.sites, "lat"), floats(case.sites, "lon"))


def _admitted(case: ScopedCase, km: Floats) -> Bools:
    """Return which pairs each workload's residency rule admits, shape (region, workload, site)."""

    def same(column: str) -> Bools:
        users = np.array(texts(case.regions, column), dtype=object)
        return np.asarray(users[:, None] == np.array(texts(case.sites, column), dtype=object))

    rules = {
        "none": np.ones(km.shape, dtype=np.bool_),
        "regional": same("region"),
        "national": same("country"),
        "local": km <= _LOCAL_KM,
    }
    wanted = texts(case.workloads, "residency")
    return np.stack([rules[rule] for rule in wanted], axis=1)


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
        case.findings.add_at_table("rtt_lines", f"no line of {quantile} for {missing}", "a line for each", "add it")
    lines = lines.reindex(list(dict.fromkeys([*lines.index, *kind.ravel()])))
    row = np.array([one_kinds.index(end) for end in ones])
    column = np.array([two_kinds.index(other) for other in twos])
    place = codes(list(kind.ravel()), list(lines.index)).reshape(kind.shape)[np.ix_(row, column)]
    return floats(lines, "intercept_ms")[place], floats(lines, "slope_ms_per_km")[place]


def _with_measured(case: ScopedCase, haul: Floats) -> Floats:
    table = case.tables["rtt_measured"]
    origin = floats(table, "origin_lat"), floats(table, "origin_lon")
    destination = floats(table, "destination_lat"), floats(table, "destination_lon")
    labels = [f"{a} to {b}" for a, b in zip(table["origin"], table["destination"], strict=True)]
    rtt = floats(table, "rtt_ms")
    for row, *words in faster_than_light(geodesic_km(*origin, *destination), rtt, labels):
        case.findings.add_at_row("rtt_measured", row, "rtt_ms", *words)
    return apply_measured(
        haul,
        floats(case.regions, "lat"),
        floats(case.regions, "lon"),
        floats(case.sites, "lat"),
        floats(case.sites, "lon"),
        MeasuredPairs(*origin, *destination, rtt),
        case.scenario.latency.measured.radius_km,
    )
