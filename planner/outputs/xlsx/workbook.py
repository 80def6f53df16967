"""From a run to ``plan.xlsx``: the cover, and the sheets in order."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Final

from planner.outputs.canvas import LAYOUT, Live, new_workbook
from planner.outputs.measures import measures
from planner.outputs.plan_workbook.write import write_settings_of_run
from planner.outputs.study_files import read_estimates
from planner.outputs.xlsx import assumptions, lists, money, power, summary
from planner.outputs.xlsx.assumptions import CHANGED
from planner.outputs.xlsx.book import COVER, SHEETS, Book, Row, list_sheet, totals, write_rows, write_section
from planner.results.ended import verdict
from planner.scenario.workbook_cells import LISTS, SETTINGS, own_sheets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run


_LINE_CHARACTERS: Final = 125
_RULE: Final = (
    "Formulas recompute power and money when a yellow cell of sheet Assumptions or Sites is "
    "edited. They do not optimise again: to see how the plan itself would change, edit sheet "
    "Settings or the prices and lead times of sheet Sites, and solve this workbook again: "
    "dcplan solve plan.xlsx."
)
_PRINT: Final = (
    "To print the board part, of at most fifteen pages, select the dark blue sheets, from Cover to "
    "Sources, and print the active sheets. The other sheets are for looking up and do not print."
)


def write_cover(book: Book, contents: Sequence[tuple[str, str]]) -> None:
    """Write sheet Cover: on its page the answer, below it what is for the screen."""
    run = book.run
    sheet = book.sheet("Cover", "", widths=(24, 20, 16, 16, 50))
    book.text(sheet, 0, 0, run.title, "title")
    row = book.paragraph(sheet, 1, str(run.meta["question"]), _COLUMNS, _LINE_CHARACTERS)
    row = _verdict(book, sheet, row + 1)
    row = _figures(book, sheet, row + 1) + 1
    made = f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}, {run.meta['created']}"
    book.text(sheet, row, 0, made, "about")
    sheet.print_area(0, 0, row, 4)
    row += 2
    write_section(book, sheet, row, "Colours", _COLUMNS, "head")
    for at, (style, name, words) in enumerate(LAYOUT["rows"]["colours"], row + 1):
        book.line(sheet, at, [name, words], styles={0: style})
    row += 2 + len(LAYOUT["rows"]["colours"])
    write_section(book, sheet, row, "Contents", _COLUMNS, "head")
    for at, (name, about) in enumerate(contents, row + 1):
        sheet.write_url(at, 0, f"internal:'{name}'!A1", book.style("link"), name)
        book.text(sheet, at, 1, about)
    row += 2 + len(contents)
    for text in (_PRINT, _RULE):
        row = book.paragraph(sheet, row, text, _COLUMNS, _LINE_CHARACTERS)


_COLUMNS: Final = 5


def _verdict(book: Book, sheet: Worksheet, row: int) -> int:
    """Write status and check light. Returns the next row."""
    lines = verdict(book.run.meta, book.run.tables)
    for at, (label, style, text) in enumerate(lines, row):
        book.text(sheet, at, 0, label)
        look = book.style(style, text_wrap=True, valign="vcenter")
        sheet.merge_range(at, 1, at, 4, "", look)
        sheet.write_string(at, 1, text, look)
        sheet.set_row(at, 15.0 * math.ceil(len(text) / 92) + 2.0)
    row += len(lines)
    sheet.merge_range(row, 1, row, 4, "", book.style("wrap"))
    solved, edited = "As solved", " edited: figures are no longer those of the solved plan"
    formula = Live(f'IF({CHANGED}=0,"{solved}",{CHANGED}&"{edited}")', solved)
    book.line(sheet, row, ["Assumptions", formula], styles={1: "wrap"})
    return row + 1


def _figures(book: Book, sheet: Worksheet, row: int) -> int:
    """Write the key figures of the first and last year. Returns the next row."""
    run = book.run
    years = [run.years[0], run.years[-1]]
    heads = ("Key figures", "unit", *years, "")
    book.line(sheet, row, heads, "head", "0", styles={2: "head_right", 3: "head_right"})
    rows = []
    for one in measures(_KEY_FIGURES):
        label = f"  {one.label}" if one.column == "unmet_kh100e" else one.label
        table, column = _KEY_FIGURES[one.column]
        rows.append(Row(label, one.unit, totals(run, table, column, years)))
    end = write_rows(book, sheet, row, rows)
    npv = Live("npv_musd", float(run.tables["costs"]["npv_musd"].sum()))
    book.line(sheet, end, ["Cost of the plan, NPV", "MUSD", "", npv], "total", "#,##0")
    return end + 1


_KEY_FIGURES: Final[Mapping[str, Sequence[str]]] = LAYOUT["key_figures"]
"""Columns of table `summary`, each with the list and column that it is a total of."""


# --- From a run to ``plan.xlsx``: the sheets in order ---------------------------------------------


_MODULES: Final = (assumptions, lists, money, power, summary)
"""Each sheet is written by the function of its name in one of them, but those that are lists of tables alone."""


def sheets_of(run: Run) -> list[tuple[str, str, Callable[[Book], None]]]:
    """Return name, content and writer of the sheets that a run fills, those of what it does not have left out."""
    empty = {name for name, tables in LAYOUT["needs"].items() if all(run.tables[table].empty for table in tables)}
    empty |= {"Estimates"} if read_estimates(run) is None else set()
    sheets = [(name, one.title, _writer(name)) for name, one in SHEETS.items() if name not in empty]
    # `write_settings_of_run` writes all sheets that hold settings.
    return [*sheets, *((own.name, own.meaning, lambda _: None) for own in own_sheets())]


def _writer(sheet: str) -> Callable[[Book], None]:
    if sheet == SETTINGS:
        return write_settings_of_run
    name = f"write_{sheet.lower().replace(' ', '_').replace('-', '_')}"
    written = (getattr(one, name) for one in _MODULES if hasattr(one, name))
    return next(written, None) or list_sheet(sheet)


def write_workbook(run: Run, path: Path) -> list[Path]:
    """Write the workbook of a run, whose formulas, stored with their values, follow edited cells without optimising."""
    with new_workbook(path) as workbook:
        workbook.set_properties(
            {
                "title": run.title,
                "subject": run.meta["question"],
                "comments": f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}",
                "created": datetime.fromisoformat(run.meta["created"]).replace(tzinfo=None),
            }
        )
        book = Book(run, workbook)
        sheets = sheets_of(run)
        for name in (COVER, *(name for name, _, _ in sheets), LISTS):
            workbook.add_worksheet(name)
        write_cover(book, [(name, about) for name, about, _ in sheets])
        for _, _, write in sheets:
            write(book)
    return [path]
