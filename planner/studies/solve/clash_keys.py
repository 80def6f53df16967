"""Which settings and tables the limits of a rule come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.say import amount
from planner.studies.solve.giving import gap_years, site_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planner.studies.solve.question import Question

    Place = Mapping[str, str]
    Tell = Callable[[Question, Place], Iterator[str]]

__all__ = ["RULES_WITH_SETTINGS", "keys_of"]


def keys_of(question: Question, block: str, places: Sequence[Place]) -> tuple[str, ...]:
    """Say where the limits of a rule are set, what they are, and in which line.

    Parameters
    ----------
    question : Question
        The scenario.
    block : str
        Name of the rule.
    places : sequence of mapping
        Where it clashes, by labels.

    Returns
    -------
    tuple of str
        Without repeats; empty for a rule that only links decisions.
    """
    if block not in _TELL:
        return ()
    return tuple(dict.fromkeys(key for place in places for key in _TELL[block](question, place)))


def _setting(question: Question, keys: tuple[str, ...], now: str) -> str:
    file, line, _ = question.scenario.where(keys)
    tree = question.scenario.tree
    for key in keys:
        if key not in tree.children:
            return f"{'.'.join(keys)}: {now} (not written: a default, or from a table)"
        tree = tree.children[key]
    at = f"{file}:{line}" if line is not None else file
    return f"{'.'.join(keys)}: {now} ({at})"


def _demand(question: Question, place: Place) -> Iterator[str]:
    p, s = question.inputs.demand, question.scenario
    row = p.demand.position(place["region"], place["workload"], place["year"])
    kh100e = f"{amount(float(p.demand_kh100e[row]))} kH100e in {place['year']}"
    stated = any(one.workload == place["workload"] for one in s.demand.explicit)
    keys = ("demand", "explicit") if stated else ("demand", "trajectory")
    if s.demand.facility_gw is not None and not stated:
        keys = ("demand", "facility_gw")
    yield _setting(question, keys, f"{place['workload']} of {place['region']} {kh100e}")
    if s.demand.unmet == "forbid":
        yield _setting(question, ("demand", "unmet"), "forbid")
    if not s.rent.allow:
        yield _setting(question, ("rent", "allow"), "false")


def _tight(question: Question, place: Place) -> Iterator[str]:
    row = question.inputs.workloads.set_index("workload").loc[place["workload"]]
    keys = ("workloads", place["workload"])
    yield _setting(question, (*keys, "tight_share_frac"), f"{row['tight_share_frac']:g}")
    yield _setting(question, (*keys, "tight_rtt_ms"), f"{row['tight_rtt_ms']:g} ms")


def _rent(question: Question, place: Place) -> Iterator[str]:
    depth = question.inputs.rent.depth_kh100e[question.inputs.sets.year.code(place["year"])]
    now = f"clouds rent out {amount(float(depth))} kH100e in {place['year']}"
    scale = question.scenario.rent.depth_scale_frac
    yield _setting(question, ("rent", "depth_scale_frac"), f"{scale:g}, {now}")


def _deliveries(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.racks
    mw = p.delivery_limit_mw[p.delivery.position(place["vendor"], place["year"])]
    now = f"{place['vendor']} {amount(float(mw))} MW in {place['year']}"
    scale = question.scenario.deliveries.scale_frac
    yield _setting(question, ("deliveries", "scale_frac"), f"{scale:g}, {now}")


def _land(question: Question, place: Place) -> Iterator[str]:
    site = place["site"]
    mw = question.inputs.sites.land_limit_mw[question.inputs.sets.site.code(site)]
    key = site_key(question.scenario, site, "land_limit_mw")
    yield _setting(question, key, f"{amount(float(mw))} MW")


def _crews(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.sites
    mw = p.build_rate_mw[p.site_year.position(place["site"], place["year"])]
    key = site_key(question.scenario, place["site"], "build_rate_mw_per_year")
    yield _setting(question, key, f"{amount(float(mw))} MW by {place['year']}")


def _market(question: Question, place: Place) -> Iterator[str]:
    market = place["market"]
    rate = question.scenario.build.market_rate_mw_per_year[market]
    key = ("build", "market_rate_mw_per_year", market)
    yield _setting(question, key, f"{amount(rate)} MW a year")


def _budget(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.sites
    row = p.capex_budget.position(place["year"])
    gap = gap_years(question, p.capex_budget)[row]
    musd = float(p.capex_budget_musd[row] / gap)
    now = f"{amount(musd)} MUSD a year in {place['year']}"
    yield _setting(question, ("build", "capex_budget_musd"), now)


def _committed(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.halls
    mw = p.committed_mw[p.committed.position(place["site"], place["year"])]
    now = f"{amount(float(mw))} MW at {place['site']} by {place['year']}"
    yield f"table site_pipeline: {now}; what is not committed waits for its lead time"


def _lease(question: Question, place: Place) -> Iterator[str]:
    del place
    mw = question.scenario.lease.depth_mw_per_site
    yield _setting(question, ("lease", "depth_mw_per_site"), f"{amount(mw)} MW")


def _connection(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.grid
    mw = p.firm_mw[p.firm.position(place["site"], place["year"])]
    key = site_key(question.scenario, place["site"], "grid_firm_mw")
    yield _setting(question, key, f"{amount(float(mw))} MW in {place['year']}")


def _contract(question: Question, place: Place) -> Iterator[str]:
    share = question.scenario.grid.contract_min_nameplate_frac
    yield _setting(question, ("grid", "contract_min_nameplate_frac"), f"{share:g}")
    yield from _connection(question, place)


def _firm_headroom(question: Question, place: Place) -> Iterator[str]:
    yield from _room(question, place, "firm_limit_mw", "new firm connections")
    share = question.scenario.grid.firm_headroom_frac
    if share is not None:
        yield _setting(question, ("grid", "firm_headroom_frac"), f"{share:g}")


def _headroom(question: Question, place: Place) -> Iterator[str]:
    yield from _room(question, place, "limit_mw", "new connections, firm or not,")


def _room(question: Question, place: Place, column: str, what: str) -> Iterator[str]:
    every = question.inputs.grid.headroom_all
    is_row = (every["zone"] == place["zone"]) & (every["year"].astype(str) == place["year"])
    row = every[is_row].iloc[0]
    room = max(float(row[column] - row["committed_mw"]), 0.0)
    yield f"table zone_headroom: {amount(room)} MW for {what} in {place['zone']} by {place['year']}"
    scale = question.scenario.grid.headroom_scale_frac
    yield _setting(question, ("grid", "headroom_scale_frac"), f"{scale:g}")


def _clean(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.contracts
    share = float(p.target_frac[p.target.position(place["pool"], place["year"])])
    keys = ("contracts", "matching", "target_frac")
    yield _setting(question, keys, f"{share:g} in {place['year']}")


def _on_offer(question: Question, place: Place) -> Iterator[str]:
    contract = place["contract"]
    mw = question.scenario.contracts.ppa[contract].max_mw
    keys = ("contracts", "ppa", contract, "max_mw")
    yield _setting(question, keys, f"{amount(mw)} MW in {place['zone']}")


def _source(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.supply
    source = place["source"]
    mw = p.limit_mw[p.limited.position(place["site"], source, place["year"])]
    keys = ("supply", "max_mw", source)
    yield _setting(question, keys, f"{amount(float(mw))} MW at {place['site']}")


def _stand_by(question: Question, place: Place) -> Iterator[str]:
    yield _setting(question, ("failover", "form"), question.scenario.failover.form)
    yield from _connection(question, place)


def _carbon(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.carbon
    kt = float(p.cap_kt[p.cap.position(place["year"])])
    yield _setting(question, ("carbon", "cap_kt"), f"{amount(kt)} kt CO2 in {place['year']}")


def _water(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.carbon
    m3 = float(p.water_limit_m3[p.water_limit.position(place["site"], place["year"])])
    key = site_key(question.scenario, place["site"], "water_limit_m3_per_year")
    yield _setting(question, key, f"{amount(m3)} m3 a year")


def _permit(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.carbon
    m3 = float(p.water_permit_m3_per_mw[p.water_permit.position(place["site"], place["year"])])
    stress = p.stress_class[question.inputs.sets.site.code(place["site"])]
    yield f"table water_classes: {amount(m3)} m3 a year per MW of halls in basins of class {stress}"
    yield _setting(question, ("water", "stress_limits"), "true")


def _standing(question: Question, place: Place) -> Iterator[str]:
    """Halls that stand, where new ones come too late."""
    p = question.inputs.halls
    site, year = place["site"], place["year"]
    code, at = question.inputs.sets.site.code(site), question.inputs.sets.year.code(year)
    can_build = (p.build["site"] == code) & (p.build["year"] <= at) & ~p.build_is_early
    lead = p.lead[p.lead["site"] == site]
    if np.any(can_build) or lead.empty:
        return
    start = float(lead["service_start"].min())
    if start < float(year):
        return
    key = site_key(question.scenario, site, "lead_time_months")
    now = f"{lead['months'].min():.0f} months ({lead['by'].iloc[0]}), first halls in {start:.1f}"
    yield _setting(question, key, now)


def _kept_closed(question: Question, place: Place) -> Iterator[str]:
    if place["site"] in question.scenario.siting.must_not_open:
        yield _setting(question, ("siting", "must_not_open"), place["site"])


def _kept_open(question: Question, place: Place) -> Iterator[str]:
    if place["site"] in question.scenario.siting.must_open:
        yield _setting(question, ("siting", "must_open"), place["site"])


def _most_sites(question: Question, place: Place) -> Iterator[str]:
    del place
    most = question.scenario.siting.at_most_sites
    yield _setting(question, ("siting", "at_most_sites"), f"{most}")


def _exact_sites(question: Question, place: Place) -> Iterator[str]:
    del place
    exact = question.scenario.siting.exactly_sites
    yield _setting(question, ("siting", "exactly_sites"), f"{exact}")


def _whole_openings(question: Question, place: Place) -> Iterator[str]:
    del place
    yield _setting(question, ("siting", "whole_openings"), "true")


def _least_size(question: Question, place: Place) -> Iterator[str]:
    site = place["site"]
    mw = question.inputs.sites.minimum_mw[question.inputs.sets.site.code(site)]
    key = site_key(question.scenario, site, "minimum_size_mw")
    yield _setting(question, key, f"{amount(float(mw))} MW")


def _phase(question: Question, place: Place) -> Iterator[str]:
    p = question.inputs.siting
    mw = p.phase_mw[p.phase.position(place["site"], place["hall"], place["year"])]
    own = site_key(question.scenario, place["site"], "phase_mw")
    of_all = question.scenario.siting.phase_mw
    key = ("siting", "phase_mw") if of_all == mw else own
    yield _setting(question, key, f"{amount(float(mw))} MW")


def _block(question: Question, place: Place) -> Iterator[str]:
    mw = question.scenario.siting.block_mw[place["workload"]]
    yield _setting(question, ("siting", "block_mw", place["workload"]), f"{amount(mw)} MW")


def _plant(question: Question, place: Place) -> Iterator[str]:
    p, source = question.inputs.supply, place["source"]
    mw = p.plant_least_mw[p.plant.position(place["site"], source, place["year"])]
    yield _setting(question, ("supply", "whole_sources"), "true")
    yield _setting(
        question, ("supply", "override", source, "min_size_mw"), f"{amount(float(mw))} MW"
    )
    room_mw = p.limit_mw[p.limited.position(place["site"], source, place["year"])]
    yield _setting(question, ("supply", "max_mw", source), f"{amount(float(room_mw))} MW")


def _failover(question: Question, place: Place) -> Iterator[str]:
    yield _setting(question, ("workloads", place["workload"], "failover"), "true")


_TELL: Final[Mapping[str, Tell]] = {
    "must_not_open": _kept_closed,
    "must_open": _kept_open,
    "most_sites": _most_sites,
    "exact_sites": _exact_sites,
    "whole_openings": _whole_openings,
    "served_only_if_open": _whole_openings,
    "minimum_size": _least_size,
    "whole_phases": _phase,
    "hall_phases": _phase,
    "whole_blocks": _block,
    "whole_plants": _plant,
    "block_least": _block,
    "block_or_none": _block,
    "plant_least": _plant,
    "plant_or_none": _plant,
    "reserve_capacity": _failover,
    "neighbour_reserve": _failover,
    "standby_of_service": _failover,
    "shared_reserve": _failover,
    "failure_cut": _failover,
    "demand_balance": _demand,
    "tight_latency_share": _tight,
    "rent_depth": _rent,
    "deliveries": _deliveries,
    "land_limit": _land,
    "build_rate": _crews,
    "market_build_rate": _market,
    "capex_budget": _budget,
    "committed_halls": _committed,
    "lease_depth": _lease,
    "grid_connection": _connection,
    "contract_floor": _contract,
    "zone_headroom": _firm_headroom,
    "all_headroom": _headroom,
    "clean_target": _clean,
    "contract_limit": _on_offer,
    "source_limit": _source,
    "failover_power": _stand_by,
    "carbon_cap": _carbon,
    "water_limit": _water,
    "water_permit": _permit,
    "hall_power": _standing,
    "hall_space": _standing,
}
RULES_WITH_SETTINGS: Final = tuple(_TELL)
"""Rules of the model whose limits a planner sets; all others only link decisions."""
