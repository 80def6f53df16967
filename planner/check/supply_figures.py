"""Figures of on-site technologies that the plan assumes, computed a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check import supply_output as of
from planner.check.days import slot_hours, year_slots
from planner.check.frames import between, column_by, crossed, lookup, to_frame
from planner.check.grid_figures import series_by_hour
from planner.check.lead_times import decision_start
from planner.check.load_price import by_local_hour, wholesale_usd_per_mwh
from planner.check.supply_output import RENEWABLE
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

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


def _start_and_life(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Begin of service after the lead, and life from that date. [years]"""
    lead = of.figures(case, rows["source"], "lead_months") / 12.0
    start = np.maximum(decision_start(case) + lead, rows["year"].to_numpy(dtype=np.float64))
    return start, of.figures(case, rows["source"], "life_years", start)


@figures(
    "supply.build",
    *("supply.build_start", "supply.build_life_years", "supply.build_capex_musd_per_mw", "supply.build_smallest_mw"),
    unit="years, MUSD/MW or MW",
)
def source_offers_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """On-site sources start after their lead time; cost, life and smallest plant are the tables' for that date."""
    start, life = _start_and_life(case, rows)
    capex = [of.capex_usd_per_kw(case, name, when) for name, when in zip(rows["source"], start, strict=True)]
    return start, life, np.array(capex) / 1e3, of.figures(case, rows["source"], "min_size_mw", start)


@figures(
    "supply.build_store",
    *("supply.build_store_start", "supply.build_store_life_years", "supply.build_store_capex_musd_per_mwh"),
    unit="years or MUSD/MWh",
)
def store_offers_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Cells of batteries start and last as these do, and cost what the tables say for that date."""
    start, life = _start_and_life(case, rows)
    return start, life, of.figures(case, rows["source"], "energy_capex_usd_per_kwh", start) / 1e3


@rule(unit="MW or h", rereads="supply.plant_least_mw supply.plant_room_mw supply.duration_h")
def plants_from_tables(case: Case) -> Iterator[Excess]:
    """Smallest plants, which are whole, and their room are those of tables and scenario.

    The room of a plant is its limit less existing capacity; none where that is too small.
    """
    p, supply = case.inputs.supply, case.scenario.supply
    offers = to_frame(p.build, start=p.build_start)
    expected = of.figures(case, offers["source"], "min_size_mw", offers["start"])
    place = offers[list(_SOURCE)]
    least = pd.Series(expected * supply.whole_sources, index=pd.MultiIndex.from_frame(place))
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
    yield Excess.differs(place, reported, least)
    yield Excess.differs(plants[list(_SOURCE)], plants["room"], room)
    yield Excess.differs(
        cells[list(_SOURCE)], lookup(sized, cells, _SOURCE, -1.0), np.where(np.isnan(hours), -1.0, hours)
    )


@figures("source", "supply.burns_fuel", unit="sources")
def sources_burn_fuel(case: Case, rows: pd.DataFrame) -> list[bool]:
    """Generators burn fuel where the tables name one that burns: uranium does not."""
    return [of.fuel(case, name) not in ("", "uranium") for name in rows["source"]]


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


@figures("hall", "supply.standby_mw_per_mw", unit="MW/MW")
def standby_from_tables(case: Case, rows: pd.DataFrame) -> Floats | float:
    """Standby generators are those of the halls, by topology, or as many as the scenario says."""
    own_ratio = case.scenario.supply.standby.mw_per_hall_mw
    if own_ratio is not None:
        return own_ratio
    ratio = column_by(case.data("redundancy"), "redundancy", "generator_kw_per_kw").astype("float64")
    return lookup(ratio, rows.merge(case.halls, on="hall"), ("redundancy",), np.nan)


def _is_store(case: Case, sources: pd.Series[str]) -> NDArray[np.bool_]:
    return np.asarray(sources.map(lambda name: of.role(case, name) == "storage"), dtype=np.bool_)


@figures("source", "supply.charge_efficiency_frac", "supply.discharge_efficiency_frac", unit="-")
def efficiencies_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Batteries lose what the tables or the scenario say, each way."""
    is_store = _is_store(case, rows["source"])

    def one_way(key: str) -> Floats:
        return np.where(is_store, _each(case, rows["source"], lambda c, name: of.one_way_frac(c, name, key)), 0.0)

    return one_way("charge_efficiency_frac"), one_way("discharge_efficiency_frac")


@rule(unit="MW or h", rereads="supply.limit_mw supply.run_hours_h")
def source_limits_from_tables(case: Case) -> Iterator[Excess]:
    """Room and permit hours are those of the tables or the scenario."""
    p = case.inputs.supply
    rows, runs = to_frame(p.capacity), to_frame(p.dispatch)
    reported = to_frame(p.limited, mw=p.limit_mw).set_index(list(_SOURCE))["mw"]
    hours = to_frame(p.run_hours, h=p.run_hours_h).set_index(list(_SOURCE))["h"]
    yield Excess.differs(
        rows[list(_SOURCE)], lookup(reported, rows, _SOURCE, np.inf), _each(case, rows["source"], of.limit_mw)
    )
    yield Excess.differs(
        runs[list(_SOURCE)], lookup(hours, runs, _SOURCE, np.inf), _each(case, runs["source"], of.max_hours)
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


@figures(
    "supply.dispatch",
    *("supply.fuel_mmbtu_per_mwh", "supply.fuel_usd_per_mwh", "supply.co2_t_per_mwh"),
    unit="mmBtu, USD or t a MWh",
)
def fuel_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Fuel and emissions cost what heat rates and prices give."""
    heat = np.nan_to_num(of.figures(case, rows["source"], "heat_rate_mmbtu_per_mwh"))
    places = rows[["source", "site", "year"]].itertuples(index=False)
    price = np.array([_fuel_price(case, *place) for place in places], dtype=np.float64)
    return heat, heat * price, of.figures(case, rows["source"], "co2_t_per_mwh")


@figures(
    "supply.capacity",
    *("supply.existing_mw", "supply.variable_usd_per_mwh", "supply.fixed_musd_per_mw_year"),
    unit="MW or USD",
)
def sources_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Existing sources are the scenario's; upkeep is that of the tables, or is paid with halls or cells."""
    standby, fixed = case.scenario.supply.standby, of.figures(case, rows["source"], "fixed_usd_per_unit_year") / 1e3
    is_hall = (rows["source"] == standby.source_id).to_numpy() & standby.allow
    stands = lookup(standing_mw_mwh(case)[0], rows, ("site", "source"))
    variable = of.figures(case, rows["source"], "variable_usd_per_mwh")
    return stands, variable, np.where(is_hall | _is_store(case, rows["source"]), 0.0, fixed)


@figures(
    "supply.store",
    *("supply.existing_mwh", "supply.cycles_per_year", "supply.fixed_musd_per_mwh_year", "supply.wear_musd_per_mwh"),
    unit="MWh, 1/year or MUSD",
)
def stores_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Existing batteries are the scenario's; cycles, upkeep and wear of cells are those of the tables."""
    source = rows["source"]
    cycles = of.figures(case, source, "cycle_life_cycles")
    fixed = of.figures(case, source, "fixed_usd_per_unit_year") / 1e3
    wear = of.figures(case, source, "energy_capex_usd_per_kwh", rows["year"]) / 1e3 / cycles
    a_year = cycles / of.figures(case, source, "life_years", [case.years[0]] * len(rows))
    return lookup(standing_mw_mwh(case)[1], rows, ("site", "source")), a_year, fixed, wear


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


@figures(
    "supply.redeploy",
    *("supply.redeploy_start", "supply.redeploy_life_left_years"),
    *("supply.redeploy_worth_musd_per_mw", "supply.redeploy_cost_musd_per_mw"),
    unit="years or MUSD/MW",
)
def bridge_worth_from_tables(case: Case, offers: pd.DataFrame) -> tuple[Floats, ...]:
    """Bridge power that leaves is worth a share of the new price, by age, and costs its removal."""
    p, bridge = case.inputs.supply, case.scenario.supply.bridge
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
    removal = figure(bridge.redeploy_usd_per_kw, "redeploy_usd_per_kw")
    return year, begun + life - year, np.clip(share, 0.0, 1.0) * new / 1e3, removal / 1e3


@figures("supply.export", "supply.export_usd_per_mwh", unit="USD/MWh")
def export_price_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """A MWh sold earns its share of the wholesale price of the hour."""
    frame = crossed(case.site_year, year_slots(case)[["slot"]])
    market = pd.Series(wholesale_usd_per_mwh(case).ravel(), index=pd.MultiIndex.from_frame(frame))
    return case.scenario.supply.export.wholesale_price_frac * lookup(market, rows, _SLOT, np.nan)
