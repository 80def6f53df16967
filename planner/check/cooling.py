"""Cooling overhead and water by time slice, computed again from monthly weather and curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.check.days import year_days
from planner.check.frames import column_by
from planner.check.headroom import series_by_hour
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

    _Row = Mapping[Hashable, Any]


_WARMEST_H = 15.0
_OVERHEAD = ("ramp_start_c", "ramp_end_c", "mech_floor_frac", "mech_ramp_frac", "mech_slope_per_k")

_WATER = ("wue_start_c", "wue_end_c", "wue_floor_l_per_kwh", "wue_ramp_l_per_kwh")
_QUARTERS = 96  # places lie on half and quarter hours too


def _swing(case: Case) -> Floats:
    """Course of a day between -1 and 1 by site and quarter of an hour of UTC."""
    table = column_by(case.sites, "site", "utc_offset_h")
    offset_h = table[list(case.inputs.sets.site.labels)].to_numpy(dtype=np.float64)
    middle = (np.arange(_QUARTERS) + 0.5) / 4.0
    local_hour = np.floor((middle[None, :] + offset_h[:, None]) % 24.0)
    return np.asarray(np.cos(2.0 * np.pi * (local_hour - _WARMEST_H) / 24.0))


def _temperatures_c(case: Case, bulb: str) -> tuple[Floats, Floats]:
    """Mean day of each month, (site, month, quarter), and the peak day, (site, quarter). [C]"""
    like = case.table_site(case.inputs.sets.site.labels)
    monthly = case.data("climate_monthly")
    monthly = monthly[monthly["site"].isin(list(like))]

    def by_month(column: str) -> Floats:
        wide = monthly.pivot(index="site", columns="month", values=column)
        return wide.loc[like].to_numpy(dtype=np.float64)

    mean, spread = by_month(f"{bulb}_bulb_c"), by_month(f"{bulb}_daily_range_k")
    swing = _swing(case)
    is_extreme = case.scenario.time.peak_weather == "extreme" and bulb == "dry"
    highest = "extreme_dry_bulb_20yr_c" if is_extreme else f"design_{bulb}_bulb_c"
    design = case.site_figures("climate", highest).to_numpy(dtype=np.float64)
    design = design + case.scenario.time.peak_hotter_k
    warmest = by_month("dry_bulb_c").argmax(axis=1)
    half = spread[np.arange(len(like)), warmest][:, None] / 2.0
    return (mean[:, :, None] + spread[:, :, None] / 2.0 * swing[:, None, :], design[:, None] - half + half * swing)


def _curve(temperature_c: Floats, row: _Row, *columns: str) -> Floats:
    """A level in the cold, a straight rise between two temperatures, another slope beyond."""
    start_c, end_c, floor, ramp, *beyond = (float(row[column]) for column in columns)
    slope = beyond[0] if beyond else 0.0
    knots = np.interp(temperature_c, [start_c, end_c], [floor, floor + ramp])
    return np.asarray(knots + slope * np.clip(temperature_c - end_c, 0.0, None))


def _by_slot(case: Case, by_month: Floats, on_peak_day: Floats) -> Floats:
    """Means over the time slices of ordinary days, the highest value in each of a peak day."""
    days = year_days(case)
    share = days.of_month / days.of_month.sum(axis=1, keepdims=True)
    mean = np.einsum("dm,smq->sdq", share, by_month)
    per_day = 24 // case.scenario.time.slot_h
    ordinary = mean.reshape(len(mean), len(share), per_day, -1).mean(axis=3)
    peak = on_peak_day.reshape(len(mean), 1, per_day, -1).max(axis=3)
    by_day = np.where(days.is_peak[:, None], peak, ordinary)
    return np.asarray(by_day.reshape(len(mean), -1))


def _own_by_slot(case: Case, own_c: Mapping[str, Floats], row: _Row, columns: tuple[str, ...]) -> dict[str, Floats]:
    """Means and, on peak days, highest values of the slots at sites with own temperatures."""
    time, is_peak = case.scenario.time, year_days(case).is_peak[:, None]
    per_day, result = 24 // time.slot_h, {}
    for site, given_c in own_c.items():
        temperature_c = np.where(is_peak, given_c + time.peak_hotter_k, given_c)
        by_slot = _curve(temperature_c, row, *columns).reshape(len(is_peak), per_day, -1)
        result[site] = np.where(is_peak, by_slot.max(axis=2), by_slot.mean(axis=2)).ravel()
    return result


@rule(unit="MW/MW or L/kWh", rereads="power.mechanical_frac power.wue_l_per_kwh")
def cooling_from_weather(case: Case) -> Excess:
    """Cooling overhead and water follow the technology's curve over the weather of the site.

    Ordinary days are billed on means; time slices of a peak day, which sizes the connection,
    count with their highest hour at design weather. Own temperatures of a site take their place.
    """
    temperatures = {bulb: _temperatures_c(case, bulb) for bulb in ("dry", "wet")}
    power, sets = case.inputs.power, case.inputs.sets
    technologies = {str(row["cooling"]): row for row in case.data("cooling").to_dict("records")}
    parts = []
    for code, name in enumerate(sets.cooling.labels):
        row = technologies[name]
        ordinary_c, peak_c = temperatures[str(row["driver"])]
        place = table_of({"site": list(sets.site.labels), "cooling": name})
        for reported, columns in ((power.mechanical_frac, _OVERHEAD), (power.wue_l_per_kwh, _WATER)):
            ordinary, peak = (_curve(c, row, *columns) for c in (ordinary_c, peak_c))
            expected = _by_slot(case, ordinary, peak)
            own_c = series_by_hour(case, f"{row['driver']}_bulb_c")
            for site, by_slot in _own_by_slot(case, own_c, row, columns).items():
                if site in sets.site.labels:
                    expected[sets.site.code(site)] = by_slot
            gap = np.abs(reported[:, code] - expected).max(axis=1)
            parts.append(Excess(place, gap, expected.max(axis=1)))
    return parts[0].and_also(*parts[1:])
