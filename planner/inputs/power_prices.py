"""Price of electricity: wholesale by the hour, an adder up to the retail price, demand charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import amount
from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR
from planner.clock.calendar import SEASONS, slot_means
from planner.inputs.case import trend_factor
from planner.inputs.places import own_key
from planner.inputs.shape_gaps import report_missing_hours
from planner.inputs.table_columns import bools, codes, dense_by_ids, floats, texts
from planner.inputs.tariffs_uses import billed_sites
from planner.scenario import interpolated

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats, Positions
    from planner.inputs.case import ScopedCase
    from planner.inputs.site_series import SiteSeries

__all__ = ["PowerPrices", "delivered_prices", "seasonal_slots", "wholesale_factor", "wholesale_shape"]


_HOURS = tuple(range(24))
_TABLE: Final = "electricity_price"
_PARTS: Final = ("retail_usd_per_mwh", "wholesale_usd_per_mwh", "demand_charge_usd_per_kw_month")


@dataclass(frozen=True)
class PowerPrices:
    """What a MWh and a kW cost."""

    energy_usd_per_mwh: Floats  # delivered, without the demand charge, shape (site, year, slot)
    demand_charge_usd_per_kw_month: Floats  # shape (site, year)
    wholesale_usd_per_mwh: Floats  # what the market pays in the time slice, shocks included, shape (site, year, slot)
    # what a site pays of it within its price of energy, and so is spared by power under contract: all, or 0 where a
    # bundled tariff bills
    wholesale_part_usd_per_mwh: Floats


def delivered_prices(case: ScopedCase, series: SiteSeries | None = None) -> PowerPrices:
    r"""Compute prices so that a flat load pays the retail average, demand charge included.

    .. math::

        p_h = k_h W s_h + \Bigl(R - \sum_h w_h W s_h / 8760 - \frac{12 \cdot 1000\, d}{8760}\Bigr)

    with the wholesale mean W and its shape s, the retail average R and the demand charge d. All
    three grow with real escalation. The factor k is 1 except in a price shock, which the adder
    does not make good.
    """
    settings = case.scenario.energy
    retail = floats(case.sites, "retail_usd_per_mwh")
    wholesale = floats(case.sites, "wholesale_usd_per_mwh")
    demand = floats(case.sites, "demand_charge_usd_per_kw_month") * float(settings.demand_charge)
    in_slot = wholesale[:, None] * wholesale_shape(case, series)
    weight = case.days.weight_h / case.days.weight_h.sum()
    flat_load_demand = demand * MONTHS_PER_YEAR * KW_PER_MW / HOURS_PER_YEAR
    adder = retail - in_slot @ weight - flat_load_demand
    below = adder < 0.0
    below[list(billed_sites(case))] = False  # they pay none of the three
    if below.any():
        _note_below(case, np.flatnonzero(below), adder)
    growth = _growth(case)
    shocked = in_slot[:, None, :] * wholesale_factor(case)
    market = shocked * growth[:, :, None]
    return PowerPrices(
        energy_usd_per_mwh=(shocked + adder[:, None, None]) * growth[:, :, None],
        demand_charge_usd_per_kw_month=demand[:, None] * growth,
        wholesale_usd_per_mwh=market,
        wholesale_part_usd_per_mwh=market,
    )


def _note_below(case: ScopedCase, rows: Positions, adder: Floats) -> None:
    """Note where parts of a price exceed it: at an own price of a site, else at a row of theirs."""
    settings, ids = case.scenario, case.ids("sites")
    keys = [own_key(settings, ids[row], figure) for row in rows for figure in _PARTS]
    text = (
        "Wholesale price and demand charge exceed the retail price at "
        + ", ".join(_by_how_much(case, ids[row], adder[row]) for row in rows)
        + ". A flat load pays the retail price all the same: energy costs that much less than"
        " wholesale in every hour, and the peak makes up for it. Where the retail price is all-in,"
        " set demand_charge_usd_per_kw_month: 0, and wholesale_usd_per_mwh below it."
    )
    placed = [key for key in keys if key is not None]
    table_rows = np.flatnonzero(case.tables[_TABLE]["site"].isin([ids[row] for row in rows]))
    if placed or _TABLE not in settings.data_files or not table_rows.size:
        case.findings.add_note(text, placed[0] if placed else None)
    else:
        case.findings.add_note_at_row(_TABLE, int(table_rows[0]), "retail_usd_per_mwh", text)


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
    table = case.tables["price_shapes"]
    own = seasonal_slots(case, table, "price_zone", "price_zone", "shape_mean_frac")
    median = seasonal_slots(case, table, "price_zone", "price_zone", "shape_median_frac")
    of_zone = np.where(is_proxy[:, None], median, own)
    if series is None:
        return of_zone
    return np.where(np.isnan(series.wholesale_frac), of_zone, series.wholesale_frac)


def seasonal_slots(case: ScopedCase, table: pd.DataFrame, key: str, site_column: str, value: str) -> Floats:
    """Lay a shape by season and local hour over the time slices of every site. Gives (site, slot)."""
    named = case.sites[site_column].dropna().unique()
    axes = {key: list(named), "season": SEASONS, "hour_local": _HOURS}
    hourly = dense_by_ids(table, axes, value)
    name = f"{key.removesuffix('_zone')}_shapes"
    for zone, of_zone in zip(named, hourly, strict=True):
        report_missing_hours(case, name, str(zone), (table[key] == zone).to_numpy(), of_zone)
    place = codes(case.sites[site_column].fillna(""), named)
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
    scale = [interpolated(settings.price_scale_frac, year) for year in case.years.years]
    return np.asarray(trend_factor(rate[:, None], case.year) * np.array(scale))


def wholesale_factor(case: ScopedCase) -> Floats:
    """Return what the shocks of the scenario make of the wholesale price. Gives (site, year, slot)."""
    zone = np.array(texts(case.sites, "zone"), dtype=object)
    factor = np.ones((len(case.sites), len(case.years), case.days.n_slots))
    for position, shock in enumerate(case.scenario.energy.shocks):
        at_site = np.isin(zone, shock.zones) | (shock.zones == "all")
        in_year = (case.year >= shock.first_year) & (case.year <= shock.last_year)
        in_slot = case.days.is_peak | (not shock.peak_day_only)
        hit = at_site[:, None, None] & in_year[:, None] & in_slot
        factor[hit] *= shock.wholesale_scale_frac
        if not hit.any():
            case.findings.add_note(
                f"The price shock of {shock.first_year} to {shock.last_year} hits no site in scope in any model year.",
                ("energy", "shocks", position),
            )
    return factor
