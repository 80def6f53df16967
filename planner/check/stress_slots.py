"""Stress time slices of the zones, found a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import year_days, year_slots
from planner.check.frames import keyed
from planner.check.once import once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case

__all__ = ["hours_off", "stress_share", "stressed_slots", "tiers_pct"]

_SEASONS = ("DJF", "MAM", "JJA", "SON")
_DIGITS = 12
_HOURS_PER_YEAR = 8760.0
_WINDOW = ("season", "stress_share_frac", "first_hour_local", "last_hour_local")


def stress_share(case: Case, hours: Mapping[str, float]) -> pd.Series[float]:
    """Return the share of each time slice that so many hours a year fill, the most stressed first."""
    ranked = stressed_slots(case)
    ranked = ranked[ranked["zone"].isin(list(hours))]
    before_h = ranked.groupby("zone", sort=False)["hours"].cumsum() - ranked["hours"]
    left_h = ranked["zone"].map(hours).astype("float64") - before_h
    share = (left_h / ranked["hours"]).clip(0.0, 1.0)
    return share.set_axis(keyed(ranked[["zone", "slot"]]))


@once
def stressed_slots(case: Case) -> pd.DataFrame:
    """Rank the time slices of every zone of the plan with rows in table `zone_stress`. Gives [h]."""
    slot, slot_h = year_slots(case), case.scenario.time.slot_h
    slot = slot.assign(season=_seasons(case, slot))
    season_days = slot.groupby("season")["hours"].sum() / 24.0
    zones = pd.DataFrame(_clocks(case).items(), columns=["zone", "clock_h"])
    windows = case.data("zone_stress")[["zone", *_WINDOW]]
    frame = zones[zones["zone"].isin(windows["zone"])].merge(slot, how="cross")
    frame = frame.merge(windows, on=["zone", "season"])
    length_h = (frame["last_hour_local"] - frame["first_hour_local"]) % 24 + 1  # past midnight
    per_hour = frame["stress_share_frac"] / (length_h * frame["season"].map(season_days))

    begin_h = frame["hour"].to_numpy() // slot_h * slot_h
    quarters_h = begin_h[:, None] + (np.arange(4 * slot_h) + 0.5) / 4.0
    local_h = np.floor((quarters_h + frame["clock_h"].to_numpy()[:, None]) % 24.0)
    since_first_h = (local_h - frame["first_hour_local"].to_numpy()[:, None]) % 24.0
    in_window = (since_first_h < length_h.to_numpy()[:, None]).mean(axis=1)

    frame = frame.assign(stress=np.round(per_hour * in_window, _DIGITS))
    most = pd.Series(in_window, frame.index)[frame["is_peak"]].groupby(frame["zone"]).idxmax()
    frame = frame.assign(first=frame.index.isin(most), order=frame["zone"].factorize()[0])
    ranked = frame.sort_values(
        ["order", "first", "stress", "is_peak"], ascending=[True, False, False, False], kind="stable"
    )
    return ranked[["zone", "slot", "hours"]].reset_index(drop=True)


def tiers_pct(case: Case) -> list[float]:
    """Return the curtailment rates that non-firm connection of the plan may have. [%]"""
    grid = case.scenario.grid
    if grid.non_firm.curtail == "pro_rata":
        return [grid.curtailment_rate_pct]
    rates = case.data("zone_headroom")["curtailment_rate_pct"].unique()
    return sorted(float(rate) for rate in rates if rate <= grid.curtailment_rate_pct)


@once
def hours_off(case: Case) -> dict[float, dict[str, float]]:
    """Return the hours of a year in which each tier is off, by rate and zone. [h]

    A zone's headroom at a rate, off for its own hours tier by tier, is off for the rate in all.
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
    """Season of every time slice."""
    month = year_days(case).first_month + 1
    names = {day: _SEASONS[int(first) % 12 // 3] for day, first in enumerate(month)}
    return slot["day"].map(names)


def _clocks(case: Case) -> dict[str, float]:
    """Hours from UTC that most sites of each zone in the plan keep."""
    sites = case.sites.set_index("site").loc[list(case.inputs.sets.site.labels)]
    count = sites.groupby(["zone", "utc_offset_h"]).size().sort_index()
    most = count.groupby(level="zone").idxmax()
    return {str(zone): float(clock) for zone, clock in most}
