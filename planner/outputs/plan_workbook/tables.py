"""Sheets of tables in a plan workbook: the rows as in their file, with units and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.base.sheet_cells import cell_name
from planner.outputs.canvas import MOST_ROWS
from planner.tables.descriptor import PURE_NUMBERS
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.canvas import Canvas
    from planner.outputs.plan_workbook.limits import Limits
    from planner.tables.descriptor import Field, TableSchema

__all__ = ["write_table_sheet"]

_WIDEST: Final = 40
_FREE_ROWS: Final = 500
"""Rows below the table that have rules and drop-down lists too."""
_MEASURED: Final = 300


def write_table_sheet(book: Canvas, sheet: Worksheet, table: TableSchema, path: Path, limits: Limits) -> None:
    """Write a table as it is in its file; the first row has the heads, so that it reads back."""
    read = read_sheet(path, table.name)
    if len(read.records) >= MOST_ROWS:
        raise InputError([_too_long(path, table.name, len(read.records))])
    fields = [table.field(name) for name in read.header]
    links = {link.field: link for link in table.foreign_keys}
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 18)
    end = min(len(read.records) + _FREE_ROWS, MOST_ROWS - 1)
    widths = []
    for at, field in enumerate(fields):
        head = field.name if field.unit in PURE_NUMBERS else f"{field.name} [{field.unit}]"
        book.text(sheet, 0, at, head, "head")
        rule, _ = limits.of_column(table.name, field, links.get(field.name))
        sheet.data_validation(1, at, end, at, rule)
        longest = max((len(record[at]) for record in read.records[:_MEASURED]), default=0)
        widths.append(float(min(max(len(head), longest) + 3, _WIDEST)))
        for row, record in enumerate(read.records, start=1):
            _write(book, sheet, (row, at), record[at], field)
    book.widen(sheet, widths)
    sheet.autofilter(f"A1:{cell_name(len(read.records) + 1, len(fields))}")


def _too_long(path: Path, name: str, rows: int) -> Problem:
    return Problem(
        str(path),
        None,
        None,
        f"table {name} has {rows:,} rows",
        f"at most {MOST_ROWS - 1:,}, as many as a sheet has below its heads",
        f"leave it in its file, which the scenario names under data.{name}",
    )


def _write(book: Canvas, sheet: Worksheet, at: tuple[int, int], text: str, field: Field) -> None:
    """Write a cell in its type, and as text what a number of a spreadsheet does not hold."""
    if not text.strip():
        return
    if field.is_number and float(f"{float(text):.16G}") == float(text):
        sheet.write_number(*at, float(text), book.style("plain"))
    elif field.type == "boolean":
        is_true = text.strip().lower() in {"true", "1"}
        sheet.write_boolean(*at, is_true, book.style("plain"))
    else:
        book.text(sheet, *at, text)
