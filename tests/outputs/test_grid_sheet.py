"""Sheet Grid lists hours as long as a person may read them, and says where the others are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from plans import plan_of

from planner.outputs.xlsx import book as grid

NON_FIRM = Path(__file__).parents[1] / "check" / "non_firm.yaml"


def grid_of(path: Path) -> tuple[set[str], list[str]]:
    """Return the tables of the sheet and the texts of its first column."""
    with closing(openpyxl.load_workbook(path)) as book:
        sheet = book["Grid"]
        return set(sheet.tables), [str(cell.value) for cell in sheet["A"] if cell.value]


def test_a_longer_list_is_not_there_and_the_sheet_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(NON_FIRM)
    rows = len(plan.tables["stress_slot"])
    monkeypatch.setattr(grid, "MOST_LISTED", rows - 1)

    listed, texts = grid_of(plan.to_xlsx(tmp_path / "plan.xlsx"))

    assert "StressSlots" not in listed
    (said,) = [text for text in texts if "tables/stress_slot.parquet" in text]
    assert said.startswith(f"Not listed here: {rows:,} rows, more than {rows - 1:,}.")
    assert "NonFirm" in listed
