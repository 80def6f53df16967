"""Weather, prices and intensities by slot, reckoned a second time from monthly and hourly data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.facts_demand import between
from planner.check.frames import at, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy.typing import NDArray

    from planner.check.case import Case

    Floats = NDArray[np.float64]

__all__ = ["RULES"]

_MONEY_YEAR = 2025
_WARMEST_H = 15.0
_OVERHEAD = (
    "ramp_start_c",
    "ramp_end_c",
    "mech_floor_frac",
    "mech_ramp_frac",
    "mech_slope_per_k",
)
_WATER = ("wue_start_c", "wue_end_c", "wue_floor_l_per_kwh", "wue_ramp_l_per_kwh")
_QUARTERS = 96  # places lie on half and quarter hours too


def _local_hour(case: Case, offset_h: Floats) -> NDArray[np.intp]:
    """Local clock hour at each quarter of an hour of the UTC day, shape (site, quarter)."""
    middle = (np.arange(_QUARTERS) + 0.5) / 4.0
    return np.floor((middle[None, :] + offset_h[:, None]) % 24.0).astype(np.intp)


def _temperature_c(case: Case) -> dict[str, Floats]:
    """Dry and wet bulb of a mean day by site, month and quarter of an hour UTC. [deg C]"""
    sites = list(case.inputs.sets.site.labels)
    table = case.sites.set_index("site")
    offset = table.loc[sites, "utc_offset_h"].to_numpy(dtype=np.float64)
    hour = _local_hour(case, offset)
    swing = np.cos(2.0 * np.pi * (hour - _WARMEST_H) / 24.0)
    like = case.table_site(sites)
    climate = case.data("climate_monthly").set_index(["site", "month"]).sort_index()
    result = {}
    for bulb in ("dry", "wet"):
        rows = [climate.loc[site] for site in like]
        mean = np.stack([row[f"{bulb}_bulb_c"].to_numpy(dtype=np.float64) for row in rows])
        spread = np.stack([row[f"{bulb}_daily_range_k"].to_numpy(dtype=np.float64) for row in rows])
        result[bulb] = mean[:, :, None] + spread[:, :, None] / 2.0 * swing[:, None, :]
    return result


def _curve(temperature_c: Floats, row: Mapping[Hashable, Any], *columns: str) -> Floats:
    """A level in the cold, a straight rise between two temperatures, another slope beyond."""
    start_c, end_c, floor, ramp, *beyond = (float(row[column]) for column in columns)
    slope = beyond[0] if beyond else 0.0
    knots = np.interp(temperature_c, [start_c, end_c], [floor, floor + ramp])
    return np.asarray(knots + slope * np.clip(temperature_c - end_c, 0.0, None))


def _day_means(case: Case, by_month: Floats) -> Floats:
    """Average months and quarters of an hour to the ordinary days' slots: (site, day, slot)."""
    time = case.scenario.time
    dates = pd.date_range("2025-01-01", "2025-12-31")
    month = dates.month.to_numpy()
    days = np.zeros((time.season_days, 12))
    of_month = np.arange(12) if time.season_days == 12 else (np.arange(12) + 1) % 12 // 3
    days[of_month, np.arange(12)] = np.bincount(month - 1)
    days[of_month[time.peak_month - 1], time.peak_month - 1] -= time.peak_day_days
    mean = np.einsum("dm,smq->sdq", days / days.sum(axis=1, keepdims=True), by_month)
    by_slot = mean.reshape(*mean.shape[:2], 24 // time.slot_h, -1)
    return np.asarray(by_slot.mean(axis=3))


def _of_ordinary_days(case: Case, values: Floats) -> Floats:
    """Take the ordinary days of an array by slot, shape (site, day, slot)."""
    time = case.scenario.time
    per_day = 24 // time.slot_h
    ordinary = values[:, : time.season_days * per_day]
    return ordinary.reshape(len(values), time.season_days, per_day)


@rule(unit="MW/MW")
def cooling_from_weather(case: Case) -> Excess:
    """Cooling overhead and water of ordinary days are the technology's curve over the weather.

    On the peak day the overhead is at least that of the warmest ordinary day.
    """
    temperature = _temperature_c(case)
    power, sets = case.inputs.power, case.inputs.sets
    technologies = {str(row["cooling"]): row for row in case.data("cooling").to_dict("records")}
    parts = []
    for code, name in enumerate(sets.cooling.labels):
        row = technologies[name]
        degrees = temperature[str(row["driver"])]
        for told, own in (
            (power.mechanical_frac[:, code], _curve(degrees, row, *_OVERHEAD)),
            (power.wue_l_per_kwh[:, code], _curve(degrees, row, *_WATER)),
        ):
            ordinary, mean = _of_ordinary_days(case, told), _day_means(case, own)
            place = pd.DataFrame({"site": list(sets.site.labels), "cooling": name})
            gap = np.abs(ordinary - mean).max(axis=(1, 2))
            parts.append(Excess(place, gap, mean.max(axis=(1, 2))))
        mechanical = _of_ordinary_days(case, power.mechanical_frac[:, code])
        peak = power.mechanical_frac[:, code, -(24 // case.scenario.time.slot_h) :].max(axis=1)
        parts.append(Excess.above(place, mechanical.max(axis=(1, 2)), peak))
    return parts[0].and_also(*parts[1:])


@rule(unit="-")
def shapes_keep_the_mean(case: Case) -> Excess:
    """Hourly shapes of load average to 1 over the year, so that they add no energy."""
    sets, hours = case.inputs.sets, case.power.hours
    mean = case.inputs.power.shape_frac @ (hours / hours.sum())
    place = pd.DataFrame({"site": list(sets.site.labels)}).merge(
        pd.DataFrame({"shape": list(sets.shape.labels)}), how="cross"
    )
    return Excess.differs(place, mean.ravel(), np.ones(mean.size))


@rule(unit="USD/MWh")
def flat_load_pays_retail(case: Case) -> Excess:
    """Energy and demand charge of a flat load together come to the retail price of the site."""
    grid, hours = case.inputs.grid, case.power.hours
    site_year = case.power.site_year
    price = listed(case.inputs.power.slot, usd=grid.energy_usd_per_mwh)
    frame = site_year.merge(case.power.slot[["slot"]], how="cross")
    key = ("site", "year", "slot")
    by_slot = at(price.set_index(list(key))["usd"], frame, key, np.nan)
    energy = by_slot.reshape(len(site_year), -1) @ (hours / hours.sum())
    charge = 12.0 * 1000.0 * grid.demand_charge_usd_per_kw_month / 8760.0
    settings = case.scenario.energy
    growth = settings.escalation_real_frac
    retail = case.own_figures(
        "retail_usd_per_mwh", case.site_figures("electricity_price", "retail_usd_per_mwh")
    )
    rise = case.finance_of_sites("electricity_real_escalation")
    rate = at(rise, site_year, ("site",), np.nan) if growth is None else growth
    later = site_year["year"].to_numpy() - _MONEY_YEAR
    scale = np.array([between(settings.price_scale_frac, year) for year in site_year["year"]])
    own = at(retail, site_year, ("site",), np.nan) * (1.0 + rate) ** later * scale
    return Excess.differs(site_year, energy + charge, own)


@rule(unit="t/MWh")
def carbon_from_tables(case: Case) -> Excess:
    """Carbon intensity of the slots averages to that of the site and year in the tables."""
    power, hours = case.inputs.power, case.power.hours
    site_year = case.power.site_year
    told = listed(power.slot, t=case.inputs.carbon.location_t_per_mwh)
    frame = site_year.merge(case.power.slot[["slot"]], how="cross")
    key = ("site", "year", "slot")
    by_slot = at(told.set_index(list(key))["t"], frame, key, np.nan)
    mean = by_slot.reshape(len(site_year), -1) @ (hours / hours.sum())
    table = case.data("carbon_intensity").sort_values("year")
    of_site = {str(site): rows for site, rows in table.groupby("site")}
    own = np.array(
        [
            np.interp(year, of_site[site]["year"], of_site[site]["location_kgco2_per_mwh"])
            for site, year in zip(
                case.table_site(site_year["site"]), site_year["year"], strict=True
            )
        ]
    )
    return Excess.differs(site_year, mean, own / 1000.0)


RULES = (
    cooling_from_weather,
    shapes_keep_the_mean,
    flat_load_pays_retail,
    carbon_from_tables,
)
