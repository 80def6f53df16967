"""The workbook of a run: sheets and which of them print, blocks of formulas, columns, tables."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from planner.outputs.canvas import INK, MOST_ROWS, Canvas, cell
from planner.tables.descriptor import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run

# --- The workbook of a run: its sheets, and which of them print -----------------------------------

COVER: Final = "Cover"
BOARD: Final = {
    COVER: 1,
    "Summary": 1,
    "Charts": 1,
    "Bridge": 1,
    "Sites": 1,
    "Power": 2,
    "Money": 4,
    "Costs": 1,
    "Limits": 1,
    "Risks": 1,
    "Sources": 1,
}
"""Sheets that print, and on how many pages each at most: together no more than fifteen."""
_NO_PRINT: Final = 1_048_570
"""A row that stays blank."""


class Book(Canvas):
    """The workbook of a run."""

    def __init__(self, run: Run, workbook: Workbook, prints: Mapping[str, int] = MappingProxyType(BOARD)) -> None:
        super().__init__(run.title, workbook, COVER)
        self.run, self._prints = run, prints

    def sheet(self, name: str, about: str, *, widths: Sequence[float] = ()) -> Worksheet:
        """Return a sheet as `Canvas.sheet` does; those that are not to print do not.

        Programs print a workbook sheet by sheet and none lets a visible sheet be left out. A print
        area of one blank cell prints no page in LibreOffice, and in Excel at most a blank one.
        """
        sheet = super().sheet(name, about, widths=widths)
        pages = self._prints.get(name)
        if pages is None:
            sheet.print_area(_NO_PRINT, 0, _NO_PRINT, 0)
        else:
            sheet.fit_to_pages(1, pages)
            sheet.set_tab_color(INK)
        return sheet


# --- Blocks of formulas: rows of measures, one column per year ------------------------------------

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


# --- Columns that only the workbook has -----------------------------------------------------------


def text(name: str, about: str) -> Field:
    """Return a column of labels."""
    return Field(name, "string", about, required=True)


def whole(name: str, unit: str, about: str) -> Field:
    """Return a column of integers."""
    return Field(name, "integer", about, unit, required=True)


def number(name: str, unit: str, about: str, *, missing: bool = False) -> Field:
    """Return a column of numbers; `missing` says that a cell may be nan."""
    return Field(name, "number", about, unit, required=not missing)


SITE_NAME: Final = text("site_name", "Name of the site")


def with_site_names(book: Book, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with column `site` and the name of each site next to it."""
    names = book.run.sites.set_index("site")["name"]
    return frame.assign(site_name=frame["site"].map(names).astype("str"))


# --- A result table as an Excel table: units above, tooltips on heads, filters, formulas ----------

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

    >>> from planner.outputs.xlsx.book import number, text, whole
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
