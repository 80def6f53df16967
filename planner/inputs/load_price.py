"""Index lists and coefficients of a price that rises with new load in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.table_columns import floats, ints
from planner.lp import Axis, Index
from planner.lp.join import cross

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase

__all__ = ["LoadPriceInputs", "load_price_inputs"]


@dataclass(frozen=True)
class LoadPriceInputs:
    """Supply curves of zones in blocks; every list is empty where the scenario has none."""

    zone_slot: Index  # (zone, year, slot) with a supply curve
    standing_mw: Floats  # [zone_slot] connection of the base year: load below it is not new
    block: Index  # (zone, block, year, slot) = zone_slot x block
    width_mw: Floats  # [block]; the last of a zone is infinite
    adder_usd_per_mwh: Floats  # [block], above the price of the slot; never falls within a zone


_TABLE: Final = "price_blocks"
_DEFAULT: Final = "default"


def load_price_inputs(case: ScopedCase, sets: Sets, base_year_facility_mw: Floats, site_year: Index) -> LoadPriceInputs:
    """Make the supply curves of zones.

    The share of a zone's peak at which a block ends is for all new load of the zone; others grow
    as the operator does, so its blocks are as wide as its share of the headroom.
    Takes `base_year_facility_mw` (site,) [MW].
    """
    settings = case.scenario.energy.load_price
    _check_curves(case)
    case.findings.stop_if_wrong()  # a curve with a hole in it has no widths
    zones = len(sets.zone)
    has_site = np.zeros((zones, len(sets.year)), dtype=np.bool_)
    has_site[sets.site_zone[site_year["site"]], site_year["year"]] = settings.allow
    zone_year = Index.sparse("zone_load", (sets.zone, sets.year), np.nonzero(has_site))
    zone_slot = cross(zone_year, sets.slot, name="zone_load")
    standing = np.zeros(zones)
    np.add.at(standing, sets.site_zone, base_year_facility_mw)

    curves = [_curve(case, zone) if settings.allow else None for zone in sets.zone.labels]
    most = max((len(curve) for curve in curves if curve is not None), default=0)
    axis = Axis("block", tuple(str(number) for number in range(1, most + 1)))
    end, adder = np.full((zones, most), np.nan), np.full((zones, most), np.nan)
    for z, curve in enumerate(curves):
        if curve is not None:
            end[z, : len(curve)] = np.nan_to_num(floats(curve, "up_to_peak_frac"), nan=np.inf)
            adder[z, : len(curve)] = floats(curve, "price_adder_usd_per_mwh")
    peak = _peak_mw(case, sets) * case.scenario.operator.headroom_share_frac
    width = np.diff(end, prepend=0.0, axis=1) * peak[:, None]
    b = np.tile(np.arange(most), zone_slot.size)
    at = np.repeat(np.arange(zone_slot.size), most)
    zone = zone_slot["zone"][at]
    there = np.flatnonzero(~np.isnan(adder[zone, b]))
    block = Index.sparse(
        "block",
        (sets.zone, axis, sets.year, sets.slot),
        (zone[there], b[there], zone_slot["year"][at][there], zone_slot["slot"][at][there]),
    )
    of = block["zone"], block["block"]
    return LoadPriceInputs(
        zone_slot=zone_slot,
        standing_mw=standing[zone_slot["zone"]],
        block=block,
        width_mw=width[of],
        adder_usd_per_mwh=settings.scale_frac * adder[of],
    )


def _curve(case: ScopedCase, zone: str) -> pd.DataFrame | None:
    """Return the blocks of a zone, the table's default where it has none of its own."""
    table = case.tables[_TABLE]
    own = table[table["zone"] == zone]
    rows = (own if len(own) else table[table["zone"] == _DEFAULT]).sort_values("block")
    if not len(rows):
        case.findings.add_at_table(_TABLE, f"zone {zone} has no block", f"rows for it or for {_DEFAULT}", "add them")
        return None
    return rows


def _check_curves(case: ScopedCase) -> None:
    """Report every curve of the table that does not rise, of zones in the plan or not."""
    table = case.tables[_TABLE].reset_index(drop=True)
    for zone, of_zone in table.groupby("zone", sort=False):
        rows = of_zone.sort_values("block")
        block, end = ints(rows, "block"), floats(rows, "up_to_peak_frac")
        adder = floats(rows, "price_adder_usd_per_mwh")
        is_last = np.arange(len(rows)) == len(rows) - 1
        # A blank end is above nothing: before the last block it counts as wrong.
        is_above = np.diff(end, prepend=0.0) > 0.0
        steps = (
            ("block", block != np.arange(len(rows)) + 1, "counted from 1 without a gap"),
            (
                "up_to_peak_frac",
                np.where(is_last, ~np.isnan(end), ~is_above),
                "above that of the block before, and blank in the last block alone",
            ),
            ("price_adder_usd_per_mwh", np.diff(adder, prepend=adder[:1]) < 0.0, "no lower than in the block before"),
        )
        for column, is_wrong, must_be in steps:
            for place in np.flatnonzero(is_wrong)[:1].tolist():
                record = int(rows.index[place])
                value = floats(rows, column)[place]
                case.findings.add_at_row(
                    _TABLE,
                    record,
                    column,
                    f"the blocks of {zone} are not rising: {column} of block {block[place]}"
                    f" is {'blank' if np.isnan(value) else f'{value:g}'}",
                    must_be,
                    "put them in order: a price that falls with load cannot be planned with",
                )


def _peak_mw(case: ScopedCase, sets: Sets) -> Floats:
    """Peak load of each zone. [MW]"""
    peak = case.tables["grid_zones"].set_index("zone")["peak_mw"]
    return np.array([float(peak.get(zone, np.nan)) for zone in sets.zone.labels])
