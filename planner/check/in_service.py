"""Halls and connections in service at a site in a year, added up from the decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.existing import fill_frac
from planner.check.frames import column_by, lookup, sum_by, to_frame
from planner.check.once import once
from planner.check.payments import assets

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table


__all__ = [
    "ages",
    "by_zone",
    "connected",
    "connections_bought",
    "hall_years",
    "non_firm_mw",
    "ramped_share",
    "retrofits",
    "since",
    "site_years",
    "turned_firm_mw",
]

_NOW = ("site", "year_now")
_SITE = ("site", "year")
_HALL = ("site", "hall", "year")


def connected(case: Case) -> pd.DataFrame:
    """Read what is connected without being firm; what never turns firm does so in infinity."""
    table = case.plan("non_firm_connections")
    return table.assign(turns_firm=table["turns_firm"].fillna(np.inf))


def non_firm_mw(case: Case, places: pd.DataFrame, rate_pct: float | None = None) -> Floats:
    """Return the non-firm connection in service at sites in years, mean over the year. [MW]"""
    if not len(case.plan("non_firm_connections")):
        return np.zeros(len(places))
    begun, ended = (_in_service(case, places, moment, rate_pct) for moment in ("service_start", "turns_firm"))
    return begun - ended


def turned_firm_mw(case: Case, places: pd.DataFrame) -> Floats:
    """Return what was non-firm and is firm at sites in years, mean over the year. [MW]"""
    return _in_service(case, places, "turns_firm")


def _in_service(case: Case, places: pd.DataFrame, moment: str, rate_pct: float | None = None) -> Floats:
    years = places[list(_SITE)].drop_duplicates()
    added = connected(case)
    if rate_pct is not None:
        added = added[added["rate_pct"] == rate_pct]
    added = since(added.assign(service_start=added[moment]), years, ("site",))
    begin, end = ages(case, added[np.isfinite(added["service_start"])])
    added = added[np.isfinite(added["service_start"])]
    share = np.clip(end / (end - begin), 0.0, 1.0)
    return lookup(sum_by(added, _NOW, added["added_mw"] * share), places, _SITE)


@once
def hall_years(case: Case) -> pd.DataFrame:
    """List every hall design of a site in every year with what of it can be used."""
    halls, settings = case.inputs.halls, case.scenario.halls
    frame = to_frame(halls.hall, existing_mw=halls.existing_mw)
    built = since(case.plan("builds"), frame, ("site", "hall"))
    share = ramped_share(*ages(case, built), settings.ramp_months, settings.ramp_mean_frac)
    new = sum_by(built, ("site", "hall", "year_now"), built["built_mw"] * share)

    work = retrofits(case)
    gone = since(work.assign(service_start=work["start"]), frame, ("site", "hall"))
    lost = gone["retrofitted_mw"] * ramped_share(*ages(case, gone), 0.0, 1.0)
    left = sum_by(gone, ("site", "hall", "year_now"), lost)
    to_new = work.drop(columns="hall").rename(columns={"to_hall": "hall"})
    come = since(to_new.assign(service_start=to_new["done"]), frame, ("site", "hall"))
    in_service = ramped_share(*ages(case, come), 0.0, 1.0)
    done = come["retrofitted_mw"] * come["capacity_frac"] * in_service
    arrived = sum_by(come, ("site", "hall", "year_now"), done)

    lease = case.plan("leases")
    leased_mw = lookup(sum_by(lease, _HALL, lease["leased_mw"]), frame, _HALL)
    turned_mw = lookup(left, frame, _HALL)
    own_mw = frame["existing_mw"].to_numpy() + lookup(new, frame, _HALL) - turned_mw + lookup(arrived, frame, _HALL)
    as_others = case.plan("operated")
    filled = as_others["operated_mw"] * fill_frac(case, as_others)
    into = as_others.drop(columns="hall").rename(columns={"as_hall": "hall"})
    shifted_mw, filled_mw = (
        lookup(sum_by(into, _HALL, mw), frame, _HALL) - lookup(sum_by(as_others, _HALL, mw), frame, _HALL)
        for mw in (as_others["operated_mw"], filled)
    )
    usable_mw = own_mw + leased_mw
    return frame.assign(
        turned_mw=turned_mw,
        own_mw=own_mw,
        leased_mw=leased_mw,
        usable_mw=usable_mw,
        operated_mw=usable_mw + shifted_mw,
        filled_mw=filled_mw,
    )


@once
def site_years(case: Case) -> pd.DataFrame:
    """List every site and year with its halls, its connection and whether it is open."""
    halls, grid = case.inputs.halls, case.inputs.grid
    frame = to_frame(case.inputs.sites.site_year)
    existing = to_frame(halls.hall, existing_mw=halls.existing_mw)
    built = since(case.plan("builds"), frame, ("site",))
    work = since(retrofits(case), frame, ("site",))
    lost = work["retrofitted_mw"] * (1.0 - work["capacity_frac"])
    halls_mw = (
        lookup(sum_by(existing, _SITE, existing["existing_mw"]), frame, _SITE)
        + lookup(sum_by(built, ("site", "year_now"), built["built_mw"]), frame, _SITE)
        - lookup(sum_by(work, ("site", "year_now"), lost), frame, _SITE)
    )

    added = since(case.plan("connections"), frame, ("site",))
    begin, end = ages(case, added)
    share = np.clip(end / (end - begin), 0.0, 1.0)
    connected = sum_by(added, ("site", "year_now"), added["added_mw"] * share)
    promised = sum_by(added, ("site", "year_now"), added["added_mw"])
    before = to_frame(grid.firm, firm_mw=grid.firm_mw)
    lease = case.plan("leases")
    firm_mw = (
        turned_firm_mw(case, frame)
        + lookup(sum_by(before, _SITE, before["firm_mw"]), frame, _SITE)
        + lookup(connected, frame, _SITE)
        + grid.lease_firm_mw_per_mw * lookup(sum_by(lease, _SITE, lease["leased_mw"]), frame, _SITE)
    )
    site_year = case.plan("site_year")
    return frame.assign(
        halls_mw=halls_mw,
        new_firm_mw=lookup(promised, frame, _SITE),
        firm_mw=firm_mw,
        non_firm_mw=non_firm_mw(case, frame),
        open_frac=lookup(sum_by(site_year, _SITE, site_year["open_frac"]), frame, _SITE),
    )


def since(events: pd.DataFrame, places: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Pair every event with the years of its place from its own year on."""
    on = list(keys)
    years = places[[*on, "year"]].rename(columns={"year": "year_now"})
    paired = events.merge(years, on=on)
    return paired[paired["year_now"] >= paired["year"]].reset_index(drop=True)


def ramped_share(age_begin: Floats, age_end: Floats, ramp_months: float, ramp_mean_frac: float) -> Floats:
    """Mean usable share of a hall between two ages, by the trapezoid rule.

    The usable share is 0 before service, then rises on a straight line whose mean over the ramp
    is given, up to 1. A straight line is integrated exactly by its two ends.
    Takes `age_begin` [yr], `age_end` [yr].

    In service for half of a year, rising from 0 to 0.5: the mean is 0.25 / 2.

    >>> ramped_share(np.array([-0.5]), np.array([0.5]), 12.0, 0.5).tolist()
    [0.125]
    """
    ramp = ramp_months / 12.0
    begin, end = np.clip(age_begin, 0.0, None), np.clip(age_end, 0.0, None)
    usable = np.clip(end - np.maximum(begin, ramp), 0.0, None)
    if ramp > 0.0:
        first, last = np.minimum(begin, ramp), np.minimum(end, ramp)
        # The mean age while ramping is midway; on a straight line so is the share.
        share = 2.0 * ramp_mean_frac - 1.0 + (1.0 - ramp_mean_frac) * (first + last) / ramp
        usable = usable + share * (last - first)
    return np.asarray(usable / (age_end - age_begin))


def ages(case: Case, paired: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return years since the start of service at the begin and end of each event's model year. Gives [yr]."""
    start, now = (paired[name].to_numpy(dtype=np.float64) for name in ("service_start", "year_now"))
    return now - start, case.last_calendar_year(paired["year_now"]) + 1.0 - start


def retrofits(case: Case) -> pd.DataFrame:
    """Retrofits of the plan with when their work begins and is done, and what it keeps. Gives [year]."""
    halls = case.inputs.halls
    known = to_frame(
        halls.retrofit, start=halls.retrofit_start, done=halls.retrofit_done, capacity_frac=halls.retrofit_capacity_frac
    )
    return case.plan("retrofits").merge(known, on=["site", "hall", "to_hall", "year"], how="left")


def connections_bought(name: str) -> Table:
    """Return what lists connections as assets."""

    def bought(case: Case) -> pd.DataFrame:
        table, life = case.plan(name), case.inputs.finance.life_years
        return assets(table, "service_start", life["grid"], table["overnight_musd"])

    return bought


def by_zone(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Write the zone beside every site."""
    return frame.assign(zone=frame["site"].map(column_by(case.sites, "site", "zone")))
