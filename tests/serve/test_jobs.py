"""Workers: what becomes of them is seen, and the server outlives them all."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tasks

from planner.base.errors import InputError
from planner.serve import jobs as jobs_module
from planner.serve.jobs import Job, Jobs

LONG_S = 180.0  # on a busy machine


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not until():
        assert time.monotonic() < end
        time.sleep(0.02)


def over(job: Job) -> Job:
    wait(lambda: job.is_over)
    return job


def at(job: Job, stage: str) -> bool:
    return bool(job.stages) and job.stages[-1].name == stage


def is_alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    (tmp_path / "runs").mkdir()
    jobs = Jobs(tmp_path / "runs")
    yield jobs
    jobs.close()


def test_what_a_worker_says_is_kept_and_its_answer_too(jobs: Jobs) -> None:
    job = over(jobs.start("Count", tasks.quick, "a-run"))

    assert job.state == "done"
    assert [stage.name for stage in job.stages] == ["Starting", "Counting"]
    assert (job.text, job.share) == ("one of two", 0.5)
    assert job.warnings == ["a price is implausible"]
    assert (job.result["run"], job.message) == ("a-run", "kept a file")


def test_an_error_raised_on_purpose_is_its_text(jobs: Jobs) -> None:
    job = over(jobs.start("x", tasks.infeasible, "no plan meets all constraints"))

    assert (job.state, job.message) == ("failed", "no plan meets all constraints")


def test_a_bug_is_shown_with_where_it_is(jobs: Jobs) -> None:
    job = over(jobs.start("x", tasks.broken, "divided"))

    assert job.state == "failed"
    assert job.message.startswith("A bug:\nTraceback")
    assert "ZeroDivisionError: divided" in job.message


@pytest.mark.parametrize("task", [tasks.killed, tasks.unsendable])
def test_a_worker_that_dies_fails_and_the_next_one_runs(jobs: Jobs, task: Callable[..., dict[str, object]]) -> None:
    first = jobs.start("Die", task, "x")
    second = jobs.start("Count", tasks.quick, "a-run")

    assert second.state == "waiting"
    assert over(first).state == "failed"
    assert "The worker ended without an answer" in first.message
    assert over(second).state == "done"


def test_a_worker_that_is_killed_leaves_no_half_written_run(jobs: Jobs, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    job = jobs.start("Write", tasks.writing, runs)
    wait(lambda: at(job, "Writing"))
    assert len(list(runs.iterdir())) == 1

    assert job.process is not None
    job.process.kill()

    assert over(job).state == "failed"
    assert list(runs.iterdir()) == []


def test_a_cancelled_solve_leaves_nothing_and_the_next_one_runs(jobs: Jobs, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    job = jobs.start("Write", tasks.writing, runs)
    second = jobs.start("Count", tasks.quick, "a-run")
    wait(lambda: at(job, "Writing"))

    jobs.cancel(job)

    assert (over(job).state, job.message) == ("cancelled", "")
    assert over(second).state == "done"
    assert list(runs.iterdir()) == []


def test_one_that_waits_is_cancelled_before_it_begins(jobs: Jobs, tmp_path: Path) -> None:
    first = jobs.start("Write", tasks.writing, tmp_path / "runs")
    second = jobs.start("Count", tasks.quick, "a-run")

    jobs.cancel(second)

    assert (second.state, second.elapsed_s, second.process) == ("cancelled", 0.0, None)
    wait(lambda: first.state == "running")


def test_what_a_worker_has_started_ends_with_it(jobs: Jobs, tmp_path: Path) -> None:
    file = tmp_path / "child"
    job = jobs.start("Wait", tasks.with_child, file)
    wait(lambda: at(job, "Waiting"))
    child = int(file.read_text(encoding="utf-8"))
    assert is_alive(child)

    jobs.cancel(job)

    wait(lambda: not is_alive(child))


def test_one_that_does_not_end_when_asked_is_ended(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "_GRACE_S", 0.2)
    job = jobs.start("Stay", tasks.stubborn, None)
    wait(lambda: at(job, "Staying"))

    jobs.cancel(job)

    assert over(job).state == "cancelled"


def test_workers_end_with_the_server(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.start("Write", tasks.writing, tmp_path / "runs")
    wait(lambda: at(job, "Writing"))
    assert job.process is not None
    assert job.process.pid is not None

    jobs.close()

    wait(lambda: not is_alive(job.process.pid))
    with pytest.raises(InputError):
        jobs.start("Count", tasks.quick, "a-run")


SERVER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import tasks
from planner.serve.jobs import Jobs
runs = Path(sys.argv[1])
job = Jobs(runs).start("Write", tasks.writing, runs)
while not job.stages or job.stages[-1].name != "Writing":
    time.sleep(0.02)
print(job.process.pid, flush=True)
time.sleep(600)
"""


def test_a_worker_whose_server_was_killed_ends_by_itself(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path), here], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        assert is_alive(worker)
        server.kill()

    wait(lambda: not is_alive(worker))


def test_no_more_than_so_many_wait(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "MOST_WAITING", 2)
    for _ in range(3):
        jobs.start("Write", tasks.writing, tmp_path / "runs")

    with pytest.raises(InputError, match="2 solves wait already"):
        jobs.start("Write", tasks.writing, tmp_path / "runs")
