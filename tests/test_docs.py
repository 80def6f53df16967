"""The generated pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.check.columns import EVERYWHERE, HELD, HELD_ROWS, SHOWN_ONLY
from planner.docs import pages

PAGES = [
    "cli.md",
    "model.md",
    "data.md",
    "demand-paths.md",
    "results.md",
    "settings.md",
    "stress-tables.md",
]
DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_in_step(generated: dict[str, str], name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generated[name], "run `make pages`"


def test_every_generated_page_is_compared(generated: dict[str, str]) -> None:
    assert set(generated) == set(PAGES)


def test_every_page_stands_in_the_contents_of_the_site() -> None:
    contents = (DOCS / "index.md").read_text(encoding="utf-8").splitlines()
    pages_there = {file.stem for file in DOCS.glob("*.md")} - {"index", "changes"}

    assert pages_there - set(contents) == set()


def test_decisions_say_how_many_columns_are_held_by_how_many_rules() -> None:
    named = (*HELD.values(), *HELD_ROWS.values(), EVERYWHERE)
    rules = {name for names in named for name in names}
    columns = len(HELD) + len(SHOWN_ONLY)
    (shown,) = SHOWN_ONLY
    text = " ".join((DOCS / "decisions.md").read_text(encoding="utf-8").split())

    assert f"each of the {columns} columns of the {len(HELD_ROWS)} tables" in text
    assert f"{len(rules)} of the checker's rules" in text
    assert f"One column is shown only: `{shown}`" in text
