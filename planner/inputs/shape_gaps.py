"""Hours that a shape by season and local hour lacks, reported where they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.clock.calendar import SEASONS

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase

__all__ = ["report_missing_hours"]


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
        case.findings.add_at_table(table, f"{what} has no row", must_be, fix)
        return
    season, hour = gaps[0]
    more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    what_is = f"{what} lacks an hour of a season: hour {hour} of {SEASONS[season]}{more}"
    case.findings.add_at_row(table, int(records[-1]), "hour_local", what_is, must_be, fix)
