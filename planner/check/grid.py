"""Connections, billing and headroom: figures read again from scenario and data, and what headroom is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import tiers_pct, year_days
from planner.check.declared import DualPrice, Given, setting
from planner.check.existing import begun_facility_mw
from planner.check.frames import column_by, lookup, once, path_value, sum_by, table_of, to_frame, with_int_year
from planner.check.lead_times import committed_mw, decision_start, months_to_service
from planner.check.stock import base_year_facility_mw
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

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
    span = case.last_calendar_year(rows["year"]) + 1.0 - begin
    return due, 1.0 - (due - begin) / span


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


@rule(unit="months", rereads="grid.billing_months")
def billing_months_from_calendar(case: Case) -> Iterator[Excess]:
    """Every month of the year is billed, once, on the days that represent it."""
    grid, expected = case.inputs.grid, _months_of_periods(case)
    names = list(grid.period.labels)
    yield Excess.count_broken(table_of({"what": ["periods"]}), [not {*expected} <= {*names}])
    yield Excess.differs(
        table_of({"period": names}), grid.billing_months, [expected.get(name, np.nan) for name in names]
    )


# --- Headroom of zones, computed a second time from the data --------------------------------------


def headroom_mw(case: Case, places: pd.DataFrame, rate_pct: float) -> Floats:
    """Return the headroom of zones in years at a curtailment rate, at the operator's share. [MW]"""
    settings, table = case.scenario.grid, case.data("zone_headroom")
    rate = table[table["curtailment_rate_pct"] == rate_pct].set_index("zone")["headroom_mw"]
    growth = case.data("zone_headroom_growth").set_index(["zone", "year"])["added_headroom_mw"]
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
        yield Excess.differs(rows[list(_ZONE)], rows["room"], expected)


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
    """Return the load of every site of the plan beside its racks, shape (site, slot). [MW]

    Ordinary days take the mean of a time slice, peak days its highest hour.
    """
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


# --- What the plan reports ------------------------------------------------------------------------

_NOTHING_SPARE_MW = 1e-5  # a solver keeps its limits to less
_USD_PER_MUSD = 1e6


@rule(unit="flags")
def headroom_binds(case: Case) -> Iterator[Excess]:
    """Headroom is reported as binding exactly where nothing is spare."""
    table = case.plan("headroom")
    place = table[list(_ZONE)]
    for flag, spare in (("binds", "spare_mw"), ("firm_binds", "firm_spare_mw")):
        yield Excess.count_broken(place, (table[spare] < _NOTHING_SPARE_MW) != table[flag])


PRICES: Final[Mapping[str, DualPrice]] = {
    "grid_connection": DualPrice("USD/MW-year"),
    "contract_floor": DualPrice("USD/MW-year"),
    "zone_headroom": DualPrice("USD/MW-year", paid="horizon"),
    "power_balance": DualPrice("USD/MWh"),
    "exact_balance": DualPrice("USD/MWh"),
}
GIVEN: Final[Mapping[str, Given]] = {
    "grid.lease_firm_mw_per_mw": setting("demand.facility_mw_per_rack_mw"),
    "grid.contract_min_nameplate_frac": setting("grid.contract_min_nameplate_frac"),
    "grid.curtailment_rate_pct": setting("grid.curtailment_rate_pct"),
}
