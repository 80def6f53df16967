"""A workbook in the making: its look, its cells, its print set-up."""

from __future__ import annotations

import io
import json
import math
from contextlib import contextmanager
from copy import deepcopy
from itertools import count, repeat, zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell

from planner.outputs.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

INK: Final = "#1f3a5f"

LOOK: Final[Mapping[str, Any]] = json.loads((Path(__file__).parent / "xlsx/styles.json").read_text(encoding="utf-8"))
"""Looks of cells by name and of charts, in the words of XlsxWriter; formats of numbers by unit; words in heads."""
LAYOUT: Final[Mapping[str, Any]] = json.loads((Path(__file__).parent / "xlsx/sheets.json").read_text(encoding="utf-8"))
"""What is data of sheets: which print, their lists of result tables, rows of blocks, heads, and sums to check."""
COLOURS: Final[Sequence[str]] = LOOK["colours"]
"""Colours of chart series, in order; the first four differ in lightness too."""
MOST_ROWS: Final = 1_048_576  # rows of a sheet of Excel; its writer drops cells below in silence


Area = tuple[int, int, int, int]  # first row and column of cells, and their last


class Live(NamedTuple):
    """A formula, without its sign, and the value that it has while no cell is edited."""

    formula: str
    value: float | str


class Canvas:
    """Sheets, styles and cells of one workbook."""

    def __init__(self, title: str, workbook: Workbook, start: str) -> None:
        self._title = title
        self._workbook = workbook
        self._start = start
        self._formats: dict[tuple[Any, ...], Format] = {}
        self._widths: dict[str, list[float]] = {}
        self.laid_out: set[str] = set()
        """Sheets that were given widths."""

    def sheet(
        self,
        name: str,
        about: str,
        *,
        widths: Sequence[float] = (),
        freeze: tuple[int, int] = (0, 0),
        repeat: Sequence[int] = (),
    ) -> Worksheet:
        """Return a sheet with its title, what it shows, and its print set-up; `repeat`: rows on each printed page."""
        sheet = self._workbook.get_worksheet_by_name(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        title = self._title[:80].replace("&", "&&")
        sheet.set_footer(f"&L&8{title}&C&8{name}&R&8&P / &N")
        self.widen(sheet, widths)
        self.laid_out |= {name} if widths else set()
        if any(freeze):
            sheet.freeze_panes(*freeze)
        if repeat:
            sheet.repeat_rows(repeat[0], repeat[-1])
        sheet.set_row(0, 24)
        self.text(sheet, 0, 0, name, "title")
        self.text(sheet, 1, 0, about, "about")
        if name != self._start:
            target = f"internal:'{self._start}'!A1"
            sheet.write_url(2, 0, target, self.style("link"), "Contents")
        return sheet

    def mark(self, sheet: Worksheet, cells: Area, criteria: str, value: float | str, style: str, **extra: Any) -> None:
        """Show cells in a style where they are as said of a value, or where a formula holds."""
        rule = {"type": "cell", "value": value} if criteria else {"type": "formula"}
        look = {"criteria": criteria or value, "format": self.style(style, **extra)}
        sheet.conditional_format(*cells, {**rule, **look})

    def widen(self, sheet: Worksheet, widths: Sequence[float]) -> float:
        """Make the first columns of a sheet at least so wide; return the width of all. [characters]"""
        known = self._widths.get(sheet.name, [])
        both = [max(pair) for pair in zip_longest(known, widths, fillvalue=0.0)]
        self._widths[sheet.name] = both
        for column, width in enumerate(both):
            sheet.set_column(column, column, width)
        return sum(both)

    def style(self, name: str, number: str = "", **extra: Any) -> Format:
        """Return a cell format: a named look, with a number format and single traits on top."""
        key = (name, number, *sorted(extra.items())) if extra else (name, number)
        if key not in self._formats:
            traits = {**LOOK["cells"][name], **({"num_format": number} if number else {}), **extra}
            self._formats[key] = self._workbook.add_format(traits)
        return self._formats[key]

    def text(self, sheet: Worksheet, row: int, column: int, text: str, style: str = "plain") -> None:
        """Write text that stays text, also when someone edits the cell; cut off is what a cell cannot hold."""
        looks_live = text.startswith(("=", "+", "-", "@"))
        look = self.style(style, quote_prefix=True) if looks_live else self.style(style)
        sheet.write_string(row, column, text[:32_767], look)  # more a cell cannot hold

    def number(self, sheet: Worksheet, row: int, column: int, value: float, number: str, style: str = "plain") -> None:
        """Write a number; what is missing is left blank."""
        look = self.style(style, number)
        if math.isnan(value):
            sheet.write_blank(row, column, None, look)
        elif math.isinf(value):
            self.text(sheet, row, column, "unlimited" if value > 0 else "none", style)
        else:
            sheet.write_number(row, column, value, look)

    def formula(
        self, sheet: Worksheet, row: int, column: int, of: Live, number: str = "", style: str = "plain"
    ) -> None:
        """Write a formula with the value it has, so that programs that do not compute show it."""
        sheet.write_formula(row, column, f"={of.formula}", self.style(style, number), of.value)

    def line(
        self,
        sheet: Worksheet,
        row: int,
        cells: Iterable[Any],
        style: str = "plain",
        number: str | Sequence[str] = "",
        *,
        column: int = 0,
        styles: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Write texts, numbers and formulas side by side, some columns in styles of their own; None leaves one out."""
        shown = repeat(number) if isinstance(number, str) else number
        for at, (cell, of) in enumerate(zip(cells, shown, strict=False), column):
            look = styles.get(at, style)
            if isinstance(cell, str):
                self.text(sheet, row, at, cell, look)
            elif isinstance(cell, Live):
                self.formula(sheet, row, at, cell, of, look)
            elif cell is not None:
                self.number(sheet, row, at, cell, of, look)

    def paragraph(self, sheet: Worksheet, row: int, text: str, columns: int, characters: int) -> int:
        """Write text across columns, with the height it needs. Returns the next row."""
        sheet.merge_range(row, 0, row, columns - 1, "", self.style("wrap"))
        self.text(sheet, row, 0, text, "wrap")
        sheet.set_row(row, 15.0 * max(1, math.ceil(len(text) / characters)) + 2.0)  # [points]
        return row + 1

    def define(self, name: str, place: str) -> None:
        """Give a cell or range a name that formulas use."""
        self._workbook.define_name(name, f"={place}")

    def plot(
        self,
        sheet: Worksheet,
        place: tuple[int, int],
        title: str,
        unit: str,
        rows: Sequence[int],
        years: tuple[int, int, int],
        *,
        of: str = "",
        is_stacked: bool = True,
        size: tuple[int, int] = (700, 310),
        colours: Sequence[int | None] = (),
    ) -> None:
        """Draw rows by year (row, first, last column) at a row and pixel; one whose colour is None is not seen."""
        if not rows:  # a chart of nothing cannot be opened
            return
        chart = self._workbook.add_chart({"type": "column", **({"subtype": "stacked"} if is_stacked else {})})
        look = deepcopy(LOOK["chart"])  # the library changes what it is given
        chart.set_title({"name": title, **look.pop("title")})
        chart.set_y_axis({"name": unit, **look.pop("y_axis")})
        for part, traits in look.items():
            getattr(chart, f"set_{part}")(traits)
        source, (head, first, last) = of or sheet.name, years
        for row, colour in zip(rows, colours or count(), strict=False):
            fill = COLOURS[(colour or 0) % len(COLOURS)]
            chart.add_series(
                {
                    "name": [source, row, 0],
                    "categories": [source, head, first, head, last],
                    "values": [source, row, first, row, last],
                    "fill": {"none": True} if colour is None else {"color": fill},
                    "border": {"none": True},
                    "line": {"none": True} if colour is None else {"color": fill, "width": 2.25},
                    "gap": 60,
                }
            )
        if None in colours:
            chart.set_legend({"position": "bottom", "delete_series": [colours.index(None)]})
        chart.set_size(dict(zip(("width", "height"), size, strict=True)))
        words = {"description": f"{title}: figures of sheet {source} by year"}
        sheet.insert_chart(place[0], 0, chart, {"x_offset": place[1], "object_position": 3, **words})


@contextmanager
def new_workbook(path: Path) -> Iterator[Workbook]:
    """Give a workbook to fill, in which text stays text; its file is there once the block ends, whole or not at all."""
    as_text = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    options = {**as_text, "in_memory": True}  # else every sheet is a file of its own first
    # Into memory: the library has an error of its own for a file that cannot be written.
    made = io.BytesIO()
    with whole_file(path) as partial:
        with Workbook(made, options) as workbook:
            yield workbook
        partial.write_bytes(made.getvalue())


def cell(row: int, column: int, *, fixed_row: bool = False, fixed_column: bool = False) -> str:
    """Return the address of a cell, counted from 0.

    >>> cell(4, 2), cell(4, 2, fixed_row=True), cell(4, 2, fixed_column=True)
    ('C5', 'C$5', '$C5')
    """
    return str(xl_rowcol_to_cell(row, column, row_abs=fixed_row, col_abs=fixed_column))


def place_of(sheet: str, first: tuple[int, int], last: tuple[int, int] | None = None) -> str:
    """Return the place of cells of a sheet, for a name.

    >>> place_of("Money", (5, 1)), place_of("Money", (5, 1), (7, 1))
    ('Money!$B$6', 'Money!$B$6:$B$8')
    """
    corners = (cell(*at, fixed_row=True, fixed_column=True) for at in dict.fromkeys((first, last or first)))
    return f"{sheet}!{':'.join(corners)}"
