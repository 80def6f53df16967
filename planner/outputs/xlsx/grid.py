"""Sheet Grid: headroom and what binds, non-firm connection, stress time slices, shadow prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.table import HEAD_ROW, YES, write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.xlsx.book import Book

__all__ = ["MOST_LISTED", "write_grid"]

_MORE: Final = (
    ("non_firm_year", "NonFirm", "Non-firm connection"),
    ("stress_slot", "StressSlots", "Stress hours: what is curtailed, and how load is met"),
    ("load_price", "LoadPrice", "Price that rises with new load"),
)
MOST_LISTED: Final = 100_000
"""Rows of a list up to which it is on the sheet: a plan of all hours may have millions."""


def write_grid(book: Book) -> None:
    """Write sheet Grid: headroom by zone and year, then what the scenario has next to it."""
    run = book.run
    sheet = book.sheet("Grid", RUN_TABLES["headroom"].description)
    columns = RUN_TABLES["headroom"].fields
    end = write_table(book, sheet, "Headroom", run.tables["headroom"], columns)
    tight = {"type": "cell", "criteria": "==", "value": f'"{YES}"', "format": book.style("bad")}
    for at, column in enumerate(columns):
        if column.name in {"binds", "firm_binds"}:
            sheet.conditional_format(HEAD_ROW + 1, at, end - 1, at, tight)

    def block(top: int, table: str, name: str, title: str, frame: pd.DataFrame) -> int:
        book.text(sheet, top + 1, 0, title, "section")
        book.text(sheet, top + 2, 0, RUN_TABLES[table].description, "about")
        if len(frame) > MOST_LISTED:
            book.text(sheet, top + 4, 0, _too_long(table, len(frame)), "bad")
            return top + 5
        kept = [column for column in RUN_TABLES[table].fields if column.name in frame]
        return write_table(book, sheet, name, frame, kept, head_row=top + 4)

    for table, name, title in _MORE:
        if len(run.tables[table]):
            end = block(end, table, name, title, run.tables[table])
    prices = run.tables["prices"]
    # Prices of demand and of single time slices are many; they are in the table files.
    of_limits = prices[(prices["region"] == "") & (prices["period"] == "") & (prices["slot"] == "")]
    unused = [name for name in prices.columns if len(of_limits) and (of_limits[name] == "").all()]
    reported = of_limits.drop(columns=unused)
    block(end, "prices", "ShadowPrices", "Shadow prices of limits", reported)


def _too_long(table: str, rows: int) -> str:
    """Say that a list is not on the sheet, and where it is."""
    return (
        f"Not listed here: {rows:,} rows, more than {MOST_LISTED:,}. All are in"
        f" tables/{table}.parquet of the run folder; dcplan export writes them as CSV."
    )
