"""What a command shows on stderr while it works, on a terminal and away from one."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from planner.cli.progress import Progress
from planner.lp import ProgressEvent
from planner.runs.catalogue import Entry, seconds_before
from planner.studies.solve.asking import solver_words

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING = float("nan")


def wait_for(lines: int, captured: pytest.CaptureFixture[str]) -> list[str]:
    """Return what is written to stderr as soon as it has so many lines."""
    heard = ""
    for _ in range(400):
        threading.Event().wait(0.025)
        heard += captured.readouterr().err
        if heard.count("\n") >= lines:
            return heard.splitlines()
    pytest.fail(f"after ten seconds there is no more than {heard!r}")


def without_times(lines: Sequence[str]) -> list[str]:
    return [line.partition(" s ")[2].strip() for line in lines]


def test_away_from_a_terminal_a_stage_that_goes_on_has_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(between_s=0.05) as progress:
        progress.stage("solve")
        first = wait_for(3, capsys)
        progress.solver(ProgressEvent("ipm", 3.0, 0, 23_500.0, NOTHING, NOTHING))
        capsys.readouterr()
        later = wait_for(2, capsys)

    assert set(without_times(first)) == {"Solving"}
    # One line may have been on its way.
    assert set(without_times(later[1:])) == {"Solving: interior point, cost 23.50 BUSD"}


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=True, between_s=0.01) as progress:
        progress.stage("solve")
        progress.update("3 of 7 futures")
        threading.Event().wait(0.1)

    assert capsys.readouterr().err == ""
    assert without_times(progress.lines) == ["Solving", "3 of 7 futures"]


def test_no_line_comes_between_those_of_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(between_s=0.01) as progress:
        progress.stage("write")
        with progress.aside():
            threading.Event().wait(0.05)
            capsys.readouterr()
            threading.Event().wait(0.1)
            meanwhile = capsys.readouterr().err
        wait_for(1, capsys)

    assert meanwhile == ""


def test_a_solve_of_a_plan_says_what_it_is_for_and_which_it_is() -> None:
    first = ProgressEvent("ipm", 3.0, 30, NOTHING, NOTHING, NOTHING, "relaxed", 1)
    later = ProgressEvent("simplex", 2.0, 500, NOTHING, 23_265.0, NOTHING, "blocks", 7)
    below_0 = replace(later, dual_bound=-512.0)

    assert solver_words(first) == "integers relaxed, interior point, iteration 30"
    assert solver_words(later) == ("campuses and deployments, solve 7, simplex, iteration 500, at least 23.27 BUSD")
    assert solver_words(below_0) == "campuses and deployments, solve 7, simplex, iteration 500"


def test_the_latest_run_says_how_long_it_takes() -> None:
    def entry(scenario: str, seconds: float) -> Entry:
        return Entry("r", scenario, "", {}, "2026", "optimal", True, 5.0, 0.0, seconds)

    entries = [entry("base", 30.0), entry("mine", 20.0), entry("mine", 70.0)]

    assert seconds_before(["mine", "base"], entries) == 20.0
    assert seconds_before(["other", "base"], entries) == 30.0
    assert seconds_before(["other"], entries) is None
