"""The tables that ship: complete, in step with their descriptor, and sensible."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.base.paths import DATA_DIR
from planner.tables import load_package, read_tables
from planner.tables.catalog import data_page
from planner.tables.check import check_sheet, known_right
from planner.tables.descriptor import PACKAGE_FILE
from planner.tables.sheet import sheet_of

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


@pytest.mark.golden
def test_hashes_of_the_descriptor_are_those_of_the_files() -> None:
    raw = json.loads(PACKAGE_FILE.read_text(encoding="utf-8"))
    for number, resource in enumerate(raw["resources"]):
        digest = hashlib.sha256((DATA_DIR / resource["path"]).read_bytes()).hexdigest()
        after = {**dict(list(resource.items())[:2]), "hash": f"sha256:{digest}"}
        raw["resources"][number] = after | {key: of for key, of in resource.items() if key not in after}
    ours = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("DCPLAN_GOLDEN") == "write":
        PACKAGE_FILE.write_text(ours, encoding="utf-8")

    assert PACKAGE_FILE.read_text(encoding="utf-8") == ours, (
        "run `make golden`: a file with another hash is checked cell by cell in every solve"
    )


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_a_known_hash_is_read_as_if_it_were_checked(table: str) -> None:
    schema, path = load_package()[table], load_package().path(table)
    raw = path.read_bytes()

    checked, problems = check_sheet(sheet_of(raw, path, table), schema)

    assert not problems
    pd.testing.assert_frame_equal(known_right(raw, schema), checked, check_exact=True)


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


def test_no_measured_round_trip_is_faster_than_light_in_fibre() -> None:
    measured = FRAMES["rtt_measured"]
    fibre_ms_per_km = 2 * 1.468 / 299.792458  # there and back, group index, km per ms

    assert (measured["rtt_ms"] > fibre_ms_per_km * measured["great_circle_km"]).all()


def test_the_readme_says_how_many_rows_are_estimates() -> None:
    kinds = pd.concat([frame["kind"] for frame in FRAMES.values() if "kind" in frame])
    readme = (DATA_DIR.parent / "README.md").read_text(encoding="utf-8")

    (said,) = re.findall(r"\*\*(\d+) % of the rows in the data are estimates\*\*", readme)

    assert int(said) == round(100.0 * float((kinds == "estimate").mean()))
    assert len(kinds) > 10_000


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
