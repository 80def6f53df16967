"""On sheet Summary: the bridge from the path to the meter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.block import FIRST_YEAR, write_section
from planner.outputs.xlsx.book import cell
from planner.results.bridge import steps_of

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_bridge"]

_TITLE: Final = "From the path to the meter, as solved"
_MW: Final = "#,##0"


def write_bridge(book: Book, sheet: Worksheet, row: int) -> int:
    """Write the levels of the bridge as sums of the terms above them. Returns the last row.

    Parameters
    ----------
    book : Book
        The workbook.
    sheet : Worksheet
        Where to.
    row : int
        Row of the heading.
    """
    years = len(book.run.years)
    write_section(book, sheet, row, _TITLE, FIRST_YEAR + years)
    level = row + 1  # the first row that the next level adds up
    for step, mw in steps_of(book.run.tables["bridge"]):
        row += 1
        style = "total" if step.is_level else "plain"
        label = step.label[0].upper() + step.label[1:]
        book.text(sheet, row, 0, label if step.is_level else f"  {step.label}", style)
        book.text(sheet, row, 1, "MW", style if step.is_level else "unit_left")
        for column, value in enumerate(mw, start=FIRST_YEAR):
            if step.is_level and row > level:
                formula = f"=SUM({cell(level, column)}:{cell(row - 1, column)})"
                book.formula(sheet, row, column, formula, value, _MW, style)
            else:
                book.number(sheet, row, column, value, _MW, style)
        level = row if step.is_level else level
    return row
