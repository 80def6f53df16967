"""The workbook of a run: its sheets, and which of them print."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from planner.outputs.canvas import COLOURS, INK, PALE, Canvas, cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run

__all__ = ["BOARD", "COLOURS", "COVER", "INK", "PALE", "Book", "cell"]

COVER: Final = "Cover"
BOARD: Final = {
    COVER: 1,
    "Summary": 1,
    "Charts": 1,
    "Bridge": 1,
    "Sites": 1,
    "Power": 2,
    "Money": 4,
    "Costs": 1,
    "Limits": 1,
    "Risks": 1,
    "Sources": 1,
}
"""Sheets that print, and on how many pages each at most: together no more than fifteen."""
_NO_PRINT: Final = 1_048_570
"""A row that stays blank."""


class Book(Canvas):
    """The workbook of a run."""

    def __init__(self, run: Run, workbook: Workbook, prints: Mapping[str, int] = MappingProxyType(BOARD)) -> None:
        super().__init__(run.title, workbook, COVER)
        self.run, self._prints = run, prints

    def sheet(self, name: str, about: str, *, widths: Sequence[float] = ()) -> Worksheet:
        """Return a sheet as `Canvas.sheet` does; those that are not to print do not.

        Programs print a workbook sheet by sheet and none lets a visible sheet be left out. A print
        area of one blank cell prints no page in LibreOffice, and in Excel at most a blank one.
        """
        sheet = super().sheet(name, about, widths=widths)
        pages = self._prints.get(name)
        if pages is None:
            sheet.print_area(_NO_PRINT, 0, _NO_PRINT, 0)
        else:
            sheet.fit_to_pages(1, pages)
            sheet.set_tab_color(INK)
        return sheet
