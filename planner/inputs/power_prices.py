"""Price of electricity: wholesale by the hour, an adder up to the retail price, demand charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR
from planner.base.words import amount
from planner.clock.days import SEASONS
from planner.clock.profiles import slot_means
from planner.family.table_columns import bools, codes, dense_by_ids, floats, ints, mask_at, sum_at, texts
from planner.inputs.case import trend_factor
from planner.inputs.days import report_missing_hours
from planner.inputs.scope import own_key
from planner.inputs.site_series import site_series
from planner.inputs.tariffs import billed_sites
from planner.lp import Axis, Index
from planner.lp.index import cross
from planner.tables.places import TableCell

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.site_series import SiteSeries
    from planner.scenario.demand import PriceShock

_HOURS = tuple(range(24))
_TABLE: Final = "electricity_price"
_PARTS: Final = ("retail_usd_per_mwh", "wholesale_usd_per_mwh", "demand_charge_usd_per_kw_month")


class PowerPrices(Record):
    r"""What a MWh and a kW cost, such that a flat load pays the retail average, demand charge included.

    .. math::

        p_h = k_h W s_h + \Bigl(R - \sum_h w_h W s_h / 8760 - \frac{12 \cdot 1000\, d}{8760}\Bigr)

    with the wholesale mean W and its shape s, the retail average R and the demand charge d. All
    three grow with real escalation. The factor k is 1 except in a price shock, which the adder
    does not make good.
    """

    def __init__(self, case: ScopedCase, series: SiteSeries) -> None:
        settings = case.scenario.energy
        retail = floats(case.sites, "retail_usd_per_mwh")
        wholesale = floats(case.sites, "wholesale_usd_per_mwh")
        demand = floats(case.sites, "demand_charge_usd_per_kw_month") * float(settings.demand_charge)
        in_slot = wholesale[:, None] * wholesale_shape(case, series)
        weight = case.days.weight_h / case.days.weight_h.sum()
        adder = retail - in_slot @ weight - (demand * MONTHS_PER_YEAR * KW_PER_MW / HOURS_PER_YEAR)
        below = adder < 0.0
        below[list(billed_sites(case))] = False  # they pay none of the three
        if below.any():
            _note_below(case, np.flatnonzero(below), adder)
        growth = _growth(case)
        for position, shock in enumerate(case.scenario.energy.shocks):
            if not _hit_by(case, shock).any():
                case.findings.add_note(
                    f"The price shock of {shock.first_year} to {shock.last_year} hits no site in scope in any model"
                    " year.",
                    ("energy", "shocks", position),
                )
        # what the market pays in the time slice, shocks included, shape (site, year, slot)
        self.wholesale_usd_per_mwh = market = market_usd_per_mwh(case, in_slot)
        # what a site pays of it within its price of energy, and so is spared by power under contract: all, or 0 where a
        # bundled tariff bills
        self.wholesale_part_usd_per_mwh = market
        # delivered, without the demand charge, shape (site, year, slot)
        self.energy_usd_per_mwh: Floats = market + (adder[:, None] * growth)[:, :, None]
        self.demand_charge_usd_per_kw_month: Floats = demand[:, None] * growth  # shape (site, year)


def _note_below(case: ScopedCase, rows: Positions, adder: Floats) -> None:
    """Note where parts of a price exceed it: at an own price of a site, else at a row of theirs."""
    settings, ids = case.scenario, case.ids("sites")
    keys = [own_key(settings, ids[row], figure) for row in rows for figure in _PARTS]
    where = ", ".join(_by_how_much(case, ids[row], adder[row]) for row in rows)
    text = (
        f"Wholesale price and demand charge exceed the retail price at {where}. A flat load pays the retail price all"
        " the same: energy costs that much less than wholesale in every hour, and the peak makes up for it. Where the"
        " retail price is all-in, set demand_charge_usd_per_kw_month: 0, and wholesale_usd_per_mwh below it."
    )
    table_rows = np.flatnonzero(case.tables[_TABLE]["site"].isin([ids[row] for row in rows]))
    is_own = _TABLE in settings.data_files and table_rows.size
    of_table = TableCell(_TABLE, int(table_rows[0]), "retail_usd_per_mwh") if is_own else None
    case.findings.add_note(text, next((key for key in keys if key), of_table))


def _by_how_much(case: ScopedCase, site: str, adder: float) -> str:
    """Name a site, by how much its price falls short, and what of it comes from another site."""
    by = f"{site} by {amount(-adder)} USD/MWh"
    if site not in case.scenario.new_sites:
        return by
    new_site = case.scenario.new_sites[site]
    taken = [figure for figure in _PARTS if own_key(case.scenario, site, figure) is None]
    return f"{by} ({' and '.join(taken)} from {new_site.like})" if taken else by


def wholesale_shape(case: ScopedCase, series: SiteSeries | None = None) -> Floats:
    """Return the wholesale price over its mean; medians where a zone represents another. Gives (site, slot)."""
    if case.scenario.energy.use_flat_price:
        return np.ones((len(case.sites), case.days.n_slots))
    is_proxy = bools(case.sites, "price_zone_is_proxy")
    own, median = (seasonal_slots(case, "price", f"shape_{kind}_frac") for kind in ("mean", "median"))
    of_zone = np.where(is_proxy[:, None], median, own)
    return of_zone if series is None else np.where(np.isnan(series.wholesale_frac), of_zone, series.wholesale_frac)


def seasonal_slots(case: ScopedCase, of: str, value: str) -> Floats:
    """Lay a shape of `price` or `carbon` by season and local hour over the time slices of sites. Gives (site, slot)."""
    name, key = f"{of}_shapes", f"{of}_zone"
    table, named = case.tables[name], case.sites[key].dropna().unique()
    hourly = dense_by_ids(table, {key: list(named), "season": SEASONS, "hour_local": _HOURS}, value)
    for zone, of_zone in zip(named, hourly, strict=True):
        report_missing_hours(case, name, str(zone), (table[key] == zone).to_numpy(), of_zone)
    place = codes(case.sites[key].fillna(""), named)
    offset = floats(case.sites, "utc_offset_h")
    result = np.full((len(case.sites), case.days.n_slots), np.nan)
    for clock in np.unique(offset):
        at = np.flatnonzero((offset == clock) & (place >= 0))
        result[at] = slot_means(hourly[place[at]], float(clock), case.days)
    return result


def _growth(case: ScopedCase) -> Floats:
    """Factor on the prices of the tables, (site, year)."""
    settings = case.scenario.energy
    own = settings.escalation_real_frac
    rate = case.finance_by_site("electricity_real_escalation") if own is None else np.full(len(case.sites), own)
    return np.asarray(trend_factor(rate[:, None], case.year) * case.interpolated(settings.price_scale_frac))


def _hit_by(case: ScopedCase, shock: PriceShock) -> Bools:
    """Find where and when a price shock strikes. Gives (site, year, slot)."""
    at_site = np.isin(np.array(texts(case.sites, "zone"), dtype=object), shock.zones) | (shock.zones == "all")
    in_year = (case.year >= shock.first_year) & (case.year <= shock.last_year)
    return np.asarray(at_site[:, None, None] & in_year[:, None] & (case.days.is_peak | (not shock.peak_day_only)))


def market_usd_per_mwh(case: ScopedCase, in_slot: Floats) -> Floats:
    """Return wholesale prices with shocks and growth. Takes `in_slot` (site, slot). Gives (site, year, slot)."""
    factor = np.ones((len(case.sites), len(case.years), case.days.n_slots))
    for shock in case.scenario.energy.shocks:
        factor[_hit_by(case, shock)] *= shock.wholesale_scale_frac
    return in_slot[:, None, :] * factor * _growth(case)[:, :, None]


def hub_usd_per_mwh(hubs: ScopedCase, zone: Axis) -> Floats:
    """Return what the market of a zone pays: the mean of its hubs.

    Takes `hubs`, the case at the sites by which zones trade. Gives (zone, year, slot) [USD/MWh].
    """
    in_slot = floats(hubs.sites, "wholesale_usd_per_mwh")[:, None] * wholesale_shape(hubs, site_series(hubs))
    belongs = hubs.sites["zone"].to_numpy() == np.array(zone.labels, dtype=object)[:, None]
    share = belongs / belongs.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("zs,sth->zth", share, market_usd_per_mwh(hubs, in_slot)))


_BLOCKS: Final = "price_blocks"
_DEFAULT: Final = "default"


class LoadPriceInputs(Record):
    """Supply curves of zones in blocks; every list is empty where the scenario has none.

    The share of a zone's peak at which a block ends is for all new load of the zone; others grow
    as the operator does, so its blocks are as wide as its share of the headroom.
    """

    def __init__(self, case: ScopedCase, sets: Sets, base_year_facility_mw: Floats, site_year: Index) -> None:
        """Take `base_year_facility_mw` (site,) [MW]."""
        settings = case.scenario.energy.load_price
        _check_curves(case)
        case.findings.stop_if_wrong()  # a curve with a hole in it has no widths
        zones = len(sets.zone)
        has_site = mask_at((zones, len(sets.year)), (sets.site_zone[site_year["site"]], site_year["year"]))
        zone_year = Index.sparse("zone_load", (sets.zone, sets.year), np.nonzero(has_site & settings.allow))
        self.zone_slot: Index = cross(zone_year, sets.slot, name="zone_load")  # (zone, year, slot) with a supply curve
        standing_mw = sum_at((zones,), (sets.site_zone,), base_year_facility_mw)
        # connection of the base year: load below it is not new, [zone_slot]
        self.standing_mw: Floats = standing_mw[self.zone_slot["zone"]]
        curves = [_curve(case, zone) if settings.allow else None for zone in sets.zone.labels]
        most = max((len(curve) for curve in curves if curve is not None), default=0)
        axis = Axis("block", tuple(str(number) for number in range(1, most + 1)))
        end, adder = np.full((zones, most), np.nan), np.full((zones, most), np.nan)
        for z, curve in enumerate(curves):
            if curve is not None:
                end[z, : len(curve)] = np.nan_to_num(floats(curve, "up_to_peak_frac"), nan=np.inf)
                adder[z, : len(curve)] = floats(curve, "price_adder_usd_per_mwh")
        peak_mw = case.tables["grid_zones"].set_index("zone")["peak_mw"]
        peak = np.array([float(peak_mw.get(zone, np.nan)) for zone in sets.zone.labels])
        peak = peak * case.scenario.operator.headroom_share_frac
        width = np.diff(end, prepend=0.0, axis=1) * peak[:, None]
        every = cross(self.zone_slot, axis)
        there = every.select(~np.isnan(adder[every["zone"], every["block"]]))
        names = ("zone", "block", "year", "slot")
        # (zone, block, year, slot) = zone_slot x block
        self.block: Index = Index.sparse("block", [there.axis(name) for name in names], [there[name] for name in names])
        of = self.block["zone"], self.block["block"]
        self.width_mw: Floats = width[of]  # [block]; the last of a zone is infinite
        # above the price of the slot; never falls within a zone, [block]
        self.adder_usd_per_mwh: Floats = settings.scale_frac * adder[of]


def _curve(case: ScopedCase, zone: str) -> pd.DataFrame | None:
    """Return the blocks of a zone, the table's default where it has none of its own."""
    table = case.tables[_BLOCKS]
    own = table[table["zone"] == zone]
    rows = (own if len(own) else table[table["zone"] == _DEFAULT]).sort_values("block")
    if not len(rows):
        case.findings.add(_BLOCKS, f"zone {zone} has no block", f"rows for it or for {_DEFAULT}", "add them")
        return None
    return rows


def _check_curves(case: ScopedCase) -> None:
    """Report every curve of the table that does not rise, of zones in the plan or not."""
    for zone, of_zone in case.tables[_BLOCKS].reset_index(drop=True).groupby("zone", sort=False):
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
                shown = "blank" if np.isnan(value) else f"{value:g}"
                what_is = f"the blocks of {zone} are not rising: {column} of block {block[place]} is {shown}"
                fix = "put them in order: a price that falls with load cannot be planned with"
                case.findings.add(TableCell(_BLOCKS, record, column), what_is, must_be, fix)
