"""Processor time of a future of a sweep, beside that of `dcplan solve` for the same scenario.

Run from the root of the repository: ``python bench/sweep.py [RATES_OF_EACH_PATH] [--whole]``. The
sample are the twelve futures of the axes of `grid_says_maybe.yaml`, `us-base` on three demand paths
by the four headroom rates: both axes of `us-grid-demand`. Integers are relaxed, or with ``--whole``
as shipped. Each future is solved by the sweep, in this process, and by the command, one after the
other, so that both are measured under the same load. Relaxed objectives must agree to 1e-6; plans
with integers must be within the gap asked of them, of bounds that agree to 1e-6.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.studies.sweep.futures import read_sweep
from planner.studies.sweep.one import answer_to
from planner.studies.sweep.order import Queue

if TYPE_CHECKING:
    from planner.studies.sweep.answers import Answer
    from planner.studies.sweep.futures import Question

SAMPLE = Path(__file__).with_name("grid_says_maybe.yaml")
INTEGERS = ("siting.whole_openings", "siting.table_blocks", "racks.whole")
PATIENT = "solver.time_limit_s=7200"
SAME, GOOD_ENOUGH = 1e-6, 0.01


def cold(settings: list[str], folder: str) -> tuple[dict[str, Any], float]:
    """Return what the command says of a run, and its processor time. [s]"""
    given = [word for setting in (*settings, PATIENT) for word in ("--set", setting)]
    command = [sys.executable, "-m", "planner", "-q", "solve", "us-base", "-o", folder, "--json"]
    with subprocess.Popen([*command, *given], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return found, used.ru_utime + used.ru_stime


def check(question: Question, answer: Answer, found: dict[str, Any], *, is_whole: bool) -> None:
    """Compare a future as the sweep solved it with the run of the command.

    Raises
    ------
    AssertionError
        If they differ by more than they may.
    """
    assert question.scenario is not None
    assert answer.objective_musd is not None, answer.message
    assert answer.gap_frac is not None
    assert not answer.broken
    assert found["check"]["ok"]
    assert answer.gap_frac <= (question.scenario.solver.gap_frac or GOOD_ENOUGH)
    for name in ("bound_musd",) if is_whole else ("objective_musd", "bound_musd"):
        of_sweep, of_solve = getattr(answer, name), found[name]
        if abs(of_sweep - of_solve) > SAME * abs(of_solve):
            message = f"{question.name}: {name} {of_sweep}, afresh {of_solve}"
            raise AssertionError(message)


def main() -> None:
    counts = [int(word) for word in sys.argv[1:] if word != "--whole"]
    is_whole = "--whole" in sys.argv
    always = [f"{key}={str(is_whole).lower()}" for key in INTEGERS]
    sweep = read_sweep(SAMPLE, always)
    axes = [axis.name for axis in sweep.file.axes]
    keys = {"path": "demand.trajectory", "headroom": "grid.curtailment_rate_pct"}
    rates = sorted({one.future.labels.get("headroom", 0.0) for one in sweep.questions} - {0.0})
    taken = rates[: counts[0]] if counts else rates
    queue = Queue(
        [one for one in sweep.questions if one.future.labels.get("headroom") in taken], {}
    )
    print("| future | method | gap, sweep | gap, solve | sweep s | solve s | share |")
    print("|---|---|--:|--:|--:|--:|--:|")
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        while (task := queue.next()) is not None:
            question, start = task
            tables = sweep.tables[question.tables_key]
            answer, ended = answer_to(question, tables, Path(folder), start)
            queue.done(question, ended)
            labels = question.future.labels
            settings = [*always, *(f"{keys[axis]}={labels[axis]}" for axis in axes)]
            found, cold_s = cold(settings, folder)
            check(question, answer, found, is_whole=is_whole)
            spent.append((answer.cpu_s, cold_s))
            print(
                f"| {question.name} | {answer.method} | {answer.gap_frac:.2%}"
                f" | {found['gap_frac']:.2%} | {answer.cpu_s:.1f} | {cold_s:.1f}"
                f" | {answer.cpu_s / cold_s:.2f} |",
                flush=True,
            )
    of_sweep, of_solve = (sum(column) for column in zip(*spent, strict=True))
    print(f"| {len(spent)} | | | | {of_sweep:.0f} | {of_solve:.0f} | {of_sweep / of_solve:.2f} |")


if __name__ == "__main__":
    main()
