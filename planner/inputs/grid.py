"""Grid: connections that exist, are committed and can be added, and the headroom of zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import amount, moment
from planner.base.units import USD_PER_MUSD
from planner.inputs.headroom import headroom_lists
from planner.inputs.leads import NON_FIRM
from planner.inputs.places import own_key
from planner.inputs.table_columns import bools, texts
from planner.lp import Axis, Index
from planner.scenario import path_value

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.headroom import Headroom
    from planner.inputs.leads import Leads
    from planner.inputs.non_firm import NonFirmOffer
    from planner.inputs.power_prices import PowerPrices
    from planner.inputs.stock import Stock

__all__ = ["GridInputs", "grid_inputs"]


_INTERCONNECTION: Final = "interconnection"
_ROOM_MW: Final = 1.0
"""Less of a connection that is free in the first year is not worth a note."""


@dataclass(frozen=True)
class GridInputs:
    """Prices, tariffs, interconnection, headroom."""

    energy_usd_per_mwh: Floats  # [slot of PowerInputs.slot], wholesale + adder
    demand_charge_usd_per_kw_month: Floats  # [site_year]
    billing: Index  # (site, year, period)
    billing_slot: Index  # (period, slot), whose maximum is billed
    billing_months: Floats  # [period]
    period: Axis
    firm: Index  # (site, year)
    firm_mw: Floats  # [firm], existing and committed
    expand: Index  # (site, year)
    expand_first_year_frac: Floats  # [expand]
    expand_start: Floats  # [expand] service start
    expand_capex_musd_per_mw: Floats  # [expand]
    lease_firm_mw_per_mw: float
    contract_min_nameplate_frac: float
    headroom: Index  # (zone, year) for firm alone, dominated years dropped
    headroom_mw: Floats  # [headroom], for new firm beyond commitments
    headroom_by_zone: pd.DataFrame  # zone, year, limit_mw, firm_limit_mw, committed_mw, rate_pct
    curtailment_rate_pct: float


def grid_inputs(
    case: ScopedCase,
    sets: Sets,
    stock: Stock,
    committed_facility_mw: Floats,
    leads: Leads,
    prices: PowerPrices,
    site_year: Index,
    non_firm: NonFirmOffer,
    other_mw: Floats,
) -> tuple[GridInputs, Headroom]:
    """Make the lists of the grid. Takes `committed_facility_mw` (site, year) [MW], `other_mw` (site, slot) [MW]."""
    settings = case.scenario.grid
    s, t = site_year["site"], site_year["year"]
    standing_mw = stock.facility_mw + other_mw.max(axis=1)
    there_mw = standing_mw[:, None] + committed_facility_mw
    firm = _firm_mw(case, there_mw)
    _note_waiting(case, leads, firm - there_mw)
    in_plan = np.zeros(firm.shape, dtype=np.bool_)
    in_plan[s, t] = True
    es, et = np.nonzero(leads.connection.may & in_plan)
    start = leads.connection.service[es, et]
    end = case.last_year[et] + 1.0
    expand = Index.sparse("expand", (sets.site, sets.year), (es, et))
    periods = case.days.billing_periods
    period = Axis("period", tuple(p.name for p in periods))
    n = len(periods)
    # Without a demand charge too: a connection carries the peak of every period.
    billing = Index.sparse(
        "billing", (sets.site, sets.year, period), (np.repeat(s, n), np.repeat(t, n), np.tile(np.arange(n), s.size))
    )
    firm_axes = (sets.site, sets.year)
    may_be_firm = np.zeros([len(axis) for axis in firm_axes], dtype=np.bool_)
    for index in (expand, non_firm.firm):
        may_be_firm[index.codes] = True
    enters = Index.sparse("firm enters", firm_axes, np.nonzero(may_be_firm))
    headroom = headroom_lists(case, sets, committed_facility_mw, enters, non_firm.connect, non_firm.tier)
    lists = GridInputs(
        energy_usd_per_mwh=prices.energy_usd_per_mwh[s, t].ravel(),
        demand_charge_usd_per_kw_month=prices.demand_charge_usd_per_kw_month[s, t],
        billing=billing,
        billing_slot=Index.sparse(
            "billing_slot",
            (period, sets.slot),
            (
                np.repeat(np.arange(n), [len(p.slots) for p in periods]),
                np.concatenate([np.array(p.slots, dtype=np.int64) for p in periods]),
            ),
        ),
        billing_months=np.array([float(p.months) for p in periods]),
        period=period,
        firm=site_year,
        firm_mw=firm[s, t],
        expand=expand,
        expand_first_year_frac=(end - start) / (end - case.year[et]),
        expand_start=start,
        expand_capex_musd_per_mw=np.full(expand.size, _expansion_musd_per_mw(case)),
        lease_firm_mw_per_mw=case.scenario.demand.facility_mw_per_rack_mw,
        contract_min_nameplate_frac=settings.contract_min_nameplate_frac,
        headroom=headroom.firm,
        headroom_mw=headroom.firm_mw,
        headroom_by_zone=headroom.every,
        curtailment_rate_pct=settings.curtailment_rate_pct,
    )
    return lists, headroom


def _expansion_musd_per_mw(case: ScopedCase) -> float:
    own = case.scenario.grid.expansion_usd_per_mw
    if own is None:
        own = case.item("facility_cost", "substation_customer", "USD/MW facility") + case.item(
            "facility_cost", "interconnection_network", "USD/MW facility"
        )
    return own / USD_PER_MUSD


def _note_waiting(case: ScopedCase, leads: Leads, spare_mw: Floats) -> None:
    """Note where halls wait for a connection though one that is stated has room, (site, year)."""
    waits = np.isin(leads.hall.by, (_INTERCONNECTION, NON_FIRM)) & bools(case.sites, "new_halls")
    waits &= leads.hall.start > case.year[0] + 1.0
    for row in np.flatnonzero(waits & (spare_mw[:, 0] >= _ROOM_MW)):
        site, zone = case.ids("sites")[row], texts(case.sites, "zone")[row]
        key = own_key(case.scenario, site, "grid_firm_mw")
        if key is None:
            continue
        case.findings.add_note(
            f"New halls at {site} wait {leads.hall.months[row]:.0f} months for an interconnection of {zone}, to"
            f" {moment(leads.hall.start[row])}, though grid_firm_mw leaves {amount(spare_mw[row, 0])} MW unused in"
            f" {case.year[0]}: give {site} hall_lead_months if that carries them.",
            key,
        )


def _firm_mw(case: ScopedCase, table_mw: Floats) -> Floats:
    """Firm connection by site and year, the scenario's own figures in place. [MW]"""
    firm = table_mw.copy()
    for overrides in (case.scenario.new_sites, case.scenario.sites):
        for id_, site in overrides.items():
            if site.grid_firm_mw is None or id_ not in case.ids("sites"):
                continue
            place = case.ids("sites").index(id_)
            for t, year in enumerate(case.years.years):
                own = path_value(site.grid_firm_mw, year)
                firm[place, t] = firm[place, t] if own is None else own
    return firm
