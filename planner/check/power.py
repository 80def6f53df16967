"""From racks to the meter: every time slice added up again, deferral, PUE, water, emissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.days import year_slots
from planner.check.declared import DualPrice
from planner.check.frames import column_by, crossed, isin, keyed, label_of, lookup, once, sum_by, to_frame
from planner.check.headroom import other_load_mw
from planner.check.table import table_of
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

_M3_PER_THOUSAND = 1000.0


_HOURS_PER_YEAR = 8760.0
_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_WAIT = ("site", "shape", "window", "year")


def _by_slot(case: Case, values: Floats) -> pd.Series[float]:
    """Write an array by site-year and time slice as a series over its labels."""
    power = site_power(case)
    frame = crossed(power.site_year, power.slot[["slot"]])
    return pd.Series(values.ravel(), index=keyed(frame))


def _by_site(case: Case, values: Floats) -> pd.Series[float]:
    """Write an array by site-year as a series over its labels."""
    return pd.Series(values, index=keyed(site_power(case).site_year))


@rule(unit="h")
def slot_weights(case: Case) -> Excess:
    """Time slices represent the days of the calendar, and 8,760 hours in every year."""
    table, power = case.plan("power_slot"), site_power(case)
    hours = column_by(power.slot, "slot", "hours")
    reported = Excess.differs(table[list(_SLOT)], table["hours"].to_numpy(), lookup(hours, table, ("slot",), np.nan))
    sums = sum_by(table, _SITE, table["hours"])
    place = table[list(_SITE)].drop_duplicates().reset_index(drop=True)
    whole = Excess.differs(place, lookup(sums, place, _SITE), np.full(len(place), _HOURS_PER_YEAR))
    total = Excess.differs(table_of({"slots": ["all"]}), np.array([hours.sum()]), np.array([_HOURS_PER_YEAR]))
    weights = Excess.differs(power.slot[["slot"]], np.asarray(case.inputs.days.weight_h, dtype=np.float64), power.hours)
    return reported.and_also(whole, total, weights)


@rule(unit="MW")
def power_chain(case: Case) -> Excess:
    """IT, losses, cooling and power at the meter follow by time slice from the racks in use."""
    table, power = case.plan("power_slot"), site_power(case)
    place = table[list(_SLOT)]
    cooling = power.facility_mw - power.it_mw - power.losses_mw
    parts = [
        Excess.differs(place, table[name].to_numpy(), lookup(_by_slot(case, values), table, _SLOT, np.nan))
        for name, values in (
            ("it_mw", power.it_mw),
            ("facility_mw", power.facility_mw),
            ("grid_mw", power.grid_mw),
            ("electrical_loss_mw", power.losses_mw),
            ("mechanical_mw", cooling),
        )
    ]
    # Rows are left out of the table where a site has no load at all.
    sums = sum_by(table, _SITE, table["it_mw"])
    left_out = power.it_mw.max(axis=1)[lookup(sums, power.site_year, _SITE, -1.0) < 0.0]
    silent = power.site_year[lookup(sums, power.site_year, _SITE, -1.0) < 0.0]
    return Excess.above(silent, left_out, 0.0).and_also(*parts)


@rule(unit="USD/MWh or t/MWh")
def figures_by_slot(case: Case) -> Excess:
    """Power price and carbon intensity of each time slice are those that the plan uses."""
    table = case.plan("power_slot")
    figures = to_frame(
        case.inputs.power.slot,
        energy_usd_per_mwh=case.inputs.grid.energy_usd_per_mwh,
        location_t_per_mwh=case.inputs.carbon.location_t_per_mwh,
    ).set_index(list(_SLOT))
    expected = {name: lookup(figures[name], table, _SLOT, np.nan) for name in figures.columns}
    return columns_reported(table, _SLOT, expected)


@once
def _waiting(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Uses of racks whose work may wait, and the deferral table with day, hour and shape."""
    uses, power = case.uses, case.inputs.power
    waits = uses[uses["window"] != ""]
    table = case.plan("deferral").merge(site_power(case).slot[["slot", "day", "hour"]], on="slot")
    axes = case.inputs.sets
    profile = power.shape_frac[
        axes.site.codes(table["site"]), axes.shape.codes(table["shape"]), axes.slot.codes(table["slot"])
    ]
    length = table["window"].str.removesuffix("h").astype("int64")
    block = table["hour"] // length
    of_all_days = table["day"] * (24 // length) + block
    return waits, table.assign(profile=profile, is_block=table["block"] == of_all_days, block=block)


@rule(unit="MW")
def deferral_reported(case: Case) -> Excess:
    """Deferred work is reported in its window of the day, and in the load curve of its site."""
    _, table = _waiting(case)
    blocks = Excess.count_broken(table[[*_WAIT, "slot"]], ~table["is_block"].to_numpy())
    curve = case.plan("power_slot")
    shifted = _by_slot(case, site_power(case).shifted_mw)
    reported = Excess.differs(
        curve[list(_SLOT)], curve["deferred_mw"].to_numpy(), lookup(shifted, curve, _SLOT, np.nan)
    )
    return reported.and_also(blocks)


@rule(unit="MW")
def deferral_is_due(case: Case) -> Excess:
    """Deferrable work is its share of the racks in use, due by the hours of its users."""
    waits, table = _waiting(case)
    mean_mw = waits["used_mw"] * waits["dynamic_mw_per_mw"] * waits["deferrable_frac"]
    due = sum_by(waits, _WAIT, mean_mw)
    expected = lookup(due, table, _WAIT) * table["profile"].to_numpy()
    reported = Excess.differs(table[[*_WAIT, "slot"]], table["due_mw"].to_numpy(), expected)
    place = waits[list(_WAIT)].drop_duplicates().reset_index(drop=True)
    forgotten = place[~isin(place, table, _WAIT)]
    return reported.and_also(Excess.above(forgotten, lookup(due, forgotten, _WAIT), 0.0))


@rule(unit="MW")
def energy_of_sites(case: Case) -> Excess:
    """Energy, mean and peak power, grid draw and PUE of a site follow from its time slices.

    All in MW, as `power_chain` holds the time slices: in MWh or as a ratio, what is numerical noise
    there would count a thousandfold.
    """
    power, table = site_power(case), case.plan("site_year")
    place = table[list(_SITE)]
    facility = power.energy_mwh.sum(axis=1) / _HOURS_PER_YEAR
    it = (power.it_mw * power.hours).sum(axis=1) / _HOURS_PER_YEAR
    pairs = [
        (table["energy_mwh"] / _HOURS_PER_YEAR, facility),
        (table["facility_mean_mw"], facility),
        (table["it_mean_mw"], it),
        (table["facility_peak_mw"], power.facility_mw.max(axis=1)),
        (table["grid_mwh"] / _HOURS_PER_YEAR, power.grid_mwh.sum(axis=1) / _HOURS_PER_YEAR),
        (table["grid_peak_mw"], power.grid_mw.max(axis=1)),
    ]
    parts = [
        Excess.differs(place, reported.to_numpy(), lookup(_by_site(case, expected), table, _SITE, np.nan))
        for reported, expected in pairs
    ]
    loaded = table[table["pue"].notna()]
    taken, of_racks = (lookup(_by_site(case, expected), loaded, _SITE) for expected in (facility, it))
    by_pue = loaded["pue"].to_numpy() * of_racks
    return parts[0].and_also(*parts[1:], Excess.differs(loaded[list(_SITE)], by_pue, taken))


@rule(unit="m3")
def water(case: Case) -> Excess:
    """Water follows from IT energy by technology and weather."""
    expected, table = _by_site(case, site_power(case).water_m3), case.plan("site_year")
    return Excess.differs(table[list(_SITE)], table["water_m3"].to_numpy(), lookup(expected, table, _SITE, np.nan))


@rule(unit="MW")
def forecast_totals(case: Case) -> Excess:
    """Power forecasts by zone and by workload, and the summary, add up to those of the sites."""
    sites = case.plan("site_year")
    zones, classes, summary = (case.plan(name) for name in ("power_zone", "power_class", "summary"))
    zone = ("zone", "year")
    parts = [
        Excess.differs(table[list(key)], table[name].to_numpy(), lookup(sum_by(sites, key, sites[name]), table, key))
        for table, key, names in (
            (zones, zone, ("nameplate_mw", "it_mean_mw", "facility_mean_mw", "new_firm_mw")),
            (summary, ("year",), ("nameplate_mw", "facility_mean_mw", "emissions_kt")),
        )
        for name in names
    ]
    of_classes = [
        Excess.differs(
            summary[["year"]],
            summary[name].to_numpy(),
            lookup(sum_by(classes, ("year",), classes[name]), summary, ("year",)),
        )
        for name in ("nameplate_mw", "it_mean_mw")
    ]
    return parts[0].and_also(*parts[1:], *of_classes)


@rule(unit="MW", rereads="power.other_load_mw")
def other_load(case: Case) -> Excess:
    """Load other than racks is what the scenario says, along the series of its site."""
    sets = case.inputs.sets
    expected = other_load_mw(case)
    frame = table_of({"site": list(sets.site.labels)}).merge(table_of({"slot": list(sets.slot.labels)}), how="cross")
    key = ("site", "slot")
    by_slot = pd.Series(expected.ravel(), index=keyed(frame))
    assumed = Excess.differs(frame, case.inputs.power.other_load_mw.ravel(), expected.ravel())
    table = case.plan("power_slot")
    right = lookup(by_slot, table, key, np.nan)
    reported = Excess.differs(table[list(_SLOT)], table["other_load_mw"].to_numpy(), right)
    # Rows are left out of the table where a site uses nothing at all.
    is_loaded = np.asarray(site_power(case).other_mw.any(axis=1), dtype=np.bool_)
    place = case.site_year.loc[is_loaded].reset_index(drop=True)
    return assumed.and_also(reported, Excess.count_broken(place, ~isin(place, table, ("site", "year"))))


HEADING: Final = "Power, water and carbon"


_DESIGN_LOAD_FRAC = 0.75


@rule(unit="MW/MW", rereads="power.loss_fixed_frac power.loss_variable_frac")
def losses_from_curves(case: Case) -> Excess:
    """Losses of UPS and distribution follow the topology's curve at no load and design load.

    Every feed of a hall with spare UPS carries its part of the load.
    """
    power, halls = case.inputs.power, list(case.inputs.sets.hall.labels)
    topology = pd.Series(halls).str.rsplit("|", n=1).str[1]
    kind = case.data("redundancy").set_index("redundancy").loc[list(topology)]
    rating_mw = kind["installed_kw_per_kw"]

    def lost_mw(load_mw: float) -> pd.Series[float]:
        share = load_mw / rating_mw
        of_ups = kind["loss_k0"] + kind["loss_k1"] * share + kind["loss_k2"] * share**2
        return rating_mw * of_ups + kind["distribution_loss_frac"] * load_mw

    idle = lost_mw(0.0)
    rise = (lost_mw(_DESIGN_LOAD_FRAC) - idle) / _DESIGN_LOAD_FRAC
    place = table_of({"hall": halls})
    return Excess.differs(place, power.loss_fixed_frac, np.asarray(idle, np.float64)).and_also(
        Excess.differs(place, power.loss_variable_frac, np.asarray(rise, np.float64))
    )


def window_h(case: Case) -> pd.Series[int]:
    """Hours within which each workload may put its work off, 0 where it may not."""
    slot_h, table = case.scenario.time.slot_h, case.workloads.set_index("workload")
    parts = [hours for hours in range(2 * slot_h, 25, slot_h) if 24 % hours == 0]
    longest = table["max_deferral_h"].astype("float64")
    fits = table_of({hours: hours * (longest + 1e-9 >= hours) for hours in [0, *parts]})
    may = case.scenario.flexibility.deferral & (table["deferrable_frac"] > 0.0)
    return fits.max(axis=1) * may


def moving_classes(case: Case) -> list[str]:
    """List the workloads whose work the scenario lets move between sites."""
    return [name for name, stated in case.scenario.workloads.items() if stated.moves_between_sites]


def _waits_h(case: Case) -> pd.Series[int]:
    """Hours within which each workload may put its work off at its site, 0 where it may not."""
    hours = window_h(case)
    return hours.where(~hours.index.isin(moving_classes(case)), 0)


@rule(unit="-", rereads="power.deployment_shape power.deployment_window power.deployment_utilisation_frac")
def deployments_from_tables(case: Case) -> Excess:
    """Racks in use have the load curve, the window and the utilisation of their workload."""
    power, sets = case.inputs.power, case.inputs.sets
    table = case.workloads.set_index("workload")
    frame = to_frame(case.inputs.racks.deployment)[["rack", "hall", "workload"]]
    of = table.loc[frame["workload"]]
    hours = _waits_h(case)[frame["workload"]]
    window = np.where(hours > 0, hours.astype("str") + "h", "")
    spare = of["utilisation_frac"] / (1.0 + of["spare_frac"])
    return Excess.differs(frame, power.deployment_utilisation_frac, spare.to_numpy(np.float64)).and_also(
        Excess.count_broken(frame, label_of(sets.shape, power.deployment_shape) != of["shape"].to_numpy()),
        Excess.count_broken(frame, label_of(sets.window, power.deployment_window) != window),
    )


@rule(unit="-", rereads="power.defer_block")
def deferral_blocks(case: Case) -> Excess:
    """Work is deferred within its window of the day, counted from midnight UTC, every day."""
    power, sets, slot = case.inputs.power, case.inputs.sets, year_slots(case)
    hours = np.array([int(label.removesuffix("h")) for label in sets.window.labels], dtype=int)
    length = hours[power.defer["window"]]
    moment_h = (slot["day"] * 24 + slot["hour"]).to_numpy()[power.defer["slot"]]
    is_wrong = power.defer_block != moment_h // length
    # One place for each window keeps long lists short.
    place = table_of({"window": list(sets.window.labels)})
    count = np.bincount(power.defer["window"], weights=is_wrong, minlength=len(place))
    return Excess.count_broken(place, count > 0.0)


@rule(unit="MW/MW", rereads="power.defer_mechanical_frac")
def deferral_overhead(case: Case) -> Excess:
    """Deferred work is cooled with the lowest overhead that such work has at its site."""
    power, sets = case.inputs.power, case.inputs.sets
    used = case.inputs.racks.used
    may_wait = (_waits_h(case) > 0).reindex(list(sets.workload.labels)).to_numpy(np.bool_)[used["workload"]]
    design = pd.Series(list(sets.hall.labels)).str.rsplit("|", n=1).str[0]
    cooling = sets.cooling.codes(design)[used["hall"]]
    has = np.zeros((len(sets.site), len(sets.cooling)), dtype=np.bool_)
    has[used["site"][may_wait], cooling[may_wait]] = True
    expected = np.where(has[:, :, None], power.mechanical_frac, np.inf).min(axis=1)
    expected = np.where(np.asarray(has.any(axis=1))[:, None], expected, 0.0)
    place = table_of({"site": list(sets.site.labels)})
    gap = np.abs(power.defer_mechanical_frac - expected).max(axis=1)
    return Excess(place, gap, np.abs(expected).max(axis=1))


DECISIONS: Final[Mapping[str, tuple[str, str]]] = {"defer_mw": ("deferral", "done_mw")}
PRICES: Final[Mapping[str, DualPrice]] = {"water_limit": DualPrice("USD/m3", _M3_PER_THOUSAND)}
