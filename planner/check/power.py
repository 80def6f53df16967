"""From racks to the meter: every time slice added up again, deferral, PUE, water, emissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.cells import ANYWHERE
from planner.check.days import slot_hours, year_days
from planner.check.declared import DualPrice, Given
from planner.check.demand import region_shares, stated_kh100e
from planner.check.frames import column_by, label_of, once, table_of, to_frame
from planner.check.grid import by_day_and_hour, other_load_mw, series_by_hour
from planner.check.routes import reach_of_users
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

    _Row = Mapping[Hashable, Any]

_M3_PER_THOUSAND = 1000.0


_DESIGN_LOAD_FRAC = 0.75


@figures("hall", "power.loss_fixed_frac", "power.loss_variable_frac", unit="MW/MW")
def losses_from_curves(case: Case, rows: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[float]]:
    """Losses of UPS and distribution follow the topology's curve at no load and design load.

    Every feed of a hall with spare UPS carries its part of the load.
    """
    topology = rows["hall"].str.rsplit("|", n=1).str[1]
    kind = case.by("redundancy", "redundancy").loc[list(topology)]
    rating_mw = kind["installed_kw_per_kw"]

    def lost_mw(load_mw: float) -> pd.Series[float]:
        share = load_mw / rating_mw
        of_ups = kind["loss_k0"] + kind["loss_k1"] * share + kind["loss_k2"] * share**2
        return rating_mw * of_ups + kind["distribution_loss_frac"] * load_mw

    idle = lost_mw(0.0)
    return idle, (lost_mw(_DESIGN_LOAD_FRAC) - idle) / _DESIGN_LOAD_FRAC


@once
def window_h(case: Case) -> pd.Series[int]:
    """Hours within which each workload may put its work off, 0 where it may not."""
    slot_h, table = case.scenario.time.slot_h, case.by("workloads", "workload")
    parts = [hours for hours in range(2 * slot_h, 25, slot_h) if 24 % hours == 0]
    longest = table["max_deferral_h"].astype("float64")
    hours = np.array([0, *parts])
    fits = np.where(longest.to_numpy()[:, np.newaxis] + 1e-9 >= hours, hours, 0).max(axis=1)
    may = case.scenario.flexibility.deferral & (table["deferrable_frac"] > 0.0)
    return pd.Series(fits, index=table.index) * may


def moving_classes(case: Case) -> list[str]:
    """List the workloads whose work the scenario lets move between sites."""
    return [name for name, stated in case.scenario.workloads.items() if stated.moves_between_sites]


def _waits_h(case: Case) -> pd.Series[int]:
    """Hours within which each workload may put its work off at its site, 0 where it may not."""
    hours = window_h(case)
    return hours.where(~hours.index.isin(moving_classes(case)), 0)


@rule(unit="-", rereads="power.deployment_shape power.deployment_window power.deployment_utilisation_frac")
def deployments_from_tables(case: Case) -> Iterator[Excess]:
    """Racks in use have the load curve, the window and the utilisation of their workload."""
    power, sets = case.inputs.power, case.inputs.sets
    table = case.by("workloads", "workload")
    frame = to_frame(case.inputs.racks.deployment)[["rack", "hall", "workload"]]
    of = table.loc[frame["workload"]]
    hours = _waits_h(case)[frame["workload"]]
    window = np.where(hours > 0, hours.astype("str") + "h", "")
    spare = of["utilisation_frac"] / (1.0 + of["spare_frac"])
    yield Excess.differs(frame, power.deployment_utilisation_frac, spare)
    yield Excess.count_broken(frame, label_of(sets.shape.labels, power.deployment_shape) != of["shape"].to_numpy())
    yield Excess.count_broken(frame, label_of(sets.window.labels, power.deployment_window) != window)


PRICES: Final[Mapping[str, DualPrice]] = {"water_limit": DualPrice("USD/m3", _M3_PER_THOUSAND)}
GIVEN: Final[Mapping[str, Given]] = {
    "power.other_load_mw": ("site slot", lambda case, _: other_load_mw(case)),
    # Deferred work is cooled with the lowest overhead of any cooling, on offer or not.
    "power.defer_mechanical_frac": ("site slot", lambda case, _: case.inputs.power.mechanical_frac.min(axis=1)),
}
TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    "power.defer_block": "read by no rule: blocks of the day in rows and table are stated from the time slices"
}

# --- Cooling overhead and water by time slice -----------------------------------------------------

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


def _weather_by_slot(case: Case, by_month: Floats, on_peak_day: Floats) -> Floats:
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
def cooling_from_weather(case: Case) -> Iterator[Excess]:
    """Cooling overhead and water follow the technology's curve over the weather of the site.

    Ordinary days are billed on means; time slices of a peak day, which sizes the connection,
    count with their highest hour at design weather. Own temperatures of a site take their place.
    """
    temperatures = {bulb: _temperatures_c(case, bulb) for bulb in ("dry", "wet")}
    power, sets = case.inputs.power, case.inputs.sets
    technologies = {str(row["cooling"]): row for row in case.data("cooling").to_dict("records")}
    for code, name in enumerate(sets.cooling.labels):
        row = technologies[name]
        ordinary_c, peak_c = temperatures[str(row["driver"])]
        place = table_of({"site": list(sets.site.labels), "cooling": name})
        for reported, columns in ((power.mechanical_frac, _OVERHEAD), (power.wue_l_per_kwh, _WATER)):
            ordinary, peak = (_curve(c, row, *columns) for c in (ordinary_c, peak_c))
            expected = _weather_by_slot(case, ordinary, peak)
            own_c = series_by_hour(case, f"{row['driver']}_bulb_c")
            for site, by_slot in _own_by_slot(case, own_c, row, columns).items():
                if site in sets.site.labels:
                    expected[sets.site.code(site)] = by_slot
            gap = np.abs(reported[:, code] - expected).max(axis=1)
            yield Excess(place, gap, expected.max(axis=1))


# --- Load over its mean by time slice -------------------------------------------------------------

_WEEKDAYS = 5.0 / 7.0
_USER = ("region", "workload")


def _users(case: Case) -> pd.DataFrame:
    """Compute wanted by region and workload in all years, users anywhere included."""
    demand = case.inputs.demand
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    total = wanted.groupby(list(_USER), sort=False, as_index=False)[["kh100e"]].sum()
    placed = total[total["region"] != ANYWHERE]
    lumped = total[total["region"] == ANYWHERE]
    shares = region_shares(case)
    stated = stated_kh100e(case)
    parts = [placed.assign(is_lumped=False)]
    for workload, kh100e in zip(lumped["workload"], lumped["kh100e"], strict=True):
        own = stated[stated["workload"] == workload]
        share = own.groupby("region")["kh100e"].sum() if len(own) else shares
        share = share.drop(placed.loc[placed["workload"] == workload, "region"], errors="ignore")
        mine = table_of({"region": share.index, "kh100e": kh100e * share / share.sum()})
        parts.append(mine.assign(workload=workload, is_lumped=True))
    return pd.concat(parts, ignore_index=True)


def _reached(case: Case, users: pd.DataFrame) -> pd.DataFrame:
    """List the sites that reach users in time and right: region, workload, site, kh100e."""
    near = reach_of_users(case).loc[reach_of_users(case)["in_time"].to_numpy(), [*_USER, "site"]]
    named = users[~users["is_lumped"]].merge(near, on=list(_USER))
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    return pd.concat([named, users[users["is_lumped"]].merge(sites, how="cross")])


def _day_curve(case: Case, shape: str) -> Floats:
    """Load over its mean by day and local hour: a mean day, and a weekday on peak days."""
    table = case.data("demand_shapes")
    table = table[table["shape"] == shape]
    wide = table.pivot(index="day_type", columns="hour_local", values="shape_frac").sort_index(axis=1)
    weekday, weekend = (wide.loc[kind].to_numpy(np.float64) for kind in ("weekday", "weekend"))
    mean_day = _WEEKDAYS * weekday + (1.0 - _WEEKDAYS) * weekend
    return np.where(year_days(case).is_peak[:, None], weekday, mean_day)


@rule(unit="-", rereads="power.shape_frac")
def shapes_from_tables(case: Case) -> Iterator[Excess]:
    """Load follows the local time of the users that a site reaches, with a mean of 1.

    A site that reaches none follows all users, and a shape without users all regions alike. On
    peak days it is that of a weekday.
    """
    sets, hours = case.inputs.sets, slot_hours(case)
    sites = list(sets.site.labels)
    shape_of = column_by(case.workloads, "workload", "shape")
    clock = column_by(case.data("demand_regions"), "demand_region", "utc_offset_h")
    users = _users(case)
    regions = list(region_shares(case).index)
    nobody = table_of({"region": regions, "workload": "", "kh100e": 1.0, "is_lumped": False})
    for code, shape in enumerate(sets.shape.labels):
        curve = _day_curve(case, shape)
        expected = np.ones((len(sites), len(hours)))
        if np.ptp(curve) > 0.0:  # else it is the same on every clock
            ours = users[users["workload"].map(shape_of) == shape]
            if ours.empty:
                ours = nobody
            reached = _reached(case, ours)
            everyone = ours.assign(clock=ours["region"].map(clock)).groupby("clock")["kh100e"].sum()
            near = reached.assign(clock=reached["region"].map(clock))
            near = near.pivot_table("kh100e", "site", "clock", aggfunc="sum", fill_value=0.0)
            weight = near.reindex(index=sites, columns=everyone.index, fill_value=0.0).to_numpy()
            weight = np.where(np.asarray(weight.any(axis=1))[:, None], weight, everyone.to_numpy())
            by_clock = np.array([by_day_and_hour(case, curve, float(offset)) for offset in everyone.index])
            expected = weight @ by_clock
        expected = expected / (expected @ hours / hours.sum())[:, None]
        place = table_of({"site": sites, "shape": shape})
        gap = np.abs(case.inputs.power.shape_frac[:, code] - expected).max(axis=1)
        yield Excess(place, gap, expected.max(axis=1))
