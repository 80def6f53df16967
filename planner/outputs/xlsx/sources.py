"""Sheet Sources: of every table of the data, how many figures are published and how many not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.outputs.xlsx.book import cell
from planner.tables import load_package

if TYPE_CHECKING:
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["write_sources"]

_HEAD: Final = 4
_KINDS: Final = ("published", "derived", "estimate", "seed", "own")
_ABOUT: Final = (
    "Rows of every table that was read, by how sure they are: published, derived from what is, an "
    "estimate, a seed of the brief, or your own. Sheet 'Source list' names every source."
)


def write_sources(book: Book) -> None:
    """Write sheet Sources."""
    frame = _counts(book.run)
    sheet = book.sheet("Sources", _ABOUT, widths=(26, 74, *[11] * (len(_KINDS) + 1), 14))
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD)
    for column, head in enumerate(("table", "what it holds", *_KINDS, "rows", "file read")):
        is_number = 2 <= column < 3 + len(_KINDS)
        book.text(sheet, _HEAD, column, head, "head_right" if is_number else "head")
    package = load_package()
    row = _HEAD
    for table, counts in frame.iterrows():
        row += 1
        schema = package.tables.get(str(table))
        book.text(sheet, row, 0, str(table))
        book.text(sheet, row, 1, schema.title if schema else "", "unit_left")
        for column, kind in enumerate(_KINDS, start=2):
            book.number(sheet, row, column, float(counts[kind]), "#,##0;;")
        total = f"=SUM({cell(row, 2)}:{cell(row, 1 + len(_KINDS))})"
        book.formula(sheet, row, 2 + len(_KINDS), total, float(counts.sum()), "#,##0")
        entry = book.run.meta["data"].get(str(table), {})
        shipped = {True: "shipped", False: "your own"}.get(entry.get("shipped"), "")
        book.text(sheet, row, 3 + len(_KINDS), shipped, "unit_left")
    book.text(sheet, row + 1, 0, "All tables", "total")
    for column in (1, 3 + len(_KINDS)):
        book.text(sheet, row + 1, column, "", "total")
    for column, kind in enumerate((*_KINDS, ""), start=2):
        value = float(frame[kind].sum() if kind else frame.to_numpy().sum())
        span = f"{cell(_HEAD + 1, column)}:{cell(max(row, _HEAD + 1), column)}"
        book.formula(sheet, row + 1, column, f"=SUM({span})", value, "#,##0", "total")


def _counts(run: Run) -> pd.DataFrame:
    """Return rows by table and kind, of the tables that say where their figures are from."""
    counts = {
        name: frame["kind"].value_counts()
        for name, frame in run.inputs_tables.items()
        if {"source", "kind"} <= set(frame.columns)
    }
    frame = pd.DataFrame(counts).T.reindex(columns=list(_KINDS)).fillna(0.0)
    return frame.sort_index()
