"""Ctrl-C in every phase of a solve: it ends, with 4 or 130, and nothing is half-written."""

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
from planner.cli import main

class Up:
    def find_spec(self, name, path=None, target=None):
        if name == "planner.studies.solve":
            print("up", file=sys.stderr, flush=True)

sys.meta_path.insert(0, Up())
main()
"""
PHASES = [
    "up",  # the commands and their libraries are imported
    "Building the linear program",
    "Solving",
    "Checking the plan",
    "Writing the run folder",
]


@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_ends_a_solve_in_every_phase_and_leaves_no_half_run(
    phase: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", CODE, "solve", "tiny"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
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
