"""What table `site_series` tells of single sites by the hour: load, sun, wind, weather, prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import HOURS_PER_DAY
from planner.clock.profiles import slot_means, slot_peaks
from planner.family.table_columns import any_along, dense_by_ids, floats, ints, texts
from planner.inputs.scope import check_known_sites, site_rows
from planner.place.climate import (
    design_day_temperatures,
    hourly_temperatures,
    mechanical_overhead_frac,
    slot_values,
    wue_l_per_kwh,
)
from planner.tables.places import TableCell

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase

_TABLE: Final = "site_series"
_COLUMNS: Final = (*("other_load_frac", "solar_frac", "wind_frac"), *("dry_bulb_c", "wet_bulb_c", "wholesale_frac"))
_HOURS: Final = int(HOURS_PER_DAY)


@dataclass(frozen=True)
class SiteSeries:
    """Series of sites, NaN where a site has none, by time slice but for temperatures."""

    # load other than the racks over `other_load_mw`; on peak days the highest hour of a time slice, as what sizes a
    # connection must not shrink when these are made longer
    other_load_frac: Floats
    solar_frac: Floats  # output over capacity, same shape
    wind_frac: Floats
    wholesale_frac: Floats  # wholesale price over the site's own of table `electricity_price`, same shape
    # temperatures in hours of UTC, shape (site, day, 24), since cooling is no straight line of them. [deg C]
    dry_bulb_c: Floats
    wet_bulb_c: Floats


def site_series(case: ScopedCase) -> SiteSeries:
    """Read the series of all sites."""
    table, sites, days = case.tables[_TABLE], case.ids("sites"), case.days
    hourly = {column: np.full((len(sites), days.n_days, _HOURS), np.nan) for column in _COLUMNS}
    for site, rows in table[table["site"].isin(_known_sites(case, table))].groupby("site", sort=False):
        given = {column: _given(case, str(site), rows, column) for column in hourly}
        steps = _steps_per_day(case, str(site), rows)
        if steps is None or site not in sites:
            continue
        order = np.lexsort((ints(rows, "hour_utc"), ints(rows, "day")))
        for column, values in hourly.items():
            by_step = given[column][order].reshape(days.n_days, steps)
            values[sites.index(str(site))] = np.repeat(by_step, _HOURS // steps, axis=1)
    bulbs = {column: hourly.pop(column) for column in ("dry_bulb_c", "wet_bulb_c")}
    _both_bulbs(case, bulbs)
    means = {column: slot_means(values, 0.0, days, is_by_day=True) for column, values in hourly.items()}
    highest = slot_peaks(hourly["other_load_frac"], 0.0, days, is_by_day=True)
    means["other_load_frac"] = np.where(days.is_peak, highest, means["other_load_frac"])
    return SiteSeries(**means, **bulbs)


def other_load_mw(case: ScopedCase, series: SiteSeries) -> Floats:
    """Return the load of every site other than its racks. Gives (site, slot) [MW]."""
    share = series.other_load_frac
    idle = case.named("sites", any_along(~np.isnan(share), 1) & (floats(case.sites, "other_load_mw") == 0.0))
    if idle:
        table = case.tables["site_series"]
        rows = table["site"].isin(idle) & table["other_load_frac"].notna()
        what_is = f"other_load_frac in table site_series has no effect for {', '.join(idle)}: there is no other_load_mw"
        fix = "give it under sites, or leave the column blank"
        case.findings.add_idle(TableCell("site_series", int(np.flatnonzero(rows)[0]), "other_load_frac"), what_is, fix)
    return floats(case.sites, "other_load_mw")[:, None] * np.where(np.isnan(share), 1.0, share)


def _both_bulbs(case: ScopedCase, bulbs: dict[str, Floats]) -> None:
    """Report sites with one of two temperatures, which would be of another day than the other."""
    has = {column: ~any_along(np.isnan(values), (1, 2)) for column, values in bulbs.items()}
    for here, other in (("dry_bulb_c", "wet_bulb_c"), ("wet_bulb_c", "dry_bulb_c")):
        if lone := case.named("sites", has[here] & ~has[other]):
            what_is, fix = f"{', '.join(lone)} has {here} without {other}", f"add {other}, or leave {here} blank"
            case.findings.add(_TABLE, what_is, "both temperatures of a site, or none", fix)


def _known_sites(case: ScopedCase, table: pd.DataFrame) -> set[str]:
    """Return the sites that exist, in scope or not; unknown sites and days are problems."""
    day, n_days, known = ints(table, "day"), case.days.n_days, check_known_sites(case, _TABLE)
    must_be, fix = f"0 to {n_days - 1}, the days of the series", "see time.chronological and table series_days"
    case.findings.add_rows(_TABLE, (day < 0) | (day >= n_days), "day", "day is {day}", must_be, fix)
    return known


def _steps_per_day(case: ScopedCase, site: str, rows: pd.DataFrame) -> int | None:
    """Return how often a day the series of a site has a figure; None, with a problem, if uneven."""
    hours = np.unique(ints(rows, "hour_utc"))
    steps = len(hours)
    is_even = _HOURS % steps == 0 and np.array_equal(hours, np.arange(0, _HOURS, _HOURS // steps))
    first = int(rows.index[0])
    if not is_even:
        what_is = f"{site} has figures at the hours {', '.join(map(str, hours))}"
        must_be = "from 0 on, in equal steps that divide 24 hours, the same on every day"
        fix = "a row holds until the next one"
        case.findings.add(TableCell(_TABLE, first, "hour_utc"), what_is, must_be, fix)
        return None
    there = set(zip(ints(rows, "day"), ints(rows, "hour_utc"), strict=True))
    missing = [(day, int(hour)) for day in range(case.days.n_days) for hour in hours if (day, hour) not in there]
    if missing:
        day, hour = missing[0]
        what_is = f"{site} lacks {len(missing)} rows, the first for day {day} from hour {hour}"
        must_be = f"a row for each of {case.days.n_days} days and {steps} hours"
        case.findings.add(TableCell(_TABLE, first, "day"), what_is, must_be, "add them")
    is_whole = not missing and len(rows) == case.days.n_days * steps
    return steps if is_whole else None


def _given(case: ScopedCase, site: str, rows: pd.DataFrame, column: str) -> Floats:
    """Return a column of a site; where it is blank in some rows only, that is a problem."""
    values = floats(rows, column)
    is_blank = np.isnan(values)
    if is_blank.any() and not is_blank.all():
        what_is = f"{column} of {site} is blank in {is_blank.sum()} of {len(values)} rows"
        must_be, fix = "given in all rows of a site, or in none", "fill the gaps, or leave the column out for this site"
        case.findings.add(TableCell(_TABLE, int(rows.index[int(np.argmax(is_blank))]), column), what_is, must_be, fix)
    return values


CURVE = ("mech_floor_frac", "mech_ramp_frac", "ramp_start_c", "ramp_end_c", "mech_slope_per_k")
"""Columns of table `cooling` that make the curve of cooling power over temperature."""
_WATER: Final = ("wue_floor_l_per_kwh", "wue_ramp_l_per_kwh", "wue_start_c", "wue_end_c")

_MONTHS = tuple(range(1, 13))


class SlotClimate(Record):
    """What cooling takes: its curves over the weather of every site.

    The curve of a hybrid technology already holds the air cooling of the heat that its liquid
    loop is designed to leave.
    """

    def __init__(self, case: ScopedCase, series: SiteSeries) -> None:
        dry, wet = monthly_temperatures(case, "dry"), monthly_temperatures(case, "wet")
        is_wet = np.array(texts(case.cooling, "driver")) == "wet"
        by_month = np.where(is_wet[None, :, None, None], wet[0][:, None], dry[0][:, None])
        on_peak = np.where(is_wet[None, :, None], wet[1][:, None], dry[1][:, None])
        own = np.where(is_wet[None, :, None, None], series.wet_bulb_c[:, None], series.dry_bulb_c[:, None])
        own[:, :, case.days.is_peak_day] += case.scenario.time.peak_hotter_k
        has_none = any_along(np.isnan(own).reshape(*own.shape[:2], -1), axis=2)[:, :, None]

        def by_slot(curve: Callable[..., Floats], columns: tuple[str, ...]) -> Floats:
            """Lay a curve by columns of table `cooling`, the second axis of temperatures, over the time slices."""
            months, peak, hours = (
                curve(c, *(floats(case.cooling, name).reshape(1, -1, *(1,) * (c.ndim - 2)) for name in columns))
                for c in (by_month, on_peak, own)
            )
            return np.where(has_none, _by_slot(case, months, peak), _own_by_slot(case, hours))

        # power of cooling per IT power, (site, cooling, slot)
        self.mechanical_frac = by_slot(mechanical_overhead_frac, CURVE)
        self.wue_l_per_kwh = by_slot(wue_l_per_kwh, _WATER)  # water per IT energy, same shape. [L/kWh]


def monthly_temperatures(case: ScopedCase, bulb: str) -> tuple[Floats, Floats]:
    """Return temperatures of mean days and of the peak day on local clocks. Gives (site, month, 24) [deg C]."""
    table = site_rows(case.scenario, case.tables, "climate_monthly")
    axes = {"site": case.ids("sites"), "month": _MONTHS}
    mean = dense_by_ids(table, axes, f"{bulb}_bulb_c")
    swing = dense_by_ids(table, axes, f"{bulb}_daily_range_k")
    for s in np.flatnonzero(np.isnan(mean + swing).any(axis=1)):
        case.findings.add(
            "climate_monthly", f"{case.ids('sites')[s]} lacks a month", "twelve rows for each site", "add them"
        )
    warmest = dense_by_ids(table, axes, "dry_bulb_c").argmax(axis=1)
    is_extreme = case.scenario.time.peak_weather == "extreme" and bulb == "dry"
    highest = "extreme_dry_bulb_20yr_c" if is_extreme else f"design_{bulb}_bulb_c"
    peak = design_day_temperatures(
        floats(case.sites, highest) + case.scenario.time.peak_hotter_k, swing[np.arange(len(swing)), warmest]
    )
    return hourly_temperatures(mean, swing), peak


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
