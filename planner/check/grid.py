"""Connections, headroom, prices of power and non-firm connection: figures read again from scenario and data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import hours_off, slot_hours, stress_share, tiers_pct, year_days, year_slots
from planner.check.declared import DualPrice, figure_of, setting
from planner.check.existing import begun_facility_mw
from planner.check.frames import (
    between,
    column_by,
    crossed,
    isin,
    keyed,
    lookup,
    once,
    path_value,
    sum_by,
    table_of,
    to_frame,
    with_int_year,
)
from planner.check.lead_times import committed_mw, decision_start, months_to_service
from planner.check.stock import base_year_facility_mw
from planner.check.tariffs import written_tariffs
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Given, Table


_SITE = ("site", "year")
_ZONE = ("zone", "year")
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@once
def _committed_facility_mw(case: Case) -> pd.Series[float]:
    """Facility power under construction by site and year, cumulative. [MW]"""
    committed = committed_mw(case).groupby(list(_SITE))["mw"].sum()
    of_market = committed * case.scenario.demand.facility_mw_per_rack_mw
    return of_market.add(begun_facility_mw(case), fill_value=0.0).rename_axis(list(_SITE))


@figures("grid.firm", "grid.firm_mw", unit="MW")
def firm_connection_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Firm connection of a site is existing and begun there, or what the scenario says."""
    beside = pd.Series(other_load_mw(case).max(axis=1), index=pd.Index(case.inputs.sets.site.labels, name="site"))
    begun = lookup(_committed_facility_mw(case), rows, _SITE)
    expected = lookup(base_year_facility_mw(case) + beside, rows, ("site",), np.nan) + begun
    for overrides in (case.scenario.new_sites, case.scenario.sites):
        for site, given in overrides.items():
            for year in case.years:
                mw = path_value(given.grid_firm_mw, year)
                if mw is not None:
                    expected[((rows["site"] == site) & (rows["year"] == year)).to_numpy()] = mw
    return expected


@figures("grid.expand", "grid.expand_capex_musd_per_mw", unit="MUSD/MW")
def connection_price_from_tables(case: Case, _: pd.DataFrame) -> float:
    """A MW of firm connection costs a substation and network upgrades, or the scenario's figure."""
    usd_per_mw = case.scenario.grid.expansion_usd_per_mw
    if usd_per_mw is None:
        items = column_by(case.data("facility_cost"), "item", "value")
        usd_per_mw = float(items["substation_customer"]) + float(items["interconnection_network"])
    return usd_per_mw / 1e6


@figures("grid.expand", "grid.expand_start", "grid.expand_first_year_frac", unit="years")
def connection_start_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Firm connection serves after its lead time, in its first years for the part that is left."""
    months = lookup(months_to_service(case)["connection"], rows, ("site",), np.nan)
    begin = rows["year"].to_numpy(dtype=np.float64)
    due = np.maximum(decision_start(case) + months / 12.0, begin)
    return due, 1.0 - (due - begin) / case.span(rows["year"])


@rule(unit="MW or %", rereads="grid.headroom_by_zone.committed_mw grid.headroom_by_zone.rate_pct")
def committed_of_zones(case: Case) -> Iterator[Excess]:
    """Capacity under construction uses headroom of its zone, at the rate that is asked for."""
    table = with_int_year(case.inputs.grid.headroom_by_zone)
    of_site = _committed_facility_mw(case).rename("mw").reset_index()
    zone = column_by(case.scope, "site", "zone")
    of_site = of_site.assign(zone=of_site["site"].map(zone)).dropna(subset="zone")
    expected = lookup(sum_by(of_site, _ZONE, of_site["mw"]), table, _ZONE)
    place, rate = table[list(_ZONE)], case.scenario.grid.curtailment_rate_pct
    yield Excess.differs(place, table["committed_mw"], expected)
    yield Excess.differs(place, table["rate_pct"], np.full(len(place), rate))


def _months_of_periods(case: Case) -> dict[str, float]:
    """Months that are billed on one maximum, by the name of the period.

    Months represented by the same ordinary day are one period, but for that of the peak day. In a series each month
    with a day is one; months without a day are shared out by days that represent them.
    """
    days, time = year_days(case).of_month, case.scenario.time
    if not time.chronological:
        peak, names = time.peak_month - 1, _SEASONS if time.season_days == 4 else _MONTH_NAMES
        others = np.count_nonzero(np.delete(days[:-1], peak, axis=1), axis=1).tolist()
        periods = {name: float(months) for name, months in zip(names, others, strict=True) if months}
        return {**periods, _MONTH_NAMES[peak]: 1.0}
    stands_for = days.sum(axis=0)
    length = pd.date_range("2025-01-01", periods=12, freq="MS").days_in_month.to_numpy()
    there = stands_for > 0.0
    beyond = np.where(there, np.clip(stands_for - length, 0.0, None), 0.0)
    also = np.count_nonzero(~there) * beyond / (beyond.sum() or 1.0)
    return {_MONTH_NAMES[m]: 1.0 + float(also[m]) for m in np.flatnonzero(there)}


def _billed_slots(case: Case) -> pd.DataFrame:
    """List the time slices of every period: those of the days that represent its months."""
    days, time = year_days(case).of_month, case.scenario.time
    names = _SEASONS if time.season_days == 4 and not time.chronological else _MONTH_NAMES
    rows = [
        (names[day] if not time.chronological and month != time.peak_month - 1 else _MONTH_NAMES[month], day)
        for day, month in np.argwhere(days > 0.0)
    ]
    periods = table_of({"period": [name for name, _ in rows], "day": [int(day) for _, day in rows]})
    return periods.drop_duplicates().merge(year_slots(case)[["slot", "day"]], on="day")[["period", "slot"]]


@rule(unit="months", rereads="grid.billing_months")
def billing_months_from_calendar(case: Case) -> Iterator[Excess]:
    """Every month of the year is billed, once, on the days that represent it."""
    grid, expected = case.inputs.grid, _months_of_periods(case)
    names = list(grid.period.labels)
    yield Excess.count_broken({"what": ["periods"]}, [not {*expected} <= {*names}])
    yield Excess.differs(
        table_of({"period": names}), grid.billing_months, [expected.get(name, np.nan) for name in names]
    )


# --- Headroom of zones, computed a second time from the data --------------------------------------


def headroom_mw(case: Case, places: pd.DataFrame, rate_pct: float) -> Floats:
    """Return the headroom of zones in years at a curtailment rate, at the operator's share. [MW]"""
    settings, table = case.scenario.grid, case.data("zone_headroom")
    rate = table[table["curtailment_rate_pct"] == rate_pct].set_index("zone")["headroom_mw"]
    growth = case.by("zone_headroom_growth", "zone", "year")["added_headroom_mw"]
    # What was added by the last year of the table stays.
    last = growth.index.get_level_values("year").max()
    held = places.assign(year=np.minimum(places["year"], last))
    grown = lookup(growth, held, ("zone", "year")) if settings.headroom_growth else 0.0
    share = case.scenario.operator.headroom_share_frac * settings.headroom_scale_frac
    return np.asarray((lookup(rate, places, ("zone",), np.nan) + grown) * share)


@rule(
    unit="MW",
    rereads=(
        "grid.headroom_by_zone.limit_mw grid.headroom_by_zone.firm_limit_mw grid.headroom_mw non_firm.headroom_mw"
    ),
)
def headroom_from_tables(case: Case) -> Iterator[Excess]:
    """Headroom of a zone is the operator's share at the chosen curtailment rate, with growth.

    Firm connection takes all of it, or the share of that at the lowest rate which the scenario calls firm.
    """
    settings, grid = case.scenario.grid, case.inputs.grid
    reported = with_int_year(grid.headroom_by_zone)
    place = reported[list(_ZONE)]
    limit = headroom_mw(case, reported, settings.curtailment_rate_pct)
    firm = limit
    if settings.firm_headroom_frac is not None:
        lowest = headroom_mw(case, reported, case.data("zone_headroom")["curtailment_rate_pct"].min())
        firm = np.minimum(limit, settings.firm_headroom_frac * lowest)
    yield Excess.differs(place, reported["limit_mw"], limit)
    yield Excess.differs(place, reported["firm_limit_mw"], firm)
    other = case.inputs.non_firm
    tiers = to_frame(other.headroom, room=other.headroom_mw)
    of_tier = tiers["tier"].astype("float64")
    limits = [(to_frame(grid.headroom, room=grid.headroom_mw), firm)]
    limits += [(tiers[of_tier == rate], headroom_mw(case, reported, rate)) for rate in tiers_pct(case)]
    for rows, most in limits:
        spare = sum_by(reported, _ZONE, np.clip(most - reported["committed_mw"].to_numpy(), 0.0, None))
        expected = lookup(spare, rows, _ZONE, np.nan)
        yield Excess.differs(keyed(rows, _ZONE), rows["room"], expected)
    # Firm connection meets the limit of a year that has less room than all later ones.
    spare_mw = np.clip(firm - reported["committed_mw"].to_numpy(), 0.0, None)
    room = reported.assign(room=spare_mw).sort_values("year").groupby("zone")["room"]
    later = room.transform(lambda of: of[::-1].cummin()[::-1].shift(-1, fill_value=np.inf)).sort_index()
    start = decision_start(case) + months_to_service(case)["connection"] / 12.0
    offers = to_frame(grid.firm)
    offers = offers[offers["site"].map(start) < offers["year"].map(case.last_years) + 1.0]
    first = offers.groupby(offers["site"].map(column_by(case.scope, "site", "zone")))["year"].min().to_dict()
    is_due = (spare_mw < later) & (place["year"] >= place["zone"].map(first)) & ~place["zone"].isin(tiers["zone"])
    yield Excess.count_broken(place, is_due & ~isin(place, to_frame(grid.headroom), _ZONE))


# --- Load of sites beside their racks, read a second time from scenario and series ----------------


@once
def series_by_hour(case: Case, column: str) -> dict[str, Floats]:
    """Return a column of table `site_series` by site that has it, hour by hour. Gives (day, 24)."""
    table = case.data("site_series").dropna(subset=column)
    result = {}
    for site, rows in table.groupby("site"):
        wide = rows.pivot(index="day", columns="hour_utc", values=column).sort_index()
        held = wide.reindex(columns=range(24)).ffill(axis=1)
        result[str(site)] = held.to_numpy(dtype=np.float64)
    return result


@once
def other_load_mw(case: Case) -> Floats:
    """Return load beside racks, (site, slot): the mean of a time slice, its highest hour on peak days. [MW]"""
    sites = list(case.inputs.sets.site.labels)
    mw = case.own_figures("other_load_mw", pd.Series(0.0, index=pd.Index(sites, name="site")))
    by_hour, per_day = series_by_hour(case, "other_load_frac"), 24 // case.scenario.time.slot_h
    is_peak = year_days(case).is_peak
    rows = []
    for site in sites:
        hourly = by_hour.get(site, np.ones((len(is_peak), 24)))
        in_slots = hourly.reshape(len(is_peak), per_day, -1)
        share = np.where(is_peak[:, None], in_slots.max(axis=2), in_slots.mean(axis=2))
        rows.append(float(mw[site]) * share.ravel())
    return np.asarray(rows)


# --- What new load pays ----------------------------------------------------------------------------


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


# --- Price of power by time slice -----------------------------------------------------------------

_MONEY_YEAR = 2025
_QUARTERS = 96  # places lie on half and quarter hours too
_KEY = ("site", "year", "slot")


def _shape_by_slot(case: Case, sites: list[str]) -> Floats:
    """Wholesale price over its mean, shape (site, slot): the site's own course, or its zone's."""
    if case.scenario.energy.use_flat_price:
        return np.ones((len(sites), len(year_slots(case))))
    wide = case.data("price_shapes").pivot(
        index=["price_zone", "season"], columns="hour_local", values=["shape_median_frac", "shape_mean_frac"]
    )
    own = case.by("sites", "site").loc[sites]
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
    """Average over the time slices what is given by season and hour of a local clock, (4, 24). Gives (slot,)."""
    seasons = [(month + 1) % 12 // 3 for month in year_days(case).first_month]
    return by_day_and_hour(case, of_seasons[seasons], offset_h)


def by_day_and_hour(case: Case, of_days: Floats, offset_h: float) -> Floats:
    """Average over the time slices what is given by day and hour of a local clock, (day, 24). Gives (slot,)."""
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


def _billed(case: Case, *, bundled: bool = False) -> NDArray[np.bool_]:
    """Say for each site and year whether a tariff bills it; the energy too, where that is asked."""
    first: dict[str, float] = {
        name: tariff.first_year for name, tariff in written_tariffs(case).items() if tariff.is_bundled or not bundled
    }
    return np.asarray(case.site_year["year"] >= lookup(first, case.site_year, ("site",), np.inf))


def wholesale_part_usd_per_mwh(case: Case) -> Floats:
    """What a site pays of the wholesale price, (site_year, slot): nothing where a bundled tariff bills its energy."""
    return np.where(_billed(case, bundled=True)[:, None], 0.0, wholesale_usd_per_mwh(case))


def demand_charge_usd_per_kw_month(case: Case) -> Floats:
    """Return the demand charge, (site_year,): none where a tariff bills the peaks. [USD/kW-month]"""
    charge = _mean_price(case, "demand_charge_usd_per_kw_month")
    site = case.inputs.sets.site.codes(case.site_year["site"])
    own = charge[site] * case.scenario.energy.demand_charge * _growth(case, case.site_year)
    return np.where(_billed(case), 0.0, own)


@rule(unit="USD/MWh", rereads="grid.demand_charge_usd_per_kw_month grid.energy_usd_per_mwh")
def delivered_prices(case: Case) -> Iterator[Excess]:
    """Power costs wholesale by the hour, times any shock, and the adder up to the retail price.

    Without a shock a flat load pays the retail price of its site, demand charge included; a shock
    scales the wholesale part alone.
    """
    grid, hours, settings = case.inputs.grid, slot_hours(case), case.scenario.energy
    site_year = case.site_year
    charge = _mean_price(case, "demand_charge_usd_per_kw_month")
    retail = _mean_price(case, "retail_usd_per_mwh")
    mean = _mean_price(case, "wholesale_usd_per_mwh") * (
        _shape_by_slot(case, list(case.inputs.sets.site.labels)) @ (hours / hours.sum())
    )
    flat_charge = 12.0 * 1000.0 * charge / 8760.0 * settings.demand_charge
    adder = retail - mean - flat_charge
    site = case.inputs.sets.site.codes(site_year["site"])
    expected = wholesale_usd_per_mwh(case) + (adder[site] * _growth(case, site_year))[:, None]
    # A tariff bills the peaks, and the energy where it is bundled; else the market is paid.
    billed = _billed(case)
    expected[billed] = wholesale_part_usd_per_mwh(case)[billed]
    rows = to_frame(case.inputs.power.slot)
    yield Excess.differs(rows, grid.energy_usd_per_mwh, at_slots(case, expected, rows))
    yield Excess.differs(site_year, grid.demand_charge_usd_per_kw_month, demand_charge_usd_per_kw_month(case))


# --- Figures of non-firm connection ---------------------------------------------------------------


def _service(case: Case, column: str) -> float:
    """Return a figure of the service that the scenario chooses."""
    figures = column_by(case.data("connection_services"), "service", column).astype("float64")
    return float(figures[case.scenario.grid.non_firm.service])


@rule(unit="-", rereads="non_firm.off_frac non_firm.shed.hours_frac")
def stress_from_tables(case: Case) -> Iterator[Excess]:
    """Non-firm power is off in its zone's most stressed hours, as many as its rate has; load may be shed in these."""
    p, sets, settings = case.inputs.non_firm, case.inputs.sets, case.scenario.grid.non_firm.shed
    slots, has_some = year_slots(case)[["slot"]], np.zeros(len(sets.zone), dtype=np.bool_)
    has_some[sets.site_zone[p.service["site"]]] = True
    place = crossed(table_of({"zone": list(sets.zone.labels)}), slots)
    there = np.repeat(has_some, len(slots))

    def share(hours: Mapping[str, float]) -> Floats:
        return lookup(stress_share(case, hours), place[there], ("zone", "slot"), np.nan)

    for label, (rate, hours) in zip(p.tier.labels, hours_off(case).items(), strict=True):
        tier, shed = p.tier.code(label), np.zeros(len(place))
        yield Excess.count_broken({"rate": [rate]}, [float(label) != rate])
        if has_some.any():
            yield Excess.differs(place[there], p.off_frac[:, tier].ravel()[there], share(hours))
            shed[there] = settings.allow * share({of: min(h, settings.max_hours_per_year) for of, h in hours.items()})
        yield Excess.differs(place, p.shed.hours_frac[:, tier].ravel(), shed)


@figures("non_firm.connect", "non_firm.capex_musd_per_mw", unit="MUSD/MW")
def non_firm_price_from_tables(case: Case, _: pd.DataFrame) -> float:
    """Non-firm connection costs its substation and the service's share of the network upgrades."""
    grid = case.scenario.grid
    if grid.non_firm.usd_per_mw is not None:
        return grid.non_firm.usd_per_mw / 1e6
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    substation, network = items["substation_customer"], items["interconnection_network"]
    cost = float(substation + _service(case, "upgrade_cost_frac") * network)
    scale = 1.0 if grid.expansion_usd_per_mw is None else grid.expansion_usd_per_mw / float(substation + network)
    return cost * scale / 1e6


@figures("non_firm.connect", "non_firm.start", "non_firm.turns_firm", "non_firm.firm_year", unit="years")
def non_firm_lead_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Non-firm connection comes after its lead time, and turns firm after its service's months."""
    months = lookup(months_to_service(case)["non_firm"], rows, ("site",), np.nan)
    due = np.maximum(decision_start(case) + months / 12.0, rows["year"].to_numpy(dtype=np.float64))
    until = _service(case, "firm_after_months")
    turns = due + (until / 12.0 if until else np.inf)
    # The first year in which it is firm at some time is the first that ends after it turns.
    ends = np.array([*case.last_years.values()]) + 1.0
    later = ends[None, :] > turns[:, None]
    return due, turns, np.where(later.any(axis=1), later.argmax(axis=1), -1)


@figures("non_firm.billing", "non_firm.discount_usd_per_kw_month", unit="USD/kW-month")
def non_firm_discount_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Non-firm power pays the demand charge of its site less the discount of its service."""
    charge = pd.Series(demand_charge_usd_per_kw_month(case), pd.MultiIndex.from_frame(case.site_year))
    return _service(case, "charge_discount_frac") * lookup(charge, rows, _SITE, np.nan)


IMPLIED: Final[Mapping[str, Table]] = {"grid.billing_slot": _billed_slots}
PRICES: Final[Mapping[str, DualPrice]] = {
    "grid_connection": DualPrice("USD/MW-year"),
    "contract_floor": DualPrice("USD/MW-year"),
    "zone_headroom": DualPrice("USD/MW-year", paid="horizon"),
    "power_balance": DualPrice("USD/MWh"),
    "exact_balance": DualPrice("USD/MWh"),
    "all_headroom": DualPrice("USD/MW-year", paid="horizon"),
    "non_firm_power": DualPrice("USD/MW-year"),
}
GIVEN: Final[Mapping[str, Given]] = {
    "grid.lease_firm_mw_per_mw": setting("demand.facility_mw_per_rack_mw"),
    "grid.contract_min_nameplate_frac": setting("grid.contract_min_nameplate_frac"),
    "grid.curtailment_rate_pct": setting("grid.curtailment_rate_pct"),
    "load_price.standing_mw": (
        "load_price.zone_slot",
        lambda case, rows: lookup(existing_mw(case), rows, ("zone",), np.nan),
    ),
    "non_firm.shed.max_energy_frac": setting("grid.non_firm.shed.max_energy_frac"),
    "non_firm.shed.usd_per_mwh": setting("grid.non_firm.shed.usd_per_mwh"),
    "non_firm.shed.deployment_frac": figure_of("racks.deployment", "workloads", "workload", "deferrable_frac"),
}
