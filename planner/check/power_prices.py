"""Price of power by time slice, computed a second time from prices, shapes and shocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.days import slot_hours, year_days, year_slots
from planner.check.frames import column_by, crossed, lookup, once, to_frame
from planner.check.headroom import series_by_hour
from planner.check.paths import between
from planner.check.tariffs import written_tariffs
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case


_MONEY_YEAR = 2025
_QUARTERS = 96  # places lie on half and quarter hours too
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_KEY = ("site", "year", "slot")


@once
def _shape_by_slot(case: Case) -> Floats:
    """Wholesale price over its mean, shape (site, slot): the site's own course, or its zone's."""
    sites = list(case.inputs.sets.site.labels)
    if case.scenario.energy.use_flat_price:
        return np.ones((len(sites), len(year_slots(case))))
    wide = case.data("price_shapes").pivot(
        index=["price_zone", "season"], columns="hour_local", values=["shape_median_frac", "shape_mean_frac"]
    )
    own = case.sites.set_index("site").loc[sites]
    rows = []
    for zone, is_proxy, offset_h in zip(
        own["price_zone"], own["price_zone_is_proxy"], own["utc_offset_h"], strict=True
    ):
        column = "shape_median_frac" if is_proxy else "shape_mean_frac"
        of_zone = wide.loc[zone, column]
        of_seasons = of_zone.loc[list(_SEASONS)].to_numpy(dtype=np.float64)
        rows.append(by_local_hour(case, of_seasons, float(offset_h)))
    for site, hourly in series_by_hour(case, "wholesale_frac").items():
        if site in sites:
            rows[sites.index(site)] = by_day_and_hour(case, hourly, 0.0)
    return np.asarray(rows)


def by_local_hour(case: Case, of_seasons: Floats, offset_h: float) -> Floats:
    """Average over the time slices what is given by season and hour of a local clock.

    Takes `of_seasons` (4, 24). Gives (slot,).
    """
    seasons = [(month + 1) % 12 // 3 for month in year_days(case).first_month]
    return by_day_and_hour(case, of_seasons[seasons], offset_h)


def by_day_and_hour(case: Case, of_days: Floats, offset_h: float) -> Floats:
    """Average over the time slices what is given by day and hour of a local clock.

    Takes `of_days` (day, 24). Gives (slot,).
    """
    middle_h = (np.arange(_QUARTERS) + 0.5) / 4.0
    local_h = np.floor((middle_h + offset_h) % 24.0).astype(int)
    per_day = 24 // case.scenario.time.slot_h
    by_quarter = of_days[:, local_h].reshape(len(of_days) * per_day, -1)
    return np.asarray(by_quarter.mean(axis=1))


def _shock(case: Case, place: pd.DataFrame) -> Floats:
    """Product of the factors of the shocks that hit each site, year and time slice."""
    factor = np.ones(len(place))
    is_peak = column_by(year_slots(case), "slot", "is_peak")
    on_peak_day = place["slot"].map(is_peak).to_numpy()
    for shock in case.scenario.energy.shocks:
        hit = place["year"].between(shock.first_year, shock.last_year).to_numpy()
        if shock.zones != "all":
            hit = hit & place["zone"].isin(list(shock.zones)).to_numpy()
        if shock.peak_day_only:
            hit = hit & on_peak_day
        factor = np.where(hit, factor * shock.wholesale_scale_frac, factor)
    return factor


def _growth(case: Case) -> Floats:
    """Price of power over that of the year of money, shape (site_year,)."""
    site_year, settings = case.site_year, case.scenario.energy
    rise = case.finance_of_sites("electricity_real_escalation")
    own_rise = settings.escalation_real_frac
    rate = lookup(rise, site_year, ("site",), np.nan) if own_rise is None else own_rise
    later = np.clip(site_year["year"].to_numpy() - _MONEY_YEAR, 0, None)
    scale = np.array([between(settings.price_scale_frac, year) for year in site_year["year"]])
    return np.asarray((1.0 + rate) ** later * scale)


def _mean_price(case: Case, column: str) -> Floats:
    """Return a figure of the price of power by site, the scenario's own in place."""
    figures = case.own_figures(column, case.site_figures("electricity_price", column))
    return np.asarray(figures, dtype=np.float64)


def retail_usd_per_mwh(case: Case) -> Floats:
    """Return the price of power with all that is on the bill, shape (site,). [USD/MWh]"""
    return _mean_price(case, "retail_usd_per_mwh")


@once
def _market(case: Case) -> Floats:
    """Wholesale price with its shocks at the money's year, shape (site_year, slot). [USD/MWh]"""
    site_year = case.site_year
    place = crossed(site_year, year_slots(case)[["slot"]])
    place = place.assign(zone=place["site"].map(column_by(case.sites, "site", "zone")))
    wholesale = _mean_price(case, "wholesale_usd_per_mwh")[:, None] * _shape_by_slot(case)
    site = case.inputs.sets.site.codes(site_year["site"])
    by_slot = wholesale[site]
    return np.asarray(by_slot * _shock(case, place).reshape(by_slot.shape))


@once
def wholesale_usd_per_mwh(case: Case) -> Floats:
    """What the market pays in a time slice of a year. Gives (site_year, slot) [USD/MWh]."""
    return _market(case) * _growth(case)[:, None]


def wholesale_part_usd_per_mwh(case: Case) -> Floats:
    """What a site pays of the wholesale price: nothing where a bundled tariff bills its energy.

    Gives (site_year, slot) [USD/MWh].
    """
    site_year, part = case.site_year, wholesale_usd_per_mwh(case).copy()
    for name, tariff in written_tariffs(case).items():
        if tariff.is_bundled:
            rows = (site_year["site"] == name) & (site_year["year"] >= tariff.first_year)
            part[rows.to_numpy()] = 0.0
    return part


def _is_billed_by_tariff(case: Case) -> NDArray[np.bool_]:
    """Say for each site and year whether a tariff bills it."""
    site_year, billed = case.site_year, np.zeros(len(case.site_year), dtype=np.bool_)
    for name, tariff in written_tariffs(case).items():
        rows = (site_year["site"] == name) & (site_year["year"] >= tariff.first_year)
        billed |= rows.to_numpy(dtype=np.bool_)
    return billed


def demand_charge_usd_per_kw_month(case: Case) -> Floats:
    """Return the demand charge of a site and year: none where a tariff bills the peaks.

    Gives (site_year,) [USD/kW-month].
    """
    charge = _mean_price(case, "demand_charge_usd_per_kw_month")
    site = case.inputs.sets.site.codes(case.site_year["site"])
    own = charge[site] * case.scenario.energy.demand_charge * _growth(case)
    return np.where(_is_billed_by_tariff(case), 0.0, own)


@rule(unit="USD/MWh", rereads="grid.demand_charge_usd_per_kw_month grid.energy_usd_per_mwh")
def delivered_prices(case: Case) -> Excess:
    """Power costs wholesale by the hour, times any shock, and the adder up to the retail price.

    Without a shock a flat load pays the retail price of its site, demand charge included; a shock
    scales the wholesale part alone.
    """
    grid, hours, settings = case.inputs.grid, slot_hours(case), case.scenario.energy
    site_year = case.site_year
    place = crossed(site_year, year_slots(case)[["slot"]])
    charge = _mean_price(case, "demand_charge_usd_per_kw_month")
    retail = retail_usd_per_mwh(case)
    mean = _mean_price(case, "wholesale_usd_per_mwh") * (_shape_by_slot(case) @ (hours / hours.sum()))
    flat_charge = 12.0 * 1000.0 * charge / 8760.0 * settings.demand_charge
    adder = retail - mean - flat_charge
    site = case.inputs.sets.site.codes(site_year["site"])
    expected = wholesale_usd_per_mwh(case) + (adder[site] * _growth(case))[:, None]
    # A tariff bills the peaks, and the energy where it is bundled; else the market is paid.
    billed = _is_billed_by_tariff(case)
    expected[billed] = wholesale_part_usd_per_mwh(case)[billed]
    reported = to_frame(case.inputs.power.slot, usd=grid.energy_usd_per_mwh).set_index(list(_KEY))["usd"]
    energy = Excess.differs(place[list(_KEY)], lookup(reported, place, _KEY, np.nan), expected.ravel())
    rates = to_frame(case.inputs.sites.site_year, usd=grid.demand_charge_usd_per_kw_month)
    reported_rate = lookup(rates.set_index(["site", "year"])["usd"], site_year, ("site", "year"), np.nan)
    return energy.and_also(Excess.differs(site_year, reported_rate, demand_charge_usd_per_kw_month(case)))
