"""Who is served from where: distance, round trip, residency, all computed a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at, has, listed, tally
from planner.check.routes import ANYWHERE, stays_elsewhere
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["RULES"]

_ROUTE = ("region", "workload", "site")
_CLASS = ("workload", "year")


@rule(unit="ms")
def round_trip_within_bound(case: Case) -> Excess:
    """Users are served only from sites whose round trip, recomputed, is within the bound."""
    frame = case.routes
    return Excess.above(
        frame[list(_ROUTE)], frame["rtt_ms"].to_numpy(), frame["rtt_bound_ms"].to_numpy()
    )


@rule(unit="ms", floor=1000.0)
def round_trip_told(case: Case) -> Excess:
    """Round trips in the tables are those recomputed from coordinates, lines and pairs."""
    own = case.routes.set_index(list(_ROUTE))["rtt_ms"]
    table = case.plan("assignment")
    # Users anywhere are in no place, so that nothing is told of them.
    return Excess.told(
        table[list(_ROUTE)], table["rtt_ms"].to_numpy(), at(own, table, _ROUTE, np.nan)
    )


@rule(unit="routes")
def residency(case: Case) -> Excess:
    """Data stays where its class must stay: world region, country, or within 200 km."""
    frame = case.routes
    return Excess.where(frame[list(_ROUTE)], stays_elsewhere(frame))


@rule(unit="ms")
def served_from_anywhere(case: Case) -> Excess:
    """Users lumped together, wherever they are, can be served in time and right by any site."""
    wanted = listed(case.inputs.demand.demand)[["region", "workload"]].drop_duplicates()
    lumped = wanted.loc[wanted["region"] == ANYWHERE, ["workload"]]
    everywhere = case.reach
    frame = everywhere[
        everywhere["workload"].isin(lumped["workload"])
        & ~has(everywhere, wanted, ("region", "workload"))
    ].reset_index(drop=True)
    barred = np.where(frame["is_admitted"], 0.0, np.inf)
    late = frame["rtt_ms"].to_numpy() + barred
    return Excess.above(frame[list(_ROUTE)], late, frame["rtt_bound_ms"].to_numpy())


@rule(unit="kH100e")
def tight_share(case: Case) -> Excess:
    """The share of demand met within the tighter bound is at least the class's share."""
    demand, tight = case.inputs.demand, case.inputs.demand.tight
    key = ("region", "workload", "year")
    frame = listed(tight, share=demand.tight_share_frac)
    table = case.plan("assignment")
    own = case.routes
    near = own[own["rtt_ms"] <= own["tight_rtt_ms"] * (1.0 + 1e-9)]
    served = table[has(table, near, _ROUTE)]
    told = case.plan("demand").set_index(list(key))
    rent = listed(case.inputs.rent.rented, near=case.inputs.rent.rented_is_tight)
    is_near = at(rent.set_index(list(key))["near"].astype("float64"), frame, key)
    inside = at(tally(served, key, served["served_kh100e"]), frame, key)
    inside = inside + is_near * at(told["rented_kh100e"], frame, key)
    met = told["demand_kh100e"] - told["unmet_kh100e"] - told["saved_kh100e"]
    return Excess.above(frame[list(key)], frame["share"].to_numpy() * at(met, frame, key), inside)


RULES = (
    round_trip_within_bound,
    round_trip_told,
    residency,
    served_from_anywhere,
    tight_share,
)
