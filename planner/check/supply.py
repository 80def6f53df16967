"""On-site generation: its figures read again from scenario and tables, and what its energy costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check import supply_output as of
from planner.check.days import slot_hours
from planner.check.declared import DualPrice
from planner.check.frames import between, column_by, found_by, lookup, once, quotient, sum_by, to_frame
from planner.check.grid import at_slots, by_local_hour, series_by_hour, wholesale_usd_per_mwh
from planner.check.lead_times import decision_start
from planner.check.payments import repay
from planner.check.priced import purchases
from planner.check.supply_output import RENEWABLE
from planner.check.verdict import Excess, columns_reported, figures, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Given


_SOURCE = ("site", "source", "year")
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


def _capex_usd_per_kw(case: Case, rows: pd.DataFrame, when: Floats) -> Floats:
    """Overnight cost of power of each row's source at a moment."""
    usd = [of.capex_usd_per_kw(case, name, moment) for name, moment in zip(rows["source"], when, strict=True)]
    return np.array(usd, dtype=np.float64)


@figures(
    "supply.build",
    *("supply.build_start", "supply.build_life_years", "supply.build_capex_musd_per_mw", "supply.build_smallest_mw"),
    unit="years, MUSD/MW or MW",
)
def source_offers_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """On-site sources start after their lead time; cost, life and smallest plant are the tables' for that date."""
    start, life = _start_and_life(case, rows)
    return (
        start,
        life,
        _capex_usd_per_kw(case, rows, start) / 1e3,
        of.figures(case, rows["source"], "min_size_mw", start),
    )


@figures(
    "supply.build_store",
    *("supply.build_store_start", "supply.build_store_life_years", "supply.build_store_capex_musd_per_mwh"),
    unit="years or MUSD/MWh",
)
def store_offers_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Cells of batteries start and last as these do, and cost what the tables say for that date."""
    start, life = _start_and_life(case, rows)
    return start, life, of.figures(case, rows["source"], "energy_capex_usd_per_kwh", start) / 1e3


@figures("supply.plant", "supply.plant_least_mw", "supply.plant_room_mw", unit="MW")
def plants_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats, pd.DataFrame]:
    """Smallest plants, which are whole, and their room are those of tables and scenario.

    The room of a plant is its limit less existing capacity; none where that is too small.
    """
    offers = to_frame(case.inputs.supply.build, start=case.inputs.supply.build_start)
    least = of.figures(case, offers["source"], "min_size_mw", offers["start"]) * case.scenario.supply.whole_sources
    mine = lookup(pd.Series(least, pd.MultiIndex.from_frame(offers[list(_SOURCE)])), rows, _SOURCE, np.nan)
    room = _each(case, rows["source"], of.limit_mw) - lookup(standing_mw_mwh(case)[0], rows, ("site", "source"))
    return mine, np.where(room >= mine * (1.0 - 1e-9), room, 0.0), offers[least > 0.0]


@figures("supply.fixed_duration", "supply.duration_h", unit="h")
def durations_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Batteries have the hours that the scenario gives, where it does."""

    def given(frame: pd.DataFrame) -> Floats:
        return _each(case, frame["source"], lambda case, name: float(of.stated(case, name, "duration_h") or np.nan))

    cells = to_frame(case.inputs.supply.build_store)
    return given(rows), cells[~np.isnan(given(cells))]


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
    return np.array([of.role(case, name) == "storage" for name in sources], dtype=np.bool_)


@figures(
    "source",
    *("supply.charge_efficiency_frac", "supply.discharge_efficiency_frac", "supply.burns_fuel"),
    unit="- or sources",
)
def kinds_of_sources(case: Case, rows: pd.DataFrame) -> tuple[Any, ...]:
    """Batteries lose what tables or scenario say, each way; generators burn a fuel but uranium."""
    source, is_store = rows["source"], _is_store(case, rows["source"])
    one_way = (
        np.where(is_store, [of.one_way_frac(case, name, key) for name in source], 0.0)
        for key in ("charge_efficiency_frac", "discharge_efficiency_frac")
    )
    return (*one_way, [of.fuel(case, name) not in ("", "uranium") for name in source])


@rule(unit="MW or h", rereads="supply.limit_mw supply.run_hours_h")
def source_limits_from_tables(case: Case) -> Iterator[Excess]:
    """Room and permit hours are those of the tables or the scenario."""
    p = case.inputs.supply
    rows, runs = to_frame(p.capacity), to_frame(p.dispatch)
    limits, hours = to_frame(p.limited, mw=p.limit_mw), to_frame(p.run_hours, h=p.run_hours_h)
    reported_mw, reported_h = (
        found_by(limits, _SOURCE, "mw", rows, np.inf),
        found_by(hours, _SOURCE, "h", runs, np.inf),
    )
    yield Excess.differs(rows[list(_SOURCE)], reported_mw, _each(case, rows["source"], of.limit_mw))
    yield Excess.differs(runs[list(_SOURCE)], reported_h, _each(case, runs["source"], of.max_hours))


def _fuel_price(case: Case, source: str, site: str, year: int) -> float:
    """Price of a source's fuel: the scenario's, of the zone, the country or the world."""
    name = of.fuel(case, source)
    if not name:
        return 0.0
    stated = case.scenario.supply.fuel_price_usd_per_mmbtu
    if name in stated:
        return between(stated[name], year)
    place = case.by("sites", "site").loc[site]
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
    reported, sets = case.inputs.supply.availability_frac, case.inputs.sets
    pairs = [(site, source) for site in sets.site.labels for source in case.inputs.supply.source.labels]
    expected = np.array([_yield_frac(case, *pair) for pair in pairs]).reshape(reported.shape)
    worst, scale = np.abs(reported - expected).max(axis=2), expected.max(axis=2)
    return Excess(pd.DataFrame(pairs, columns=["site", "source"]), worst.ravel(), scale.ravel())


def _yield_frac(case: Case, site: str, source: str) -> Floats:
    """Output over capacity of a source at a site by time slice."""
    kind, hours = of.role(case, source), slot_hours(case)
    mean = np.nan_to_num(of.figure(case, source, "availability_frac", float(case.years[0])))
    own = series_by_hour(case, f"{kind}_frac").get(site) if kind in RENEWABLE else None
    if own is not None:
        frac = own.reshape(len(hours), -1).mean(axis=1)
    elif kind in case.data("renewable_shapes")["technology"].unique():
        place: dict[Any, Any] = case.by("sites", "site").loc[site].to_dict()
        frac = weather_frac(case, kind, place["zone"], place["lat"] < 0.0, place["utc_offset_h"])
    else:
        return np.full(len(hours), mean)
    if of.stated(case, source, "availability_frac") is not None:
        frac = frac * mean / (frac @ hours / hours.sum())
    return np.asarray(np.minimum(frac, 1.0))


@once
def weather_frac(case: Case, technology: str, zone: str, is_south: bool, utc_offset_h: float) -> Floats:
    """Output over capacity of sun or wind by slot; zones without rows take the mean of others, turned in the south."""
    shapes = case.data("renewable_shapes")
    wide = shapes[shapes["technology"] == technology].pivot(
        index=["zone", "season"], columns="hour_local", values="capacity_factor_frac"
    )
    has_own = zone in wide.index.get_level_values("zone")
    seasons = wide.loc[zone] if has_own else wide.groupby("season").mean()
    hourly = seasons.loc[list(_SEASONS)].to_numpy(dtype=np.float64)
    return by_local_hour(case, np.roll(hourly, 2, axis=0) if is_south and not has_own else hourly, utc_offset_h)


@figures(
    "supply.redeploy",
    *("supply.redeploy_start", "supply.redeploy_life_left_years"),
    *("supply.redeploy_worth_musd_per_mw", "supply.redeploy_cost_musd_per_mw"),
    unit="years or MUSD/MW",
)
def bridge_worth_from_tables(case: Case, offers: pd.DataFrame) -> tuple[Floats, ...]:
    """Bridge power that leaves is worth a share of the new price, by age, and costs its removal."""
    p, bridge = case.inputs.supply, case.scenario.supply.bridge
    table = case.by("bridge_power", "onsite")
    build = to_frame(p.build, begun=p.build_start, life=p.build_life_years)
    build = build.rename(columns={"year": "vintage"})
    key = ("site", "source", "vintage")
    offers = offers.assign(vintage=offers["vintage"].astype("int64"))
    begun, life = (found_by(build, key, name, offers) for name in ("begun", "life"))
    year = offers["year"].to_numpy(dtype=np.float64)

    def figure(stated: float | None, column: str) -> Floats:
        if stated is not None:
            return np.full(len(offers), stated)
        return lookup(table[column].astype("float64"), offers, ("source",), np.nan)

    share = figure(bridge.residual_frac, "residual_3yr_frac")
    if bridge.residual_frac is None:
        share = share - figure(None, "residual_decline_frac") * np.clip(year - begun - _TOLD_AGE_YEARS, 0.0, None)
    new = _capex_usd_per_kw(case, offers, begun)
    removal = figure(bridge.redeploy_usd_per_kw, "redeploy_usd_per_kw")
    return year, begun + life - year, np.clip(share, 0.0, 1.0) * new / 1e3, removal / 1e3


# --- What its energy costs ----------------------------------------------------------------------


@rule(unit="MUSD", floor=10.0)
def sources_of_a_year(case: Case) -> Iterator[Excess]:
    """Capital, capacity factor and cost of energy of on-site power follow from purchases and its year."""
    table = case.plan("source_year")
    output, size = (table[name].to_numpy(dtype=np.float64) for name in ("output_mwh", "capacity_mw"))
    paid = table["capital_musd"].to_numpy() + table["running_musd"].to_numpy()
    expected = {
        "capital_musd": lookup(_capital_musd(case), table, _SOURCE),
        "capacity_factor_frac": np.where(size > 0.0, quotient(output, size * 8760.0), np.nan),
        "usd_per_mwh": np.where(output > 0.0, quotient(paid * 1e6, output), np.nan),
    }
    return columns_reported(table, _SOURCE, expected)


def _capital_musd(case: Case) -> dict[tuple[str, str, int], float]:
    """Repayments of a mean calendar year by site, source and model year. [MUSD/year]"""
    bought = purchases(case)
    bought = bought[bought["source"] != ""].reset_index(drop=True)
    table = repay(case, bought).assign(source=np.tile(bought["source"].to_numpy(), len(case.calendar)))
    table = table.assign(year=table["calendar_year"].map(case.model_year).astype("int64"))
    return sum_by(table, _SOURCE, table["musd"].to_numpy() / case.span(table["year"]))


PRICES: Final[Mapping[str, DualPrice]] = {"source_limit": DualPrice("USD/MW-year")}
GIVEN: Final[Mapping[str, Given]] = {
    "supply.export_usd_per_mwh": (
        "supply.export",
        lambda case, rows: (
            case.scenario.supply.export.wholesale_price_frac * at_slots(case, wholesale_usd_per_mwh(case), rows)
        ),
    )
}
