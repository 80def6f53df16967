"""Table of the round trips that users get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import distinct
from planner.model.demand import saved_kh100e
from planner.results.demand import served_rtt_ms
from planner.results.frame import labels, ratio, result_table, total_by
from planner.results.latency_tail import tail_rtt_ms

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats, Positions
    from planner.lp import Expression
    from planner.results.solved import SolvedModel


__all__ = ["latency", "weighted_quantile"]

_LARGEST = 1.0


def latency(s: SolvedModel) -> pd.DataFrame:
    """Make table `latency`: round trips by workload and year, and what is not served at home."""
    m, given = s.model, s.p.demand
    over = distinct(given.demand, "workload", "year")
    workloads = s.p.workloads.set_index("workload").loc[list(over.labels("workload"))]

    def add(expression: Expression) -> Floats:
        return s.value(expression.sum_to(over))

    served_kh100e = s.value(m.served)
    place = over.find(given.served)
    rtt_ms = served_rtt_ms(s)
    timed = np.flatnonzero(~np.isnan(rtt_ms) & (served_kh100e > 0.0))
    at, weight = place[timed], served_kh100e[timed]
    timed_kh100e = total_by(at, weight, over.size)

    def quantile(of_served_ms: Floats, share: float) -> Floats:
        return weighted_quantile(of_served_ms[timed], weight, at, over.size, share)

    is_tight = given.route_is_tight[given.route.find(given.served)][timed]
    within_tight = ratio(total_by(at[is_tight], weight[is_tight], over.size), timed_kh100e)
    tight_share = _tight_share_frac(s, over.find(given.tight), over.size)
    demand_kh100e = total_by(over.find(given.demand), given.demand_kh100e, over.size)
    return result_table(
        "latency",
        {
            **labels(over),
            "bound_ms": workloads["rtt_bound_ms"].to_numpy(dtype=np.float64),
            "tight_ms": workloads["tight_rtt_ms"].to_numpy(dtype=np.float64),
            "tight_share_frac": tight_share,
            "demand_kh100e": demand_kh100e,
            "served_kh100e": total_by(place, served_kh100e, over.size),
            "mean_rtt_ms": ratio(total_by(at, weight * rtt_ms[timed], over.size), timed_kh100e),
            "p50_rtt_ms": quantile(rtt_ms, 0.5),
            "p95_rtt_ms": quantile(rtt_ms, 0.95),
            "max_rtt_ms": quantile(rtt_ms, _LARGEST),
            "tail_p95_rtt_ms": quantile(tail_rtt_ms(s), 0.95),
            "within_tight_frac": np.where(np.isnan(tight_share), np.nan, within_tight),
            "rented_frac": ratio(add(m.rented), demand_kh100e),
            "saved_frac": ratio(add(saved_kh100e(m)), demand_kh100e),
            "unmet_frac": ratio(add(m.unmet), demand_kh100e),
        },
    )


def weighted_quantile(values: Floats, weights: Floats, group: Positions, groups: int, share: float) -> Floats:
    """Return, for each group, the least value that a share of its weight does not exceed.

    >>> rtt_ms, kh100e = np.array([30.0, 12.0, 25.0]), np.array([2.0, 6.0, 4.0])
    >>> weighted_quantile(rtt_ms, kh100e, np.array([0, 0, 0]), 1, 0.8).tolist()
    [25.0]
    """
    order = np.lexsort((values, group))
    group_of, value_of, weight_of = group[order], values[order], weights[order]
    entries = np.bincount(group_of, minlength=groups)
    end = np.cumsum(entries)
    first = end - entries
    so_far = np.concatenate(([0.0], np.cumsum(weight_of)))
    total = so_far[end] - so_far[first]
    # A hair less, so that rounding does not step over the entry that holds the share.
    wanted = so_far[first] + share * total * (1.0 - 1e-12)
    at = np.clip(np.searchsorted(so_far[1:], wanted), first, end - 1)
    has_entries = entries > 0
    found = np.full(groups, np.nan)
    found[has_entries] = value_of[at[has_entries]]
    return found


def _tight_share_frac(s: SolvedModel, place: Positions, count: int) -> Floats:
    """Return the share that must be within the tight bound, nan where there is none."""
    share = np.full(count, np.nan)
    share[place] = s.p.demand.tight_share_frac
    return share
