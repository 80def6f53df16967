"""A sweep is started, watched and read in the browser."""

from __future__ import annotations

import hashlib
import io
import json
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


def put(folder: Path, table: pd.DataFrame, *, of: Path | None = None) -> Path:
    """Store a table of futures as found for a file; return it."""
    file = of or folder / "two.yaml"
    home = folder / "sweeps" / "two"
    home.mkdir(parents=True)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    swept = {"file": {"file": str(file.resolve()), "sha256": digest}}
    (home / "sweep.json").write_text(json.dumps(swept), encoding="utf-8")
    table.to_parquet(home / "futures.parquet")
    return home / "futures.parquet"


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
    assert f">{cost:,.1f}<" in page
    assert "infeasible" in page
    with zipfile.ZipFile(io.BytesIO(client.get("/sweeps/two.yaml/tables.zip").body)) as archive:
        futures = archive.read("futures.csv").decode()
    assert "'=1+1" in futures
    assert {path.name for path in folder.iterdir()} == {"runs", "sweeps", "two.yaml"}


def test_names_of_axes_are_no_formulas_in_csv(client: Client, folder: Path) -> None:
    put(folder, pd.DataFrame({"future": ["first"], "=2+3": [27.5], "status": ["optimal"]}))

    with zipfile.ZipFile(io.BytesIO(client.get("/sweeps/two.yaml/tables.zip").body)) as archive:
        head, *_ = archive.read("futures.csv").decode().splitlines()

    assert head == "future,'=2+3,status"


@pytest.mark.parametrize("space", ["\t", "\r", "\n"])
def test_a_name_is_no_formula_after_white_space(client: Client, folder: Path, space: str) -> None:
    put(folder, pd.DataFrame({"future": [f"{space}=2+3"], "status": ["optimal"]}))

    with zipfile.ZipFile(io.BytesIO(client.get("/sweeps/two.yaml/tables.zip").body)) as archive:
        table = archive.read("futures.csv").decode()

    assert f"'{space}=2+3" in table


def test_a_damaged_table_asks_to_be_solved_again(client: Client, folder: Path) -> None:
    path = put(folder, pd.DataFrame({"future": ["first"]}))
    path.write_bytes(path.read_bytes()[:70])

    page, tables = client.get("/sweeps/two.yaml"), client.get("/sweeps/two.yaml/tables.zip")

    assert (page.status, tables.status) == (200, 422)
    assert "solve it again" in page.text
    assert "solve it again" in tables.text
    assert 'name="sweep" value="two.yaml"' in page.text


def test_tables_of_another_file_of_the_name_are_not_shown(client: Client, folder: Path) -> None:
    other = folder / "Two.yml"
    other.write_text(TWO.replace("34", "35"), encoding="utf-8")
    put(folder, pd.DataFrame({"future": ["of-the-other"]}), of=other)

    page = client.get("/sweeps/two.yaml")

    assert "It was not solved yet" in page.text
    assert "of-the-other" not in page.text
    assert client.get("/sweeps/two.yaml/tables.zip").status == 404
    assert "It was not solved yet" not in client.get("/sweeps/Two.yml").text  # so its own are looked at


def test_a_mistake_in_a_sweep_is_named_with_its_place(client: Client, folder: Path) -> None:
    (folder / "two.yaml").write_text(TWO.replace("land_limit_mw: 34", "land: 3"), encoding="utf-8")

    client.post("/sweep", {"sweep": "two.yaml"})

    (job,) = client.service.jobs.latest()
    assert over(job).state == "failed"
    assert "two.yaml:6:25: " in job.message
