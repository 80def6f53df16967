"""A result table as an Excel table: units above, tooltips on heads, filters, formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.canvas import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book
    from planner.tables.descriptor import Field

__all__ = ["HEAD_ROW", "NO", "YES", "Live", "heading", "number_format", "this_row", "write_table"]

HEAD_ROW: Final = 4
"""Row of the names of the columns of the first table of a sheet, counted from 0.

What people call them, and their units, are above it; formulas and pivot tables use the names.
"""

_WIDEST: Final = 44
_NARROWEST: Final = 8
_LINE_POINTS: Final = 15.0
_CODE_WIDTH: Final = 0.85
"""Width of a character of a name of a column, in a smaller type, in those of a cell."""
_LONGEST_TIP: Final = 255
YES: Final = "yes"
NO: Final = "no"
"""How truth is written, in cells and in the conditions of formulas."""
_SAY_NOTHING: Final = frozenset({"", "-", "year", "see unit", "count", "class", "rows"})
_UNIT_WORDS: Final = frozenset(
    {
        *("mw", "mwh", "gw", "gwh", "twh", "kw", "kwh", "mmbtu", "kh100e", "h100e", "unit", "units"),
        *("usd", "musd", "busd", "m3", "m2", "kt", "t", "km", "l", "kg", "deg", "ms", "s", "h"),
        *("hour", "month", "months", "year", "years", "per", "pct", "units"),
        *("work", "million", "tokens", "request"),
    }
)
_INITIALS: Final = {
    "it": "IT",
    "npv": "NPV",
    "pue": "PUE",
    "wue": "WUE",
    "ppa": "PPA",
    "rtt": "RTT",
    "co2": "CO2",
    "sha256": "SHA-256",
    "lat": "latitude",
    "lon": "longitude",
}
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
    """A column of formulas."""

    column: Field  # what it is
    formula: str  # formula of one row, with `this_row` for cells of the same row
    values: Sequence[float]  # what it gives while no assumption is edited


def heading(column: Field) -> str:
    """Return what people call a column, with its unit.

    >>> from planner.outputs.xlsx.columns import number, text, whole
    >>> heading(number("live_facility_mean_mw", "MW", "")), heading(text("site_name", ""))
    ('Facility mean, live [MW]', 'Site name')
    >>> heading(number("it_mean_mw", "MW", "")), heading(number("training_frac", "-", ""))
    ('IT mean [MW]', 'Training [%]')
    >>> heading(whole("calendar_year", "year", "")), heading(number("pue", "-", ""))
    ('Calendar year', 'PUE')
    """
    is_live = column.name.startswith("live_")
    words = column.name.removeprefix("live_").split("_")
    unit = column.unit
    if column.name.endswith("_frac"):
        words, unit = words[:-1], "%"
    elif unit not in _SAY_NOTHING:
        while len(words) > 1 and words[-1] in _UNIT_WORDS:
            words.pop()
    shown = [_INITIALS.get(word, word) for word in words]
    text = " ".join(shown)
    text = f"{text[0].upper()}{text[1:]}{', live' if is_live else ''}"
    return text if unit in _SAY_NOTHING else f"{text} [{unit}]"


def this_row(table: str, column: str) -> str:
    """Return a reference to a cell of the same row of a table.

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
    """Write a table from the first column on, as an Excel table that formulas can name."""
    every = [*columns, *(column.column for column in live)]
    first, last = head_row + 1, head_row + max(len(frame), 1)
    if last >= MOST_ROWS:
        message = f"table {name} has {len(frame):,} rows, and a sheet {MOST_ROWS:,}"
        raise ValueError(message)
    options = {"name": name, "style": "Table Style Light 15", "columns": [{"header": column.name} for column in every]}
    sheet.add_table(head_row, 0, last, len(every) - 1, options)
    for at, column in enumerate(every):
        is_text = column.dtype in {"str", "bool"}
        style = book.style("head_label" if is_text else "head_right", text_wrap=True)
        sheet.write_string(head_row - 1, at, heading(column), style)
        book.text(sheet, head_row, at, column.name, "code" if is_text else "code_right")
        tip = {"validate": "any", "input_title": column.name[:32]}
        sheet.data_validation(head_row, at, head_row, at, {**tip, "input_message": column.description[:_LONGEST_TIP]})
    for at, column in enumerate(columns):
        _write_column(book, sheet, first, at, column, frame[column.name])
    for at, one in enumerate(live, start=len(columns)):
        number = number_format(one.column)
        for row, value in enumerate(one.values, start=first):
            book.formula(sheet, row, at, one.formula, value, number)
    sheet.set_row(head_row - 1, 2 * _LINE_POINTS + 2.0)
    if head_row == HEAD_ROW:
        sheet.freeze_panes(first, 1)
    if lay_out:
        book.widen(sheet, _widths(frame, columns, live))
    return last + 1


def _write_column(book: Book, sheet: Worksheet, first: int, at: int, column: Field, cells: pd.Series) -> None:
    values = cells.tolist()
    if column.dtype == "str":
        for row, value in enumerate(values, start=first):
            book.text(sheet, row, at, value, "label" if len(value) < _WIDEST else "long")
    elif column.dtype == "bool":
        for row, value in enumerate(values, start=first):
            book.text(sheet, row, at, YES if value else NO, "label")
    else:
        book.numbers(sheet, first, at, values, number_format(column))


def _longest(column: Field, cells: pd.Series) -> int:
    """Return the room that the longest cell needs, in characters."""
    if column.dtype == "str":
        return max(map(len, cells.tolist())) + 2
    values = cells.to_numpy(dtype=np.float64)
    stated = values[np.isfinite(values)]
    largest = np.abs(stated).max() if stated.size else np.nan
    decimals = len(number_format(column).partition(".")[2])
    return len(f"{largest:,.{decimals}f}") + 2


def _widths(frame: pd.DataFrame, columns: Sequence[Field], live: Sequence[Live]) -> list[float]:
    """Return the room that every column needs, in characters."""
    widths = []
    for column in [*columns, *(one.column for one in live)]:
        width = len(column.name) * _CODE_WIDTH + 3.0  # the filter button needs room
        if column.name in frame and len(frame):
            width = max(width, _longest(column, frame[column.name]))
        widths.append(float(min(max(width, _NARROWEST), _WIDEST)))
    return widths
