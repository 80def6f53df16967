"""The program of a run is built again from what the run keeps, and other readers solve it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import highspy
import numpy as np
import pytest
from plans import plan_of

from planner.base.errors import InputError
from planner.model import build_model
from planner.outputs import WRITERS
from planner.outputs.solver_files import model_of, scenario_of
from planner.runs import load_run, run_of, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs import Run
    from planner.runs.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of("tiny")


@pytest.fixture(scope="module")
def stored(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return load_run(write_run(plan, tmp_path_factory.mktemp("runs"), workbook=False))


@pytest.mark.parametrize("name", ["mps", "lp"])
def test_another_reader_finds_the_same_optimum(plan: Plan, stored: Run, tmp_path: Path, name: str) -> None:
    (path,) = WRITERS[name](stored, tmp_path)

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(path))
    solver.run()

    # LP and MPS files hold twelve digits of every number.
    objective = solver.getInfo().objective_function_value
    assert objective == pytest.approx(plan.outcome.objective, rel=1e-9)


def test_the_program_is_the_one_that_was_solved(plan: Plan, stored: Run) -> None:
    again = model_of(stored).problem

    first = build_model(plan.inputs).problem
    for one, other in (
        (first.columns().cost, again.columns().cost),
        (first.columns().upper, again.columns().upper),
        (first.row_bounds().lower, again.row_bounds().lower),
    ):
        np.testing.assert_array_equal(one, other)


def test_a_file_of_round_trips_must_be_the_one_of_the_run(plan: Plan, tmp_path: Path) -> None:
    run = run_of(plan)
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\n")
    merged = json.loads(json.dumps(run.meta["merged"]))
    merged["latency"]["rtt_table"] = str(table)
    entry = {"file": str(table), "shipped": False, "sha256": "5e" * 32}
    data = {**run.meta["data"], "latency.rtt_table": entry}
    changed = replace(run, meta={**run.meta, "merged": merged, "data": data})

    with pytest.raises(InputError, match="has changed since the run; must be the one with SHA-256"):
        scenario_of(changed)
    table.unlink()
    with pytest.raises(InputError, match=r"the file of latency\.rtt_table is gone"):
        scenario_of(changed)


def test_a_run_that_lacks_a_table_says_so(stored: Run) -> None:
    tables = {name: frame for name, frame in stored.inputs_tables.items() if name != "cooling"}

    with pytest.raises(InputError, match=r"cooling\.parquet: the table can not be read: the run has no 'cooling'"):
        model_of(replace(stored, inputs_tables=tables))


def test_names_that_the_lp_format_does_not_allow_are_refused_by_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.outputs.solver_files._LONGEST_NAME", 5)
    staged = tmp_path / ".partial-0123456789ab"  # gone by the time the message is read

    with pytest.raises(InputError, match=r"^program\.lp: some names .* at most 5 signs"):
        WRITERS["lp"](plan_of("tiny").run, staged)
    assert list(staged.iterdir()) == []
