"""A result table as an Excel table: units above, tooltips on heads, filters, formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book
    from planner.tables.descriptor import Field

__all__ = ["HEAD_ROW", "Live", "number_format", "this_row", "write_table"]

HEAD_ROW: Final = 4
"""Row of the heads of the first table of a sheet, counted from 0; units are above it."""

_WIDEST: Final = 44
_NARROWEST: Final = 8
_PAGE_WIDTH: Final = 210  # characters across a page that can still be read
_ROWS_MEASURED: Final = 400
_LONGEST_TIP: Final = 255
_BY_UNIT: Final = {
    "see unit": "[>=1000]#,##0;[<=-1000]-#,##0;0.00####",
    "year": "0",
    "-": "0.000",
    "MW": "#,##0.0",
    "MWh": "#,##0",
    "TWh": "#,##0.00",
    "m3": "#,##0",
    "m2": "#,##0",
    "racks": "#,##0",
    "ms": "0.0",
    "deg": "0.0000",
    "months": "0.0",
    "kH100e": "#,##0.0",
    "MUSD": "#,##0.0",
    "MUSD/year": "#,##0.0",
    "USD": "#,##0",
    "unit": "#,##0.0",
    "kt": "#,##0.0",
    "kt CO2": "#,##0.0",
    "kt CO2e": "#,##0.0",
    "m3/MW": "#,##0",
    "USD/t": "#,##0.00",
    "USD/MWh": "#,##0.00",
    "USD/m3": "#,##0.00",
    "MMBtu": "#,##0",
    "h": "#,##0.0",
    "years": "0.0",
    "%": "0.##",
    "USD/MW": "#,##0",
    "USD/MW-year": "#,##0",
}


@dataclass(frozen=True)
class Live:
    """A column of formulas.

    Parameters
    ----------
    column : Field
        What it is.
    formula : str
        Formula of one row, with `this_row` for cells of the same row.
    values : sequence of float
        What it gives while no assumption is edited.
    """

    column: Field
    formula: str
    values: Sequence[float]


def this_row(table: str, column: str) -> str:
    """Return a reference to a cell of the same row of a table.

    Examples
    --------
    >>> this_row("SiteYears", "it_mean_mw")
    'SiteYears[[#This Row],[it_mean_mw]]'
    """
    return f"{table}[[#This Row],[{column}]]"


def number_format(column: Field) -> str:
    """Return how numbers of a column are shown: by its unit, shares in percent."""
    if column.name.endswith("_frac"):
        return "0.0%"
    if column.name == "service_start":
        return "0.00"
    if column.dtype == "int64":
        return "0" if column.unit == "year" else "#,##0"
    return _BY_UNIT.get(column.unit, "#,##0.0000")


def write_table(
    book: Book,
    sheet: Worksheet,
    name: str,
    frame: pd.DataFrame,
    columns: Sequence[Field],
    live: Sequence[Live] = (),
    *,
    head_row: int = HEAD_ROW,
    lay_out: bool = True,
) -> int:
    """Write a table from the first column on, as an Excel table that formulas can name.

    Parameters
    ----------
    book : Book
        The workbook.
    sheet : Worksheet
        Where to.
    name : str
        Name of the Excel table.
    frame : DataFrame
        Its rows.
    columns : sequence of Field
        Columns of the frame to write, in order.
    live : sequence of Live
        Columns of formulas after them.
    head_row : int
        Row of the heads, counted from 0; the row above is for units.
    lay_out : bool
        Whether columns are made as wide as the table needs, and wide tables printed over as
        many pages side by side as keep them readable.

    Returns
    -------
    int
        First row below the table.
    """
    every = [*columns, *(column.column for column in live)]
    first, last = head_row + 1, head_row + max(len(frame), 1)
    options = {
        "name": name,
        "style": "Table Style Light 15",
        "columns": [{"header": column.name} for column in every],
    }
    sheet.add_table(head_row, 0, last, len(every) - 1, options)
    for at, column in enumerate(every):
        is_text = column.dtype in {"str", "bool"}
        book.text(sheet, head_row - 1, at, column.unit, "unit_label" if is_text else "unit")
        book.text(sheet, head_row, at, column.name, "head_label" if is_text else "head_right")
        tip = {"validate": "any", "input_title": column.name[:32]}
        sheet.data_validation(
            head_row, at, head_row, at, {**tip, "input_message": column.description[:_LONGEST_TIP]}
        )
    for at, column in enumerate(columns):
        _write_column(book, sheet, first, at, column, frame[column.name])
    for at, one in enumerate(live, start=len(columns)):
        number = number_format(one.column)
        for row, value in enumerate(one.values, start=first):
            book.formula(sheet, row, at, one.formula, value, number)
    if head_row == HEAD_ROW:
        sheet.freeze_panes(first, 1)
    # Pages repeat one pair of rows, those of the last table, from the page after it on.
    sheet.repeat_rows(head_row - 1, head_row)
    if lay_out:
        total = book.widen(sheet, _widths(frame, columns, live))
        sheet.fit_to_pages(math.ceil(total / _PAGE_WIDTH), 0)
        sheet.repeat_columns(0)
    return last + 1


def _write_column(
    book: Book, sheet: Worksheet, first: int, at: int, column: Field, cells: pd.Series
) -> None:
    values = cells.tolist()
    if column.dtype == "str":
        for row, value in enumerate(values, start=first):
            book.text(sheet, row, at, value, "label")
    elif column.dtype == "bool":
        look = book.style("label", align="left")
        for row, value in enumerate(values, start=first):
            sheet.write_boolean(row, at, value, look)
    else:
        number = number_format(column)
        for row, value in enumerate(values, start=first):
            book.number(sheet, row, at, value, number)


def _longest(column: Field, cells: pd.Series) -> int:
    """Return the room that the longest cell needs, in characters."""
    if column.dtype == "str":
        return int(cells.str.len().max()) + 2
    largest = cells[np.isfinite(cells)].abs().max()
    decimals = len(number_format(column).partition(".")[2])
    return len(f"{largest:,.{decimals}f}") + 2


def _widths(frame: pd.DataFrame, columns: Sequence[Field], live: Sequence[Live]) -> list[float]:
    """Return the room that every column needs, in characters."""
    widths = []
    for column in [*columns, *(one.column for one in live)]:
        width = len(column.name) + 3  # the filter button needs room
        if column.name in frame and len(frame):
            width = max(width, _longest(column, frame[column.name].head(_ROWS_MEASURED)))
        widths.append(float(min(max(width, _NARROWEST), _WIDEST)))
    return widths
