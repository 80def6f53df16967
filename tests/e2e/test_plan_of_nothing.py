"""A plan that builds nothing, since nobody asks for compute, is written and read like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import planner
from planner.cli import main


def dcplan(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["-q", *map(str, words)])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    result = dcplan("solve", "tiny", "--set", "demand.scale_frac=0", "--runs", runs)
    assert result.exit_code == 0, result.output
    (folder,) = runs.glob("tiny-*")
    return folder


def test_its_run_is_whole(run: Path) -> None:
    assert {"plan.xlsx", "report.html", "run.json"} <= {path.name for path in run.iterdir()}
    assert dcplan("check", run).exit_code == 0


def test_its_plots_say_that_there_is_nothing(run: Path, tmp_path: Path) -> None:
    result = dcplan("export", run, "--format", "svg", "--output", tmp_path)

    assert result.exit_code == 0, result.output
    assert "nothing in any year" in (tmp_path / "plots" / "cost.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "--format", "grid"), "no site of this run draws power in any year"),
        (("stress",), "no site of tiny draws power in any year"),
        (("dispatch",), "no site of tiny draws power in any year"),
    ],
)
def test_what_needs_load_says_that_there_is_none(run: Path, words: tuple[str, ...], said: str) -> None:
    result = dcplan(words[0], run, *words[1:])

    assert result.exit_code == 2, result.output
    assert said in result.stderr


def test_that_nobody_asks_for_compute_is_warned_of() -> None:
    result = dcplan("validate", "tiny", "--set", "demand.scale_frac=0")

    assert result.exit_code == 0, result.output
    assert (
        "warning: --set demand.scale_frac=0: demand is 0 in every model year, so that the plan"
        " builds nothing; give it a demand above 0, if one is meant\n"
    ) in result.output


@pytest.mark.parametrize("scale_frac", ["1e-7", "1e-8"])
def test_a_plan_of_a_few_watts_keeps_every_rule(scale_frac: str) -> None:
    """Losses of 0.06 W are written as 0, as all below 1e-7 MW: 5 % of PUE, but 1e-7 of a MW."""
    plan = planner.solve("tiny", [f"demand.scale_frac={scale_frac}"])

    assert plan.verdict.ok, plan.verdict.broken
    assert plan.tables["site_year"]["facility_peak_mw"].max() > 1e-7
