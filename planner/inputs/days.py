"""The days by which a scenario tells a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import DAYS_PER_YEAR
from planner.clock.calendar import RepresentativeDays, SeriesDays
from planner.inputs.findings import Findings
from planner.inputs.table_columns import bools, floats, ints

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.clock.calendar import Days
    from planner.scenario import Scenario

__all__ = ["days_of"]

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
    findings = Findings(scenario)
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
        findings.add_at_key(
            ("time", "chronological"),
            "table series_days, which sets the year, has no row",
            "a row for every day of the series",
            "give your own: `data: {series_days: my_days.csv}`",
        )
        return
    number, days = ints(table, "day"), floats(table, "weight_days")
    for record in np.flatnonzero(number >= len(table)):
        findings.add_at_row(
            _TABLE,
            int(record),
            "day",
            f"day is {number[record]}, and there are {len(table)} days",
            f"0 to {len(table) - 1}, each once",
            "number the days in their order, from 0",
        )
    for record in np.flatnonzero(days <= 0.0):
        findings.add_at_row(
            _TABLE, int(record), "weight_days", f"weight_days is {days[record]:g}", "above 0 [days]", "remove it"
        )
    if abs(days.sum() / DAYS_PER_YEAR - 1.0) > _ROUNDING:
        findings.add_at_table(
            _TABLE,
            f"weight_days sum to {days.sum():.6f}, or {days.sum() * 24:.3f} hours",
            "365 in all, the 8,760 hours of the modelled year",
            "scale them; of a leap year leave one day out",
        )
    if not bools(table, "is_peak_day").any():
        findings.add_at_table(
            _TABLE,
            "no day has is_peak_day",
            "at least one, whose weather sizes cooling and connections",
            "mark the day with the highest load of the system",
        )
