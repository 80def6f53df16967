"""Raw cells of a table file, each with its place: CSV, Excel workbook or Parquet.

Everything becomes text here, whatever the format, so that one set of checks serves all three
and a problem can be shown as `file:line:column`.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Sheet", "bytes_of", "read_sheet", "sheet_of", "shown_path"]

SUFFIXES: Final = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True)
class Sheet:
    """Header and records as text, and the way from a cell to its place.

    `records[i][j]` is the cell of record i under `header[j]`; a blank cell is "". Records keep
    the length they have in the file. `place(i, j)` gives the 1-based line and column; record -1
    is the header.
    """

    file: str
    header: list[str]
    records: list[list[str]]
    place: Callable[[int, int], tuple[int, int]]


def shown_path(path: Path) -> str:
    """Return a path as messages show it: relative to where the user is, when it lies there."""
    here = Path.cwd()
    full = path.resolve()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(path)


def read_sheet(path: Path, table: str) -> Sheet:
    """Read a file into text cells: `sheet_of` the `bytes_of` it."""
    return sheet_of(bytes_of(path), path, table)


def bytes_of(path: Path) -> bytes:
    """Read a table file as it is.

    Parameters
    ----------
    path : Path
        A .csv (UTF-8), .xlsx or .parquet file.

    Returns
    -------
    bytes
        Its content, at least one byte.

    Raises
    ------
    InputError
        If there is no such file, or it is empty or of another format.
    """
    file = shown_path(path)
    if not path.is_file():
        raise _error(file, "there is no such file", "a .csv, .xlsx or .parquet file")
    if path.suffix.lower() not in SUFFIXES:
        raise _error(file, f"the file ends in '{path.suffix}'", "one of " + ", ".join(SUFFIXES))
    raw = path.read_bytes()
    if not raw:
        raise _error(file, "the file is empty", "a header line and rows", line=1, column=1)
    return raw


def sheet_of(raw: bytes, path: Path, table: str) -> Sheet:
    """Take the content of a file apart into text cells.

    Parameters
    ----------
    raw : bytes
        What `bytes_of` returned.
    path : Path
        Where it was read: its ending says the format, and messages name it.
    table : str
        Name of the table; a workbook's sheet of that name is taken, else its first sheet.

    Returns
    -------
    Sheet
        Header, records and places.

    Raises
    ------
    InputError
        If it holds nothing, is not UTF-8 or broken.
    """
    file, suffix = shown_path(path), path.suffix.lower()
    if suffix == ".csv":
        return _read_csv(raw, file)
    return _read_xlsx(raw, file, table) if suffix == ".xlsx" else _read_parquet(raw, file)


def _error(
    file: str,
    what_is: str,
    must_be: str,
    mend: str = "",
    *,
    line: int | None = None,
    column: int | None = None,
) -> InputError:
    return InputError([Problem(file, line, column, what_is, must_be, mend)])


def _read_csv(raw: bytes, file: str) -> Sheet:
    lines = list(io.StringIO(_decode(raw, file), newline=""))
    reader = csv.reader(lines, strict=True)
    records: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    start = 0
    try:
        for record in reader:
            if record:
                records.append(record)
                spans.append((start, reader.line_num))
            start = reader.line_num
    except csv.Error as error:
        raise _error(
            file,
            f"the record that begins here cannot be read ({error})",
            "comma-separated values with balanced double quotes",
            line=start + 1,
            column=1,
        ) from error
    if not records:
        raise _error(file, "the file is empty", "a header line and rows", line=1, column=1)

    def place(record: int, cell: int) -> tuple[int, int]:
        first, end = spans[record + 1]
        line, column = _cell_starts(lines[first:end])[cell]
        return first + line, column

    return Sheet(file, records[0], records[1:], place)


def _decode(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # error.object is without the byte order mark, if there was one.
        before = error.object[: error.start].decode("utf-8")
        raise _error(
            file,
            f"byte 0x{error.object[error.start]:02x} is not UTF-8",
            "text in UTF-8",
            "save the file as 'CSV UTF-8'",
            line=before.count("\n") + 1,
            column=len(before) - (before.rfind("\n") + 1) + 1,
        ) from error


def _cell_starts(lines: list[str]) -> list[tuple[int, int]]:
    r"""Return line and column, from 1, at which each cell of one record begins.

    Examples
    --------
    >>> _cell_starts(['a,"b,""c""\n', 'd",e'])
    [(1, 1), (1, 3), (2, 4)]
    """
    starts = [(1, 1)]
    in_quotes = cell_is_quoted = False
    for line, text in enumerate(lines, start=1):
        for column, char in enumerate(text, start=1):
            if char == '"' and (cell_is_quoted or starts[-1] == (line, column)):
                in_quotes, cell_is_quoted = not in_quotes, True
            elif char == "," and not in_quotes:
                starts.append((line, column + 1))
                cell_is_quoted = False
    return starts


def _read_xlsx(raw: bytes, file: str, table: str) -> Sheet:
    try:
        import openpyxl
    except ImportError as error:
        raise _error(
            file,
            "workbooks need openpyxl, which is not installed",
            "readable",
            "`pip install openpyxl`, or save the sheet as CSV UTF-8",
        ) from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _error(file, f"the workbook cannot be opened ({error})", "an .xlsx file") from error
    sheet = book[table] if table in book.sheetnames else book.worksheets[0]
    rows = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    book.close()
    filled = [number for number, row in enumerate(rows) if any(row)]
    if not filled:
        raise _error(file, "the sheet is empty", "a header row and rows", line=1, column=1)
    # Excel keeps blank columns right of the table when someone once typed there.
    width = max(j + 1 for j, name in enumerate(rows[filled[0]]) if name)
    records = [row[:width] if not any(row[width:]) else row for row in (rows[n] for n in filled)]
    return Sheet(
        file, records[0], records[1:], lambda record, cell: (filled[record + 1] + 1, cell + 1)
    )


def _read_parquet(raw: bytes, file: str) -> Sheet:
    try:
        frame = pd.read_parquet(io.BytesIO(raw))
    except (OSError, pa.ArrowException) as error:
        raise _error(file, f"the file cannot be read ({error})", "a Parquet file") from error
    records = [[_text(value) for value in row] for row in _objects(frame)]
    return Sheet(
        file,
        [str(name) for name in frame.columns],
        records,
        lambda record, cell: (record + 1, cell + 1),
    )


def _objects(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    columns = [frame[name].astype(object).where(frame[name].notna(), None) for name in frame]
    return zip(*columns, strict=True)


def _text(value: Any) -> str:
    """Return the cell as a CSV file would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
