"""What models cost over their life is on a sheet."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from plans import plan_of

from planner.outputs.xlsx import write_workbook
from planner.runs import run_of


def test_training_against_inference_and_known_models_are_on_a_sheet(tmp_path: Path) -> None:
    run = run_of(plan_of("tiny"))
    write_workbook(run, tmp_path / "plan.xlsx")

    with closing(openpyxl.load_workbook(tmp_path / "plan.xlsx")) as book:
        sheet = book["Lifetime"]
        tables = dict(sheet.tables.items())
        cells = {name: [[cell.value for cell in row] for row in sheet[ref]] for name, ref in tables.items()}

    assert set(tables) == {"Lifetime", "ModelsTrained"}
    for name, table in (("Lifetime", "lifetime"), ("ModelsTrained", "models_trained")):
        head, *rows = cells[name]
        frame = run.tables[table]
        assert head == list(frame.columns)
        assert len(rows) == len(frame) > 1
        for row, expected in zip(rows, frame.itertuples(index=False), strict=True):
            assert row[-1] == pytest.approx(expected[-1])


def test_a_run_that_needs_less_compute_costs_less() -> None:
    # A frontier run of 2028 needs 0.35 of what it did: so much of its PF-days is paid for.
    scale = "demand.workload_scale_frac.train_frontier={2026: 0.8, 2028: 0.35}"
    run = run_of(plan_of("tiny", scale))

    costs = run.tables["lifetime"].set_index("year")["usd_per_pf_day"]
    models = run.tables["models_trained"].set_index(["model", "year"])["run_musd"]
    assert models["gpt_3", 2028] == pytest.approx(0.35 * 3640.0 * costs[2028] / 1e6)
    assert run.meta["check"]["ok"]
