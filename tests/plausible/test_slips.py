"""Slips of unit and sense are told at their cell, and what is unusual and right is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attempts import read, validate

SLIPS, UNUSUAL = read("slips.yaml"), read("unusual.yaml")


@pytest.fixture(autouse=True)
def back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts are validated in a folder of their own; go back to where the tests run."""
    monkeypatch.chdir(Path.cwd())


def test_there_are_enough_of_both() -> None:
    assert len(SLIPS) >= 40
    assert len(UNUSUAL) >= 20


@pytest.mark.parametrize("attempt", SLIPS, ids=lambda attempt: attempt["slip"])
def test_a_slip_is_an_error_or_a_warning_that_names_its_cell(attempt: dict[str, Any], tmp_path: Path) -> None:
    found, expected = validate(attempt, tmp_path)

    said = (*found.problems, *found.warnings)
    assert {(one.file, one.line, one.column) for one in said} == expected
    # In one line each: what follows from a slip is not told beside it.
    assert len(found.warnings) <= len(expected)


@pytest.mark.parametrize("attempt", UNUSUAL, ids=lambda attempt: attempt["input"])
def test_what_is_unusual_and_right_is_not_warned_of(attempt: dict[str, Any], tmp_path: Path) -> None:
    found, _ = validate(attempt, tmp_path)

    assert (found.problems, found.warnings) == ((), ())
