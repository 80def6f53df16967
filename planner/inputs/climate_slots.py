"""Cooling overhead and water use of every technology at every site, time slice by time slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.clock.calendar import slot_means, slot_peaks
from planner.inputs.places import site_rows
from planner.inputs.table_columns import any_along, dense_by_ids, floats, texts
from planner.place.climate import (
    design_day_temperatures,
    hourly_temperatures,
    mechanical_overhead_frac,
    slot_values,
    wue_l_per_kwh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.site_series import SiteSeries

__all__ = ["CURVE", "SlotClimate", "monthly_temperatures", "slot_climate"]

CURVE = ("mech_floor_frac", "mech_ramp_frac", "ramp_start_c", "ramp_end_c", "mech_slope_per_k")
"""Columns of table `cooling` that make the curve of cooling power over temperature."""

_MONTHS = tuple(range(1, 13))


@dataclass(frozen=True)
class SlotClimate:
    """What cooling takes."""

    mechanical_frac: Floats  # power of cooling per IT power, shape (site, cooling, slot)
    wue_l_per_kwh: Floats  # water per IT energy, same shape. [L/kWh]


def slot_climate(case: ScopedCase, series: SiteSeries) -> SlotClimate:
    """Lay cooling curves over the weather of every site.

    The curve of a hybrid technology already holds the air cooling of the heat that its liquid
    loop is designed to leave.
    """
    dry, wet = monthly_temperatures(case, "dry"), monthly_temperatures(case, "wet")
    is_wet = np.array(texts(case.cooling, "driver")) == "wet"
    by_month = np.where(is_wet[None, :, None, None], wet[0][:, None], dry[0][:, None])
    on_peak = np.where(is_wet[None, :, None], wet[1][:, None], dry[1][:, None])
    own = np.where(is_wet[None, :, None, None], series.wet_bulb_c[:, None], series.dry_bulb_c[:, None])
    own[:, :, case.days.is_peak_day] += case.scenario.time.peak_hotter_k
    has_none = any_along(np.isnan(own).reshape(*own.shape[:2], -1), axis=2)[:, :, None]

    def by_slot(curve: Callable[[ScopedCase, Floats], Floats]) -> Floats:
        usual = _by_slot(case, curve(case, by_month), curve(case, on_peak))
        return np.where(has_none, usual, _own_by_slot(case, curve(case, own)))

    return SlotClimate(mechanical_frac=by_slot(_mechanical), wue_l_per_kwh=by_slot(_water))


def monthly_temperatures(case: ScopedCase, bulb: str) -> tuple[Floats, Floats]:
    """Return temperatures of mean days and of the peak day on local clocks. Gives (site, month, 24) [deg C]."""
    table = site_rows(case.scenario, case.tables, "climate_monthly")
    axes = {"site": case.ids("sites"), "month": _MONTHS}
    mean = dense_by_ids(table, axes, f"{bulb}_bulb_c")
    swing = dense_by_ids(table, axes, f"{bulb}_daily_range_k")
    for s in np.flatnonzero(np.isnan(mean + swing).any(axis=1)):
        case.findings.add_at_table(
            "climate_monthly", f"{case.ids('sites')[s]} lacks a month", "twelve rows for each site", "add them"
        )
    warmest = dense_by_ids(table, axes, "dry_bulb_c").argmax(axis=1)
    is_extreme = case.scenario.time.peak_weather == "extreme" and bulb == "dry"
    highest = "extreme_dry_bulb_20yr_c" if is_extreme else f"design_{bulb}_bulb_c"
    peak = design_day_temperatures(
        floats(case.sites, highest) + case.scenario.time.peak_hotter_k, swing[np.arange(len(swing)), warmest]
    )
    return hourly_temperatures(mean, swing), peak


def _mechanical(case: ScopedCase, temp_c: Floats) -> Floats:
    return mechanical_overhead_frac(temp_c, *(_along(case, name, temp_c) for name in CURVE))


def _water(case: ScopedCase, temp_c: Floats) -> Floats:
    columns = ("wue_floor_l_per_kwh", "wue_ramp_l_per_kwh", "wue_start_c", "wue_end_c")
    return wue_l_per_kwh(temp_c, *(_along(case, name, temp_c) for name in columns))


def _along(case: ScopedCase, column: str, temp_c: Floats) -> Floats:
    """Shape a figure of the cooling table to the second axis of temperatures."""
    return floats(case.cooling, column).reshape(1, -1, *(1,) * (temp_c.ndim - 2))


def _own_by_slot(case: ScopedCase, by_day: Floats) -> Floats:
    """Lay values by hour of UTC over the time slices: means, on peak days the highest hour."""
    return np.where(
        case.days.is_peak,
        slot_peaks(by_day, 0.0, case.days, is_by_day=True),
        slot_means(by_day, 0.0, case.days, is_by_day=True),
    )


def _by_slot(case: ScopedCase, by_month: Floats, on_peak: Floats) -> Floats:
    """Lay values on local clocks over the time slices, site by site of one clock."""
    offset = floats(case.sites, "utc_offset_h")
    result = np.empty((*by_month.shape[:2], case.days.n_slots))
    for clock in np.unique(offset):
        at = offset == clock
        result[at] = slot_values(by_month[at], on_peak[at], float(clock), case.days)
    return result
