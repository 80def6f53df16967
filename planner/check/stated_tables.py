"""Cells of result tables that are forms of the stored solution, table by table: one place of each.

A table has a row at every place of its list; where it has none, none of its amounts may be above a trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.check import stated_pools
from planner.check.days import year_slots
from planner.check.declared import TRACE
from planner.check.families import FAMILIES
from planner.check.frames import column_by, once, quotient, table_of
from planner.check.payments import yearly_weight
from planner.check.priced import AT_SITE, fuel_musd, overnight_musd, sites_read, upkeep_musd, worn_musd
from planner.check.sites import block_sizes
from planner.check.stated import (
    burnt_t,
    counted_kt,
    due_mw,
    embodied_t,
    facility_mw,
    firm_mw,
    for_racks_mw,
    grid_mw,
    in_service,
    it_mw,
    location_t,
    losses_mw,
    migrated_mw,
    moves_frac,
    operated_mw,
    output_mwh,
    shape_frac,
    shifted_mw,
    site_mw,
    stands_mw,
    usable_mw,
    water_m3,
    window_h,
)
from planner.check.stated_compute import alive_mw, by_tier, called_mw, in_pool, saved_kh100e, shared_mw, wanted_kh100e
from planner.check.stated_pools import claimed_mw
from planner.check.stated_supply import made_mw, own_mw, surplus_mw
from planner.check.stating import EVERY, LinearForm, StatedTable, stated_table, stored_of, total
from planner.check.verdict import TOLERANCE, Excess, rule
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.stating import Cells, Here


_HOURS_PER_YEAR: Final = 8760.0
_MUSD_OF_A_USD_PER_H100E_HOUR: Final = 8.76  # for a thousand of them in a year
_UNIT: Final = {"m2": 1e3, "m3": 1e3, "mwh": _HOURS_PER_YEAR, "mmbtu": _HOURS_PER_YEAR}
"""Amount of a unit that counts as one, so that one tolerance serves all columns: energy as a MW all year."""
_MOST: Final = 1e300


def _it_mw(h: Here) -> LinearForm:
    """IT power of a site in a time slice."""
    return total(it_mw(c) for c in h.each("idle_mw")) + shifted_mw(h)


def _yearly(h: Here, of: Callable[[Here], LinearForm]) -> tuple[float, float]:
    """Energy of a year, and the highest power of a time slice. [MWh, MW]"""
    mw = h.stored.value(of(h.at(slot=EVERY)))
    return float(np.sum(mw * h.stored.hours[EVERY])), float(np.max(mw))


@stated_table(lambda h: h.along("site"), "land_limit_mw")
def sites(h: Here) -> Cells:
    by_year = [h.at(year=str(year)) for year in h.case.years]
    halls_mw = [{d.hall: d.listed("halls.existing_mw", "halls.hall") for d in y.each("halls.hall")} for y in by_year]
    by_design = [[of.get(design, 0.0) for of in halls_mw] for design in h.stored.sets.hall.labels]
    change = np.diff(by_design, axis=1)
    is_existing = h.given("sites.is_existing", "site")
    return {
        "is_existing": is_existing,
        "existing_halls_mw": sum(halls_mw[0].values()),
        "coming_halls_mw": float(np.maximum(change, 0.0).sum()),
        "ending_halls_mw": float(np.maximum(-change, 0.0).sum()),
        "existing_racks_mw": sum(p.listed("racks.stock_mw", "racks.fleet") for p in by_year[0].each("racks.fleet")),
        "land_limit_mw": h.given("sites.land_limit_mw", "site"),
        "opening_musd": 0.0 if is_existing else h.given("sites.opening_musd", "site"),
    }


@stated_table(lambda h: h.along("site"), "open_frac", where=lambda h: not h.given("sites.is_existing", "site"))
def openings(h: Here) -> Cells:
    by_year = [h.at(year=str(year)) for year in h.case.years]
    open_in = [y.model_year for y in by_year if h.stored.value(y.x("open")) > 0.0]
    opened = total(y.x("opened") for y in by_year)
    return {
        "year": min(open_in, default=np.nan),
        "open_frac": by_year[-1].x("open"),
        "halls_mw": stands_mw(by_year[-1]),
        "minimum_size_mw": h.given("sites.minimum_mw", "site"),
        "opening_musd": opened * h.given("sites.opening_musd", "site"),
        "fixed_musd": by_year[-1].x("open") * h.given("sites.fixed_musd_per_year", "site"),
    }


@stated_table("sites.site_year", by_slot=True)
def power_slot(h: Here) -> Cells:
    it, lost, facility = _it_mw(h), losses_mw(h), facility_mw(h)
    return {
        "it_mw": it,
        "electrical_loss_mw": lost,
        "mechanical_mw": facility - it - lost,
        "facility_mw": facility,
        "other_load_mw": LinearForm({}, h.given("power.other_load_mw", "site", "slot")),
        "grid_mw": grid_mw(h),
        "deferred_mw": shifted_mw(h),
        "migrated_mw": migrated_mw(h),
        "hours": h.hours,
        "energy_usd_per_mwh": h.listed("grid.energy_usd_per_mwh", "power.slot"),
        "location_t_per_mwh": h.listed("carbon.location_t_per_mwh", "power.slot"),
    }


@stated_table("sites.site_year")
def site_year(h: Here) -> Cells:
    facility_mwh, facility_peak = _yearly(h, facility_mw)
    grid_mwh, grid_peak = _yearly(h, grid_mw)
    return {
        "energy_mwh": facility_mwh,
        "facility_mean_mw": facility_mwh / _HOURS_PER_YEAR,
        "it_mean_mw": _yearly(h, _it_mw)[0] / _HOURS_PER_YEAR,
        "facility_peak_mw": facility_peak,
        "grid_mwh": grid_mwh,
        "grid_peak_mw": max(grid_peak, 0.0),
        "open_frac": h.x("open"),
        "opened_frac": h.x("opened"),
        "halls_mw": stands_mw(h),
        "usable_mw": total(usable_mw(d) for d in h.each("halls.hall")),
        "nameplate_mw": in_service(h, lambda u: 1.0 + u.use["companion_mw_per_mw"]),
        "load_kh100e": h.total("used", lambda u: u.use["throughput_kh100e_per_mw"]),
        "migrated_mean_mw": h.over_slots(migrated_mw) / _HOURS_PER_YEAR,
        "water_m3": water_m3(h),
        "emissions_kt": location_t(h) / 1e3,
        "firm_mw": firm_mw(h),
        "new_firm_mw": h.total("expand", lambda e: float(e.start <= h.start), free="year"),
        "capex_musd": overnight_musd(h),
    }


@stated_table("halls.hall")
def halls(h: Here) -> Cells:
    operated, for_racks = operated_mw(h), for_racks_mw(h)
    floor_m2 = operated * (1e3 / h.given("halls.density_kw_per_m2", "hall"))
    used_mw = in_service(h, lambda u: u.use["hall_mw_per_mw"])
    used_m2 = in_service(h, lambda u: u.use["space_m2_per_mw"])
    room = np.array([h.stored.value(of) for of in (for_racks, floor_m2)])
    taken = np.array([h.stored.value(of) for of in (used_mw, used_m2)])
    # Stranded is what stays empty when a hall is filled with the mix of racks it has.
    stranded = room - (room / taken).min() * taken if (taken > 0.0).all() else np.zeros(2)
    spare = np.maximum(room - taken, 0.0)
    return {
        "existing_mw": h.listed("halls.existing_mw", "halls.hall"),
        "leased_mw": h.x("lease"),
        "usable_mw": usable_mw(h),
        "operated_mw": operated,
        "free_mw": operated - for_racks,
        "used_mw": used_mw,
        "floor_m2": floor_m2,
        "used_m2": used_m2,
        "spare_power_mw": spare[0],
        "spare_floor_m2": spare[1],
        "stranded_power_mw": stranded[0],
        "stranded_floor_m2": stranded[1],
    }


@stated_table("racks.fleet")
def fleet(h: Here) -> Cells:
    alive, uses = alive_mw(h), list(in_pool(h, "used"))
    used, standby = (total(u.x(name) for u in uses) for name in ("used", "standby_mw"))
    return {
        "alive_mw": alive,
        "stock_mw": h.listed("racks.stock_mw", "racks.fleet"),
        "used_mw": used,
        "standby_mw": standby,
        "parked_mw": alive - used - standby,
    }


@stated_table("sites.site_year")
def carbon_site(h: Here) -> Cells:
    of_all = counted_kt(h) * (h.given("carbon.price_usd_per_t", "year") / 1e3)
    s = h.at(slot=EVERY)
    claimed_mwh = claimed_mw(s) * s.hours
    claimed_kt = float(np.sum(claimed_mwh * s.listed("carbon.location_t_per_mwh", "power.slot"))) / 1e3
    return {
        "location_kt": location_t(h) / 1e3,
        "market_kt": location_t(h) / 1e3 - claimed_kt,
        "claimed_mwh": float(np.sum(claimed_mwh)),
        "fuel_kt": burnt_t(h) / 1e3,
        "embodied_kt": embodied_t(h) / 1e3,
        "counted_kt": counted_kt(h),
        "charge_musd": of_all + burnt_t(h) * (h.listed("carbon.fuel_price_usd_per_t", "sites.site_year") / 1e6),
    }


@stated_table("supply.capacity", by_slot=True)
def source_slot(c: Here) -> Cells:
    return {"output_mw": made_mw(c), "charge_mw": c.x("charge_mw"), "level_mwh": c.x("level_mwh")}


@stated_table("supply.capacity")
def source_year(c: Here) -> Cells:
    grown = dict(zip(c.case.years, c.case.inputs.finance.opex_escalation.tolist(), strict=True))
    return {
        "capacity_mw": c.x("capacity_mw"),
        "energy_mwh": c.x("energy_mwh"),
        "worn_mwh": c.x("worn_mwh"),
        "output_mwh": c.over_slots(made_mw),
        "charged_mwh": c.over_slots(lambda s: s.x("charge_mw")),
        "fuel_mmbtu": output_mwh(c) * c.listed("supply.fuel_mmbtu_per_mwh", "supply.dispatch", 0.0),
        "emissions_kt": output_mwh(c) * (c.listed("supply.co2_t_per_mwh", "supply.dispatch", 0.0) / 1e3),
        "running_musd": upkeep_musd(c) * grown[c.model_year] + fuel_musd(c) + worn_musd(c),
    }


@stated_table("balance.site_year", "surplus_mw", "export_mw", by_slot=True)
def site_surplus(h: Here) -> Cells:
    return {
        "surplus_mw": surplus_mw(h),
        "export_mw": h.x("export_mw"),
        "export_usd_per_mwh": h.listed("supply.export_usd_per_mwh", "supply.export", 0.0),
    }


# --- What is bought, and what is done with it -----------------------------------------------------


@stated_table("halls.build")
def builds(b: Here) -> Cells:
    return {
        "built_mw": b.x("build"),
        "service_start": b.listed("halls.build_start", "halls.build"),
        "overnight_musd": b.x("build") * b.listed("halls.build_capex_musd_per_mw", "halls.build"),
    }


@stated_table("halls.retrofit")
def retrofits(r: Here) -> Cells:
    return {
        "retrofitted_mw": r.x("retrofit"),
        "gained_mw": r.x("retrofit") * r.listed("halls.retrofit_capacity_frac", "halls.retrofit"),
        "overnight_musd": r.x("retrofit") * r.listed("halls.retrofit_capex_musd_per_mw", "halls.retrofit"),
    }


@stated_table("halls.lease")
def leases(d: Here) -> Cells:
    rent = d.x("lease") * d.listed("halls.lease_musd_per_mw_year", "halls.lease")
    return {"leased_mw": d.x("lease"), "rent_musd": rent}


@stated_table("halls.operate")
def operated(o: Here) -> Cells:
    return {"operated_mw": o.x("operate")}


@once
def _racks_per_mw(case: Case) -> dict[str, float]:
    return {str(rack): 1e3 / float(kw) for rack, kw in column_by(case.racks, "rack", "peak_kw").items()}


@stated_table("racks.install")
def installs(i: Here) -> Cells:
    return {
        "installed_mw": i.x("install"),
        "racks": i.x("install") * _racks_per_mw(i.case)[i.rack],
        "overnight_musd": i.x("install") * i.listed("racks.install_capex_musd_per_mw", "racks.install"),
    }


def _moves(h: Here) -> Iterator[Here]:
    yield from (m.at(direction="out") for m in h.each("move_out"))
    yield from (m.at(direction="in") for m in h.each("move_in"))


@stated_table(_moves)
def moves(m: Here) -> Cells:
    return {"moved_mw": m.x(f"move_{m.direction}")}


@stated_table("racks.used")
def plan(u: Here) -> Cells:
    in_service = u.x("used") + u.x("standby_mw")
    return {
        "used_mw": u.x("used"),
        "standby_mw": u.x("standby_mw"),
        "racks": in_service * _racks_per_mw(u.case)[u.rack],
        "companion_mw": in_service * u.use["companion_mw_per_mw"],
        "load_kh100e": u.x("used") * u.use["throughput_kh100e_per_mw"],
    }


@stated_table("failover.reserve", "standby_mw", "reserve_kh100e")
def reserve(r: Here) -> Cells:
    called = r.stored.value(called_mw(r.at(slot=EVERY)))
    return {
        "load_kh100e": r.x("load"),
        "reserve_kh100e": r.x("reserve"),
        "standby_mw": r.total("standby_mw"),
        "idle_mw": r.total("standby_mw", lambda u: u.use["idle_mw_per_mw"]),
        "called_mw": float(np.max(called * year_slots(r.case)["is_peak"].to_numpy())),
    }


@stated_table("deferrable_mw", by_slot=True)
def deferral(d: Here) -> Cells:
    return {"due_mw": d.x("deferrable_mw") * shape_frac(d), "done_mw": d.x("defer_mw"), "block": _block_of_slots(d)}


def _block_of_slots(h: Here) -> Any:
    """Block of the year within which work may be put off, of every time slice."""
    slots, length = year_slots(h.case), window_h(h)
    return (slots["day"] * (24 // length) + slots["hour"] // length).to_numpy()


@stated_table("racks.used", by_slot=True, where=moves_frac)
def migration(u: Here) -> Cells:
    return {"due_mw": due_mw(u), "done_mw": u.x("migrating_mw")}


def _moving(h: Here) -> Iterator[Here]:
    """Places whose work may move."""
    at = {(u.site, u.workload, u.year): u for u in h.each("used") if moves_frac(u)}
    return (h.at(site=u.site, workload=u.workload, year=u.year) for u in at.values())


@stated_table(_moving, "due_mwh", "done_mwh")
def migration_site(h: Here) -> Cells:
    due, done, beyond = 0.0, 0.0, dict[str, Any]()
    for u in h.at(slot=EVERY).each("used"):
        of_use = [h.stored.value(of) * u.hours for of in (due_mw(u), u.x("migrating_mw"))]
        due, done = due + np.sum(of_use[0]), done + np.sum(of_use[1])
        beyond[u.rack] = beyond.get(u.rack, 0.0) + of_use[1] - of_use[0]
    # Racks of a type do each other's work at a site; what is left over in a block came from elsewhere.
    moved = np.array([np.bincount(_block_of_slots(h), mwh) for mwh in beyond.values()])
    return {
        "due_mwh": due,
        "done_mwh": done,
        "arrived_mwh": float(np.maximum(moved, 0.0).sum()),
        "left_mwh": float(np.maximum(-moved, 0.0).sum()),
    }


@stated_table("grid.expand")
def connections(e: Here) -> Cells:
    return {
        "added_mw": e.x("expand"),
        "service_start": e.listed("grid.expand_start", "grid.expand"),
        "overnight_musd": e.x("expand") * e.listed("grid.expand_capex_musd_per_mw", "grid.expand"),
    }


@stated_table("non_firm.connect")
def non_firm_connections(c: Here) -> Cells:
    turns_firm = c.listed("non_firm.turns_firm", "non_firm.connect")
    return {
        "rate_pct": float(c.tier),
        "added_mw": c.x("connect_mw"),
        "service_start": c.listed("non_firm.start", "non_firm.connect"),
        "turns_firm": turns_firm if np.isfinite(turns_firm) else np.nan,
        "overnight_musd": c.x("connect_mw") * c.listed("non_firm.capex_musd_per_mw", "non_firm.connect"),
    }


@stated_table("sites.site_year", "off_mw", "shed_mw", by_slot=True, where=lambda h: by_tier(h).terms)
def stress_slot(h: Here) -> Cells:
    return {
        "hours": h.hours,
        "firm_mw": firm_mw(h),
        "non_firm_mw": by_tier(h),
        "off_mw": by_tier(h, "non_firm.off_frac"),
        "use_mw": site_mw(h),
        "grid_mw": grid_mw(h),
        "own_mw": own_mw(h) - h.x("curtail_mw"),
        "shed_mw": h.x("shed_mw"),
        "worth_usd_per_mwh": h.dual("non_firm_power") / (h.hours * yearly_weight(h.case)[h.model_year]),
    }


@stated_table("sites.site_year", where=lambda h: by_tier(h).terms)
def non_firm_year(h: Here) -> Cells:
    value, off = h.stored.value, by_tier(h.at(slot=EVERY), "non_firm.off_frac")
    in_stress = sum(off.terms.values()) > 0.0  # when power at any rate on offer here is off
    shed_mwh, shed_peak = _yearly(h, lambda s: s.x("shed_mw"))
    # A MWh at the meter is IT energy at the site's PUE, and compute at the mean of its work that can wait.
    waits = column_by(h.case.workloads, "workload", "deferrable_frac")
    kh100e = value(h.total("used", lambda u: waits[u.workload] * u.use["throughput_kh100e_per_mw"]))
    load_mw = h.total("used", lambda u: waits[u.workload] * (u.use["idle_mw_per_mw"] + u.use["dynamic_mw_per_mw"]))
    it_frac = float(quotient(_yearly(h, _it_mw)[0], _yearly(h, facility_mw)[0]))
    return {
        "non_firm_mw": by_tier(h),
        "discount_musd": AT_SITE["non_firm_discount"].of(h) * -1.0,
        "off_hours": float(quotient(_yearly(h, lambda _: off)[0], value(by_tier(h)))),
        "drawn_mwh": _yearly(h, lambda s: grid_mw(s) * in_stress)[0],
        "shed_mwh": shed_mwh,
        "shed_peak_mw": shed_peak,
        "lost_kh100e": shed_mwh * float(np.nan_to_num(quotient(kh100e, value(load_mw)) * it_frac)) / _HOURS_PER_YEAR,
    }


@stated_table("grid.billing", "charge_musd")
def billed_peaks(p: Here) -> Cells:
    grid = p.case.inputs.grid
    months = float(grid.billing_months[grid.period.code(p.period)])
    usd_per_kw_month = p.listed("grid.demand_charge_usd_per_kw_month", "sites.site_year")
    return {
        "months": months,
        "peak_mw": p.x("peak_mw"),
        "usd_per_kw_month": usd_per_kw_month,
        "charge_musd": p.x("peak_mw") * (months * usd_per_kw_month / 1e3),
    }


@stated_table("siting.block", "used_mw")
def blocks(b: Here) -> Cells:
    return {
        "used_mw": b.total("used"),
        "shared_mw": shared_mw(b),
        "block_mw": block_sizes(b.case).get(b.workload, np.nan),
    }


@stated_table("siting.phase")
def phases(p: Here) -> Cells:
    return {"phases": p.x("phases"), "phase_mw": p.listed("siting.phase_mw", "siting.phase"), "built_mw": p.x("build")}


@stated_table("supply.build")
def source_builds(s: Here) -> Cells:
    cells = s.listed("supply.build_store_capex_musd_per_mwh", "supply.build_store", 0.0)
    return {
        "built_mw": s.x("source_mw"),
        "built_mwh": s.x("store_mwh"),
        "service_start": s.listed("supply.build_start", "supply.build"),
        "life_years": s.listed("supply.build_life_years", "supply.build"),
        "min_size_mw": s.listed("supply.build_smallest_mw", "supply.build"),
        "overnight_musd": s.x("source_mw") * s.listed("supply.build_capex_musd_per_mw", "supply.build")
        + s.x("store_mwh") * cells,
    }


@stated_table("supply.redeploy")
def source_leaves(v: Here) -> Cells:
    worth, removal = (v.listed(f"supply.redeploy_{of}_musd_per_mw", "supply.redeploy") for of in ("worth", "cost"))
    left = v.x("redeploy_mw")
    return {"left_mw": left, "worth_musd": left * worth, "removal_musd": left * removal}


@stated_table("served")
def assignment(s: Here) -> Cells:
    return {"served_kh100e": s.x("served")}


@stated_table("demand.demand")
def demand(d: Here) -> Cells:
    return {
        "demand_kh100e": LinearForm({}, wanted_kh100e(d)),
        "served_kh100e": d.total("served"),
        "rented_kh100e": d.x("rented"),
        "saved_kh100e": saved_kh100e(d),
        "unmet_kh100e": d.x("unmet"),
    }


@stated_table("levers.adopted")
def levers(a: Here) -> Cells:
    asked = sum(wanted_kh100e(d) for d in a.each("demand.demand"))
    saved = a.x("adopted") * (asked * a.listed("levers.saving_frac", "levers.adopted"))
    cost = a.listed("levers.cost_musd_per_kh100e_year", "levers.adopted")
    return {"adopted_frac": a.x("adopted"), "saved_kh100e": saved, "cost_musd": saved * cost}


@stated_table("rent.bought")
def rent(b: Here) -> Cells:
    musd = b.listed("rent.price_musd_per_kh100e_year", "rent.bought")
    return {
        "bought_kh100e": b.x("bought"),
        "term_years": b.listed("rent.term_years", "rent.bought"),
        "usd_per_h100e_hour": musd / _MUSD_OF_A_USD_PER_H100E_HOUR,
    }


STATED_TABLES: Final = {
    name: table
    for of in (vars(), vars(stated_pools), *map(vars, FAMILIES))
    for name, table in of.items()
    if isinstance(table, StatedTable)
}


@rule(unit="of its column")
def tables_as_stated(case: Case) -> Excess:
    """Cells of what is bought, done and reported at a place are what the stored solution makes of them."""
    # A line for each table, so that as many are tested whichever sites are read.
    worst = [_worst(case, name, table) for name, table in STATED_TABLES.items()]
    places = table_of({"table": list(STATED_TABLES), "place": [where for _, where in worst]})
    return Excess(places, np.array([off for off, _ in worst]), np.ones(len(worst)))


def _worst(case: Case, name: str, table: StatedTable) -> tuple[float, str]:
    """Return by how much the worst cell of a table is off, as a share, and where; nothing for what is rounding."""
    stored, sites, key = stored_of(case), sites_read(case), TABLES[name].primary_key
    rows = case.plan(name)
    rows = rows[rows["site"].isin(sites)] if "site" in key else rows
    row_keys = list(zip(*(map(str, rows[axis].tolist()) for axis in key), strict=True))
    here = [h for h in table.places(stored, sites) if h.labels.get("site", "") in {"", *sites} and table.where(h)]
    if not here:
        return (1.0, ", ".join(row_keys[0])) if row_keys else (0.0, "")
    slots = stored.slot_labels if table.by_slot else ("",)
    places = [table.cells(h.at(slot=EVERY) if table.by_slot else h) for h in here]
    keys = [tuple([{**h.labels, "slot": slot}[axis] for axis in key]) for h in here for slot in slots]
    row_of, place_of = ({of: at for at, of in enumerate(some)} for some in (row_keys, keys))
    due = {
        column: np.concatenate([np.broadcast_to(stored.value(of[column]), len(slots)) for of in places])
        for column in places[0]
    }
    amounts = table.amounts or [column for column, of in places[0].items() if isinstance(of, LinearForm)]
    there = np.max([np.abs(due[column]) / _unit(column) for column in amounts], axis=0)
    if not table.amounts:  # in any time slice
        there = np.repeat(there.reshape(len(here), -1).max(axis=1), len(slots))
    silent = np.array([of not in row_of for of in keys])
    worst = [(float(off), keys[at]) for at, off in enumerate(np.where(silent & (there > TRACE), there, 0.0)) if off]
    found = np.array([place_of.get(of, -1) for of in row_keys], dtype=np.intp)
    for column, of in due.items():
        has = rows[column].to_numpy(dtype=np.float64) / _unit(column)
        off = _apart(has, np.where(found >= 0, of[found] / _unit(column), np.nan))
        worst += [(float(off[at]), (*row_keys[at], column)) for at in ([off.argmax()] if off.size else [])]
    most, where = max(worst, default=(0.0, ()))
    return (most, ", ".join(where)) if most > TOLERANCE else (0.0, "")


def _unit(column: str) -> float:
    return 1.0 if "_per_" in column else _UNIT.get(column.rsplit("_", 1)[-1], 1.0)


def _apart(has: Floats, due: Floats) -> Floats:
    """Return by which share numbers are apart, of one at least; both may be missing, or infinite."""
    same = (has == due) | (np.isnan(has) & np.isnan(due))
    has, due = (np.where(same, 0.0, side) for side in (has, due))
    size = np.clip(np.fmax(np.abs(has), np.abs(due)), 1.0, _MOST)
    share: Floats = np.nan_to_num(np.abs(has - due) / size, nan=np.inf)
    return share
