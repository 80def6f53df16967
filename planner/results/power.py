"""Tables of power, energy, the grid, carbon and water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, LITRES_PER_M3, T_PER_KT, USD_PER_MUSD
from planner.family.table_columns import sum_at
from planner.lp import Axis, Index
from planner.lp.index import distinct, locate
from planner.model.money import capex_musd
from planner.results.contracts import claimed_mw
from planner.results.store import cleaned, largest_by, listed, ratio, total_by, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of the grid: connections, headroom, and the forecast by zone and workload -------------

_BINDS_WITHIN_MW = 1e-5  # [MW], wider than the solver's tolerance, narrower than any plan


def connections(s: SolvedModel) -> dict[str, Cells]:
    """Make table `connections`: firm connections energised."""
    grid, mw = s.p.grid, s.value(s.model.expand)
    money = grid.expand_capex_musd_per_mw * mw
    return s.listed(grid.expand, mw, added_mw=mw, service_start=grid.expand_start, overnight_musd=money)


def headroom(s: SolvedModel) -> dict[str, Cells]:
    """Make table `headroom`: what zones can take, what the plan takes, what more is worth."""
    given, sets, grid = s.p.grid.headroom_by_zone, s.p.sets, s.p.grid
    zone = sets.zone.codes(given["zone"])
    year = sets.year.codes(given["year"].astype(str))
    names = ("rate_pct", "limit_mw", "firm_limit_mw", "committed_mw")
    rate_pct, limit, firm_limit, committed = (given[name].to_numpy(dtype=np.float64) for name in names)
    turned = _connected(s, s.p.non_firm.firm_year)
    non_firm = _connected(s, s.p.non_firm.connect["year"])
    firm_mw = (_by_zone_year(s, s.new_firm_mw) + turned)[zone, year]
    non_firm_mw = cleaned(non_firm - turned)[zone, year]
    firm_spare = firm_limit - committed - firm_mw
    spare = limit - committed - firm_mw - non_firm_mw
    spare_mw = np.maximum(spare, 0.0)
    firm_spare_mw = np.clip(firm_spare, 0.0, spare_mw)
    firm_worth = _worth_usd_per_mw(s, "zone_headroom", locate(grid.headroom, zone, year))
    tiers = range(len(s.p.non_firm.tier))
    rows = (locate(s.p.non_firm.headroom, zone, year, np.full(zone.size, k)) for k in tiers)
    worth = sum((_worth_usd_per_mw(s, "all_headroom", row) for row in rows), np.zeros(zone.size))
    # One limit for both is reported as both.
    is_one = firm_limit == limit
    worth = worth + np.where(is_one, firm_worth, 0.0)
    firm_worth = np.where(is_one, worth, firm_worth)
    paid = s.discount_factor.sum()
    return {
        "zone": words(sets.zone, zone),
        "year": given["year"].to_numpy(dtype=np.int64),
        "rate_pct": rate_pct,
        "limit_mw": limit,
        "firm_limit_mw": firm_limit,
        "committed_mw": committed,
        "new_firm_mw": firm_mw,
        "new_non_firm_mw": non_firm_mw,
        "spare_mw": spare_mw,
        "firm_spare_mw": firm_spare_mw,
        "binds": spare_mw < _BINDS_WITHIN_MW,
        "firm_binds": firm_spare_mw < _BINDS_WITHIN_MW,
        "value_npv_usd_per_mw": worth,
        "value_usd_per_mw_year": worth / paid,
        "firm_value_npv_usd_per_mw": firm_worth,
        "firm_value_usd_per_mw_year": firm_worth / paid,
    }


def _connected(s: SolvedModel, year: NDArray[np.integer]) -> Floats:
    """Non-firm connection that counts from a year on, by zone, shape (zone, year). [MW]"""
    over, mw = s.p.non_firm.connect, s.value(s.model.non_firm.connect_mw)
    counts, zone = year >= 0, s.p.sets.site_zone[over["site"]]
    by_year = sum_at((len(s.p.sets.zone), s.years), (zone[counts], year[counts]), mw[counts])
    return np.asarray(by_year.cumsum(axis=1))


def _worth_usd_per_mw(s: SolvedModel, block: str, row: NDArray[np.intp]) -> Floats:
    """Return what one more MW in rows of a limit saves; 0 where a year has no row."""
    dual = s.dual(block)
    if dual is None:
        return np.full(row.size, np.nan if not s.outcome.has_duals else 0.0)
    return np.where(row >= 0, -dual[row] * USD_PER_MUSD, 0.0)


def power_zone(s: SolvedModel) -> dict[str, Cells]:
    """Make table `power_zone`: the power forecast of each grid zone."""
    sets, m, site_year = s.p.sets, s.model, s.p.sites.site_year
    at = (sets.site_zone[site_year["site"]], site_year["year"])
    zone, year = np.unique(np.stack(at), axis=1)
    by_slot = sum_at((len(sets.zone), s.years, len(sets.slot)), at, s.facility_mw)

    def add(of_site_year: Floats) -> Floats:
        return np.asarray(_by_zone_year(s, of_site_year)[zone, year])

    it_mean, facility_mean = add(s.it_mean_mw), add(s.facility_mean_mw)
    return {
        "zone": words(sets.zone, zone),
        "year": np.asarray([int(label) for label in sets.year.labels])[year],
        "sites_in_use": add(s.has_racks.astype(np.float64)).astype(np.int64),
        "nameplate_mw": add(s.by_site_year(s.nameplate_of_use_mw)),
        "it_mean_mw": it_mean,
        "facility_mean_mw": facility_mean,
        "coincident_peak_mw": by_slot[zone, year].max(axis=1, initial=0.0),
        "sum_of_site_peaks_mw": add(s.facility_peak_mw),
        "energy_mwh": facility_mean * HOURS_PER_YEAR,
        "pue": ratio(facility_mean, it_mean),
        "emissions_kt": add(s.value(m.emissions_kt)),
        "water_m3": add(s.value(m.water_m3)),
        "firm_mw": add(s.value(m.firm_mw.on(site_year, missing="zero"))),
        "new_firm_mw": add(s.new_firm_mw),
    }


def power_class(s: SolvedModel) -> dict[str, Cells]:
    """Make table `power_class`: the power forecast of each workload."""
    used, it_mw = s.p.racks.used, s.it_mean_of_use_mw
    over = distinct(used, "workload", "year")
    place = over.find(used)
    pue = ratio(s.facility_mean_mw, s.by_site_year(it_mw))[s.site_year_of_use]
    nameplate, it_mean, facility_mean = (
        total_by(place, mw, over.size) for mw in (s.nameplate_of_use_mw, it_mw, np.where(it_mw > 0.0, pue * it_mw, 0.0))
    )
    power = {"nameplate_mw": nameplate, "it_mean_mw": it_mean, "facility_mean_mw": facility_mean}
    return s.listed(over, **power, energy_mwh=facility_mean * HOURS_PER_YEAR)


def _by_zone_year(s: SolvedModel, of_site_year: Floats) -> Floats:
    """Add up over the sites of each zone, shape (zone, year)."""
    sets, over = s.p.sets, s.p.sites.site_year
    return sum_at((len(sets.zone), s.years), (sets.site_zone[over["site"]], over["year"]), of_site_year)


# --- Tables of non-firm connection: what is connected, how stress time slices are lived through ---


def non_firm_connections(s: SolvedModel) -> dict[str, Cells]:
    """Make table `non_firm_connections`: non-firm connections energised."""
    p, mw = s.p.non_firm, s.value(s.model.non_firm.connect_mw)
    return s.listed(
        p.connect,
        mw,
        rate_pct=np.array([float(label) for label in p.tier.labels])[p.connect["tier"]],
        added_mw=mw,
        service_start=p.start,
        turns_firm=np.where(np.isinf(p.turns_firm), np.nan, p.turns_firm),
        overnight_musd=p.capex_musd_per_mw * mw,
    )


def non_firm_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `non_firm_year`: non-firm connection of a site in a year, in one line."""
    p, m, hours, over = s.p.non_firm, s.model, s.weight_h, s.p.non_firm.service
    service_mw, shed_mw = s.value(m.non_firm.service_mw), s.value(m.non_firm.shed_mw)
    of_stress, of_shed = over.find(p.stress), over.find(p.shed.slot)
    off_mwh, drawn_mwh = (
        total_by(of_stress, s.value(mw) * hours[p.stress["slot"]], over.size)
        for mw in (m.non_firm.off_mw, m.import_mw.on(p.stress))
    )
    per_mw = p.discount_usd_per_kw_month * KW_PER_MW / USD_PER_MUSD
    discount = per_mw * s.p.grid.billing_months[p.billing["period"]] * s.value(m.non_firm.discounted_mw)
    return s.listed(
        over,
        service_mw,
        non_firm_mw=service_mw,
        off_hours=ratio(off_mwh, service_mw),
        drawn_mwh=drawn_mwh,
        shed_mwh=total_by(of_shed, shed_mw * hours[p.shed.slot["slot"]], over.size),
        shed_peak_mw=largest_by(of_shed, shed_mw, over.size),
        lost_kh100e=lost_kh100e(s)[s.p.sites.site_year.find(over)],
        discount_musd=total_by(over.find(p.billing), discount, over.size),
    )


def lost_kh100e(s: SolvedModel) -> Floats:
    """Return the compute lost by shedding, mean over the year: IT energy at the site's PUE. [kH100e], (site, year)"""
    p, site_year = s.p.non_firm.shed, s.p.sites.site_year
    shed_mwh = s.value(s.model.non_firm.shed_mwh.on(site_year, missing="zero"))
    racks, share = s.p.racks, p.deployment_frac
    it_mw = s.by_site_year(s.per_use(share * (racks.idle_mw_per_mw + racks.dynamic_mw_per_mw)))
    compute = s.by_site_year(s.per_use(share * racks.throughput_kh100e_per_mw))
    shed_it_mw = shed_mwh / HOURS_PER_YEAR * np.nan_to_num(ratio(s.it_mean_mw, s.facility_mean_mw))
    return np.asarray(shed_it_mw * np.nan_to_num(ratio(compute, it_mw)))


def stress_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `stress_slot`: how each site with non-firm power lives through stress."""
    m, over = s.model, s.p.non_firm.stress
    service_mw, hours = s.value(m.non_firm.service_mw.on(over)), s.weight_h[over["slot"]]
    dual, worth = s.dual("non_firm_power"), np.full(over.size, np.nan)
    if dual is not None:
        worth = -dual * USD_PER_MUSD / (hours * s.year_weight[over["year"]]) + 0.0
    return listed(
        over,
        service_mw,
        hours=hours,
        firm_mw=s.value(m.firm_mw.on(over)),
        non_firm_mw=service_mw,
        off_mw=s.value(m.non_firm.off_mw),
        use_mw=s.value(m.site_mw.on(over)),
        grid_mw=s.value(m.import_mw.on(over)),
        own_mw=s.value((m.supply.supply_mw - m.supply.use_mw).on(over)),
        shed_mw=s.value(m.non_firm.shed_mw.on(over, missing="zero")),
        worth_usd_per_mwh=worth,
    )


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
    cap, worth = np.full((2, s.years), np.nan)
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
