"""What may be decided, stated a second time: for each decision where it has a column, within which bounds.

So the proof that no plan of the program costs less is about all that the scenario allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check import decision_lists as lists
from planner.check import supply_output as of_source
from planner.check.cells import ANYWHERE
from planner.check.contracts import pool_of_sites, pool_of_zones, signed_already
from planner.check.decision_lists import ids_of, may_serve
from planner.check.failover import asks
from planner.check.frames import column_by, once, path_value
from planner.check.grid import curve, hubs, wholesale_usd_per_mwh
from planner.check.lead_times import decision_start
from planner.check.rent import lever_offers
from planner.check.routes import reach_of_users
from planner.check.sites import in_blocks, phase_sizes
from planner.check.stated import begins, moves_frac, shaped, waits
from planner.check.stated_supply import is_dispatched, is_physical, zones
from planner.check.stating import EVERY, Places, every_slot
from planner.check.stock import existing_halls
from planner.check.supply import standing_mw_mwh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planner.check.case import Case
    from planner.check.stating import Here

_USE = "site rack hall workload year"
_NONE: Final = 1e-9  # share of a time slice that is rounding


@dataclass(frozen=True)
class StatedDecision:
    """Columns of a name: where there must be one, its bounds, and whether it must be an integer."""

    places: Places
    lower: Callable[[Here], float] | float = 0.0
    upper: Callable[[Here], float] | float = np.inf
    is_whole: Callable[[Case], bool] = lambda _: False


def _of(
    axes: str,
    over: str | Callable[[Here], Iterable[Here] | pd.DataFrame],
    slots: Callable[[Here], Sequence[str]] | None = None,
    **bounds: Any,
) -> StatedDecision:
    return StatedDecision(Places(tuple(axes.split()), over, slots), **bounds)


def _rows(found: Callable[[Case], Any]) -> Callable[[Here], Any]:
    return lambda h: found(h.case)


def _where(name: str, holds: Callable[[Here], Any]) -> Callable[[Here], Iterator[Here]]:
    return lambda h: (c for c in h.each(name) if holds(c))


# --- Compute --------------------------------------------------------------------------------------


@once
def _reached(case: Case) -> set[tuple[str, ...]]:
    near = reach_of_users(case)
    return {*near.loc[near["in_time"].to_numpy(), ["region", "workload", "site"]].itertuples(index=False, name=None)}


def _services(h: Here) -> Iterator[Here]:
    """Users who reach a site in time and may be served there, while their workload can have racks at it."""
    reached = _reached(h.case)
    for at in h.each("load"):
        for users in at.each("demand.demand"):
            if users.region == ANYWHERE or (users.region, users.workload, users.site) in reached:
                yield users


def _lever_most(h: Here) -> float:
    return float(
        lever_offers(h.case).set_index(["workload", "lever", "year"])["most"][h.workload, h.lever, h.model_year]
    )


def _stands_by(case: Case) -> set[tuple[str, str, str, str, int]]:
    """List uses of workloads that must survive the loss of a site."""
    uses = pd.DataFrame(sorted(lists.usable(case)), columns=_USE.split())
    return {*uses[asks(case, uses)].itertuples(index=False, name=None)}


# --- Sites ----------------------------------------------------------------------------------------


def _site_years(case: Case) -> set[tuple[str, int]]:
    """List sites in the years in which a hall can be there, or all where they have other load."""
    other = case.own_figures("other_load_mw", pd.Series(0.0, index=ids_of(case, "site")))
    always = {(site, year) for site in other.index[other > 0.0] for year in case.years}
    return always | {(site, year) for site, _, year in lists.may_be_there(case)}


def _serves(kind: str) -> Callable[[Here], Iterator[Here]]:
    """Sites and years of the plan in which a connection that is decided can serve."""

    def found(h: Here) -> Iterator[Here]:
        may, sites = may_serve(h.case, kind)[1], ids_of(h.case, "site")
        return (s for s in h.each("open") if may[sites.index(s.site), h.case.years.index(s.model_year)])

    return found


@once
def _stands(case: Case) -> set[str]:
    """Sites with halls in the base year."""
    halls = existing_halls(case)
    return {*halls.loc[halls["mw"] > 0.0, "site"]}


def _must_be_open(h: Here) -> float:
    must = h.site in h.case.scenario.siting.must_open and h.model_year == h.case.years[-1]
    return float(must or h.site in _stands(h.case))


def _may_be_open(h: Here) -> float:
    return max(_must_be_open(h), float(h.site not in h.case.scenario.siting.must_not_open))


def _phases_most(h: Here) -> float:
    room = min(h.listed("sites.build_rate_mw", "sites.site_year"), h.given("sites.land_limit_mw", "site"))
    return float(np.floor(room / phase_sizes(h.case)[h.site] + _NONE))


def _in_blocks(h: Here) -> pd.DataFrame:
    used = [(u.site, u.workload, u.model_year) for u in h.each("used")]
    return in_blocks(h.case, pd.DataFrame(used, columns=["site", "workload", "year"]).drop_duplicates())


# --- Grid, contracts, tariffs ---------------------------------------------------------------------


def _balanced(h: Here) -> Iterator[Here]:
    """Sites and years in which something answers to the hour, or what is drawn counts."""
    served = {(s.site, s.year) for s in _services_non_firm(h)}
    for s in h.each("open"):
        if any(s.each("capacity_mw")) or (s.site, s.year) in served or _counted(s):
            yield s


def _zone_years(h: Here) -> set[tuple[str, int]]:
    return {(zones(h.case)[s.site], s.model_year) for s in h.each("open")}


def _blocks_of_load(h: Here) -> Iterator[Here]:
    if h.case.scenario.energy.load_price.allow:
        for zone, year in _zone_years(h):
            for block in range(len(curve(h.case, zone)[0])):
                yield h.at(zone=zone, year=str(year), block=str(block + 1))


def _block_mw(h: Here) -> float:
    return float(np.diff(curve(h.case, h.zone)[0], prepend=0.0)[int(h.block) - 1])


def _target(h: Here) -> float:
    return float(path_value(h.case.scenario.contracts.matching.target_frac, h.model_year) or 0.0)


def _claims(h: Here) -> Iterator[Here]:
    """Sites whose pool can have a contract in force, in years in which that counts."""
    pools = pool_of_zones(h.case)
    of_year = {(pools[c.zone], c.year) for c in h.each("contract_mw")}
    for s in h.each("open"):
        counts = _target(s) > 0.0 or h.case.scenario.carbon.accounting == "market"
        if counts and (pool_of_sites(h.case)[s.site], s.year) in of_year:
            yield s


def _signed(h: Here) -> Iterator[Here]:
    """Agreements on offer in zones with a site, once they can deliver."""
    prices, settings = h.case.data("ppa_prices"), h.case.scenario.contracts
    priced = {*prices[["technology", "region"]].itertuples(index=False, name=None)}
    region = column_by(h.case.data("ppa_regions"), "country", "region")
    regions = column_by(hubs(h.case).drop_duplicates("zone"), "zone", "country").map(region)
    for name, offer in settings.ppa.items():
        first = decision_start(h.case) + offer.lead_months / 12.0
        for zone, year in _zone_years(h):
            at = h.at(contract=name, zone=zone, year=str(year))
            is_offered = offer.zones == "all" or zone in offer.zones
            has_price = offer.price_usd_per_mwh is not None or (offer.technology, regions[zone]) in priced
            if is_offered and has_price and first < at.end and offer.max_mw > 0.0:
                yield at


def _in_force(h: Here) -> Iterator[Here]:
    """Agreements that may have been signed, or are signed already, in years with a site in the zone."""
    since = {(c.contract, c.zone): min(o.start for o in c.each("signed_mw", free="year")) for c in h.each("signed_mw")}
    before = {(c, z): (b, e) for c, z, *_, b, e in signed_already(h.case).itertuples(index=False, name=None)}
    for zone, year in _zone_years(h):
        for name in h.case.scenario.contracts.agreements:
            at = h.at(contract=name, zone=zone, year=str(year))
            begin, end = before.get((name, zone), (np.inf, -np.inf))
            if since.get((name, zone), np.inf) <= at.start or (begin < at.end and end > at.start):
                yield at


def _takes(h: Here) -> Iterator[Here]:
    physical = {(c.zone, c.year) for c in h.each("contract_mw") if is_physical(c)}
    return (s for s in h.each("open") if (zones(h.case)[s.site], s.year) in physical)


def _services_non_firm(h: Here) -> Iterator[Here]:
    """Sites and years in which some connection may be non-firm."""
    turns = "non_firm.turns_firm", "non_firm.connect"
    for s in h.each("open"):
        if any(c.start <= s.start and c.listed(*turns) > s.start for c in s.each("connect_mw", free="year")):
            yield s


def _discounted(h: Here) -> Iterator[Here]:
    if h.case.inputs.non_firm.billing.size:
        for s in _services_non_firm(h):
            yield from (
                p for p in s.each("peak_mw") if p.listed("grid.demand_charge_usd_per_kw_month", "grid.firm") > 0.0
            )


def _sheds(h: Here) -> list[str]:
    """Time slices of the most stressed hours, where load may be shed."""
    shed = h.case.inputs.non_firm.shed.hours_frac
    most = shed.max(axis=1, initial=0.0)[list(h.stored.sets.zone.labels).index(zones(h.case)[h.site])]
    return [slot for slot, frac in zip(h.stored.slot_labels, most, strict=True) if frac > _NONE]


# --- On-site power --------------------------------------------------------------------------------


def _leaves_before(h: Here) -> bool:
    """Whether bridge power is no longer of use there, as the grid has come."""
    bridge = h.case.scenario.supply.bridge
    if not (bridge.until_grid and h.source in bridge.sources):
        return False
    begins = may_serve(h.case, "connection")[0][ids_of(h.case, "site").index(h.site), 0]
    return bool(h.start >= begins)


def _sources(h: Here) -> Iterator[Here]:
    """Sources that the scenario allows at a site, from when one that is ordered now can serve."""
    supply = h.case.scenario.supply
    for source in supply.allow:
        first = decision_start(h.case) + of_source.figures(h.case, [source], "lead_months")[0] / 12.0
        for s in h.each("open"):
            at = s.at(source=source)
            if first < at.end and (supply.sites == "all" or s.site in supply.sites) and not _leaves_before(at):
                yield at


def _capacity(h: Here) -> Iterator[Here]:
    """Sources that exist, that halls have, or that may have been built."""
    supply = h.case.scenario.supply
    standing = standing_mw_mwh(h.case)[0].to_dict()
    built = {(b.site, b.source): min(b.start for b in b.each("source_mw", free="year")) for b in h.each("source_mw")}
    for s in h.each("open"):
        of_halls = supply.standby.allow and (supply.sites == "all" or s.site in supply.sites)
        for source in h.stored.role:
            at = s.at(source=source)
            stands = standing.get((s.site, source), 0.0) > 0.0
            stands = stands or (of_halls and source == supply.standby.source_id)
            if (stands or built.get((s.site, source), np.inf) <= s.start) and not _leaves_before(at):
                yield at


def _is_store(h: Here) -> bool:
    return h.stored.role[h.source] == "storage"


def _is_plant(h: Here) -> bool:
    start = h.listed("supply.build_start", "supply.build")
    return (
        h.case.scenario.supply.whole_sources and of_source.figures(h.case, [h.source], "min_size_mw", [start])[0] > 0.0
    )


def _redeployed(h: Here) -> Iterator[Here]:
    """Bridge power in the later years of its life."""
    for b in _where("source_mw", lambda b: b.source in h.case.scenario.supply.bridge.sources)(h):
        start, life = (b.listed(f"supply.build_{name}", "supply.build") for name in ("start", "life_years"))
        for y in h.case.years:
            if b.start < y < start + life:
                yield b.at(vintage=b.year, year=str(y))


def _curtails(h: Here) -> list[str]:
    price = h.at(slot=EVERY).listed("grid.energy_usd_per_mwh", "power.slot")
    every = h.stored.slot_labels
    return list(
        every if _counted(h) else [slot for slot, usd in zip(every, np.atleast_1d(price), strict=True) if usd < 0.0]
    )


def _counted(h: Here) -> bool:
    return h.at(slot=EVERY).has("take_mw") or h.at(slot=EVERY).has("claim_mw") or _target(h) > 0.0


def _exports(h: Here) -> list[str]:
    at = (h.case.site_year["site"] == h.site) & (h.case.site_year["year"] == h.model_year)
    price = wholesale_usd_per_mwh(h.case)[at.to_numpy().argmax()]
    return [slot for slot, usd in zip(h.stored.slot_labels, price, strict=True) if usd > 0.0]


# --- All of them ----------------------------------------------------------------------------------

_MOVE = "site rack hall vintage year"
_WAITING = "site shape window year"
_SITE, _SOURCE, _SLOT = "site year", "site source year", "site source year slot"

DECIDED: Final[Mapping[str, StatedDecision]] = {
    "served": _of("region workload site year", _services),
    "load": _of("site workload year", "used"),
    "rented": _of("region workload year", "rent.rented"),
    "bought": _of("workload tier year", lambda h: (t for r in h.each("rented") for t in r.along("tier"))),
    "unmet": _of("region workload year", _where("demand.demand", lambda h: h.case.scenario.demand.unmet == "allow")),
    "adopted": _of("workload lever year", _rows(lever_offers), upper=_lever_most),
    "used": _of(_USE, _rows(lists.usable)),
    "install": _of("site rack hall duty year", _rows(lists.installable)),
    "lot_racks": _of(
        "site rack hall duty year", _where("install", lambda h: h.case.scenario.racks.whole), is_whole=lambda _: True
    ),
    "move_out": _of(_MOVE, _rows(lists.moves_out)),
    "move_in": _of(_MOVE, _rows(lists.moves_in)),
    "build": _of("site hall year stage", _rows(lists.buildable)),
    "retrofit": _of("site hall to_hall year", _rows(lists.retrofittable)),
    "lease": _of("site hall year", _rows(lists.leasable)),
    "operate": _of("site hall as_hall fill year", _rows(lists.operable)),
    "open": _of(
        _SITE,
        _rows(_site_years),
        lower=_must_be_open,
        upper=_may_be_open,
        is_whole=lambda case: bool(case.scenario.siting.whole_openings),
    ),
    "opened": _of(_SITE, "open"),
    "phases": _of(
        "site hall year stage",
        _where("build", lambda b: phase_sizes(b.case)[b.site] > 0.0 and b.stage == "ordered"),
        upper=_phases_most,
        is_whole=lambda _: True,
    ),
    "holds": _of("site workload year", _in_blocks, upper=1.0, is_whole=lambda _: True),
    "idle_mw": _of("site cooling year", shaped),
    "dynamic_mw": _of("site cooling shape year", shaped),
    **dict.fromkeys(("deferrable_mw", "busy_mw", "full_mw"), _of(_WAITING, waits)),
    "defer_mw": _of(f"{_WAITING} slot", waits, every_slot),
    "loss_base_mw": _of(_SITE, "open"),
    "loss_dynamic_mw": _of("site shape year", shaped),
    "peak_mw": _of(
        "site year period",
        lambda h: (h.at(**s.labels, period=p) for s in h.each("open") for p in h.case.inputs.grid.period.labels),
    ),
    "migrating_mw": _of(f"{_USE} slot", _where("used", moves_frac), every_slot),
    "arrived_mwh": _of(
        "site rack workload year slot",
        _where("used", lambda u: moves_frac(u) and u.case.scenario.flexibility.move_usd_per_mwh > 0.0),
        begins,
    ),
    "expand": _of(_SITE, _serves("connection")),
    "import_mw": _of(f"{_SITE} slot", _balanced, every_slot),
    "block_mw": _of("zone block year slot", _blocks_of_load, every_slot, upper=_block_mw),
    "signed_mw": _of("contract zone year", _signed),
    "contract_mw": _of("contract zone year", _in_force),
    "take_mw": _of(f"{_SITE} slot", _takes, every_slot),
    "claim_mw": _of(f"{_SITE} slot", _claims, every_slot),
    **dict.fromkeys(("heat_connect_mw", "heat_sold_mw"), _of(_SITE, "heat.sale")),
    "source_mw": _of(_SOURCE, _sources),
    "store_mwh": _of(_SOURCE, _where("source_mw", _is_store)),
    "has_plant": _of(_SOURCE, _where("source_mw", _is_plant), upper=1.0, is_whole=lambda _: True),
    "redeploy_mw": _of("site source vintage year", _redeployed),
    "capacity_mw": _of(_SOURCE, _capacity),
    "energy_mwh": _of(_SOURCE, _where("capacity_mw", _is_store)),
    "worn_mwh": _of(_SOURCE, "energy_mwh"),
    "output_mw": _of(_SLOT, _where("capacity_mw", is_dispatched), every_slot),
    **dict.fromkeys(("charge_mw", "discharge_mw", "level_mwh"), _of(_SLOT, "energy_mwh", every_slot)),
    "curtail_mw": _of(f"{_SITE} slot", _where("capacity_mw", lambda c: c.yields_for_nothing), _curtails),
    "export_mw": _of(
        f"{_SITE} slot",
        _where("capacity_mw", lambda c: c.case.scenario.supply.export.allow and not _is_store(c)),
        _exports,
    ),
    "connect_mw": _of("site year tier", "non_firm.connect"),
    "discounted_mw": _of("site year period", _discounted),
    "shed_mw": _of(f"{_SITE} slot", _services_non_firm, _sheds),
    "standby_mw": _of(_USE, _rows(_stands_by)),
    "reserve": _of("site workload year", "standby_mw"),
    "pair": _of("region workload site standby year", "failover.pair"),
}
"""For each decision where it has a column, but for those of bills."""
