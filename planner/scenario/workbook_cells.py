"""Which setting each cell of a scenario's workbook holds: read, changed, and not read."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_origin

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.base.words import did_you_mean
from planner.family.values import Block
from planner.scenario.keys import ENTRY, ID, SchemaKey, choices, field_at, kinds, settings
from planner.scenario.tree import Node, Place, placed
from planner.scenario.yaml12 import parse, scalar
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from planner.base.errors import Problem
    from planner.scenario.tree import Keys

# --- Where a plan workbook holds which setting: made from the schema, so that a new one is in it ---

SETTINGS: Final = "Settings"
"""Sheet with a row for each setting that there is once."""
SETTING_HEAD: Final = "setting"
VALUE_HEAD: Final = "value"
UNIT_HEAD: Final = "unit"
ABOUT_HEADS: Final = ("default", "what it does", "what it may be")
SETTING_HEADS: Final = (SETTING_HEAD, VALUE_HEAD, UNIT_HEAD, *ABOUT_HEADS)
"""Heads of sheet Settings that are no years; of them only the first two are read."""
ID_HEAD: Final = "id"
"""Head of the first column of a sheet whose rows have ids."""
COMMENT: Final = "#"
"""What begins a cell of the first column whose row is not read, and the name of a sheet that is not."""
READ_ME: Final = "Read me"
LISTS: Final = "Lists"
"""Sheet of the choices and ids that cells offer."""
RESULT_SHEET: Final = "Cover"
"""A workbook that has it holds a solved plan next to its settings."""
ASSUMPTIONS: Final = "Assumptions"
"""Sheet of a solved plan with factors to edit."""
SITE_ID_HEAD: Final = "site id"
EDITED_SITE: Final = (("racks, edited", "MW"), ("price of power, edited", "USD/MWh"), ("lead time, edited", "months"))
"""Heads and units of the cells of a solved plan that can be edited for each site."""


@cache
def result_sheets() -> frozenset[str]:
    """Return the sheets that show a solved plan."""
    return frozenset({RESULT_SHEET, *load_package(DATA_DIR / "workbook.json").tables})


@dataclass(frozen=True)
class OwnSheet:
    """A sheet whose rows are entries of one's own of a block: by id, or one after the other."""

    keys: tuple[str, ...]  # key path to the block
    has_ids: bool  # whether its entries have ids; else it is a list
    columns: tuple[SchemaKey, ...]  # what a row may say

    @property
    def name(self) -> str:
        """Name of the sheet."""
        return f"{SETTINGS} {'.'.join(self.keys)}"

    @property
    def meaning(self) -> str:
        """What the block is, on one line."""
        field = field_at(self.keys)
        return " ".join(((field.description if field else "") or "").split())


@cache
def single_settings() -> tuple[SchemaKey, ...]:
    """Return every setting that there is once, in the order of the schema."""
    return tuple(one for one in settings() if not {ID, ENTRY} & set(one.keys))


@cache
def own_sheets() -> tuple[OwnSheet, ...]:
    """Return the sheets of blocks that have any number of entries, in the order of the schema."""
    of_block: dict[tuple[str, ...], dict[tuple[str, ...], FieldInfo]] = {}
    has_ids = {}
    for one in settings():
        steps = [at for at, key in enumerate(one.keys) if key in {ID, ENTRY}]
        if not steps:
            continue
        block = one.keys[: steps[0]]
        has_ids[block] = one.keys[steps[0]] == ID
        # A list within an entry, as of the charges of a tariff, is one cell.
        end = steps[1] if len(steps) > 1 else len(one.keys)
        keys = one.keys[steps[0] + 1 : end]
        entry: Keys = (*block, ID if has_ids[block] else 0, *keys)
        field = field_at(entry)
        if field is not None:
            of_block.setdefault(block, {}).setdefault(keys, field)
    return tuple(
        OwnSheet(block, has_ids[block], tuple(SchemaKey(*column) for column in columns.items()))
        for block, columns in of_block.items()
    )


# --- The filled cells of a sheet under its row of heads -------------------------------------------

_HEAD: Final = re.compile(r"(?P<name>[^\s\[]+)(?:\s+\[(?P<unit>[^\]]+)\])?")


@dataclass(frozen=True)
class CellGrid:
    """Cells of a sheet by row and column, both from 1."""

    start: Place  # cell A1 of the sheet
    head_row: int  # row of the heads
    heads: Mapping[int, str]  # text by column
    cells: Mapping[int, Mapping[int, Any]]  # what is not blank below the heads, by row and column

    @classmethod
    def from_heads(cls, heads: tuple[str, ...], start: Place, filled: Mapping[tuple[int, int], Any]) -> CellGrid | None:
        """Return the grid below the first row that has some heads, None where none has."""
        rows: dict[int, dict[int, Any]] = defaultdict(dict)
        for (row, column), value in sorted(filled.items(), key=lambda item: item[0]):
            rows[row][column] = value
        for row, cells in rows.items():
            texts = {column: cell_text(value) for column, value in cells.items()}
            if set(heads) <= {name_and_unit(text)[0] for text in texts.values()}:
                return cls(start, row, texts, {n: rows[n] for n in rows if n > row})
        return None

    def column_of(self, name: str) -> int:
        """Return the first column that is headed so; its unit does not count."""
        return next(at for at, head in self.heads.items() if name_and_unit(head)[0] == name)

    def place(self, row: int, column: int) -> Place:
        """Return the place of a cell."""
        return replace(self.start, line=row, column=column)


def name_and_unit(head: str) -> tuple[str, str | None]:
    """Take a head apart.

    >>> name_and_unit("land_limit_mw [MW]"), name_and_unit("id"), name_and_unit("my notes")
    (('land_limit_mw', 'MW'), ('id', None), ('my notes', None))
    """
    found = _HEAD.fullmatch(head)
    return (found["name"], found["unit"]) if found else (head, None)


def cell_text(value: Any) -> str:
    """Return the text of a cell, an integer without decimals."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value).strip()


# --- Cells of a solved plan that are not as they were solved --------------------------------------


@dataclass(frozen=True)
class Edit:
    """A cell that was edited."""

    row: str  # name or id in the first cell of its row
    value: Any  # what it holds; None where it was emptied
    solved: float  # what it held as solved
    place: Place  # the cell


def edits(grid: CellGrid, name: str, edited: str, solved: str) -> Iterator[Edit]:
    """Find cells that differ from the column next to them that holds what was solved."""
    of_name, of_edited, of_solved = (grid.column_of(head) for head in (name, edited, solved))
    for row, cells in grid.cells.items():
        before, now = cells.get(of_solved), cells.get(of_edited)
        if not isinstance(before, int | float) or isinstance(before, bool):
            continue
        if of_name in cells and now != before:
            yield Edit(str(cells[of_name]).strip(), now, before, grid.place(row, of_edited))


# --- One cell of a plan workbook to a value of a scenario, by what the schema admits there --------

_EXACT: Final = 2.0**53
"""Up to it a number of a spreadsheet is a whole one."""


def admits_list(field: FieldInfo) -> bool:
    """Return whether a list may be written there."""
    return any(get_origin(kind) is tuple for kind in kinds(field.annotation))


def admits_mapping(field: FieldInfo) -> bool:
    """Return whether a mapping or block may be written there."""
    return any(
        get_origin(kind) is Mapping or (get_origin(kind) is None and issubclass(kind, Block))
        for kind in kinds(field.annotation)
    )


def value_of(cell: Any, field: FieldInfo | None, place: Place) -> Node:
    """Return what a cell says."""
    if isinstance(cell, str):
        return _of_text(cell, field, place)
    value = _plain(cell)
    if field is None or isinstance(value, bool):
        return Node(value, place)
    every = _kinds(field)
    if isinstance(cell, datetime.date | datetime.time) and {int, float} & set(every):
        fix = "write the number, and format the cell as one"
        raise InputError([place.problem(f"a date, {value}", "a number", fix)])
    if isinstance(value, str):
        return Node(value, place)
    if every and all(kind is str for kind in every):  # a title or an id that is a number
        return Node(str(value), place)
    is_alone = not choices(field.annotation) and all(get_origin(kind) is tuple for kind in every)
    return Node((Node(value, place, place),), place) if every and is_alone else Node(value, place)


def _kinds(field: FieldInfo) -> list[Any]:
    """Return the kinds of value a setting admits, that it may be null apart."""
    return [kind for kind in kinds(field.annotation) if kind is not NoneType]


def _plain(cell: Any) -> bool | int | float | str:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float):
        is_whole = abs(cell) < _EXACT and float(cell).is_integer()
        return int(cell) if is_whole else float(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat()
    return str(cell)


def _of_text(text: str, field: FieldInfo | None, place: Place) -> Node:
    shown = text.strip()
    words = choices(field.annotation) if field else ()
    if field is None or shown in words:
        return Node(shown, place)
    is_list, is_mapping = admits_list(field), admits_mapping(field)
    if shown == "null" and NoneType in kinds(field.annotation):
        return Node(None, place)
    if is_mapping and (shown.startswith("{") or ":" in shown or not is_list):
        return _yaml(shown if shown.startswith("{") else f"{{{shown}}}", place)
    if is_list:
        if ";" in shown and not set(shown) & set("[\"'"):
            what_is, must_be = f"{shown!r} has semicolons", "words separated by commas"
            raise place.error(what_is, must_be, "write commas in their place")
        return _yaml(shown if shown.startswith("[") else f"[{shown}]", place)
    if bool in _kinds(field) and isinstance(scalar(shown), bool):
        return Node(scalar(shown), place)
    return Node(text, place)


def _yaml(text: str, place: Place) -> Node:
    try:
        return placed(parse(text, place.file), place)
    except InputError as error:
        found = error.problems[0].what_is.removeprefix("this is not YAML: ")
        fix = "put quotes around a word with special signs; see 'Read me'"
        what_is = f"the list cannot be read: {found}"
        must_be = "words or numbers with commas between them, key: value where there are keys"
        raise place.error(what_is, must_be, fix) from error


# --- Sheets of a plan workbook that are not read --------------------------------------------------


def unread_sheets(path: Path, names: Collection[str], others: Collection[str]) -> Iterator[Problem]:
    """Find sheets that are neither read, nor others that belong there, nor marked as one's own."""
    known = [SETTINGS, *(own.name for own in own_sheets()), READ_ME, LISTS, *others]
    for name in names:
        if name not in known and not name.startswith(COMMENT):
            own = f"begin its name with {COMMENT} if it is your own"
            fix = f"{meant} Or {own}" if (meant := did_you_mean(name, known)) else own
            yield Place(str(path), 1, 1, name).problem(f"sheet {name!r} is not read", "a sheet that is", fix)
