"""Sheet Limits: what binds and why, what one more is worth, and the headroom of grid zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE
from planner.outputs.binding import binding_of_run, sentence, weightiest
from planner.outputs.labels import DisplayNames

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_limits"]

_HEAD: Final = 4
_MOST: Final = 16
_OF_A_KIND: Final = 4
_ZONES: Final = 12
_LINE: Final = 88
"""Characters on a line of a sentence."""
_POINTS: Final = 15.0
_ABOUT: Final = (
    "The limits by which the plan loses most, each in the year in which it binds hardest. "
    "Shadow prices hold for small changes, one at a time."
)
_HEADS: Final = (
    ("what binds, and why", "head"),
    ("limit", "head_right"),
    ("unit", "head_label"),
    ("what one more does", "head_label"),
    ("worth", "head_right"),
    ("unit", "head_label"),
    ("value of 1 % more, MUSD", "head_right"),
)
_ZONE_HEADS: Final = (
    ("limit_mw", "limit"),
    ("committed_mw", "committed"),
    ("new_firm_mw", "new, firm"),
    ("new_non_firm_mw", "new, non-firm"),
    ("spare_mw", "left"),
)


def write_limits(book: Book) -> None:
    """Write sheet Limits."""
    sheet = book.sheet("Limits", _ABOUT, widths=(80, 13, 13, 24, 13, 20, 16))
    sheet.freeze_panes(_HEAD + 1, 0)
    sheet.repeat_rows(_HEAD)
    for column, (head, style) in enumerate(_HEADS):
        sheet.write_string(_HEAD, column, head, book.style(style, text_wrap=True))
    sheet.set_row(_HEAD, 2 * _POINTS + 2.0)
    row = _binding(book, sheet, _HEAD + 1)
    _headroom(book, sheet, row + 1)


def _binding(book: Book, sheet: Worksheet, row: int) -> int:
    """Write a row for each limit. Returns the next row."""
    run = book.run
    found = binding_of_run(run)
    if isinstance(found, InputError):
        text = f"This version does not read the inputs of the run: {found.problems[0].what_is}."
        book.text(sheet, row, 0, text, "wrap")
        return row + 1
    few = weightiest(found, _MOST, _OF_A_KIND)
    if few.empty:
        has_duals = bool(run.tables["solution"]["has_duals"].iloc[0])
        nothing = "No limit binds that spending more could not lift."
        unknown = "The solve ended without shadow prices, so nothing is said of limits."
        book.text(sheet, row, 0, nothing if has_duals else unknown, "wrap")
        return row + 1
    labels = DisplayNames(run)
    for _, one in few.iterrows():
        words = "".join(text for text, _ in sentence(one, run.tables, labels)).rstrip(".: ")
        book.text(sheet, row, 0, f"{words}.", "wrap")
        sheet.set_row(row, _POINTS * (1 + len(words) // _LINE) + 2.0)
        price = BY_NAME[str(one["block"])].price
        is_asked = price is not None and price.sign == 1
        does = "one more MWh costs" if is_asked else f"{ONE_MORE[str(one['limit_unit'])]} saves"
        book.number(sheet, row, 1, float(one["limit"]), "#,##0.0", "top")
        book.text(sheet, row, 2, str(one["limit_unit"]), "top_label")
        book.text(sheet, row, 3, does, "top_label")
        book.number(sheet, row, 4, float(one["value"]), "[>=100]#,##0;0.0###", "top")
        book.text(sheet, row, 5, str(one["unit"]), "top_label")
        book.number(sheet, row, 6, float(one["one_percent_musd"]), "#,##0.00", "top")
        row += 1
    return row


def _headroom(book: Book, sheet: Worksheet, row: int) -> None:
    """Write what is left of the headroom of zones of which some is taken, the fullest first."""
    year = book.run.years[-1]
    headroom = book.run.tables["headroom"]
    of_year = headroom[(headroom["year"] == year)]
    in_use = of_year[of_year["limit_mw"] - of_year["spare_mw"] > 1.0]
    if in_use.empty:
        return
    left = (in_use["spare_mw"] / in_use["limit_mw"].where(in_use["limit_mw"] > 0.0)).fillna(0.0)
    ordered = in_use.assign(left=left).sort_values("left", kind="stable").head(_ZONES)
    title = f"Headroom of grid zones, {year}, the fullest first, MW"
    book.text(sheet, row, 0, title, "head")
    for column, (_, head) in enumerate(_ZONE_HEADS, start=1):
        book.text(sheet, row, column, head, "head_right")
    labels = DisplayNames(book.run)
    for at, one in enumerate(ordered.to_dict("records"), start=row + 1):
        book.text(sheet, at, 0, labels.zone(str(one["zone"])))
        for column, (name, _) in enumerate(_ZONE_HEADS, start=1):
            book.number(sheet, at, column, float(one[name]), "#,##0")
