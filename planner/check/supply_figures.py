"""Figures of on-site technologies that the plan assumes, computed a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check import supply_output as of
from planner.check.days import slot_hours, year_slots
from planner.check.frames import between, column_by, crossed, keyed, lookup, to_frame
from planner.check.grid_figures import series_by_hour
from planner.check.lead_times import decision_start, months_to_service
from planner.check.load_price import by_local_hour, wholesale_usd_per_mwh
from planner.check.supply_output import RENEWABLE
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SOURCE = ("site", "source", "year")
_SLOT = ("site", "year", "slot")
_SEASONS = ("DJF", "MAM", "JJA", "SON")
_TOLD_AGE_YEARS = 3.0  # of the first worth in table bridge_power


def _each(case: Case, sources: pd.Series[str], read: Callable[[Case, str], float]) -> Floats:
    """Look a figure of each row's source up, once per source."""
    known = {name: read(case, name) for name in sources.unique()}
    return sources.map(known).to_numpy(dtype=np.float64)


@rule(
    unit="years or USD",
    rereads=(
        "supply.build_start supply.build_life_years supply.build_store_start supply.build_store_life_years "
        "supply.build_store_capex_musd_per_mwh supply.build_capex_musd_per_mw"
    ),
)
def source_offers_from_tables(case: Case) -> Excess:
    """On-site sources start after their lead time; cost and life are the tables' for that date."""
    p, first_day = case.inputs.supply, decision_start(case)
    offers = to_frame(p.build, start=p.build_start, life=p.build_life_years, musd=p.build_capex_musd_per_mw)
    names = list(offers["source"])
    lead = of.figures(case, names, "lead_months") / 12.0
    start = np.maximum(first_day + lead, offers["year"].to_numpy(dtype=np.float64))
    life = of.figures(case, names, "life_years", start)
    capex = np.array([of.capex_usd_per_kw(case, name, when) for name, when in zip(names, start, strict=True)])
    place = offers[list(_SOURCE)]
    cells = to_frame(
        p.build_store, start=p.build_store_start, life=p.build_store_life_years, musd=p.build_store_capex_musd_per_mwh
    )
    own_cells = of.figures(case, cells["source"], "energy_capex_usd_per_kwh", cells["start"])
    starts = pd.Series(start, index=keyed(place))
    return Excess.differs(place, offers["start"].to_numpy(), start).and_also(
        Excess.differs(place, offers["life"].to_numpy(), life),
        Excess.differs(place, offers["musd"].to_numpy() * 1e3, capex),
        Excess.differs(cells[list(_SOURCE)], cells["start"].to_numpy(), lookup(starts, cells, _SOURCE, np.nan)),
        Excess.differs(
            cells[list(_SOURCE)],
            cells["life"].to_numpy(),
            of.figures(case, cells["source"], "life_years", cells["start"]),
        ),
        Excess.differs(cells[list(_SOURCE)], cells["musd"].to_numpy() * 1e3, own_cells),
    )


@rule(unit="MW or h", rereads="supply.build_smallest_mw supply.plant_least_mw supply.plant_room_mw supply.duration_h")
def plants_from_tables(case: Case) -> Excess:
    """Smallest plants, which are whole, and their room are those of tables and scenario.

    The room of a plant is its limit less existing capacity; none where that is too small.
    """
    p, supply = case.inputs.supply, case.scenario.supply
    offers = to_frame(p.build, mw=p.build_smallest_mw, start=p.build_start)
    expected = of.figures(case, offers["source"], "min_size_mw", offers["start"])
    place = offers[list(_SOURCE)]
    least = pd.Series(expected * supply.whole_sources, index=keyed(place))
    plants = to_frame(p.plant, mw=p.plant_least_mw, room=p.plant_room_mw)
    limit = _each(case, plants["source"], of.limit_mw)
    room = limit - lookup(standing_mw_mwh(case)[0], plants, ("site", "source"))
    mine = lookup(least, plants, _SOURCE, np.nan)
    room = np.where(room >= mine * (1.0 - 1e-9), room, 0.0)
    reported = lookup(plants.set_index(list(_SOURCE))["mw"], offers, _SOURCE)
    cells = to_frame(p.build_store)
    given = {name: of.stated(case, name, "duration_h") for name in cells["source"].unique()}
    hours = cells["source"].map(given).to_numpy(dtype=np.float64)
    sized = to_frame(p.fixed_duration, h=p.duration_h).set_index(list(_SOURCE))["h"]
    return Excess.differs(place, offers["mw"].to_numpy(), expected).and_also(
        Excess.differs(place, reported, np.asarray(least, np.float64)),
        Excess.differs(plants[list(_SOURCE)], plants["room"].to_numpy(), room),
        Excess.differs(
            cells[list(_SOURCE)], lookup(sized, cells, _SOURCE, -1.0), np.where(np.isnan(hours), -1.0, hours)
        ),
    )


@rule(unit="sources", rereads="supply.burns_fuel")
def sources_burn_fuel(case: Case) -> Excess:
    """Generators burn fuel where the tables name one that burns: uranium does not."""
    p = case.inputs.supply
    place = table_of({"source": list(p.source.labels)})
    burns = [of.fuel(case, name) not in ("", "uranium") for name in place["source"]]
    return Excess.count_broken(place, p.burns_fuel != np.array(burns, dtype=np.bool_))


def standing_mw_mwh(case: Case) -> tuple[pd.Series[float], pd.Series[float]]:
    """Power and energy that stand, by site and source, as the scenario says. [MW, MWh]"""
    power, energy = {}, {}
    for blocks in (case.scenario.new_sites, case.scenario.sites):
        for site, stated in blocks.items():
            for source, mw in (stated.existing_source_mw or {}).items():
                power[site, source] = mw
                four_hours = 4.0 * mw  # of a battery of which only the power is known
                energy[site, source] = (stated.existing_storage_mwh or {}).get(source, four_hours)
    return pd.Series(power, dtype="float64"), pd.Series(energy, dtype="float64")


@rule(unit="MW or MWh", rereads="supply.existing_mw supply.existing_mwh supply.standby_mw_per_mw")
def standing_sources_from_scenario(case: Case) -> Excess:
    """Existing sources are the scenario's, and standby generators are those of the halls."""
    p, supply = case.inputs.supply, case.scenario.supply
    rows = to_frame(p.capacity, mw=p.existing_mw)
    stands, energy = standing_mw_mwh(case)
    cells = to_frame(p.store, mwh=p.existing_mwh)
    pair = ("site", "source")
    ratio = column_by(case.data("redundancy"), "redundancy", "generator_kw_per_kw")
    halls = case.halls
    per_mw = lookup(ratio.astype("float64"), halls, ("redundancy",), np.nan)
    own_ratio = supply.standby.mw_per_hall_mw
    per_mw = per_mw if own_ratio is None else np.full(len(halls), own_ratio)
    return Excess.differs(rows[list(_SOURCE)], rows["mw"].to_numpy(), lookup(stands, rows, pair)).and_also(
        Excess.differs(cells[list(_SOURCE)], cells["mwh"].to_numpy(), lookup(energy, cells, pair)),
        Excess.differs(halls[["hall"]], np.asarray(p.standby_mw_per_mw, np.float64), per_mw),
    )


@rule(
    unit="MW, h or 1/year",
    rereads=(
        "supply.limit_mw supply.run_hours_h supply.charge_efficiency_frac supply.discharge_efficiency_frac "
        "supply.cycles_per_year"
    ),
)
def source_limits_from_tables(case: Case) -> Excess:
    """Room, permit hours and battery cycles are those of the tables or the scenario."""
    p = case.inputs.supply
    rows, runs, cells = to_frame(p.capacity), to_frame(p.dispatch), to_frame(p.store)
    reported = to_frame(p.limited, mw=p.limit_mw).set_index(list(_SOURCE))["mw"]
    hours = to_frame(p.run_hours, h=p.run_hours_h).set_index(list(_SOURCE))["h"]
    first = case.years[0]

    def one_way(key: str) -> Floats:
        known = _each(case, every["source"], lambda c, name: of.one_way_frac(c, name, key))
        return np.where(is_store, known, 0.0)

    cycles = of.figures(case, cells["source"], "cycle_life_cycles")
    cycles = cycles / of.figures(case, cells["source"], "life_years", [first] * len(cells))
    place = cells[list(_SOURCE)]
    every = table_of({"source": list(p.source.labels)})
    is_store = np.array([of.role(case, name) == "storage" for name in p.source.labels], np.bool_)
    return Excess.differs(
        rows[list(_SOURCE)], lookup(reported, rows, _SOURCE, np.inf), _each(case, rows["source"], of.limit_mw)
    ).and_also(
        Excess.differs(
            runs[list(_SOURCE)], lookup(hours, runs, _SOURCE, np.inf), _each(case, runs["source"], of.max_hours)
        ),
        Excess.differs(place, np.asarray(p.cycles_per_year), cycles),
        Excess.differs(every, p.charge_efficiency_frac, one_way("charge_efficiency_frac")),
        Excess.differs(every, p.discharge_efficiency_frac, one_way("discharge_efficiency_frac")),
    )


def _fuel_price(case: Case, source: str, site: str, year: int) -> float:
    """Price of a source's fuel: the scenario's, of the zone, the country or the world."""
    name = of.fuel(case, source)
    if not name:
        return 0.0
    stated = case.scenario.supply.fuel_price_usd_per_mmbtu
    if name in stated:
        return between(stated[name], year)
    place = case.sites.set_index("site").loc[site]
    table = case.data("fuel_prices")
    table = table[table["fuel"] == name].sort_values("year")
    for region in (place["zone"], place["country"], "world"):
        rows = table[table["region"] == region]
        if len(rows):
            return float(np.interp(year, rows["year"], rows["usd_per_mmbtu"]))
    return float("nan")


@rule(
    unit="USD",
    rereads=(
        "supply.fixed_musd_per_mw_year supply.variable_usd_per_mwh supply.fuel_usd_per_mwh "
        "supply.fuel_mmbtu_per_mwh supply.co2_t_per_mwh supply.wear_musd_per_mwh "
        "supply.fixed_musd_per_mwh_year"
    ),
)
def source_running_costs_from_tables(case: Case) -> Excess:
    """Upkeep, fuel, emissions and battery wear cost what heat rates, prices and cycles give."""
    p = case.inputs.supply
    runs, cells, rows = to_frame(p.dispatch), to_frame(p.store), to_frame(p.capacity)
    heat = np.nan_to_num(of.figures(case, runs["source"], "heat_rate_mmbtu_per_mwh"))
    price = np.array(
        [_fuel_price(case, source, site, year) for site, source, year in runs[list(_SOURCE)].itertuples(index=False)],
        dtype=np.float64,
    )
    worn = of.figures(case, cells["source"], "energy_capex_usd_per_kwh", cells["year"])
    worn = worn * 1e3 / of.figures(case, cells["source"], "cycle_life_cycles")
    standby = case.scenario.supply.standby
    fixed = of.figures(case, rows["source"], "fixed_usd_per_unit_year")
    is_hall = (rows["source"] == standby.source_id).to_numpy() & standby.allow
    is_cell = _each(case, rows["source"], lambda c, name: of.role(c, name) == "storage") > 0.0
    place, at_run = cells[list(_SOURCE)], runs[list(_SOURCE)]
    pairs = (
        (rows[list(_SOURCE)], p.variable_usd_per_mwh, of.figures(case, rows["source"], "variable_usd_per_mwh")),
        (at_run, p.fuel_mmbtu_per_mwh, heat),
        (at_run, p.fuel_usd_per_mwh, heat * price),
        (at_run, p.co2_t_per_mwh, of.figures(case, runs["source"], "co2_t_per_mwh")),
        (rows[list(_SOURCE)], p.fixed_musd_per_mw_year * 1e3, np.where(is_hall | is_cell, 0.0, fixed)),
        (place, p.fixed_musd_per_mwh_year * 1e3, of.figures(case, cells["source"], "fixed_usd_per_unit_year")),
        (place, p.wear_musd_per_mwh * 1e6, worn),
    )
    parts = [Excess.differs(frame, np.asarray(reported), expected) for frame, reported, expected in pairs]
    return parts[0].and_also(*parts[1:])


@rule(unit="MW/MW", rereads="supply.availability_frac")
def source_yield_from_tables(case: Case) -> Excess:
    """Solar and wind follow their site's series or zone; others run at their availability."""
    p, sets, hours = case.inputs.supply, case.inputs.sets, slot_hours(case)
    pairs = pd.MultiIndex.from_product(
        [list(sets.site.labels), list(p.source.labels)], names=["site", "source"]
    ).to_frame(index=False)
    table = case.data("renewable_shapes")
    sites = case.sites.set_index("site")
    of_place: dict[tuple[Any, ...], Floats] = {}  # sites of a zone on one clock are alike
    series = {name: series_by_hour(case, f"{name}_frac") for name in RENEWABLE}
    worst, scale = np.zeros(len(pairs)), np.zeros(len(pairs))
    for row, (site, source) in enumerate(pairs.itertuples(index=False)):
        role = of.role(case, source)
        mean = np.nan_to_num(of.figure(case, source, "availability_frac", float(case.years[0])))
        expected = np.full(len(hours), mean)
        shapes = table[table["technology"] == role]
        hourly = series[role].get(site) if role in RENEWABLE else None
        if hourly is not None or (role in RENEWABLE and len(shapes)):
            if hourly is not None:
                expected = hourly.reshape(len(hours), -1).mean(axis=1)
            else:
                at_site = sites.loc[site]
                key = (role, *at_site[["zone", "utc_offset_h"]], float(at_site["lat"]) < 0.0)
                if key not in of_place:
                    of_place[key] = _weather(case, shapes, at_site)
                expected = of_place[key]
            if of.is_given(case, source, "availability_frac"):
                expected = expected * mean / (expected @ hours / hours.sum())
            expected = np.minimum(expected, 1.0)
        reported = p.availability_frac[sets.site.labels.index(site), p.source.labels.index(source)]
        worst[row], scale[row] = np.abs(reported - expected).max(), expected.max()
    return Excess(pairs, worst, scale)


def _weather(case: Case, shapes: pd.DataFrame, site: pd.Series) -> Floats:
    """Output over capacity of one site by time slice, from the shapes of its zone or all zones."""
    wide = shapes.pivot(index=["zone", "season"], columns="hour_local", values="capacity_factor_frac")
    zones = wide.index.get_level_values("zone")
    if site["zone"] in zones:
        of_zone = wide.loc[site["zone"]].loc[list(_SEASONS)].to_numpy(dtype=np.float64)
    else:
        of_zone = wide.groupby("season").mean().loc[list(_SEASONS)].to_numpy(dtype=np.float64)
        if float(site["lat"]) < 0.0:
            of_zone = of_zone[[2, 3, 0, 1]]  # the other half of the year
    return by_local_hour(case, of_zone, float(site["utc_offset_h"]))


@rule(
    unit="USD",
    rereads=(
        "supply.redeploy_start supply.redeploy_life_left_years supply.redeploy_worth_musd_per_mw "
        "supply.redeploy_cost_musd_per_mw"
    ),
)
def bridge_worth_from_tables(case: Case) -> Excess:
    """Bridge power that leaves is worth a share of the new price, by age, and costs its removal."""
    p, bridge = case.inputs.supply, case.scenario.supply.bridge
    offers = to_frame(
        p.redeploy,
        start=p.redeploy_start,
        life=p.redeploy_life_left_years,
        worth=p.redeploy_worth_musd_per_mw * 1e3,
        removal=p.redeploy_cost_musd_per_mw * 1e3,
    )
    table = case.data("bridge_power").set_index("onsite")
    build = to_frame(p.build, begun=p.build_start, life=p.build_life_years)
    build = build.rename(columns={"year": "vintage"}).set_index(["site", "source", "vintage"])
    key = ("site", "source", "vintage")
    offers = offers.assign(vintage=offers["vintage"].astype("int64"))
    begun, life = (lookup(build[name], offers, key, np.nan) for name in ("begun", "life"))
    year = offers["year"].to_numpy(dtype=np.float64)

    def figure(stated: float | None, column: str) -> Floats:
        if stated is not None:
            return np.full(len(offers), stated)
        return lookup(table[column].astype("float64"), offers, ("source",), np.nan)

    share = figure(bridge.residual_frac, "residual_3yr_frac")
    if bridge.residual_frac is None:
        decline = figure(None, "residual_decline_frac")
        share = share - decline * np.clip(year - begun - _TOLD_AGE_YEARS, 0.0, None)
    new = np.array(
        [of.capex_usd_per_kw(case, name, when) for name, when in zip(offers["source"], begun, strict=True)],
        dtype=np.float64,
    )
    place = offers[[*key, "year"]]
    return Excess.differs(place, offers["worth"].to_numpy(), np.clip(share, 0.0, 1.0) * new).and_also(
        Excess.differs(place, offers["removal"].to_numpy(), figure(bridge.redeploy_usd_per_kw, "redeploy_usd_per_kw")),
        Excess.differs(place, offers["start"].to_numpy(), year),
        Excess.differs(place, offers["life"].to_numpy(), begun + life - year),
    )


@rule(unit="MW")
def bridge_until_grid(case: Case) -> Excess:
    """Bridge power that is to wait for the grid is gone in the year after it arrives."""
    bridge, rows = case.scenario.supply.bridge, case.plan("source_year")
    bound = rows["source"].isin(list(bridge.sources) if bridge.until_grid else []).to_numpy()
    months = lookup(months_to_service(case)["connection"], rows, ("site",), np.nan)
    arrives = decision_start(case) + months / 12.0
    late = bound & (rows["year"].to_numpy(dtype=np.float64) >= arrives)
    return Excess.above(rows.loc[late, list(_SOURCE)], rows["capacity_mw"].to_numpy()[late], 0.0)


@rule(unit="USD/MWh", rereads="supply.export_usd_per_mwh")
def export_price_from_tables(case: Case) -> Excess:
    """A MWh sold earns its share of the wholesale price of the hour."""
    p = case.inputs.supply
    reported = to_frame(p.export, usd=p.export_usd_per_mwh)
    if not len(reported):
        return Excess.above(reported[list(_SLOT)], np.zeros(0), 0.0)
    frame = crossed(case.site_year, year_slots(case)[["slot"]])
    market = pd.Series(wholesale_usd_per_mwh(case).ravel(), index=keyed(frame))
    share = case.scenario.supply.export.wholesale_price_frac
    return Excess.differs(
        reported[list(_SLOT)], reported["usd"].to_numpy(), share * lookup(market, reported, _SLOT, np.nan)
    )
