"""The glossary explains every unit and every block of a scenario, and names only what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from planner.cli.group import COMMANDS
from planner.scenario.schema import Scenario

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS, UNITS = PAGE.split("## Units")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TERMS.splitlines()
    if line.startswith("| ") and not line.startswith("| term")
]
DICTIONARIES = [
    json.loads((ROOT / "data" / name).read_text(encoding="utf-8"))
    for name in ("datapackage.json", "results.json", "stress.json")
]
TABLES = {table["name"] for one in DICTIONARIES for table in one["resources"]}
# Words that say what is counted, in units such as `unit of the row`.
PLAIN = {"unit", "units", "of", "per", "and", "the", "row", "column", "columns"}
PLAIN |= {"class", "count", "places", "phases", "racks", "sites", "millions"}


def units() -> set[str]:
    """Return every unit of the dictionaries."""
    return {
        field.get("unit", "")
        for one in DICTIONARIES
        for table in one["resources"]
        for field in table["schema"]["fields"]
    }


def test_every_unit_of_the_dictionaries_is_explained() -> None:
    explained = set(re.findall(r"[\w%-]+(?:/\w+)?", UNITS))

    unknown = {
        (unit, word)
        for unit in units()
        for word in re.split(r"[/ ]", unit)
        if word
        and not word.isdigit()
        and word not in explained | PLAIN
        and unit not in explained
        and not set(word.split("-")) <= explained
    }

    assert unknown == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_term_has_a_meaning_and_is_met_in_what_there_is(row: list[str]) -> None:
    term, meaning, where = row

    assert term
    assert len(meaning.split()) >= 4
    commands = re.findall(r"`dcplan ([a-z]+)`", where)
    names = re.findall(r"`([a-z_]+)`", where)
    assert names or commands
    assert set(commands) <= set(COMMANDS)
    of_tables = re.findall(r"tables? (.*)", where)
    tables = re.findall(r"`([a-z_]+)`", of_tables[0]) if of_tables else []
    assert set(tables) <= TABLES
    assert set(names) - set(tables) <= set(Scenario.model_fields)
