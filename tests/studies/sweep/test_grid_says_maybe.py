"""The tables of docs/grid-says-maybe.md are those that its script makes of the stored csv files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from planner.studies.sweep.file import read_file

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("said", ROOT / "bench" / "grid_says_maybe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_those_of_the_csv_files(script: ModuleType) -> None:
    page = script.PAGE.read_text(encoding="utf-8")

    assert script.page_with(script.blocks(), page) == page
    changed = page.replace("| 0", "| 7").replace("| 1", "| 8")
    assert changed != page
    assert script.page_with(script.blocks(), changed) != changed


def test_the_csv_files_have_every_future_of_the_sweep(script: ModuleType) -> None:
    file = read_file(ROOT / "bench" / "grid_says_maybe.yaml")

    assert file.problems == ()
    rows = script.FUTURES.read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) == len(file.futures) == 15
