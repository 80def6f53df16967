"""The workbook of a run: sheets and which of them print, formulas with their values, blocks, tables, lists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from planner.base.paths import DATA_DIR
from planner.families import declared
from planner.outputs.canvas import INK, LAYOUT, LOOK, MOST_ROWS, Canvas, Live, cell
from planner.results.schema import RUN_TABLES
from planner.tables.descriptor import Field, load_package

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pandas as pd
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run

    Where = Mapping[str, str | bool]


COVER: Final = "Cover"
BOARD: Final[Mapping[str, int]] = LAYOUT["prints"]
"""Sheets that print, and on how many pages each at most: together no more than fifteen."""
SHEETS: Final = load_package(DATA_DIR / "workbook.json").tables
"""Every sheet after the cover: its title in the contents, what is said above it, columns that no result table has."""
_NO_PRINT: Final = 1_048_570  # a row that stays blank


class Book(Canvas):
    """The workbook of a run."""

    def __init__(self, run: Run, workbook: Workbook, prints: Mapping[str, int] = MappingProxyType(BOARD)) -> None:
        super().__init__(run.title, workbook, COVER)
        self.run, self._prints = run, prints

    def sheet(self, name: str, about: str = "", *, more: str = "", **layout: Any) -> Worksheet:
        """Return a sheet as `Canvas.sheet` does, by default with what `SHEETS` says; some do not print.

        Programs print a workbook sheet by sheet and none lets a visible sheet be left out. A print
        area of one blank cell prints no page in LibreOffice, and in Excel at most a blank one.
        """
        said, *below = (about or (SHEETS[name].description if name in SHEETS else "")).split("\n")
        sheet = super().sheet(name, f"{said} {more}".rstrip(), **layout)
        for row, line in enumerate(below, start=3):
            self.text(sheet, row, 0, line, "about")
        pages = self._prints.get(name)
        if pages is None:
            sheet.print_area(_NO_PRINT, 0, _NO_PRINT, 0)
        else:
            sheet.fit_to_pages(1, pages)
            sheet.set_tab_color(INK)
        return sheet


# --- Formulas with their values: each is said once, for Excel and for programs that do not compute ---

FIRST_YEAR = 2  # column of the first year; before it stand the label and the unit
_ATOM, _PRODUCT, _SUM = range(3)
TABLE_OF: Final = {one["name"]: one["table"] for lists in LAYOUT["lists"].values() for one in lists}
"""The result table of each list of the workbook."""


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula for each year or row, and what it gives there while no cell is edited.

    ``{year}`` in its text is the year of its column, ``{below}`` the cell below that, ``{label}`` the cell that
    names its row, and ``{above}`` the cells of its column between the heads and it.
    """

    text: str
    values: np.ndarray
    binds: int = _ATOM  # how it is joined: what is weaker comes into brackets

    def __add__(self, other: Formula | float) -> Formula:
        """Add two."""
        one, two = self, constant(other)
        return Formula(f"{one.text}+{two.text}", one.values + two.values, _SUM)

    def __sub__(self, other: Formula | float) -> Formula:
        """Take one off another."""
        one, two = self, constant(other)
        return Formula(f"{one.text}-{two._within(_PRODUCT)}", one.values - two.values, _SUM)

    def __mul__(self, other: Formula | float) -> Formula:
        """Multiply two."""
        one, two = self, constant(other)
        return Formula(f"{one._within(_PRODUCT)}*{two._within(_PRODUCT)}", one.values * two.values, _PRODUCT)

    def __truediv__(self, other: Formula | float) -> Formula:
        """Divide one by another."""
        one, two = self, constant(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.true_divide(one.values, two.values)
        return Formula(f"{one._within(_PRODUCT)}/{two._within(_ATOM)}", values, _PRODUCT)

    def over(self, other: Formula, none: float | str, *, of: Formula | None = None) -> Formula:
        """Divide one by another, with what there is where that, or `of`, is 0."""
        asked, divided = of or other, self / other
        text = f"IF({asked.text}=0,{json.dumps(none)},{divided.text})"
        values: np.ndarray = divided.values.astype(object)
        values[np.broadcast_to(asked.values == 0.0, values.shape)] = none
        return Formula(text, values if isinstance(none, str) else values.astype(np.float64))

    def _within(self, binds: int) -> str:
        return f"({self.text})" if self.binds > binds else self.text


def constant(value: Formula | float) -> Formula:
    """Return a number as a formula."""
    return value if isinstance(value, Formula) else Formula(f"{value:.15g}", np.asarray(value, dtype=np.float64))


def named(text: str, value: float = 1.0) -> Formula:
    """Return what a name, or a formula of named cells, gives: 1 where it is a ratio that can be edited."""
    return Formula(text, np.asarray(value, dtype=np.float64))


def totals(
    run: Run, table: str, column: str, years: Sequence[int] = (), by: str = "year", where: Where = MappingProxyType({})
) -> Formula:
    """Return the total of a column of a list by year, of the rows with some labels."""
    frame = run.tables[TABLE_OF[table]]
    if by == "model_year":
        frame = with_model_year(run, frame)
    more = ""
    for key, label in where.items():
        frame = frame[frame[key] == label]
        more += f',{table}[{key}],"{label if isinstance(label, str) else YES if label else NO}"'
    sums = frame.groupby(by)[{"load_mean_mw": "facility_mean_mw"}.get(column, column.removeprefix("live_"))].sum()
    values = sums.reindex(list(years or run.years), fill_value=0.0).to_numpy(np.float64)
    return Formula(f"SUMIFS({table}[{column}],{table}[{by}],{{year}}{more})", values)


def matching(table: str, key: str, column: str, values: np.ndarray, by: str = "year") -> Formula:
    """Return the total of a list by year, of rows with exactly the label of a row: in SUMIFS it may be a pattern."""
    return Formula(
        f"SUMPRODUCT(EXACT({table}[{key}],{{label}})*({table}[{by}]={{year}}),{_column(table, column)})", values
    )


def rows_by(
    wide: pd.DataFrame,
    source: tuple[str, str, str],
    number: str,
    *,
    name: Callable[[str], str] = str,
    unit: str | None = "",
    by: str = "year",
    per: float = 1.0,
    total: str = "Total",
) -> list[Row]:
    """Return a row for each label of totals, and their sum; `source`: list, labels, measure.

    Where `unit` is None, the label's id stands in its column.
    """

    def of(label: str) -> Formula:
        found = matching(*source, wide.loc[label].to_numpy(), by)
        return found if per == 1.0 else found / named("10^6", per)

    labels = [str(label) for label in wide.index]
    rows = [Row(name(one), one if unit is None else unit, of(one), number) for one in labels]
    return [*rows, total_of(total, unit or "", wide.sum().to_numpy() / per, number)]


def _column(table: str, column: str) -> str:
    return column if "(" in column else f"{table}[{column}]"


def with_model_year(run: Run, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the model year that represents each calendar year of a table."""
    years = np.array(run.years)
    place = np.searchsorted(years, frame["calendar_year"].to_numpy(), side="right") - 1
    return frame.assign(model_year=years[place])


# --- Blocks of formulas: rows of measures, one column per year ------------------------------------


class Row(NamedTuple):
    """One measure by year."""

    label: str  # what it is
    unit: str
    of: Formula | Sequence[float]
    number: str = "#,##0"
    style: str = "plain"  # look of the row


def total_of(label: str, unit: str, values: Sequence[float] | np.ndarray, number: str = "#,##0") -> Row:
    """Return the sum of the rows above it."""
    return Row(label, unit, Formula("SUM({above})", np.asarray(values)), number, "total")


def write_heads(
    book: Book, sheet: Worksheet, row: int, heads: tuple[str, str], years: Sequence[int], first: int = FIRST_YEAR
) -> None:
    """Write the heads of a block; years are numbers, so that formulas can use them."""
    book.line(sheet, row, heads, "head")
    book.line(sheet, row, years, "head_right", "0", column=first)


def write_section(book: Book, sheet: Worksheet, row: int, title: str, columns: int, style: str = "section") -> None:
    """Write a heading across a block."""
    book.line(sheet, row, [title, *[""] * (columns - 1)], style)


def write_rows(
    book: Book, sheet: Worksheet, head: int, rows: Iterable[Row], start: int = 0, first: int = FIRST_YEAR, name: int = 0
) -> int:
    """Write measures below the heads, column `name` naming rows in their formulas. Returns the next row."""
    end = begin = start or head + 1
    for row, one in enumerate(rows, begin):
        book.line(sheet, row, [one.label, one.unit], one.style, styles={1: "unit_left"} if one.style == "plain" else {})
        values = one.of.values if isinstance(one.of, Formula) else one.of
        for at, value in enumerate(values, first):
            shown: Live | float = value
            if isinstance(one.of, Formula):
                text = one.of.text.replace("{year}", cell(head, at, fixed_row=True))
                text = text.replace("{below}", cell(head + 1, at, fixed_row=True))
                text = text.replace("{label}", cell(row, name, fixed_column=True))
                text = text.replace("{above}", f"{cell(begin, at)}:{cell(row - 1, at)}" if row > begin else "0")
                shown = Live(text, value if isinstance(value, str) else float(value))
            book.line(sheet, row, [shown], one.style, one.number, column=at)
        end = row + 1
    return end


def text(name: str, about: str) -> Field:
    """Return a column of labels."""
    return Field(name, "string", about, required=True)


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
YES: Final = "yes"
NO: Final = "no"  # how truth is written, in cells and in the conditions of formulas
_SAY_NOTHING: Final = frozenset({"", "-", "year", "see unit", "count", "class", "rows"})
_BY_UNIT: Final = {unit: shown for shown, units in LOOK["formats"].items() for unit in units}


def heading(column: Field) -> str:
    """Return what people call a column, with its unit.

    >>> from planner.outputs.xlsx.book import number, text
    >>> heading(number("live_facility_mean_mw", "MW", "")), heading(text("site_name", ""))
    ('Facility mean, live [MW]', 'Site name')
    >>> heading(number("it_mean_mw", "MW", "")), heading(number("training_frac", "-", ""))
    ('IT mean [MW]', 'Training [%]')
    >>> heading(number("calendar_year", "year", "")), heading(number("pue", "-", ""))
    ('Calendar year', 'PUE')
    """
    is_live = column.name.startswith("live_")
    words = column.name.removeprefix("live_").split("_")
    unit = column.unit
    if column.name.endswith("_frac"):
        words, unit = words[:-1], "%"
    elif unit not in _SAY_NOTHING:
        while len(words) > 1 and words[-1] in LOOK["unit_words"]:
            words.pop()
    shown = [LOOK["initials"].get(word, word) for word in words]
    text = " ".join(shown)
    text = f"{text[0].upper()}{text[1:]}{', live' if is_live else ''}"
    return text if unit in _SAY_NOTHING else f"{text} [{unit}]"


def number_format(column: Field) -> str:
    """Return how numbers of a column are shown: by its unit, shares in percent."""
    if column.name.endswith("_frac"):
        return "0.0%"
    if column.name == "service_start":
        return "0.00"
    if column.dtype == "int64":
        return "0" if column.unit == "year" else "#,##0"
    return str(_BY_UNIT.get(column.unit, "#,##0.0000"))


def this_row(table: str, column: str, values: np.ndarray | float = 1.0) -> Formula:
    """Return a cell of the same row of a table.

    >>> this_row("SiteYears", "it_mean_mw").text
    'SiteYears[[#This Row],[it_mean_mw]]'
    """
    return Formula(f"{table}[[#This Row],[{column}]]", np.asarray(values))


def write_table(
    book: Book,
    sheet: Worksheet,
    name: str,
    frame: pd.DataFrame,
    columns: Sequence[Field],
    live: Mapping[Field, Formula] = MappingProxyType({}),
    *,
    head_row: int = HEAD_ROW,
    totals: Collection[str] = (),
) -> int:
    """Write an Excel table from the first column on, with `live` formulas and sums. Returns the row below."""
    every = [*columns, *live]
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
        sheet.data_validation(head_row, at, head_row, at, {**tip, "input_message": column.description[:255]})
    for at, column in enumerate(columns):
        if column.dtype in {"str", "bool"}:
            for row, value in enumerate(frame[column.name].tolist(), first):
                text = value if isinstance(value, str) else YES if value else NO
                book.text(sheet, row, at, text, "label" if len(text) < _WIDEST else "long")
        else:
            for row, value in enumerate(frame[column.name].tolist(), first):
                book.number(sheet, row, at, value, number_format(column))
    for at, (column, of) in enumerate(live.items(), start=len(columns)):
        for row, value in enumerate(np.broadcast_to(of.values, len(frame)).tolist(), first):
            book.formula(sheet, row, at, Live(of.text, value), number_format(column))
    sheet.set_row(head_row - 1, 32.0)
    if head_row == HEAD_ROW:
        sheet.freeze_panes(first, 1)
    if sheet.name not in book.laid_out:
        book.widen(sheet, [_width(column, frame) for column in every])
    if totals:
        sums = {one: Live(f"SUM({name}[{one}])", float(frame[one].sum())) for one in totals}
        cells = ["all", *(sums.get(one.name, "") for one in columns[1:])]
        book.line(sheet, last + 1, cells, "total", [number_format(one) for one in columns])
    return last + 1 + bool(totals)


def _width(column: Field, frame: pd.DataFrame) -> float:
    """Return the room that a column needs, in characters."""
    width = len(column.name) * 0.85 + 3.0  # the filter button needs room
    if column.name in frame and len(frame):
        cells = frame[column.name]
        if column.dtype == "str":
            longest = max(map(len, cells.tolist()))
        else:
            values = cells.to_numpy(dtype=np.float64)
            stated = values[np.isfinite(values)]
            decimals = len(number_format(column).partition(".")[2])
            longest = len(f"{np.abs(stated).max() if stated.size else np.nan:,.{decimals}f}")
        width = max(width, longest + 2)
    return float(min(max(width, 8.0), _WIDEST))


# --- Lists one below the other, each a result table with its title --------------------------------


class TableList(NamedTuple):
    """A list of a sheet."""

    name: str  # in formulas
    table: str  # result table whose columns it has
    title: str = ""  # above it; nothing above the first of some sheets
    frame: pd.DataFrame | None = None  # its rows, where they are not those of the table
    columns: Sequence[Field] = ()  # likewise
    has_about: bool = False  # whether what the table holds is said below the title
    names_sites: bool = False  # whether the names of sites are next to them
    needs_rows: bool = False  # whether it is left out where it has none
    totals: Collection[str] = ()  # columns that are added up below it
    bad: Collection[str] = ()  # columns that are red where they say yes, or are above 0


MOST_LISTED: Final = 100_000  # rows of a list up to which it is on the sheet: a plan of all hours may have millions


def write_lists(book: Book, sheet: Worksheet, row: int, lists: Iterable[TableList]) -> int:
    """Write lists from a row on, those that are too long as where they are. Returns the next row."""
    for one in lists:
        table = RUN_TABLES[one.table]
        frame, columns = book.run.tables[one.table] if one.frame is None else one.frame, one.columns or table.fields
        if one.needs_rows and frame.empty:
            continue
        is_long = len(frame) > MOST_LISTED
        if one.title:
            book.text(sheet, row, 0, one.title, "section")
            if one.has_about:
                book.text(sheet, row + 1, 0, table.description, "about")
            row += 2 + one.has_about
        if is_long:
            said = (
                f"Not listed here: {len(frame):,} rows, more than {MOST_LISTED:,}. All are in"
                f" tables/{one.table}.parquet of the run folder; dcplan export writes them as CSV."
            )
            book.text(sheet, row, 0, said, "bad")
            row += 2
            continue
        if one.names_sites:
            frame, columns = with_site_names(book, frame), (columns[0], SITE_NAME, *columns[1:])
        end = write_table(book, sheet, one.name, frame, columns, head_row=row, totals=one.totals)
        for at, column in enumerate(columns):
            if column.name in one.bad:
                is_so = ("==", f'"{YES}"') if column.dtype == "bool" else (">", "0")
                book.mark(sheet, (row + 1, at, end - 1, at), *is_so, "bad")
        row = end + 1
    return row


_LISTS: Final = {sheet: [TableList(**one) for one in lists] for sheet, lists in LAYOUT["lists"].items()}
for _of in (of for _, sheets in declared("SHEETS") for of in sheets):
    _LISTS[_of.sheet].insert(-1, TableList(_of.name, _of.table, _of.title, needs_rows=True))


def lists_of(sheet: str) -> list[TableList]:
    """Return the lists that a sheet has, those of families before the last."""
    return list(_LISTS[sheet])


def list_sheet(sheet: str) -> Callable[[Book], None]:
    """Return the writer of a sheet of lists; where nothing is said of it, it is that of the first."""
    lists = lists_of(sheet)

    def write(book: Book) -> None:
        about = SHEETS[sheet].description or RUN_TABLES[lists[0].table].description
        write_lists(book, book.sheet(sheet, about), HEAD_ROW, lists)

    return write
