"""`dcplan compare` says what differs between stored runs, and writes it."""

from __future__ import annotations

import json
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
    save_run(plan_of("tiny").run, folder, workbook=False)
    save_run(plan_of("tiny", "new_sites.north.land_limit_mw=27").run, folder, workbook=False)
    return folder


@pytest.fixture(scope="module")
def changed(runs: Path) -> str:
    (folder,) = [
        path for path in runs.iterdir() if json.loads((path / "run.json").read_text(encoding="utf-8"))["differs"]
    ]
    return str(folder)


def compare(runs: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["compare", *arguments, "--runs", str(runs)])


def test_shows_inputs_cost_years_and_sites(runs: Path, changed: str) -> None:
    result = compare(runs, "tiny", changed)

    assert result.exit_code == 0, result.output
    for text in (
        "new_sites.north.land_limit_mw",
        "tiny.yaml:32",
        "Cost, net present value [MUSD]",
        "The plans in 2028",
        "Racks in use by site in 2028 [MW]",
    ):
        assert text in result.stdout


def test_json_and_files_hold_the_same(runs: Path, changed: str, tmp_path: Path) -> None:
    target, page = tmp_path / "compared.json", tmp_path / "compared.html"

    result = compare(runs, "tiny", changed, "--json", "-o", str(target), "-o", str(page))

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads(target.read_text(encoding="utf-8"))
    assert "Where the difference in cost comes from" in page.read_text(encoding="utf-8")


def test_refuses_to_replace_a_file_of_the_planners(runs: Path, changed: str, tmp_path: Path) -> None:
    target = tmp_path / "compared.json"
    target.write_text("mine", encoding="utf-8")

    result = compare(runs, "tiny", changed, "-o", str(target))

    assert result.exit_code == 2
    assert target.name in result.stderr
    assert target.read_text(encoding="utf-8") == "mine"


def test_refuses_one_run_and_endings_that_nothing_writes(runs: Path, tmp_path: Path) -> None:
    assert "1 run is given; must be 2 to 8" in compare(runs, "tiny").output
    result = compare(runs, "tiny", "tiny", "-o", str(tmp_path / "compared.docx"))

    assert result.exit_code == 2
    assert "ends in '.docx'" in result.output


def test_refuses_a_run_of_another_format(runs: Path, changed: str, tmp_path: Path) -> None:
    meta = json.loads((runs / changed / "run.json").read_text(encoding="utf-8"))
    old = tmp_path / "old"
    old.mkdir()
    (old / "run.json").write_text(json.dumps({**meta, "format": 1}), encoding="utf-8")

    result = compare(runs, "tiny", str(old))

    assert result.exit_code == 2
    assert "format is 1: the run is of another version of dcplan" in result.output


def test_causes_add_up_to_the_cent(runs: Path, changed: str) -> None:
    result = compare(runs, "tiny", changed, "--causes", "--paired", "--json")

    assert result.exit_code == 0, result.output
    (split,) = json.loads(result.stdout)["causes"]
    assert [row["cause"] for row in split["causes"]] == ["new_sites.north.land_limit_mw"]
    assert split["causes"][0]["musd"] == pytest.approx(split["musd"], abs=1e-9)
    shown = compare(runs, "tiny", changed, "--causes", "--paired").stdout
    assert "bounds: programs without integrality" in shown
    assert f"+{split['musd'] * 1e6:,.2f}" in shown
