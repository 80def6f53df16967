"""Days and time slices that represent a year: of every year, in stress hours, and shapes that lack hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import DAYS_PER_YEAR, HOURS_PER_DAY
from planner.clock.days import SEASONS, RepresentativeDays, SeriesDays
from planner.clock.profiles import slot_means
from planner.family.table_columns import bools, codes, floats, ints, texts
from planner.inputs.case import Findings
from planner.tables.places import TableCell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.clock.days import Days
    from planner.inputs.case import ScopedCase
    from planner.scenario import Scenario

_TABLE = "series_days"
_ROUNDING = 1e-6  # of the year, for days that are written with few digits


def days_of(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Days:
    """Return the days by which a scenario tells a year."""
    time = scenario.time
    if not time.chronological:
        return RepresentativeDays(
            season_days=time.season_days,
            slot_h=time.slot_h,
            peak_day_days=time.peak_day_days,
            peak_month=time.peak_month,
        )
    findings = Findings(scenario, tables)
    table = tables[_TABLE]
    _check(table, findings)
    findings.stop_if_wrong()
    table = table.sort_values("day")
    return SeriesDays(
        months=tuple(int(month) for month in table["month"]),
        days=tuple(float(days) for days in table["weight_days"]),
        peaks=tuple(int(day) for day in np.flatnonzero(bools(table, "is_peak_day"))),
        slot_h=time.slot_h,
        repeat=time.days_repeat,
    )


def _check(table: pd.DataFrame, findings: Findings) -> None:
    """Find what keeps the days of the table from being a year, one after the other."""
    if table.empty:
        what_is = "table series_days, which sets the year, has no row"
        fix = "give your own: `data: {series_days: my_days.csv}`"
        findings.add(("time", "chronological"), what_is, "a row for every day of the series", fix)
        return
    number, days, last = ints(table, "day"), floats(table, "weight_days"), len(table) - 1
    found, must_be = f"day is {{day}}, and there are {len(table)} days", f"0 to {last}, each once"
    findings.add_rows(_TABLE, number > last, "day", found, must_be, "number the days in their order, from 0")
    found = "weight_days is {weight_days:g}"
    findings.add_rows(_TABLE, days <= 0.0, "weight_days", found, "above 0 [days]", "remove it")
    if abs(days.sum() / DAYS_PER_YEAR - 1.0) > _ROUNDING:
        what_is = f"weight_days sum to {days.sum():.6f}, or {days.sum() * 24:.3f} hours"
        fix = "scale them; of a leap year leave one day out"
        findings.add(_TABLE, what_is, "365 in all, the 8,760 hours of the modelled year", fix)
    if not bools(table, "is_peak_day").any():
        what_is, fix = "no day has is_peak_day", "mark the day with the highest load of the system"
        findings.add(_TABLE, what_is, "at least one, whose weather sizes cooling and connections", fix)


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
    season_days = np.bincount(codes(days.day_season, SEASONS), np.asarray(days.day_days, np.float64), len(SEASONS))
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
        rank[np.arange(len(zones)), peak[window[:, peak].argmax(axis=1)]] = np.inf
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
    must_be = "a row for each season of each zone with non-firm power"
    for z in np.flatnonzero(np.isnan(share).any(axis=1)).tolist():
        case.findings.add("zone_stress", f"zone {zones[z]} lacks a season", must_be)
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


def report_missing_hours(case: ScopedCase, table: str, what: str, is_shape_row: Bools, hourly: Floats) -> None:
    """Add a problem where a shape lacks hours, at the last row that it has.

    Takes `is_shape_row` (row,), `hourly` (season, hour).
    """
    gaps = np.argwhere(np.isnan(hourly))
    if not len(gaps):
        return
    must_be, fix = "96 rows, one for each season and hour", "add the rows"
    records = np.flatnonzero(is_shape_row)
    if not len(records):
        case.findings.add(table, f"{what} has no row", must_be, fix)
        return
    season, hour = gaps[0]
    more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    what_is = f"{what} lacks an hour of a season: hour {hour} of {SEASONS[season]}{more}"
    case.findings.add(TableCell(table, int(records[-1]), "hour_local"), what_is, must_be, fix)
