"""Every sheet of the workbook is read before it changes."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from layout import layout_of
from plans import plan_of

from planner.outputs.xlsx import write_workbook

if TYPE_CHECKING:
    from planner.runs import Run

GOLDEN = Path(__file__).parent.parent / "golden" / "workbook.txt"


@pytest.mark.golden
def test_sheets_are_those_that_were_reviewed(run: Run, tmp_path: Path) -> None:
    write_workbook(run, tmp_path / "plan.xlsx")
    text = layout_of(tmp_path / "plan.xlsx")
    if os.environ.get("DCPLAN_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")

    assert text == GOLDEN.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def test_sheets_of_what_a_plan_does_not_have_are_left_out(tmp_path: Path) -> None:
    path = plan_of("tiny").to_xlsx(tmp_path / "plan.xlsx")

    with closing(openpyxl.load_workbook(path)) as book:
        assert not {"Contracts", "Resilience"} & {*book.sheetnames}
