"""Grid: connections that stand, are committed and can be added, and the headroom of zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.inputs.frames import by_ids, texts
from planner.inputs.types import GridInputs
from planner.lp import Axis, Index
from planner.scenario import held
from planner.units import USD_PER_MUSD

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.leads import Leads
    from planner.inputs.prices import Prices
    from planner.inputs.stock import Stock
    from planner.inputs.types import Floats, Sets

__all__ = ["grid_inputs"]


def grid_inputs(
    case: Case,
    sets: Sets,
    stock: Stock,
    committed_facility_mw: Floats,
    leads: Leads,
    prices: Prices,
    site_year: Index,
) -> GridInputs:
    """Make the lists of the grid.

    Parameters
    ----------
    case : Case
        Sites, zones and settings.
    sets : Sets
        Axes.
    stock : Stock
        Facility power that stands.
    committed_facility_mw : array of float
        Facility power under construction, cumulative, shape (site, year). [MW]
    leads : Leads
        When new connections can serve.
    prices : Prices
        Price of energy and peaks.
    site_year : Index
        Sites and years in the plan.

    Returns
    -------
    GridInputs
    """
    settings = case.scenario.grid
    s, t = site_year["site"], site_year["year"]
    firm = _firm_mw(case, stock.facility_mw[:, None] + committed_facility_mw)
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
        "billing",
        (sets.site, sets.year, period),
        (np.repeat(s, n), np.repeat(t, n), np.tile(np.arange(n), s.size)),
    )
    headroom, headroom_mw, every = _headroom(case, sets, committed_facility_mw, expand)
    return GridInputs(
        energy_usd_per_mwh=prices.energy_usd_per_mwh[s, t].ravel(),
        demand_charge_usd_per_kw_month=prices.demand_charge_usd_per_kw_month[s, t],
        billing=billing,
        billing_slot=pd.DataFrame(
            {
                "period": np.repeat(np.arange(n), [len(p.slots) for p in periods]),
                "slot": np.concatenate([np.array(p.slots, dtype=np.int64) for p in periods]),
            }
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
        headroom=headroom,
        headroom_mw=headroom_mw,
        headroom_all=every,
        curtailment_rate_pct=settings.curtailment_rate_pct,
    )


def _expansion_musd_per_mw(case: Case) -> float:
    own = case.scenario.grid.expansion_usd_per_mw
    if own is None:
        own = case.item("facility_cost", "substation_customer", "USD/MW facility") + case.item(
            "facility_cost", "interconnection_network", "USD/MW facility"
        )
    return own / USD_PER_MUSD


def _firm_mw(case: Case, table_mw: Floats) -> Floats:
    """Firm connection by site and year, the scenario's own figures in place. [MW]"""
    firm = table_mw.copy()
    for overrides in (case.scenario.new_sites, case.scenario.sites):
        for id_, site in overrides.items():
            if site.grid_firm_mw is None or id_ not in case.ids("sites"):
                continue
            place = case.ids("sites").index(id_)
            for t, year in enumerate(case.years.years):
                own = held(site.grid_firm_mw, year)
                firm[place, t] = firm[place, t] if own is None else own
    return firm


def _headroom(
    case: Case, sets: Sets, committed_facility_mw: Floats, expand: Index
) -> tuple[Index, Floats, pd.DataFrame]:
    """Room for new connections by zone and year; rows that a later year makes idle drop out."""
    limit = _limit_mw(case, sets)
    committed = np.zeros(limit.shape)
    np.add.at(committed, sets.site_zone, committed_facility_mw)
    room = np.maximum(limit - committed, 0.0)
    is_full = (committed > limit).any(axis=1)
    if is_full.any():
        case.findings.note(
            f"What is under construction exceeds the headroom of {is_full.sum()} of"
            f" {is_full.size} zones: it stands, and nothing is added to it there."
        )
    # Connections only grow: what later years allow binds earlier years as well.
    later = np.minimum.accumulate(room[:, ::-1], axis=1)[:, ::-1]
    binds = np.ones(room.shape, dtype=np.bool_)
    binds[:, :-1] = room[:, :-1] < later[:, 1:]
    first = np.full(len(sets.zone), len(sets.year))
    np.minimum.at(first, sets.site_zone[expand["site"]], expand["year"])
    z, t = np.nonzero(binds & (np.arange(len(sets.year)) >= first[:, None]))
    zone, year = (grid.ravel() for grid in np.indices(room.shape))
    every = pd.DataFrame(
        {
            "zone": sets.zone.texts[zone],
            "year": sets.year.texts[year],
            "limit_mw": limit.ravel(),
            "committed_mw": committed.ravel(),
            "rate_pct": case.scenario.grid.curtailment_rate_pct,
        }
    )
    return Index.sparse("headroom", (sets.zone, sets.year), (z, t)), room[z, t], every


def _limit_mw(case: Case, sets: Sets) -> Floats:
    """Headroom of every zone at the operator's share, (zone, year). [MW]"""
    settings = case.scenario.grid
    table = case.tables["zone_headroom"]
    table = table[table["curtailment_rate_pct"] == settings.curtailment_rate_pct]
    base = by_ids(table, {"zone": sets.zone.labels}, "headroom_mw")
    for z in np.flatnonzero(np.isnan(base)):
        case.findings.at_table(
            "zone_headroom",
            f"zone {sets.zone.labels[z]} has no headroom at {settings.curtailment_rate_pct:g} %",
            "a row for each zone of a site",
            "add it",
        )
    is_estimate = set(table.loc[table["kind"] == "estimate", "zone"])
    estimated = [zone for zone in sets.zone.labels if zone in is_estimate]
    if estimated:
        sites = sum(zone in is_estimate for zone in texts(case.sites, "zone"))
        case.findings.note(
            f"The headroom of {len(estimated)} of {len(sets.zone)} zones, with {sites} of"
            f" {len(case.sites)} sites, is an estimate: {', '.join(estimated)}."
        )
    limit = np.repeat(base[:, None], len(sets.year), axis=1)
    if settings.headroom_growth:
        limit = limit + _growth_mw(case, sets)
    case.findings.note(
        f"Headroom is what zones take if {settings.curtailment_rate_pct:g} % of the new load's"
        " energy may be curtailed; the plan does not yet model the curtailed hours."
    )
    return limit * settings.headroom_scale_frac * case.scenario.operator.headroom_share_frac


def _growth_mw(case: Case, sets: Sets) -> Floats:
    """Headroom added since the base year, held after the table's last year. [MW], (zone, year)

    Zones without rows do not grow; one with rows has one for every year of the table.
    """
    table = case.tables["zone_headroom_growth"]
    calendar = list(range(int(table["year"].min()), int(table["year"].max()) + 1))
    axes = {"zone": sets.zone.labels, "year": calendar}
    added = by_ids(table, axes, "added_headroom_mw")
    is_blank = np.isnan(added)
    has_none = is_blank.all(axis=1)
    for z in np.flatnonzero(is_blank.any(axis=1) & ~has_none):
        case.findings.at_table(
            "zone_headroom_growth",
            f"zone {sets.zone.labels[z]} lacks a year",
            f"rows for {calendar[0]} to {calendar[-1]}, or none",
            "add them",
        )
    if has_none.any():
        case.findings.note(
            f"The headroom of {has_none.sum()} of {has_none.size} zones does not grow: table"
            " zone_headroom_growth has no rows for them."
        )
    if case.year[-1] > calendar[-1]:
        case.findings.note(f"Headroom does not grow after {calendar[-1]}, the table's last year.")
    added = np.where(is_blank, 0.0, added)
    place = np.clip(case.year - calendar[0], 0, len(calendar) - 1)
    return np.where(case.year >= calendar[0], added[:, place], 0.0)
