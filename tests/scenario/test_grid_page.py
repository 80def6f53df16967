"""What docs/grid.md tells planners to write is what a scenario may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.results.read import READERS
from planner.scenario import ID_TABLES, check_ids, load_scenario
from planner.tables import read_tables

PAGE = Path(__file__).parents[2] / "docs" / "grid.md"
TEXT = PAGE.read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)


def test_the_page_has_snippets() -> None:
    assert len(SNIPPETS) == 4


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_is_a_scenario_and_names_things_that_exist(snippet: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    head = "version: 1\nextends: us-base\ntitle: Grid\nquestion: What does it cost?\n"
    path.write_text(head + snippet, encoding="utf-8")

    scenario = load_scenario(str(path))

    base = load_scenario("us-base")
    assert (scenario.grid, scenario.energy) != (base.grid, base.energy)
    assert check_ids(scenario, read_tables(ID_TABLES, scenario.data_files)) == ()


def test_every_setting_of_the_grid_is_on_the_page() -> None:
    grid = load_scenario("us-base").grid

    named = [*type(grid).model_fields, *type(grid.non_firm).model_fields]
    named += type(grid.non_firm.shed).model_fields

    assert [name for name in named if name not in TEXT] == []


def test_every_table_of_the_grid_is_on_the_page() -> None:
    of_non_firm = [name for name, of in READERS.items() if of.__module__ == "planner.results.non_firm"]
    tables = ["headroom", "load_price", *of_non_firm]

    assert len(tables) == 5
    assert [table for table in tables if f"`{table}`" not in TEXT] == []
