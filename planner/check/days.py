"""The days that tell the year, counted a second time: from the calendar, or from the series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


__all__ = ["YearDays", "slots", "year_days"]


@dataclass(frozen=True)
class YearDays:
    """Days by row.

    Parameters
    ----------
    of_month : array of float
        Days of each month that a day stands for, shape (day, month).
    is_peak : array of bool
        Days with the weather of the peak day, shape (day,).
    """

    of_month: Floats
    is_peak: Bools

    @property
    def first_month(self) -> NDArray[np.intp]:
        """First month of each day, 0 for January."""
        return np.asarray((self.of_month > 0.0).argmax(axis=1))


def year_days(case: Case) -> YearDays:
    """Count the days that a year is told by.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    YearDays
        Of the calendar of 2025, the peak day last; or of table `series_days` in its order.
    """
    time = case.scenario.time
    if time.chronological:
        table = case.data("series_days").set_index("day").sort_index()
        wide = table.reset_index().pivot(index="day", columns="month", values="weight_days")
        of_month = wide.reindex(columns=range(1, 13)).fillna(0.0).to_numpy(dtype=np.float64)
        return YearDays(of_month, table["is_peak_day"].to_numpy(dtype=np.bool_))
    month = pd.date_range("2025-01-01", "2025-12-31").month.to_numpy() - 1
    day_of_month = np.arange(12) if time.season_days == 12 else (np.arange(12) + 1) % 12 // 3
    of_month = np.zeros((time.season_days + 1, 12))
    of_month[day_of_month, np.arange(12)] = np.bincount(month)
    peak = time.peak_month - 1
    of_month[day_of_month[peak], peak] -= time.peak_day_days
    of_month[-1, peak] = time.peak_day_days
    return YearDays(of_month, np.arange(time.season_days + 1) == time.season_days)


def slots(case: Case) -> pd.DataFrame:
    """List the slots with the hours each stands for.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        slot, day, hour (UTC), hours, is_peak; one row per slot in the order of the inputs.
    """
    days = year_days(case)
    label = pd.Series(case.inputs.sets.slot.labels, dtype="str")
    parts = label.str.extract(r"^d(\d+)h(\d+)$").astype("int64")
    frame = pd.DataFrame({"slot": label, "day": parts[0], "hour": parts[1]})
    day = frame["day"].to_numpy()
    hours = days.of_month.sum(axis=1)[day] * case.scenario.time.slot_h
    return frame.assign(hours=hours, is_peak=days.is_peak[day])
