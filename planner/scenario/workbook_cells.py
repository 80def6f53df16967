"""The filled cells of a sheet under its row of heads."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.scenario.tree import Place

__all__ = ["CellGrid", "name_and_unit"]

_HEAD: Final = re.compile(r"(?P<name>[^\s\[]+)(?:\s+\[(?P<unit>[^\]]+)\])?")


@dataclass(frozen=True)
class CellGrid:
    """Cells of a sheet by row and column, both from 1."""

    start: Place  # cell A1 of the sheet
    head_row: int  # row of the heads
    heads: Mapping[int, str]  # text by column
    cells: Mapping[int, Mapping[int, Any]]  # what is not blank below the heads, by row and column

    @classmethod
    def from_heads(cls, heads: tuple[str, ...], start: Place, filled: Mapping[tuple[int, int], Any]) -> CellGrid | None:
        """Return the grid below the first row that has some heads, None where none has."""
        rows: dict[int, dict[int, Any]] = defaultdict(dict)
        for (row, column), value in sorted(filled.items(), key=lambda item: item[0]):
            rows[row][column] = value
        for row, cells in rows.items():
            texts = {column: _text(value) for column, value in cells.items()}
            if set(heads) <= {name_and_unit(text)[0] for text in texts.values()}:
                return cls(start, row, texts, {n: rows[n] for n in rows if n > row})
        return None

    def column_of(self, name: str) -> int:
        """Return the first column that is headed so; its unit does not count."""
        return next(at for at, head in self.heads.items() if name_and_unit(head)[0] == name)

    def place(self, row: int, column: int) -> Place:
        """Return the place of a cell."""
        return replace(self.start, line=row, column=column)

    def rows(self) -> Iterator[tuple[int, Mapping[int, Any]]]:
        """Yield the rows that are not blank, each with its cells by column."""
        yield from self.cells.items()


def name_and_unit(head: str) -> tuple[str, str | None]:
    """Take a head apart.

    >>> name_and_unit("land_limit_mw [MW]"), name_and_unit("id"), name_and_unit("my notes")
    (('land_limit_mw', 'MW'), ('id', None), ('my notes', None))
    """
    found = _HEAD.fullmatch(head)
    return (found["name"], found["unit"]) if found else (head, None)


def _text(value: Any) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value).strip()
