"""Index lists and coefficients of non-firm connection, and of load that may be shed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.family.table_columns import dense_by_ids, mask_at
from planner.inputs.days import filled, stress_rank
from planner.inputs.leads import service_figure
from planner.lp import Axis, Index
from planner.lp.index import cross, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.grid import GridInputs, Headroom
    from planner.inputs.leads import Leads
    from planner.inputs.racks import RackInputs


@dataclass(frozen=True)
class ShedInputs:
    """Load that may be left unserved; every list is empty where the scenario allows none."""

    slot: Index  # (site, year, slot) in which load may be shed
    hours_frac: Floats  # [zone, tier, slot] of the hours of the slot
    site_year: Index  # (site, year) of these
    max_energy_frac: float  # of the energy that a site would use
    usd_per_mwh: float
    deployment_frac: Floats  # [deployment] of its work that may be lost


@dataclass(frozen=True)
class NonFirmInputs:
    """Non-firm connection; every list is empty where the scenario allows none."""

    tier: Axis  # curtailment rates [%] up to the chosen one, or that alone
    connect: Index  # (site, year, tier) entering service
    start: Floats  # [connect] service start, e.g. 2027.5
    turns_firm: Floats  # [connect] when it turns firm; inf: never
    firm_year: NDArray[np.intp]  # [connect] first year in which it is firm at some time, else -1
    capex_musd_per_mw: Floats  # [connect], overnight
    service: Index  # (site, year) in which some may be in service
    service_tier: Index  # (site, year, tier) = service x tier
    stress: Index  # (site, year, slot) of these in which it is off, at least in part
    billing: Index  # (site, year, period) of these
    discount_usd_per_kw_month: Floats  # [billing] off the demand charge
    headroom: Index  # (zone, year, tier) for firm and non-firm up to it, dominated years dropped
    headroom_mw: Floats  # [headroom], beyond commitments
    off_frac: Floats  # [zone, tier, slot]: share of the slot in which non-firm power is off
    shed: ShedInputs


_PERCENT: Final = 100.0
_NONE: Final = 1e-9  # share of a slot that is rounding


@dataclass(frozen=True)
class NonFirmOffer:
    """Where and when non-firm connection may be had."""

    tier: Axis  # curtailment rates that it may have. [%]
    connect: Index  # (site, year) entering service
    start: Floats  # start of service, and when it turns firm; infinite where never. [year]
    turns_firm: Floats
    firm_year: NDArray[np.intp]  # first model year in which it is firm at some time; -1 for none

    @property
    def firm(self) -> Index:
        """(site, year) in which some may turn firm."""
        turns = np.flatnonzero(self.firm_year >= 0)
        axes = self.connect.axes
        both = np.unique(np.stack([self.connect["site"], self.firm_year])[:, turns], axis=1)
        return Index.sparse("turns firm", axes, (both[0], both[1]))


def non_firm_offer(case: ScopedCase, sets: Sets, leads: Leads, site_year: Index) -> NonFirmOffer:
    """Return where and when non-firm connection may be had."""
    lead = leads.non_firm
    in_plan = mask_at(lead.may.shape, (site_year["site"], site_year["year"]))
    s, t = np.nonzero(lead.may & in_plan)
    start = lead.service[s, t]
    months = service_figure(case, "firm_after_months")
    turns_firm = np.where(months > 0.0, start + months / MONTHS_PER_YEAR, np.inf)
    firm_year = np.searchsorted(case.last_year + 1.0, turns_firm, side="right")
    return NonFirmOffer(
        tier=Axis("tier", tuple(f"{rate:g}" for rate in _tiers_pct(case))),
        connect=Index.sparse("connect", (sets.site, sets.year), (s, t)),
        start=start,
        turns_firm=turns_firm,
        firm_year=np.where(firm_year < len(case.years), firm_year, -1),
    )


def _tiers_pct(case: ScopedCase) -> list[float]:
    """Return the curtailment rates that non-firm connection may have: the studied, or one. [%]"""
    settings = case.scenario.grid
    rate = settings.curtailment_rate_pct
    if settings.non_firm.curtail == "pro_rata":
        return [rate]
    studied = {float(pct) for pct in case.tables["zone_headroom"]["curtailment_rate_pct"]}
    return sorted(pct for pct in studied if pct <= rate)


def non_firm_inputs(
    case: ScopedCase, sets: Sets, offer: NonFirmOffer, headroom: Headroom, grid: GridInputs, racks: RackInputs
) -> NonFirmInputs:
    """Make the lists of non-firm connection."""
    service = _service(case, offer, grid.firm)
    zones = np.unique(sets.site_zone[service["site"]])
    rank = stress_rank(case, [sets.zone.labels[z] for z in zones])
    off = _off(case, sets, offer.tier, zones, rank)
    slots = cross(service, sets.slot, name="stress")
    most = off.max(axis=1, initial=0.0)[sets.site_zone[slots["site"]], slots["slot"]]
    connect = cross(offer.connect, offer.tier, name="connect")
    per_tier = len(offer.tier)
    billing = grid.billing.select(np.flatnonzero(service.find(grid.billing) >= 0), "discounted")
    charge = grid.demand_charge_usd_per_kw_month[grid.firm.find(billing)]
    discount = charge * service_figure(case, "charge_discount_frac")
    billed = np.flatnonzero(discount > 0.0)
    return NonFirmInputs(
        tier=offer.tier,
        connect=connect,
        start=np.repeat(offer.start, per_tier),
        turns_firm=np.repeat(offer.turns_firm, per_tier),
        firm_year=np.repeat(offer.firm_year, per_tier),
        capex_musd_per_mw=np.full(connect.size, _capex_musd_per_mw(case)),
        service=service,
        service_tier=cross(service, offer.tier, name="service_tier"),
        stress=slots.select(np.flatnonzero(most > _NONE)),
        billing=billing.select(billed),
        discount_usd_per_kw_month=discount[billed],
        headroom=headroom.total,
        headroom_mw=headroom.total_mw,
        off_frac=off,
        shed=_shed(case, sets, slots, off, zones, rank, racks),
    )


def _service(case: ScopedCase, offer: NonFirmOffer, site_year: Index) -> Index:
    """Return the sites and years in which some may be non-firm."""
    sites, years = len(site_year.axis("site")), len(site_year.axis("year"))
    may = np.zeros((sites, years), dtype=np.bool_)
    for t, first in enumerate(case.year):
        serves = (offer.connect["year"] <= t) & (offer.turns_firm > first)
        may[offer.connect["site"][serves], t] = True
    here = may[site_year["site"], site_year["year"]]
    return site_year.select(np.flatnonzero(here), "non_firm")


def _off(case: ScopedCase, sets: Sets, tier: Axis, zones: NDArray[np.intp], rank: Floats) -> Floats:
    """Share of each time slice in which non-firm power of a tier is off, (zone, tier, slot)."""
    share = np.zeros((len(sets.zone), len(tier), len(sets.slot)))
    if not zones.size:
        return share
    rates = [float(label) for label in tier.labels]
    hours = _hours_off(case, [sets.zone.labels[z] for z in zones], rates)
    most = service_figure(case, "max_curtailed_hours_per_year")
    if (hours > most).any():
        case.findings.add_note(
            f"Non-firm power is off for up to {hours.max():.0f} hours a year, which is the curtailment rate at full"
            f" depth; service {case.scenario.grid.non_firm.service} promises {most:.0f} at most.",
            ("grid", "non_firm", "service"),
        )
    for k in range(len(tier)):
        share[zones, k] = filled(rank, case.days.weight_h, hours[:, k])
    return share


def _hours_off(case: ScopedCase, zones: list[str], rates_pct: list[float]) -> Floats:
    """Hours of a year in which power of each tier is off, (zone, tier). [h].

    What a zone takes at the lowest rate is off for that share of its energy; what it takes more
    at a higher rate for so much that all of it together meets that rate.
    """
    table = case.tables["zone_headroom"]
    room = dense_by_ids(table, {"zone": zones, "curtailment_rate_pct": rates_pct}, "headroom_mw")
    curtailed = room * np.array(rates_pct) / _PERCENT
    width = np.diff(room, prepend=0.0, axis=1)
    more = np.diff(curtailed, prepend=0.0, axis=1)
    plain = np.broadcast_to(np.array(rates_pct) / _PERCENT, room.shape)
    rate = np.divide(more, width, out=plain.copy(), where=width > 0.0)
    return np.asarray(np.clip(rate, 0.0, 1.0) * HOURS_PER_YEAR)


def _capex_musd_per_mw(case: ScopedCase) -> float:
    """Cost of non-firm connection: the customer's substation, and a share of the network."""
    settings = case.scenario.grid
    own = settings.non_firm.usd_per_mw
    if own is not None:
        return own / USD_PER_MUSD
    substation, network = (
        case.item("facility_cost", item, "USD/MW facility")
        for item in ("substation_customer", "interconnection_network")
    )
    cost = substation + service_figure(case, "upgrade_cost_frac") * network
    if settings.expansion_usd_per_mw is not None:
        cost *= settings.expansion_usd_per_mw / (substation + network)
    return cost / USD_PER_MUSD


def _shed(
    case: ScopedCase, sets: Sets, slots: Index, off: Floats, zones: NDArray[np.intp], rank: Floats, racks: RackInputs
) -> ShedInputs:
    """Make the lists of load that may be shed: the most stressed of the stress hours."""
    settings = case.scenario.grid.non_firm.shed
    share = np.zeros(off.shape)
    if settings.allow and zones.size:
        hours = np.full(zones.size, settings.max_hours_per_year)
        by_zone = filled(rank, case.days.weight_h, hours)
        share[zones] = np.minimum(by_zone[:, None, :], off[zones])
    most = share.max(axis=1, initial=0.0)[sets.site_zone[slots["site"]], slots["slot"]]
    slot = slots.select(np.flatnonzero(most > _NONE), "shed")
    return ShedInputs(
        slot=slot,
        hours_frac=share,
        site_year=distinct(slot, "site", "year", name="shed_site_year"),
        max_energy_frac=settings.max_energy_frac,
        usd_per_mwh=settings.usd_per_mwh,
        deployment_frac=racks.deferrable_frac,
    )
