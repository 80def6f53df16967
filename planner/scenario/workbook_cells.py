"""Which setting each cell of a scenario's workbook holds: read, changed, and not read."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_origin

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.base.words import closest
from planner.family.values import Block
from planner.scenario.keys import ENTRY, ID, SchemaKey, choices, field_at, kinds, settings
from planner.scenario.tree import Node, Place, placed
from planner.scenario.yaml12 import parse, scalar
from planner.tables import load_package
from planner.tables.workbook import WorkbookError, read_workbook

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
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
"""What begins a cell of the first column whose row is not read."""
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


# --- Sheets of a plan workbook that are not read, and look as if they were meant to be ------------
#
# They are known by names like that of a sheet that is read, or like those of copies of it; by a name
# that contains it, above half of its heads; or by all of its heads.

_SLIP: Final = 0.87
"""How alike two names are of which one is the other with a letter lost, doubled or swapped."""
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_a-zA-Z]+")
_ROWS_OF_HEADS: Final = 20
"""So many filled rows are searched for heads: notes may stand above them."""
_HEADS_FRAC: Final = 0.5
"""Share of its heads that a sheet needs if its name contains that of a table, an everyday word."""
_COPY: Final = re.compile(r"(?:copy\sof\s)?(?P<of>.+?)[\s_-]*(?:copy[\s_-]*\d*|(?:copy\s*)?\(\d+\))?", re.IGNORECASE)
"""What programs call a copy of a sheet."""


def unread_sheets(raw: bytes, path: Path, names: Collection[str], tables: Collection[str]) -> Iterator[Problem]:
    """Find sheets that are not read, and are called or headed like one that is."""
    known = [SETTINGS, *(own.name for own in own_sheets()), *tables]
    heads = _heads(tables)
    for name in [name for name in names if name not in known]:
        found = f"sheet {name!r} is not read"
        of_own = "give it another name"
        rows_of_heads = _first_rows(raw, name)
        words = f" {_words(name)} "
        named = [one for one in _headed_like(rows_of_heads, heads, _HEADS_FRAC) if f" {_words(one)} " in words]
        meant = _meant(name, known) or max(named, key=len, default=None)
        if meant is None:
            meant = max(_headed_like(rows_of_heads, heads, 1.0), key=lambda one: len(heads[one]), default=None)
            if meant is None:
                continue
            found += f", and has the heads of sheet {meant!r}"
            of_own = "give it other heads"
        if meant in names:
            fix = f"{meant!r} is there and is read: move rows over, and delete this one"
        else:
            fix = f"call it {meant!r}"
        fix += f", or {of_own} if it is a sheet of your own"
        yield Place(str(path), 1, 1, name).problem(found, "the name of a sheet that is", fix)


def _first_rows(raw: bytes, name: str) -> list[set[str]]:
    """Return what could be heads in the first filled rows of a sheet; none if it cannot be read."""
    try:
        rows = read_workbook(raw, name).rows
    except WorkbookError:  # of no matter: it is not read
        return []
    filled = [row for row in rows if any(cell != "" for cell in row)]
    return [
        {name_and_unit(cell.strip())[0] for cell in row if isinstance(cell, str)} for row in filled[:_ROWS_OF_HEADS]
    ]


def _meant(name: str, known: list[str]) -> str | None:
    """Return the sheet that is meant by a name alone, None if it is like none."""
    by_letters = {_letters(word): word for word in known}
    copied = _COPY.fullmatch(name.strip())
    if copied is not None and _letters(copied["of"]) in by_letters:
        return by_letters[_letters(copied["of"])]
    near = get_close_matches(_letters(name), by_letters, n=1, cutoff=_SLIP)
    if near:
        return by_letters[near[0]]
    if name.lower().startswith(SETTINGS.lower() + " "):
        return closest(name, known)
    return None


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _words(name: str) -> str:
    """Return the words of a name, with a space between two of them.

    >>> _words("racks (2)"), _words("oldRacks_2027"), _words("site-limits")
    ('racks 2', 'old racks 2027', 'site limits')
    """
    return " ".join(_WORD.findall(name)).lower()


def _heads(tables: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the heads without which a sheet cannot be read, by its name."""
    schemas = load_package().tables
    return {
        SETTINGS: frozenset(SETTING_HEADS),
        **{own.name: frozenset(column.name for column in own.columns) for own in own_sheets()},
        **{table: frozenset(one.name for one in schemas[table].fields if not one.may_be_absent) for table in tables},
    }


def _headed_like(rows: list[set[str]], heads: dict[str, frozenset[str]], least_frac: float) -> list[str]:
    """Return the sheets of which this one has at least a share of the heads."""
    of = heads.items()
    return [sheet for sheet, wanted in of if any(len(wanted & row) >= least_frac * len(wanted) for row in rows)]
