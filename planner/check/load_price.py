"""Prices of power by the hour, and what new load adds to them: curves from the data, load from the racks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import slot_hours, year_days, year_slots
from planner.check.frames import between, column_by, crossed, lookup, once, table_of, to_frame
from planner.check.grid import series_by_hour
from planner.check.stock import base_year_facility_mw
from planner.check.tariffs import written_tariffs
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Given


def existing_mw(case: Case) -> pd.Series[float]:
    """Return the connection of the base year by zone, from what stands at its sites. [MW]"""
    of_site = base_year_facility_mw(case)
    zone_of = dict(zip(case.scope["site"], case.scope["zone"], strict=True))
    return of_site.groupby(of_site.index.map(zone_of)).sum()


def curve(case: Case, zone: str) -> tuple[Floats, Floats]:
    """Read the blocks of a zone, the table's default where it has none of its own. Gives [MW, USD/MWh]."""
    table = case.data("price_blocks")
    rows = table[table["zone"] == zone]
    rows = (rows if len(rows) else table[table["zone"] == "default"]).sort_values("block")
    peak = float(column_by(case.data("grid_zones"), "zone", "peak_mw")[zone])
    share = peak * case.scenario.operator.headroom_share_frac
    ends = rows["up_to_peak_frac"].astype("float64").fillna(np.inf).to_numpy() * share
    return np.asarray(ends), rows["price_adder_usd_per_mwh"].to_numpy(dtype=np.float64)


def priced(case: Case, zone: str, new_mw: Floats) -> tuple[Floats, Floats]:
    """Return what an hour of new load pays, and the adder of its last MW. [USD/h, USD/MWh]"""
    ends, adders = curve(case, zone)
    usd, last, begin = np.zeros(len(new_mw)), np.zeros(len(new_mw)), 0.0
    for end, adder in zip(ends, adders, strict=True):
        inside = np.clip(new_mw - begin, 0.0, end - begin)
        usd += adder * inside
        last = np.where(inside > 1e-6, adder, last)
        begin = end
    return usd, last


@figures("load_price.block", "load_price.width_mw", "load_price.adder_usd_per_mwh", unit="MW or USD/MWh")
def load_price_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Price steps of a zone follow its curve in MW and price."""
    steps = dict[tuple[object, str], tuple[float, float]]()
    for zone in rows["zone"].unique():
        ends, adders = curve(case, zone)
        of_zone = zip(np.diff(ends, prepend=0.0), adders, strict=True)
        steps |= {(zone, str(number)): step for number, step in enumerate(of_zone, start=1)}
    places = zip(rows["zone"], rows["block"], strict=True)
    width, adder = np.array([steps.get(place, (np.nan, np.nan)) for place in places]).reshape(-1, 2).T
    return width, adder * case.scenario.energy.load_price.scale_frac


GIVEN: Final[Mapping[str, Given]] = {
    "load_price.standing_mw": (
        "load_price.zone_slot",
        lambda case, rows: lookup(existing_mw(case), rows, ("zone",), np.nan),
    )
}

# --- Price of power by time slice -----------------------------------------------------------------

_MONEY_YEAR = 2025
_QUARTERS = 96  # places lie on half and quarter hours too
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_KEY = ("site", "year", "slot")


def _shape_by_slot(case: Case, sites: list[str]) -> Floats:
    """Wholesale price over its mean, shape (site, slot): the site's own course, or its zone's."""
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
    return np.asarray(rows).reshape(len(sites), len(year_slots(case)))


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


def _growth(case: Case, site_year: pd.DataFrame) -> Floats:
    """Price of power over that of the year of money, shape (row,)."""
    settings = case.scenario.energy
    rate: float | Floats
    if settings.escalation_real_frac is None:
        country = column_by(case.sites, "site", "country")[list(site_year["site"])]
        rise = {name: case.finance_of("electricity_real_escalation", str(name)) for name in country.unique()}
        rate = country.map(rise).to_numpy(dtype=np.float64)
    else:
        rate = settings.escalation_real_frac
    later = np.clip(site_year["year"].to_numpy() - _MONEY_YEAR, 0, None)
    scale = np.array([between(settings.price_scale_frac, year) for year in site_year["year"]])
    return np.asarray((1.0 + rate) ** later * scale)


def _mean_price(case: Case, column: str, sites: list[str] | None = None) -> Floats:
    """Return a figure of the price of power by site, the scenario's own in place."""
    sites = list(case.inputs.sets.site.labels) if sites is None else sites
    rows = column_by(case.data("electricity_price").drop_duplicates("site"), "site", column)
    figures = rows[case.table_site(sites)].astype("float64").set_axis(pd.Index(sites, name="site"))
    return np.asarray(case.own_figures(column, figures).to_numpy(dtype=np.float64))


def retail_usd_per_mwh(case: Case) -> Floats:
    """Return the price of power with all that is on the bill, shape (site,). [USD/MWh]"""
    return _mean_price(case, "retail_usd_per_mwh")


def _market(case: Case, site_year: pd.DataFrame) -> Floats:
    """Return what the market pays at some sites and years, from mean price and zone. Gives (row, slot) [USD/MWh]."""
    sites = pd.Index(site_year["site"].unique())
    shape = _shape_by_slot(case, list(sites))[sites.get_indexer(pd.Index(site_year["site"]))]
    mean = site_year["usd_per_mwh"].to_numpy(dtype=np.float64) * _growth(case, site_year)
    place = crossed(site_year[["zone", "year"]], year_slots(case)[["slot"]])
    return np.asarray(mean[:, None] * shape * _shock(case, place).reshape(shape.shape))


@once
def wholesale_usd_per_mwh(case: Case) -> Floats:
    """What the market pays in a time slice of a year. Gives (site_year, slot) [USD/MWh]."""
    rows, usd = case.site_year, _mean_price(case, "wholesale_usd_per_mwh")
    zone = rows["site"].map(column_by(case.sites, "site", "zone"))
    return _market(case, rows.assign(zone=zone, usd_per_mwh=usd[case.inputs.sets.site.codes(rows["site"])]))


@once
def hubs(case: Case) -> pd.DataFrame:
    """Sites by which zones trade: all that the tables price, as they do; the first own site of a zone without any."""
    price = column_by(case.data("electricity_price").drop_duplicates("site"), "site", "wholesale_usd_per_mwh")
    known = case.data("sites")
    known = known[known["site"].isin(price.index)]
    lone = case.scope[~case.scope["zone"].isin(known["zone"])].drop_duplicates("zone")
    usd = [*price[list(known["site"])], *_mean_price(case, "wholesale_usd_per_mwh", list(lone["site"]))]
    every = pd.concat([known, lone], ignore_index=True).assign(usd_per_mwh=usd)
    return every[every["zone"].isin(case.inputs.sets.zone.labels)].reset_index(drop=True)


@once
def hub_usd_per_mwh(case: Case) -> pd.Series[float]:
    """What the market of a zone pays: the mean of its hubs, by zone, year and slot. [USD/MWh]"""
    rows = crossed(hubs(case)[["site", "zone", "usd_per_mwh"]], table_of({"year": case.years}))
    frame = crossed(rows, year_slots(case)[["slot"]])
    return frame.assign(usd=_market(case, rows).ravel()).groupby(["zone", "year", "slot"])["usd"].mean()


def at_slots(case: Case, values: Floats, rows: pd.DataFrame) -> Floats:
    """Read what is by site and year, and time slice, at the places of a table."""
    known = pd.MultiIndex.from_frame(crossed(case.site_year, year_slots(case)[["slot"]]))
    return lookup(pd.Series(values.ravel(), known), rows, _KEY, np.nan)


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
    own = charge[site] * case.scenario.energy.demand_charge * _growth(case, case.site_year)
    return np.where(_is_billed_by_tariff(case), 0.0, own)


@rule(unit="USD/MWh", rereads="grid.demand_charge_usd_per_kw_month grid.energy_usd_per_mwh")
def delivered_prices(case: Case) -> Iterator[Excess]:
    """Power costs wholesale by the hour, times any shock, and the adder up to the retail price.

    Without a shock a flat load pays the retail price of its site, demand charge included; a shock
    scales the wholesale part alone.
    """
    grid, hours, settings = case.inputs.grid, slot_hours(case), case.scenario.energy
    site_year = case.site_year
    charge = _mean_price(case, "demand_charge_usd_per_kw_month")
    retail = retail_usd_per_mwh(case)
    mean = _mean_price(case, "wholesale_usd_per_mwh") * (
        _shape_by_slot(case, list(case.inputs.sets.site.labels)) @ (hours / hours.sum())
    )
    flat_charge = 12.0 * 1000.0 * charge / 8760.0 * settings.demand_charge
    adder = retail - mean - flat_charge
    site = case.inputs.sets.site.codes(site_year["site"])
    expected = wholesale_usd_per_mwh(case) + (adder[site] * _growth(case, site_year))[:, None]
    # A tariff bills the peaks, and the energy where it is bundled; else the market is paid.
    billed = _is_billed_by_tariff(case)
    expected[billed] = wholesale_part_usd_per_mwh(case)[billed]
    rows = to_frame(case.inputs.power.slot)
    yield Excess.differs(rows, grid.energy_usd_per_mwh, at_slots(case, expected, rows))
    yield Excess.differs(site_year, grid.demand_charge_usd_per_kw_month, demand_charge_usd_per_kw_month(case))
