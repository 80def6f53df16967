"""Tables of power, energy, carbon and water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, LITRES_PER_M3, T_PER_KT, USD_PER_MUSD
from planner.lp import Axis, Index
from planner.lp.index import distinct, locate
from planner.model.money import capex_musd
from planner.results.contracts import claimed_mw
from planner.results.store import cleaned, largest_by, listed, ratio, total_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of power at sites: by time slice, year and billing period, and what is deferred -------


def site_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `site_year`: a site in a year, in one line."""
    m, over = s.model, s.p.sites.site_year
    water_m3 = s.value(m.water_m3)
    return s.listed(
        over,
        open_frac=s.value(m.open),
        opened_frac=s.value(m.opened),
        halls_mw=s.value(m.halls.stands_mw),
        usable_mw=s.value(m.halls.usable_mw.sum_to(over)),
        nameplate_mw=s.by_site_year(s.nameplate_of_use_mw),
        load_kh100e=s.by_site_year(s.load_of_use_kh100e),
        it_mean_mw=s.it_mean_mw,
        migrated_mean_mw=s.mean_mw(s.migrated_mw),
        facility_mean_mw=s.facility_mean_mw,
        facility_peak_mw=s.facility_peak_mw,
        energy_mwh=s.facility_mean_mw * HOURS_PER_YEAR,
        grid_mwh=s.mean_mw(s.grid_mw) * HOURS_PER_YEAR,
        grid_peak_mw=s.grid_mw.max(axis=1, initial=0.0),
        load_factor_frac=ratio(s.facility_mean_mw, s.facility_peak_mw),
        pue=ratio(s.facility_mean_mw, s.it_mean_mw),
        water_m3=water_m3,
        wue_l_per_kwh=wue_l_per_kwh(water_m3, s.it_mean_mw),
        emissions_kt=s.value(m.emissions_kt),
        firm_mw=s.value(m.firm_mw.on(over, missing="zero")),
        new_firm_mw=s.new_firm_mw,
        capex_musd=s.value(capex_musd(m)),
        cost_musd=_paid_musd(s)[over["site"], over["year"]],
    )


def wue_l_per_kwh(water_m3: Floats, it_mean_mw: Floats) -> Floats:
    """Return water of a year over IT energy, nan without load. [L/kWh]"""
    it_kwh = it_mean_mw * HOURS_PER_YEAR * KW_PER_MW
    return ratio(water_m3 * LITRES_PER_M3, it_kwh)


def power_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `power_slot`: the load curve of sites that have load."""
    over, days = s.p.power.slot, s.p.days
    is_alive = s.has_load | s.grid_mw.any(axis=1) | s.other_load_mw.any(axis=1)
    facility, it, mechanical = (of_slot.ravel() for of_slot in (s.facility_mw, s.it_mw, s.mechanical_mw))
    return listed(
        over,
        np.repeat(is_alive, len(s.p.sets.slot)),
        is_peak_day=np.asarray(days.is_peak)[over["slot"]],
        hours=s.weight_h[over["slot"]],
        it_mw=it,
        mechanical_mw=mechanical,
        electrical_loss_mw=facility - it - mechanical,
        facility_mw=facility,
        other_load_mw=s.other_load_mw.ravel(),
        grid_mw=s.grid_mw.ravel(),
        deferred_mw=s.shifted_mw.ravel(),
        migrated_mw=s.migrated_mw.ravel(),
        energy_usd_per_mwh=s.p.grid.energy_usd_per_mwh,
        location_t_per_mwh=s.p.carbon.location_t_per_mwh,
    )


def deferral(s: SolvedModel) -> dict[str, Cells]:
    """Make table `deferral`: deferrable work, when it is due and when it is done."""
    over, power = s.p.power.defer, s.p.power
    shape = power.shape_frac[over["site"], over["shape"], over["slot"]]
    mean_mw = s.value(s.model.deferrable_mw.on(over))
    return listed(over, mean_mw, block=power.defer_block, due_mw=shape * mean_mw, done_mw=s.value(s.model.defer_mw))


def billed_peaks(s: SolvedModel) -> dict[str, Cells]:
    """Make table `billed_peaks`: the maxima on which demand charges are paid."""
    over, grid = s.p.grid.billing, s.p.grid
    peak_mw, months = s.value(s.model.peak_mw), grid.billing_months[over["period"]]
    price = grid.demand_charge_usd_per_kw_month[s.p.sites.site_year.find(over)]
    charge_musd = price * KW_PER_MW * months * peak_mw / USD_PER_MUSD
    is_billed = (peak_mw != 0.0) & (price > 0.0)  # what is not billed may float
    return listed(over, is_billed, months=months, peak_mw=peak_mw, usd_per_kw_month=price, charge_musd=charge_musd)


def _paid_musd(s: SolvedModel) -> Floats:
    """Return the yearly payments of each site, shape (site, year)."""
    total = np.zeros((len(s.p.sets.site), s.years))
    for line in s.lines:
        if "site" in line.over.axis_names:
            total += s.yearly_musd(line)
    return total


# --- Where the energy of sites comes from, and what of it goes elsewhere, so that it adds up ------

GRID: Final = "(grid)"
"""The grid among the sources."""
SHED: Final = "(not served)"
"""Energy that sites would use and do not get."""
OUT: Final = ("(charging)", "(sold)", "(curtailed)")
"""What takes energy, counted below 0."""


def sources_of_power(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List what comes in at every site and year by source, and what of it goes elsewhere."""
    parts = [part[part["energy_mwh"] != 0.0] for part in _parts(tables)]
    frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    frame = frame.sort_values(["site", "year"], kind="stable", ignore_index=True)
    names = tables["sites"].set_index("site")["name"]
    return frame.assign(site_name=frame["site"].map(names).astype("str"), mean_mw=frame["energy_mwh"] / HOURS_PER_YEAR)


def _parts(tables: Mapping[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    sites, sources, surplus = (tables[name] for name in ("site_year", "source_year", "site_surplus"))
    place, missing = ["site", "year"], float("nan")
    yield sites[place].assign(source=GRID, capacity_mw=sites["firm_mw"], energy_mwh=sites["grid_mwh"])
    yield sources[[*place, "source"]].assign(capacity_mw=sources["capacity_mw"], energy_mwh=sources["output_mwh"])
    shed = tables["non_firm_year"]
    yield shed[place].assign(source=SHED, capacity_mw=missing, energy_mwh=shed["shed_mwh"])
    charging, sold, thrown_away = OUT
    taken = sources.groupby(place, as_index=False)[["charged_mwh"]].sum()
    yield taken[place].assign(source=charging, capacity_mw=missing, energy_mwh=-taken["charged_mwh"])
    hours = tables["power_slot"][[*place, "slot", "hours"]]
    by_slot = surplus.merge(hours, on=[*place, "slot"], how="left")
    for source, column in ((sold, "export_mw"), (thrown_away, "surplus_mw")):
        energy = by_slot[place].assign(energy_mwh=-by_slot[column] * by_slot["hours"])
        yield energy.groupby(place, as_index=False).sum().assign(source=source, capacity_mw=missing)


# --- Table of the price that rises with new load in a zone ----------------------------------------


def load_price(s: SolvedModel) -> dict[str, Cells]:
    """Make table `load_price`: new load of zones and what it pays above the price."""
    p, slot = s.p.load_price, s.p.power.slot
    over = distinct(p.zone_slot, "zone", "year", name="zone_year")
    of_slot, of_block, hours = over.find(p.zone_slot), over.find(p.block), s.weight_h[p.zone_slot["slot"]]
    # A block that costs nothing may be filled beyond need, so load is counted from the draw.
    place = locate(p.zone_slot, s.p.sets.site_zone[slot["site"]], slot["year"], slot["slot"])
    drawn = total_by(place[place >= 0], s.grid_mw.ravel()[place >= 0], p.zone_slot.size)
    new_mw = cleaned(np.maximum(drawn - p.standing_mw, 0.0))
    energy = total_by(of_slot, new_mw * hours, over.size)
    mw, adder = s.value(s.model.block_mw), p.adder_usd_per_mwh
    paid = total_by(of_block, mw * s.weight_h[p.block["slot"]] * adder, over.size)
    return listed(
        over,
        energy,
        new_mwh=energy,
        new_peak_mw=largest_by(of_slot, new_mw, over.size),
        mean_adder_usd_per_mwh=np.nan_to_num(ratio(paid, energy)),
        last_adder_usd_per_mwh=largest_by(of_block, np.where(mw != 0.0, adder, 0.0), over.size),
        musd=paid / USD_PER_MUSD,
    )


# --- Tables of water and emissions: by place and by market, by site and in all --------------------


def carbon_site(s: SolvedModel) -> dict[str, Cells]:
    """Make table `carbon_site`: emissions of a site in a year."""
    over, carbon = s.p.sites.site_year, s.p.carbon
    parts = _emitted(s)
    of_grid_t = (parts["location_kt"] - parts["fuel_kt"]) * T_PER_KT
    price = carbon.price_usd_per_t[over["year"]] * parts["counted_kt"]
    scheme = carbon.fuel_price_usd_per_t * parts["fuel_kt"]
    emits = (parts["location_kt"] != 0.0) | (parts["counted_kt"] != 0.0)
    grid_t_per_mwh = ratio(of_grid_t, s.grid_mw @ s.weight_h)
    charge_musd = (price + scheme) * T_PER_KT / USD_PER_MUSD
    return listed(over, emits, **parts, grid_t_per_mwh=grid_t_per_mwh, charge_musd=charge_musd)


def carbon_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `carbon_year`: emissions of the plan in a year."""
    carbon, year = s.p.carbon, s.p.sites.site_year["year"].astype(np.intp)
    cap, worth = np.full(s.years, np.nan), np.full(s.years, np.nan)
    cap[carbon.cap["year"]] = carbon.cap_kt
    dual = s.dual("carbon_cap")
    if dual is not None:
        at = s.model.problem.rows_over("carbon_cap")["year"]
        worth[at] = -dual * USD_PER_MUSD / T_PER_KT
    return {
        "year": [int(label) for label in s.p.sets.year.labels],
        **{name: total_by(year, values, s.years) for name, values in _emitted(s).items()},
        "cap_kt": cap,
        "price_usd_per_t": carbon.price_usd_per_t,
        "cap_value_usd_per_t": worth / s.year_weight,
        "cap_value_npv_usd_per_t": worth,
    }


def _emitted(s: SolvedModel) -> dict[str, Floats]:
    """Return what emissions are made of, by name of the column. [site_year]"""
    m = s.model
    claimed = claimed_mw(s) * s.weight_h
    location = s.value(m.emissions_kt)
    intensity = s.by_slot(s.p.carbon.location_t_per_mwh)
    return {
        "location_kt": location,
        "fuel_kt": s.value(m.supply.emissions_kt),
        "claimed_mwh": claimed.sum(axis=1),
        "market_kt": location - (claimed * intensity).sum(axis=1) / T_PER_KT,
        "embodied_kt": s.value(m.carbon.embodied_kt),
        "counted_kt": s.value(m.carbon.counted_kt),
    }


# --- Table of water by the stress class of the basins ---------------------------------------------


def water_class(s: SolvedModel) -> dict[str, Cells]:
    """Make table `water_class`: water by stress class of the basins."""
    carbon, site_year = s.p.carbon, s.p.sites.site_year
    classes = Axis("stress_class", tuple(dict.fromkeys(carbon.stress_class)))
    of_site = np.asarray(classes.codes(carbon.stress_class), dtype=np.intp)
    over = Index.full("class_year", classes, s.p.sets.year)
    place = of_site[site_year["site"]] * s.years + site_year["year"]
    in_use = s.has_load.astype(np.float64)
    usable = s.value(s.model.halls.usable_mw.sum_to(site_year))
    water = s.value(s.model.water_m3)
    at = site_year.find(carbon.water_permit)
    allowed, is_free = np.zeros(site_year.size), np.ones(site_year.size)
    allowed[at], is_free[at] = carbon.water_permit_m3_per_mw * usable[at], 0.0
    paid = carbon.water_price_usd_per_m3[site_year["site"]] * water

    def add(values: np.ndarray) -> np.ndarray:
        return total_by(place, values * in_use, over.size)

    columns = {
        "sites": add(np.ones(site_year.size)).astype(np.int64),
        "usable_mw": add(usable),
        "water_m3": add(water),
        "m3_per_mw": ratio(add(water), add(usable)),
        "permit_m3": np.where(add(is_free) > 0.0, np.nan, add(allowed)),
        "price_usd_per_m3": ratio(add(paid), add(water)),
        "cost_musd": add(paid) / USD_PER_MUSD,
    }
    return listed(over, add(np.ones(site_year.size)), **columns)
