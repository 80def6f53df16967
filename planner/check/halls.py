"""Halls: power and floor, lead times, commitments, retrofits, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at, has, listed, quotient, tally
from planner.check.standing import since
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_HALL = ("site", "hall", "year")
_SITE = ("site", "year")
_KW_PER_MW = 1000.0
_MONTH_YEARS = 1.0 / 12.0


@rule(unit="MW")
def hall_power(case: Case) -> Excess:
    """Racks and companions draw no more than the halls of their design can feed."""
    uses, halls = case.uses, case.hall_years
    drawn = tally(uses, _HALL, uses["in_service_mw"] * uses["hall_mw_per_mw"])
    place = halls[list(_HALL)]
    return Excess.above(place, at(drawn, halls, _HALL), halls["usable_mw"].to_numpy())


@rule(unit="m2")
def hall_space(case: Case) -> Excess:
    """Racks stand on no more floor than the halls of their design have."""
    uses = case.uses
    halls = case.hall_years.merge(case.halls, on="hall", how="left")
    taken = tally(uses, _HALL, uses["in_service_mw"] * uses["space_m2_per_mw"])
    floor = halls["usable_mw"] * _KW_PER_MW / halls["density_kw_per_m2"]
    return Excess.above(halls[list(_HALL)], at(taken, halls, _HALL), floor.to_numpy())


@rule(unit="MW")
def halls_table(case: Case) -> Excess:
    """Usable, used, spare and stranded power and floor add up from builds, ramp and racks.

    Stranded is what stays empty when a hall is filled with the mix of racks it has.
    """
    table, uses = case.plan("halls"), case.uses
    halls = case.hall_years.merge(case.halls, on="hall", how="left")
    place = table[list(_HALL)]
    usable, leased, existing = (
        halls.set_index(list(_HALL))[name] for name in ("usable_mw", "leased_mw", "existing_mw")
    )
    floor = tally(halls, _HALL, halls["usable_mw"] * _KW_PER_MW / halls["density_kw_per_m2"])
    drawn = tally(uses, _HALL, uses["in_service_mw"] * uses["hall_mw_per_mw"])
    taken = tally(uses, _HALL, uses["in_service_mw"] * uses["space_m2_per_mw"])
    pairs = [
        (table["usable_mw"], at(usable, table, _HALL, np.nan)),
        (table["used_mw"], at(drawn, table, _HALL)),
        (table["used_mw"] + table["spare_power_mw"], at(usable, table, _HALL, np.nan)),
        # Floor counts in MW of the density it is built for, so that one tolerance serves all.
        (table["floor_m2"] / _KW_PER_MW, at(floor, table, _HALL, np.nan) / _KW_PER_MW),
        (table["used_m2"] / _KW_PER_MW, at(taken, table, _HALL) / _KW_PER_MW),
        (table["leased_mw"], at(leased, table, _HALL, np.nan)),
        (table["existing_mw"], at(existing, table, _HALL, np.nan)),
    ]
    power_mw, floor_m2 = at(usable, table, _HALL, np.nan), at(floor, table, _HALL, np.nan)
    used_mw, used_m2 = at(drawn, table, _HALL), at(taken, table, _HALL)
    is_used = (used_mw > 0.0) & (used_m2 > 0.0)
    fill = np.fmin(quotient(power_mw, used_mw), quotient(floor_m2, used_m2))
    fill = np.where(is_used, fill, 0.0)
    no_power, no_floor = power_mw - fill * used_mw, floor_m2 - fill * used_m2
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
    early = case.plan("builds")
    early = early[early["early"]]
    uncommitted = ~has(early, listed(halls.committed), _SITE)
    work_key = ("site", "hall", "to_hall", "year")
    parts = [
        Excess.where(table[list(key)], ~has(table, listed(index), key))
        for table, index, key in (
            (case.plan("builds"), halls.build, _HALL),
            (case.plan("retrofits"), halls.retrofit, work_key),
            (case.plan("leases"), halls.lease, _HALL),
        )
    ]
    return Excess.where(early[list(_HALL)], uncommitted).and_also(*parts)


@rule(unit="years")
def hall_lead(case: Case) -> Excess:
    """No hall is in service before its lead has passed, unless it is committed."""
    builds, lead = case.plan("builds"), case.inputs.halls.lead
    earliest = lead.set_index(["site", "hall"])["service_start"]
    start = builds["service_start"].to_numpy()
    missing = np.where(builds["early"], 0.0, np.inf)
    due = np.where(builds["early"], 0.0, at(earliest, builds, ("site", "hall"), 0.0))
    place = builds[list(_HALL)]
    known = has(builds, lead, ("site", "hall")) | builds["early"].to_numpy()
    too_early = Excess.above(place, np.where(known, due, missing), start)
    year = builds["year"].to_numpy(dtype=np.float64)
    span_end = case.last_calendar_year(builds["year"]) + 1.0
    outside = Excess.above(place, year, start).and_also(
        Excess.above(place, start, span_end - _MONTH_YEARS / 31.0)
    )
    return too_early.and_also(outside)


@rule(unit="MW")
def committed_halls(case: Case) -> Excess:
    """Halls in service before their lead has passed add up to no more than is committed."""
    builds, halls = case.plan("builds"), case.inputs.halls
    limits = listed(halls.committed, committed_mw=halls.committed_mw)
    early = builds[builds["early"]]
    paired = since(early, limits, ("site",))
    built = tally(paired, ("site", "year_now"), paired["built_mw"])
    return Excess.above(
        limits[list(_SITE)], at(built, limits, _SITE), limits["committed_mw"].to_numpy()
    )


@rule(unit="MW")
def retrofit_source(case: Case) -> Excess:
    """Retrofits take halls that stand: nothing usable falls below zero; gains keep the factor."""
    halls, work = case.hall_years, case.plan("retrofits")
    offered = case.inputs.halls
    key = ("site", "hall", "to_hall", "year")
    factor = listed(offered.retrofit, frac=offered.retrofit_capacity_frac)
    gained = work["retrofitted_mw"] * at(factor.set_index(list(key))["frac"], work, key, np.nan)
    return Excess.above(halls[list(_HALL)], -halls["own_mw"].to_numpy(), 0.0).and_also(
        Excess.differs(work[list(key)], work["gained_mw"].to_numpy(), gained.to_numpy())
    )


@rule(unit="MW")
def lease_depth(case: Case) -> Excess:
    """Halls leased at a site stay within what its market has to let."""
    leases, halls = case.plan("leases"), case.inputs.halls
    leased = tally(leases, _SITE, leases["leased_mw"])
    place = leases[list(_SITE)].drop_duplicates().reset_index(drop=True)
    codes = case.inputs.sets.site.codes(place["site"])
    return Excess.above(place, at(leased, place, _SITE), halls.lease_depth_mw[codes])


@rule(unit="MUSD/year")
def lease_rents_told(case: Case) -> Excess:
    """The rent beside each lease is what it is offered for."""
    leases, halls = case.plan("leases"), case.inputs.halls
    price = listed(halls.lease, musd=halls.lease_musd_per_mw_year).set_index(list(_HALL))["musd"]
    own = leases["leased_mw"].to_numpy() * at(price, leases, _HALL, np.nan)
    return Excess.differs(leases[list(_HALL)], leases["rent_musd"].to_numpy(), own)


RULES = (
    hall_power,
    hall_space,
    halls_table,
    halls_where_allowed,
    hall_lead,
    committed_halls,
    retrofit_source,
    lease_depth,
    lease_rents_told,
)
