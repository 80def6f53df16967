"""What docs/energy.md tells planners to write is what a scenario may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.scenario import ID_TABLES, check_ids, load_scenario
from planner.tables import read_tables

PAGE = Path(__file__).parents[2] / "docs" / "energy.md"
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_page_has_snippets() -> None:
    assert len(SNIPPETS) >= 5


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_is_a_scenario_and_names_things_that_exist(snippet: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    head = "version: 1\nextends: us-base\ntitle: Own power\nquestion: What does it cost?\n"
    path.write_text(head + snippet, encoding="utf-8")

    scenario = load_scenario(str(path))

    assert scenario.merged()["supply"] != load_scenario("us-base").merged()["supply"] or (
        "existing_source_mw" in snippet
    )
    assert check_ids(scenario, read_tables(ID_TABLES, scenario.data_files)) == ()


def test_every_setting_of_supply_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    supply = load_scenario("us-base").supply

    named = [*type(supply).model_fields, *type(supply.bridge).model_fields]
    named += [*type(supply.export).model_fields, *type(supply.standby).model_fields]

    assert [name for name in named if name not in text] == []
