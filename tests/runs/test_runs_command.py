"""`dcplan runs` and `dcplan export` as a planner types them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from test_run_folder import named

from planner.cli import main
from planner.outputs.own_folder import LEDGER_FILE
from planner.runs import Run, save_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def stored(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("stored")
    for name, created in (("odd-aa11", "2026-02-03T04:05:06+00:00"), ("odd-bb22", "2026-03-04T05:06:07+00:00")):
        save_run(named(run, name, created=created), home, workbook=False)
    return home


@pytest.fixture
def runs_dir(stored: Path, tmp_path: Path) -> Path:
    shutil.copytree(stored, tmp_path / "runs")
    return tmp_path / "runs"


def dcplan(*words: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, words, input=answer)


def test_lists_runs(runs_dir: Path) -> None:
    result = dcplan("runs", "list", "--runs", str(runs_dir))

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["run", "solved", "(UTC)", "status", "check", "cost", "BUSD", "s"]
    assert lines[1].split()[:5] == ["odd-bb22", "2026-03-04", "05:06", "optimal", "ok"]
    assert lines[2].split()[:1] == ["odd-aa11"]


def test_lists_runs_as_json(runs_dir: Path) -> None:
    result = dcplan("runs", "list", "--runs", str(runs_dir), "--json")

    assert [row["run"] for row in json.loads(result.stdout)] == ["odd-bb22", "odd-aa11"]


def test_shows_a_run(runs_dir: Path) -> None:
    result = dcplan("runs", "show", "odd-b", "--runs", str(runs_dir))

    assert result.exit_code == 0
    assert "=Odd <i>names</i> 🏭" in result.stdout
    assert "Checked: 3 rules hold" in result.stdout
    assert "+a linear program smears small sites" in result.stdout


def test_asks_before_it_prunes(runs_dir: Path) -> None:
    refused = dcplan("runs", "prune", "--runs", str(runs_dir), "--keep", "1", answer="n\n")
    assert refused.exit_code == 1
    assert (runs_dir / "odd-aa11").is_dir()

    agreed = dcplan("runs", "prune", "--runs", str(runs_dir), "--keep", "1", answer="y\n")

    assert agreed.exit_code == 0
    assert agreed.stdout.splitlines() == ["odd-aa11"]
    assert not (runs_dir / "odd-aa11").exists()
    assert (runs_dir / "odd-bb22").is_dir()


def test_exports_several_formats_beside_the_run(runs_dir: Path) -> None:
    result = dcplan("export", "odd-b", "--runs", str(runs_dir), "--format", "xlsx,geojson")

    exports = runs_dir / "odd-bb22" / "exports"
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == str(exports / "plan.xlsx")
    assert (exports / "geojson" / "sites.geojson").is_file()


def test_exports_elsewhere_and_leaves_other_files_alone(runs_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "csv").mkdir(parents=True)
    mine = tmp_path / "out" / "csv" / "mine.csv"
    mine.write_text("kept")

    result = dcplan("export", str(runs_dir / "odd-aa11"), "--format", "csv", "-o", str(tmp_path / "out"), "--json")

    written = json.loads(result.stdout)
    assert str(tmp_path / "out" / "csv" / "plan.csv") in written
    assert mine.read_text() == "kept"
    assert not list((tmp_path / "out").rglob(".partial-*"))


def test_a_run_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    result = dcplan("export", "nothing", "--runs", str(tmp_path))

    assert result.exit_code == 2
    assert "no run 'nothing'" in result.stderr
    assert "solve a scenario first" in result.stderr


def test_a_format_that_refuses_the_run_leaves_the_others(runs_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    where = ("--runs", str(runs_dir), "-o", str(out))

    alone = dcplan("export", "odd-b", "--format", "mps", *where)
    assert alone.exit_code == 2
    assert alone.stdout == ""
    assert not out.exists()

    result = dcplan("export", "odd-b", "--format", "mps,geojson", "--json", *where)

    written = {str(path) for path in out.rglob("*.geojson")}
    assert written
    assert {path for path in json.loads(result.stdout) if path.endswith(".geojson")} == written
    assert {path.name for path in out.iterdir()} == {"geojson", LEDGER_FILE}
    assert result.exit_code == 2
    assert "mps is not written: the table can not be read" in result.stderr
