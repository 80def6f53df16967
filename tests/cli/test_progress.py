"""What a command shows on stderr while it works, on a terminal and away from one."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from planner.cli.progress import Progress
from planner.lp import ProgressEvent
from planner.runs.catalogue import Entry, seconds_before
from planner.studies.solve.asking import Pace, solver_words

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


def test_each_line_says_how_long_it_took_before(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(between_s=0.05) as progress:
        progress.expect(140.0)
        progress.stage("solve")
        lines = wait_for(2, capsys)
        on_terminal = progress.line()

    assert without_times(lines[1:2]) == ["of about 2 min  Solving"]
    assert re.fullmatch(r"Solving \(\d+ s of about 2 min, as it took before\)", on_terminal)


def test_what_took_longer_than_before_does_not_say_how_long_it_takes() -> None:
    progress = Progress(quiet=True)
    progress.expect(1e-9)
    progress.stage("solve")

    assert re.fullmatch(r"Solving \(\d+ s\)", progress.line())


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=True, between_s=0.01) as progress:
        progress.stage("solve")
        progress.update("3 of 7 futures")
        threading.Event().wait(0.1)

    assert capsys.readouterr().err == ""
    assert without_times(progress.lines) == ["Solving", "3 of 7 futures"]


def test_a_command_that_is_mostly_quick_is_silent_at_first(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(patience_s=2.0, between_s=60.0) as progress:
        progress.stage("read")
        progress.stage("check")
        at_first = capsys.readouterr().err
        later = wait_for(1, capsys)

    assert at_first == ""
    assert without_times(later) == ["Checking the plan"]


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

    assert solver_words(first) == "integers relaxed, interior point, iteration 30"
    assert solver_words(later) == ("campuses and deployments, solve 7, simplex, iteration 500, at least 23.27 BUSD")


def test_a_search_says_how_near_it_is() -> None:
    event = ProgressEvent("mip", 9.0, 12, 23_500.0, 23_265.0, 0.01)

    text = solver_words(event)

    assert text == "branch and bound, iteration 12, cost 23.50 BUSD, within 1.00% of the bound"


def test_the_rest_is_known_once_two_solves_are_done() -> None:
    seconds = iter([100.0, 130.0])
    pace = Pace(lambda: next(seconds))

    # 30 s for 3 of 5: 20 s more.
    assert [pace.describe(0, 5), pace.describe(1, 5), pace.describe(3, 5)] == [
        "1 of 5",
        "2 of 5",
        "4 of 5, about 20 s left",
    ]


def test_more_solves_than_were_expected_are_not_more_than_all() -> None:
    assert Pace().describe(1, 1) == "2 of 2"


def test_the_latest_run_says_how_long_it_takes() -> None:
    def entry(scenario: str, seconds: float) -> Entry:
        return Entry("r", scenario, "", {}, "2026", "optimal", True, 5.0, 0.0, seconds)

    entries = [entry("base", 30.0), entry("mine", 20.0), entry("mine", 70.0)]

    assert seconds_before(["mine", "base"], entries) == 20.0
    assert seconds_before(["other", "base"], entries) == 30.0
    assert seconds_before(["other"], entries) is None
