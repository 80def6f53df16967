"""Commands that use a run without checking it say on stderr where its files were changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from plans import plan_of

from planner.cli import main
from planner.runs import write_run

COMMANDS = (
    ("explain", "{run}"),
    ("export", "{run}", "--format", "csv", "-o", "{out}"),
    ("runs", "show", "{run}"),
    ("stress", "{run}", "--draws", "1", "--year", "2027", "-o", "{out}"),
)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(plan_of("tiny"), tmp_path_factory.mktemp("solved"), workbook=False)


def stderr_of(command: tuple[str, ...], run: Path, out: Path) -> str:
    words = [word.format(run=run, out=out) for word in command]
    result = CliRunner().invoke(main, ["-q", *words])
    assert result.exit_code == 0, result.output
    assert result.stdout
    return result.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_changed_file_is_reported_and_an_unchanged_run_goes_without_a_word(
    solved: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    run = Path(shutil.copytree(solved, tmp_path / "run"))

    untouched = stderr_of(command, run, tmp_path / "before")
    summary = run / "tables" / "summary.parquet"
    pq.write_table(pq.read_table(summary), summary, compression="none")
    changed = stderr_of(command, run, tmp_path / "after")

    assert untouched == ""
    assert changed.startswith(f"{run}: changed since it was written: tables/summary.parquet; ")
    assert f"`dcplan check {run}`" in changed


def test_a_table_laid_beside_those_of_a_run_is_warned_of_and_not_exported(solved: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(solved, tmp_path / "run"))
    shutil.copy(run / "tables" / "summary.parquet", run / "tables" / "mine.parquet")

    stderr = stderr_of(COMMANDS[1], run, tmp_path / "out")

    written = {path.stem for path in (tmp_path / "out" / "csv").glob("*.csv")}
    assert "tables/mine.parquet" in stderr
    assert "summary" in written
    assert "mine" not in written
