"""The tables of a run folder, each read once, when it is asked for, and checked then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from planner.results.schema import RUN_TABLES
from planner.results.store import read_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["StoredTables", "read_input", "read_result"]


class StoredTables(Mapping[str, pd.DataFrame]):
    """Tables by name."""

    def __init__(self, folder: Path, names: Iterable[str], read: Callable[[str, Path], pd.DataFrame]) -> None:
        there = [path.stem for path in sorted(folder.glob("*.parquet"))]
        self._paths = {name: folder / f"{name}.parquet" for name in (*names, *there)}
        self._read = read
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table."""
        path = self._paths[name]
        if name not in self._frames:
            self._frames[name] = self._read(name, path)
        return self._frames[name]

    def __contains__(self, name: object) -> bool:
        """Whether it is a table of the run, readable or not."""
        return name in self._paths

    def __iter__(self) -> Iterator[str]:
        """Name the tables."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Count the tables."""
        return len(self._paths)


def read_result(name: str, path: Path) -> pd.DataFrame:
    """Read a result table; one of another name is read as it is."""
    return read_stored(path, RUN_TABLES.get(name))[0]


def read_input(name: str, path: Path) -> pd.DataFrame:
    """Read a table as it was read from the data."""
    return read_stored(path, None)[0]
