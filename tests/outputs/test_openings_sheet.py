"""Sheet Openings is there where new sites open, with phases where halls come in phases."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import openpyxl
from plans import plan_of

import planner
from planner.outputs.xlsx import write_workbook
from planner.runs import run_of


def test_openings_and_phases_are_listed(tmp_path: Path) -> None:
    run = run_of(planner.solve("tiny", ["siting.whole_openings=true", "siting.phase_mw=4"]))
    write_workbook(run, tmp_path / "plan.xlsx")

    with closing(openpyxl.load_workbook(tmp_path / "plan.xlsx")) as book:
        sheet = book["Openings"]
        tables = set(sheet.tables)
        reported = {(row[0].value, row[2].value) for row in sheet.iter_rows()}

    assert tables == {"Openings", "Phases"}
    openings = run.tables["openings"]
    assert len(openings) == 2
    assert reported >= set(zip(openings["site"], openings["year"], strict=True))


def test_there_is_no_such_sheet_without_openings(tmp_path: Path) -> None:
    run = run_of(plan_of("tiny"))
    empty = {name: run.tables[name].iloc[:0] for name in ("openings", "phases", "blocks")}
    write_workbook(replace(run, tables={**run.tables, **empty}), tmp_path / "plan.xlsx")

    with closing(openpyxl.load_workbook(tmp_path / "plan.xlsx")) as book:
        assert "Openings" not in book.sheetnames
