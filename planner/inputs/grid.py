"""Grid: connections, headroom of zones, and the balance of energy at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.arrays import Record
from planner.base.units import HOURS_PER_YEAR, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.base.words import amount, moment, some
from planner.family.table_columns import bools, dense_by_ids, mask_at, sum_at, texts
from planner.inputs.days import filled, stress_rank
from planner.inputs.existing import HALLS
from planner.inputs.leads import FOR_GRID, NON_FIRM, service_figure
from planner.inputs.scope import firm_path_mw, own_key
from planner.lp import Axis, Index
from planner.lp.index import cross, distinct
from planner.tables.places import TableCell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.leads import Leads
    from planner.inputs.power import PowerPrices
    from planner.inputs.racks import RackInputs
    from planner.inputs.stock import Stock


_PERCENT: Final = 100.0
_NONE: Final = 1e-9  # share of a slot that is rounding


class NonFirmOffer:
    """Where and when non-firm connection may be had."""

    def __init__(self, case: ScopedCase, sets: Sets, leads: Leads, site_year: Index) -> None:
        lead = leads.non_firm
        is_there = mask_at(lead.may.shape, (site_year["site"], site_year["year"]))
        s, t = np.nonzero(lead.may & is_there)
        self.tier = Axis("tier", tuple(f"{rate:g}" for rate in _tiers_pct(case)))  # curtailment rates. [%]
        self.connect = Index.sparse("connect", (sets.site, sets.year), (s, t))  # (site, year) entering service
        # start of service, and when it turns firm; infinite where never. [year]
        self.start = lead.service[s, t]
        months = service_figure(case, "firm_after_months")
        self.turns_firm = np.where(months > 0.0, self.start + months / MONTHS_PER_YEAR, np.inf)
        # first model year in which it is firm at some time; -1 for none
        firm_year = np.searchsorted(case.last_year + 1.0, self.turns_firm, side="right")
        self.firm_year = np.where(firm_year < len(case.years), firm_year, -1)
        turns = np.flatnonzero(self.firm_year >= 0)
        may_be_firm = leads.connection.may & is_there
        may_be_firm[self.connect["site"][turns], self.firm_year[turns]] = True
        # (site, year) in which firm connection may be had, or some may turn firm
        self.may_be_firm = Index.sparse("firm enters", (sets.site, sets.year), np.nonzero(may_be_firm))


def _tiers_pct(case: ScopedCase) -> list[float]:
    """Return the curtailment rates that non-firm connection may have: the studied, or one. [%]"""
    settings = case.scenario.grid
    rate = settings.curtailment_rate_pct
    if settings.non_firm.curtail == "pro_rata":
        return [rate]
    studied = {float(pct) for pct in case.tables["zone_headroom"]["curtailment_rate_pct"]}
    return sorted(pct for pct in studied if pct <= rate)


class NonFirmInputs(Record):
    """Non-firm connection; every list is empty where the scenario allows none."""

    def __init__(
        self, case: ScopedCase, sets: Sets, offer: NonFirmOffer, headroom: Headroom, grid: GridInputs, racks: RackInputs
    ) -> None:
        self.tier = offer.tier  # curtailment rates [%] up to the chosen one, or that alone
        self.connect: Index = cross(offer.connect, offer.tier, name="connect")  # (site, year, tier) entering service
        per_tier = len(offer.tier)
        self.start: Floats = np.repeat(offer.start, per_tier)  # [connect] service start, e.g. 2027.5
        self.turns_firm: Floats = np.repeat(offer.turns_firm, per_tier)  # [connect] when it turns firm; inf: never
        # first year in which it is firm at some time, else -1, [connect]
        self.firm_year: NDArray[np.intp] = np.repeat(offer.firm_year, per_tier)
        self.capex_musd_per_mw = np.full(self.connect.size, _capex_musd_per_mw(case))  # [connect], overnight
        self.service = service = _service(case, offer, grid.firm)  # (site, year) in which some may be in service
        # (site, year, tier) = service x tier
        self.service_tier: Index = cross(service, offer.tier, name="service_tier")
        self.headroom = headroom.total  # (zone, year, tier) for firm and non-firm up to it, dominated years dropped
        self.headroom_mw: Floats = headroom.total_mw  # [headroom], beyond commitments
        zones = np.unique(sets.site_zone[service["site"]])
        rank = stress_rank(case, [sets.zone.labels[z] for z in zones])
        # share of the slot in which non-firm power is off, [zone, tier, slot]
        self.off_frac = _off(case, sets, offer.tier, zones, rank)
        slots = cross(service, sets.slot, name="stress")
        most = self.off_frac.max(axis=1, initial=0.0)[sets.site_zone[slots["site"]], slots["slot"]]
        # (site, year, slot) of these in which it is off, at least in part
        self.stress: Index = slots.select(most > _NONE)
        billing = grid.billing.select(service.find(grid.billing) >= 0, "discounted")
        charge = grid.demand_charge_usd_per_kw_month[grid.firm.find(billing)]
        discount = charge * service_figure(case, "charge_discount_frac")
        self.billing: Index = billing.select(discount > 0.0)  # (site, year, period) of these
        self.discount_usd_per_kw_month: Floats = discount[discount > 0.0]  # [billing] off the demand charge
        self.shed = ShedInputs(case, sets, slots, self.off_frac, zones, rank, racks)


class ShedInputs(Record):
    """Load that may be left unserved, the most stressed of the stress hours; empty where the scenario allows none."""

    def __init__(
        self,
        case: ScopedCase,
        sets: Sets,
        slots: Index,
        off: Floats,
        zones: NDArray[np.intp],
        rank: Floats,
        racks: RackInputs,
    ) -> None:
        settings = case.scenario.grid.non_firm.shed
        self.hours_frac = np.zeros(off.shape)  # [zone, tier, slot] of the hours of the slot
        if settings.allow and zones.size:
            by_zone = filled(rank, case.days.weight_h, np.full(zones.size, settings.max_hours_per_year))
            self.hours_frac[zones] = np.minimum(by_zone[:, None, :], off[zones])
        most = self.hours_frac.max(axis=1, initial=0.0)[sets.site_zone[slots["site"]], slots["slot"]]
        self.slot: Index = slots.select(most > _NONE, "shed")  # (site, year, slot) in which load may be shed
        self.site_year: Index = distinct(self.slot, "site", "year", name="shed_site_year")  # (site, year) of these
        self.max_energy_frac: float = settings.max_energy_frac  # of the energy that a site would use
        self.usd_per_mwh: float = settings.usd_per_mwh
        self.deployment_frac = racks.deferrable_frac  # [deployment] of its work that may be lost


def _service(case: ScopedCase, offer: NonFirmOffer, site_year: Index) -> Index:
    """Return the sites and years in which some may be non-firm."""
    is_there = (offer.connect["year"][:, None] <= np.arange(len(case.year))) & (offer.turns_firm[:, None] > case.year)
    connected, t = np.nonzero(is_there)
    may = mask_at((len(case.sites), len(case.year)), (offer.connect["site"][connected], t))
    return site_year.select(np.flatnonzero(may[site_year["site"], site_year["year"]]), "non_firm")


def _off(case: ScopedCase, sets: Sets, tier: Axis, zones: NDArray[np.intp], rank: Floats) -> Floats:
    """Share of each time slice in which non-firm power of a tier is off, (zone, tier, slot)."""
    share = np.zeros((len(sets.zone), len(tier), len(sets.slot)))
    if not zones.size:
        return share
    hours = _hours_off(case, [sets.zone.labels[z] for z in zones], [float(label) for label in tier.labels])
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
    substation, network = _substation_and_network_usd_per_mw(case)
    cost = substation + service_figure(case, "upgrade_cost_frac") * network
    if settings.expansion_usd_per_mw is not None:
        cost *= settings.expansion_usd_per_mw / (substation + network)
    return cost / USD_PER_MUSD


_NAMED: Final = 4  # zones
LOWEST_RATE_PCT: Final = 0.25
"""Lowest rate of curtailment in table `zone_headroom`, which firm connection is a share of. [%]"""


class Headroom:
    """Limits of new connection by zone and year that can bind.

    Connections only grow: what later years allow binds earlier years as well, and a year whose
    limit is not below that of a later one needs no row. Firm connection needs no limit of its
    own where it is as large as that of firm and non-firm together.
    """

    def __init__(self, case: ScopedCase, sets: Sets, committed_facility_mw: Floats, non_firm: NonFirmOffer) -> None:
        """Take `committed_facility_mw` (site, year) [MW]."""
        rate_pct = case.scenario.grid.curtailment_rate_pct
        share = case.scenario.grid.firm_headroom_frac
        growth = _growth_mw(case, sets) if case.scenario.grid.headroom_growth else 0.0
        limit = _limit_mw(case, sets, rate_pct, growth)
        firm_limit = limit
        if share is not None:
            firm_limit = np.minimum(limit, share * _limit_mw(case, sets, LOWEST_RATE_PCT, growth))
        committed = sum_at(limit.shape, (sets.site_zone,), committed_facility_mw)
        _note_full(case, sets, committed - firm_limit, committed_facility_mw.max(axis=1) > 0.0)
        _note_estimates(case, sets)
        by_tier = [_limit_mw(case, sets, float(label), growth) for label in non_firm.tier.labels]
        total_mw = _until_later(np.maximum(np.stack([limit, *by_tier]) - committed, 0.0))
        firm_mw = _until_later(np.maximum(firm_limit - committed, 0.0))
        has_total = np.isin(np.arange(len(sets.zone)), sets.site_zone[non_firm.connect["site"]])
        firm = non_firm.may_be_firm
        is_total = _binds(total_mw[1:]) & _since(sets, firm, non_firm.connect) & has_total[:, None]
        is_firm = _binds(firm_mw) & _since(sets, firm)
        is_firm &= ~has_total[:, None] | (firm_mw < total_mw[0])
        axes = (sets.zone, sets.year)
        # (zone, year) in which firm connection meets a limit of its own, beyond commitments. [MW]
        self.firm = Index.sparse("headroom", axes, np.nonzero(is_firm))
        self.firm_mw: Floats = firm_mw[is_firm]
        k, z, t = np.nonzero(is_total)
        # (zone, year, tier) in which firm connection and non-firm up to a tier meet one. [MW]
        self.total, self.total_mw = (
            Index.sparse("all_headroom", (*axes, non_firm.tier), (z, t, k)),
            total_mw[1:][is_total],
        )
        zone, year = (grid.ravel() for grid in np.indices(limit.shape))
        labels = {"zone": sets.zone.texts[zone], "year": sets.year.texts[year]}
        of_report = {"limit_mw": limit, "firm_limit_mw": firm_limit, "committed_mw": committed}
        by_zone = {name: mw.ravel() for name, mw in of_report.items()}
        self.every = pd.DataFrame({**labels, **by_zone, "rate_pct": rate_pct})  # for the report


def _until_later(room: Floats) -> Floats:
    """Return the least room of a year and those after it."""
    return np.minimum.accumulate(room[..., ::-1], axis=-1)[..., ::-1]


def _binds(room: Floats) -> np.ndarray:
    """Return whether a year has less room than the next; the last always counts."""
    binds = np.ones(room.shape, dtype=np.bool_)
    binds[..., :-1] = room[..., :-1] < room[..., 1:]
    return binds


def _since(sets: Sets, *offers: Index) -> np.ndarray:
    """Return whether anything may have been connected in a zone by a year."""
    first = np.full(len(sets.zone), len(sets.year))
    for index in offers:
        np.minimum.at(first, sets.site_zone[index["site"]], index["year"])
    return np.asarray(np.arange(len(sets.year)) >= first[:, None])


def _note_full(case: ScopedCase, sets: Sets, excess_mw: Floats, comes: Bools) -> None:
    """Note in which zones and years more is under construction than the headroom.

    Takes `excess_mw` (zone, year) [MW], `comes` (site,).
    """
    kind = "" if case.scenario.grid.firm_headroom_frac is None else "firm "
    parts = []
    for z in np.flatnonzero((excess_mw > 0.0).any(axis=1)):
        full = np.flatnonzero(excess_mw[z] > 0.0)
        first, last = case.year[full[0]], case.last_year[full[-1]]
        years = f"{first}" if first == last else f"{first} to {last}"
        zone, by_mw = sets.zone.labels[z], amount(excess_mw[z].max())
        sites = [sets.site.labels[s] for s in np.flatnonzero(comes & (sets.site_zone == z))]
        keys = [own_key(case.scenario, site, "grid_firm_mw") for site in sites]
        if None in keys:
            parts.append((f"{zone} in {years} (by {by_mw} MW)", sites))
            continue
        case.findings.add_note(
            f"What is under construction at {some(sites, _NAMED)} is connected as grid_firm_mw says. It takes {by_mw}"
            f" MW more than the {kind}headroom of {zone} in {years}: no {kind}connection is possible there beyond it up"
            " to the last of these years.",
            keys[0],
        )
    if not parts:
        return
    text = (
        f"Capacity under construction exceeds the {kind}headroom of {some([part for part, _ in parts], _NAMED)}. It is"
        f" kept; no new {kind}connection is possible there up to the last of these years."
    )
    halls = np.flatnonzero(case.tables[HALLS]["site"].isin([site for _, sites in parts for site in sites]))
    case.findings.add_note(text, TableCell(HALLS, int(halls[0]), "first_year") if halls.size else None)


def _note_estimates(case: ScopedCase, sets: Sets) -> None:
    grid = case.scenario.grid
    table = case.tables["zone_headroom"]
    table = table[table["curtailment_rate_pct"] == grid.curtailment_rate_pct]
    is_estimate = set(table.loc[table["kind"] == "estimate", "zone"])
    estimated = [zone for zone in sets.zone.labels if zone in is_estimate]
    if estimated:
        sites = sum(zone in is_estimate for zone in texts(case.sites, "zone"))
        case.findings.add_note(
            f"The headroom of {len(estimated)} of {len(sets.zone)} zones, with {sites} of"
            f" {len(case.sites)} sites, is an estimate: {', '.join(estimated)}."
        )
    if grid.firm_headroom_frac is None:
        case.findings.add_note(
            f"Headroom is what zones take if {grid.curtailment_rate_pct:g} % of the new load's energy may be curtailed;"
            " firm connection takes it as if none were (grid.firm_headroom_frac sets how much of it is firm)."
        )


def _limit_mw(case: ScopedCase, sets: Sets, rate_pct: float, growth_mw: Floats | float) -> Floats:
    """Headroom of every zone at the operator's share, (zone, year). [MW]"""
    settings = case.scenario.grid
    table = case.tables["zone_headroom"]
    table = table[table["curtailment_rate_pct"] == rate_pct]
    axes, lacks = {"zone": sets.zone.labels}, f"zone {{}} has no headroom at {rate_pct:g} %"
    base = case.dense("zone_headroom", axes, "headroom_mw", lacks, "a row for each zone of a site", rows=table)
    limit = np.repeat(base[:, None], len(sets.year), axis=1) + growth_mw
    return limit * settings.headroom_scale_frac * case.scenario.operator.headroom_share_frac


def _growth_mw(case: ScopedCase, sets: Sets) -> Floats:
    """Headroom added since the base year, held after the table's last year. [MW], (zone, year)

    Zones without rows do not grow; one with rows has one for every year of the table.
    """
    table = case.tables["zone_headroom_growth"]
    calendar = list(range(int(table["year"].min()), int(table["year"].max()) + 1))
    added = dense_by_ids(table, {"zone": sets.zone.labels, "year": calendar}, "added_headroom_mw")
    is_blank = np.isnan(added)
    has_none = is_blank.all(axis=1)
    for z in np.flatnonzero(is_blank.any(axis=1) & ~has_none):
        what_is = f"zone {sets.zone.labels[z]} lacks a year"
        case.findings.add(
            "zone_headroom_growth", what_is, f"rows for {calendar[0]} to {calendar[-1]}, or none", "add them"
        )
    if has_none.any():
        case.findings.add_note(
            f"The headroom of {has_none.sum()} of {has_none.size} zones does not grow: table"
            " zone_headroom_growth has no rows for them."
        )
    if case.year[-1] > calendar[-1]:
        case.findings.add_note(f"Headroom does not grow after {calendar[-1]}, the table's last year.")
    added = np.where(is_blank, 0.0, added)
    return np.where(case.year >= calendar[0], added[:, np.clip(case.year - calendar[0], 0, len(calendar) - 1)], 0.0)


_INTERCONNECTION: Final = "interconnection"
_ROOM_MW: Final = 1.0
"""Less of a connection that is free in the first year is not worth a note."""


class GridInputs(Record):
    """Prices, tariffs, interconnection, headroom."""

    def __init__(
        self,
        case: ScopedCase,
        sets: Sets,
        stock: Stock,
        committed_facility_mw: Floats,
        leads: Leads,
        prices: PowerPrices,
        site_year: Index,
        headroom: Headroom,
        other_mw: Floats,
    ) -> None:
        """Take `committed_facility_mw` (site, year) [MW], `other_mw` (site, slot) [MW]."""
        s, t = site_year["site"], site_year["year"]
        # wholesale + adder, [slot of PowerInputs.slot]
        self.energy_usd_per_mwh: Floats = prices.energy_usd_per_mwh[s, t].ravel()
        self.demand_charge_usd_per_kw_month: Floats = prices.demand_charge_usd_per_kw_month[s, t]  # [site_year]
        periods = case.days.billing_periods
        self.period = Axis("period", tuple(p.name for p in periods))
        # Without a demand charge too: a connection carries the peak of every period.
        self.billing: Index = cross(site_year, self.period, name="billing")  # (site, year, period)
        slots = np.array([(at, slot) for at, one in enumerate(periods) for slot in one.slots], dtype=np.intp)
        # (period, slot), whose maximum is billed
        self.billing_slot: Index = Index.sparse("billing_slot", (self.period, sets.slot), (slots[:, 0], slots[:, 1]))
        self.billing_months = np.array([float(p.months) for p in periods])  # [period]
        there_mw = (stock.facility_mw + other_mw.max(axis=1))[:, None] + committed_facility_mw
        own_mw = np.array([firm_path_mw(case, site) for site in case.ids("sites")])
        firm_mw = np.where(np.isnan(own_mw), there_mw, own_mw)
        _note_waiting(case, leads, firm_mw - there_mw)
        self.firm = site_year  # (site, year)
        self.firm_mw: Floats = firm_mw[s, t]  # [firm], existing and committed
        es, et = np.nonzero(leads.connection.may & mask_at(firm_mw.shape, (s, t)))
        self.expand: Index = Index.sparse("expand", (sets.site, sets.year), (es, et))  # (site, year)
        self.expand_start: Floats = leads.connection.service[es, et]  # [expand] service start
        end = case.last_year[et] + 1.0
        self.expand_first_year_frac: Floats = (end - self.expand_start) / (end - case.year[et])  # [expand]
        own = case.scenario.grid.expansion_usd_per_mw
        usd_per_mw = sum(_substation_and_network_usd_per_mw(case)) if own is None else own
        self.expand_capex_musd_per_mw = np.full(self.expand.size, usd_per_mw / USD_PER_MUSD)  # [expand]
        self.lease_firm_mw_per_mw: float = case.scenario.demand.facility_mw_per_rack_mw
        self.contract_min_nameplate_frac: float = case.scenario.grid.contract_min_nameplate_frac
        # (zone, year) for firm alone, dominated years dropped; for new firm beyond commitments, [headroom]
        self.headroom, self.headroom_mw = headroom.firm, headroom.firm_mw
        self.headroom_by_zone = headroom.every  # zone, year, limit_mw, firm_limit_mw, committed_mw, rate_pct
        self.curtailment_rate_pct: float = case.scenario.grid.curtailment_rate_pct


def _substation_and_network_usd_per_mw(case: ScopedCase) -> tuple[float, float]:
    items = ("substation_customer", "interconnection_network")
    substation, network = (case.item("facility_cost", item, "USD/MW facility") for item in items)
    return substation, network


def _note_waiting(case: ScopedCase, leads: Leads, spare_mw: Floats) -> None:
    """Note where halls wait for a connection though one that is stated has room, (site, year)."""
    waits = np.isin(leads.hall.by, (_INTERCONNECTION, NON_FIRM, FOR_GRID)) & bools(case.sites, "new_halls")
    waits &= leads.hall.start > case.year[0] + 1.0
    for row in np.flatnonzero(waits & (spare_mw[:, 0] >= _ROOM_MW)):
        site, zone = case.ids("sites")[row], texts(case.sites, "zone")[row]
        key = own_key(case.scenario, site, "grid_firm_mw")
        if key is None:
            continue
        case.findings.add_note(
            f"New halls at {site} wait {leads.hall.months[row]:.0f} months for a connection in {zone}, to"
            f" {moment(leads.hall.start[row])}, though grid_firm_mw leaves {amount(spare_mw[row, 0])} MW unused in"
            f" {case.year[0]}: give {site} hall_lead_months if that carries them.",
            key,
        )


class BalanceInputs(Record):
    """Where something answers to the hour: on-site sources, batteries, shedding, contracts.

    Everywhere else what a site draws from the grid is what it uses, and no row says so.
    """

    def __init__(
        self, sets: Sets, site_year: Index, answers: Bools, energy_usd_per_mwh: Floats, counts: Bools | None = None
    ) -> None:
        """Take `answers` (site_year,), `energy_usd_per_mwh` [USD/MWh], `counts` (site_year,)."""
        counts = np.zeros(site_year.size, dtype=np.bool_) if counts is None else counts
        self.site_year: Index = site_year.select(answers | counts, "balance")  # (site, year)
        # (site, year, slot) = site_year x slot
        self.slot: Index = cross(self.site_year, sets.slot, name="balance_slot")
        is_exact = ((energy_usd_per_mwh.reshape(-1, len(sets.slot)) < 0.0) | counts[:, None])[answers | counts].ravel()
        self.surplus: Index = self.slot.select(~is_exact, "surplus_slot")  # those in which it is curtailed at no cost
        # in which power must be used up, or curtailed: those with a price below 0, and all where what is drawn counts
        # under contract or as clean
        self.exact: Index = self.slot.select(is_exact, "exact_slot")
