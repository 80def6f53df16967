"""Tables read and checked, once for each file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf

from planner.base.errors import InputError, Problem
from planner.base.paths import cache_folder
from planner.tables.check import check_foreign_keys, check_sheet, known_ids
from planner.tables.descriptor import Package, load_package
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from planner.tables.descriptor import TableSchema
    from planner.tables.sheet import Sheet

# --- Checked tables kept by the hash of their bytes, so that an unchanged table is checked once ---
#
# Reading and checking the shipped tables takes longer than solving a small scenario. A table that
# passed every check of its own is kept, typed, in memory and as an Arrow file in the user's cache
# folder. Its key is a hash of the bytes of the table, of its description and of the code that
# checks it: where one of them changes, the table is read and checked again. Ids that point to
# other tables are not part of this; they are checked at every reading.
#
# A file ends with a hash of its key and of its bytes. One that does not agree, as damage on a disk
# or a partial copy leaves it, is not parsed: the table is read and checked again.
#
# The folder may be deleted at any time. `DCPLAN_CACHE` names another folder, or `off`.

_CODE: Final = ("check.py", "places.py", "read.py", "sheet.py", "workbook.py")
_MOST_TABLES: Final = 500
_KIND: Final = "tables"
_DIGEST_BYTES: Final = hashlib.sha256().digest_size
_in_memory: dict[str, pd.DataFrame] = {}


def key_of(raw: bytes, suffix: str, schema: TableSchema) -> str:
    """Return the key of a table: a hash of all that its checked form depends on."""
    parts = (hashlib.sha256(raw).hexdigest(), suffix, _hash_of_schema(schema), _hash_of_code())
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def kept_table(key: str) -> pd.DataFrame | None:
    """Return a table that passed its checks before; None where there is none of this key."""
    if key not in _in_memory:
        folder = cache_folder(_KIND)
        found = None if folder is None else _read(folder, key)
        if found is None:
            return None
        _remember(key, found)
    return _in_memory[key].copy(deep=False)


def keep_table(key: str, frame: pd.DataFrame) -> None:
    """Keep a table that passed its checks. A cache that cannot be written is done without."""
    _remember(key, frame.copy(deep=False))
    folder = cache_folder(_KIND)
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        # Written under a name of its own first: two processes may keep the same table at once.
        handle, partial = tempfile.mkstemp(prefix=".", suffix=".arrow", dir=folder)
        os.close(handle)
        try:
            content = io.BytesIO()
            pf.write_feather(frame, content, compression="uncompressed")
            Path(partial).write_bytes(content.getvalue() + _digest(key, content.getvalue()))
            Path(partial).replace(_file_of(folder, key))
        finally:
            Path(partial).unlink(missing_ok=True)
        _drop_oldest(folder)


def _remember(key: str, frame: pd.DataFrame) -> None:
    if len(_in_memory) >= _MOST_TABLES:
        _in_memory.pop(next(iter(_in_memory)))
    _in_memory[key] = frame


def _drop_oldest(folder: Path) -> None:
    """Keep the newest files, so that the tables of a project under work do not pile up."""
    by_age = sorted(folder.glob("*.arrow"), key=lambda path: -path.stat().st_mtime)
    for path in by_age[_MOST_TABLES:]:
        path.unlink(missing_ok=True)


def _read(folder: Path, key: str) -> pd.DataFrame | None:
    """Read a kept table; None where there is none, or not the one that was kept."""
    try:
        raw = memoryview(_file_of(folder, key).read_bytes())
    except OSError:
        return None
    content, digest = raw[:-_DIGEST_BYTES], raw[-_DIGEST_BYTES:]
    if digest != _digest(key, content):  # Arrow may end the program at bytes that are not its own
        return None
    # Threads would cost more than they save: most tables have some hundred rows.
    frame: pd.DataFrame = pf.read_feather(pa.BufferReader(content), use_threads=False)
    return frame


def _digest(key: str, content: bytes | memoryview) -> bytes:
    """Return what tells that a file holds what was kept under this key, byte for byte."""
    digest = hashlib.sha256(key.encode())
    digest.update(content)
    return digest.digest()


def _file_of(folder: Path, key: str) -> Path:
    return folder / f"{key}.arrow"


@cache
def _hash_of_code() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256(f"{pd.__version__} {pa.__version__}".encode())
    for name in _CODE:
        digest.update((here / name).read_bytes())
    return digest.hexdigest()


@cache
def _hash_of_schema(schema: TableSchema) -> str:
    return hashlib.sha256(repr(_plain(schema)).encode()).hexdigest()


def _plain(schema: TableSchema) -> tuple[Any, ...]:
    return (schema.name, schema.fields, schema.primary_key, schema.may_be_empty, schema.sums)


# --- Read tables strictly against the data dictionary ---------------------------------------------


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
            self.sha256[path.resolve()] = hashlib.sha256(raw).hexdigest()
            sheet = cache(lambda: sheet_of(raw, path, name))
            key = key_of(raw, path.suffix.lower(), schema)
            frame = kept_table(key)
            if frame is None:
                frame, problems = check_sheet(sheet(), schema)
                self.problems += problems
                if not problems:
                    keep_table(key, frame)
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
