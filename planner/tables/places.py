"""Where a cell of a table is in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import Problem
from planner.base.paths import DATA_DIR
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.tables.sheet import Sheet

__all__ = ["TablePlaces"]


class TablePlaces:
    """Makes problems with rows of tables, placed at their cells; reads a file when it must."""

    def __init__(self, own: Mapping[str, Path]) -> None:
        self._own = own
        self._sheets: dict[str, Sheet] = {}

    def path(self, table: str) -> Path:
        """Return the file of a table."""
        return self._own.get(table, DATA_DIR / f"{table}.csv")

    def problem(self, table: str, record: int, column: str, what_is: str, must_be: str = "", fix: str = "") -> Problem:
        """Return a problem with a cell."""
        if table not in self._sheets:
            self._sheets[table] = read_sheet(self.path(table), table)
        sheet = self._sheets[table]
        # A table that was changed in memory may be longer than its file.
        if record < len(sheet.records) and column in sheet.header:
            return sheet.problem(record, sheet.header.index(column), what_is, must_be, fix)
        return Problem(sheet.file, None, None, what_is, must_be, fix)
