"""Sheet Estimates: the figures whose own low and high move the cost of the plan most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.studies import read_estimates
from planner.outputs.xlsx.columns import number, text, whole
from planner.outputs.xlsx.table import write_table

if TYPE_CHECKING:
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["has_estimates", "write_estimates_sheet"]

_ABOUT: Final = (
    "Figures of the data, each moved to its own low and high with all others as they are: what "
    "that does to the cost, to first order, and solved again where asked."
)
_COLUMNS: Final = (
    whole("rank", "", "Place by the larger change of cost"),
    text("table", "Table of the data"),
    text("item", "Row or rows, by their key"),
    text("column", "Column"),
    text("unit", "Unit of the figure"),
    text("kind", "published, derived, estimate, seed (of the brief) or own"),
    number("value", "see unit", "As the plan takes it"),
    number("low", "see unit", "Its low"),
    number("high", "see unit", "Its high"),
    number("low_musd", "MUSD", "Change of cost at the low, first order"),
    number("high_musd", "MUSD", "Change of cost at the high, first order"),
    number("low_resolved_musd", "MUSD", "The same at the low, solved again", missing=True),
    number("high_resolved_musd", "MUSD", "The same at the high, solved again", missing=True),
    number("racks_moved_mw", "MW", "Racks of another type bought then", missing=True),
    text("source", "Where the figure is from"),
)
_AGAIN: Final = ("low_resolved_musd", "high_resolved_musd", "racks_moved_mw")
"""Columns that say nothing where nothing was solved again."""


def has_estimates(run: Run) -> bool:
    """Return whether it is known of a run which figures decide."""
    return read_estimates(run) is not None


def write_estimates_sheet(book: Book) -> None:
    """Write sheet Estimates."""
    frame = read_estimates(book.run)
    if frame is not None:
        about = f"{_ABOUT} {frame.attrs.get('note', '')}".rstrip()
        is_again = bool(frame[list(_AGAIN)].notna().any(axis=None))
        columns = [one for one in _COLUMNS if is_again or one.name not in _AGAIN]
        write_table(book, book.sheet("Estimates", about), "Estimates", frame, columns)
