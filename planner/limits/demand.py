"""Limits of demand and failover, and what leaves demand unmet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from planner.base.words import amount, round_down
from planner.limits.limit import (
    COMPUTE_DUE,
    COMPUTE_LIMIT,
    Binding,
    Limit,
    Listed,
    ProposedChange,
    Relaxation,
    SetBy,
    relaxed_rows,
    scaled,
    unit_increments,
)
from planner.limits.power import CONNECTION, FIRM_CONNECTION
from planner.scenario import Setting, interpolated

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.build import PreparedScenario
    from planner.limits.limit import Place
    from planner.lp import Index

# --- Demand: what must be served, how much of it within a tighter bound, and what clouds rent out ---

_DEMAND: Final = Listed(lambda p: (p.demand.demand, p.demand.demand_kh100e))
_TIGHT_FRAC: Final = Listed(lambda p: (p.demand.tight, p.demand.tight_share_frac))
_RENT: Final = Listed.by("year", lambda p: p.rent.depth_kh100e)


def _asked(key: str, question: PreparedScenario, place: Place) -> str | None:
    """Say what is asked for, if this key of `demand` is what asks for it."""
    s = question.scenario.demand
    stated = any(one.workload == place["workload"] for one in s.explicit)
    other = "trajectory" if s.facility_gw is None else "facility_gw"
    if key != ("explicit" if stated else other):
        return None
    kh100e = amount(_DEMAND.at(question, place))
    return f"{place['workload']} of {place['region']} {kh100e} kH100e in {place['year']}"


def _of_workload(column: str, unit: str, question: PreparedScenario, place: Place) -> str:
    figures = question.inputs.workloads.set_index("workload")[column]
    return f"{float(figures[place['workload']]):g}{unit}"


def _rent(question: PreparedScenario, place: Place) -> str:
    depth, scale = _RENT.at(question, place), question.scenario.rent.depth_scale_frac
    return f"{scale:g}, clouds rent out {amount(depth)} kH100e in {place['year']}"


def _tight_kh100e(question: PreparedScenario, rows: Index) -> Floats:
    """Return the part of the demand of each row that has a tight bound, (row,). [kH100e]"""
    return _DEMAND.of_rows(question, rows) * _TIGHT_FRAC.of_rows(question, rows)


def _less_demand(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    less = {int(place["year"]): by for place, by in relaxed_rows(over, amounts)}
    now = question.scenario.demand.scale_frac
    path = {}
    for year in question.inputs.years.years:
        scale = interpolated(now, year)
        path[year] = round_down(scale * max(0.0, 1.0 - less.get(year, 0.0)), 6)
    words = tuple(f"-{amount(100 * by)} % of demand in {year}" for year, by in less.items())
    return ProposedChange(words, (Setting(("demand", "scale_frac"), path),), share=max(less.values(), default=0.0))


def _less_tight(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Ask that a smaller share of users is served within the tight bound."""
    share = question.inputs.workloads.set_index("workload")["tight_share_frac"]
    words, settings, most = [], [], 0.0
    for place, by in relaxed_rows(over, amounts):
        workload = place["workload"]
        old = float(share[workload])
        new = round_down(max(0.0, old - by), 6)
        words.append(f"-{amount(100 * (old - new))} % points of {workload} within its tight bound")
        settings.append(Setting(("workloads", workload, "tight_share_frac"), new))
        most = max(most, by / old)
    return ProposedChange(tuple(words), tuple(settings), share=most)


DEMAND: Final = Relaxation("demand", "share of a year's demand", ("year",), _less_demand, most=1.0)
TIGHT_BOUND: Final = Relaxation("tight bound", "share of a workload", ("workload",), _less_tight, most=1.0)
RENT: Final = Relaxation(
    "rented compute", "factor", (), partial(scaled, ("rent", "depth_scale_frac"), "cloud rental capacity")
)


DEMAND_LIMITS: Final = (
    Limit(
        "demand_balance",
        price=COMPUTE_DUE,
        not_reported="Demand always binds; its price is the cost of compute, reported as such.",
        set_by=(
            *(SetBy(f"demand.{key}", partial(_asked, key)) for key in ("explicit", "facility_gw", "trajectory")),
            SetBy("demand.unmet", "forbid", lambda q, _: q.scenario.demand.unmet == "forbid"),
            SetBy("rent.allow", "false", lambda q, _: not q.scenario.rent.allow),
        ),
        relaxed_by={DEMAND: _DEMAND.of_rows},
    ),
    Limit(
        "tight_latency_share",
        price=COMPUTE_DUE,
        not_reported="Money buys it: nearer sites cost more.",
        set_by=(
            SetBy("workloads.{workload}.tight_share_frac", partial(_of_workload, "tight_share_frac", "")),
            SetBy("workloads.{workload}.tight_rtt_ms", partial(_of_workload, "tight_rtt_ms", " ms")),
        ),
        relaxed_by={DEMAND: _tight_kh100e, TIGHT_BOUND: _DEMAND.of_rows},
    ),
    Limit(
        "rent_depth",
        price=COMPUTE_LIMIT,
        binding=Binding("kH100e", _RENT.amount, "Clouds rent out at most {limit} in {year}:"),
        set_by=(SetBy("rent.depth_scale_frac", _rent),),
        relaxed_by={RENT: _RENT.of_rows},
    ),
)


# --- Failover: reserve for the outage of a site, within bounds and power --------------------------

_NOT_REPORTED: Final = "Money buys more: standby racks."


_OF_WORKLOAD: Final = "workloads.{workload}.failover"
_SET_BY: Final = (SetBy(_OF_WORKLOAD, "true"),)


FAILOVER_LIMITS: Final = (
    Limit("neighbour_reserve", price=COMPUTE_DUE, not_reported=_NOT_REPORTED, set_by=_SET_BY),
    Limit("reserve_capacity", price=COMPUTE_LIMIT, not_reported=_NOT_REPORTED, set_by=_SET_BY),
    *(Limit(name, set_by=_SET_BY) for name in ("standby_of_service", "shared_reserve", "failure_cut")),
    Limit(
        "failover_power",
        set_by=(SetBy("failover.form", "{}"), FIRM_CONNECTION),
        relaxed_by={CONNECTION: unit_increments},
        moved_by=(_OF_WORKLOAD,),
    ),
)
