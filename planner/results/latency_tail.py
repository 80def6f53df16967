"""Round trips on a bad day: on the line of the slowest tenth, never shorter than on other days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.axes import ANYWHERE
from planner.place.geo import geodesic_km, pair_class, rtt_ms
from planner.results.demand import served_rtt_ms

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel


__all__ = ["tail_rtt_ms"]

_TAIL: Final = "p90"


def tail_rtt_ms(s: SolvedModel) -> Floats:
    """Return the round trip of each service on the tail line of its pair of places.

    Measured pairs and a scenario's own round trips are those of ordinary days, so they are the
    least that a bad day has. The metro rule applies as by default.
    Gives [ms].
    """
    sets, served = s.p.sets, s.p.demand.served
    placed = [label for label in sets.region.labels if label != ANYWHERE]
    users = s.p.tables["demand_regions"].set_index("demand_region").loc[placed]
    sites = s.p.sites.table.set_index("site").loc[list(sets.site.labels)]
    haul = np.full((len(sets.region), len(sets.site)), np.nan)
    haul[sets.region.codes(placed)] = _haul_ms(s, users, sites)
    workloads = s.p.workloads.set_index("workload").loc[list(sets.workload.labels)]
    last_mile = workloads["last_mile_ms"].to_numpy(dtype=np.float64)
    on_line_ms = haul[served["region"], served["site"]] + last_mile[served["workload"]]
    return np.asarray(np.maximum(on_line_ms, served_rtt_ms(s)))


def _haul_ms(s: SolvedModel, users: pd.DataFrame, sites: pd.DataFrame) -> Floats:
    """Return round trips without access, shape (user, site)."""
    lines = s.p.tables["rtt_lines"]
    tail = lines[lines["quantile"] == _TAIL].set_index("pair_class")
    user_end, site_end = _ends(users), _ends(sites)
    user_ends, site_ends = sorted(set(user_end)), sorted(set(site_end))
    kinds = [pair_class(*user, *site) for user in user_ends for site in site_ends]
    row = np.array([user_ends.index(end) for end in user_end], dtype=np.intp)
    column = np.array([site_ends.index(end) for end in site_end], dtype=np.intp)

    def of_line(name: str) -> Floats:
        by_ends = tail[name].reindex(kinds).to_numpy(dtype=np.float64)
        table = by_ends.reshape(len(user_ends), len(site_ends))
        return np.asarray(table[row[:, None], column])

    distance_km = geodesic_km(
        users["lat"].to_numpy()[:, None],
        users["lon"].to_numpy()[:, None],
        sites["lat"].to_numpy(),
        sites["lon"].to_numpy(),
    )
    return rtt_ms(distance_km, of_line("intercept_ms"), of_line("slope_ms_per_km"))


def _ends(places: pd.DataFrame) -> list[tuple[str, str]]:
    """Return world region and country of each place."""
    return list(zip(places["region"], places["country"], strict=True))
