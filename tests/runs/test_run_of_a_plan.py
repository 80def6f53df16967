"""`write_run` stores a solved plan with all that is needed to make it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import planner
from planner.base.paths import DATA_DIR
from planner.inputs import build_inputs
from planner.results.schema import RUN_TABLES
from planner.results.store import checked, from_parquet
from planner.runs import load_run, run_of, write_run

if TYPE_CHECKING:
    from planner.runs.plan import Plan


def test_tables_come_back_by_their_schema(plan: Plan, tmp_path: Path) -> None:
    stored = write_run(plan, tmp_path, workbook=False, log=["solved"])

    loaded = load_run(stored)

    assert set(loaded.tables) == set(RUN_TABLES)
    for name, frame in plan.tables.items():
        pd.testing.assert_frame_equal(checked(name, loaded.tables[name]), frame)
    assert from_parquet(stored / "tables").objective_musd == plan.outcome.objective
    assert (stored / "solve.log").read_text() == "solved\n"


def test_run_json_says_what_was_asked_and_what_came_of_it(plan: Plan, tmp_path: Path) -> None:
    stored = write_run(plan, tmp_path, workbook=False)

    meta = json.loads((stored / "run.json").read_text(encoding="utf-8"))

    assert meta["run"] == stored.name
    assert (meta["scenario"], meta["status"]) == ("tiny", "optimal")
    assert meta["check"]["ok"] == plan.verdict.ok
    assert meta["check"]["broken"] == [check.name for check in plan.verdict.broken]
    assert meta["objective_musd"] == plan.outcome.objective
    assert meta["bound_musd"] == pytest.approx(meta["objective_musd"])
    assert meta["check"]["rules"] == len(plan.verdict.checks)
    assert meta["sizes"] == dict(plan.sizes)
    assert set(meta["seconds"]) == {"read", "build", "solve", "results", "check"}
    assert meta["merged"]["years"] == [2027, 2028]
    assert meta["written"]["years"].startswith("tiny.yaml:")
    racks = meta["data"]["racks"]
    content = (Path(racks["file"]) if not racks["shipped"] else DATA_DIR / "racks.csv").read_bytes()
    assert racks["sha256"] == hashlib.sha256(content).hexdigest()
    assert any("partly open" in note for note in meta["notes"])


def test_the_folder_is_named_by_question_and_data(plan: Plan) -> None:
    costlier = planner.load_scenario("tiny", ["demand.unmet_usd_per_h100e_hour=25"])

    name = run_of(plan).meta["run"]
    same = run_of(replace(plan, scenario=planner.load_scenario("tiny"))).meta["run"]
    other = run_of(replace(plan, scenario=costlier)).meta["run"]

    assert same == name
    assert other != name
    assert other.rpartition("-")[0] == name.rpartition("-")[0] == "tiny"


def test_a_table_of_ones_own_counts_by_its_content_not_its_place(plan: Plan, tmp_path: Path) -> None:
    table = (DATA_DIR / "rent_terms.csv").read_text(encoding="utf-8")
    names = []
    for folder, content in (("first", table), ("second", table), ("third", table + "\n")):
        home = tmp_path / folder
        home.mkdir()
        (home / "terms.csv").write_text(content, encoding="utf-8")
        text = "version: 1\nextends: tiny\nquestion: mine\ndata: {rent_terms: terms.csv}\n"
        (home / "mine.yaml").write_text(text, encoding="utf-8")
        scenario = planner.load_scenario(home / "mine.yaml")
        inputs = build_inputs(scenario)
        names.append(run_of(replace(plan, scenario=scenario, inputs=inputs)).meta["run"])

    assert names[0] == names[1]
    assert names[2] != names[0]


def test_files_edited_while_a_plan_is_made_are_hashed_as_they_were_read(tmp_path: Path) -> None:
    terms, rtt, scenario = (tmp_path / name for name in ("terms.csv", "rtt.csv", "mine.yaml"))
    terms.write_bytes((DATA_DIR / "rent_terms.csv").read_bytes())
    rtt.write_text("from,to,rtt_ms\nus-washington,coast,3\n", encoding="utf-8")
    scenario.write_text(
        "version: 1\nextends: tiny\nquestion: mine\ndata: {rent_terms: terms.csv}\n"
        "latency: {rtt_table: rtt.csv, own_rtt_fill_missing: true}\n",
        encoding="utf-8",
    )
    files = {"rent_terms": terms, "latency.rtt_table": rtt}
    asked = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    asked_in = hashlib.sha256(scenario.read_bytes()).hexdigest()

    def edit(stage: str) -> None:
        if stage == "solve":
            for path in (terms, rtt, scenario):
                path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    edited = run_of(planner.solve(scenario, on_stage=edit)).meta
    as_edited = run_of(planner.solve(scenario)).meta

    assert {name: edited["data"][name]["sha256"] for name in files} == asked
    assert edited["scenario_files"][0] == {"file": str(scenario), "sha256": asked_in}
    assert edited["scenario_files"][1]["file"] == "tiny.yaml"
    assert as_edited["run"] != edited["run"]
