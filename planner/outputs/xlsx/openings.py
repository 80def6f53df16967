"""Sheet Openings: new sites by year, phases of halls, blocks of a workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.table import HEAD_ROW, write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["has_openings", "write_openings"]

_ABOUT: Final = (
    "New sites open at the end (integers where the scenario says so), their cost, and phases and "
    "blocks. As solved: it does not follow edited assumptions."
)
_LISTS: Final = (
    ("Openings", "", "openings"),
    ("Phases", "Phases of new halls", "phases"),
    ("Blocks", "Racks in blocks", "blocks"),
)


def has_openings(run: Run) -> bool:
    """Return whether a run opens sites, or builds in phases or blocks."""
    return any(len(run.tables[table]) > 0 for _, _, table in _LISTS)


def write_openings(book: Book) -> None:
    """Write sheet Openings: lists one below the other, those that are empty left out."""
    sheet = book.sheet("Openings", _ABOUT)
    row = HEAD_ROW
    for name, title, table in _LISTS:
        frame = book.run.tables[table]
        if table != "openings" and frame.empty:
            continue
        if title:
            book.text(sheet, row, 0, title, "section")
            row += 2
        columns = RUN_TABLES[table].fields
        row = write_table(book, sheet, name, frame, columns, head_row=row) + 1
