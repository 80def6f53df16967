"""Sheet Cover: the question, the verdict, the key figures, the contents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from planner.outputs.measures import measures
from planner.outputs.xlsx.assumptions import CHANGED
from planner.outputs.xlsx.book import cell
from planner.results.ended import ended
from planner.results.not_housed import not_by_own_sites, not_housed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_cover"]

_LINE_CHARACTERS: Final = 125
_VERDICT_CHARACTERS: Final = 92
"""On a line of a verdict, in bold."""
_LINE_POINTS: Final = 15.0
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
    row = _paragraph(book, sheet, 1, str(run.meta["question"]))
    row = _verdict(book, sheet, row + 1)
    row = _figures(book, sheet, row + 1)
    row += 1
    made = f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}, {run.meta['created']}"
    book.text(sheet, row, 0, made, "about")
    sheet.print_area(0, 0, row, 4)
    row = _key(book, sheet, row + 2)
    book.text(sheet, row + 1, 0, "Contents", "head")
    for column in range(1, 5):
        book.text(sheet, row + 1, column, "", "head")
    for at, (name, about) in enumerate(contents, start=row + 2):
        sheet.write_url(at, 0, f"internal:'{name}'!A1", book.style("link"), name)
        book.text(sheet, at, 1, about)
    row += 3 + len(contents)
    for text in (_PRINT, _RULE):
        row = _paragraph(book, sheet, row, text)


def _paragraph(book: Book, sheet: Worksheet, row: int, text: str) -> int:
    """Write text across the page, with the height it needs. Returns the next row."""
    sheet.merge_range(row, 0, row, 4, "", book.style("wrap"))
    book.text(sheet, row, 0, text, "wrap")
    lines = max(1, math.ceil(len(text) / _LINE_CHARACTERS))
    sheet.set_row(row, _LINE_POINTS * lines + 2.0)
    return row + 1


def _verdict(book: Book, sheet: Worksheet, row: int) -> int:
    """Write status and check light. Returns the next row."""
    check = book.run.meta["check"]
    end = ended(book.run.meta, book.run.tables["solution"])
    if check["ok"]:
        verdict = f"Checked: all {check['rules']} rules hold"
    else:
        verdict = f"CHECK FAILED: {', '.join(check['broken'])}"
    lines: tuple[tuple[str, str, str], ...] = (
        ("Solver", str(end), end.light),
        ("Independent check", verdict, "good" if check["ok"] else "bad"),
    )
    first = not_housed(book.run.tables)
    if first:
        lines = (*lines, ("Demand", f"{first}.", "fair"))
    if others := not_by_own_sites(book.run.tables):
        lines = (*lines, ("Not by own sites", others, "fair"))
    for at, (label, text, style) in enumerate(lines, start=row):
        book.text(sheet, at, 0, label)
        look = book.style(style, text_wrap=True, valign="vcenter")
        sheet.merge_range(at, 1, at, 4, "", look)
        sheet.write_string(at, 1, text, look)
        lines_of_text = math.ceil(len(text) / _VERDICT_CHARACTERS)
        sheet.set_row(at, _LINE_POINTS * lines_of_text + 2.0)
    at = row + len(lines)
    book.text(sheet, at, 0, "Assumptions")
    sheet.merge_range(at, 1, at, 4, "", book.style("wrap"))
    solved, edited = "As solved", " edited: figures are no longer those of the solved plan"
    formula = f'=IF({CHANGED}=0,"{solved}",{CHANGED}&"{edited}")'
    book.formula(sheet, at, 1, formula, solved, style="wrap")
    return at + 1


def _figures(book: Book, sheet: Worksheet, row: int) -> int:
    """Write the key figures of the first and last year. Returns the next row."""
    run = book.run
    first, last = run.years[0], run.years[-1]
    book.text(sheet, row, 0, "Key figures", "head")
    book.text(sheet, row, 1, "unit", "head")
    for place, year in ((2, first), (3, last)):
        book.number(sheet, row, place, year, "0", "head_right")
    book.text(sheet, row, 4, "", "head")
    summary = run.tables["summary"].set_index("year")
    for at, one in enumerate(measures(_KEY_FIGURES), start=row + 1):
        book.text(sheet, at, 0, f"  {one.label}" if one.column == "unmet_kh100e" else one.label)
        book.text(sheet, at, 1, one.unit, "unit_left")
        of_year = summary[one.column].to_dict()
        for place, year in ((2, first), (3, last)):
            formula = _KEY_FIGURES[one.column].format(year=cell(row, place, fixed_row=True))
            book.formula(sheet, at, place, f"={formula}", float(of_year[year]), "#,##0")
    at = row + 1 + len(_KEY_FIGURES)
    value = float(run.tables["costs"]["npv_musd"].sum())
    book.text(sheet, at, 0, "Cost of the plan, NPV", "total")
    book.text(sheet, at, 1, "MUSD", "total")
    book.text(sheet, at, 2, "", "total")
    book.formula(sheet, at, 3, "=npv_musd", value, "#,##0", "total")
    return at + 1


_KEY_FIGURES: Final = {
    "demand_kh100e": "SUMIFS(Demand[demand_kh100e],Demand[year],{year})",
    "unmet_kh100e": "SUMIFS(Demand[unmet_kh100e],Demand[year],{year})",
    "nameplate_mw": "SUMIFS(SiteYears[live_nameplate_mw],SiteYears[year],{year})",
    "facility_mean_mw": "SUMIFS(SiteYears[live_facility_mean_mw],SiteYears[year],{year})",
    "sites_in_use": "SUMIFS(Years[sites_in_use],Years[year],{year})",
}
"""Columns of table `summary`, each with the formula that gives it."""


def _key(book: Book, sheet: Worksheet, row: int) -> int:
    """Write what the colours mean. Returns the next row."""
    book.text(sheet, row, 0, "Colours", "head")
    for column in range(1, 5):
        book.text(sheet, row, column, "", "head")
    samples = (
        ("input", "Yellow", "a cell to edit, on sheets Assumptions, Sites, Settings and Heat map"),
        ("plain", "White", "figures of the solved plan, and formulas over them"),
        ("good", "Green", "proven or within the gap asked for, checked, holds"),
        ("fair", "Amber", "not proven, or edited"),
        ("bad", "Red", "a rule is broken, or a limit binds"),
    )
    for at, (style, name, words) in enumerate(samples, start=row + 1):
        book.text(sheet, at, 0, name, style)
        book.text(sheet, at, 1, words)
    return row + 1 + len(samples)
