"""Files that are broken, far too large for their size, or wrong in a million places."""

from __future__ import annotations

import io
import os
import resource
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import xlsxwriter
from pyarrow import parquet

from planner.base.errors import MOST_PROBLEMS, InputError
from planner.tables import read_table, read_tables

if TYPE_CHECKING:
    from planner.tables import Package

HEADER = "plant,zone,power_mw,units,is_new,stage\n"
ROW = ("alpha", "north", 250.5, 3, True, "open")
_SHEET = "xl/worksheets/sheet1.xml"


def refused(package: Package, raw: bytes, name: str = "plants.csv") -> list[str]:
    """Return the problems of a table, each as one line without the folder."""
    path = package.folder.parent / name
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_table(path, package=package)
    return [str(problem).partition(name)[2] for problem in caught.value.problems]


def workbook(*rows: tuple[object, ...], sheet: str = "plants", first_row: int = 0) -> bytes:
    raw = io.BytesIO()
    with xlsxwriter.Workbook(raw) as book:
        cells = book.add_worksheet(sheet)
        for number, row in enumerate((tuple(HEADER.strip().split(",")), *rows), start=first_row):
            for column, value in enumerate(row):
                if isinstance(value, str) and value.startswith("="):
                    cells.write_formula(number, column, value, None, "#N/A")
                else:
                    cells.write(number, column, value)
    return raw.getvalue()


def with_part(raw: bytes, part: str, content: bytes) -> bytes:
    """Return a workbook with other content in one of its parts."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return changed.getvalue()


def part_of(raw: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return package.read(part)


# --- workbooks ------------------------------------------------------------------------------


def test_a_workbook_needs_nothing_but_what_dcplan_depends_on(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)  # as if it were not installed
    path = package.folder.parent / "plants.xlsx"
    path.write_bytes(workbook(ROW))

    plants = read_table(path, package=package)

    assert plants.iloc[0].tolist() == list(ROW)


def test_the_sheet_of_the_tables_name_is_taken_and_its_places_are_those_of_the_sheet(package: Package) -> None:
    raw = workbook(("alpha", "nort", 250.5, 3, True, "open"), first_row=6)

    assert refused(package, raw, "plants.xlsx") == [
        ": plants!B8: zone is nort; must be an id of zones.zone; did you mean 'north'?"
    ]


def test_a_cell_with_an_error_of_excel_is_not_taken_for_a_blank_one(package: Package) -> None:
    raw = workbook(("alpha", "north", 250.5, "=NA()", True, "open"))

    assert refused(package, raw, "plants.xlsx") == [
        ": plants!D2: an error such as #N/A; must be a value or blank; correct the formula, or empty the cell"
    ]


def test_a_cell_far_from_the_table_is_named_and_not_read_as_a_sheet_of_billions(package: Package) -> None:
    sheet = part_of(workbook(ROW), _SHEET)
    far = b'<row r="1048576"><c r="XFD1048576"><v>7</v></c></row></sheetData>'
    raw = with_part(workbook(ROW), _SHEET, sheet.replace(b"</sheetData>", far))

    assert refused(package, raw, "plants.xlsx") == [
        ": sheet 'plants' reaches from A1 to XFD1048576, 17,179,869,184 cells; must be at most"
        f" {5_000_000 + 4 * len(raw):,} in a file of its size; delete the cells far from the table,"
        " or save the sheet as CSV UTF-8"
    ]


@pytest.mark.parametrize("part", [_SHEET, "xl/sharedStrings.xml"])
def test_a_workbook_that_unfolds_to_far_more_than_its_size_is_refused(package: Package, part: str) -> None:
    end = b"</sheetData>" if part == _SHEET else b"</sst>"
    bomb = part_of(workbook(ROW), part).replace(end, b" " * 90_000_000 + end)
    raw = with_part(workbook(ROW), part, bomb)
    assert len(raw) < 200_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    (problem,) = refused(package, raw, "plants.xlsx")

    assert problem.startswith(f": the workbook of {len(raw):,} bytes unpacks to 90,")
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 100_000


def test_a_long_text_repeated_in_every_cell_is_refused(package: Package) -> None:
    rows = [("a", "north", 7, 1, True, "open")] * 500
    raw = workbook(*rows)
    texts = part_of(raw, "xl/sharedStrings.xml").replace(b"<t>a<", b"<t>" + b"a" * 3_000_000 + b"<")

    (problem,) = refused(package, with_part(raw, "xl/sharedStrings.xml", texts), "plants.xlsx")

    assert problem.startswith(": the texts of sheet 'plants' unfold to some 4,5")


@pytest.mark.parametrize(
    "raw",
    [
        b"PK but no more",
        workbook(ROW)[:700],
        workbook(ROW)[:-30],
        with_part(workbook(ROW), _SHEET, b"<worksheet><sheetData><row"),
        with_part(workbook(ROW), "xl/workbook.xml", b"\x00\xff"),
        with_part(workbook(ROW), "xl/sharedStrings.xml", b"<sst"),
        with_part(workbook(ROW), _SHEET, part_of(workbook(ROW), _SHEET).replace(b'"A2"', b'"!2"')),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000,  # an old or a locked workbook
        workbook(ROW).replace(b"xl/workbook.xml", b"xl/warkbook.xml"),
    ],
    ids=["no zip", "cut", "no end", "cut sheet", "NUL", "cut texts", "no cell", "ole", "no book"],
)
def test_a_broken_workbook_is_refused_in_one_line(package: Package, raw: bytes) -> None:
    (problem,) = refused(package, raw, "plants.xlsx")

    assert problem.startswith(": the workbook cannot be opened (")


# --- other files ----------------------------------------------------------------------------


def test_a_parquet_file_of_repeats_is_not_unfolded(package: Package) -> None:
    raw = io.BytesIO()
    many = pa.table({"zone": pa.DictionaryArray.from_arrays(pa.array([0] * 6_000_000), ["north"])})
    parquet.write_table(many, raw)
    assert len(raw.getvalue()) < 100_000

    (problem,) = refused(package, raw.getvalue(), "zones.parquet")

    assert problem.startswith(": the file unpacks to 6,000,000 rows of 1 columns; must be at most")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"\xff\xfe" + HEADER.encode("utf-16-le"), ":1:1: byte 0xff is not UTF-8"),
        (b"\x00" * 64, ":1:1: unknown column"),
        (HEADER.encode() + b"al\x00pha,north,7,2,true,open\n", ":2:1: plant is al\\x00pha"),
        (HEADER.encode() + b'"' + b"a" * 200_000 + b'",north,7,2,true,open\n', ":2:1: the record"),
    ],
    ids=["UTF-16", "NUL alone", "NUL in a cell", "a long cell"],
)
def test_a_csv_that_is_no_table_is_refused_at_its_place(package: Package, raw: bytes, problem: str) -> None:
    assert any(found.startswith(problem) for found in refused(package, raw))


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        (b"a" * 30_000_000, ":3:1: the line has 30,000,000 bytes; must be at most 1,000,000; "),
        (b'"' + b"a\n" * 15_000_000, ":3:1: the record that begins here cannot be read (field"),
        ("é\U0001f3ed".encode() * 5_000_000, ":3:1: the line has 30,000,000 bytes; "),
    ],
    ids=["one line", "no closing quote", "other letters"],
)
def test_a_huge_cell_is_refused_before_it_is_taken_apart(package: Package, cell: bytes, problem: str) -> None:
    raw = HEADER.encode() + b"alpha,north,7,2,true,open\r\n" + cell
    tracemalloc.start()
    try:
        (found,) = refused(package, raw)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found.startswith(problem)
    assert most_bytes < 1.2 * len(cell)


@pytest.mark.parametrize("name", ["a\0b.csv", "long" * 100 + ".csv", "/".join(["deep"] * 2000) + ".csv", "\udcff.csv"])
def test_a_path_that_can_be_none_is_no_file(package: Package, name: str) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_tables(["plants"], {"plants": Path(name)}, package=package)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are another thing on Windows")
def test_a_pipe_and_a_folder_are_no_files(package: Package) -> None:
    folder = package.folder.parent
    os.mkfifo(folder / "plants.csv")
    (folder / "zones.csv").mkdir()
    for name in ("plants.csv", "zones.csv"):
        with pytest.raises(InputError, match="there is no such file"):
            read_table(folder / name, package=package)


# --- many problems --------------------------------------------------------------------------


def test_a_table_that_is_wrong_everywhere_shows_the_first_problems_and_counts_the_rest(package: Package) -> None:
    count = 200_000
    rows = "".join(f"p{n},nort,-5,2.5,maybe,closed\n" for n in range(count))
    began = time.process_time()

    found = refused(package, (HEADER + rows).encode())

    assert time.process_time() - began < 20.0
    assert len(found) == MOST_PROBLEMS + 1
    assert found[0] == ":2:1: plant is p0; must be of the form [a-z]+; plant: The plant of it."
    assert sum(":10:" in text for text in found) == 2
    rest = 6 * count - MOST_PROBLEMS
    assert found[-1] == f": {rest:,} more problems in this file; fix the ones above first"


def test_a_long_cell_is_cut_in_messages(package: Package) -> None:
    (problem,) = refused(package, (HEADER + f"{'A' * 9000},north,7,2,true,open\n").encode())

    assert len(problem) < 400


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (
            "plant;zone;power_mw;units;is_new;stage",
            "alpha;north;250,5;3;true;open",
            ":1:6: the cells are separated by semicolons, and numbers have a decimal comma (250,5);"
            " must be separated by commas, with decimal points; save it so, or as .xlsx",
        ),
        (
            '"plant";"zone";"power_mw";"units";"is_new";"stage"',
            '"alpha";"north";"250,5";"3";"true";"open"',
            ":1:8: the cells are separated by semicolons, and numbers have a decimal comma (250,5);"
            " must be separated by commas, with decimal points; save it so, or as .xlsx",
        ),
        (
            "plant\tzone\tpower_mw\tunits\tis_new\tstage",
            "alpha\tnorth\t250.5\t3\ttrue\topen",
            ":1:6: the cells are separated by tabs; must be separated by commas, with decimal"
            " points; save it so, or as .xlsx",
        ),
    ],
)
def test_another_separator_is_reported_once_and_not_for_every_cell(
    package: Package, header: str, row: str, said: str
) -> None:
    raw = "\n".join([header, *[row] * 3, ""]).encode()

    assert refused(package, raw) == [said]
