"""Processor time of a future of a sweep, beside that of `dcplan solve` for the same scenario.

Run from the root of the repository: ``python bench/sweep.py [--whole | --hourly] [GROUP ...]``. The
sample is twelve futures of `sweep.yaml`, whose axes are path, delay, gas, efficiency and headroom:
`GROUPS` of the first four, which hold each of their values, and each pair of the last three evenly,
by three headroom rates. Integers are relaxed, or with ``--whole`` as shipped; with numbers, from 1,
only these groups, in that order. With ``--hourly``, time slices last an hour: the sweep solves in
pieces and keeps their cuts, the command solves each program whole by interior point, and no
workbook is written. Each future is solved by the sweep, in this process, and by the command, one
after the other, so that both are measured under the same load. Its row is printed as soon as both
are there, and one group ends before the next begins: Ctrl-C adds up what is done. Relaxed
objectives must agree to 1e-6; plans with integers must be within the gap asked of them, of bounds
that agree to 1e-6.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from planner.studies.sweep.futures import Queue, read_sweep
from planner.studies.sweep.one import answer_to

if TYPE_CHECKING:
    from planner.studies.sweep.answers import FutureResult
    from planner.studies.sweep.futures import FutureTask, Sweep

SAMPLE = Path(__file__).with_name("sweep.yaml")
GROUPS: Final = (  # path, delay, gas, efficiency
    ("lbnl_low", 0, "none", "none"),
    ("brief_30_to_90", 12, "bridge", "none"),
    ("lbnl_high", 0, "bridge", "levers"),
    ("brief_30_to_90", 12, "none", "levers"),
)
HOURLY: Final = ("time.slot_h=1",)
WHOLE: Final = ("--no-workbook", "--set", "solver.method=ipx")
"""How the command solves a program over hours."""
INTEGERS: Final = ("siting.whole_openings", "siting.table_blocks", "racks.whole")
SAME, GOOD_ENOUGH = 1e-6, 0.01


def cold(scenario: Path, settings: list[str], folder: str, options: tuple[str, ...]) -> tuple[dict[str, Any], float]:
    """Return what the command says of a run, and its processor time. [s]"""
    given = [word for setting in settings for word in ("--set", setting)]
    command = [sys.executable, "-m", "planner", "-q", "solve", str(scenario), "--again", "-o", folder]
    with subprocess.Popen([*command, "--json", *given, *options], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return found, used.ru_utime + used.ru_stime


def alone(question: FutureTask, folder: str) -> Path:
    """Write the scenario file of a future."""
    sweep = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    scenario = {"version": 1, "extends": sweep["base"], "title": "a future", **sweep["set"]}
    for name, label in question.future.labels.items():
        axis = sweep["axes"][name]
        settings = axis["levels"][label] if "levels" in axis else nested(axis["key"], label)
        scenario |= settings or {}  # no two axes have settings of one section
    path = Path(folder) / "future.yaml"
    path.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    return path


def nested(key: str, value: object) -> dict[str, Any]:
    """Return a setting as it is written in a file, section by section."""
    for part in reversed(key.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def check(question: FutureTask, answer: FutureResult, found: dict[str, Any], *, is_whole: bool) -> None:
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
    """Print a table with a row for each future of the sample."""
    is_whole, is_hourly = ("--whole" in sys.argv), ("--hourly" in sys.argv)
    numbers = [int(word) for word in sys.argv[1:] if not word.startswith("--")]
    always = [f"{key}={str(is_whole).lower()}" for key in INTEGERS]
    always += HOURLY if is_hourly else ()
    options = WHOLE if is_hourly else ()
    sweep = read_sweep(SAMPLE, always)
    print("| future | method | gap, sweep | gap, solve | sweep s | solve s | share |")
    print("|---|---|--:|--:|--:|--:|--:|", flush=True)
    spent: list[tuple[float, float]] = []
    try:
        for group in [GROUPS[number - 1] for number in numbers] or GROUPS:
            solve_group(sweep, group, always, spent, options, is_whole=is_whole)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    if spent:
        of_sweep, of_solve = (sum(column) for column in zip(*spent, strict=True))
        share = of_sweep / of_solve
        print(f"| {len(spent)} | | | | {of_sweep:.0f} | {of_solve:.0f} | {share:.2f} |")


def solve_group(
    sweep: Sweep,
    group: tuple[object, ...],
    always: list[str],
    spent: list[tuple[float, float]],
    options: tuple[str, ...],
    *,
    is_whole: bool,
) -> None:
    """Print a row for each future of a group, and add what both took to `spent`. [s]"""
    queue = Queue([one for one in sweep.questions if group_of(one) == group], {})
    with tempfile.TemporaryDirectory() as folder:
        while (task := queue.next()) is not None:
            question, start = task
            tables = sweep.tables[question.tables_key]
            answer, ended = answer_to(question, tables, Path(folder), start)
            queue.done(question, ended)
            found, cold_s = cold(alone(question, folder), always, folder, options)
            check(question, answer, found, is_whole=is_whole)
            spent.append((answer.cpu_s, cold_s))
            print(
                f"| {', '.join(map(str, question.future.labels.values()))} | {answer.method}"
                f" | {answer.gap_frac:.2%} | {found['gap_frac']:.2%} | {answer.cpu_s:.1f}"
                f" | {cold_s:.1f} | {answer.cpu_s / cold_s:.2f} |",
                flush=True,
            )


def group_of(question: FutureTask) -> tuple[object, ...]:
    """Return the values of a future on all axes but the last."""
    return tuple(question.future.labels.values())[:-1]


if __name__ == "__main__":
    main()
