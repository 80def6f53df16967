"""Stress slots of the zones, found a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import year_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case

__all__ = ["hours_off", "stress_share", "tiers_pct"]

_QUARTERS_H = (np.arange(96) + 0.5) / 4.0  # places lie on half and quarter hours too
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_DIGITS = 12
_HOURS_PER_YEAR = 8760.0
_WINDOW = ("season", "stress_share_frac", "first_hour_local", "last_hour_local")
_Window = tuple[float, int, int]


def stress_share(case: Case, hours: Mapping[str, float]) -> pd.Series[float]:
    """Return the share of each slot that so many hours of a year fill, the most stressed first.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    hours : mapping of str to float
        Hours of a year by zone.

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
        if not len(rows) or zone not in hours:
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
        left = hours[zone] - (frame["hours"].cumsum() - frame["hours"])
        frame["share"] = (left / frame["hours"]).clip(0.0, 1.0)
        parts.append(frame)
    if not parts:
        return pd.Series(dtype="float64")
    return pd.concat(parts).set_index(["zone", "slot"])["share"]


def tiers_pct(case: Case) -> list[float]:
    """Return the curtailment rates that non-firm connection of the plan may have. [%]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    """
    grid = case.scenario.grid
    if grid.non_firm.curtail == "pro_rata":
        return [grid.curtailment_rate_pct]
    rates = case.data("zone_headroom")["curtailment_rate_pct"].unique()
    return sorted(float(rate) for rate in rates if rate <= grid.curtailment_rate_pct)


def hours_off(case: Case) -> dict[float, dict[str, float]]:
    """Return the hours of a year in which each tier is off, by rate and zone. [h]

    A zone's headroom at a rate, off for its own hours tier by tier, is off for the rate in all.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    """
    table = case.data("zone_headroom")
    wide = table.pivot(index="zone", columns="curtailment_rate_pct", values="headroom_mw")
    result: dict[float, dict[str, float]] = {}
    before_mw, before_off = 0.0 * wide.iloc[:, 0], 0.0 * wide.iloc[:, 0]
    for rate in tiers_pct(case):
        off = wide[rate] * rate / 100.0
        width = wide[rate] - before_mw
        share = ((off - before_off) / width).where(width > 0.0, rate / 100.0).clip(0.0, 1.0)
        result[rate] = {str(zone): float(frac) * _HOURS_PER_YEAR for zone, frac in share.items()}
        before_mw, before_off = wide[rate], off
    return result


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
