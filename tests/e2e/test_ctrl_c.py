"""Ctrl-C in every phase of a solve: it ends, with 4 or 130, and nothing is half-written.

So do signals that end a program, with 128 and their number.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from planner.runs import load_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing on Windows")

CODE = """
import sys
from planner.cli import start

class Importing:
    def find_spec(self, name, path=None, target=None):
        if name in ("click", "planner.studies.solve", "pandas"):
            print("importing", name, file=sys.stderr, flush=True)

sys.meta_path.insert(0, Importing())
start()
"""
AT_THE_END_OF_THE_SOLVER = """
import os, signal
from planner.cli import start
from planner.lp import HighsSession

solve = HighsSession.solve

def solve_and_press(*args, **settings):
    outcome = solve(*args, **settings)
    for _ in range({times}):
        os.kill(os.getpid(), signal.SIGINT)
    return outcome

HighsSession.solve = solve_and_press
start()
"""
WHILE_IMPORTING = ["importing click", "importing planner.studies.solve", "importing pandas"]
PHASES = ["Building the linear program", "Solving", "Checking the plan", "Writing the run folder"]
ENDINGS = {} if os.name == "nt" else {signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}


@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_ends_a_solve_in_every_phase_and_leaves_no_half_run(phase: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, "solve", "tiny"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert any(line.rstrip().endswith(phase) for line in process.stderr)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)

    assert process.returncode in {4, 130}, said
    assert "Traceback" not in said
    assert "interrupted" in said or "Stopping" in said
    left = list(tmp_path.rglob("*"))
    runs = [path for path in left if path.parent == tmp_path / "runs"]
    assert not [path for path in left if path.name.startswith(".partial")]
    assert all(load_run(run).tables["summary"].size for run in runs)
    if process.returncode == 130 and phase != PHASES[-1]:
        assert runs == []


@pytest.mark.parametrize(("ending", "message"), ENDINGS.items())
@pytest.mark.parametrize("phase", PHASES[1::2])
def test_a_signal_that_ends_a_program_leaves_no_half_run(
    phase: str, ending: signal.Signals, message: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", CODE, "solve", "tiny"]
    before = signal.signal(ending, signal.SIG_DFL)  # the tests may run under nohup
    try:
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    finally:
        signal.signal(ending, before)
    with started as process:
        assert process.stderr is not None
        assert any(line.rstrip().endswith(phase) for line in process.stderr)
        process.send_signal(ending)
        _, said = process.communicate(timeout=120)

    assert process.returncode == 128 + ending, said
    assert said.splitlines()[-1] == message
    assert "Traceback" not in said
    assert not list(tmp_path.rglob(".partial*"))


def test_a_terminal_that_closes_does_not_end_what_ignores_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, "solve", "tiny", "--no-workbook"]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        assert process.stderr is not None
        assert any(line.rstrip().endswith(PHASES[0]) for line in process.stderr)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=120)

    assert process.returncode == 0
    assert len(list((tmp_path / "runs").glob("tiny-*"))) == 1


@pytest.mark.parametrize("phase", WHILE_IMPORTING)
def test_ctrl_c_while_libraries_are_imported_says_one_line(phase: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, "solve", "tiny"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert any(line.rstrip() == phase for line in process.stderr)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)

    lines = [line for line in said.splitlines() if not line.startswith("importing")]
    assert (process.returncode, lines) == (130, ["interrupted"])
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(("times", "code", "runs"), [(1, 4, 1), (2, 130, 0)])
def test_ctrl_c_as_the_solver_ends_keeps_the_plan_or_ends_at_once(
    times: int, code: int, runs: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", AT_THE_END_OF_THE_SOLVER.format(times=times), "solve", "tiny"]

    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    written = list((tmp_path / "runs").glob("tiny-*"))
    assert len(written) == runs
    assert all(load_run(run).tables["summary"].size for run in written)
    assert not list(tmp_path.rglob(".partial*"))
