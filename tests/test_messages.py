"""What the program says is read before it changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from messages import messages

GOLDEN = Path(__file__).parent / "golden" / "messages.txt"
# Words that are not those of the field (docs/glossary.md), with what is said in their place.
NOT_OURS = {
    "reckon": "compute",
    "mend": "fix",
    "anew": "again",
    "dearer": "more expensive",
    "to let": "available to lease",
    "changes nothing": "has no effect",
    "telling day": "representative day",
    "lease depth": "available to lease",
    "dust": "numerical noise",
    "thereof": "of which",
    "thrown away": "curtailed",
    "own source": "on-site technology",
    "work that may wait": "deferrable work",
    "late work": "backlog",
    "whole numbers": "integers",
    "clash": "conflict",
    "give way": "relax",
    "relief": "relaxation",
}
ROOT = Path(__file__).parent.parent
HISTORY = ("decisions.md", "changes.md")  # of earlier words too; the second is made by `make docs`
PAGES = (ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in HISTORY))


@pytest.mark.golden
def test_messages_are_those_that_were_reviewed() -> None:
    text = messages()
    if os.environ.get("DCPLAN_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")

    assert text == GOLDEN.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def test_messages_use_the_words_of_the_field() -> None:
    words = f" {messages().casefold()} "

    assert {word for word in NOT_OURS if f" {word}" in words} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_use_the_words_of_the_field(page: Path) -> None:
    words = f" {' '.join(page.read_text(encoding='utf-8').casefold().split())} "

    assert {word for word in NOT_OURS if f" {word}" in words} == set()
