"""A table of estimates stored in a run that is there: its files are as written, no others are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from planner.runs import Run, load_run, save_run
from planner.runs.estimates import store_estimates
from planner.runs.folder import changed_since_written, store_run
from planner.runs.written import is_sealed

FIRST = pd.DataFrame({"item": ["rack"], "high_musd": [2.5]})
WRITTEN = {".dcplan-written.json", "estimates.csv", "estimates.parquet"}
AGAIN = pd.DataFrame({"item": ["rack", "hall"], "high_musd": [2.75, 0.5]})


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    """Return a run folder with estimates, as a solve leaves it."""
    return save_run(replace(run, estimates=FIRST), tmp_path / "runs", workbook=False)


def stored_again(folder: Path) -> list[str]:
    return [file.now for file in store_estimates(AGAIN, load_run(folder), folder)]


def test_another_table_leaves_a_run_as_written_that_a_solve_replaces(run: Run, folder: Path) -> None:
    before = json.loads((folder / "run.json").read_bytes())

    assert stored_again(folder) == []

    assert changed_since_written(folder) == ()
    assert is_sealed(folder / "run.json")
    assert pd.read_csv(folder / "estimates" / "estimates.csv").equals(AGAIN)
    after = json.loads((folder / "run.json").read_bytes())
    apart = {name for name, digits in after["sha256"].items() if before["sha256"][name] != digits}
    assert apart == {f"estimates/{name}" for name in WRITTEN}
    assert {**before, "sha256": 0, "seal": 0} == {**after, "sha256": 0, "seal": 0}
    assert store_run(replace(run, estimates=FIRST), folder.parent, workbook=False).kept == ()


def test_the_first_table_of_a_run_is_known_by_its_hash(run: Run, tmp_path: Path) -> None:
    folder = save_run(run, tmp_path / "runs", workbook=False)

    assert stored_again(folder) == []

    assert changed_since_written(folder) == ()
    with (folder / "estimates" / "estimates.csv").open("a") as file:
        file.write("mine\n")
    assert changed_since_written(folder) == ("estimates/estimates.csv",)


def test_what_a_planner_changed_stays_changed(folder: Path) -> None:
    (folder / "tables" / "mine.parquet").write_bytes(b"my table")
    (folder / "tables" / "fleet.parquet").write_bytes(b"my fleet")
    (folder / "estimates" / "estimates.csv").write_text("mine")

    assert stored_again(folder) == ["kept/estimates.csv"]

    assert (folder / "estimates" / "kept" / "estimates.csv").read_text() == "mine"
    assert changed_since_written(folder) == ("tables/fleet.parquet", "tables/mine.parquet")


def test_an_edited_run_json_is_not_sealed_again(folder: Path) -> None:
    meta = folder / "run.json"
    edited = meta.read_bytes().replace(b'"run"', b'"run" ')
    meta.write_bytes(edited)

    stored_again(folder)

    assert meta.read_bytes() == edited
    assert "run.json" in changed_since_written(folder)
