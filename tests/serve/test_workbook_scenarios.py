"""Plan workbooks of the folder are scenarios like its files: listed, changed and solved."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import openpyxl
import pytest
from test_form_pages import UNMET, send

from planner.outputs.plan_workbook import write_plan_workbook
from planner.scenario import load_scenario
from planner.serve.jobs import solve_task
from planner.serve.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from client import Client


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plan_workbook(load_scenario("tiny"), tmp_path_factory.mktemp("w") / "plan.xlsx", ())


def test_a_plan_workbook_is_a_scenario_and_another_is_none(workbook: Path, tmp_path: Path) -> None:
    shutil.copy(workbook, tmp_path / "mine.XLSX")
    shutil.copy(workbook, tmp_path / "~$mine.xlsx")  # as Excel has it while one is open
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04")
    other = openpyxl.Workbook()
    other.save(tmp_path / "budget.xlsx")

    (own,) = [source for source in Project(tmp_path).sources() if source.is_own]

    assert (own.key, own.name) == ("mine.XLSX", "mine")
    assert own.title == "Three sites, an optimum by hand"


def test_a_workbook_is_changed_in_the_form(client: Client, folder: Path, workbook: Path) -> None:
    shutil.copy(workbook, folder / "mine.xlsx")

    answer = send(client, "mine.xlsx", "save", name="dear", **{UNMET: "31.5"})

    assert (answer.status, answer.headers["Location"]) == (303, "/scenarios")
    assert "extends: mine.xlsx\n" in (folder / "dear.yaml").read_text(encoding="utf-8")
    made = load_scenario(folder / "dear.yaml")
    assert made.demand.unmet_usd_per_h100e_hour == 31.5
    assert made.new_sites["north"].land_limit_mw == 30
    assert "mine.xlsx" in client.get("/scenarios").text


def test_a_workbook_is_solved(workbook: Path, tmp_path: Path) -> None:
    said: list[dict[str, object]] = []

    found = solve_task(lambda **one: said.append(one), (str(workbook), tmp_path / "runs"))

    assert str(found["run"]).startswith("plan-")
    folder = tmp_path / "runs" / str(found["run"])
    assert (folder / "report.html").is_file()
    assert {"stage": "Writing the run folder"} in said
