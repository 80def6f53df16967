"""Connections, zone headroom and billed peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.base_year import standing_facility_mw
from planner.check.connected import connected
from planner.check.days import year_days
from planner.check.facts_sites import decided, months_to_service
from planner.check.frames import at, by, has, listed, tally, with_int_year
from planner.check.non_firm import by_zone
from planner.check.other_load import other_load_mw
from planner.check.payments import discounts
from planner.check.standing import since
from planner.check.stated_existing import begun_facility_mw
from planner.check.steps import held
from planner.check.verdict import Excess, columns_told, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case

__all__ = ["FACTS", "RULES"]


_SITE = ("site", "year")
_ZONE = ("zone", "year")
_NOTHING_SPARE_MW = 1e-5  # a solver keeps its limits to less
_USD_PER_MUSD = 1e6
_ROUNDINGS = 8.0  # of sums and differences of connections


@rule(unit="MW")
def connection_carries_peak(case: Case) -> Excess:
    """Power drawn in any slot stays within the connection, firm and non-firm."""
    power, sites = case.power, case.site_years
    peak = power.grid_mw.max(axis=1)
    drawn = tally(power.site_year, _SITE, peak)
    most = sites["firm_mw"] + sites["non_firm_mw"]
    return Excess.above(sites[list(_SITE)], at(drawn, sites, _SITE), most.to_numpy())


@rule(unit="MW")
def contract_floor(case: Case) -> Excess:
    """Connections and own firm power are no less than the contract's share of the nameplate."""
    uses, sites = case.uses, case.site_years
    nameplate = tally(uses, _SITE, uses["in_service_mw"] * (1.0 + uses["companion_mw_per_mw"]))
    least = case.scenario.grid.contract_min_nameplate_frac * at(nameplate, sites, _SITE)
    table = case.plan("site_year")
    told = Excess.differs(
        table[list(_SITE)], table["nameplate_mw"].to_numpy(), at(nameplate, table, _SITE)
    )
    rows = case.sources.rows
    own = at(tally(rows, _SITE, rows["mw"] * rows["is_firm"]), sites, _SITE)
    firm = (sites["firm_mw"] + sites["non_firm_mw"]).to_numpy() + own
    return Excess.above(sites[list(_SITE)], least, firm).and_also(told)


@rule(unit="MW")
def connections(case: Case) -> Excess:
    """Connections are added where offered and not before their lead; the tables add them up."""
    added, grid = case.plan("connections"), case.inputs.grid
    offers = listed(grid.expand, start=grid.expand_start)
    place = added[list(_SITE)]
    start = added["service_start"].to_numpy()
    due = at(offers.set_index(list(_SITE))["start"], added, _SITE, np.nan)
    table, sites = case.plan("site_year"), case.site_years
    totals = [
        Excess.differs(
            table[list(_SITE)],
            table[name].to_numpy(),
            at(tally(sites, _SITE, sites[name]), table, _SITE, np.nan),
        )
        for name in ("firm_mw", "new_firm_mw", "halls_mw")
    ]
    return Excess.where(place, ~has(added, offers, _SITE)).and_also(
        Excess.above(place, due, start), *totals
    )


@rule(unit="MW")
def zone_headroom(case: Case) -> Excess:
    """Firm connection in a zone, added or turned firm by a year, stays within its firm headroom."""
    limits = with_int_year(case.inputs.grid.headroom_all)
    room = (limits["firm_limit_mw"] - limits["committed_mw"]).clip(lower=0.0).to_numpy()
    return Excess.above(limits[list(_ZONE)], _new_firm_mw(case, limits), room)


def _new_firm_mw(case: Case, places: pd.DataFrame) -> Floats:
    """Firm connection that is new by the end of a year, by zone. [MW]"""
    added = since(by_zone(case, case.plan("connections")), places, ("zone",))
    new = tally(added, ("zone", "year_now"), added["added_mw"])
    turned = since(by_zone(case, connected(case)), places, ("zone",))
    end = case.last_calendar_year(turned["year_now"]) + 1.0
    turned = turned[turned["turns_firm"].to_numpy() < end]
    more = tally(turned, ("zone", "year_now"), turned["added_mw"])
    return at(new, places, _ZONE) + at(more, places, _ZONE)


@rule(unit="MW")
def headroom_table(case: Case) -> Excess:
    """The headroom table states limits, new connection and what is spare as the plan has them."""
    table = case.plan("headroom")
    given = with_int_year(case.inputs.grid.headroom_all).set_index(list(_ZONE))
    place = table[list(_ZONE)]
    firm = _new_firm_mw(case, table)
    added = since(by_zone(case, case.plan("non_firm_connections")), table, ("zone",))
    every = at(tally(added, ("zone", "year_now"), added["added_mw"]), table, _ZONE)
    both = since(by_zone(case, case.plan("connections")), table, ("zone",))
    every = every + at(tally(both, ("zone", "year_now"), both["added_mw"]), table, _ZONE)
    committed = at(given["committed_mw"], table, _ZONE, np.nan)
    limit, firm_limit = (
        at(given[name], table, _ZONE, np.nan) for name in ("limit_mw", "firm_limit_mw")
    )
    spare = np.clip(limit - committed - every, 0.0, None)
    own = {
        "limit_mw": limit,
        "firm_limit_mw": firm_limit,
        "committed_mw": committed,
        "new_firm_mw": firm,
        "new_non_firm_mw": every - firm,
        "spare_mw": spare,
        "firm_spare_mw": np.clip(firm_limit - committed - firm, 0.0, spare),
    }
    # What is left of a difference is no more exact than what it was taken from.
    rounding = _ROUNDINGS * np.spacing(np.maximum(committed + every, 1.0))
    parts = [
        Excess.differs(place, table[name].to_numpy(), mw).beyond(rounding)
        for name, mw in own.items()
    ]
    rate = np.full(len(table), case.scenario.grid.curtailment_rate_pct, dtype=np.float64)
    parts.append(Excess.differs(place, table["rate_pct"].to_numpy(), rate))
    return parts[0].and_also(*parts[1:])


@rule(unit="flags")
def headroom_binds(case: Case) -> Excess:
    """Headroom is said to bind where nothing is spare, and nowhere else."""
    table = case.plan("headroom")
    place = table[list(_ZONE)]
    parts = [
        Excess.where(place, ((table[spare] < _NOTHING_SPARE_MW) != table[flag]).to_numpy())
        for flag, spare in (("binds", "spare_mw"), ("firm_binds", "firm_spare_mw"))
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="USD/MW", floor=1e4)
def headroom_worth(case: Case) -> Excess:
    """What more headroom is worth follows from the shadow prices of its limits.

    Where one limit holds for all connection and for firm connection alone, both have its worth.
    """
    table, prices = case.plan("headroom"), case.plan("prices")
    given = with_int_year(case.inputs.grid.headroom_all).set_index(list(_ZONE))
    usd = -prices["raw_dual"] * _USD_PER_MUSD
    firm, every = (
        at(tally(prices[of], _ZONE, usd[of]), table, _ZONE)
        for of in (prices["block"] == name for name in ("zone_headroom", "all_headroom"))
    )
    is_one = at(given["limit_mw"], table, _ZONE) == at(given["firm_limit_mw"], table, _ZONE)
    every = every + np.where(is_one, firm, 0.0)
    firm = np.where(is_one, every, firm)
    known = np.where(bool(case.plan("solution")["has_duals"].all()), 1.0, np.nan)
    paid = float(discounts(case).sum())
    own = {
        "value_npv_usd_per_mw": every * known,
        "value_usd_per_mw_year": every * known / paid,
        "firm_value_npv_usd_per_mw": firm * known,
        "firm_value_usd_per_mw_year": firm * known / paid,
    }
    return columns_told(table, _ZONE, own)


def own_peaks(case: Case) -> pd.DataFrame:
    """List the largest draw of every site and year in the slots of every billing period.

    Months of a season have one maximum each and are alike; the month of the peak day is billed
    on the larger of its ordinary day and the peak day.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, year, period, months, peak_mw.
    """
    grid = case.inputs.grid
    period = np.asarray(grid.billing_slot["period"], dtype=np.intp)
    slot = np.asarray(grid.billing_slot["slot"], dtype=np.intp)
    frames = [
        case.power.site_year.assign(
            period=name,
            months=grid.billing_months[code],
            peak_mw=case.power.grid_mw[:, slot[period == code]].max(axis=1, initial=0.0),
        )
        for code, name in enumerate(grid.period.labels)
    ]
    return pd.concat(frames, ignore_index=True)


@rule(unit="MW")
def billed_peaks(case: Case) -> Excess:
    """Every month is billed once, on the largest draw of the slots that stand for it."""
    own, table = own_peaks(case), case.plan("billed_peaks")
    key = (*_SITE, "period")
    told = table.set_index(list(key))["peak_mw"]
    known = own[has(own, table, _SITE)]
    right = Excess.above(known[list(key)], known["peak_mw"].to_numpy(), at(told, known, key))
    # A month in which nothing is drawn has no row; one with a draw must have one, or it is too low.
    silent = known[~has(known, table, key)]
    stood = pd.concat([table[[*_SITE, "months"]], silent[[*_SITE, "months"]]], ignore_index=True)
    months = tally(stood, _SITE, stood["months"])
    place = table[list(_SITE)].drop_duplicates().reset_index(drop=True)
    year = Excess.differs(place, at(months, place, _SITE), np.full(len(place), 12.0))
    charge = (
        table["months"] * table["peak_mw"] * table["usd_per_kw_month"] * 1000.0 / 1e6
    ).to_numpy()
    bill = Excess.differs(table[list(key)], table["charge_musd"].to_numpy(), charge)
    grid = case.inputs.grid
    rates = listed(case.inputs.sites.site_year, usd=grid.demand_charge_usd_per_kw_month).set_index(
        list(_SITE)
    )["usd"]
    rate = Excess.differs(
        table[list(key)], table["usd_per_kw_month"].to_numpy(), at(rates, table, _SITE, np.nan)
    )
    # A peak above the largest draw would be paid for nothing; without a charge it may float.
    costly = known[at(rates, known, _SITE) > 0.0]
    exact = Excess.above(costly[list(key)], at(told, costly, key), costly["peak_mw"].to_numpy())
    return right.and_also(year, bill, rate, exact)


RULES = (
    connection_carries_peak,
    contract_floor,
    connections,
    zone_headroom,
    headroom_table,
    headroom_binds,
    headroom_worth,
    billed_peaks,
)


_MONTHS = 12
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _committed_facility_mw(case: Case) -> pd.Series[float]:
    """Facility power under construction by site and year, cumulative. [MW]"""
    own = case.committed_mw
    of_market = tally(own, _SITE, own["mw"] * case.scenario.demand.facility_mw_per_rack_mw)
    return of_market.add(begun_facility_mw(case), fill_value=0.0).rename_axis(list(_SITE))


@rule(unit="MW")
def firm_connection_from_tables(case: Case) -> Excess:
    """Firm connection of a site is what stands and is begun there, or what the scenario says."""
    grid, sites = case.inputs.grid, list(case.inputs.sets.site.labels)
    rows = listed(grid.firm, mw=grid.firm_mw)
    beside = pd.Series(other_load_mw(case).max(axis=1), index=pd.Index(sites, name="site"))
    begun = at(_committed_facility_mw(case), rows, _SITE)
    own = at(standing_facility_mw(case) + beside, rows, ("site",), np.nan) + begun
    for overrides in (case.scenario.new_sites, case.scenario.sites):
        for site, given in overrides.items():
            for year in case.years:
                mw = held(given.grid_firm_mw, year)
                if mw is not None:
                    own[((rows["site"] == site) & (rows["year"] == year)).to_numpy()] = mw
    return Excess.differs(rows[list(_SITE)], rows["mw"].to_numpy(), own)


@rule(unit="MUSD/MW")
def connection_price_from_tables(case: Case) -> Excess:
    """A MW of firm connection costs a substation and network upgrades, or the scenario's figure."""
    grid, own = case.inputs.grid, case.scenario.grid.expansion_usd_per_mw
    if own is None:
        items = by(case.data("facility_cost"), "item", "value")
        own = float(items["substation_customer"]) + float(items["interconnection_network"])
    rows = listed(grid.expand, musd=grid.expand_capex_musd_per_mw)
    return Excess.differs(rows[list(_SITE)], rows["musd"].to_numpy(), np.full(len(rows), own / 1e6))


@rule(unit="years")
def connection_start_from_tables(case: Case) -> Excess:
    """Firm connection serves after its lead, and in its first years for the part that is left."""
    grid = case.inputs.grid
    rows = listed(grid.expand, start=grid.expand_start, frac=grid.expand_first_year_frac)
    months = at(months_to_service(case)["connection"], rows, ("site",), np.nan)
    begin = rows["year"].to_numpy(dtype=np.float64)
    due = np.maximum(decided(case) + months / 12.0, begin)
    span = case.last_calendar_year(rows["year"]) + 1.0 - begin
    left = 1.0 - (due - begin) / span
    place = rows[list(_SITE)]
    return Excess.differs(place, rows["start"].to_numpy(), due).and_also(
        Excess.differs(place, rows["frac"].to_numpy(), left)
    )


@rule(unit="MW/MW or %")
def grid_terms_from_scenario(case: Case) -> Excess:
    """Leases bring a connection, contracts ask for one, and zones curtail, as the scenario says."""
    grid, settings = case.inputs.grid, case.scenario
    pairs = {
        "lease_firm_mw_per_mw": settings.demand.facility_mw_per_rack_mw,
        "contract_min_nameplate_frac": settings.grid.contract_min_nameplate_frac,
        "curtailment_rate_pct": settings.grid.curtailment_rate_pct,
    }
    told = np.array([getattr(grid, name) for name in pairs], dtype=np.float64)
    return Excess.differs(
        pd.DataFrame({"figure": list(pairs)}), told, np.array(list(pairs.values()), np.float64)
    )


@rule(unit="MW or %")
def committed_of_zones(case: Case) -> Excess:
    """What is under construction takes headroom of its zone, at the rate that is asked for."""
    table = with_int_year(case.inputs.grid.headroom_all)
    of_site = _committed_facility_mw(case).rename("mw").reset_index()
    zone = by(case.scope, "site", "zone")
    of_site = of_site.assign(zone=of_site["site"].map(zone)).dropna(subset="zone")
    own = at(tally(of_site, _ZONE, of_site["mw"]), table, _ZONE)
    place, rate = table[list(_ZONE)], case.scenario.grid.curtailment_rate_pct
    return Excess.differs(place, table["committed_mw"].to_numpy(np.float64), own).and_also(
        Excess.differs(place, table["rate_pct"].to_numpy(np.float64), np.full(len(place), rate))
    )


def _months_of_periods(case: Case) -> dict[str, float]:
    """Months that are billed on one maximum, by the name of the period.

    Months told by the same ordinary day are one period, but for that of the peak day. In a series
    each month with a day is one; months without a day are shared out by days that stand for them.
    """
    days = year_days(case)
    time = case.scenario.time
    if not time.chronological:
        peak = time.peak_month - 1
        ordinary = days.of_month[:-1]
        result = {}
        for day, row in enumerate(ordinary):
            months = np.count_nonzero(np.delete(row, peak) > 0.0)
            name = ("DJF", "MAM", "JJA", "SON") if time.season_days == 4 else _MONTH_NAMES
            if months:
                result[name[day]] = float(months)
        return {**result, _MONTH_NAMES[peak]: 1.0}
    stands_for = days.of_month.sum(axis=0)
    length = pd.date_range("2025-01-01", periods=_MONTHS, freq="MS").days_in_month.to_numpy()
    there = stands_for > 0.0
    beyond = np.where(there, np.clip(stands_for - length, 0.0, None), 0.0)
    absent = float(np.count_nonzero(~there))
    also = absent * beyond / beyond.sum() if absent else beyond * 0.0
    return {_MONTH_NAMES[m]: 1.0 + float(also[m]) for m in np.flatnonzero(there)}


@rule(unit="months")
def billing_months_from_calendar(case: Case) -> Excess:
    """Every month of the year is billed, once, on the days that tell it."""
    grid, own = case.inputs.grid, _months_of_periods(case)
    names = list(grid.period.labels)
    place = pd.DataFrame({"period": names})
    right = np.array([own.get(name, np.nan) for name in names], dtype=np.float64)
    missing = pd.DataFrame({"period": [name for name in own if name not in names]})
    return Excess.differs(place, np.asarray(grid.billing_months), right).and_also(
        Excess.where(missing, np.ones(len(missing), dtype=np.bool_))
    )


FACTS = (
    firm_connection_from_tables,
    connection_price_from_tables,
    connection_start_from_tables,
    grid_terms_from_scenario,
    committed_of_zones,
    billing_months_from_calendar,
)
