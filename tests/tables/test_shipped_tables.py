"""The tables that ship: complete, in step with their descriptor, and sensible."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.base.paths import DATA_DIR
from planner.place.geo import geodesic_km
from planner.tables import load_package, read_tables
from planner.tables.catalog import data_page, describe_table, list_tables

FRAMES = read_tables(load_package().tables)
TABLES = sorted(FRAMES)
SEASON_DAYS = pd.Series({"DJF": 90, "MAM": 92, "JJA": 92, "SON": 91})

QUALIFIERS = re.compile(r" of 2025| nominal| IT\b| facility| HHV| per capex_unit(.*)$")
TOKENS = {
    "%": "pct",
    "1/K": "per_k",
    "1/year": "frac",
    "GB/s": "gb_per_s",
    "GW": "gw(_it)?",
    "H100e-s": "h100e_seconds",
    "PF-day": "pf_days",
    "K day": "k_day",
    "L/kWh": "l_per_kwh",
    "USD/GPU-h": "usd_per_gpu_hour",
    "USD/H100e-h": "usd_per_h100e_hour",
    "USD/kW-month": "usd_per_kw_month",
    "deg": "(lat|lon)",
    "degC": "c",
    "-": "(frac|k0|k1|k2|ratio|factor|cop|index)",
    "h": "(h|hour_local|hour_utc)",
    "kW/kW": "(kw_per_kw|frac)",
    "h/year": "hours_per_year",
    "tokens/s": "tokens_per_s",
}
"""Units whose name in a column is not just the unit in lower case with `per` for the stroke."""
UNITLESS = {"class", "count"}


def unit_token(unit: str) -> str:
    """Return the pattern that a column name of this unit must end in."""
    plain = QUALIFIERS.sub("", unit)
    return TOKENS.get(plain, plain.lower().replace("/", "_per_"))


def test_unit_tokens_are_what_a_planner_would_write() -> None:
    assert unit_token("USD of 2025/MWh") == "usd_per_mwh"
    assert unit_token("MW/year") == "mw_per_year"
    assert unit_token("USD of 2025 per capex_unit and year") == "usd"


@pytest.mark.parametrize("table", TABLES)
def test_every_number_has_a_unit_and_its_name_ends_in_it(table: str) -> None:
    schema = load_package()[table]
    for field in schema.fields:
        if not field.is_number or field.unit in UNITLESS:
            continue
        if field.unit == "see unit":
            assert "unit" in schema.columns
            continue
        name = rf"(.*_)?{unit_token(field.unit)}(_per_\w+|_saved|_max|_unit_year)?"
        assert field.unit, f"{table}.{field.name} has no unit"
        assert re.fullmatch(name, field.name), f"{table}.{field.name} is in {field.unit}"


@pytest.mark.parametrize("table", TABLES)
def test_every_row_says_who_says_so_and_how_sure_it_is(table: str) -> None:
    fields = {field.name: field for field in load_package()[table].fields}

    assert fields["source"].required
    assert fields["kind"].required
    assert set(fields["kind"].enum) <= {"published", "derived", "estimate", "seed", "own"}
    assert "own" in fields["kind"].enum
    assert "own" not in set(FRAMES[table]["kind"])
    assert all(field.description for field in fields.values())


@pytest.mark.parametrize("table", TABLES)
def test_every_table_names_its_sources_licences_and_vintage(table: str) -> None:
    schema = load_package()[table]

    assert schema.title
    assert schema.vintage
    assert schema.sources
    assert schema.licences


def test_every_file_is_described_and_every_description_has_its_file() -> None:
    files = {path.name for path in DATA_DIR.glob("*.csv")}

    assert files == {schema.path for schema in load_package().tables.values()}


def test_the_page_on_data_is_in_step_with_the_tables() -> None:
    page = DATA_DIR.parent / "docs" / "data.md"

    assert page.read_text(encoding="utf-8") == data_page()


def test_the_list_of_tables_counts_rows_and_columns() -> None:
    sites = list_tables().set_index("table").loc["sites"]

    assert sites["rows"] == len(FRAMES["sites"])
    assert sites["columns"] == len(FRAMES["sites"].columns)
    assert "deg" in sites["units"]
    assert describe_table("sites").set_index("column").loc["lat", "unit"] == "deg"


def test_all_sites_and_metros_are_there() -> None:
    sites, metros = FRAMES["sites"], FRAMES["demand_regions"]

    assert (len(sites), (sites["country"] == "US").sum()) == (129, 68)
    assert (len(metros), (metros["country"] == "US").sum()) == (157, 52)
    assert set(metros["region"]) == set(sites["region"])


@pytest.mark.parametrize(
    ("table", "rows_per_site"),
    [
        ("site_limits", 1),
        ("site_stock", 1),
        ("electricity_price", 1),
        ("climate", 1),
        ("water_stress", 1),
        ("climate_monthly", 12),
        ("carbon_intensity", 6),
    ],
)
def test_every_site_has_all_its_rows(table: str, rows_per_site: int) -> None:
    counts = FRAMES[table]["site"].value_counts()

    assert set(counts.index) == set(FRAMES["sites"]["site"])
    assert set(counts) == {rows_per_site}


def test_every_zone_has_headroom_at_four_rates_that_grows_with_the_rate() -> None:
    headroom = FRAMES["zone_headroom"].pivot(index="zone", columns="curtailment_rate_pct", values="headroom_mw")

    assert headroom.columns.tolist() == [0.25, 0.5, 1.0, 5.0]
    assert set(headroom.index) == set(FRAMES["grid_zones"]["zone"])
    assert (headroom.diff(axis=1).iloc[:, 1:] > 0).all(axis=None)


def test_zones_whose_published_headroom_is_a_sum_are_one_zone() -> None:
    zones = FRAMES["sites"].set_index("site")["zone"]

    northwest = zones[["us-or-umatilla", "us-or-prineville", "us-or-thedalles"]]
    assert set(northwest) == {"PACW+BPA"}
    parts = {part for zone in zones.unique() if "+" in zone for part in zone.split("+")}
    assert not parts & set(zones)


def test_headroom_and_pipeline_grow_from_year_to_year() -> None:
    growth = FRAMES["zone_headroom_growth"].pivot(index="zone", columns="year", values="added_headroom_mw")
    pipeline = FRAMES["site_pipeline"].pivot(index="site", columns="year", values="committed_facility_mw")

    assert (growth[2025] == 0).all()
    assert (growth.diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    assert (pipeline.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)


def test_markets_can_hold_what_stands_and_what_is_being_built() -> None:
    facility_per_it = 1.25  # as site_stock and site_pipeline say
    built = FRAMES["site_pipeline"].groupby("site")["committed_facility_mw"].max()
    existing = FRAMES["site_stock"].set_index("site")["existing_facility_mw"]
    land = FRAMES["site_limits"].set_index("site")["land_limit_mw"]

    total = existing + built.reindex(existing.index, fill_value=0.0)
    assert (total / facility_per_it <= land).all()
    # 90 GW of facilities need 72 GW of critical IT; the limits leave half as much again.
    us_land_mw = land[land.index.str.startswith("us-")].sum()
    assert us_land_mw == pytest.approx(1.5 * 90_000 / facility_per_it, rel=0.01)


def test_a_flat_load_pays_no_more_than_the_retail_average() -> None:
    price = FRAMES["electricity_price"]
    hours_per_month = 8760 / 12
    demand_usd_per_mwh = price["demand_charge_usd_per_kw_month"] * 1000 / hours_per_month

    adder = price["retail_usd_per_mwh"] - price["wholesale_usd_per_mwh"] - demand_usd_per_mwh

    assert (adder > 0).all()


@pytest.mark.parametrize(
    ("table", "zone", "shape"),
    [
        ("price_shapes", "price_zone", "shape_mean_frac"),
        ("price_shapes", "price_zone", "shape_median_frac"),
        ("carbon_shapes", "carbon_zone", "shape_frac"),
    ],
)
def test_shapes_have_every_hour_and_a_mean_of_one(table: str, zone: str, shape: str) -> None:
    frame = FRAMES[table]
    weight = frame["season"].map(SEASON_DAYS) / SEASON_DAYS.sum() / 24

    assert set(frame.groupby([zone, "season"])["hour_local"].nunique()) == {24}
    means = (weight * frame[shape]).groupby(frame[zone]).sum()
    assert means.to_numpy() == pytest.approx(np.ones(len(means)), abs=1e-4)
    assert set(FRAMES["sites"][zone].dropna()) <= set(frame[zone])


def test_weather_is_possible() -> None:
    design, months = FRAMES["climate"], FRAMES["climate_monthly"]

    assert (months["wet_bulb_c"] <= months["dry_bulb_c"]).all()
    assert (months["wet_daily_range_k"] < months["dry_daily_range_k"]).all()
    assert (design["coincident_wet_bulb_c"] <= design["design_wet_bulb_c"]).all()
    assert (design["design_dry_bulb_c"] < design["extreme_dry_bulb_20yr_c"]).all()


def test_no_measured_round_trip_is_faster_than_light_in_fibre() -> None:
    measured = FRAMES["rtt_measured"]
    fibre_ms_per_km = 2 * 1.468 / 299.792458  # there and back, group index, km per ms

    assert (measured["rtt_ms"] > fibre_ms_per_km * measured["great_circle_km"]).all()


def test_round_trip_lines_come_in_pairs_and_the_tail_is_slower() -> None:
    lines = FRAMES["rtt_lines"].set_index(["pair_class", "quantile"])
    rtt_ms = lines["intercept_ms"] + 2500.0 * lines["slope_ms_per_km"]

    wide = rtt_ms.unstack()

    assert (wide["p90"] > wide["p50"]).all()
    assert (wide["p90"] > wide["p50_public"]).all()


def test_the_readme_says_how_many_rows_are_estimates() -> None:
    kinds = pd.concat([frame["kind"] for frame in FRAMES.values() if "kind" in frame])
    readme = (DATA_DIR.parent / "README.md").read_text(encoding="utf-8")

    (said,) = re.findall(r"\*\*(\d+) % of the rows in the data are estimates\*\*", readme)

    assert int(said) == round(100.0 * float((kinds == "estimate").mean()))
    assert len(kinds) > 10_000


# Round trips over the public internet, as far as single pings tell: 19 July 2020, WonderProxy.
PINGS_WITHIN = {
    "middle_east_africa": {
        ("ke-nairobi", "ng-lagos"): 228,
        ("ke-nairobi", "za-johannesburg"): 201,
        ("ke-nairobi", "gh-accra"): 254,
        ("ae-dubai", "eg-cairo"): 176,
        ("ae-dubai", "il-tel-aviv"): 160,
        ("ae-dubai", "sa-riyadh"): 17,
        ("ae-dubai", "ke-nairobi"): 198,
        ("ae-dubai", "za-johannesburg"): 198,
    },
    "latin_america": {
        ("br-sao-paulo", "cl-santiago"): 161,
        ("br-sao-paulo", "pe-lima"): 128,
        ("br-sao-paulo", "co-bogota"): 162,
        ("br-sao-paulo", "mx-mexico-city"): 170,
        ("br-sao-paulo", "ar-buenos-aires"): 30,
    },
}


@pytest.mark.parametrize("pair_class", PINGS_WITHIN)
def test_round_trips_within_poorly_peered_regions_are_not_those_of_the_world(pair_class: str) -> None:
    lines = FRAMES["rtt_lines"].set_index(["pair_class", "quantile"])
    metros = FRAMES["demand_regions"].set_index("demand_region")
    pings = PINGS_WITHIN[pair_class]
    one, other = ([metros.loc[ends[n], ["lat", "lon"]] for ends in pings] for n in (0, 1))
    km = geodesic_km(*np.array(one, dtype=float).T, *np.array(other, dtype=float).T)

    def error_ms(name: str) -> float:
        line = lines.loc[(name, "p50")]
        off = line["intercept_ms"] + line["slope_ms_per_km"] * km - np.array([*pings.values()])
        return float(np.abs(off).mean())

    assert error_ms(pair_class) < error_ms("world")


def test_sites_and_metros_lie_where_the_facts_say() -> None:
    cases = os.environ.get("DCPLAN_CASES")
    if cases is None:
        pytest.skip("DCPLAN_CASES is not set: the reference facts are not at hand")
    folder = Path(cases).parent / "facts" / "geo"
    for table, file in (("sites", "sites.csv"), ("demand_regions", "demand_regions.csv")):
        facts = pd.read_csv(folder / file, keep_default_na=False, na_values=[""])
        ours = FRAMES[table]
        assert ours["name"].tolist() == facts["name"].tolist()
        for axis in ("lat", "lon"):
            assert ours[axis].to_numpy() == pytest.approx(facts[axis].to_numpy(), abs=1e-4)
