"""Stress slots of the zones, found a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import year_days

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["stress_share"]

_QUARTERS_H = (np.arange(96) + 0.5) / 4.0  # places lie on half and quarter hours too
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_DIGITS = 12
_WINDOW = ("season", "stress_share_frac", "first_hour_local", "last_hour_local")
_Window = tuple[float, int, int]


def stress_share(case: Case, hours: float) -> pd.Series[float]:
    """Return the share of each slot that so many hours of a year fill, the most stressed first.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    hours : float
        Hours of a year.

    Returns
    -------
    Series
        By zone and slot, for every zone of the plan with rows in table `zone_stress`.
    """
    slot = case.power.slot
    season = _seasons(case, slot)
    by_season = (slot["hours"]).groupby(season).sum() / 24.0
    table = case.data("zone_stress")
    parts = []
    for zone, clock_h in _clocks(case).items():
        rows = table[table["zone"] == zone]
        if not len(rows):
            continue
        windows = {
            str(name): (float(share), int(first), int(last))
            for name, share, first, last in rows[list(_WINDOW)].itertuples(index=False)
        }
        in_window = np.array(
            [
                _share_in(windows[name], int(hour), case.scenario.time.slot_h, clock_h)
                for name, hour in zip(season, slot["hour"], strict=True)
            ]
        )
        per_hour = [
            windows[name][0] / (_length(windows[name]) * by_season[name]) for name in season
        ]
        frame = slot.assign(zone=zone, stress=np.round(per_hour * in_window, _DIGITS))
        peak = frame[frame["is_peak"]].assign(window=in_window[frame["is_peak"]])
        first = peak["window"].idxmax() if len(peak) else -1
        frame = frame.assign(first=frame.index == first).sort_values(
            ["first", "stress", "is_peak"], ascending=False, kind="stable"
        )
        left = hours - (frame["hours"].cumsum() - frame["hours"])
        frame["share"] = (left / frame["hours"]).clip(0.0, 1.0)
        parts.append(frame)
    if not parts:
        return pd.Series(dtype="float64")
    return pd.concat(parts).set_index(["zone", "slot"])["share"]


def _seasons(case: Case, slot: pd.DataFrame) -> pd.Series[str]:
    """Season of every slot."""
    month = year_days(case).first_month + 1
    names = {day: _SEASONS[int(first) % 12 // 3] for day, first in enumerate(month)}
    return slot["day"].map(names)


def _clocks(case: Case) -> dict[str, float]:
    """Hours from UTC that most sites of each zone in the plan keep."""
    sites = case.sites.set_index("site").loc[list(case.inputs.sets.site.labels)]
    count = sites.groupby(["zone", "utc_offset_h"]).size().sort_index()
    most = count.groupby(level="zone").idxmax()
    return {str(zone): float(clock) for zone, clock in most}


def _length(window: _Window) -> int:
    """Hours of a window, which may go on after midnight."""
    _, first, last = window
    return (last - first) % 24 + 1


def _share_in(window: _Window, hour: int, slot_h: int, clock_h: float) -> float:
    """Share of a slot that lies in the window of its season."""
    inside = np.floor(_QUARTERS_H / slot_h) == hour // slot_h
    local_h = np.floor((_QUARTERS_H[inside] + clock_h) % 24.0)
    since_first = (local_h - window[1]) % 24.0
    return float((since_first < _length(window)).mean())
