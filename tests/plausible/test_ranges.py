"""The table of plausible ranges holds for all that ships, and covers what a planner may write."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest

from planner.inputs import TABLES
from planner.inputs.proportions import warnings_of
from planner.plausible.rules import Range, ranges_of
from planner.plausible.settings import jumps, outside
from planner.scenario import load_scenario, shipped_names
from planner.scenario.keys import EACH, field_at
from planner.scenario.yaml12 import parse
from planner.tables import load_package, read_tables
from planner.tables.descriptor import Field
from planner.tables.places import TablePlaces

PACKAGE = load_package()
FRAMES = read_tables(PACKAGE.tables)
RANGES = ranges_of(FRAMES["plausible_ranges"], TablePlaces({}))
BY_TABLE: dict[str, list[Range]] = defaultdict(list)
for _range in RANGES:
    BY_TABLE[_range.table].append(_range)
WITHOUT_RANGE = {
    "block": "counts the blocks of a curve",
    "capacity_frac": "is held between hard bounds",
    "curtailment_rate_pct": "is one of four",
    "first_year": "is a year, held by hard bounds",
    "other_load_frac": "is relative to other_load_mw, which has one",
    "stress_score": "is a class from 0 to 5",
    "value": "is the table of ranges itself",
    "day": "counts the days of a series",
}


def has_hard_bounds(field: Field) -> bool:
    return field.minimum is not None and field.maximum is not None


@pytest.mark.parametrize("table", sorted(FRAMES))
def test_what_ships_is_within_its_ranges_and_its_own_rows(table: str) -> None:
    assert list(outside(table, FRAMES[table], BY_TABLE[table])) == []


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_scenarios_are_not_warned_of(name: str) -> None:
    scenario = load_scenario(name)

    assert warnings_of(scenario, read_tables(TABLES, scenario.data_files)) == ()


def test_every_number_of_the_model_s_tables_has_a_range_or_a_reason() -> None:
    ranged = {(one.table, one.column) for one in RANGES}
    missing = set()
    for table in TABLES:
        fields = PACKAGE[table].fields
        bounds = {name for field in fields for name in field.between or ()}
        missing |= {
            f"{table}.{field.name}"
            for field in fields
            if field.is_number
            and (table, field.name) not in ranged
            and field.name not in bounds | WITHOUT_RANGE.keys()
            and not has_hard_bounds(field)
        }

    assert missing == set()


def test_every_range_is_about_a_column_and_a_setting_that_there_are() -> None:
    for one in RANGES:
        if one.table:
            frame = FRAMES[one.table]
            assert {one.column, *filter(None, [one.over])} <= set(frame.columns), one.quantity
            for column, values in one.rows:
                assert set(values) <= set(frame[column]), one.quantity
        for keys in one.settings:
            # An entry of a mapping has a name, one of a list a number.
            steps = [("x", 0) if key == EACH else (key,) for key in keys]
            assert any(field_at(way) is not None for way in product(*steps)), (one.quantity, keys)


def test_every_range_is_in_the_unit_of_its_column() -> None:
    for one in RANGES:
        if not one.table or one.over:
            continue
        unit = PACKAGE[one.table].field(one.column).unit
        if unit == "see unit":
            units = FRAMES[one.table]
            for column, values in one.rows:
                units = units[units[column].isin(values)]
            assert set(units["unit"]) == {one.unit}, one.quantity
        elif "capex_unit" not in unit:
            assert unit == one.unit, one.quantity


def test_a_figure_is_judged_by_its_range_then_by_its_row_and_a_zero_by_neither() -> None:
    racks = FRAMES["racks"].head(5).copy()
    racks.loc[0, "capex_usd"] = 3_000.0  # range 50,000 to 60 million
    racks.loc[1, "capex_usd"] = 0.99 * racks.loc[1, "capex_low_usd"]
    racks.loc[2, "capex_usd"] = 0.0
    racks.loc[2, ["capex_low_usd", "capex_high_usd"]] = None
    racks.loc[3, "capex_high_usd"] = 70e6
    racks.loc[4, "peak_kw"] = 572.0  # 1.75 MUSD over 572 kW: 3,059 USD/kW, range 10,000 to 70,000

    found = {(record, column): what_is for record, column, what_is, _ in outside("racks", racks, BY_TABLE["racks"])}

    assert found.keys() == {(0, "capex_usd"), (1, "capex_usd"), (3, "capex_high_usd"), (4, "capex_usd")}
    assert found[0, "capex_usd"].endswith(
        "capex_usd is 3,000 [USD of 2025], outside the plausible 10,000 to 60,000,000"
    )
    assert "outside its own row's capex_low_usd " in found[1, "capex_usd"]
    assert "capex_usd over peak_kw is 3,059 [USD/kW]" in found[4, "capex_usd"]


def test_paths_may_leap_tenfold_beside_their_growth() -> None:
    # Growth of at most 120 % a year: 2.2 x 10 = 22 in a year, 2.2^5 x 10 = 515 in five.
    def found(first: float, second: float, year: int) -> list[str]:
        tree = parse(f"demand: {{facility_gw: {{2025: {first}, {year}: {second}}}}}", "plan.yaml")
        return [warning.what_is for warning in jumps(tree, RANGES)]

    assert found(0.3, 6.5, 2026) == []
    assert found(0.3, 6.7, 2026) == ["demand.facility_gw jumps from 0.3 in 2025 to 6.7 in 2026"]
    assert found(0.3, 153.0, 2030) == []
    assert len(found(0.3, 156.0, 2030)) == 1
    assert len(found(6.7, 0.3, 2026)) == 1
    assert found(0.0, 80.0, 2026) == []
