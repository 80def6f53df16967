"""Settings, and cells of input tables, in which runs differ."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.inputs import TABLES
from planner.scenario.keys import is_by_year
from planner.tables import load_package
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.outputs.run import Run

# --- Cells of input tables in which runs differ, by the key of their rows -------------------------

_ROW: Final = "(row)"
_SEPARATOR: Final = ", "


@dataclass(frozen=True, eq=False)
class CellDifference:
    """A cell that is not the same in all runs."""

    table: str  # where it is; column ``(row)`` where a run lacks the whole row
    row: str  # key of its row
    column: str
    values: tuple[Any, ...]  # what each run has there; None where it is blank, or the row or column is not there
    # where each is, as ``file:line``; None where the file is no longer the one that was read
    places: tuple[str | None, ...]


@dataclass(frozen=True, eq=False)
class TableDifference:
    """A table whose content is not the same in all runs."""

    table: str  # its name; a file that is no table of the data goes by its setting
    files: tuple[str, ...]  # what each run read; "" where it read none
    hashes: tuple[str, ...]  # SHA-256 of each
    # cells that differ; none for files that a run does not keep, and for a file that is written in another way and
    # holds the same
    cells: tuple[CellDifference, ...]


def table_differences(runs: Sequence[Run]) -> list[TableDifference]:
    """Find the input tables in which runs differ, and their cells."""
    found = []
    for table in sorted({name for run in runs for name in run.meta["data"]}):
        entries = [run.meta["data"].get(table, {}) for run in runs]
        hashes = tuple(str(entry.get("sha256", "")) for entry in entries)
        if len(set(hashes)) == 1:
            continue
        files = tuple(str(entry.get("file", "")) for entry in entries)
        found.append(TableDifference(table, files, hashes, tuple(_cells(table, runs))))
    return found


def tables_together(first: Run, other: Run) -> list[tuple[str, ...]]:
    """Name the tables that two runs read otherwise, those that only go together in one tuple.

    Default rows about things that a table of one's own does not have are set aside when they are
    read: a table of which that is all that differs goes with the one that is its reason, which is
    named first.
    """
    differ = [
        name
        for name in TABLES
        if name in first.inputs_tables
        and name in other.inputs_tables
        and not first.inputs_tables[name].equals(other.inputs_tables[name])
    ]
    root = {name: name for name in differ}

    def find(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    for name in differ:
        if not _is_same_file(name, first, other):
            continue
        for key in load_package()[name].foreign_keys:
            for target, _ in key.targets:
                if target in root:
                    root[find(name)] = find(target)
    together: dict[str, list[str]] = {}
    for name in differ:
        together.setdefault(find(name), []).append(name)
    return [(name, *(one for one in of if one != name)) for name, of in together.items()]


def _is_same_file(name: str, first: Run, other: Run) -> bool:
    hashes = {run.meta["data"].get(name, {}).get("sha256") for run in (first, other)}
    return len(hashes) == 1


def _cells(table: str, runs: Sequence[Run]) -> Iterator[CellDifference]:
    if not all(table in run.inputs_tables for run in runs):
        return
    frames = [run.inputs_tables[table] for run in runs]
    schemas = load_package().tables
    key = list(schemas[table].primary_key) if table in schemas else []
    if not key or not all(_is_key(frame, key) for frame in frames):
        key = []
    keyed = [
        frame.set_index(pd.MultiIndex.from_frame(frame[key]) if key else pd.RangeIndex(len(frame))) for frame in frames
    ]
    rows = keyed[0].index
    for frame in keyed[1:]:
        rows = rows.append(frame.index.difference(rows, sort=False))
    places = [frame.index.get_indexer(rows) for frame in keyed]
    is_there = np.array([place >= 0 for place in places])
    lines = _Lines(table, runs, frames)
    names = [_name(row) for row in rows]
    for at in np.flatnonzero(~is_there.all(axis=0)):
        values = tuple("there" if there else None for there in is_there[:, at])
        yield CellDifference(table, names[at], _ROW, values, lines.find_rows([p[at] for p in places]))
    in_all = np.flatnonzero(is_there.all(axis=0))
    columns = dict.fromkeys(str(name) for frame in frames for name in frame if name not in key)
    for column in columns:
        cells = [_column(frame, column)[place[in_all]] for frame, place in zip(frames, places, strict=True)]
        differs = np.zeros(len(in_all), dtype=np.bool_)
        for of in cells[1:]:
            differs |= np.not_equal(of, cells[0]).astype(np.bool_)
        for at in np.flatnonzero(differs):
            values = tuple(_plain(of[at]) for of in cells)
            row = in_all[at]
            places_of = lines.find_rows([place[row] for place in places])
            yield CellDifference(table, names[row], column, values, places_of)


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return the cells of a column; those that are blank, or not there, are None."""
    if name not in frame:
        return np.full(len(frame), None, dtype=object)
    cells = frame[name].to_numpy(dtype=object, copy=True)
    cells[frame[name].isna().to_numpy()] = None
    return cells


class _Lines:
    """Lines of rows in the files that were read, where these are still as they were."""

    def __init__(self, table: str, runs: Sequence[Run], frames: Sequence[pd.DataFrame]) -> None:
        self._sheets = [
            _sheet(table, run.meta["data"].get(table, {}), len(frame)) for run, frame in zip(runs, frames, strict=True)
        ]

    def find_rows(self, rows: Sequence[int]) -> tuple[str | None, ...]:
        """Return the place of a row of each run, None where it has none."""
        return tuple(
            None if sheet is None or row < 0 else f"{sheet.file}:{sheet.place(int(row), 0)[0]}"
            for sheet, row in zip(self._sheets, rows, strict=True)
        )


def _sheet(table: str, entry: Mapping[str, Any], rows: int) -> Any:
    """Return the cells of a file with their places; None where it is another file by now.

    Rows of shipped tables about things that a scenario's own tables lack are set aside when they
    are read: the rows of such a table are not those of its file.
    """
    file = str(entry.get("file", ""))
    path = DATA_DIR / file if entry.get("shipped") else Path(file)
    try:
        raw = bytes_of(path)
        if hashlib.sha256(raw).hexdigest() != entry.get("sha256"):
            return None
        sheet = sheet_of(raw, path, table)
    except InputError:
        return None
    return sheet if len(sheet.records) == rows else None


def _is_key(frame: pd.DataFrame, key: Sequence[str]) -> bool:
    return set(key) <= set(frame) and not frame.duplicated(list(key)).any()


def _name(row: Any) -> str:
    labels = row if isinstance(row, tuple) else (row,)
    return _SEPARATOR.join("" if pd.isna(one) else str(one) for one in labels)


def _plain(value: Any) -> Any:
    """Return a cell as Python's own type."""
    return value.item() if hasattr(value, "item") else value


# --- Settings in which runs differ, key by key, with the file and line of each --------------------

ABSENT: Final = object()
"""What a run has at a key that its scenario does not have at all."""
_OF_NO_PLAN: Final = frozenset({"version", "title", "question", "data"})
"""Keys that say nothing of the plan; tables of one's own are compared by what they hold."""


@dataclass(frozen=True, eq=False)
class SettingDifference:
    """A key at which the merged scenarios of runs are not the same."""

    keys: tuple[str, ...]  # path to the key; a path by year and a list are one value
    values: tuple[Any, ...]  # what each run has there; `ABSENT` where it has no such key
    places: tuple[str | None, ...]  # where each was written, as ``file:line``; None for a default

    @property
    def name(self) -> str:
        """The key as in ``--set``."""
        return ".".join(self.keys)


def setting_differences(runs: Sequence[Run]) -> list[SettingDifference]:
    """Find the settings in which runs differ."""
    settings = [{key: value for key, value in run.meta["merged"].items() if key not in _OF_NO_PLAN} for run in runs]
    return [
        SettingDifference(keys, values, tuple(_place(run, keys) for run in runs))
        for keys, values in _walk(settings, ())
    ]


def setting_text(value: Any) -> str:
    """Write the value of a setting for people.

    >>> setting_text({"2027": 30.0}), setting_text("tiny"), setting_text(None)
    ('{"2027": 30.0}', 'tiny', 'default')
    """
    if value is None:
        return "default"
    if value is ABSENT:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _walk(settings: Sequence[Any], way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Yield the key paths at which settings differ, and what each has there."""
    if all(of == settings[0] for of in settings[1:]):
        return
    are_blocks = all(isinstance(of, dict) for of in settings)
    if not are_blocks or (way and is_by_year(way)):
        yield way, tuple(settings)
        return
    for key in dict.fromkeys(key for of in settings for key in of):
        yield from _walk([of.get(key, ABSENT) for of in settings], (*way, str(key)))


def _place(run: Run, keys: tuple[str, ...]) -> str | None:
    """Return where a key was written; of a block or a list the first place in it."""
    written, name = run.meta["written"], ".".join(keys)
    if name in written:
        return str(written[name])
    within = (place for key, place in written.items() if key.startswith(f"{name}."))
    found = next(within, None)
    return None if found is None else str(found)
