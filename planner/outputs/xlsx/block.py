"""Blocks of formulas: rows of measures, one column per year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from planner.outputs.xlsx.book import cell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["FIRST_YEAR", "At", "Row", "write_heads", "write_row", "write_section"]

FIRST_YEAR = 2
"""Column of the first year; before it stand the label and the unit."""


class At(NamedTuple):
    """Addresses that a formula of a block needs: its year, and the row below the years."""

    year: str
    below: str


@dataclass(frozen=True)
class Row:
    """One measure by year."""

    label: str  # what it is
    unit: str
    formula: Callable[[At], str]  # from the addresses of the year and of the cell below it to a formula
    values: Sequence[float | str]  # what the formula gives in each year while no assumption is edited
    number: str = "#,##0"
    style: str = "plain"  # look of the row


def write_heads(book: Book, sheet: Worksheet, row: int, heads: tuple[str, str], years: Sequence[int]) -> None:
    """Write the heads of a block; years are numbers, so that formulas can use them."""
    for column, head in enumerate(heads):
        book.text(sheet, row, column, head, "head")
    for column, year in enumerate(years, start=FIRST_YEAR):
        book.number(sheet, row, column, year, "0", "head_right")


def write_section(book: Book, sheet: Worksheet, row: int, title: str, columns: int) -> None:
    """Write a heading across a block."""
    book.text(sheet, row, 0, title, "section")
    for column in range(1, columns):
        book.text(sheet, row, column, "", "section")


def write_row(book: Book, sheet: Worksheet, head_row: int, row: int, what: Row) -> None:
    """Write a measure under the years of a block."""
    book.text(sheet, row, 0, what.label, what.style)
    book.text(sheet, row, 1, what.unit, "unit_left" if what.style == "plain" else what.style)
    for column, value in enumerate(what.values, start=FIRST_YEAR):
        at = At(*(cell(head, column, fixed_row=True) for head in (head_row, head_row + 1)))
        formula = f"={what.formula(at)}"
        book.formula(sheet, row, column, formula, value, what.number, what.style)
