"""A plan workbook says what its scenario says, and what is wrong with it is named by cell."""

from __future__ import annotations

import dataclasses
import datetime
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from openpyxl.worksheet.worksheet import Worksheet
from plans import plan_of

import planner
from planner.base.arrays import Record
from planner.base.paths import DATA_DIR
from planner.cli import main
from planner.inputs import build_inputs
from planner.inputs.build import validated
from planner.outputs.plan_workbook import write_plan_workbook
from planner.outputs.plan_workbook.limits import Limits
from planner.plausible.rules import Range
from planner.scenario import json_schema, load_scenario
from planner.scenario.keys import settings
from planner.scenario.workbook_cells import own_sheets, single_settings
from planner.tables import read_table, read_tables
from planner.tables.descriptor import Field

NAUGHTY = ("=1+1", "<script>alert(1)</script>", "../../x", "\u202eright to left", "🏭", "x" * 300)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(scope="module")
def of_tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "my-plan.xlsx"
    return write_plan_workbook(load_scenario("tiny"), path)


@pytest.fixture
def edit(
    of_tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[tuple[str, str], Any]], Path]:
    """Return what writes cells, by sheet and cell, into a copy called `my-plan.xlsx`."""
    monkeypatch.chdir(tmp_path)

    def edited(cells: dict[tuple[str, str], Any], rename: dict[str, str] | None = None) -> Path:
        book = openpyxl.load_workbook(of_tiny)
        for (sheet, cell), value in cells.items():
            book[sheet][cell] = value
        for old, new in (rename or {}).items():
            book[old].title = new
        book.save("my-plan.xlsx")
        return Path("my-plan.xlsx")

    return edited


def row_of(sheet: Worksheet, text: str, column: int = 1) -> int:
    (row,) = (row for row in range(1, sheet.max_row + 1) if sheet.cell(row, column).value == text)
    return row


def column_of(sheet: Worksheet, row: int, head: str | int) -> str:
    (found,) = (cell for cell in sheet[row] if cell.value == head)
    return str(found.column_letter)


def said(path: Path) -> list[str]:
    return [str(problem) for problem in validated(str(path), ()).problems]


def test_the_workbook_of_tiny_solves_to_the_same_objective(of_tiny: Path) -> None:
    of_book, of_yaml = planner.solve(of_tiny), plan_of("tiny")

    assert of_book.outcome.objective == pytest.approx(of_yaml.outcome.objective, rel=1e-9)
    assert of_book.outcome.status == "optimal"


@pytest.mark.parametrize("name", ["us-base", "eu-sovereign", "lease-or-build", "us-2035"])
def test_the_workbook_says_what_the_scenario_says_and_holds_its_tables(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(name)
    path = write_plan_workbook(scenario, tmp_path / "my plan.xlsx")
    read = load_scenario(path)

    said, asked = read.merged(), scenario.merged()
    tables = said.pop("data")
    assert said == {key: value for key, value in asked.items() if key != "data"}
    assert len(tables) >= 11
    as_shipped = read_tables(tables, scenario.data_files)
    for table, frame in read_tables(tables, read.data_files).items():
        assert frame.equals(as_shipped[table]), table


def test_the_inputs_of_the_workbook_of_us_base_are_those_of_us_base(tmp_path: Path) -> None:
    scenario = load_scenario("us-base")
    path = write_plan_workbook(scenario, tmp_path / "my-plan.xlsx")
    of_book, of_yaml = (build_inputs(one) for one in (load_scenario(path), scenario))

    assert differing(of_book, of_yaml) == []


_ONLY_SAID = ("name", "sha256", "noted_settings", "warnings", "tables", "notes", "assumed")


def differing(one: Any, other: Any, way: str = "") -> list[str]:
    """Compare arrays, frames and frozen types field by field; hashes of files apart."""
    if isinstance(one, Record) or (dataclasses.is_dataclass(one) and not isinstance(one, type)):
        fields = [(name, getattr(other, name), of) for name, of in vars(one).items() if name not in _ONLY_SAID]
        return [found for name, theirs, of in fields for found in differing(of, theirs, f"{way}.{name}")]
    if isinstance(one, np.ndarray):
        return [] if np.array_equal(one, other, equal_nan=one.dtype.kind == "f") else [way]
    if isinstance(one, pd.DataFrame | pd.Series):
        return [] if one.equals(other) else [way]
    if isinstance(one, dict):
        both = [differing(one[key], other[key], f"{way}.{key}") for key in one]
        return [found for part in both for found in part] + ([] if one.keys() == other.keys() else [way])
    if isinstance(one, tuple | list) and len(one) == len(other):
        both = [differing(a, b, f"{way}.{at}") for at, (a, b) in enumerate(zip(one, other, strict=True))]
        return [found for part in both for found in part]
    return [] if callable(one) or one == other or repr(one) == repr(other) else [way]


def test_every_setting_of_the_schema_has_a_cell(of_tiny: Path) -> None:
    book = openpyxl.load_workbook(of_tiny)
    single = {row[0].value for row in book["Settings"].iter_rows()}
    heads = {own.name: {str(cell.value).split(" ")[0] for cell in book[own.name][5]} for own in own_sheets()}

    for one in settings():
        steps = [at for at, key in enumerate(one.keys) if key in {"<id>", "<n>"}]
        if not steps:
            assert ".".join(one.keys) in single
            continue
        end = steps[1] if len(steps) > 1 else len(one.keys)
        head = ".".join(one.keys[steps[0] + 1 : end])
        assert head in heads["Settings " + ".".join(one.keys[: steps[0]])]
    assert len(single_settings()) > 150


def test_cells_offer_choices_ids_and_plausible_ranges(of_tiny: Path) -> None:
    book = openpyxl.load_workbook(of_tiny)
    sheet = book["Settings"]

    def rule(name: str) -> Any:
        cell = f"B{row_of(sheet, name)}"
        (found,) = (one for one in sheet.data_validations.dataValidation if cell in one.sqref)
        return found

    assert rule("carbon.accounting").formula1 == '"location,market"'
    assert rule("heat.sell").formula1 == '"TRUE,FALSE"'
    assert rule("carbon.accounting").errorStyle is rule("heat.sell").errorStyle is None  # other words are refused
    assert rule("supply.standby.source").formula1 == "ids_onsite_sources_onsite"
    ids = book.defined_names["ids_onsite_sources_onsite"].attr_text
    assert ids.startswith("Lists!")
    offered = {cell.value for (cell,) in book["Lists"][ids.split("!")[1].replace("$", "")]}
    assert offered == set(planner.tables.read_table("onsite_sources")["onsite"])
    price = rule("carbon.price_usd_per_t")
    assert (price.type, price.errorStyle) == ("decimal", "warning")
    (usual,) = (
        row
        for row in planner.tables.read_table("plausible_ranges").itertuples()
        if "carbon.price_usd_per_t" in str(row.settings).split()
    )
    assert (float(price.formula1), float(price.formula2)) == (usual.low, usual.high)
    assert "[USD/t CO2]" in price.prompt
    share = rule("failover.neighbour_users_frac")  # refused: stop is what a rule does unless it says otherwise
    assert (share.errorStyle, float(share.formula1), float(share.formula2)) == (None, 0.0, 1.0)
    assert rule("supply.standby.source").showErrorMessage
    several = rule("scope.sites")  # several with commas are right and not in the list: no message
    assert (several.formula1, several.errorStyle, several.showErrorMessage) == ("ids_sites_site_all", "warning", False)


def rule_at(sheet: Worksheet, cell: str) -> tuple[Any, ...]:
    """Return kind, operator, both ends and style of the rule of a cell; `between` and `stop` are None."""
    (one,) = (one for one in sheet.data_validations.dataValidation if cell in one.sqref)
    ends = (end if end is None or one.type == "list" else float(end) for end in (one.formula1, one.formula2))
    return one.type, one.operator, *ends, one.errorStyle


def number_rule(one: Mapping[str, Any], bounds: Mapping[str, Any], usual: pd.DataFrame, style: Any = None) -> Any:
    """Return the rule of a number by its type and bounds in the words of JSON Schema, and where it usually lies."""
    kind, bounds = "whole" if one["type"] == "integer" else "decimal", {"minimum": -1e15, **bounds}
    if len(usual):
        return kind, None, usual["low"].iloc[0], usual["high"].iloc[0], "warning"
    least, name = max((bounds[name], name) for name in ("minimum", "exclusiveMinimum") if name in bounds)
    most = bounds.get("maximum", bounds.get("exclusiveMaximum", 1e15 if least == -1e15 else None))
    if most is not None:
        return kind, None, least, most, style
    return kind, {"minimum": "greaterThanOrEqual", "exclusiveMinimum": "greaterThan"}[name], least, None, style


def test_columns_admit_what_the_data_dictionary_and_the_plausible_ranges_do(tmp_path: Path) -> None:
    assert run("init", "--xlsx", str(tmp_path / "it.xlsx"), "--from", "tiny", "--table", "fuel_prices").exit_code == 0
    book, usual, seen = openpyxl.load_workbook(tmp_path / "it.xlsx"), read_table("plausible_ranges"), set()
    usual = usual[usual["rows"].isna()]  # a range of some rows, as of racks for compute, is none of the column
    package = json.loads((DATA_DIR / "datapackage.json").read_text(encoding="utf-8"))
    for table in (table for table in package["resources"] if table["name"] in book.sheetnames):
        fields = {field["name"]: field for field in table["schema"]["fields"]}
        for cell in book[table["name"]][1]:
            field = fields[str(cell.value).split(" ")[0]]
            limits, found = field.get("constraints", {}), rule_at(cell.parent, f"{cell.column_letter}2")
            of = usual[(usual["table"] == table["name"]) & (usual["column"] == field["name"])]
            if "enum" in limits:
                assert found == ("list", None, f'"{",".join(map(str, limits["enum"]))}"', None, None)
            elif field["type"] in {"number", "integer"}:
                assert found == number_rule(field, limits, of), (table["name"], field)
                seen.add((*found[:2], found[-1]))
    assert seen >= {("whole", None, None), ("decimal", None, None), ("decimal", "greaterThanOrEqual", None)}

    zone, region = (column_of(book[table], 1, head) for table, head in (("sites", "zone"), ("fuel_prices", "region")))
    assert rule_at(book["sites"], f"{zone}2") == ("list", None, "ids_grid_zones_zone", None, "warning")
    assert rule_at(book["fuel_prices"], f"{region}2")[0] is None  # no list has all: zones, countries and `world`


def branches(schema: Mapping[str, Any], node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Find what a setting may be other than blank: a number, a word, figures by year."""
    node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    several = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    found = [one for part in several for one in branches(schema, part)] or [node]
    return [one for one in found if one.get("type") != "null"]


def test_settings_admit_what_the_schema_does(of_tiny: Path) -> None:
    sheet, schema, seen = openpyxl.load_workbook(of_tiny)["Settings"], json.loads(json_schema()), {}
    usual = read_table("plausible_ranges").dropna(subset="settings")
    for name in (one.name for one in single_settings()):
        found: list[Mapping[str, Any]] = [schema]
        for key in name.split("."):
            found = [one for node in found for one in branches(schema, node["properties"][key])]
        for one in found:
            if one.get("type") in {"number", "integer"} and not {"enum", "const"} & set(one):
                of = usual[[name in keys.split() for keys in usual["settings"]]]
                seen[name] = rule_at(sheet, f"B{row_of(sheet, name)}")
                style = "warning" if len(found) > 1 else None  # a word, or figures by year, are admitted too
                assert seen[name] == number_rule(one, one, of, style), name
    assert len(seen) > 80
    assert seen["solver.time_limit_s"] == ("decimal", "greaterThan", 0.0, None, None)
    assert seen["siting.exactly_sites"] == ("whole", "greaterThanOrEqual", 1.0, None, None)
    assert seen["failover.most_rounds"] == seen["siting.exactly_sites"]  # a count may be 0, this one not
    assert seen["failover.nearest_standbys"] == ("whole", "greaterThanOrEqual", 1.0, None, "warning")  # or `all`


def test_bounds_and_ranges_that_no_shipped_table_has() -> None:
    """Only a most; a range of a column over another; words of 255 characters, the most a rule can hold, and of 256."""
    usual = dict.fromkeys(("quantity", "rows", "settings", "unit", "hint"), "") | {"low": 2, "high": 3}
    limits = Limits([Range(usual | {"table": "halls", "column": "cost / peak_kw"})])
    cost, _ = limits.of_column("halls", Field("cost", "number", "What it costs.", maximum=7.0), None)
    assert (cost["criteria"], cost["value"], cost["error_type"]) == ("<=", 7.0, "stop")
    for length, kind in ((127, "list"), (128, "any")):
        words, _ = limits.of_column("halls", Field("of", "string", "Kind.", enum=("x" * 127, "y" * length)), None)
        assert words["validate"] == kind


def test_wrong_cells_are_named_by_sheet_and_cell(of_tiny: Path, edit: Any) -> None:
    book = openpyxl.load_workbook(of_tiny)
    sheet, own = book["Settings"], book["Settings new_sites"]

    def value(name: str) -> tuple[str, str]:
        return "Settings", f"B{row_of(sheet, name)}"

    def by_year(name: str) -> tuple[str, str]:
        return "Settings", f"{column_of(sheet, 6, 2028)}{row_of(sheet, name)}"

    land = column_of(own, 5, "land_limit_mw [MW]")
    north = row_of(own, "north")
    last = sheet.max_row
    wrong = {
        value("operator.demand_share_frac"): ("10%", "text '10%'"),
        value("halls.free_frac"): (1.5, "free_frac is 1.5"),
        value("demand.scale_frac"): (datetime.date(2026, 3, 14), "a date, 2026-03-14; must be a"),
        value("carbon.accounting"): ("both", "accounting is text 'both'"),
        value("scope.sites"): ("north, suth, coast", "unknown site 'suth'"),
        value("racks.allow"): ("[gb200_nvl72", "the list cannot be read"),
        value("years"): ("2027, twenty", "text 'twenty'"),
        value("scope.exclude_sites"): ("north; south", "'north; south' has semicolons"),
        by_year("heat.sell"): (True, "heat.sell has a figure for 2028"),
        ("Settings", f"A{last + 2}"): ("operator.demand_shar_frac", "unknown key"),
        ("Settings", f"A{last + 3}"): ("heat.sell", "heat.sell is given twice"),
        ("Settings", f"B{last + 4}"): (7.5, "a value, 7.5, without a setting"),
        ("Settings new_sites", f"{land}{north}"): (-30, "land_limit_mw is -30"),
        ("Settings new_sites", f"A{north + 4}"): ("coast", "'coast' is given twice"),
        ("Settings new_sites", f"A{north + 6}"): (None, "the id of the row is blank"),
        ("Settings sites", "C5"): ("new_hall", "unknown column 'new_hall'"),
        ("Settings sites", "F5"): ("existing_mw [kW]", "headed [kW]"),
    }
    extra = {
        ("Settings", f"B{last + 2}"): 0.2,
        ("Settings", f"B{last + 3}"): True,
        ("Settings new_sites", f"{land}{north + 4}"): 20,
        ("Settings new_sites", f"{land}{north + 6}"): 40,
    }
    path = edit({place: found for place, (found, _) in wrong.items()} | extra)

    found = said(path)

    for (name, cell), (_, words) in wrong.items():
        shown = f"'{name}'" if " " in name else name
        # The key is named where the row is unknown, though its value stands next to it.
        named = [text for text in found if text.startswith(f"my-plan.xlsx: {shown}!{cell}: ")]
        assert len(named) == 1, (name, cell, found)
        assert words in named[0]
    assert len(wrong) >= 10


def test_wrong_cells_of_tables_are_named_by_sheet_and_cell(of_tiny: Path, edit: Any) -> None:
    book = openpyxl.load_workbook(of_tiny)

    def column(table: str, head: str) -> str:
        return column_of(book[table], 1, head)

    retail = column("electricity_price", "retail_usd_per_mwh [USD/MWh]")
    peak, vendor = column("racks", "peak_kw [kW]"), column("racks", "vendor")
    wrong = {
        ("electricity_price", f"{retail}3"): ("cheap", "retail_usd_per_mwh is cheap"),
        ("electricity_price", f"{retail}4"): (-40, "retail_usd_per_mwh is -40"),
        ("racks", f"{peak}1"): ("peak_kw [MW]", "column 'peak_kw' is headed [MW]"),
        ("racks", f"{vendor}5"): (None, "vendor is blank"),
        ("sites", "A7"): ("us-va-ashburn", "us-va-ashburn"),
    }
    path = edit({place: found for place, (found, _) in wrong.items()})

    found = said(path)

    for (name, cell), (_, words) in wrong.items():
        named = [text for text in found if text.startswith(f"my-plan.xlsx: {name}!{cell}: ")]
        assert len(named) == 1, (name, cell, found)
        assert words in named[0]


@pytest.mark.parametrize(("name", "meant"), [("rack", "did you mean 'racks'? Or "), ("Board brief", "")])
def test_a_sheet_that_is_not_read_is_named(of_tiny: Path, tmp_path: Path, name: str, meant: str) -> None:
    book = openpyxl.load_workbook(of_tiny)
    book["racks"].title = name
    book.copy_worksheet(book[name]).title = "# as the board saw them"
    book.save(tmp_path / "my-plan.xlsx")

    (found,) = said(tmp_path / "my-plan.xlsx")

    assert f"sheet '{name}' is not read; must be a sheet that is; {meant}" in found
    assert "begin its name with # if it is your own" in found


def test_figures_under_heads_that_are_not_read_are_named_once(edit: Any) -> None:
    found = said(
        edit(
            {("Settings", "Y6"): "20288", ("Settings", "Y9"): 7.3, ("Settings", "Y11"): 5.1, ("Settings", "Z8"): 3.7}
            | {("Settings", "AA6"): "# ours", ("Settings", "AA7"): 6.2}
        )
    )

    assert [text.partition(";")[0] for text in found] == [
        "my-plan.xlsx: Settings!Y6: head '20288' is not read, and Y9 under it is 7.3",
        "my-plan.xlsx: Settings!Z6: there is no head, and Z8 under it is 3.7",
    ]


def test_a_workbook_of_another_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")

    (text,) = said(tmp_path / "other.xlsx")

    assert "the workbook has no sheet 'Settings'" in text
    assert "dcplan init --xlsx" in text


def test_a_file_that_is_no_workbook_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "plan.xlsx").write_bytes(b"not a workbook")

    (text,) = said(tmp_path / "plan.xlsx")

    assert "the workbook cannot be opened" in text


def test_a_table_that_is_a_sheet_and_a_file_is_named(of_tiny: Path, edit: Any) -> None:
    row = row_of(openpyxl.load_workbook(of_tiny)["Settings"], "data")
    path = edit({("Settings", f"B{row}"): "racks: racks.csv"})

    assert any("table racks is a sheet, and the file 'racks.csv'" in text for text in said(path))


@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_names_stay_text_both_ways(name: str, tmp_path: Path) -> None:
    text = tmp_path / "own.yaml"
    written = name.replace("\\", "\\\\").replace('"', '\\"')
    id_ = written.lstrip("\u202e")  # which turns the direction of text: no id may
    text.write_text(
        f'version: 1\nextends: tiny\ntitle: "{written}"\nquestion: "{written}"\n'
        f'new_sites:\n  north: {{name: "{written}"}}\n'
        f'failover: {{barred_groups: {{"{id_}": [north, coast]}}}}\n',
        encoding="utf-8",
    )
    scenario = load_scenario(text)

    path = write_plan_workbook(scenario, tmp_path / "my-plan.xlsx", ["racks"])

    read = load_scenario(path)
    assert read.title == read.question == read.new_sites["north"].name == name
    assert read.failover.barred_groups == {name.lstrip("\u202e"): ("north", "coast")}
    cells = openpyxl.load_workbook(path)
    assert not [
        cell
        for sheet in cells
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f" or (cell.hyperlink and not cell.hyperlink.location)
    ]


def test_the_command_makes_a_file_or_a_folder_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    made = run("init", "--xlsx", "ours", "--from", "tiny", "--table", "finance")
    again = run("init", "--xlsx", "ours/my-plan.xlsx")
    other = run("init", "--xlsx", "other.xlsx", "--table", "racs")

    assert made.exit_code == 0
    assert "next: dcplan validate ours/my-plan.xlsx" in made.output
    assert again.exit_code == other.exit_code == 2
    assert "the file is there already" in again.output
    assert "did you mean 'racks'?" in other.output
    assert run("init", "--from", "tiny", "x").exit_code == 2
    assert run("init", "--xlsx", "--own", "x").exit_code == 2
    assert run("validate", "ours/my-plan.xlsx").exit_code == 0


def test_a_solved_plan_with_edited_prices_and_lead_times_is_solved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    planner.solve("tiny").to_xlsx(Path("plan.xlsx"))
    assert load_scenario("plan.xlsx").merged()["new_sites"] == (load_scenario("tiny").merged()["new_sites"])
    book = openpyxl.load_workbook("plan.xlsx")
    price, lead = (site_cell(book, "north", head) for head in ("price of power", "lead time"))
    settings = book["Settings"]
    price.value, lead.value = 52.5, 11
    settings[f"B{row_of(settings, 'halls.free_frac')}"] = 0.03
    book.save("plan.xlsx")

    again, asked = (
        planner.solve(one, overrides)
        for one, overrides in (
            ("plan.xlsx", ()),
            (
                "tiny",
                (
                    "new_sites.north.retail_usd_per_mwh=52.5",
                    "new_sites.north.lead_time_months=11",
                    "halls.free_frac=0.03",
                ),
            ),
        )
    )

    assert again.outcome.objective == pytest.approx(asked.outcome.objective, rel=1e-9)
    assert again.outcome.objective != pytest.approx(plan_of("tiny").outcome.objective)


def site_cell(book: Any, site: str, head: str) -> Any:
    sheet = book["Sites"]
    column = column_of(sheet, 7, f"{head}, edited")
    return sheet[f"{column}{row_of(sheet, site, 2)}"]


def test_edits_that_no_solve_can_follow_are_named_by_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    planner.solve("tiny").to_xlsx(Path("plan.xlsx"))
    book = openpyxl.load_workbook("plan.xlsx")
    mw, price = (site_cell(book, "coast", head) for head in ("racks", "price of power"))
    factor = book["Assumptions"][f"B{row_of(book['Assumptions'], 'it_load_factor')}"]
    own = book["Settings new_sites"]
    retail = column_of(own, 5, "retail_usd_per_mwh [USD/MWh]")
    mw.value, price.value, factor.value = 25, 91, 0.85
    own[f"{retail}{row_of(own, 'coast')}"] = 77
    book.save("plan.xlsx")

    found = said(Path("plan.xlsx"))

    assert [text.partition(": ")[2].partition("; must be as solved")[0] for text in found] == [
        f"Assumptions!{factor.coordinate}: it_load_factor is edited from 1 to 0.85, a factor on the plan",
        f"Sites!{mw.coordinate}: coast is edited from 12.1 to 25.0 MW",
        f"Sites!{price.coordinate}: retail_usd_per_mwh of coast is edited here and in plan.xlsx: "
        f"'Settings new_sites'!{retail}{row_of(own, 'coast')}; must be edited once; undo one of "
        "the two",
    ]


@pytest.mark.parametrize("first", ["plan_workbook", "xlsx", "plan_workbook.write"])
def test_either_workbook_can_be_written_first_by_a_program(first: str) -> None:
    subprocess.run([sys.executable, "-c", f"import planner.outputs.{first}"], check=True)
