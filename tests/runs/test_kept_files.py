"""What a planner put into a run folder, or changed there, is never deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_run_folder import named

from planner.cli import main
from planner.outputs.user_files import Kept, report_kept
from planner.runs import Run, load_run, save_run
from planner.runs.catalogue import read_runs
from planner.runs.folder import changed_since_written, store_run
from planner.runs.plan import Plan
from planner.runs.written import planners_files


def dcplan(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


@pytest.fixture
def used(run: Run, tmp_path: Path) -> Path:
    """Return a run folder that a planner has worked in."""
    folder = save_run(run, tmp_path / "runs", workbook=False, log=["old"])
    (folder / "notes.md").write_text("my notes")
    (folder / "exports").mkdir()
    (folder / "exports" / "plan.txt").write_text("my export")
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("notes.md")
    (folder / "tables" / "mine.parquet").write_text("my table")
    (folder / "tables" / "summary.parquet").write_text("my summary")
    (folder / "solve.log").write_text("my log")
    return folder


OWN = {
    "notes.md": "my notes",
    "exports/plan.txt": "my export",
    "link": "my notes",
    "tables/mine.parquet": "my table",
    "tables/summary.parquet": "my summary",
    "solve.log": "my log",
}


def test_solving_again_keeps_what_dcplan_did_not_write_and_what_was_edited(run: Run, used: Path) -> None:
    stored = store_run(run, used.parent, workbook=False, log=["new"])

    assert sorted(stored.kept) == [
        Kept("empty", "empty"),
        Kept("exports/plan.txt", "exports/plan.txt"),
        Kept("link", "link"),
        Kept("notes.md", "notes.md"),
        Kept("solve.log", "kept/solve.log"),
        Kept("tables/mine.parquet", "kept/tables/mine.parquet"),
        Kept("tables/summary.parquet", "kept/tables/summary.parquet"),
    ]
    for file in stored.kept:
        if file.name in OWN:
            assert (used / file.now).read_text() == OWN[file.name]
    assert (used / "link").readlink() == Path("notes.md")
    assert (used / "solve.log").read_text() == "new\n"
    assert changed_since_written(used) == ()
    assert [path.name for path in used.parent.iterdir()] == [used.name]


def test_solve_says_which_files_it_kept(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.studies.solve.solve", lambda *_, **__: plan)
    words = ("solve", "tiny", "-o", tmp_path, "--no-workbook")

    first = dcplan(*words)
    (folder,) = (path.parent for path in tmp_path.glob("*/run.json"))
    (folder / "notes.md").write_text("my notes")
    again = dcplan(*words)

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "notes.md" not in first.stderr
    assert "notes.md" in again.stderr
    assert (folder / "notes.md").read_text() == "my notes"


def test_each_edit_is_kept_and_none_twice(run: Run, used: Path) -> None:
    for text in ("first edit", "second edit", "second edit"):
        (used / "solve.log").write_text(text)
        store_run(run, used.parent, workbook=False)
        store_run(run, used.parent, workbook=False)

    logs = {path.parent.name: path.read_text() for path in used.glob("kept*/solve.log")}
    assert logs == {"kept": "first edit", "kept-2": "second edit"}
    assert (used / "notes.md").read_text() == "my notes"


def test_a_run_that_nobody_touched_is_replaced_without_a_word(run: Run, tmp_path: Path) -> None:
    first = store_run(run, tmp_path, workbook=False, log=["old"])

    again = store_run(run, tmp_path, workbook=False, log=["new"])

    assert first.kept == again.kept == ()
    assert planners_files(tmp_path / str(run.meta["run"])) == []


def test_a_folder_whose_run_json_is_gone_or_edited_is_kept_whole(run: Run, tmp_path: Path) -> None:
    folder = save_run(run, tmp_path, workbook=False, log=["old"])
    meta = (folder / "run.json").read_text(encoding="utf-8")
    (folder / "run.json").write_text(meta.replace("-Do names survive?", "My question"))

    stored = store_run(run, tmp_path, workbook=False)
    assert stored.kept == (Kept("run.json", "kept/run.json"),)
    assert "My question" in (folder / "kept" / "run.json").read_text(encoding="utf-8")

    (folder / "run.json").unlink()
    stored = store_run(run, tmp_path, workbook=False)
    assert Kept("tables/plan.parquet", "kept/tables/plan.parquet") in stored.kept
    assert load_run(folder).title == run.title


def test_a_run_is_not_put_in_the_place_of_a_file_or_a_link(run: Run, tmp_path: Path) -> None:
    elsewhere = save_run(run, tmp_path / "elsewhere", workbook=False)
    before = sorted(elsewhere.rglob("*"))
    runs_dir = tmp_path / "runs"
    runs_dir.mkdir()
    for place in ("link", "file"):
        at = runs_dir / str(run.meta["run"])
        at.symlink_to(elsewhere) if place == "link" else at.write_text("mine")

        with pytest.raises(FileExistsError, match="a file or a link is in the place"):
            save_run(run, runs_dir, workbook=False)

        assert [path.name for path in runs_dir.iterdir()] == [at.name]
        assert sorted(elsewhere.rglob("*")) == before
        at.unlink()


def test_prune_leaves_a_run_that_holds_a_planners_files_and_names_them(run: Run, used: Path) -> None:
    save_run(named(run, "other-aa11"), used.parent, workbook=False)

    result = dcplan("runs", "prune", "--runs", used.parent, "--keep", "0", "--yes")

    assert result.exit_code == 0
    assert f"{used}: not deleted: it has other or changed files: " in result.stderr
    assert "exports/plan.txt" in result.stderr
    assert [path.name for path in used.parent.iterdir()] == [used.name]
    for name, text in OWN.items():
        assert (used / name).read_text() == text


def test_prune_deletes_a_run_with_exports_that_nobody_changed(run: Run, tmp_path: Path) -> None:
    folder = save_run(run, tmp_path, workbook=False)
    assert dcplan("export", folder, "--format", "csv").exit_code == 0
    shutil.copytree(folder, tmp_path / "edited-aa11")
    (tmp_path / "edited-aa11" / "exports" / "csv" / "plan.csv").write_text("mine")

    result = dcplan("runs", "prune", "--runs", tmp_path, "--keep", "0", "--yes")

    assert not folder.exists()
    assert result.stderr.count("not deleted") == 1
    assert "exports/csv/plan.csv" in result.stderr
    assert (tmp_path / "edited-aa11" / "exports" / "csv" / "plan.csv").read_text() == "mine"


def test_export_keeps_an_edited_file_and_one_that_it_did_not_write(run: Run, tmp_path: Path) -> None:
    folder, out = save_run(run, tmp_path / "runs", workbook=False), tmp_path / "out"
    (out / "csv").mkdir(parents=True)
    (out / "csv" / "costs.csv").write_text("mine before")
    export = ("export", folder, "--format", "csv", "-o", out)

    first = dcplan(*export)
    written = (out / "csv" / "plan.csv").read_text(encoding="utf-8")
    again = dcplan(*export)
    (out / "csv" / "plan.csv").write_text("mine since")
    edited = dcplan(*export)

    assert "csv/costs.csv is now kept/csv/costs.csv" in first.stderr
    assert (out / "kept" / "csv" / "costs.csv").read_text() == "mine before"
    assert (again.exit_code, again.stderr) == (0, "")
    assert "csv/plan.csv is now kept/csv/plan.csv" in edited.stderr
    assert (out / "kept" / "csv" / "plan.csv").read_text() == "mine since"
    assert (out / "csv" / "plan.csv").read_text(encoding="utf-8") == written


TOKEN = "0123456789ab"


def test_a_run_that_was_set_aside_by_a_killed_writer_is_put_back(run: Run, used: Path) -> None:
    aside = used.rename(used.with_name(f".replaced-{TOKEN}-{used.name}"))
    assert not used.exists()

    listing = read_runs(used.parent)

    assert [entry.run for entry in listing.entries] == [used.name]
    assert not aside.exists()
    assert (used / "notes.md").read_text() == "my notes"


@pytest.mark.parametrize("step", ["replaced", "leftover"])
def test_a_run_that_a_killed_writer_had_replaced_is_emptied_and_loses_nothing(run: Run, used: Path, step: str) -> None:
    used.rename(used.with_name(f".{step}-{TOKEN}-{used.name}"))
    shutil.rmtree(used.with_name(f".{step}-{TOKEN}-{used.name}") / "inputs")
    fresh = save_run(run, used.parent / "fresh", workbook=False, log=["new"])
    fresh.rename(used)
    (used.parent / "fresh").rmdir()

    read_runs(used.parent)

    assert [path.name for path in used.parent.iterdir()] == [used.name]
    assert changed_since_written(used) == ()
    for name, text in OWN.items():
        is_moved = name == "solve.log" or name.startswith("tables/")
        assert (used / "kept" / name if is_moved else used / name).read_text() == text
    assert (used / "solve.log").read_text() == "new\n"


def test_a_folder_that_names_one_outside_is_left_alone(run: Run, tmp_path: Path) -> None:
    runs_dir = tmp_path / "runs"
    save_run(run, runs_dir, workbook=False)
    trap = runs_dir / f".leftover-{TOKEN}-.."
    trap.mkdir()
    (trap / "file.md").write_text("mine")

    read_runs(runs_dir)

    assert (trap / "file.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_what_was_kept_is_said_in_one_line_by_folder(tmp_path: Path) -> None:
    stayed = [Kept(f"exports/csv/{n}.csv", f"exports/csv/{n}.csv") for n in range(57)]
    ledger_file = Kept("exports/.dcplan-written.json", "exports/.dcplan-written.json")
    moved = [Kept(f"tables/{n}.csv", f"kept/tables/{n}.csv") for n in "abcdefghijklmnopqrstuvw"]
    note = Kept("note.txt", "note.txt")

    assert report_kept(tmp_path, [*stayed, ledger_file, *moved, note]) == (
        f"{tmp_path}: kept other or changed files: "
        + ", ".join(f"tables/{n}.csv is now kept/tables/{n}.csv" for n in "abcdefghijklmnopqrst")
        + " and 3 more, exports/ (57 files), note.txt"
    )
