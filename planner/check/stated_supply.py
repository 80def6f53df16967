"""Rows of the program said again: own power, headroom, non-firm connection, contracts, bills."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.contracts import pool_of_sites, pool_of_zones
from planner.check.frames import column_by, once
from planner.check.stated import (
    connected_mw,
    firm_mw,
    grid_mw,
    migrated_mwh,
    output_mwh,
    shape_frac,
    shifted_mw,
    site_mw,
    usable_mw,
)
from planner.check.stated_compute import by_tier, non_firm_left_mw
from planner.check.stating import EVERY, LinearForm, columns, every_slot, row, total
from planner.check.tariffs import written_tariffs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.check.case import Case
    from planner.check.stating import Here, StatedRow

_SLOT = "site year slot"
_SOURCE = "site source year"
_SOURCE_SLOT = "site source year slot"


@once
def zones(case: Case) -> dict[str, str]:
    """Zone of every site."""
    return dict(column_by(case.scope, "site", "zone"))


@once
def pools(case: Case) -> dict[str, str]:
    """Pool of every site, in which contracts count."""
    return dict(pool_of_sites(case))


def of_zone(h: Here, name: str, free: str = "") -> Iterator[Here]:
    return (s for s in h.each(name, free=free) if zones(h.case)[s.site] == h.zone)


# --- On-site power: what exists ----------------------------------------------------------------------------------


def standing(h: Here, *, in_full: bool) -> LinearForm:
    """Built and not gone: for the share of the year that it serves, or in full for any part of it."""

    def share(build: Here) -> float:
        begin = build.listed("supply.build_start", "supply.build")
        part = h.share(begin, begin + build.listed("supply.build_life_years", "supply.build"))
        return float(np.ceil(part)) if in_full else part

    built = h.total("source_mw", share, free="year")
    gone = h.total("redeploy_mw", lambda r: share(r.at(year=r.vintage)) if r.start <= h.start else 0.0, free="year")
    return built - gone + h.listed("supply.existing_mw", "supply.capacity")


@row(_SOURCE, "supply.capacity")
def source_capacity(h: Here) -> StatedRow:
    own = [
        (usable_mw(d) - d.x("lease")) * d.given("supply.standby_mw_per_mw", "hall")
        for d in (h.each("halls.hall") if h.has("supply.standby") else ())
    ]
    return h.x("capacity_mw") == total((standing(h, in_full=False), *own))


@row(_SOURCE, "supply.limited")
def source_limit(h: Here) -> StatedRow:
    return standing(h, in_full=True) <= LinearForm({}, h.listed("supply.limit_mw", "supply.limited"))


@row(_SOURCE, "has_plant")
def plant_least(h: Here) -> StatedRow:
    return h.x("source_mw") >= h.x("has_plant") * h.listed("supply.plant_least_mw", "supply.plant")


@row(_SOURCE, "has_plant")
def plant_or_none(h: Here) -> StatedRow:
    return h.x("source_mw") <= h.x("has_plant") * (2.0 * h.listed("supply.plant_room_mw", "supply.plant"))


@row("site source vintage", "supply.bridge")
def redeployment_limit(h: Here) -> StatedRow:
    return h.total("redeploy_mw") <= h.at(year=h.vintage).x("source_mw")


# --- On-site power: what it does ---------------------------------------------------------------------------------


def available_frac(h: Here) -> float:
    return h.given("supply.availability_frac", "site", "source", "slot")


def renewable_mw(h: Here) -> LinearForm:
    """What sun and wind without a cost of output yield in a time slice, used or not."""
    return h.total("capacity_mw", lambda c: available_frac(c) if c.yields_for_nothing else 0.0)


def is_dispatched(c: Here) -> bool:
    return c.stored.role[c.source] != "storage" and not c.yields_for_nothing


@row(_SOURCE_SLOT, columns("capacity_mw", where=is_dispatched), every_slot)
def output_limit(h: Here) -> StatedRow:
    return h.x("output_mw") <= h.x("capacity_mw") * available_frac(h)


@row(_SOURCE, "supply.run_hours")
def run_hours(h: Here) -> StatedRow:
    return output_mwh(h) <= h.x("capacity_mw") * h.listed("supply.run_hours_h", "supply.run_hours")


@row(_SLOT, "curtail_mw")
def curtailment_limit(h: Here) -> StatedRow:
    return h.x("curtail_mw") <= renewable_mw(h)


@row(_SLOT, "export_mw")
def export_source(h: Here) -> StatedRow:
    return h.x("export_mw") <= renewable_mw(h) + h.total("output_mw")


@row(_SLOT, "export_mw")
def export_connection(h: Here) -> StatedRow:
    return h.x("export_mw") <= firm_mw(h)


def made_mw(c: Here) -> LinearForm:
    """What a source gives in a time slice; a battery, what it delivers."""
    free = c.x("capacity_mw") * available_frac(c) if c.yields_for_nothing else LinearForm()
    return free + c.x("output_mw") + c.x("discharge_mw")


def own_mw(h: Here) -> LinearForm:
    """What sources of a site give in a time slice, less what charges batteries and is sold."""
    return total(made_mw(c) - c.x("charge_mw") for c in h.each("supply.capacity")) - h.x("export_mw")


def left_over_mw(h: Here) -> LinearForm:
    """What comes in at a site less what goes out."""
    comes_in = (h.x("import_mw"), renewable_mw(h), h.total("output_mw"), h.total("discharge_mw"), h.x("shed_mw"))
    goes_out = (site_mw(h), h.total("charge_mw"), h.x("export_mw"), h.x("curtail_mw"))
    return total(comes_in) - total(goes_out)


@row(_SLOT, "balance.surplus")
def power_balance(h: Here) -> StatedRow:
    return left_over_mw(h) >= LinearForm({})


@row(_SLOT, "balance.exact")
def exact_balance(h: Here) -> StatedRow:
    return left_over_mw(h) == LinearForm({})


# --- Batteries ------------------------------------------------------------------------------------


def charge_frac(h: Here) -> float:
    return h.given("supply.charge_efficiency_frac", "source")


def discharge_frac(h: Here) -> float:
    return h.given("supply.discharge_efficiency_frac", "source")


@row(_SOURCE, "supply.store")
def battery_size(h: Here) -> StatedRow:
    def share(build: Here) -> float:
        begin = build.listed("supply.build_store_start", "supply.build_store")
        return h.share(begin, begin + build.listed("supply.build_store_life_years", "supply.build_store"))

    built = h.total("store_mwh", share, free="year")
    return h.x("energy_mwh") == built + h.listed("supply.existing_mwh", "supply.store")


@row(_SOURCE_SLOT, "energy_mwh", every_slot)
def battery_power(h: Here) -> StatedRow:
    return h.x("charge_mw") + h.x("discharge_mw") <= h.x("capacity_mw")


@row(_SOURCE_SLOT, "energy_mwh", every_slot)
def battery_energy(h: Here) -> StatedRow:
    return h.x("level_mwh") <= h.x("energy_mwh")


@row(_SOURCE_SLOT, "energy_mwh", every_slot)
def state_of_charge(h: Here) -> StatedRow:
    stored = h.x("charge_mw") * charge_frac(h) - h.x("discharge_mw") / discharge_frac(h)
    return h.x("level_mwh") == h.before.x("level_mwh") + stored * h.slot_h


@row(_SOURCE, "supply.fixed_duration")
def battery_duration(h: Here) -> StatedRow:
    return h.x("store_mwh") == h.x("source_mw") * h.listed("supply.duration_h", "supply.fixed_duration")


@row(_SOURCE, "energy_mwh")
def battery_wear(h: Here) -> StatedRow:
    taken = h.over_slots(lambda s: s.x("discharge_mw")) / discharge_frac(h)
    return taken <= h.x("energy_mwh") * h.listed("supply.cycles_per_year", "supply.store") + h.x("worn_mwh")


# --- Headroom and price of new load ---------------------------------------------------------------


def expanded_mw(h: Here) -> LinearForm:
    return total(e.x("expand") for e in of_zone(h, "expand", free="year") if e.start <= h.start)


def turned_mw(h: Here) -> LinearForm:
    """Non-firm connection of a zone that has turned firm."""
    now = h.case.years.index(h.model_year)

    def is_firm(c: Here) -> bool:
        return 0 <= c.listed("non_firm.firm_year", "non_firm.connect") <= now

    return total(c.x("connect_mw") for c in of_zone(h, "connect_mw", free="year") if is_firm(c))


@row("zone year", "grid.headroom")
def zone_headroom(h: Here) -> StatedRow:
    return expanded_mw(h) + turned_mw(h) <= LinearForm({}, h.listed("grid.headroom_mw", "grid.headroom"))


@row("zone year tier", "non_firm.headroom")
def all_headroom(h: Here) -> StatedRow:
    asked = of_zone(h, "connect_mw", free="year tier")
    new = total(c.x("connect_mw") for c in asked if c.start <= h.start and float(c.tier) <= float(h.tier))
    return expanded_mw(h) + new <= LinearForm({}, h.listed("non_firm.headroom_mw", "non_firm.headroom"))


@row("zone year slot", "load_price.zone_slot")
def zone_load(h: Here) -> StatedRow:
    drawn = total(grid_mw(s) for s in of_zone(h, "sites.site_year"))
    return drawn - h.listed("load_price.standing_mw", "load_price.zone_slot") <= h.total("block_mw")


# --- Non-firm connection --------------------------------------------------------------------------


@row(_SLOT, "non_firm.stress")
def non_firm_power(h: Here) -> StatedRow:
    return h.x("import_mw") <= firm_mw(h) + non_firm_left_mw(h)


@row("site year period", "discounted_mw")
def discounted_peak(h: Here) -> StatedRow:
    return h.x("discounted_mw") <= h.x("peak_mw")


@row("site year period", "discounted_mw")
def discounted_connection(h: Here) -> StatedRow:
    return h.x("discounted_mw") <= connected_mw(h)


@row(_SLOT, "shed_mw")
def shed_hours(h: Here) -> StatedRow:
    return h.x("shed_mw") <= by_tier(h, "non_firm.shed.hours_frac")


@row(_SLOT, "shed_mw")
def shed_load(h: Here) -> StatedRow:
    def waits(u: Here) -> float:
        shape = shape_frac(u.at(shape=u.use["shape"]))
        return float(u.use["deferrable_frac"] * (u.use["idle_mw_per_mw"] + shape * u.use["dynamic_mw_per_mw"]))

    moved = migrated_mwh(h, h.each("used"), [h.slot]) / h.slot_h
    return h.x("shed_mw") <= h.total("used", waits) + shifted_mw(h) + moved


@row("site year", "shed_mw")
def shed_energy(h: Here) -> StatedRow:
    most = h.case.scenario.grid.non_firm.shed.max_energy_frac
    return h.over_slots(lambda s: s.x("shed_mw")) <= h.over_slots(site_mw) * most


# --- Power under contract -------------------------------------------------------------------------


def profile_frac(c: Here) -> float:
    """Output of a contract over its capacity."""
    return c.given("contracts.profile_frac", "contract", "zone", "slot")


@row("contract zone year", "contract_mw")
def contract_in_force(h: Here) -> StatedRow:
    def share(c: Here, over: str) -> float:
        return h.share(*(c.listed(f"{over}_{name}", over) for name in ("start", "end")))

    signed = h.total("signed_mw", lambda c: share(c, "contracts.sign") if c.start <= h.start else 0.0, free="year")
    before = "contracts.existing"
    had = share(h, before) * h.listed("contracts.existing_mw", before) if h.has(before) else 0.0
    return h.x("contract_mw") == signed + had


@row("contract zone year", columns("contract_mw", where=lambda c: c.contract in c.case.scenario.contracts.ppa))
def contract_limit(h: Here) -> StatedRow:
    return h.x("contract_mw") <= LinearForm({}, h.case.scenario.contracts.ppa[h.contract].max_mw)


def is_physical(c: Here) -> bool:
    return c.case.scenario.contracts.agreements[c.contract].kind == "physical"


@row("zone year slot", columns("contract_mw", where=is_physical), every_slot)
def contract_delivery(h: Here) -> StatedRow:
    delivered = total(c.x("contract_mw") * profile_frac(c) for c in h.each("contract_mw") if is_physical(c))
    return total(s.x("take_mw") for s in of_zone(h, "take_mw")) <= delivered


@row(_SLOT, "take_mw")
def contract_use(h: Here) -> StatedRow:
    return h.x("take_mw") <= h.x("import_mw")


@row(_SLOT, "claim_mw")
def claim_within_draw(h: Here) -> StatedRow:
    return h.x("claim_mw") <= h.x("import_mw")


def of_pool(h: Here) -> Iterator[Here]:
    return (s for s in h.each("sites.site_year") if pools(h.case)[s.site] == h.pool)


def delivered_mw(h: Here) -> LinearForm:
    """What contracts of a pool deliver in a time slice."""
    of = pool_of_zones(h.case)
    return total(c.x("contract_mw") * profile_frac(c) for c in h.each("contract_mw") if of[c.zone] == h.pool)


@row("pool year slot", "contracts.claim_slot")
def hourly_claims(h: Here) -> StatedRow:
    return total(s.x("claim_mw") for s in of_pool(h)) <= delivered_mw(h)


@row("pool year", "contracts.claim_year")
def annual_claims(h: Here) -> StatedRow:
    claimed = total(s.over_slots(lambda at: at.x("claim_mw")) for s in of_pool(h))
    return claimed / 8760.0 <= h.over_slots(delivered_mw) / 8760.0


def is_burnt(c: Here) -> bool:
    """Whether a source burns a fuel."""
    return bool(c.given("supply.burns_fuel", "source"))


def counted_clean_mw(s: Here, target: float) -> LinearForm:
    """Clean power used at a site less the share that must be clean."""
    site = _whole_day(s)
    made = {s.at(source=c.source): s.at(source=c.source).x("output_mw") for c in site.each("supply.dispatch")}
    cells = [s.at(source=c.source) for c in site.each("energy_mwh")]
    stored = total(c.x("discharge_mw") - c.x("charge_mw") for c in cells)
    net = renewable_mw(s) + stored - s.x("export_mw") - s.x("curtail_mw")
    share = s.listed("contracts.clean_frac", "power.slot")
    clean = net + total(of for c, of in made.items() if not is_burnt(c))
    clean = clean + s.x("claim_mw") + (s.x("import_mw") - s.x("claim_mw")) * share
    return clean - (net + total(made.values()) + s.x("import_mw") + s.x("shed_mw")) * target


def _whole_day(s: Here) -> Here:
    return s.stored.here({axis: label for axis, label in s.labels.items() if axis != "slot"})


@row("pool year", "contracts.target")
def clean_target(h: Here) -> StatedRow:
    target = h.listed("contracts.target_frac", "contracts.target")
    counted = (s for s in of_pool(h) if s.at(slot=EVERY).has("contracts.count"))
    return total(s.over_slots(lambda at: counted_clean_mw(at, target)) for s in counted) / 8760.0 >= LinearForm({})


# --- Bills ----------------------------------------------------------------------------------------


def of_step(h: Here, site: str, step: str) -> LinearForm:
    """What is drawn in a step that is billed: a model year and a time slice of it."""
    year, slot = step.split()
    return grid_mw(h.stored.here({"site": site, "year": year, "slot": slot}))


@row("site peak step", "tariffs.bills.peak_step")
def tariff_peak(h: Here) -> StatedRow:
    return of_step(h, h.site, h.step) <= h.x("bill_metered_mw")


@row("site billed peak", "tariffs.bills.floor")
def tariff_billing(h: Here) -> StatedRow:
    return h.x("bill_metered_mw") * h.listed("tariffs.bills.floor_share_frac", "tariffs.bills.floor") <= h.x(
        "bill_billed_mw"
    )


def amounts(h: Here, of: object, target: str, of_place: str, x: str) -> LinearForm:
    """Add up what a list of places, targets and amounts gives a target of a unit of each place."""
    mine = np.flatnonzero(of.target == h.stored.block("columns", target).place(h.labels))  # type: ignore[attr-defined]
    block, result = h.stored.block("columns", of_place), []
    for at in mine:
        labels = dict(zip(block.axes, block.keys[int(of.place[at])], strict=True))  # type: ignore[attr-defined]
        unit = of_step(h, labels["site"], labels["step"]) if not x else h.stored.here(labels).x(x)
        result.append(unit * float(of.amount[at]))  # type: ignore[attr-defined]
    return total(result)


@row("site billed span", "tariffs.bills.take")
def tariff_take(h: Here) -> StatedRow:
    tariff, now = written_tariffs(h.case)[h.site], int(h.span)

    def in_force(c: Here, since: str) -> float:
        return tariff.ramp_share(now - int(c.vintage)) if int(since) <= now else 0.0

    signed = h.total("bill_signed_mw", lambda c: in_force(c, c.vintage))
    released = h.total("bill_released_mw", lambda c: in_force(c, c.year))
    share = h.listed("tariffs.bills.take_share_frac", "tariffs.bills.take")
    return (signed - released) * share <= h.x("bill_billed_mw")


@row("site stair", "tariffs.bills.stair")
def tariff_tiers(h: Here) -> StatedRow:
    of, target = h.case.inputs.tariffs.bills.stair_of, "tariffs.bills.stair"
    drawn = amounts(h, of["load"], target, "tariffs.bills.load", "")
    billed = amounts(h, of["billed"], target, "tariffs.bills.billed", "bill_billed_mw")
    return h.total("bill_tier_units") == drawn + billed


@row("site year period", "tariffs.covered")
def tariff_contract(h: Here) -> StatedRow:
    signed = h.total("bill_signed_mw", lambda s: float(float(s.vintage) <= h.start))
    released = h.total("bill_released_mw", lambda r: float(r.start <= h.start), free="year")
    return h.x("peak_mw") <= signed - released


@row("site vintage", "bill_released_mw")
def tariff_release(h: Here) -> StatedRow:
    return h.total("bill_released_mw") <= h.x("bill_signed_mw")


@row("site vintage", "bill_fee_mw")
def tariff_exit(h: Here) -> StatedRow:
    without = total(f.x("bill_released_mw") - f.x("bill_fee_mw") for f in h.each("bill_fee_mw"))
    return without <= h.x("bill_signed_mw") * float(written_tariffs(h.case)[h.site].terms.reduction_frac)


@row("site vintage year", "bill_fee_mw")
def tariff_fee(h: Here) -> StatedRow:
    return h.x("bill_fee_mw") <= h.x("bill_released_mw")


def surplus_mw(h: Here) -> LinearForm:
    """What is left over at a site in a time slice."""
    return h.x("import_mw") + own_mw(h) + h.x("shed_mw") - site_mw(h)
