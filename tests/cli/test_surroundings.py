"""Streams that end or are full, other encodings, folders that are gone: no traceback, ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from planner.cli import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="streams of Unix")

CODE = "from planner.cli import main; main()"
DCPLAN = (sys.executable, "-c", CODE)


def dcplan(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    settings: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run([*DCPLAN, *arguments], **(settings | options), check=False)  # type: ignore[call-overload,no-any-return]


def test_a_reader_that_leaves_ends_the_command_quietly_as_it_ends_other_programs() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    done = dcplan("schema", stdout=writing)
    helped = dcplan("--help", stdout=writing)
    listed = dcplan("data", "list", stdout=writing)  # a table of rich
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, b"")
    assert (helped.returncode, helped.stderr) == (141, b"")
    assert (listed.returncode, listed.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("arguments", [["schema"], ["--version"], ["data", "list"]])
def test_a_full_disk_under_stdout_is_said_in_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = dcplan(*arguments, stdout=full)

    assert (done.returncode, done.stderr) == (2, b"dcplan: stdout: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_plan_is_kept_though_what_is_said_of_it_cannot_be_written(tmp_path: Path) -> None:
    arguments = ("solve", "tiny", "--no-workbook")
    with Path("/dev/full").open("wb") as full:
        done = dcplan(*arguments, stderr=full, cwd=tmp_path)
        refused = dcplan("solve", "tiny", "--set", "years=3", stderr=full, cwd=tmp_path)

    assert done.returncode == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert done.stdout.decode().splitlines()[-1] == f"Written to runs/{run.name}"
    assert refused.returncode == 2


def test_a_plan_is_kept_though_nobody_reads_how_far_it_is(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    arguments = ("solve", "tiny", "--no-workbook")
    done = dcplan(*arguments, stderr=writing, cwd=tmp_path)
    os.close(writing)

    assert done.returncode == 0
    assert [run.name[:5] for run in (tmp_path / "runs").iterdir()] == ["tiny-"]


def test_a_command_without_stdout_does_its_work() -> None:
    command = ["bash", "-c", 'exec "$@" >&-', "-", *DCPLAN, "data", "list"]

    done = subprocess.run(command, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_without_unicode_is_shown_escapes_that_json_reads_too() -> None:
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1"}

    shown = dcplan("data", "show", "demand_regions", "--json", env=latin)
    refused = dcplan("validate", "nö⚡", env=latin)

    assert shown.returncode == 0, shown.stderr
    texts = [str(value) for row in json.loads(shown.stdout.decode("latin-1"))["rows"] for value in row.values()]
    assert any(ord(sign) > 255 for text in texts for sign in text)
    assert refused.returncode == 2
    assert b"'n\xf6\\u26a1'" in refused.stderr


def test_a_working_folder_that_is_gone_is_said_in_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && exec "$@"'

    done = subprocess.run(
        ["bash", "-c", script, "-", *DCPLAN, "solve", "tiny"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )

    assert done.returncode == 2
    assert done.stderr.startswith("the working folder is gone")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(28, "No space left on device", "runs"),
        OSError(28, "No space left on device"),
        OSError(13, "Permission denied"),
    ],
)
def test_no_memory_and_a_full_disk_are_no_bugs(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("planner.tables.catalog.list_tables", fails)

    done = CliRunner().invoke(main, ["data", "list"])

    assert done.exit_code == 2
    assert done.stderr in {
        "dcplan: out of memory; fewer sites, fewer days or longer time slices need less\n",
        "dcplan: runs: No space left on device\n",
        "dcplan: stdout: No space left on device\n",
        "dcplan: Permission denied\n",
    }
