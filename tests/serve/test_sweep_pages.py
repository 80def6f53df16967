"""A sweep is started, watched and read in the browser."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from client import Client
from test_jobs import over

TWO = """\
version: 1
question: Is <b>land</b> scarce?
base: tiny
futures:
  =1+1:
    new_sites: {north: {land_limit_mw: 34}}
  none:
    demand: {unmet: forbid}
    new_sites: {coast: {land_limit_mw: 5}}
"""


@pytest.fixture
def client(client: Client, folder: Path) -> Client:
    (folder / "two.yaml").write_text(TWO, encoding="utf-8")
    return client


def test_sweeps_are_listed_apart_from_scenarios(client: Client) -> None:
    sweeps, scenarios = client.get("/sweeps").text, client.get("/scenarios").text

    for key in ("two.yaml", "us-grid-demand"):
        assert f'name="sweep" value="{key}"' in sweeps
    assert "two.yaml" not in scenarios
    assert 'name="sweep" value="us-base"' not in sweeps
    assert client.get("/scenarios/two.yaml").status == 404
    assert client.get("/sweeps/us-base").status == 404
    assert client.post("/sweep", {"sweep": "../two.yaml"}).status == 404
    assert "not solved yet" in client.get("/sweeps/two.yaml").text
    assert client.get("/sweeps/two.yaml/tables.zip").status == 404


def test_a_sweep_is_solved_and_what_it_found_is_shown(client: Client, folder: Path) -> None:
    answer = client.post("/sweep", {"sweep": "two.yaml"})

    assert answer.status == 303
    (job,) = client.service.jobs.latest()
    assert over(job).state == "done", job.message
    assert (job.share, job.message) == (1.0, "1 of 2 futures have no plan as asked.")
    assert 'href="/sweeps/two.yaml"' in client.get(answer.headers["Location"]).text
    page = client.get("/sweeps/two.yaml").text
    assert "Is &lt;b&gt;land&lt;/b&gt; scarce?" in page
    assert "1 of 2 futures have a plan." in page
    cost = pd.read_parquet(folder / "sweeps" / "two" / "futures.parquet")["objective_musd"].min()
    assert f">{cost / 1000:,.3f}<" in page
    assert "infeasible" in page
    with zipfile.ZipFile(io.BytesIO(client.get("/sweeps/two.yaml/tables.zip").body)) as archive:
        futures = archive.read("futures.csv").decode()
    assert "'=1+1" in futures
    assert {path.name for path in folder.iterdir()} == {"runs", "sweeps", "two.yaml"}


def test_names_of_axes_are_no_formulas_in_csv(client: Client, folder: Path) -> None:
    (folder / "sweeps" / "two").mkdir(parents=True)
    table = pd.DataFrame({"future": ["first"], "=2+3": [27.5], "status": ["optimal"]})
    table.to_parquet(folder / "sweeps" / "two" / "futures.parquet")

    with zipfile.ZipFile(io.BytesIO(client.get("/sweeps/two.yaml/tables.zip").body)) as archive:
        head, *_ = archive.read("futures.csv").decode().splitlines()

    assert head == "future,'=2+3,status"


def test_a_mistake_in_a_sweep_is_named_with_its_place(client: Client, folder: Path) -> None:
    (folder / "two.yaml").write_text(TWO.replace("land_limit_mw: 34", "land: 3"), encoding="utf-8")

    client.post("/sweep", {"sweep": "two.yaml"})

    (job,) = client.service.jobs.latest()
    assert over(job).state == "failed"
    assert "two.yaml:6:25: " in job.message
