"""The generated pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.docs import pages

PAGES = ["model.md", "data.md", "demand-paths.md", "results.md", "stress-tables.md"]
DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_in_step(generated: dict[str, str], name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generated[name], "run `make docs`"


def test_every_generated_page_is_compared(generated: dict[str, str]) -> None:
    assert set(generated) == set(PAGES)
