"""Cells of a solved plan that are not as they were solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.scenario.tree import Place
    from planner.scenario.workbook_cells import CellGrid

__all__ = ["Edit", "edits"]


@dataclass(frozen=True)
class Edit:
    """A cell that was edited."""

    row: str  # name or id in the first cell of its row
    value: Any  # what it holds; None where it was emptied
    solved: float  # what it held as solved
    place: Place  # the cell


def edits(grid: CellGrid, name: str, edited: str, solved: str) -> Iterator[Edit]:
    """Find cells that differ from the column next to them that holds what was solved."""
    of_name, of_edited, of_solved = (grid.column_of(head) for head in (name, edited, solved))
    for row, cells in grid.rows():
        before, now = cells.get(of_solved), cells.get(of_edited)
        if not isinstance(before, int | float) or isinstance(before, bool):
            continue
        if of_name in cells and now != before:
            label = str(cells[of_name]).strip()
            yield Edit(label, now, before, grid.place(row, of_edited))
