"""`dcplan report` writes the report of a stored run, and keeps what a planner has changed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from plans import plan_of

from planner import cli
from planner.runs import save_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    save_run(plan_of("tiny").run, folder)
    return folder


def report(runs: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["report", "tiny", "--runs", str(runs), *arguments])


def test_writes_what_the_run_folder_has(runs: Path) -> None:
    result = report(runs)

    assert result.exit_code == 0, result.output
    (folder,) = runs.iterdir()
    written = folder / "exports" / "report.html"
    assert result.stdout.strip() == str(written)
    assert written.read_bytes() == (folder / "report.html").read_bytes()


def test_refuses_to_replace_a_file_that_was_changed(runs: Path, tmp_path: Path) -> None:
    target = tmp_path / "of <mine>.html"
    assert report(runs, "-o", str(target)).exit_code == 0
    target.write_text("edited", encoding="utf-8")

    result = report(runs, "-o", str(target))

    assert result.exit_code == 2
    assert target.name in result.stderr
    assert target.read_text(encoding="utf-8") == "edited"


def test_the_page_of_an_edited_run_says_so_as_stderr_does(tmp_path: Path) -> None:
    run = save_run(plan_of("tiny").run, tmp_path)
    shutil.copy(run / "tables" / "costs.parquet", run / "tables" / "mine.parquet")
    said = "hanged since it was written: tables/mine.parquet; "

    result = report(tmp_path, "-o", str(tmp_path / "one.html"))
    both = report(tmp_path, str(run), "-o", str(tmp_path / "two.html"))

    assert (result.exit_code, both.exit_code) == (0, 0)
    for name, times in (("one.html", 1), ("two.html", 2)):
        assert (tmp_path / name).read_text(encoding="utf-8").count(said) == times
    assert said in result.stderr
    assert said not in (run / "report.html").read_text(encoding="utf-8")


def test_compares_several_runs_on_one_page(runs: Path, tmp_path: Path) -> None:
    (folder,) = runs.iterdir()
    target = tmp_path / "compared.html"

    result = report(runs, str(folder), "-o", str(target))

    assert result.exit_code == 0, result.output
    assert "Where the difference in cost comes from" in target.read_text(encoding="utf-8")


def test_refuses_more_runs_than_can_be_read_side_by_side(runs: Path) -> None:
    result = report(runs, *["tiny"] * 8)

    assert result.exit_code == 2
    assert "9 runs are given; at most 8 can be compared on one page" in result.output
