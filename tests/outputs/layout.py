"""A workbook as text: what stands where, as one reads it, to be compared line by line."""

from __future__ import annotations

import re
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import openpyxl
from openpyxl.utils import range_boundaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

_HELD_ELSEWHERE = ("Lists", "Settings")
"""Sheets of ids, and of every setting, which `test_plan_workbook` reads."""
_OF_A_CHART = re.compile(
    r"<c:((?:bar|line|area|pie|scatter)Chart)>|<c:(grouping|barDir|tickLblPos) val=\"(\w+)\""
    r"|<c:f>([^<]*)<|<a:t>([^<]*)<|<a:srgbClr val=\"(\w+)\""
)
_OF_A_DRAWING = re.compile(r"<xdr:(col|row|colOff|rowOff)>([^<]*)<|(editAs)=\"(\w*)\"")


def layout_of(path: Path) -> str:
    """Write down every sheet: widths, panes, rules, tables, charts, and cells row by row.

    Of a table, whose rows come one by one from the run, the head, the first and the last row.
    A formula stands with the value that the program computed for it.
    """
    with (
        closing(openpyxl.load_workbook(path)) as book,
        closing(openpyxl.load_workbook(path, data_only=True)) as computed,
    ):
        lines = [f"name {name}: {book.defined_names[name].attr_text}" for name in book.defined_names]
        for sheet in book:
            if sheet.title.startswith(_HELD_ELSEWHERE):
                lines += ["", f"== {sheet.title}"]
                continue
            lines += ["", f"== {sheet.title}", *_frame(sheet), *_rows(sheet, computed[sheet.title])]
    with zipfile.ZipFile(path) as parts:
        for name in sorted(parts.namelist(), key=_in_order):
            look_for = {"xl/charts": _OF_A_CHART, "xl/drawings": _OF_A_DRAWING}
            folder, _, file = name.rpartition("/")
            if folder in look_for and file.endswith(".xml"):
                text = parts.read(name).decode("utf-8")
                lines += ["", f"== {name}", *_spoken(look_for[folder].findall(text))]
    return "\n".join(lines) + "\n"


def _in_order(name: str) -> tuple[str, int]:
    number = re.search(r"\d+", name)
    return name.rstrip(".xml0123456789"), int(number[0]) if number else 0


def _spoken(found: list[tuple[str, ...]]) -> list[str]:
    """Write what was found, eight to a line; a colour that is told again at once, once."""
    words = [" ".join(filter(None, parts)) for parts in found]
    words = [word for word, before in zip(words, ["", *words], strict=False) if word != before]
    return ["  " + "; ".join(words[at : at + 8]) for at in range(0, len(words), 8)]


def _frame(sheet: Worksheet) -> Iterator[str]:
    widths = {
        letter: round(column.width, 1)
        for letter, column in sorted(sheet.column_dimensions.items(), key=lambda one: one[1].min)
    }
    heights = {at: row.height for at, row in sheet.row_dimensions.items() if row.height}
    yield f"widths {widths}"
    yield f"heights {heights}"
    yield f"freeze {sheet.freeze_panes}; repeat {sheet.print_title_rows}; area {sheet.print_area}"
    yield f"merged {sorted(map(str, sheet.merged_cells.ranges))}"
    for rule in sheet.data_validations.dataValidation:
        if rule.formula1:
            yield f"choice {rule.sqref}: {rule.formula1}"
    for span in sheet.conditional_formatting:
        for rule in span.rules:
            scale = rule.colorScale and [(c.type, c.val) for c in rule.colorScale.cfvo]
            yield f"colour {span.sqref}: {rule.type} {rule.operator} {rule.formula} {scale}"
    for table in sheet.tables.values():
        yield f"table {table.name}: {table.ref}"


def _rows(sheet: Worksheet, computed: Worksheet) -> Iterator[str]:
    hidden = set()
    for table in sheet.tables.values():
        _, top, _, bottom = range_boundaries(table.ref)
        hidden |= set(range(top + 2, bottom))
    for row in sheet.iter_rows():
        cells = [cell for cell in row if cell.value not in {None, ""}]
        shown = [_shown(cell, computed[cell.coordinate].value) for cell in cells]
        if shown and row[0].row not in hidden:
            yield " | ".join(shown)


def _shown(cell: Cell, value: object) -> str:
    look = "" if cell.number_format == "General" else f" [{cell.number_format}]"
    bold = "*" if cell.font.bold else ""
    text = f"{cell.value} -> {_text(value)}" if cell.data_type == "f" else _text(cell.value)
    return f"{cell.coordinate} {bold}{text}{bold}{look}"


def _text(value: object) -> str:
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return text.replace("\n", "\\n")
