"""What pages tell planners to write is what a scenario may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.scenario import ID_TABLES, load_scenario, unknown_ids
from planner.tables import read_tables

DOCS = Path(__file__).parents[2] / "docs"
TEXTS = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("energy", "grid")}
SNIPPETS = {name: re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL) for name, text in TEXTS.items()}
ABOUT = {"energy": ("supply", "sites", "new_sites"), "grid": ("grid", "energy")}
"""Blocks of which the snippets of a page change one."""


def test_the_pages_have_snippets() -> None:
    assert len(SNIPPETS["energy"]) >= 5
    assert len(SNIPPETS["grid"]) == 4


@pytest.mark.parametrize(("page", "snippet"), [(page, snippet) for page in SNIPPETS for snippet in SNIPPETS[page]])
def test_a_snippet_is_a_scenario_and_names_things_that_exist(page: str, snippet: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"version: 1\nextends: us-base\ntitle: Own\nquestion: What?\n{snippet}", encoding="utf-8")

    scenario, base = load_scenario(str(path)).merged(), load_scenario("us-base").merged()

    assert any(scenario[block] != base[block] for block in ABOUT[page])
    loaded = load_scenario(str(path))
    assert unknown_ids(loaded.tree, read_tables(ID_TABLES, loaded.data_files)) == ()


@pytest.mark.parametrize(
    ("page", "way"),
    [
        *(("energy", way) for way in ("supply", "supply.bridge", "supply.export", "supply.standby")),
        *(("grid", way) for way in ("grid", "grid.non_firm", "grid.non_firm.shed")),
    ],
)
def test_every_setting_of_a_block_is_on_its_page(page: str, way: str) -> None:
    block = load_scenario("us-base")
    for step in way.split("."):
        block = getattr(block, step)

    assert [name for name in type(block).model_fields if name not in TEXTS[page]] == []
