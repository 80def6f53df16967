"""Rows of the program said again: demand and rent, racks, work between sites, failover, siting, budgets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from planner.check.failover import neighbours
from planner.check.frames import column_by, once
from planner.check.migration import first_of_reach
from planner.check.priced import BOUGHT, ONCE, overnight_musd
from planner.check.sites import block_partners, block_sizes, block_top_mw
from planner.check.stated import begins, firm_mw, grid_mw, migrated_mwh, moves_frac, shape_frac, stands_mw
from planner.check.stating import EVERY, LinearForm, row, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.check.case import Case
    from planner.check.stating import Here, StatedRow

# --- Demand and rent ------------------------------------------------------------------------------


def wanted_kh100e(h: Here) -> float:
    return h.listed("demand.demand_kh100e", "demand.demand")


def saved_kh100e(h: Here) -> LinearForm:
    return h.total("adopted", lambda a: wanted_kh100e(h) * a.listed("levers.saving_frac", "levers.adopted"))


@row("region workload year", "demand.demand")
def demand_balance(h: Here) -> StatedRow:
    met = h.total("served") + h.x("rented") + h.x("unmet") + saved_kh100e(h)
    return met == LinearForm({}, wanted_kh100e(h))


@row("site workload year", "load")
def site_load(h: Here) -> StatedRow:
    return h.x("load") == h.total("served")


@row("site workload year", "load")
def compute_capacity(h: Here) -> StatedRow:
    return h.x("load") == h.total("used", lambda u: u.use["throughput_kh100e_per_mw"])


@row("region workload year", "demand.tight")
def tight_latency_share(h: Here) -> StatedRow:
    near = h.total("served", lambda s: s.listed("demand.route_is_tight", "demand.route"))
    cloud = h.x("rented") * h.listed("rent.rented_is_tight", "rent.rented", 0.0)
    met = LinearForm({}, wanted_kh100e(h)) - h.x("unmet") - saved_kh100e(h)
    return near + cloud >= met * h.listed("demand.tight_share_frac", "demand.tight")


def contracted_kh100e(h: Here) -> LinearForm:
    """Contracts of a workload that run in all years that a model year stands for, or begin in it."""

    def runs(b: Here) -> float:
        term = b.listed("rent.term_years", "rent.bought")
        return float(b.start == h.start or (b.start < h.start and h.end <= b.start + term))

    return h.total("bought", runs, free="year")


@row("workload year", "rented")
def rent_supply(h: Here) -> StatedRow:
    taken = h.total("rented", lambda r: r.listed("rent.rented_capacity_frac", "rent.rented"))
    return taken <= contracted_kh100e(h)


def _has_depth(h: Here) -> Iterator[Here]:
    return (r for r in h.each("rented") if np.isfinite(r.given("rent.depth_kh100e", "year")))


@row("year", _has_depth)
def rent_depth(h: Here) -> StatedRow:
    running = total(contracted_kh100e(h.at(workload=w)) for w in {r.workload for r in h.each("rented")})
    return running <= LinearForm({}, h.given("rent.depth_kh100e", "year"))


# --- Racks ----------------------------------------------------------------------------------------


def in_pool(h: Here, over: str) -> Iterator[Here]:
    """Uses of racks whose use and hall have the pool of a place."""
    sets = h.stored.sets
    pools = sets.hall_pool[sets.duty.code(h.duty)]
    mine = sets.hall.code(h.hall)
    return (
        u
        for u in h.each(over, free="hall")
        if h.case.duty[u.workload] == h.duty and pools[sets.hall.code(u.hall)] == mine
    )


def in_service_mw(u: Here) -> LinearForm:
    return u.x("used") + u.x("standby_mw")


def alive_mw(h: Here) -> LinearForm:
    """Racks of a pool that are alive to the end of a model year."""
    life = h.given("racks.life_years", "rack")
    bought = h.total("install", lambda i: float(i.start <= h.start and h.end <= i.start + life), free="year")

    def moved(m: Here) -> float:
        last = m.given("racks.vintage_last_year", "vintage", "rack")
        return float(m.start <= h.start and h.end <= last + 1.0)

    is_training = h.duty == "training"
    moves = h.total("move_out" if is_training else "move_in", moved, free="year") * (-1.0 if is_training else 1.0)
    return bought + moves + h.listed("racks.stock_mw", "racks.fleet")


@row("site rack hall duty year", "racks.fleet")
def racks_alive(h: Here) -> StatedRow:
    return total(in_service_mw(u) for u in in_pool(h, "used")) <= alive_mw(h)


@row("site rack hall duty year", "racks.stock_only_group")
def stock_only_use(h: Here) -> StatedRow:
    uses = total(in_service_mw(u) for u in in_pool(h, "racks.stock_only"))
    return uses <= LinearForm({}, h.listed("racks.stock_only_mw", "racks.stock_only_group"))


@row("site rack hall vintage", "racks.cohort")
def cohort_moves(h: Here) -> StatedRow:
    bought = h.at(year=h.vintage, duty="training").x("install")
    return h.total("move_out") <= bought + h.listed("racks.cohort_stock_mw", "racks.cohort")


@row("site rack vintage year", "move_out")
def move_balance(h: Here) -> StatedRow:
    return h.total("move_out") == h.total("move_in")


@row("vendor year", "racks.delivery")
def deliveries(h: Here) -> StatedRow:
    vendor = _vendor(h.case)
    bought = h.total("install", lambda i: float(vendor[i.rack] == h.vendor))
    return bought <= LinearForm({}, h.listed("racks.delivery_limit_mw", "racks.delivery"))


@once
def _vendor(case: Case) -> dict[str, str]:
    return dict(column_by(case.racks, "rack", "vendor"))


@row("site rack hall duty year", "lot_racks")
def whole_racks(h: Here) -> StatedRow:
    return h.x("install") == h.x("lot_racks") * h.listed("racks.lot_rack_mw", "racks.lot")


def _reach(u: Here) -> str:
    """First of the sites that reach the same users."""
    sets = u.stored.sets
    return str(sets.site.labels[first_of_reach(u.case)[sets.workload.code(u.workload), sets.site.code(u.site)]])


@row(
    "rack workload reach year slot", lambda h: (u.at(reach=_reach(u)) for u in h.each("used") if moves_frac(u)), begins
)
def migration_balance(h: Here) -> StatedRow:
    uses = (u for u in h.each("used") if _reach(u) == h.reach)
    return migrated_mwh(h, uses) == LinearForm({})


# --- Failover -------------------------------------------------------------------------------------


@row("site workload year", "reserve")
def reserve_capacity(h: Here) -> StatedRow:
    return h.x("reserve") <= h.total("standby_mw", lambda u: u.use["throughput_kh100e_per_mw"])


def called_mw(h: Here) -> LinearForm:
    """What stand-by racks would add in a time slice if they were called to work."""

    def called(u: Here) -> float:
        at = u.at(cooling=u.cooling_of_hall, shape=u.use["shape"])
        overhead = 1.0 + at.given("power.mechanical_frac", "site", "cooling", "slot")
        overhead += at.given("power.loss_variable_frac", "hall")
        return shape_frac(at) * overhead * float(u.use["dynamic_mw_per_mw"])

    return h.total("standby_mw", called)


@row("site year slot", "failover.power")
def failover_power(h: Here) -> StatedRow:
    spare = (
        c.x("capacity_mw") * c.given("supply.availability_frac", "site", "source", "slot") - c.x("output_mw")
        for c in h.each("supply.dispatch")
        if not c.has("supply.run_hours")
    )
    return grid_mw(h) + called_mw(h) <= firm_mw(h) + non_firm_left_mw(h) + total(spare)


def by_tier(h: Here, of: str = "") -> LinearForm:
    """Non-firm connection in service; times a share of the time slice by zone and tier, where one is named."""

    def share(c: Here) -> float:
        moments = (c.listed(f"non_firm.{name}", "non_firm.connect") for name in ("start", "turns_firm"))
        part = h.share(*moments) if c.start <= h.start else 0.0
        if not of or not part:
            return part
        sets = h.stored.sets
        zone, tier = sets.zone.labels[sets.site_zone[sets.site.code(h.site)]], h.case.inputs.non_firm.tier.code(c.tier)
        frac = h.stored.array(of)[sets.zone.code(zone), tier]
        return part * (frac if h.slot == EVERY else float(frac[sets.slot.code(h.slot)]))

    return h.total("connect_mw", share, free="year")


def non_firm_left_mw(h: Here) -> LinearForm:
    """Non-firm connection that is not switched off in a time slice."""
    return by_tier(h) - by_tier(h, "non_firm.off_frac")


@row("site workload year", "failover.neighbour")
def neighbour_reserve(h: Here) -> StatedRow:
    covers = neighbours(h.case).get((h.site, h.workload), ())
    return total(h.at(site=site).x("reserve") for site in covers) >= h.x("load")


@row("region workload site year", "failover.covered")
def standby_of_service(h: Here) -> StatedRow:
    return h.total("pair") == h.x("served")


@row("workload site standby year", "failover.taken")
def shared_reserve(h: Here) -> StatedRow:
    return h.total("pair") <= h.at(site=h.standby).x("reserve")


# --- Siting ---------------------------------------------------------------------------------------


@row("site year", "siting.paced")
def opening_pace(h: Here) -> StatedRow:
    return stands_mw(h) <= h.x("open") * h.listed("siting.paced_mw", "siting.paced")


@row("site hall year stage", "phases")
def hall_phases(h: Here) -> StatedRow:
    return h.x("build") == h.x("phases") * h.listed("siting.phase_mw", "siting.phase")


def shared_mw(h: Here) -> LinearForm:
    """Racks that count towards a block of a workload at a site."""
    return total(h.at(site=site).total("used") for site in block_partners(h.case).get((h.site, h.workload), ()))


@row("site workload year", "holds")
def block_least(h: Here) -> StatedRow:
    return shared_mw(h) >= h.x("holds") * block_sizes(h.case).get(h.workload, np.nan)


@row("site workload year", "holds")
def block_or_none(h: Here) -> StatedRow:
    return h.total("used") <= h.x("holds") * block_top_mw(h.case).get((h.site, h.workload), np.nan)


def _in_the_end(h: Here, asked: int | None) -> tuple[Here, ...]:
    """Last model year, where a number of open sites is asked for."""
    return (h.at(year=str(h.case.years[-1])),) if asked else ()


@row("year", lambda h: _in_the_end(h, h.case.scenario.siting.exactly_sites))
def exact_sites(h: Here) -> StatedRow:
    return h.total("open") == LinearForm({}, float(h.case.scenario.siting.exactly_sites or 0))


@row("year", lambda h: _in_the_end(h, h.case.scenario.siting.at_most_sites))
def most_sites(h: Here) -> StatedRow:
    return h.total("open") <= LinearForm({}, float(h.case.scenario.siting.at_most_sites or 0))


@row("region workload site year", "siting.linked")
def served_only_if_open(h: Here) -> StatedRow:
    return h.x("served") <= h.x("open") * wanted_kh100e(h)


# --- Budgets --------------------------------------------------------------------------------------


@row("year", "sites.capex_budget")
def capex_budget(h: Here) -> StatedRow:
    return overnight_musd(h) <= LinearForm({}, h.listed("sites.capex_budget_musd", "sites.capex_budget"))


@row("year", "sites.cash_budget")
def cash_budget(h: Here) -> StatedRow:
    before = [year for year in h.case.years if year < h.start]
    first = before[-1] + 1.0 if before else h.start

    def cash(name: str, b: Here) -> float:
        cost, start, _ = BOUGHT[name].of(b)
        years = h.case.inputs.finance.spend_months / 12.0 if BOUGHT[name].is_spread else 0.0
        if not years:
            return cost * float(first <= np.floor(start) <= h.start)
        return cost * max(min(start, h.start + 1.0) - max(start - years, first), 0.0) / years

    spent = total(h.total(name, partial(cash, name), free="year") for name in BOUGHT)
    moves = h.total("move_out", ONCE["move_out"][2])
    return spent + moves <= LinearForm({}, h.listed("sites.cash_budget_musd", "sites.cash_budget"))
