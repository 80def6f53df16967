"""`dcplan data` prints what ships, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.cli import main
from planner.cli.data import data
from planner.tables import read_tables


def test_list_names_every_table_with_its_licences() -> None:
    result = CliRunner().invoke(data, ["list"])

    assert result.exit_code == 0
    assert "zone_headroom_growth" in result.stdout
    assert "CC-BY-4.0" in result.stdout


def test_list_as_json_carries_units_sources_and_licences() -> None:
    tables = json.loads(CliRunner().invoke(data, ["list", "--json"]).stdout)

    sites = next(table for table in tables if table["table"] == "sites")
    assert sites["rows"] == 129
    assert "deg" in sites["units"]
    assert sites["sources"]
    assert sites["licences"]


def test_show_prints_columns_with_units_and_the_first_rows() -> None:
    result = CliRunner().invoke(data, ["show", "grid_zones", "--rows", "2"])

    assert "large_load_lead_months" in result.stdout
    assert "PJM Interconnection" in result.stdout
    assert "row 2" in result.stdout
    assert "row 3" not in result.stdout


def test_show_as_json_keeps_country_codes_and_blanks_apart() -> None:
    shown = json.loads(CliRunner().invoke(data, ["show", "sites", "--json"]).stdout)

    oslo = next(row for row in shown["rows"] if row["site"] == "no-oslo")
    assert oslo["country"] == "NO"
    assert oslo["state"] is None
    assert shown["columns"][0]["column"] == "site"


def test_an_unknown_table_is_refused_with_the_likely_right_one() -> None:
    result = CliRunner().invoke(data, ["show", "site"])

    assert isinstance(result.exception, InputError)
    assert "did you mean 'sites'?" in str(result.exception)
    with pytest.raises(InputError):
        raise result.exception


def test_copies_are_the_tables_and_the_lines_that_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(data, ["copy", "racks", "grid_zones", "mine/data"])

    assert result.exit_code == 0
    assert result.stdout == "data:\n  racks: data/racks.csv\n  grid_zones: data/grid_zones.csv\n"
    for name in ("racks.csv", "grid_zones.csv"):
        assert (tmp_path / "mine/data" / name).read_bytes() == (DATA_DIR / name).read_bytes()


def test_nothing_is_copied_where_a_copy_or_an_unknown_table_stands_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "racks.csv").write_text("mine", encoding="utf-8")

    result = CliRunner().invoke(data, ["copy", "site", "racks", "grid_zones", "."])

    assert isinstance(result.exception, InputError)
    assert "did you mean 'sites'?" in str(result.exception)
    assert "racks.csv: the file is there already" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["racks.csv"]
    assert (tmp_path / "racks.csv").read_text(encoding="utf-8") == "mine"


def test_a_copy_is_not_written_through_a_link_to_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own").mkdir()
    Path("own/racks.csv").symlink_to(tmp_path / "elsewhere.csv")

    result = CliRunner().invoke(main, ["data", "copy", "racks", "own"])

    assert result.exit_code == 2
    assert "racks.csv: the file is there already" in result.stderr
    assert not Path("elsewhere.csv").exists()


def test_a_figure_may_be_ones_own(tmp_path: Path) -> None:
    CliRunner().invoke(data, ["copy", "rent_depth", str(tmp_path)])
    table = tmp_path / "rent_depth.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[1] = ",".join([*lines[1].split(",")[:-1], "own"])
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")

    read = read_tables(["rent_depth"], {"rent_depth": table})["rent_depth"]

    assert read["kind"].iloc[0] == "own"


def test_ids_lists_what_a_scenario_may_name() -> None:
    result = CliRunner().invoke(data, ["ids", "sites", "COLUMBUS"])

    assert result.exit_code == 0
    assert "us-oh-columbus" in result.stdout
    assert "us-tx-dallas" not in result.stdout

    ids = json.loads(CliRunner().invoke(data, ["ids", "cooling", "--json"]).stdout)
    assert ids == read_tables(["cooling"])["cooling"]["cooling"].tolist()
