"""The generated pages say what the code says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from planner.docs import pages
from planner.results.schema import TABLES

PAGES = ["cli.md", "model.md", "data.md", "demand-paths.md", "results.md", "settings.md", "stress-tables.md"]
DOCS = Path(__file__).parent.parent / "docs"
SECTION = re.compile(r"^## (.*)$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(#([^)]+)\)")


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


def test_decisions_say_how_many_columns_are_held() -> None:
    columns = sum(len(table.fields) for table in TABLES.values())
    text = " ".join((DOCS / "decisions.md").read_text(encoding="utf-8").split())

    assert f"each of the {columns} columns of the {len(TABLES)} tables" in text
    assert "One column is shown only: `solution.found_by`" in text


def test_every_decision_is_in_the_index_by_subject_once() -> None:
    index = SECTION.split(_decisions())[2]
    linked, sections = Counter(_links(index)), Counter(_sections())

    missing = [f"- [{title}](#{anchor})" for title, anchor in sections - linked]
    assert not missing, "write these into By subject of docs/decisions.md"
    assert linked - sections == Counter(), "twice in By subject, or of no section"


def test_every_link_within_the_decisions_names_a_section_by_its_title() -> None:
    assert set(_links(_decisions())) - set(_sections()) == set()


def _decisions() -> str:
    return (DOCS / "decisions.md").read_text(encoding="utf-8")


def _links(text: str) -> list[tuple[str, str]]:
    return LINK.findall(" ".join(text.split()))  # a title may be wrapped


def _sections() -> list[tuple[str, str]]:
    """Return title and anchor of each dated section, the anchor as GitHub and MyST make it."""
    _, *headings = SECTION.findall(_decisions())
    dated = [re.fullmatch(r"\d{4}-\d\d-\d\d: (.+)", heading) for heading in headings]
    assert all(dated), "a heading of docs/decisions.md is no `yyyy-mm-dd: title`"
    anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert len(set(anchors)) == len(anchors)
    return [(match[1], anchor) for match, anchor in zip(dated, anchors, strict=True) if match]
