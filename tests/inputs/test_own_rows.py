"""Rows of a planner's own that have no effect are noted, with their place and why."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from planner.base.paths import DATA_DIR
from planner.cli import main
from planner.inputs import build_inputs
from planner.scenario import load_scenario

AIR = "my_air,Mine,nvidia,compute,31,0.76,0.26,24,23.9,33.7,940000,880000,1050000,0.1,2024,,,,5,2.7,0,,,,,mine,2026,own"


def notes(tmp_path: Path, settings=(), **added):
    """Build `tiny` with rows added to copies of shipped tables; return what is noted of rows."""
    changes = []
    for table, rows in added.items():
        path = tmp_path / f"{table}.csv"
        shipped = (DATA_DIR / f"{table}.csv").read_text(encoding="utf-8")
        path.write_text(shipped + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        changes.append(f"data.{table}={path}")
    inputs = build_inputs(load_scenario("tiny", [*changes, *settings]))
    other = ("New site", "Your prices of power")
    said = [str(note) for note in inputs.noted_settings if not note.what_is.startswith(other)]
    return [text.removeprefix(f"{tmp_path}/") for text in said]


def lines(table):
    return len((DATA_DIR / f"{table}.csv").read_text(encoding="utf-8").splitlines())


def test_a_copy_that_says_nothing_new_is_not_noted(tmp_path):
    assert notes(tmp_path, facility_market=(), site_limits=()) == []


def test_a_row_about_nothing_in_the_plan_is_noted_with_its_place(tmp_path):
    rows = ("far,Far,US,0.9,10,9,11,20,,mine,2026,own", "off,Off,US,0.8,9,8,10,21,,mine,2026,own")

    (note,) = notes(tmp_path, facility_market=rows)

    assert note == (
        f"facility_market.csv:{lines('facility_market') + 1}:1: 2 of your rows have no effect in facility_market, for"
        " far, off: no site in scope has it; correct the id, widen the scope, or remove them"
    )


def test_an_edited_row_of_a_copy_is_ones_own_without_a_flag(tmp_path):
    path = tmp_path / "facility_market.csv"
    shipped = (DATA_DIR / "facility_market.csv").read_text(encoding="utf-8")
    path.write_text(shipped.replace("tokyo,Tokyo,JP,1.299", "tokyo,Tokyo,JP,1.3"), encoding="utf-8")

    inputs = build_inputs(load_scenario("tiny", [f"data.facility_market={path}"]))

    (note,) = (n for n in inputs.noted_settings if "no effect" in n.what_is)
    assert "1 row of your own has no effect in facility_market, for tokyo" in note.what_is
    assert note.line == 2


def test_an_own_site_that_figures_are_taken_from_has_an_effect(tmp_path):
    # The sites of tiny are like us-tx-dallas.
    path = tmp_path / "site_limits.csv"
    shipped = (DATA_DIR / "site_limits.csv").read_text(encoding="utf-8")
    edited = shipped.replace("us-tx-dallas,", "us-tx-dallas,9", 1)
    assert edited != shipped
    path.write_text(edited, encoding="utf-8")

    inputs = build_inputs(load_scenario("tiny", [f"data.site_limits={path}"]))

    assert not any("no effect" in note for note in inputs.notes)


@pytest.mark.parametrize(
    ("cooling", "workload", "settings", "reason"),
    [
        (
            (),
            (),
            (),
            "it lacks a row of rack_cooling that says which halls hold it, a row of"
            " workload_racks that says what may run on it",
        ),
        (
            ("my_air,dlc_hybrid_dry,mine,2026,own",),
            ("chat_interactive,my_air,,mine,2026,own",),
            (),
            "racks.allow, racks.exclude, racks.vendors or racks.bought_as keep it from being bought, and none exists",
        ),
        (
            ("my_air,rdhx_active,mine,2026,own",),
            ("chat_interactive,my_air,,mine,2026,own",),
            ("racks.allow=[my_air, gb200_nvl72]",),
            "no cooling in halls.cooling fits this rack, and no site has one yet",
        ),
    ],
)
def test_a_rack_that_nothing_can_house_or_use_is_noted_with_what_is_missing(
    tmp_path, cooling, workload, settings, reason
):
    said = notes(tmp_path, settings, racks=(AIR,), rack_cooling=cooling, workload_racks=workload)

    assert any(
        note.startswith(f"racks.csv:{lines('racks') + 1}:1: rack my_air has no effect: {reason}") for note in said
    )


def test_a_single_figure_that_nothing_is_made_from_is_noted(tmp_path):
    # A plan is before tax on profits; construction costs rise everywhere at one rate, the world's.
    finance = (
        "corporate_tax,world,0.251,fraction of profit,,,,mine,,own",
        "construction_real_escalation,US,0.031,1/year,,,,mine,,own",
        "wacc_adder,AQ,0.07,1/year,,,,mine,,own",
    )

    (note,) = notes(tmp_path, finance=finance)

    assert note == (
        f"finance.csv:{lines('finance') + 1}:1: 3 of your rows have no effect in finance, for corporate_tax of world,"
        " construction_real_escalation of US, wacc_adder of AQ: nothing in this plan is made from it; correct the item"
        " or what it is for, widen the scope, or remove them"
    )


@pytest.mark.parametrize(
    ("table", "row", "why"),
    [
        ("heat_reuse", "ID,31,14,35,6300,0.9,190,70,3.1,,mine,2026,own", "no site in scope is there"),
        (
            "operator_fleets",
            "mine,Mine,cloud,nvidia,true,0.83,,,all of it,mine,2026,own",
            "racks.bought_as does not name it",
        ),
    ],
)
def test_a_row_for_a_country_or_an_operator_not_in_the_plan_is_noted(tmp_path, table, row, why):
    (note,) = notes(tmp_path, **{table: (row,)})

    assert f"1 row of your own has no effect in {table}, for {row.split(',')[0]}: {why};" in note


def test_a_table_that_no_plan_reads_is_noted_unless_it_is_a_copy(tmp_path):
    name = "stress_settings"
    shipped = (DATA_DIR / f"{name}.csv").read_text(encoding="utf-8")
    first = shipped.splitlines()[1]
    path = tmp_path / f"{name}.csv"
    noted = {}
    for what, text in (
        ("copy", shipped),
        ("other order", shipped.replace(f"{first}\n", "") + f"{first}\n"),
        ("a row less", shipped.replace(f"{first}\n", "")),
    ):
        path.write_text(text, encoding="utf-8")
        inputs = build_inputs(load_scenario("tiny", [f"data.{name}={path}"]))
        said = f"data.{name} has no effect: no plan is made from table {name}"
        noted[what] = any(said in str(note) for note in inputs.noted_settings)

    assert noted == {"copy": False, "other order": False, "a row less": True}


def test_no_figure_that_ships_is_minus_zero():
    cell = re.compile(r"(^|,)-0(\.0*)?(,|$)", re.MULTILINE)

    found = [path.name for path in DATA_DIR.glob("*.csv") if cell.search(path.read_text("utf-8"))]

    assert found == []


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the project of `init --own`, all of whose sites state what exists there."""
    folder = tmp_path_factory.mktemp("own") / "project"
    made = CliRunner().invoke(main, ["init", "--own", str(folder)])
    assert made.exit_code == 0, made.output
    with (folder / "rtt.csv").open("a", encoding="utf-8") as file:
        file.write("us-miami,ohio,22\nus-atlanta,texas,19\n")
    return folder


def with_racks(folder: Path, **cells: str) -> str:
    """Change cells of the A100 in the company's table; return the table as a setting."""
    with (folder / "data" / "racks.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row | cells if row["rack"] == "a100_air" else row for row in reader]
        header = reader.fieldnames
    path = folder / f"racks-{'-'.join(cells)}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return f"data.racks={path}"


@pytest.fixture(scope="module")
def edited(company: Path) -> list[str]:
    setting = with_racks(company, capex_usd="612000", kind="own")
    inputs = build_inputs(load_scenario(company / "company.yaml", [setting]))
    return [str(note).removeprefix(f"{company}/") for note in inputs.noted_settings]
