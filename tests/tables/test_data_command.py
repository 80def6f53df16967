"""`dcplan data` prints what ships, for people and for programs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from planner.base.errors import InputError
from planner.cli.data import data


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
