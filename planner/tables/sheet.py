"""Raw cells of a table file, each with its place: CSV, Excel workbook or Parquet.

Everything becomes text here, whatever the format, so that one set of checks serves all three
and a problem can be shown as `file:line:column`.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from array import array
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from planner.base.errors import MOST_PROBLEMS, InputError, Problem, unlisted_problems
from planner.base.paths import is_file
from planner.base.sheet_cells import in_sheet
from planner.tables.workbook import WorkbookError, most_cells, read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from planner.tables.workbook import Cells

SUFFIXES: Final = (".csv", ".xlsx", ".parquet")
_LONGEST_LINE: Final = 1_000_000  # bytes; the longest record of a shipped table has 2,000
_LONGEST_REASON: Final = 200  # characters of what another program says of a file
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_DECIMAL_COMMA: Final = "[+-]?[0-9]+,[0-9]+"
_HEAD: Final = re.compile(r"(?P<name>\w+) \[(?P<unit>[^\]]+)\]")
"""A head of a workbook that says the unit of its column."""
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Sheet:
    """Header and records as text, and the way from a cell to its place.

    `records[i][j]` is the cell of record i under `header[j]`; a blank cell is "". Records keep
    the length they have in the file. `place(i, j)` gives the 1-based line and column; record -1
    is the header. `sheet` is the name of a workbook's sheet, and `units` what its heads say behind
    the names of the columns, "" where they say none. `problems` are those of single cells that
    were found on reading.
    """

    file: str
    header: list[str]
    records: list[list[str]]
    place: Callable[[int, int], tuple[int, int]]
    sheet: str = ""
    units: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def problem(self, record: int, cell: int, what_is: str, must_be: str = "", fix: str = "") -> Problem:
        """Return a problem at a cell."""
        line, column = self.place(record, cell)
        if self.sheet:
            return Problem.of(in_sheet(self.file, self.sheet, line, column), what_is, must_be, fix)
        return Problem(self.file, line, column, what_is, must_be, fix)


def shown_path(path: Path) -> str:
    """Return a path as messages show it: relative to where the user is, when it lies there."""
    try:
        here = Path.cwd()
        full = path.resolve()
    except (OSError, ValueError):  # the folder is gone, or no path can be called so
        return str(path)
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(path)


def read_sheet(path: Path, table: str) -> Sheet:
    """Read a file into text cells: `sheet_of` the `bytes_of` it."""
    return sheet_of(bytes_of(path), path, table)


def bytes_of(path: Path) -> bytes:
    """Read a table file as it is."""
    file = shown_path(path)
    if not is_file(path):
        raise _error(file, "there is no such file", "a .csv, .xlsx or .parquet file")
    if path.suffix.lower() not in SUFFIXES:
        raise _error(file, f"the file ends in '{path.suffix}'", "one of " + ", ".join(SUFFIXES))
    try:
        raw = path.read_bytes()
    except OSError as error:
        what_is, fix = f"the file cannot be read: {error.strerror}", "check that you may read it"
        raise _error(file, what_is, "readable", fix) from error
    if not raw:
        raise _error(file, "the file is empty", "a header line and rows", line=1, column=1)
    return raw


def sheet_of(raw: bytes, path: Path, table: str) -> Sheet:
    """Take the content of a file apart into text cells."""
    file, suffix = shown_path(path), path.suffix.lower()
    if suffix == ".csv":
        return _read_csv(raw, file)
    return _read_xlsx(raw, file, table) if suffix == ".xlsx" else _read_parquet(raw, file)


def _error(
    file: str, what_is: str, must_be: str, fix: str = "", *, line: int | None = None, column: int | None = None
) -> InputError:
    return InputError([Problem(file, line, column, what_is, must_be, fix)])


def _read_csv(raw: bytes, file: str) -> Sheet:
    _refuse_long_lines(raw, file)
    _refuse_other_separator(raw, file)
    # Line by line: a cell without its closing quote holds all that follows.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline=""), strict=True)
    records: list[list[str]] = []
    firsts, ends = array("q"), array("q")
    start = 0
    try:
        for record in reader:
            if record:
                records.append(record)
                firsts.append(start)
                ends.append(reader.line_num)
            start = reader.line_num
    except UnicodeDecodeError:
        _decode(raw, file)  # says where
        raise
    except csv.Error as error:
        what_is = f"the record that begins here cannot be read ({error})"
        must_be = "comma-separated values with balanced double quotes"
        raise _error(file, what_is, must_be, line=start + 1, column=1) from error
    if not records:
        raise _error(file, "the file is empty", "a header line and rows", line=1, column=1)
    lines = cache(lambda: list(io.StringIO(_decode(raw, file), newline="")))

    def place(record: int, cell: int) -> tuple[int, int]:
        first, end = firsts[record + 1], ends[record + 1]
        line, column = _cell_starts(lines()[first:end])[cell]
        return first + line, column

    return Sheet(file, records[0], records[1:], place)


def _refuse_long_lines(raw: bytes, file: str) -> None:
    """Raise for a line that no table has, before it is decoded and taken apart."""
    start = 0
    while len(raw) - start > _LONGEST_LINE:
        window = (start, start + _LONGEST_LINE + 1)
        end = max(raw.rfind(b"\n", *window), raw.rfind(b"\r", *window))
        if end < 0:
            line = len(_LINE_END.findall(raw[:start])) + 1
            found = _LINE_END.search(raw, start)
            size = (found.start() if found else len(raw)) - start
            fix = "shorten the text of its cells, or end each record with a line break"
            raise _error(file, f"the line has {size:,} bytes", f"at most {_LONGEST_LINE:,}", fix, line=line, column=1)
        start = end + 1


def _refuse_other_separator(raw: bytes, file: str) -> None:
    """Raise for a file whose cells are not separated by commas: once, not for each of its cells.

    Spreadsheets in languages with a decimal comma write semicolons between cells.
    """
    head = raw[:_LONGEST_LINE].partition(b"\n")[0]
    if b"," in head or not any(sign.encode() in head for sign in _SEPARATORS):
        return
    header, _, rows = _decode(raw, file).partition("\n")
    sign = next(sign for sign in _SEPARATORS if sign in header)
    found = re.search(rf"(?:^|{re.escape(sign)})\"?({_DECIMAL_COMMA})\"?\s*(?:$|{re.escape(sign)})", rows, re.MULTILINE)
    comma = f", and numbers have a decimal comma ({found.group(1)})" if found else ""
    what_is, must_be = (
        f"the cells are separated by {_SEPARATORS[sign]}{comma}",
        "separated by commas, with decimal points",
    )
    raise _error(file, what_is, must_be, "save it so, or as .xlsx", line=1, column=header.index(sign) + 1)


def _decode(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # error.object is without the byte order mark, if there was one.
        before = error.object[: error.start].decode("utf-8")
        what_is, fix = f"byte 0x{error.object[error.start]:02x} is not UTF-8", "save the file as 'CSV UTF-8'"
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise _error(file, what_is, "text in UTF-8", fix, line=line, column=column) from error


def _cell_starts(lines: list[str]) -> list[tuple[int, int]]:
    r"""Return line and column, from 1, at which each cell of one record begins.

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
        cells = read_workbook(raw, table)
    except WorkbookError as error:
        raise _error(file, str(error), error.must_be, error.fix) from error
    rows = [[_text(value) for value in row] for row in cells.rows]
    filled = [number for number, row in enumerate(rows) if any(row)]
    if not filled:
        raise _error(file, f"sheet {cells.sheet!r} is empty", "header and data rows", line=1, column=1)
    # Excel keeps blank columns right of the table when someone once typed there.
    width = max(j + 1 for j, name in enumerate(rows[filled[0]]) if name)
    records = [row[:width] if not any(row[width:]) else row for row in (rows[n] for n in filled)]

    def place(record: int, cell: int) -> tuple[int, int]:
        return cells.first_row + filled[record + 1], cells.first_column + cell

    heads = [_HEAD.fullmatch(head) for head in records[0]]
    names = [found["name"] if found else head for found, head in zip(heads, records[0], strict=True)]
    units = tuple(found["unit"] if found else "" for found in heads)
    return Sheet(file, names, records[1:], place, cells.sheet, units, _error_cells(cells, file))


def _error_cells(cells: Cells, file: str) -> tuple[Problem, ...]:
    """Return the cells that hold an error of Excel, which is read as blank."""
    said = ("an error such as #N/A", "a value or blank", "correct the formula, or empty the cell")
    problems = [Problem.of(in_sheet(file, cells.sheet, row, column), *said) for row, column in cells.errors]
    rest = cells.error_count - MOST_PROBLEMS
    if rest > 1:
        problems = [*problems[:MOST_PROBLEMS], unlisted_problems(file, rest)]
    return tuple(problems)


def _read_parquet(raw: bytes, file: str) -> Sheet:
    from pyarrow import parquet

    try:
        source = parquet.ParquetFile(io.BytesIO(raw))
        shape = source.metadata.num_rows, source.metadata.num_columns
        cells, most = shape[0] * shape[1], most_cells(len(raw))
        if cells > most:
            what_is = f"the file unpacks to {shape[0]:,} rows of {shape[1]} columns"
            raise _error(file, what_is, f"at most {most:,} cells", "save the table as CSV UTF-8")
        frame = source.read().to_pandas()
        # Text is decoded here, so bytes that are not UTF-8 are found here.
        records = [[_text(value) for value in row] for row in _objects(frame)]
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0][:_LONGEST_REASON]
        raise _error(file, f"the file cannot be read ({reason})", "a Parquet file") from error
    return Sheet(file, [str(name) for name in frame.columns], records, lambda record, cell: (record + 1, cell + 1))


def _objects(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    columns = [frame.iloc[:, at].astype(object).where(frame.iloc[:, at].notna(), None) for at in range(frame.shape[1])]
    return zip(*columns, strict=True)


def _text(value: Any) -> str:
    """Return the cell as a CSV file would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        # A workbook holds a midnight; that it shows no time is but a format.
        value = datetime.datetime.combine(value, datetime.time())
    return str(value)
