"""Headroom of zones, and other load at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import tiers_pct, year_days
from planner.check.frames import lookup, once, sum_by, to_frame, with_int_year
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case

# --- Headroom of zones, computed a second time from the data --------------------------------------

_ZONE = ("zone", "year")


def headroom_mw(case: Case, places: pd.DataFrame, rate_pct: float) -> Floats:
    """Return the headroom of zones in years at a curtailment rate, at the operator's share. [MW]"""
    settings, table = case.scenario.grid, case.data("zone_headroom")
    rate = table[table["curtailment_rate_pct"] == rate_pct].set_index("zone")["headroom_mw"]
    growth = case.data("zone_headroom_growth").set_index(["zone", "year"])["added_headroom_mw"]
    # What was added by the last year of the table stays.
    last = growth.index.get_level_values("year").max()
    held = places.assign(year=np.minimum(places["year"], last))
    grown = lookup(growth, held, ("zone", "year")) if settings.headroom_growth else 0.0
    share = case.scenario.operator.headroom_share_frac * settings.headroom_scale_frac
    return np.asarray((lookup(rate, places, ("zone",), np.nan) + grown) * share)


@rule(
    unit="MW",
    rereads=(
        "grid.headroom_by_zone.limit_mw grid.headroom_by_zone.firm_limit_mw grid.headroom_mw non_firm.headroom_mw"
    ),
)
def headroom_from_tables(case: Case) -> Excess:
    """Headroom of a zone is the operator's share at the chosen curtailment rate, with growth.

    Firm connection takes all of it, or the share of that at the lowest rate which the scenario
    calls firm.
    """
    settings, grid = case.scenario.grid, case.inputs.grid
    reported = with_int_year(grid.headroom_by_zone)
    place = reported[list(_ZONE)]
    limit = headroom_mw(case, reported, settings.curtailment_rate_pct)
    firm = limit
    if settings.firm_headroom_frac is not None:
        lowest = headroom_mw(case, reported, case.data("zone_headroom")["curtailment_rate_pct"].min())
        firm = np.minimum(limit, settings.firm_headroom_frac * lowest)
    parts = [
        Excess.differs(place, reported["limit_mw"].to_numpy(dtype=np.float64), limit),
        Excess.differs(place, reported["firm_limit_mw"].to_numpy(dtype=np.float64), firm),
    ]
    other = case.inputs.non_firm
    tiers = to_frame(other.headroom, room=other.headroom_mw)
    of_tier = tiers["tier"].astype("float64")
    limits = [(to_frame(grid.headroom, room=grid.headroom_mw), firm)]
    limits += [(tiers[of_tier == rate], headroom_mw(case, reported, rate)) for rate in tiers_pct(case)]
    for rows, most in limits:
        spare = sum_by(reported, _ZONE, np.clip(most - reported["committed_mw"].to_numpy(), 0.0, None))
        expected = lookup(spare, rows, _ZONE, np.nan)
        parts.append(Excess.differs(rows[list(_ZONE)], rows["room"].to_numpy(), expected))
    return parts[0].and_also(*parts[1:])


# --- Load of sites beside their racks, read a second time from scenario and series ----------------


@once
def series_by_hour(case: Case, column: str) -> dict[str, Floats]:
    """Return a column of table `site_series` by site that has it, hour by hour. Gives (day, 24)."""
    table = case.data("site_series").dropna(subset=column)
    result = {}
    for site, rows in table.groupby("site"):
        wide = rows.pivot(index="day", columns="hour_utc", values=column).sort_index()
        held = wide.reindex(columns=range(24)).ffill(axis=1)
        result[str(site)] = held.to_numpy(dtype=np.float64)
    return result


@once
def other_load_mw(case: Case) -> Floats:
    """Return the load of every site of the plan beside its racks, shape (site, slot). [MW]

    Ordinary days take the mean of a time slice, peak days its highest hour.
    """
    sites = list(case.inputs.sets.site.labels)
    mw = case.own_figures("other_load_mw", pd.Series(0.0, index=pd.Index(sites, name="site")))
    by_hour, per_day = series_by_hour(case, "other_load_frac"), 24 // case.scenario.time.slot_h
    is_peak = year_days(case).is_peak
    rows = []
    for site in sites:
        hourly = by_hour.get(site, np.ones((len(is_peak), 24)))
        in_slots = hourly.reshape(len(is_peak), per_day, -1)
        share = np.where(is_peak[:, None], in_slots.max(axis=2), in_slots.mean(axis=2))
        rows.append(float(mw[site]) * share.ravel())
    return np.asarray(rows)
