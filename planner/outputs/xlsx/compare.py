"""Sheet Compare: what edited cells change, beside the plan as it was solved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.block import FIRST_YEAR, write_section
from planner.outputs.xlsx.book import cell
from planner.outputs.xlsx.summary import RATIOS, summary_parts, summary_rows

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_compare"]

_HEAD: Final = 5
_PLACES: Final = 6  # of a difference: what is left of two sums that are the same is noise
_ABOUT: Final = (
    "To the left the plan as solved, to the right what edited cells of sheets Assumptions and "
    "Sites make of it, less that. The plan itself stays: no site, hall or rack is chosen again."
)
_OTHERS: Final = (
    "To compare with another run: dcplan compare RUN RUN -o compared.xlsx, which shows plans, "
    "costs by item, and inputs that differ."
)


def write_compare(book: Book) -> None:
    """Write sheet Compare."""
    run = book.run
    count = len(run.years)
    sheet = book.sheet("Compare", _ABOUT, widths=(46, 15, *[11.5] * (2 * count)))
    book.text(sheet, 2, 0, _OTHERS, "about")
    first_change = FIRST_YEAR + count
    _heads(book, sheet, first_change)
    sheet.freeze_panes(_HEAD + 1, FIRST_YEAR)
    at = summary_rows(run)
    row = _HEAD
    for title, rows in summary_parts(run).items():
        row += 1
        write_section(book, sheet, row, title, first_change + count)
        for one in rows:
            if one.label in RATIOS:
                continue
            row += 1
            book.text(sheet, row, 0, one.label)
            book.text(sheet, row, 1, one.unit, "unit_left")
            for place, value in enumerate(one.values):
                if isinstance(value, str):
                    continue
                solved = cell(row, FIRST_YEAR + place)
                edited = f"Summary!{cell(at[one.label], FIRST_YEAR + place)}"
                book.number(sheet, row, FIRST_YEAR + place, value, one.number)
                formula = f"=ROUND({edited}-{solved},{_PLACES})"
                signed = f"+{one.number};-{one.number};0"
                book.formula(sheet, row, first_change + place, formula, 0.0, signed)
    last = first_change + count - 1
    for sign, colour in ((">", "#1f5896"), ("<", "#b3372f")):
        look = book.style("plain", font_color=colour, bold=True)
        rule = {"type": "cell", "criteria": sign, "value": 0, "format": look}
        sheet.conditional_format(_HEAD + 1, first_change, row, last, rule)


def _heads(book: Book, sheet: Worksheet, first_change: int) -> None:
    book.text(sheet, _HEAD, 0, "by model year", "head")
    book.text(sheet, _HEAD, 1, "unit", "head")
    for first, words in ((FIRST_YEAR, "as solved"), (first_change, "edited less solved")):
        book.text(sheet, _HEAD - 1, first, words, "head")
        for column, year in enumerate(book.run.years, start=first):
            book.number(sheet, _HEAD, column, year, "0", "head_right")
