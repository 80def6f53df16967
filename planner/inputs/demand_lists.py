"""Index lists of demand and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.inputs.frames import any_along, floats
from planner.inputs.types import ANYWHERE, DemandInputs
from planner.lp import Index

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.demand import Wanted
    from planner.inputs.rack_space import RackSpace
    from planner.inputs.routes import Reach
    from planner.inputs.types import Bools, Floats, Sets

__all__ = ["demand_inputs", "with_anywhere"]


def demand_inputs(
    case: Case, sets: Sets, wanted: Wanted, reach: Reach, racks: RackSpace
) -> DemandInputs:
    """Make the lists of who wants compute and who can serve it.

    Parameters
    ----------
    case : Case
        Scope and settings.
    sets : Sets
        Axes.
    wanted : Wanted
        Compute by region, class and year.
    reach : Reach
        Routes in time.
    racks : RackSpace
        Sites and years in which a class can have racks.

    Returns
    -------
    DemandInputs
    """
    kh100e, is_route = with_anywhere(wanted.kh100e, reach)
    placed = np.nonzero(kh100e > 0.0)
    demand = Index.sparse("demand", (sets.region, sets.workload, sets.year), placed)
    is_wanted = any_along(kh100e > 0.0, axis=2)
    r, w, s = np.nonzero(is_route & is_wanted[:, :, None])
    route = Index.sparse("route", (sets.region, sets.workload, sets.site), (r, w, s))
    is_anywhere = np.array(sets.region.labels, dtype=object)[r] == ANYWHERE
    inside = np.where(is_anywhere, 0, r)
    rtt = np.where(is_anywhere, 0.0, reach.rtt_ms[inside, w, s])
    serves = _serves(case, racks)  # (site, workload, year)
    at = is_route[:, :, :, None] & (kh100e > 0.0)[:, :, None, :] & serves.transpose(1, 0, 2)
    served = Index.sparse(
        "served", (sets.region, sets.workload, sets.site, sets.year), np.nonzero(at)
    )
    load = Index.sparse("load", (sets.site, sets.workload, sets.year), np.nonzero(serves))
    share = floats(case.workloads, "tight_share_frac")[demand["workload"]]
    tight = demand.select(~np.isnan(share), "tight")
    is_free = case.scenario.demand.unmet == "allow"
    no_route = _no_route(case, wanted, reach)
    _note_no_route(case, no_route)
    return DemandInputs(
        demand=demand,
        demand_kh100e=kh100e[placed],
        route=route,
        route_rtt_ms=rtt,
        route_is_tight=np.where(is_anywhere, False, reach.is_tight[inside, w, s]),
        served=served,
        load=load,
        tight=tight,
        tight_share_frac=share[~np.isnan(share)],
        no_route=no_route,
        unmet=demand.select(np.full(demand.size, is_free), "unmet"),
        unmet_usd_per_h100e_hour=case.scenario.demand.unmet_usd_per_h100e_hour,
    )


def with_anywhere(kh100e: Floats, reach: Reach) -> tuple[Floats, Bools]:
    """Gather users that every site can serve in one region after all others.

    Parameters
    ----------
    kh100e : array of float
        Compute, shape (region, workload, year). [kH100e]
    reach : Reach
        Routes, and which users are lumped.

    Returns
    -------
    array of float, array of bool
        Compute and routes, with one more region where users are lumped.
    """
    lump = reach.is_lumped[:, :, None]
    if not lump.any():
        return kh100e, reach.is_route
    total = np.where(lump, kh100e, 0.0).sum(axis=0, keepdims=True)
    everywhere = np.broadcast_to(lump.any(axis=0), (1, *reach.is_route.shape[1:]))
    return (
        np.concatenate([np.where(lump, 0.0, kh100e), total]),
        np.concatenate([reach.is_route & ~lump, everywhere]),
    )


def _serves(case: Case, racks: RackSpace) -> Bools:
    """Whether a class can have racks in use, (site, workload, year)."""
    serves = np.zeros((racks.used.shape[0], len(case.workloads), len(case.years)), np.bool_)
    for w in np.unique(racks.workload):
        serves[:, w] = racks.used[:, racks.workload == w].any(axis=1)
    return serves


def _no_route(case: Case, wanted: Wanted, reach: Reach) -> pd.DataFrame:
    """List users with a demand that no site reaches, with the nearest site."""
    lonely = ~reach.is_route.any(axis=2) & (wanted.kh100e > 0.0).any(axis=2)
    r, w = np.nonzero(lonely)
    nearest = reach.rtt_ms[r, w].argmin(axis=1) if r.size else np.zeros(0, np.intp)
    of_class = wanted.kh100e.sum(axis=(0, 2))
    return pd.DataFrame(
        {
            "region": np.array(case.ids("regions"), dtype=object)[r],
            "workload": np.array(case.ids("workloads"), dtype=object)[w],
            "nearest_site": np.array(case.ids("sites"), dtype=object)[nearest],
            "nearest_rtt_ms": reach.rtt_ms[r, w, nearest],
            "bound_ms": floats(case.workloads, "rtt_bound_ms")[w],
            "demand_frac": wanted.kh100e.sum(axis=2)[r, w] / np.where(of_class > 0, of_class, 1)[w],
        }
    )


def _note_no_route(case: Case, no_route: pd.DataFrame) -> None:
    for workload, rows in no_route.groupby("workload", sort=False):
        case.findings.note(
            f"{workload}: no site reaches {len(rows)} of {len(case.regions)} regions in time or"
            f" within its residency rule, {rows['demand_frac'].sum():.1%} of its demand"
            f" ({', '.join(rows['region'])})."
        )
