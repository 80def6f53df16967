"""A run folder is there whole or not at all, and holds what was stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.runs import Run, folder, load_run, save_run

if TYPE_CHECKING:
    from pathlib import Path


def named(run: Run, name: str, *, created: str = "2026-02-03T04:05:06+00:00") -> Run:
    """Return the run under another folder name."""
    return replace(run, meta={**run.meta, "run": name, "created": created})


def test_holds_what_was_stored(run: Run, tmp_path: Path) -> None:
    stored = save_run(run, tmp_path, log=["first line", "-second: línea"])

    loaded = load_run(stored)

    assert stored == tmp_path / "odd-names-0123456789"
    assert loaded.folder == stored
    assert {**loaded.meta, "sha256": 0, "seal": 0} == {**run.meta, "sha256": 0, "seal": 0}
    assert set(loaded.meta["sha256"]) == {
        "plan.xlsx",
        "report.html",
        "solve.log",
        *(f"tables/{name}.parquet" for name in run.tables),
        *(f"inputs/{name}.parquet" for name in run.inputs_tables),
    }
    for name, digits in loaded.meta["sha256"].items():
        assert digits == hashlib.sha256((stored / name).read_bytes()).hexdigest()
    assert loaded.title == "=Odd <i>names</i> 🏭"
    assert loaded.years == [2025, 2027, 2030]
    assert loaded.tables.keys() == run.tables.keys()
    for name, frame in run.tables.items():
        pd.testing.assert_frame_equal(loaded.tables[name], frame)
    for name, frame in run.inputs_tables.items():
        pd.testing.assert_frame_equal(loaded.inputs_tables[name], frame)
    log = (stored / "solve.log").read_text(encoding="utf-8")
    assert log == "first line\n-second: línea\n"
    assert (stored / "plan.xlsx").is_file()
    assert (stored / "report.html").is_file()


def test_leaves_the_workbook_out_where_it_is_not_wanted(run: Run, tmp_path: Path) -> None:
    stored = save_run(run, tmp_path, workbook=False)

    assert not (stored / "plan.xlsx").exists()
    assert not (stored / "report.html").exists()
    assert (stored / "run.json").is_file()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_nothing_is_left_of_a_run_that_was_broken_off(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def break_off(run: Run, path: Path) -> None:
        path.write_text("half a workbook")
        raise error

    monkeypatch.setattr(folder, "write_workbook", break_off)

    with pytest.raises(error):
        save_run(run, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_run_that_stood_before_is_kept_when_the_new_one_is_broken_off(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = save_run(run, tmp_path, log=["old"])

    def break_off(run: Run, path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, "write_workbook", break_off)
    with pytest.raises(KeyboardInterrupt):
        save_run(run, tmp_path, log=["new"])

    assert (stored / "solve.log").read_text() == "old\n"
    assert (stored / "plan.xlsx").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [stored.name]


def test_the_same_question_replaces_its_run_with_all_its_files(run: Run, tmp_path: Path) -> None:
    stored = save_run(run, tmp_path, log=["old"])

    again = save_run(run, tmp_path, workbook=False, log=["new"])

    assert again == stored
    assert (stored / "solve.log").read_text() == "new\n"
    assert not (stored / "plan.xlsx").exists()
    assert [path.name for path in tmp_path.iterdir()] == [stored.name]


def test_a_folder_without_run_json_is_refused_with_the_way_to_fix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not a run folder.*run\.json.*dcplan runs list"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{half", "cannot be read"),
        ("[2]", "format is None"),
        (json.dumps({"format": 99}), "format is 99: .*another version.*; must be 2 or 3"),
        (json.dumps({"format": 1}), "format is 1: the run is of another version.*solve.*again"),
        (json.dumps({"format": 2}), "sha256 is missing"),
    ],
)
def test_a_run_of_another_version_or_a_broken_one_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.json").write_text(text)

    with pytest.raises(InputError, match=message):
        load_run(tmp_path)
