"""Sheet Sites has no price to edit where a tariff bills the site, and scales no bill by one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from office import SOFFICE, recalculated

import planner
from planner.runs.plan import Plan

BILLED = Path(__file__).parent.parent / "check" / "tariffs.yaml"
HEADS = ("price of power, as solved", "price of power, edited")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Oak is billed from the first year, elm from the second: in the first it pays its price."""
    return planner.solve(BILLED)


def prices(path: Path) -> dict[str, list]:
    """Return the price as solved and the one to edit of each site, and whether that is yellow."""
    with closing(openpyxl.load_workbook(path)) as book:
        sheet = book["Sites"]
        column = {cell.value: cell.column for cell in sheet[7]}
        found = {}
        for row in range(8, sheet.max_row):
            solved, edited = (sheet.cell(row, column[head]) for head in HEADS)
            yellow = edited.fill.fgColor.rgb == "FFFFF6D6"
            is_checked = any(edited.coordinate in one for one in sheet.data_validations.dataValidation)
            found[sheet.cell(row, 2).value] = [solved.value, edited.value, yellow, is_checked]
    return found


def test_a_price_that_is_never_paid_is_neither_shown_nor_edited(plan: Plan, tmp_path: Path) -> None:
    found = prices(plan.to_xlsx(tmp_path / "plan.xlsx"))

    assert found["oak"] == ["by tariff", "by tariff", False, False]
    solved, edited, *is_open = found["elm"]
    retail = plan.inputs.tables["electricity_price"].set_index("site")["retail_usd_per_mwh"]
    assert solved == edited == retail["elm"]
    assert is_open == [True, True]


@pytest.mark.skipif(SOFFICE is None, reason="there is no LibreOffice")
def test_an_edited_price_scales_what_is_paid_by_price_and_no_bill(plan: Plan, tmp_path: Path) -> None:
    path = plan.to_xlsx(tmp_path / "plan.xlsx")
    with closing(openpyxl.load_workbook(path)) as book:
        sheet = book["Sites"]
        column = next(cell.column for cell in sheet[7] if cell.value == HEADS[1])
        row = next(row for row in range(8, sheet.max_row) if sheet.cell(row, 2).value == "elm")
        sheet.cell(row, column).value *= 1.5
        book.save(path)

    with closing(openpyxl.load_workbook(recalculated(path, tmp_path), data_only=True)) as book:
        rows = list(book["Cost lines"].iter_rows(values_only=True))
        cover = [value for row in book["Cover"].iter_rows(values_only=True) for value in row]
    head = next(at for at, row in enumerate(rows) if "live_musd" in row)
    lines = [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :] if row[0]]
    scaled = {
        (line["site"], line["calendar_year"], line["item"])
        for line in lines
        if abs(line["musd"]) > 1e-9 and line["live_musd"] != pytest.approx(line["musd"])
    }
    assert {one[:2] for one in scaled} == {("elm", 2025)}
    assert ("elm", 2025, "electricity_energy") in scaled
    for line in lines:
        if (line["site"], line["calendar_year"], line["item"]) in scaled:
            assert line["live_musd"] == pytest.approx(1.5 * line["musd"])
    assert "1 edited: figures are no longer those of the solved plan" in cover
