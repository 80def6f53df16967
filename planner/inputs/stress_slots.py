"""Stress time slices of a zone: when power that is not firm is off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_DAY
from planner.clock.calendar import SEASONS, slot_means
from planner.inputs.table_columns import codes, floats, ints, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase

__all__ = ["filled", "stress_rank"]

_BEFORE: Final = 1e-9  # the peak day goes before the ordinary day of its season
_HOURS: Final = np.arange(int(HOURS_PER_DAY))


def stress_rank(case: ScopedCase, zones: Sequence[str]) -> Floats:
    """Return how much every time slice of a zone is under stress: higher is filled sooner.

    Table `zone_stress` spreads the stress hours of a year over the seasons and gives the local
    hours in which they fall; a time slice has the stress of its hours. The clock is that of most
    sites of the zone in scope. The peak day has its season's hours and goes before its season; one
    time slice of it, the most stressed, goes before all others, whatever the season in which a zone
    is short: connections are sized on that day.
    Gives (zone, slot).
    """
    share, in_hours = _by_season_and_hour(case, zones)
    days = case.days
    season_days = np.array(
        [
            sum(float(n) for n, season in zip(days.day_days, days.day_season, strict=True) if season == name)
            for name in SEASONS
        ]
    )
    hours = in_hours.sum(axis=2) * season_days
    hourly = np.divide(share, hours, out=np.zeros(share.shape), where=hours > 0.0)
    rank = np.empty((len(zones), days.n_slots))
    window = np.empty_like(rank)
    for z, offset_h in enumerate(_clock_h(case, zones)):
        rank[z] = slot_means(hourly[z, :, None] * in_hours[z], offset_h, days)
        window[z] = slot_means(in_hours[z], offset_h, days)
    peak = np.flatnonzero(days.is_peak)
    rank[:, peak] *= 1.0 + _BEFORE
    if peak.size:
        first = peak[window[:, peak].argmax(axis=1)]
        rank[np.arange(len(zones)), first] = np.inf
    return rank


def filled(rank: Floats, weight_h: Floats, hours: Floats) -> Floats:
    """Return the share of each time slice that so many hours fill, the highest rank first.

    Takes `rank` (zone, slot), `weight_h` (slot,) [h], `hours` (zone,) [h]. Gives (zone, slot).

    >>> filled(np.array([[1.0, 3.0, 2.0]]), np.array([20.0, 10.0, 40.0]), np.array([16.0])).tolist()
    [[0.0, 1.0, 0.15]]
    """
    order = np.argsort(-rank, axis=1, kind="stable")
    weight = weight_h[order]
    before = np.cumsum(weight, axis=1) - weight
    share = np.empty_like(weight)
    np.put_along_axis(share, order, np.clip((hours[:, None] - before) / weight, 0.0, 1.0), axis=1)
    return share


def _by_season_and_hour(case: ScopedCase, zones: Sequence[str]) -> tuple[Floats, Floats]:
    """Share of the year's stress by season, and whether an hour is in its window."""
    table = case.tables["zone_stress"]
    zone, season = codes(table["zone"], zones), codes(table["season"], SEASONS)
    known = zone >= 0
    at = zone[known], season[known]
    share = np.full((len(zones), len(SEASONS)), np.nan)
    share[at] = floats(table, "stress_share_frac")[known]
    for z in np.flatnonzero(np.isnan(share).any(axis=1)).tolist():
        case.findings.add_at_table(
            "zone_stress",
            f"zone {zones[z]} lacks a season",
            "a row for each season of each zone with non-firm power",
            "add it",
        )
    first, last = (ints(table, name)[known][:, None] for name in ("first_hour_local", "last_hour_local"))
    in_hours = np.zeros((len(zones), len(SEASONS), _HOURS.size))
    # A window may go on after midnight.
    in_hours[at] = np.where(first <= last, (first <= _HOURS) & (last >= _HOURS), (first <= _HOURS) | (last >= _HOURS))
    return np.nan_to_num(share), in_hours


def _clock_h(case: ScopedCase, zones: Sequence[str]) -> list[float]:
    """Hours from UTC that most sites of each zone keep."""
    offset, zone = floats(case.sites, "utc_offset_h"), np.array(texts(case.sites, "zone"))
    clocks = [np.unique(offset[zone == name], return_counts=True) for name in zones]
    return [float(hours[count.argmax()]) for hours, count in clocks]
