"""Writing that goes wrong: killed, several at once, no room, no permission; nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

import planner
from planner.base.errors import InputError
from planner.cli import main
from planner.inputs.build import Validation
from planner.outputs.files import kind_of_special, try_file, try_folder, whole_file
from planner.runs import Run, load_run, save_run
from planner.runs import folder as folders

if TYPE_CHECKING:
    from collections.abc import Callable

WRITERS = Path(__file__).with_name("writers.py")
SEED = 3


def dcplan(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["-q", *map(str, words)])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writers are forked")
def test_writers_at_once_and_killed_ones_lose_nothing_and_leave_no_half_run(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", str(WRITERS), str(tmp_path), str(SEED)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["at_once"] == {"failed": 0, "lost": []}, done.stderr
    assert 1 < found["killed"]["written"] <= found["killed"]["kills"], f"seed {SEED}: kills too early, or too late"


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch, plan: planner.Plan) -> None:
    """Let `dcplan solve` have its plan at once."""
    monkeypatch.setattr("planner.studies.solve.solve", lambda *_, **__: plan)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the temporary folder of programs, which is empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def no_room(within: Path) -> Callable[..., Any]:
    """Return a writer of workbooks for which there is no room below a folder."""

    def write(_: Run, path: Path) -> None:
        path.write_bytes(b"half")
        if path.is_relative_to(within):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    return write


@pytest.mark.parametrize("place", ["file/runs", "/proc", "/proc/runs", "x" * 300, "long/" * 900])
def test_a_folder_that_cannot_be_written_to_is_known_before_the_solve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def solve(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("planner.studies.solve.solve", solve)
    monkeypatch.setattr("planner.inputs.build.validated", lambda *_, **__: Validation(()))
    Path("file").write_text("mine")

    result = dcplan("solve", "tiny", "-o", place)

    assert result.exit_code == 2, result.exception
    assert "--runs: nothing can be written into " in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_trial_leaves_nothing_and_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try_folder(tmp_path / "a" / "b", "--output")
    assert list(tmp_path.iterdir()) == []

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        try_folder(tmp_path / "a" / "b", "--output")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="named pipes have no path in a folder there")
def test_a_pipe_or_a_device_is_refused_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.html"
    os.mkfifo(pipe)
    to_pipe, to_device = tmp_path / "to-pipe.html", tmp_path / "to-device.html"
    to_pipe.symlink_to(pipe.name)
    to_device.symlink_to("/dev/null")
    for path, special in ((pipe, "a named pipe"), (to_pipe, "a named pipe"), (to_device, "a dev")):
        with pytest.raises(InputError, match=f"--output: '.*{path.name}' is {special}"):
            try_file(path, "--output")
        with pytest.raises(FileExistsError, match=f"it is {special}"), whole_file(path):
            pass

    assert pipe.is_fifo()
    assert to_pipe.is_symlink()
    assert to_device.is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"pipe.html", "to-pipe.html", "to-device.html"}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files have no path there")
def test_the_path_of_an_open_file_is_refused_where_that_is_a_regular_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept.html"
    (tmp_path / "fds").symlink_to("/dev/fd")
    with kept.open("wb") as file:
        for place in (Path("/proc/self/fd"), Path("/dev/fd"), tmp_path / "fds"):
            assert kind_of_special(place / str(file.fileno())) == "a device"

    assert kind_of_special(kept) is None


@pytest.mark.skipif(os.name == "nt", reason="named pipes have no path in a folder there")
@pytest.mark.usefixtures("solved")
def test_commands_refuse_a_pipe_where_they_write_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dcplan("solve", "tiny", "--no-workbook")
    (run,) = map(str, Path("runs").iterdir())
    zone = tmp_path / "zone.csv"
    zone.write_text("time,demand_mw\n")
    for name in ("pipe.html", "pipe.svg"):
        os.mkfifo(tmp_path / name)
    for command in (
        ("report", run, "-o", "pipe.html"),
        ("compare", run, run, "-o", "pipe.html"),
        ("headroom", str(zone), "-o", "pipe.svg"),
    ):
        result = dcplan(*command)

        assert result.exit_code == 2, result.output
        assert f"--output: '{command[-1]}' is a named pipe; must be a new file" in result.stderr
        assert (tmp_path / command[-1]).is_fifo()


@pytest.mark.usefixtures("solved")
def test_a_plan_for_which_there_is_no_room_is_kept_elsewhere_and_said(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    monkeypatch.setattr(folders, "write_workbook", no_room(runs))

    result = dcplan("solve", "tiny", "-o", runs)

    assert result.exit_code == 2
    assert "Racks in use" in result.stdout  # the summary is there all the same
    (kept,) = temporary.glob("dcplan-*/tiny-*")
    assert result.stderr == (
        f"{runs}: the plan cannot be written there: No space left on device; it is kept without its workbook"
        f" in {kept}: move that folder to where you want it\n"
    )
    assert load_run(kept).meta["scenario"] == "tiny"
    assert not runs.exists()


@pytest.mark.usefixtures("solved")
def test_a_plan_that_fits_nowhere_is_called_lost(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "write_inputs", lambda _, path: no_room(tmp_path)(None, path))

    lost = dcplan("solve", "tiny", "-o", tmp_path / "runs")

    assert lost.exit_code == 2
    assert "so the plan is lost: make room and solve again" in lost.stderr
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("call", ["rename", "mkdir", "write_bytes", "write_text"])
def test_no_room_at_any_step_leaves_nothing_and_the_run_before_as_it_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    stored = save_run(run, tmp_path, workbook=False, log=["old"])
    other = replace(run, meta={**run.meta, "status": "another plan"})
    monkeypatch.setattr(folders, "write_parquet", lambda _, path: path.mkdir())
    monkeypatch.setattr(folders, "write_inputs", lambda _, path: path.mkdir())
    right = getattr(Path, call)
    calls = at = 0

    def fail(path: Path, *words: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return right(path, *words, **options)

    monkeypatch.setattr(Path, call, fail)
    while at < 20:
        calls, at = 0, at + 1
        try:
            save_run(other, tmp_path, workbook=False, log=["new"])
            break
        except OSError:
            assert [path.name for path in tmp_path.iterdir()] == [stored.name]
    assert at > 1
    assert (stored / "solve.log").read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [stored.name, f"{stored.name}-2"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_run_larger_than_files_may_be_is_refused_by_its_reason(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_100_000, 1_100_000))\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from synthetic import synthetic_run\n"
        "from planner.runs import folder as folders, save_run\n"
        "write = folders.write_workbook\n"
        "folders.write_workbook = lambda _, path: path.write_bytes(bytes(2_000_000))\n"
        "try:\n"
        "    save_run(synthetic_run(), Path(sys.argv[2]))\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    outputs = Path(__file__).parent.parent / "outputs"
    command = [sys.executable, "-c", code, str(outputs), str(tmp_path / "runs")]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.stdout == "File too large\n", done.stderr
    assert list(tmp_path.iterdir()) == []
