"""From a scenario to its report by the pages alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import tasks
from client import Client
from test_jobs import at, over, wait

from planner.base.paths import SCENARIOS_DIR


def test_tiny_is_solved_from_the_list_of_scenarios(client: Client, folder: Path, run: str) -> None:
    shutil.rmtree(folder / "runs")
    assert 'value="tiny"' in client.get("/scenarios").text

    answer = client.post("/solve", {"scenario": "tiny"})

    assert answer.status == 303
    path = answer.headers["Location"]
    (job,) = client.service.jobs.latest()
    assert path == f"/jobs/{job.id}"
    over(job)
    page = client.get(path).text
    assert "<strong>Done</strong>" in page
    assert f'href="/runs/{run}"' in page  # the same question has the same name
    assert [stage.name for stage in job.stages] == [
        "Starting",
        "Reading scenario and data",
        "Building the linear program",
        "Solving",
        "Making tables",
        "Checking the plan",
        "Writing the run folder",
    ]
    assert client.get(f"/runs/{run}").status == 200
    assert {path.name for path in (folder / "runs" / run).iterdir()} >= {"report.html", "plan.xlsx"}
    log = (folder / "runs" / run / "solve.log").read_text(encoding="utf-8")
    assert re.search(r"^ +\d+\.\d\d s  Solving$", log, re.MULTILINE)


def test_a_scenario_of_the_folder_that_is_wrong_says_where(client: Client, folder: Path) -> None:
    text = (SCENARIOS_DIR / "tiny.yaml").read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(text.replace("lat: 46.9", "lat: 246.9"), encoding="utf-8")

    client.post("/solve", {"scenario": "mine.yaml"})

    (job,) = client.service.jobs.latest()
    assert over(job).state == "failed"
    page = client.get(f"/jobs/{job.id}").text
    assert re.search(r"mine\.yaml:\d+:\d+: new_sites\.north\.lat is 246\.9", page)
    assert len(list((folder / "runs").iterdir())) == 1


def test_an_unknown_scenario_or_solve_is_not_found(client: Client) -> None:
    for scenario in ("none", "../tiny.yaml", "/etc/passwd", ""):
        assert client.post("/solve", {"scenario": scenario}).status == 404
    assert client.get("/jobs/none").status == 404
    assert client.post("/jobs/none/cancel").status == 404
    assert client.get("/jobs/none/state").status == 404


def test_a_solve_is_watched_and_cancelled(client: Client, folder: Path) -> None:
    jobs = client.service.jobs
    job = jobs.start("<b>Write</b>", tasks.writing, folder / "runs", expected_s=1e9)
    wait(lambda: at(job, "Writing"))

    page = client.get(f"/jobs/{job.id}").text
    state = client.get(f"/jobs/{job.id}/state").text
    answer = client.post(f"/jobs/{job.id}/cancel")

    assert "&lt;b&gt;Write&lt;/b&gt;" in page
    assert f'action="/jobs/{job.id}/cancel"' in page
    assert '<progress max="1" value="0.000"' in page
    assert '"said":"Writing"' in state
    assert answer.status == 303
    over(job)
    assert "Nothing of it was written" in client.get(f"/jobs/{job.id}").text
    assert "cancelled" in client.get("/jobs").text
    assert client.get("/").status == 200
