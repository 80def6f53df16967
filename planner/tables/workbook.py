"""Cells of an Excel workbook, and what keeps one from being read: size, and cells with errors.

A workbook is a packed folder of XML, so a small file can unfold to gigabytes, and one cell far
from the others makes a sheet of billions. What it unpacks to is counted here first, in one pass
that holds little; only then is it read.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree
from xml.parsers import expat

from planner.base.sheet_cells import cell_name, column_number

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CELLS: Final = 5_000_000
CELLS_PER_BYTE: Final = 4
"""A sheet of numbers takes some four bytes for a cell; one of nothing but repeats, a third."""
MOST_UNFOLDED: Final = 64 * 2**20
UNFOLDED_PER_BYTE: Final = 50
"""Sheets unfold to some ten times their size, and to some twenty where every row is the same."""
MOST_TEXT: Final = 2**30
MOST_ERRORS: Final = 51
_CHUNK: Final = 2**20
_WORKBOOK: Final = "xl/workbook.xml"
_SHARED_STRINGS: Final = "xl/sharedStrings.xml"
_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_ID: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_OF_ZIP: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, RuntimeError)
_UNREADABLE: Final = (*_OF_ZIP, ElementTree.ParseError, expat.ExpatError)
"""What opening a workbook raises that is none, or is cut; a method that zip files lack is a RuntimeError."""


class WorkbookError(Exception):
    """A workbook that is not read; its text says what it is, `must_be` and `fix` the rest."""

    def __init__(self, what_is: str, must_be: str = "an .xlsx file", fix: str = "") -> None:
        self.must_be, self.fix = must_be, fix
        super().__init__(what_is)


@dataclass(frozen=True)
class Cells:
    """The filled part of a sheet."""

    sheet: str  # its name
    first_row: int  # position of the top left cell, from 1
    first_column: int
    rows: list[list[Any]]  # values; a blank cell is ""
    # row and column, from 1, of cells that hold an error such as #DIV/0!, the first of them
    errors: tuple[tuple[int, int], ...] = ()
    error_count: int = 0  # how many such cells there are


def most_cells(size: int) -> int:
    """Return the most cells that a file may unfold to. Takes `size` [byte]."""
    return MOST_CELLS + CELLS_PER_BYTE * size


def read_workbook(raw: bytes, wanted: str) -> Cells:
    """Read a sheet of a workbook."""
    with _opened(raw) as package:
        parts = _sheets(package)
        sheet = wanted if wanted in parts else next(iter(parts))
        scan = _scanned(package, parts[sheet], sheet, most_cells(len(raw)))
    return _read(raw, sheet, scan)


def sheet_names(raw: bytes) -> list[str]:
    """Return the names of the worksheets of a workbook, in its order."""
    with _opened(raw) as package:
        return list(_sheets(package))


@contextmanager
def _opened(raw: bytes) -> Iterator[zipfile.ZipFile]:
    """Open the package; what keeps it from being read is a `WorkbookError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            _check_unfolded(package, len(raw))
            yield package
    except _UNREADABLE as error:
        raise WorkbookError(_cannot(error)) from error


def _cannot(error: BaseException) -> str:
    return f"the workbook cannot be opened ({str(error).strip() or type(error).__name__})"


def _check_unfolded(package: zipfile.ZipFile, size: int) -> None:
    unfolded = sum(part.file_size for part in package.infolist())
    most = MOST_UNFOLDED + UNFOLDED_PER_BYTE * size
    if unfolded > most:
        what_is = f"the workbook of {size:,} bytes unpacks to {unfolded:,}"
        raise WorkbookError(what_is, f"at most {most:,} bytes", "save the sheet as CSV UTF-8")


def _sheets(package: zipfile.ZipFile) -> dict[str, str]:
    """Return the parts of the worksheets by name, in the order of the workbook."""
    target = {
        relation.get("Id"): relation.get("Target", "")
        for relation in ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))
        if relation.get("Type", "").endswith("/worksheet")
    }
    names = package.namelist()
    parts = {}
    for node in ElementTree.fromstring(package.read(_WORKBOOK)).iter():
        if node.tag.endswith("}sheet"):
            part = target.get(node.get(_ID) or node.get(_STRICT_ID))
            if part is not None:
                path = posixpath.normpath(posixpath.join("/xl", part)).lstrip("/")
                parts[node.get("name", "")] = path
    found = {name: path for name, path in parts.items() if path in names}
    if not found:
        msg = "the workbook has no sheet"
        raise WorkbookError(msg)
    return found


@dataclass
class _Scan:
    """What a sheet holds, counted without keeping it."""

    name: str
    most: int
    filled: int = 0
    texts: int = 0
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    errors: list[tuple[int, int]] = field(default_factory=list)
    error_count: int = 0

    def parser(self) -> expat.XMLParserType:
        """Return a parser that counts what it is given."""
        row = column = 0
        kind: str | None = None
        is_counted = False
        of_letters: dict[str, int] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal row, column, kind, is_counted
            tag = tag[tag.rfind(":") + 1 :]  # some programs write x:c
            if tag == "c":
                place, kind, is_counted = attributes.get("r"), attributes.get("t"), False
                if place is None:
                    column += 1
                    return
                letters = place.rstrip("0123456789")
                if letters not in of_letters:
                    of_letters[letters] = _column_of(letters)
                column, row = of_letters[letters], int(place[len(letters) :])
            elif tag in {"v", "is"} and not is_counted:
                is_counted = True
                self._count(row, column, kind)
            elif tag == "row":
                row, column = int(attributes.get("r", row + 1)), 0

        parser = expat.ParserCreate(namespace_separator=None)
        parser.StartElementHandler = start
        return parser

    def _count(self, row: int, column: int, kind: str | None) -> None:
        if not self.filled:
            self.top = self.bottom = row
            self.left = self.right = column
        self.filled += 1
        self.top, self.bottom = min(self.top, row), max(self.bottom, row)
        self.left, self.right = min(self.left, column), max(self.right, column)
        if kind == "s":
            self.texts += 1
        elif kind == "e":
            self.error_count += 1
            if len(self.errors) < MOST_ERRORS:
                self.errors.append((row, column))
        cells = (self.bottom - self.top + 1) * (self.right - self.left + 1)
        if cells > self.most:
            first, last = cell_name(self.top, self.left), cell_name(self.bottom, self.right)
            what_is = f"sheet {self.name!r} reaches from {first} to {last}, {cells:,} cells"
            fix = "delete the cells far from the table, or save the sheet as CSV UTF-8"
            raise WorkbookError(what_is, f"at most {self.most:,} in a file of its size", fix)


def _column_of(letters: str) -> int:
    if not (letters.isascii() and letters.isalpha()):
        msg = f"{letters!r} names no column"
        raise ValueError(msg)
    return column_number(letters.upper())


def _scanned(package: zipfile.ZipFile, part: str, sheet: str, most: int) -> _Scan:
    scan = _Scan(sheet, most)
    parser = scan.parser()
    for chunk in _chunks(package, part):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)
    if scan.texts and _SHARED_STRINGS in package.namelist():
        text = scan.texts * _longest_text(package)
        if text > MOST_TEXT:
            what_is = f"the texts of sheet {sheet!r} unfold to some {text:,} characters"
            raise WorkbookError(what_is, f"at most {MOST_TEXT:,}", "shorten the longest text")
    return scan


def _longest_text(package: zipfile.ZipFile) -> int:
    longest = length = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal length
        if tag[tag.rfind(":") + 1 :] == "si":
            length = 0

    def text(part: str) -> None:
        nonlocal longest, length
        length += len(part)
        longest = max(longest, length)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    for chunk in _chunks(package, _SHARED_STRINGS):
        parser.Parse(chunk, False)
    return longest


def _chunks(package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    with package.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _read(raw: bytes, sheet: str, scan: _Scan) -> Cells:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
            found = book.get_sheet_by_name(sheet)
            row, column = found.start or (0, 0)
            rows = found.to_python()
    except (CalamineError, OSError, ValueError) as error:
        raise WorkbookError(_cannot(error)) from error
    return Cells(sheet, row + 1, column + 1, rows, tuple(scan.errors), scan.error_count)
