"""A solve is asked to stop, and ends with the best plan so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tasks
from test_jobs import at, over, wait

from planner.base.errors import LimitReachedError
from planner.serve import worker

if TYPE_CHECKING:
    from pathlib import Path

    from client import Client

KEEP = "Stop and keep the best plan so far"


def test_a_solve_is_stopped_and_what_it_has_is_kept(client: Client) -> None:
    jobs = client.service.jobs
    job = jobs.start("Solve mine", tasks.until_stopped, "Solving", can_stop=True)
    wait(lambda: at(job, "Solving"))
    assert KEEP in client.get(f"/jobs/{job.id}").text

    answer = client.post(f"/jobs/{job.id}/stop", {})

    assert (answer.status, answer.headers["Location"]) == (303, f"/jobs/{job.id}")
    over(job)
    assert (job.state, job.message) == ("done", "the best so far")
    assert KEEP not in client.get(f"/jobs/{job.id}").text
    assert job.line is None
    jobs.stop(job)  # one that has ended is left alone
    assert job.state == "done"


def test_only_the_solver_can_be_stopped(client: Client) -> None:
    jobs = client.service.jobs
    job = jobs.start("Solve mine", tasks.until_stopped, "Checking the plan", can_stop=True)
    wait(lambda: at(job, "Checking the plan"))
    assert KEEP not in client.get(f"/jobs/{job.id}").text

    client.post(f"/jobs/{job.id}/stop", {})

    assert not job.is_stopped
    jobs.cancel(job)
    assert over(job).state == "cancelled"


def test_what_keeps_nothing_cannot_be_stopped(client: Client) -> None:
    jobs = client.service.jobs
    job = jobs.start("Sweep mine", tasks.until_stopped, "Solving")
    wait(lambda: at(job, "Solving"))

    jobs.stop(job)

    assert not job.is_stopped
    jobs.cancel(job)


def test_the_solver_of_a_worker_hears_that_it_is_to_stop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(worker, "ASKED_TO_STOP", worker.threading.Event())
    worker.ASKED_TO_STOP.set()

    with pytest.raises(LimitReachedError, match="interrupted"):
        worker.solve_task(lambda **_: None, ("tiny", tmp_path))
