"""Sheet Lifetime: training against inference by year, and what training known models costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.table import HEAD_ROW, write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from planner.outputs.xlsx.book import Book

__all__ = ["write_lifetime"]

_ABOUT: Final = (
    "What training and inference cost by model year, existing racks and halls at their instalments "
    "and rent included, and what the final training run of known AI models would cost on the racks "
    "of a year. "
    "As solved."
)
_LISTS: Final = (
    ("Training against inference", "Lifetime", "lifetime"),
    ("Final training runs of known AI models", "ModelsTrained", "models_trained"),
)


def write_lifetime(book: Book) -> None:
    """Write sheet Lifetime: both tables, one below the other."""
    sheet = book.sheet("Lifetime", _ABOUT)
    end = HEAD_ROW - 2
    for at, (title, name, table) in enumerate(_LISTS):
        if at:
            book.text(sheet, end + 1, 0, title, "section")
        head_row = HEAD_ROW if not at else end + 3
        frame, fields = book.run.tables[table], RUN_TABLES[table].fields
        end = write_table(book, sheet, name, frame, fields, head_row=head_row, lay_out=not at)
