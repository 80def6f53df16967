"""A solve is asked to stop, and ends with the best plan so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tasks
from test_jobs import at, over, wait

if TYPE_CHECKING:
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
    assert job.line is not None
    assert job.line.closed
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
