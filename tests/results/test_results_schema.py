import os
from pathlib import Path

import pandas as pd
import pytest

from planner.results.read import READERS
from planner.results.schema import PROOF_TABLES, RUN_TABLES, TABLES, results_page

GOLDEN = Path(__file__).parents[1] / "golden" / "results_schema.csv"

UNIT_IN_NAME = {
    "MW": "_mw",
    "MUSD": "_musd",
    "MUSD/year": "_musd",
    "kH100e": "_kh100e",
    "ms": "_ms",
    "MWh": "_mwh",
    "m2": "_m2",
    "m3": "_m3",
    "kt CO2": "_kt",
    "USD/MW-year": "_usd_per_mw_year",
    "L/kWh": "_l_per_kwh",
    "TWh": "_twh",
    "GW": "_gw",
}


def schema_frame() -> pd.DataFrame:
    """Return the whole schema as one table."""
    rows = [
        {
            "table": table.name,
            "column": column.name,
            "dtype": column.dtype,
            "unit": column.unit,
            "is_key": column.name in table.primary_key,
            "may_be_missing": not column.required,
            "about": column.description,
        }
        for table in TABLES.values()
        for column in table.fields
    ]
    return pd.DataFrame(rows)


@pytest.mark.golden
def test_the_schema_is_the_one_that_was_reviewed():
    text = schema_frame().to_csv(index=False)
    if os.environ.get("DCPLAN_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")

    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_keys_are_labels_or_years_and_never_missing(table):
    for name in table.primary_key:
        assert table.field(name).dtype in {"str", "int64"}
        assert table.field(name).required


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_units_stand_at_the_end_of_column_names(table):
    for column in table.fields:
        if column.unit in UNIT_IN_NAME and column.name != "kh100e":
            assert f"_{column.name}".endswith(UNIT_IN_NAME[column.unit]), column.name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_says_what_it_means_and_numbers_have_a_unit(table):
    for column in table.fields:
        assert column.description
        assert bool(column.unit) == (column.dtype in {"int64", "float64"}), column.name


def test_every_table_has_a_reader():
    of_others = {"summary", "orders", "bridge", "money_years", "money_items", "lifetime", "models_trained"}
    assert set(READERS) | of_others == set(TABLES)


def test_the_page_of_results_names_every_column_with_its_unit():
    page = results_page()

    for table in [*RUN_TABLES.values(), *PROOF_TABLES.values()]:
        section = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert table.description in section
        lines = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
        assert [line[0].strip("|* `") for line in lines] == list(table.columns)
        assert [line[2] for line in lines] == [column.unit for column in table.fields]
    assert "| Hall design, cooling\\|redundancy |" in page
