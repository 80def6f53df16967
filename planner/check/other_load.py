"""Load of sites beside their racks, read a second time from scenario and series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import year_days
from planner.check.once import once

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["other_load_mw", "series_by_hour"]


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
