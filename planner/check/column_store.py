"""What a table of the checker is made of, until pandas asks for more than its columns.

It uses parts of pandas that are not public: the manager of a frame (`_mgr`), its `blocks` and
`axes`, their `refs`, and `pandas.api.internals.create_dataframe_from_blocks`. All were tried with
pandas 3.1.1, which `constraints.txt` pins. Where another version changes them,
`tests/check/test_quick_tables.py` fails: its tables must do what those of pandas do, and a cell
that is written must not reach the array of its column.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from pandas.api.internals import create_dataframe_from_blocks  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

__all__ = ["ColumnStore", "columns_known", "read_only", "shared"]

_ANOTHER: Final[Any] = pd.Series([0.5])._mgr.blocks[0]  # type: ignore[attr-defined]


class ColumnStore:
    """Columns by name, and the labels of the rows."""

    __slots__ = ("_can_change", "_made", "columns", "index", "names")

    def __init__(self, columns: dict[Any, NDArray[Any]], index: pd.Index[Any], *, can_change: bool = False) -> None:
        self._can_change = can_change
        self.columns = columns
        self.index = index
        self.names = _names(tuple(columns))
        self._made: tuple[Any, ...] = ()

    def blocks(self) -> Any:
        """Return the columns as pandas holds them, a block each."""
        blocks = [
            (read_only(column).reshape(1, -1), np.array([place]))
            if isinstance(column, np.ndarray)
            else (column, np.array([place]))
            for place, column in enumerate(self.columns.values())
        ]
        manager = create_dataframe_from_blocks(blocks, self.index, self.names)._mgr
        if self._can_change:
            shared(manager)
        self._made = _what_changes(manager)
        return manager

    def are_those_of(self, manager: Any) -> bool:
        """Say whether blocks that were made of these columns are still what they were.

        Whoever puts columns into a table, or gives them other names, puts other blocks or labels
        into its manager; the arrays cannot be written.
        """
        return all(one is before for one, before in zip(_what_changes(manager), self._made, strict=True))


def columns_known(table: pd.DataFrame) -> dict[Any, NDArray[Any]] | None:
    """Return the columns a table was made of; None where it was not, or has been changed."""
    parts = table.__dict__.get("_parts")
    if parts is None:
        return None
    manager = table.__dict__.get("_mgr")
    own: dict[Any, NDArray[Any]] = parts.columns
    return own if manager is None or parts.are_those_of(manager) else None


def read_only(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column that cannot be written, whoever holds the array itself."""
    if not isinstance(column, np.ndarray) or not column.flags.writeable:
        return column
    view = column.view()
    view.flags.writeable = False
    return view


def shared(manager: Any) -> Any:
    """Let pandas take arrays for shared, so that it writes into a copy and never into them."""
    for block in manager.blocks:
        block.refs.add_reference(_ANOTHER)
    return manager


def _what_changes(manager: Any) -> tuple[Any, ...]:
    return (manager.blocks, *manager.axes)


@cache
def _names(names: tuple[Hashable, ...]) -> pd.Index[Any]:
    """Return names of columns as an index, which knows their places from the first look-up on."""
    return pd.Index(names, dtype=object, tupleize_cols=False)
