"""Halls: power and floor, lead times, commitments, retrofits, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import TRACE, DualPrice, Table
from planner.check.existing import fill_frac, hall_years
from planner.check.frames import isin, lookup, once, quotient, sum_by, to_frame
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


_HALL = ("site", "hall", "year")
_KW_PER_MW = 1000.0
_MONTH_YEARS = 1.0 / 12.0


@once
def _for_racks_mw(case: Case) -> Floats:
    """Power that racks may take of every design in a year, in the order of `hall_years`. [MW]

    Halls that exist and are not retrofitted may be as full as stated racks make them, whatever they
    are operated as.
    """
    halls, kept_free = hall_years(case), case.scenario.halls.free_frac
    existing_mw = (halls["existing_mw"] - halls["turned_mw"]).to_numpy()
    other_mw = halls["usable_mw"].to_numpy() - existing_mw
    own_mw = (1.0 - kept_free) * other_mw + fill_frac(case, halls) * existing_mw
    return np.asarray(own_mw + halls["filled_mw"].to_numpy())


@rule(unit="MW")
def halls_table(case: Case) -> Excess:
    """Usable, used, spare and stranded power and floor add up from builds, ramp and racks.

    Stranded is what stays empty when a hall is filled with the mix of racks it has; what is kept
    free is neither spare nor stranded.
    """
    table, uses = case.plan("halls"), case.uses
    halls = hall_years(case).merge(case.halls, on="hall", how="left")
    place = table[list(_HALL)]
    usable, leased, existing, operated = (
        halls.set_index(list(_HALL))[name] for name in ("usable_mw", "leased_mw", "existing_mw", "operated_mw")
    )
    floor = sum_by(halls, _HALL, halls["operated_mw"] * _KW_PER_MW / halls["density_kw_per_m2"])
    drawn = sum_by(uses, _HALL, uses["in_service_mw"] * uses["hall_mw_per_mw"])
    taken = sum_by(uses, _HALL, uses["in_service_mw"] * uses["space_m2_per_mw"])
    power_mw, floor_m2 = lookup(usable, table, _HALL, np.nan), lookup(floor, table, _HALL, np.nan)
    operated_mw = lookup(operated, table, _HALL, np.nan)
    used_mw, used_m2 = lookup(drawn, table, _HALL), lookup(taken, table, _HALL)
    for_racks = halls.assign(mw=_for_racks_mw(case)).set_index(list(_HALL))["mw"]
    for_racks_mw = lookup(for_racks, table, _HALL, np.nan)
    pairs = [
        (table["usable_mw"], power_mw),
        (table["operated_mw"], operated_mw),
        (table["free_mw"], operated_mw - for_racks_mw),
        (table["used_mw"], used_mw),
        (table["spare_power_mw"], np.maximum(for_racks_mw - used_mw, 0.0)),
        # Floor counts in MW of the density it is built for, so that one tolerance serves all.
        (table["floor_m2"] / _KW_PER_MW, floor_m2 / _KW_PER_MW),
        (table["used_m2"] / _KW_PER_MW, used_m2 / _KW_PER_MW),
        (table["leased_mw"], lookup(leased, table, _HALL, np.nan)),
        (table["existing_mw"], lookup(existing, table, _HALL, np.nan)),
    ]
    is_used = (used_mw > 0.0) & (used_m2 > 0.0)
    fill = np.fmin(quotient(for_racks_mw, used_mw), quotient(floor_m2, used_m2))
    fill = np.where(is_used, fill, 0.0)
    no_power, no_floor = for_racks_mw - fill * used_mw, floor_m2 - fill * used_m2
    pairs += [
        (table["spare_floor_m2"] / _KW_PER_MW, np.maximum(floor_m2 - used_m2, 0.0) / _KW_PER_MW),
        (table["stranded_power_mw"], np.where(is_used, no_power, 0.0)),
        (table["stranded_floor_m2"] / _KW_PER_MW, np.where(is_used, no_floor, 0.0) / _KW_PER_MW),
    ]
    parts = [Excess.differs(place, left.to_numpy(), right) for left, right in pairs]
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


@rule(unit="MW")
def retrofits_reported(case: Case) -> Excess:
    """What a retrofit gains is what it takes times the factor of its design."""
    work, offered, key = case.plan("retrofits"), case.inputs.halls, ("site", "hall", "to_hall", "year")
    factor = to_frame(offered.retrofit, frac=offered.retrofit_capacity_frac)
    gained = work["retrofitted_mw"] * lookup(factor.set_index(list(key))["frac"], work, key, np.nan)
    return Excess.differs(work[list(key)], work["gained_mw"].to_numpy(), gained.to_numpy())


@rule(unit="MUSD/year", rows_of=("leases",))
def lease_rents_reported(case: Case) -> Excess:
    """Rent reported for a lease is what it is offered for."""
    leases, halls = case.plan("leases"), case.inputs.halls
    price = to_frame(halls.lease, musd=halls.lease_musd_per_mw_year).set_index(list(_HALL))["musd"]
    expected = leases["leased_mw"].to_numpy() * lookup(price, leases, _HALL, np.nan)
    return Excess.differs(leases[list(_HALL)], leases["rent_musd"].to_numpy(), expected)


def _halls_rows(case: Case) -> pd.DataFrame:
    halls = hall_years(case)
    is_there = (halls["usable_mw"] > TRACE) | (halls["operated_mw"] > TRACE)
    return halls.loc[is_there, ["site", "hall", "year"]]


HEADING: Final = "Halls"
IMPLIED: Final[Mapping[str, Table]] = {"halls": _halls_rows}
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
