"""Headroom: what new connection a zone can take, firm and in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.number_format import amount
from planner.base.words import some
from planner.inputs.existing_halls import HALLS
from planner.inputs.places import own_key
from planner.inputs.table_columns import dense_by_ids, texts
from planner.lp import Index

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.lp import Axis

__all__ = ["LOWEST_RATE_PCT", "Headroom", "headroom_lists"]

_NAMED: Final = 4  # zones
LOWEST_RATE_PCT: Final = 0.25
"""Lowest rate of curtailment in table `zone_headroom`, which firm connection is a share of. [%]"""


@dataclass(frozen=True)
class Headroom:
    """Limits of new connection in zones."""

    firm: Index  # (zone, year) in which firm connection meets a limit of its own
    firm_mw: Floats  # the limits beyond commitments. [MW]
    total: Index  # (zone, year, tier) in which firm connection and non-firm up to a tier meet one
    total_mw: Floats
    every: pd.DataFrame  # zone, year, limit_mw, firm_limit_mw, committed_mw, rate_pct: for the report


def headroom_lists(
    case: ScopedCase, sets: Sets, committed_facility_mw: Floats, firm: Index, non_firm: Index, tier: Axis
) -> Headroom:
    """Return the limits of new connection by zone and year that can bind.

    Connections only grow: what later years allow binds earlier years as well, and a year whose
    limit is not below that of a later one needs no row. Firm connection needs no limit of its
    own where it is as large as that of firm and non-firm together.
    Takes `committed_facility_mw` (site, year) [MW], `firm` (site, year), `non_firm` (site, year), `tier` [%].
    """
    rate_pct = case.scenario.grid.curtailment_rate_pct
    share = case.scenario.grid.firm_headroom_frac
    growth = _growth_mw(case, sets) if case.scenario.grid.headroom_growth else 0.0
    limit = _limit_mw(case, sets, rate_pct, growth)
    firm_limit = limit
    if share is not None:
        firm_limit = np.minimum(limit, share * _limit_mw(case, sets, LOWEST_RATE_PCT, growth))
    committed = np.zeros(limit.shape)
    np.add.at(committed, sets.site_zone, committed_facility_mw)
    _note_full(case, sets, committed - firm_limit, committed_facility_mw.max(axis=1) > 0.0)
    _note_estimates(case, sets)
    by_tier = [_limit_mw(case, sets, float(label), growth) for label in tier.labels]
    total_mw = _until_later(np.maximum(np.stack([limit, *by_tier]) - committed, 0.0))
    firm_mw = _until_later(np.maximum(firm_limit - committed, 0.0))
    since_total = _since(sets, non_firm, min_with=firm)
    has_total = np.isin(np.arange(len(sets.zone)), sets.site_zone[non_firm["site"]])
    total = _binds(total_mw[1:]) & since_total & has_total[:, None]
    k, z, t = np.nonzero(total)
    own = _binds(firm_mw) & _since(sets, firm)
    own &= ~has_total[:, None] | (firm_mw < total_mw[0])
    zone, year = (grid.ravel() for grid in np.indices(limit.shape))
    axes = (sets.zone, sets.year)
    return Headroom(
        firm=Index.sparse("headroom", axes, np.nonzero(own)),
        firm_mw=firm_mw[own],
        total=Index.sparse("all_headroom", (*axes, tier), (z, t, k)),
        total_mw=total_mw[1:][total],
        every=pd.DataFrame(
            {
                "zone": sets.zone.texts[zone],
                "year": sets.year.texts[year],
                "limit_mw": limit.ravel(),
                "firm_limit_mw": firm_limit.ravel(),
                "committed_mw": committed.ravel(),
                "rate_pct": rate_pct,
            }
        ),
    )


def _until_later(room: Floats) -> Floats:
    """Return the least room of a year and those after it."""
    return np.minimum.accumulate(room[..., ::-1], axis=-1)[..., ::-1]


def _binds(room: Floats) -> np.ndarray:
    """Return whether a year has less room than the next; the last always counts."""
    binds = np.ones(room.shape, dtype=np.bool_)
    binds[..., :-1] = room[..., :-1] < room[..., 1:]
    return binds


def _since(sets: Sets, offers: Index, min_with: Index | None = None) -> np.ndarray:
    """Return whether anything may have been connected in a zone by a year."""
    first = np.full(len(sets.zone), len(sets.year))
    for index in (offers, min_with):
        if index is not None:
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
            f"What is under construction at {some(sites, _NAMED)} is connected as grid_firm_mw"
            f" says. It takes {by_mw} MW more than the {kind}headroom of {zone} in {years}: no"
            f" {kind}connection is possible there beyond it up to the last of these years.",
            keys[0],
        )
    if not parts:
        return
    text = (
        f"Capacity under construction exceeds the {kind}headroom of {some([part for part, _ in parts], _NAMED)}. It is"
        f" kept; no new {kind}connection is possible there up to the last of these years."
    )
    halls = case.tables[HALLS]["site"].isin([site for _, sites in parts for site in sites])
    if halls.any():
        case.findings.add_note_at_row(HALLS, int(np.flatnonzero(halls)[0]), "first_year", text)
    else:
        case.findings.add_note(text)


def _note_estimates(case: ScopedCase, sets: Sets) -> None:
    """Note what of the headroom is an estimate, and what of the energy may be curtailed."""
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
    base = dense_by_ids(table, {"zone": sets.zone.labels}, "headroom_mw")
    for z in np.flatnonzero(np.isnan(base)):
        case.findings.add_at_table(
            "zone_headroom",
            f"zone {sets.zone.labels[z]} has no headroom at {rate_pct:g} %",
            "a row for each zone of a site",
            "add it",
        )
    limit = np.repeat(base[:, None], len(sets.year), axis=1) + growth_mw
    return limit * settings.headroom_scale_frac * case.scenario.operator.headroom_share_frac


def _growth_mw(case: ScopedCase, sets: Sets) -> Floats:
    """Headroom added since the base year, held after the table's last year. [MW], (zone, year)

    Zones without rows do not grow; one with rows has one for every year of the table.
    """
    table = case.tables["zone_headroom_growth"]
    calendar = list(range(int(table["year"].min()), int(table["year"].max()) + 1))
    axes = {"zone": sets.zone.labels, "year": calendar}
    added = dense_by_ids(table, axes, "added_headroom_mw")
    is_blank = np.isnan(added)
    has_none = is_blank.all(axis=1)
    for z in np.flatnonzero(is_blank.any(axis=1) & ~has_none):
        case.findings.add_at_table(
            "zone_headroom_growth",
            f"zone {sets.zone.labels[z]} lacks a year",
            f"rows for {calendar[0]} to {calendar[-1]}, or none",
            "add them",
        )
    if has_none.any():
        case.findings.add_note(
            f"The headroom of {has_none.sum()} of {has_none.size} zones does not grow: table"
            " zone_headroom_growth has no rows for them."
        )
    if case.year[-1] > calendar[-1]:
        case.findings.add_note(f"Headroom does not grow after {calendar[-1]}, the table's last year.")
    added = np.where(is_blank, 0.0, added)
    place = np.clip(case.year - calendar[0], 0, len(calendar) - 1)
    return np.where(case.year >= calendar[0], added[:, place], 0.0)
