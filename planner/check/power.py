"""From racks to the meter: every slot added up anew, deferral, PUE, water, emissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.check.case import Case

    Floats = NDArray[np.float64]

__all__ = ["RULES"]

_HOURS_PER_YEAR = 8760.0
_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_WAIT = ("site", "cooling", "window", "year")


def _by_slot(case: Case, values: Floats) -> pd.Series[float]:
    """Write an array by site-year and slot as a series over its labels."""
    power = case.power
    frame = power.site_year.merge(power.slot[["slot"]], how="cross")
    return pd.Series(values.ravel(), index=pd.MultiIndex.from_frame(frame))


def _by_site(case: Case, values: Floats) -> pd.Series[float]:
    """Write an array by site-year as a series over its labels."""
    return pd.Series(values, index=pd.MultiIndex.from_frame(case.power.site_year))


@rule(unit="h")
def slot_weights(case: Case) -> Excess:
    """Slots stand for the days of the calendar, and for 8,760 hours in every year."""
    table, power = case.plan("power_slot"), case.power
    hours = power.slot.set_index("slot")["hours"]
    told = Excess.differs(
        table[list(_SLOT)], table["hours"].to_numpy(), at(hours, table, ("slot",), np.nan)
    )
    sums = tally(table, _SITE, table["hours"])
    place = table[list(_SITE)].drop_duplicates().reset_index(drop=True)
    whole = Excess.differs(place, at(sums, place, _SITE), np.full(len(place), _HOURS_PER_YEAR))
    total = Excess.differs(
        pd.DataFrame({"slots": ["all"]}), np.array([hours.sum()]), np.array([_HOURS_PER_YEAR])
    )
    weights = Excess.differs(
        power.slot[["slot"]], np.asarray(case.inputs.days.weight_h, dtype=np.float64), power.hours
    )
    return told.and_also(whole, total, weights)


@rule(unit="MW")
def power_chain(case: Case) -> Excess:
    """IT, losses, cooling and power at the meter follow slot by slot from the racks in use."""
    table, power = case.plan("power_slot"), case.power
    place = table[list(_SLOT)]
    cooling = power.facility_mw - power.it_mw - power.losses_mw
    parts = [
        Excess.differs(
            place, table[name].to_numpy(), at(_by_slot(case, values), table, _SLOT, np.nan)
        )
        for name, values in (
            ("it_mw", power.it_mw),
            ("facility_mw", power.facility_mw),
            ("electrical_loss_mw", power.losses_mw),
            ("mechanical_mw", cooling),
        )
    ]
    # Rows are left out of the table where a site has no load at all.
    sums = tally(table, _SITE, table["it_mw"])
    left_out = power.it_mw.sum(axis=1)[at(sums, power.site_year, _SITE, -1.0) < 0.0]
    silent = power.site_year[at(sums, power.site_year, _SITE, -1.0) < 0.0]
    return Excess.above(silent, left_out, 0.0).and_also(*parts)


@rule(unit="MW")
def power_above_it(case: Case) -> Excess:
    """Power at the meter is never below IT power: PUE is at least 1 in every slot."""
    table = case.plan("power_slot")
    slots = Excess.above(
        table[list(_SLOT)], table["it_mw"].to_numpy(), table["facility_mw"].to_numpy()
    )
    years = case.plan("site_year")
    loaded = years[years["pue"].notna()]
    return slots.and_also(Excess.above(loaded[list(_SITE)], 1.0 - loaded["pue"].to_numpy(), 0.0))


@rule(unit="MW")
def topology_adds_no_load(case: Case) -> Excess:
    """IT power is that of the racks alone, whatever the redundancy of their halls."""
    uses = case.uses
    it_mw = uses["used_mw"] * (uses["idle_mw_per_mw"] + uses["dynamic_mw_per_mw"])
    table = case.plan("site_year")
    mean_mw = at(tally(uses, _SITE, it_mw), table, _SITE)
    return Excess.differs(table[list(_SITE)], table["it_mean_mw"].to_numpy(), mean_mw)


@rule(unit="MWh", floor=10.0)
def deferral_conserves_energy(case: Case) -> Excess:
    """Work that may wait is done within its block of the day, no more and no less."""
    table = case.plan("deferral")
    key = (*_WAIT, "day", "block")
    slot = case.power.slot.set_index("slot")["day"]
    rows = table.assign(day=at(slot, table, ("slot",), np.nan))
    hours = float(case.scenario.time.slot_h)
    done, due = (tally(rows, key, rows[name] * hours) for name in ("done_mw", "due_mw"))
    place = rows[list(key)].drop_duplicates().reset_index(drop=True)
    kept = Excess.differs(place, at(done, place, key), at(due, place, key))
    curve = case.plan("power_slot")
    beyond = tally(table, _SLOT, table["done_mw"] - table["due_mw"])
    told = Excess.differs(
        curve[list(_SLOT)], curve["deferred_mw"].to_numpy(), at(beyond, curve, _SLOT)
    )
    return kept.and_also(told)


@rule(unit="MW")
def deferral_is_due(case: Case) -> Excess:
    """Work that may wait is the deferrable share of the racks in use, done in every block."""
    uses, table = case.uses, case.plan("deferral")
    waits = uses[uses["window"] != ""]
    due = tally(
        waits, _WAIT, waits["used_mw"] * waits["dynamic_mw_per_mw"] * waits["deferrable_frac"]
    )
    told = Excess.differs(
        table[[*_WAIT, "slot"]], table["due_mw"].to_numpy(), at(due, table, _WAIT)
    )
    place = waits[list(_WAIT)].drop_duplicates().reset_index(drop=True)
    lasts = tally(table, _WAIT, table["due_mw"])
    slots = float(len(case.power.slot))
    everywhere = Excess.differs(place, at(lasts, place, _WAIT) / slots, at(due, place, _WAIT))
    return told.and_also(everywhere)


@rule(unit="MW")
def deferral_room(case: Case) -> Excess:
    """Work is caught up only on racks that are not busy: never below 0, never above full use."""
    uses, table = case.uses, case.plan("deferral")
    waits = uses[uses["window"] != ""]
    full = waits["used_mw"] * waits["dynamic_mw_per_mw"]
    top = tally(waits, _WAIT, full / waits["utilisation_frac"])
    room = at(top, table, _WAIT)
    site = case.inputs.sets.site.codes(table["site"])
    slot = case.inputs.sets.slot.codes(table["slot"])
    for shape, rows in waits.groupby("shape"):
        firm = tally(rows, _WAIT, full[rows.index] * (1.0 - rows["deferrable_frac"]))
        profile = case.inputs.power.shape_frac[site, case.inputs.sets.shape.code(str(shape)), slot]
        room = room - at(firm, table, _WAIT) * profile
    done = table["done_mw"].to_numpy()
    place = table[[*_WAIT, "slot"]]
    return Excess.above(place, done, room).and_also(Excess.above(place, -done, 0.0))


@rule(unit="MWh")
def energy_of_sites(case: Case) -> Excess:
    """Energy, mean and peak power and PUE of a site and year follow from its slots."""
    power, table = case.power, case.plan("site_year")
    place = table[list(_SITE)]
    facility, it = power.energy_mwh.sum(axis=1), (power.it_mw * power.hours).sum(axis=1)
    pairs = [
        (table["energy_mwh"], facility),
        (table["facility_mean_mw"] * _HOURS_PER_YEAR, facility),
        (table["it_mean_mw"] * _HOURS_PER_YEAR, it),
        (table["facility_peak_mw"], power.facility_mw.max(axis=1)),
    ]
    parts = [
        Excess.differs(place, told.to_numpy(), at(_by_site(case, own), table, _SITE, np.nan))
        for told, own in pairs
    ]
    loaded = table[table["pue"].notna()]
    pue = at(_by_site(case, facility), loaded, _SITE) / at(_by_site(case, it), loaded, _SITE)
    return parts[0].and_also(
        *parts[1:], Excess.differs(loaded[list(_SITE)], loaded["pue"].to_numpy(), pue)
    )


@rule(unit="m3")
def water(case: Case) -> Excess:
    """Water follows from IT energy by technology and weather."""
    own, table = _by_site(case, case.power.water_m3), case.plan("site_year")
    return Excess.differs(
        table[list(_SITE)], table["water_m3"].to_numpy(), at(own, table, _SITE, np.nan)
    )


@rule(unit="m3")
def water_limit(case: Case) -> Excess:
    """Cooling evaporates no more than a site may take."""
    carbon = case.inputs.carbon
    limits = listed(carbon.water_limit, limit_m3=carbon.water_limit_m3)
    used = at(_by_site(case, case.power.water_m3), limits, _SITE)
    return Excess.above(limits[list(_SITE)], used, limits["limit_m3"].to_numpy())


def emissions_kt(case: Case) -> Floats:
    """Location-based emissions by site-year of `case.power`. [kt]"""
    carbon, power = case.inputs.carbon, case.power
    intensity = listed(case.inputs.power.slot).assign(t=carbon.location_t_per_mwh)
    by_slot = intensity.set_index(list(_SLOT))["t"]
    frame = power.site_year.merge(power.slot[["slot"]], how="cross")
    rate = at(by_slot, frame, _SLOT, np.nan).reshape(power.facility_mw.shape)
    return np.asarray((power.energy_mwh * rate).sum(axis=1) / 1000.0)


@rule(unit="kt")
def emissions(case: Case) -> Excess:
    """Emissions follow from energy and the grid's intensity in its slot."""
    own, table = _by_site(case, emissions_kt(case)), case.plan("site_year")
    return Excess.differs(
        table[list(_SITE)], table["emissions_kt"].to_numpy(), at(own, table, _SITE, np.nan)
    )


@rule(unit="kt")
def carbon_cap(case: Case) -> Excess:
    """Emissions of a year stay within its cap."""
    carbon = case.inputs.carbon
    caps = listed(carbon.cap, cap_kt=carbon.cap_kt)
    total = tally(case.power.site_year, ("year",), emissions_kt(case))
    return Excess.above(caps[["year"]], at(total, caps, ("year",)), caps["cap_kt"].to_numpy())


@rule(unit="MW")
def forecast_totals(case: Case) -> Excess:
    """The power forecasts by zone and by class and the summary add up to those of the sites."""
    sites = case.plan("site_year")
    zones, classes, summary = (case.plan(name) for name in ("power_zone", "power_class", "summary"))
    zone = ("zone", "year")
    parts = [
        Excess.differs(
            table[list(key)], table[name].to_numpy(), at(tally(sites, key, sites[name]), table, key)
        )
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
            at(tally(classes, ("year",), classes[name]), summary, ("year",)),
        )
        for name in ("nameplate_mw", "it_mean_mw")
    ]
    return parts[0].and_also(*parts[1:], *of_classes)


RULES = (
    slot_weights,
    power_chain,
    power_above_it,
    topology_adds_no_load,
    deferral_conserves_energy,
    deferral_is_due,
    deferral_room,
    energy_of_sites,
    water,
    water_limit,
    emissions,
    carbon_cap,
    forecast_totals,
)
