"""Tables read and checked, once for each file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.tables.check import check_foreign_keys, check_sheet, known_ids, known_right
from planner.tables.descriptor import Package, load_package
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import pandas as pd

    from planner.tables.descriptor import TableSchema
    from planner.tables.sheet import Sheet

_MOST_KEPT: Final = 500
_right: dict[tuple[str, str, TableSchema], pd.DataFrame] = {}
"""Tables that passed every check of their own, by their bytes, form and description, until the program ends."""


@dataclass(frozen=True, eq=False)
class TablesRead:
    """Tables, and what tells the bytes that they were read from."""

    frames: dict[str, pd.DataFrame]  # the tables by name
    sha256: dict[Path, str]  # SHA-256 of the bytes that were parsed, by the full path of the file


def read_table(name_or_path: str | Path, *, package: Package | None = None) -> pd.DataFrame:
    """Read one table and check it.

    >>> read_table("sites").set_index("site").loc["no-oslo", "country"]
    'NO'
    """
    if isinstance(name_or_path, str):
        return read_tables([name_or_path], {}, package=package)[name_or_path]
    name = name_or_path.stem
    return read_tables([name], {name: name_or_path}, package=package)[name]


def read_tables(
    names: Iterable[str], overrides: Mapping[str, Path] | None = None, *, package: Package | None = None
) -> dict[str, pd.DataFrame]:
    """Read several tables and check them, also against each other."""
    return read_with_hashes(names, overrides, package=package).frames


def read_with_hashes(
    names: Iterable[str], overrides: Mapping[str, Path] | None = None, *, package: Package | None = None
) -> TablesRead:
    """Read tables as `read_tables` does, and keep what tells the bytes that were parsed.

    A file that is edited while a plan is made is another one when it is hashed later.
    """
    reader = _Reader(package or load_package(), dict(overrides or {}))
    wanted = list(names)
    for name in reader.overrides:
        reader.package[name]  # An override of a table that does not exist is a mistake.
    for name in dict.fromkeys([*wanted, *reader.overrides]):
        reader.read(name)
    reader.check_links()
    if reader.problems:
        raise InputError(reader.problems)
    return TablesRead({name: reader.frames[name].reset_index(drop=True) for name in wanted}, reader.sha256)


def right_tables(names: Iterable[str], overrides: Mapping[str, Path] | None = None) -> dict[str, pd.DataFrame]:
    """Return those of some tables in which nothing is wrong, to be judged beside the others."""
    reader = _Reader(load_package(), dict(overrides or {}))
    right: dict[str, pd.DataFrame] = {}
    for name in dict.fromkeys([*names, *reader.overrides]):
        before = len(reader.problems)
        reader.read(name)
        if len(reader.problems) == before:
            right[name] = reader.frames[name]
    return right


class _Reader:
    """Tables read so far; each file is read once, also when others point to it."""

    def __init__(self, package: Package, overrides: dict[str, Path]) -> None:
        self.package = package
        self.overrides = overrides
        self.frames: dict[str, pd.DataFrame] = {}
        self.problems: list[Problem] = []
        self.sha256: dict[Path, str] = {}
        self._wrong: set[str] = set()
        self._sheets: dict[str, Callable[[], Sheet]] = {}

    def read(self, name: str) -> None:
        """Read a table into `frames`, and its problems into `problems`."""
        before = len(self.problems)
        schema, path = self.package[name], self.overrides.get(name, self.package.path(name))
        try:
            raw = bytes_of(path)
            digest = self.sha256[path.resolve()] = hashlib.sha256(raw).hexdigest()
            sheet = cache(lambda: sheet_of(raw, path, name))
            key = digest, path.suffix.lower(), schema
            if key not in _right:
                is_known = f"sha256:{digest}" == schema.hash
                frame, problems = (known_right(raw, schema), []) if is_known else check_sheet(sheet(), schema)
                self.problems += problems
                if not problems:
                    _right[key] = frame.copy(deep=False)
                    if len(_right) > _MOST_KEPT:
                        _right.pop(next(iter(_right)))
            else:
                frame = _right[key].copy(deep=False)
        except InputError as error:
            self.problems += error.problems
            return
        finally:
            if len(self.problems) > before:
                self._wrong.add(name)
        self._sheets[name], self.frames[name] = sheet, frame

    def check_links(self) -> None:
        """Check ids of every table read against the tables they point to."""
        for name in list(self._sheets):
            schema = self.package[name]
            keys = self._keys
            if name not in self.overrides:
                self._set_aside(name, schema)
                keys = self._right_keys
            self.problems += check_foreign_keys(self._sheets[name], self.frames[name], schema, keys)

    def _set_aside(self, name: str, schema: TableSchema) -> None:
        """Drop default rows about things that a user's own table does not have.

        An id in the primary key says what a row is about: default limits of sites that are not
        among the user's own are of no concern. An id elsewhere, such as the zone of a site,
        stays and is an error when it is unknown.
        """
        for link in schema.foreign_keys:
            is_of_own = any(table in self.overrides for table, _ in link.targets)
            known = known_ids(link, self._keys) if is_of_own else None
            if known is not None and link.field in schema.primary_key:
                frame = self.frames[name]
                self.frames[name] = frame[frame[link.field].isin(known)]

    def _keys(self, name: str, column: str) -> pd.Series[Any] | None:
        if name not in self.frames and name not in self.overrides:
            self.read(name)
        frame = self.frames.get(name)
        return None if frame is None or column not in frame else frame[column]

    def _right_keys(self, name: str, column: str) -> pd.Series[Any] | None:
        """Return ids that a default table may point to; None where they are in doubt.

        A user's own table that is wrong may lack an id that is there once it is right: its own
        problems come first, not what they do to files that the user never saw.
        """
        return None if name in self._wrong and name in self.overrides else self._keys(name, column)
