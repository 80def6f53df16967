"""Cells of a workbook as a spreadsheet shows them: `B3`, and `my-plan.xlsx: Settings!B3`."""

from __future__ import annotations

import re
from typing import Final

_PLAIN_SHEET: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_IN_SHEET: Final = re.compile(r"(.*\.xlsx): (.+)!([A-Z]{1,3})([0-9]{1,7})", re.DOTALL)


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell as a spreadsheet shows it.

    >>> cell_name(1, 1), cell_name(12, 28), cell_name(1048576, 16384)
    ('A1', 'AB12', 'XFD1048576')
    """
    from xlsxwriter.utility import xl_rowcol_to_cell  # which messages and writers alone need

    return str(xl_rowcol_to_cell(row - 1, column - 1))


def column_number(letters: str) -> int:
    """Return the position of a column, from 1, of its capital letters.

    >>> column_number("A"), column_number("AB"), column_number("XFD")
    (1, 28, 16384)
    """
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def in_sheet(file: str, sheet: str, row: int, column: int) -> str:
    """Return the place of a cell as messages show it.

    >>> in_sheet("my-plan.xlsx", "Settings", 14, 3), in_sheet("a.xlsx", "Settings sites", 5, 2)
    ('my-plan.xlsx: Settings!C14', "a.xlsx: 'Settings sites'!B5")
    """
    if not _PLAIN_SHEET.fullmatch(sheet):
        sheet = "'" + sheet.replace("'", "''") + "'"
    return f"{file}: {sheet}!{cell_name(row, column)}"


def workbook_of(place: str) -> tuple[str, tuple[str, int, int]]:
    """Return the file of a place that `in_sheet` made, and what sorts places in it.

    >>> workbook_of("my-plan.xlsx: Settings!C14"), workbook_of("my.yaml")
    (('my-plan.xlsx', ('Settings', 14, 3)), ('my.yaml', ('', 0, 0)))
    """
    found = _IN_SHEET.fullmatch(place)
    if found is None:
        return place, ("", 0, 0)
    return found[1], (found[2], int(found[4]), column_number(found[3]))
