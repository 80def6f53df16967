"""Halls: power and floor, lead times, commitments, retrofits, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import DualPrice
from planner.check.frames import isin, lookup, quotient, to_frame
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case


_HALL = ("site", "hall", "year")
_KW_PER_MW = 1000.0
_MONTH_YEARS = 1.0 / 12.0


@rule(unit="MW")
def halls_table(case: Case) -> Excess:
    """Spare and stranded power and floor follow from what is usable and used.

    Stranded is what stays empty when a hall is filled with the mix of racks it has; what is kept
    free is neither spare nor stranded. Floor counts in MW of the density it is built for, so that one tolerance
    serves all.
    """
    table = case.plan("halls")
    for_racks_mw, used_mw = (table["operated_mw"] - table["free_mw"]).to_numpy(), table["used_mw"].to_numpy()
    floor, used = (table[name].to_numpy() / _KW_PER_MW for name in ("floor_m2", "used_m2"))
    is_used = (used_mw > 0.0) & (used > 0.0)
    fill = np.where(is_used, np.fmin(quotient(for_racks_mw, used_mw), quotient(floor, used)), 0.0)
    pairs = [
        (table["spare_power_mw"], np.maximum(for_racks_mw - used_mw, 0.0)),
        (table["spare_floor_m2"] / _KW_PER_MW, np.maximum(floor - used, 0.0)),
        (table["stranded_power_mw"], np.where(is_used, for_racks_mw - fill * used_mw, 0.0)),
        (table["stranded_floor_m2"] / _KW_PER_MW, np.where(is_used, floor - fill * used, 0.0)),
    ]
    parts = [Excess.differs(table[list(_HALL)], left.to_numpy(), right) for left, right in pairs]
    return parts[0].and_also(*parts[1:])


@rule(unit="halls")
def halls_where_allowed(case: Case) -> Excess:
    """Halls are built, retrofitted, leased and committed only where and when that is on offer."""
    halls = case.inputs.halls
    parts = [
        Excess.count_broken(table[list(key)], ~isin(table, to_frame(index), key))
        for table, index, key in (
            (case.plan("builds"), halls.build, (*_HALL, "stage")),
            (case.plan("retrofits"), halls.retrofit, ("site", "hall", "to_hall", "year")),
            (case.plan("leases"), halls.lease, _HALL),
        )
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="years")
def hall_lead(case: Case) -> Excess:
    """No hall is in service before its lead time has passed, unless it is committed."""
    builds, lead = case.plan("builds"), case.inputs.halls.lead
    earliest = lead.set_index(["site", "hall"])["service_start"]
    start = builds["service_start"].to_numpy()
    is_committed = (builds["stage"] == "committed").to_numpy()
    missing = np.where(is_committed, 0.0, np.inf)
    due = np.where(is_committed, 0.0, lookup(earliest, builds, ("site", "hall"), 0.0))
    place = builds[list(_HALL)]
    known = isin(builds, lead, ("site", "hall")) | is_committed
    too_early = Excess.above(place, np.where(known, due, missing), start)
    year = builds["year"].to_numpy(dtype=np.float64)
    span_end = case.last_calendar_year(builds["year"]) + 1.0
    outside = Excess.above(place, year, start).and_also(Excess.above(place, start, span_end - _MONTH_YEARS / 31.0))
    return too_early.and_also(outside)


HEADING: Final = "Halls"
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "build": ("builds", "built_mw"),
    "retrofit": ("retrofits", "retrofitted_mw"),
    "lease": ("leases", "leased_mw"),
    "operate": ("operated", "operated_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {
    "hall_power": DualPrice("USD/MW-year"),
    "hall_space": DualPrice("USD/m2-year", 1000.0),
    "lease_depth": DualPrice("USD/MW-year"),
    "committed_halls": DualPrice("USD/MW", paid="once"),
}
