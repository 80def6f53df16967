"""A run folder is there whole or not at all, and holds what was stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from planner.base.errors import InputError
from planner.cli import main
from planner.runs import Run, load_run, save_run
from planner.runs import folder as folders
from planner.runs.folder import changed_since_written, planners_files, runs_named
from planner.runs.meta import read_meta

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

    monkeypatch.setattr(folders, "write_workbook", break_off)

    with pytest.raises(error):
        save_run(run, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_same_plan_is_stored_once_and_another_one_beside_it(run: Run, tmp_path: Path) -> None:
    stored = save_run(run, tmp_path, workbook=False, log=["old"])
    (stored / "notes.md").write_text("mine")

    again = save_run(run, tmp_path, log=["new"])
    (stored / "tables" / "summary.parquet").write_text("mine")
    limit = replace(run, meta={**run.meta, "status": "limit"})
    others = [save_run(one, tmp_path, workbook=False) for one in (run, limit)]

    assert again == stored
    assert (stored / "solve.log").read_text() == "old\n"
    assert (stored / "notes.md").read_text() == "mine"
    assert (stored / "tables" / "summary.parquet").read_text() == "mine"
    assert [path.name for path in others] == [f"{stored.name}-2", f"{stored.name}-3"]
    assert [read_meta(path)["run"] for path in others] == [path.name for path in others]
    assert [one.folder for one in runs_named(stored.name, tmp_path)] == [*reversed(others), stored]


@pytest.mark.parametrize("place", ["link", "file", "empty folder"])
def test_what_is_in_the_place_of_a_run_stays_there(run: Run, tmp_path: Path, place: str) -> None:
    at = tmp_path / str(run.meta["run"])
    if place == "link":
        at.symlink_to(tmp_path.parent)
    elif place == "file":
        at.write_text("mine")
    else:
        at.mkdir()

    stored = save_run(run, tmp_path, workbook=False)

    assert stored.name == f"{at.name}-2"
    assert (at.is_symlink(), at.is_file()) == (place == "link", place == "file")
    assert place != "empty folder" or list(at.iterdir()) == []


def dcplan(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def test_solve_finds_the_run_of_the_same_question_and_solves_again_only_when_asked(tmp_path: Path) -> None:
    words = ("solve", "tiny", "-o", tmp_path, "--no-workbook")
    first = dcplan(*words)
    (folder,) = tmp_path.iterdir()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    found, as_json, again = dcplan(*words), dcplan(*words, "--json", "-q"), dcplan(*words, "--again")
    latest = dcplan(*words, "--json", "-q")

    assert [one.exit_code for one in (first, found, as_json, again)] == [0] * 4
    assert f"Already solved: {folder}; --again solves it once more, into another folder\n" in found.stderr
    assert found.stdout == first.stdout
    assert json.loads(as_json.stdout) == read_meta(folder)
    assert {path: path.read_bytes() for path in before} == before
    assert again.stdout.splitlines()[-1] == f"Written to {folder}-2"
    assert f"dcplan estimates {folder.name}-2" in again.stdout
    assert json.loads(latest.stdout)["run"] == f"{folder.name}-2"
    (tmp_path / f"{folder.name}-2" / "run.json").write_text("{torn")
    (folder / "tables" / "proof.parquet").write_text("mine")
    edited = dcplan(*words)
    assert edited.exit_code == 0
    assert f"{folder}: changed since it was written: tables/proof.parquet" in edited.stderr


def test_prune_leaves_a_run_that_holds_a_planners_files_and_names_them(run: Run, tmp_path: Path) -> None:
    plain, noted, edited, exported = (save_run(named(run, f"{name}-aa11"), tmp_path) for name in "abcd")
    (noted / "notes.md").write_text("mine")
    (edited / "plan.xlsx").write_text("mine")
    (edited / "report.html").unlink()
    assert dcplan("export", exported, "--format", "gpkg").exit_code == 0

    result = dcplan("runs", "prune", "--runs", tmp_path, "--keep", "0", "--yes")

    assert result.exit_code == 0
    for folder, file in ((noted, "notes.md"), (edited, "plan.xlsx"), (exported, "exports/plan.gpkg")):
        assert f"{folder}: not deleted: it has other or changed files: {file};" in result.stderr
    assert not plain.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [noted.name, edited.name, exported.name]


def test_a_run_json_that_was_edited_is_refused(run: Run, tmp_path: Path) -> None:
    folder = save_run(run, tmp_path, workbook=False)
    meta = (folder / "run.json").read_text(encoding="utf-8")
    assert (changed_since_written(folder), planners_files(folder)) == ((), [])

    (folder / "run.json").write_text(meta.replace("-Do names survive?", "My question"))

    with pytest.raises(InputError, match=r"run\.json: it was changed since it was written"):
        load_run(folder)
    assert dcplan("runs", "prune", "--runs", tmp_path, "--keep", "0", "--yes").exit_code == 0
    assert folder.is_dir()


def test_an_export_replaces_its_own_files_and_no_other(run: Run, tmp_path: Path) -> None:
    folder, out = save_run(run, tmp_path / "runs", workbook=False), tmp_path / "out"
    costs, plan = out / "csv" / "costs.csv", out / "csv" / "plan.csv"
    costs.parent.mkdir(parents=True)
    costs.write_text("mine before")
    export = ("export", folder, "--format", "csv", "-o", out)

    refused = dcplan(*export)
    assert refused.exit_code == 2
    assert f"{costs}: the file was changed, or is not one that dcplan wrote: it is not replaced" in refused.stderr
    assert [path.name for path in costs.parent.iterdir()] == ["costs.csv"]
    assert costs.read_text() == "mine before"
    costs.unlink()
    assert [dcplan(*export).exit_code for _ in range(2)] == [0, 0]
    plan.write_text("mine since")
    assert dcplan(*export).exit_code == 2
    assert plan.read_text() == "mine since"


def test_a_folder_without_run_json_is_refused_with_the_way_to_fix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not a run folder.*run\.json.*dcplan runs list"):
        load_run(tmp_path)
