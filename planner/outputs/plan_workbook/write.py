"""A scenario with tables as one workbook to edit, and the settings of a run as its sheets."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError
from planner.base.sheet_cells import cell_name
from planner.outputs.canvas import LAYOUT, MOST_ROWS, Canvas, new_workbook
from planner.outputs.plan_workbook.limits import Limits
from planner.plausible.rules import RANGES, ranges_of
from planner.scenario.keys import field_at, is_by_year
from planner.scenario.schema import OWN_FILES
from planner.scenario.tree import EACH, plain
from planner.scenario.workbook_cells import (
    ABOUT_HEADS,
    COMMENT,
    ID_HEAD,
    LISTS,
    READ_ME,
    SETTING_HEAD,
    SETTINGS,
    UNIT_HEAD,
    VALUE_HEAD,
    own_sheets,
    single_settings,
)
from planner.scenario.yaml12 import scalar
from planner.tables import load_package, read_tables
from planner.tables.descriptor import PURE_NUMBERS
from planner.tables.places import TablePlaces
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book
    from planner.scenario import Scenario
    from planner.scenario.workbook_cells import OwnSheet
    from planner.tables.descriptor import Field, TableSchema


_PLAIN: Final = re.compile(r"\w(?:[\w ./()+-]*[\w./()+-])?", re.ASCII)  # words that need no quotes in YAML


_YEAR: Final = re.compile("[12][0-9]{3}")


def one_line(value: Any) -> str:
    """Write a value in YAML 1.2 on one line; read again it is the same.

    >>> one_line({2025: 30.0, "a: b": [True, None, "true", "=1+1"]})
    '{2025: 30.0, "a: b": [true, null, "true", "=1+1"]}'
    """
    if isinstance(value, Mapping):
        # A year is read as the same key with and without quotes.
        keys = (key if isinstance(key, str) and _YEAR.fullmatch(key) else one_line(key) for key in value)
        return "{" + ", ".join(f"{key}: {one_line(of)}" for key, of in zip(keys, value.values(), strict=True)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(one_line, value)) + "]"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and scalar(value) == value
        return value if is_plain else '"' + "".join(map(_sign, value)) + '"'
    text = json.dumps(value)
    return {"Infinity": ".inf", "-Infinity": "-.inf", "NaN": ".nan"}.get(text, text)


def _sign(sign: str) -> str:
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def in_cell(value: Any) -> bool | float | str:
    """Return what a cell holds.

    >>> in_cell(["us-va-ashburn", "NO"]), in_cell({2027: 30, 2028: 45.5}), in_cell(None)
    ('us-va-ashburn, NO', '2027: 30, 2028: 45.5', 'null')
    >>> in_cell(["a, b", "true"]), in_cell([]), in_cell("=1+1"), in_cell([["a", "b"]])
    ('"a, b", "true"', '[]', '=1+1', '[[a, b]]')
    """
    if isinstance(value, list | tuple | Mapping):
        text = one_line(value)
        # What begins with the bracket of an entry would be read as the whole list.
        has_outer = not value or (isinstance(value, list | tuple) and text[1:2] == "[")
        return text if has_outer else text[1:-1]
    return "null" if value is None else value


# --- Sheets `Settings` of a plan workbook: every setting of the schema, with what is written ------

_NOTHING: Final = object()  # what is not written
_HEAD_ROW: Final = 5
_OWN_HEAD_ROW: Final = 4
_FIRST_YEAR: Final = 3  # column


_WIDEST: Final = 40
_ABOUT: Final = (
    "Edit the yellow cells. A blank cell means the default or, where that is left out, the figure of the tables."
)
_YEARS: Final = (
    "A figure that changes by year goes under the years, one for all years under value; heads may "
    "be other years, and columns of more years may be added to the right of them."
)
_OWN: Final = (
    "One row for each entry; a blank cell leaves out its key. null empties a figure "
    "of the tables, where that has a meaning."
)


def setting_sheets() -> list[str]:
    """Return the names of the sheets that `write_settings` fills, in order."""
    return [SETTINGS, *(own.name for own in own_sheets())]


def write_settings(book: Canvas, written: Mapping[str, Any], limits: Limits, model_years: Sequence[int]) -> None:
    """Write every setting, and what is written of it."""
    _write_single(book, written, limits, model_years)
    for own in own_sheets():
        _write_own(book, own, written, limits)


def _write_single(book: Canvas, written: Mapping[str, Any], limits: Limits, model_years: Sequence[int]) -> None:
    values = {one.name: _at(written, one.keys) for one in single_settings()}
    paths = {
        one.name: {int(year): figure for year, figure in value.items()}
        for one in single_settings()
        if isinstance(value := values[one.name], Mapping) and value and is_by_year(one.keys)
    }
    years = sorted({*model_years, *(year for path in paths.values() for year in path)})
    after = _FIRST_YEAR + len(years)
    widths = (44, 30, 16, *[9] * len(years), 26, 76, 46)
    sheet = book.sheet(SETTINGS, _ABOUT, widths=widths, freeze=(_HEAD_ROW + 1, 2), repeat=[_HEAD_ROW])
    book.text(sheet, 3, 0, _YEARS, "about")
    book.line(sheet, _HEAD_ROW, (SETTING_HEAD, VALUE_HEAD, UNIT_HEAD), "head")
    book.line(sheet, _HEAD_ROW, years, "head_right", "0", column=_FIRST_YEAR)
    book.line(sheet, _HEAD_ROW, ABOUT_HEADS, "head_label", column=after)
    row, block = _HEAD_ROW, ""
    for one in single_settings():
        if one.keys[0] != block and len(one.keys) > 1:
            block = one.keys[0]
            row += 1
            about = field_at((block,))
            title = f"{COMMENT} {block}: {(about.description or '') if about else ''}"
            book.line(sheet, row, [title, *[""] * (after + 2)], "section")
        row += 1
        rule, said = limits.of_setting(one.keys, one.field, one.unit, one.meaning)
        path = paths.get(one.name, {})
        book.line(sheet, row, (one.name, None, one.unit), "label", styles={2: "unit_left"})
        _write_value(book, sheet, (row, 1), _NOTHING if path else values[one.name], rule)
        for column, year in enumerate(years, start=_FIRST_YEAR):
            if is_by_year(one.keys):
                _write_value(book, sheet, (row, column), path.get(year, _NOTHING), rule)
            else:
                book.text(sheet, row, column, "", "closed")
        book.line(sheet, row, (one.default, one.meaning, said), "long", column=after)


def _write_value(book: Canvas, sheet: Worksheet, at: tuple[int, int], value: Any, rule: Mapping[str, Any]) -> None:
    """Write a yellow cell with its rule; `_NOTHING` leaves it blank."""
    row, column = at
    if value is _NOTHING:
        sheet.write_blank(row, column, None, book.style("input"))
    else:
        _write_any(book, sheet, at, in_cell(value))
    sheet.data_validation(row, column, row, column, dict(rule))


def _write_any(book: Canvas, sheet: Worksheet, at: tuple[int, int], value: bool | float | str) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(*at, value, book.style("input", align="left"))
    elif isinstance(value, str):
        book.text(sheet, *at, value, "input" if len(value) < 28 else "input_long")  # of two lines
    else:
        sheet.write_number(*at, value, book.style("input", align="left"))


def _write_own(book: Canvas, own: OwnSheet, written: Mapping[str, Any], limits: Limits) -> None:
    rows = _rows(own, written)
    first = int(own.has_ids)
    heads = [f"{one.name} [{one.unit}]" if one.unit else one.name for one in own.columns]
    values = [[_at(entry, one.keys) for one in own.columns] for _, entry in rows]
    freeze, about = (_OWN_HEAD_ROW + 1, first or 1), f"{own.meaning} {_OWN}"
    sheet = book.sheet(own.name, about, freeze=freeze, repeat=[_OWN_HEAD_ROW])
    widths = [24.0] * first
    for column, head in enumerate(heads):
        cells = (line[column] for line in values if line[column] is not _NOTHING)
        longest = max((len(str(in_cell(value))) for value in cells), default=0)
        widths.append(float(min(max(len(head), longest) + 3, _WIDEST)))
    book.widen(sheet, widths)
    end = _OWN_HEAD_ROW + len(rows) + 200  # free rows have rules and drop-down lists too
    if own.has_ids:
        book.text(sheet, _OWN_HEAD_ROW, 0, ID_HEAD, "head")
        rule = limits.of_keys(own.keys)
        sheet.data_validation(_OWN_HEAD_ROW + 1, 0, end, 0, rule)
    for at, one in enumerate(own.columns, start=first):
        keys = (*own.keys, EACH, *one.keys)
        rule, _ = limits.of_setting(keys, one.field, one.unit, one.meaning)
        book.text(sheet, _OWN_HEAD_ROW, at, heads[at - first], "head")
        sheet.data_validation(_OWN_HEAD_ROW + 1, at, end, at, rule)
    for row, (id_, _) in enumerate(rows, start=_OWN_HEAD_ROW + 1):
        if own.has_ids:
            book.text(sheet, row, 0, id_, "input")
        for at, value in enumerate(values[row - _OWN_HEAD_ROW - 1], start=first):
            if value is not _NOTHING:
                _write_any(book, sheet, (row, at), in_cell(value))


def _rows(own: OwnSheet, written: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return id and figures of every entry that is written."""
    block = _at(written, own.keys)
    if block is _NOTHING or not block:
        return []
    return list(block.items()) if own.has_ids else [("", entry) for entry in block]


def _at(written: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Return what is written at a key path, or `_NOTHING`."""
    value: Any = written
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return _NOTHING
        value = value[key]
    return value


def write_table_sheet(book: Canvas, sheet: Worksheet, table: TableSchema, path: Path, limits: Limits) -> None:
    """Write a table as it is in its file; the first row has the heads, so that it reads back."""
    read = read_sheet(path, table.name)
    if len(read.records) >= MOST_ROWS:
        must_be = f"at most {MOST_ROWS - 1:,}, as many as a sheet has below its heads"
        fix = f"leave it in its file, which the scenario names under data.{table.name}"
        raise InputError.at(path, f"table {table.name} has {len(read.records):,} rows", must_be, fix)
    fields = [table.field(name) for name in read.header]
    links = {link.field: link for link in table.foreign_keys}
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 18)
    end = min(len(read.records) + 500, MOST_ROWS - 1)  # free rows have rules and drop-down lists too
    widths = []
    for at, field in enumerate(fields):
        head = field.name if field.unit in PURE_NUMBERS else f"{field.name} [{field.unit}]"
        book.text(sheet, 0, at, head, "head")
        rule, _ = limits.of_column(table.name, field, links.get(field.name))
        sheet.data_validation(1, at, end, at, rule)
        longest = max((len(record[at]) for record in read.records[:300]), default=0)
        widths.append(float(min(max(len(head), longest) + 3, _WIDEST)))
        for row, record in enumerate(read.records, start=1):
            _write(book, sheet, (row, at), record[at], field)
    book.widen(sheet, widths)
    sheet.autofilter(f"A1:{cell_name(len(read.records) + 1, len(fields))}")


def _write(book: Canvas, sheet: Worksheet, at: tuple[int, int], text: str, field: Field) -> None:
    """Write a cell in its type, and as text what a number of a spreadsheet does not hold."""
    if not text.strip():
        return
    if field.is_number and float(f"{float(text):.16G}") == float(text):
        sheet.write_number(*at, float(text), book.style("plain"))
    elif field.type == "boolean":
        is_true = text.strip().lower() in {"true", "1"}
        sheet.write_boolean(*at, is_true, book.style("plain"))
    else:
        book.text(sheet, *at, text)


FIRST_TABLES: Final[Sequence[str]] = LAYOUT["first_tables"]  # tables that planners change first
_MADE: Final = datetime(2026, 1, 1)  # equal content, equal bytes


def write_plan_workbook(scenario: Scenario, path: Path, tables: Sequence[str] = FIRST_TABLES) -> Path:
    """Write a workbook that is read as the scenario."""
    package = load_package()
    files = {name: package.path(name) for name in tables} | scenario.data_files
    files = {name: files[name] for name in package.tables if name in files}
    read = read_tables([RANGES], scenario.data_files)
    limits = Limits(ranges_of(read[RANGES], TablePlaces(scenario.data_files)))
    with new_workbook(path) as workbook:
        title = scenario.title or scenario.name
        workbook.set_properties({"title": title, "created": _MADE})
        book = Canvas(title, workbook, READ_ME)
        sheets = [READ_ME, *setting_sheets(), *files, LISTS]
        for name in sheets:
            workbook.add_worksheet(name)
        _write_read_me(book, path, files)
        write_settings(book, _written(scenario, path.parent), limits, scenario.years)
        for name, file in files.items():
            sheet = workbook.get_worksheet_by_name(name)
            sheet.set_tab_color("#3a9188")
            write_table_sheet(book, sheet, package[name], file, limits)
        for name in setting_sheets():
            workbook.get_worksheet_by_name(name).set_tab_color("#c9a227")
        write_lists(book, limits, read_tables(limits.tables, scenario.data_files))
    return path


def _written(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """Return what the scenario says, without tables, whose sheets are in the workbook."""
    written = plain(scenario.tree)
    assert isinstance(written, dict)
    written.pop("data", None)
    for block, key in OWN_FILES:
        file = scenario.file_at((block, key))
        if file is not None:
            written[block][key] = os.path.relpath(file.resolve(), folder.resolve())
    return written


def _write_read_me(book: Canvas, path: Path, files: Iterable[str]) -> None:
    sheet = book.sheet(READ_ME, "A plan to edit: settings and tables in one workbook", widths=(110,))
    sheet.activate()
    text = (Path(__file__).parent / "read_me.txt").read_text(encoding="utf-8")
    quoted = f'"{path.name}"' if " " in path.name else path.name
    lines = Template(text).substitute(name=path.name, quoted=quoted).splitlines()
    for row, line in enumerate(lines, start=4):
        book.text(sheet, row, 0, line.removeprefix("# "), "section" if line.startswith("# ") else "wrap")
    for row, (name, about) in enumerate(_contents(files), start=4 + len(lines)):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", book.style("link"), f"{name}: {about}")


def _contents(files: Iterable[str]) -> list[tuple[str, str]]:
    package = load_package()
    own = [(one.name, one.meaning) for one in own_sheets()]
    tables = [(name, f"table; {package[name].title or package[name].description}") for name in files]
    return [(SETTINGS, "every setting that there is once"), *own, *tables]


def write_lists(book: Canvas, limits: Limits, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the ids that drop-down lists offer, each list a column with a name."""
    about = "Ids that the drop-down lists offer, as of when the workbook was made"
    sheet = book.sheet(LISTS, about)
    sheet.hide()
    every = sorted(limits.lists.values(), key=lambda one: one.name)
    for at, one in enumerate(every):
        ids = [str(id_) for table, key in one.targets for id_ in tables[table][key].dropna().unique()]
        ids = list(dict.fromkeys([*one.words, *ids]))
        book.text(sheet, 3, at, one.name, "head")
        for row, id_ in enumerate(ids, start=4):
            book.text(sheet, row, at, id_)
        letters = cell_name(1, at + 1).rstrip("1")
        last = 4 + max(len(ids), 1)
        book.define(one.name, f"{LISTS}!${letters}$5:${letters}${last}")
    book.widen(sheet, [24.0] * len(every))


def write_settings_of_run(book: Book) -> None:
    """Write sheets Settings and Lists: what the run was asked, as a plan workbook has it."""
    run = book.run
    known = run.inputs_tables
    ranges = ranges_of(known[RANGES], TablePlaces({})) if RANGES in known else ()
    limits = Limits(ranges)
    write_settings(book, _without_defaults(run.meta["merged"], run.meta["written"]), limits, run.years)
    missing = [table for table in limits.tables if table not in known]
    shipped = read_tables(missing) if missing else {}
    tables = {name: known[name] if name in known else shipped[name] for name in limits.tables}
    write_lists(book, limits, tables)


def _without_defaults(settings: Mapping[str, Any], written: Collection[str], above: str = "") -> dict[str, Any]:
    """Return what of the settings of a run is written, by dotted key path; tables by their full paths."""
    found = {}
    for key, value in settings.items():
        way = f"{above}{key}"
        if way in written:
            found[key] = value
        elif isinstance(value, Mapping) and (within := _without_defaults(value, written, f"{way}.")):
            found[key] = within
    return found
