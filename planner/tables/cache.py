"""Checked tables kept by the hash of their bytes, so that an unchanged table is checked once.

Reading and checking the shipped tables takes longer than solving a small scenario. A table that
passed every check of its own is kept, typed, in memory and as an Arrow file in the user's cache
folder. Its key is a hash of the bytes of the table, of its description and of the code that
checks it: where one of them changes, the table is read and checked again. Ids that point to
other tables are not part of this; they are checked at every reading.

A file ends with a hash of its key and of its bytes. One that does not agree, as damage on a disk
or a partial copy leaves it, is not parsed: the table is read and checked again.

The folder may be deleted at any time. `DCPLAN_CACHE` names another folder, or `off`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.feather as pf

from planner.base.cache import cache_folder

if TYPE_CHECKING:
    from planner.tables.descriptor import TableSchema

__all__ = ["keep_table", "kept_table", "key_of"]

_CODE: Final = ("cache.py", "check.py", "countries.py", "sheet.py", "sizes.py", "workbook.py")
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
            with Path(partial).open("wb") as file:
                content = _as_arrow(frame)
                file.write(content)
                file.write(_digest(key, content))
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


def _as_arrow(frame: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    pf.write_feather(frame, content, compression="uncompressed")
    return content.getvalue()


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
