"""A plan workbook as a tree whose every node knows its sheet and cell.

Sheet `Settings` has a row for each setting that there is once, sheets `Settings <block>` a row for
each entry of a block, and every other sheet that is called like a table is that table.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.base.sheet_cells import cell_name
from planner.base.words import amount, closest, did_you_mean
from planner.family.values import FIRST_YEAR, LAST_YEAR
from planner.scenario.keys import field_at, is_by_year
from planner.scenario.tree import Node, Place, assign
from planner.scenario.workbook_cells import (
    ASSUMPTIONS,
    COMMENT,
    EDITED_SITE,
    ID_HEAD,
    RESULT_SHEET,
    SETTING_HEAD,
    SETTING_HEADS,
    SETTINGS,
    SITE_ID_HEAD,
    VALUE_HEAD,
    CellGrid,
    Edit,
    cell_text,
    edits,
    name_and_unit,
    own_sheets,
    result_sheets,
    single_settings,
    unread_sheets,
    value_of,
)
from planner.tables import load_package
from planner.tables.workbook import WorkbookError, read_workbook, sheet_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from planner.scenario.keys import SchemaKey
    from planner.scenario.workbook_cells import OwnSheet

_KEYS_OF_SITE: Final = (None, "retail_usd_per_mwh", "lead_time_months")
"""Settings of the cells of `EDITED_SITE`; how many MW a site has is decided by the solver."""
_NO_SETTING: Final = "it recomputes this workbook and is no setting: undo it, and edit sheet 'Settings' or a table"
_NOT_MW: Final = (
    "the solver decides how many MW a site has: undo it, and set land_limit_mw, grid_firm_mw or "
    "minimum_size_mw of the site on sheet 'Settings sites'"
)
_YEAR_SHOWN: Final = 2028
"""Example of a head."""
_START: Final = "`dcplan init --xlsx` writes one to begin with"


def read_plan_workbook(raw: bytes, path: Path) -> tuple[Node, list[Problem]]:
    """Read a scenario from a workbook."""
    try:
        names = sheet_names(raw)
        if SETTINGS not in names:
            meant = closest(SETTINGS, names)
            fix = f"is it sheet {meant!r}? Call it {SETTINGS}" if meant else _START
            msg = f"the workbook has no sheet {SETTINGS!r}"
            raise Place(str(path)).error(msg, "a plan workbook", fix)
        book = _Book(raw, path, Node({}, Place(str(path), 1, 1, SETTINGS)))
        book.read_settings()
        for own in own_sheets():
            if own.name in names:
                book.read_own(own)
        if RESULT_SHEET in names:
            book.read_edits()
            book.problems += unread_sheets(path, names, result_sheets())
        else:
            tables = load_package().tables
            book.problems += unread_sheets(path, names, tables)
            book.add_tables([name for name in names if name in tables])
    except WorkbookError as error:
        raise Place(str(path)).error(str(error), error.must_be, error.fix) from error
    return book.tree, book.problems


@dataclass
class _Book:
    """A workbook that is being read: the tree so far, and what is wrong."""

    raw: bytes
    path: Path
    tree: Node
    problems: list[Problem] = field(default_factory=list)

    def read_settings(self) -> None:
        """Read the sheet with a row for each setting."""
        grid = self._grid(SETTINGS, (SETTING_HEAD, VALUE_HEAD))
        if grid is None:
            return
        at, of_key = grid.column_of(SETTING_HEAD), grid.column_of(VALUE_HEAD)
        years = _years(grid)
        first = {head: column for column, head in reversed(list(grid.heads.items())) if head in SETTING_HEADS}
        self._note_unread(grid, {*years, *first.values()})
        known = {column.name: column.field for column in single_settings()}
        seen: dict[str, Place] = {}
        for row, cells in grid.cells.items():
            key = str(cells.get(at, "")).strip()
            written = {column: cells[column] for column in (of_key, *years) if column in cells}
            if key.startswith(COMMENT) or not (key or written):
                continue
            key_place = grid.place(row, at)
            if not key:
                what_is = f"a value, {cells[next(iter(written))]!r}, without a setting before it"
                place = grid.place(row, next(iter(written)))
                self._note(place, what_is, "blank", "write the setting into the row's first cell")
                continue
            if key in seen:
                what_is = f"{key} is given twice, first in row {seen[key].line}"
                self._note(key_place, what_is, "given once", "remove one of the two rows")
                continue
            seen[key] = key_place
            if not written:
                if key not in known and field_at(tuple(key.split("."))) is None:
                    self._note(
                        key_place,
                        f"unknown setting {key!r}",
                        "a key of the schema",
                        did_you_mean(key, list(known), "remove the row"),
                    )
                continue
            node = self._setting(tuple(key.split(".")), written, of_key, years, (grid, row))
            if node is not None:
                self._assign(tuple(key.split(".")), replace(node, key_place=key_place))

    def _note_unread(self, grid: CellGrid, read: set[int]) -> None:
        """Name each column with figures that is not read, unless its head begins with #."""
        unread: dict[int, int] = {}  # first row with a figure, by column
        for row, cells in grid.cells.items():
            if not str(cells.get(min(grid.heads), "")).startswith(COMMENT):
                unread = dict.fromkeys(cells.keys() - read, row) | unread
        for column, row in sorted(unread.items()):
            if not (head := grid.heads.get(column, "")).startswith(COMMENT):
                found = f"head {head!r} is not read" if head else "there is no head"
                found = f"{found}, and {cell_name(row, column)} under it is {grid.cells[row][column]!r}"
                must_be = f"a head that is read, as the year {_YEAR_SHOWN}, each once"
                fix = f"correct the head, empty the column, or begin its head with {COMMENT} if it is your own"
                self._note(grid.place(grid.head_row, column), found, must_be, fix)

    def _setting(
        self,
        keys: tuple[str, ...],
        written: Mapping[int, Any],
        of_key: int,
        years: Mapping[int, int],
        where: tuple[CellGrid, int],
    ) -> Node | None:
        """Return the value of a row: of its cell, or of its cells by year."""
        grid, row = where
        by_year = {column: cell for column, cell in written.items() if column != of_key}
        if of_key in written:
            for column in by_year:
                what_is = f"{'.'.join(keys)} has a figure for {years[column]}, and one for all"
                fix = f"empty it, or the cell under {VALUE_HEAD!r}"
                self._note(grid.place(row, column), what_is, "one or the other", fix)
            return self._value(written[of_key], field_at(keys), grid.place(row, of_key))
        if not is_by_year(keys):
            for column in by_year:
                what_is = f"{'.'.join(keys)} has a figure for {years[column]}"
                fix = f"write it under {VALUE_HEAD!r}: it is the same in every year"
                self._note(grid.place(row, column), what_is, "blank", fix)
            return None
        places = {column: grid.place(row, column) for column in by_year}
        entries = {
            str(years[column]): replace(value_of(cell, None, places[column]), key_place=places[column])
            for column, cell in by_year.items()
        }
        return Node(entries, next(iter(places.values())))

    def read_own(self, own: OwnSheet) -> None:
        """Read a sheet with a row for each entry of a block."""
        first = ID_HEAD if own.has_ids else own.columns[0].name
        grid = self._grid(own.name, (first,))
        if grid is None:
            return
        self._note_unread(grid, set(grid.heads))
        columns = self._columns(grid, own)
        at = grid.column_of(first)
        entries: dict[str, Node] = {}
        for row, cells in grid.cells.items():
            written = {column: cells[column] for column in columns if column in cells}
            id_ = cell_text(cells.get(at, ""))
            if id_.startswith(COMMENT) or not (written or (own.has_ids and id_)):
                continue
            place = grid.place(row, at)
            if own.has_ids and not id_:
                self._note(place, "the id of the row is blank", "given", "write it, or empty row")
                continue
            if own.has_ids and id_ in entries:
                line = entries[id_].place.line
                what_is = f"{id_!r} is given twice, first in row {line}"
                self._note(place, what_is, "given once", "put both rows into one")
                continue
            entry = Node({}, place, place)
            for column, cell in written.items():
                keys = columns[column].keys
                cell_place = grid.place(row, column)
                node = self._value(cell, columns[column].field, cell_place)
                if node is not None:
                    entry = assign(entry, keys, replace(node, key_place=cell_place))
            entries[id_ if own.has_ids else str(len(entries))] = entry
        if entries:
            place = grid.place(grid.head_row, at)
            self._assign(own.keys, Node(entries if own.has_ids else tuple(entries.values()), place, place))

    def _columns(self, grid: CellGrid, own: OwnSheet) -> dict[int, SchemaKey]:
        """Return what stands in which column; heads that say anything else are problems."""
        known = {column.name: column for column in own.columns}
        found: dict[int, SchemaKey] = {}
        for at, head in grid.heads.items():
            name, unit = name_and_unit(head)
            place = grid.place(grid.head_row, at)
            if (name == ID_HEAD and own.has_ids) or head.startswith(COMMENT):
                continue
            column = known.get(name)
            if column is None:
                fix = did_you_mean(name, list(known), "remove it")
                self._note(place, f"unknown column {head!r}", "a key of the block", fix)
            elif column in found.values():
                self._note(place, f"column {name!r} is there twice", "there once", "remove one")
            elif unit is not None and unit != column.unit:
                fix = "figures are not converted: give them in that unit, and head the column so"
                self._note(place, f"column {name!r} is headed [{unit}]", f"in {column.unit or 'no unit'}", fix)
            else:
                found[at] = column
        return found

    def read_edits(self) -> None:
        """Take over what was edited on the sheets of a solved plan, or say that it cannot be."""
        grid = self._grid(ASSUMPTIONS, ("name", "value", "as solved"))
        for edit in edits(grid, "name", "value", "as solved") if grid else ():
            change = f"from {amount(edit.solved)} to {edit.value}"
            what_is = f"{edit.row} is edited {change}, a factor on the plan"
            self._note(edit.place, what_is, "as solved", _NO_SETTING)
        grid = self._grid("Sites", (SITE_ID_HEAD, *(head for head, _ in EDITED_SITE)))
        if grid is None:
            return
        for (head, _), key in zip(EDITED_SITE, _KEYS_OF_SITE, strict=True):
            for edit in edits(grid, SITE_ID_HEAD, head, head.replace("edited", "as solved")):
                if key is None:
                    what_is = f"{edit.row} is edited from {amount(edit.solved)} to {edit.value} MW"
                    self._note(edit.place, what_is, "as solved", _NOT_MW)
                else:
                    self._edit_site(edit, key)

    def _edit_site(self, edit: Edit, key: str) -> None:
        """Set a figure of a site; one that is also edited among the settings is a problem."""
        block = "new_sites" if edit.row in self.tree.entries_at("new_sites") else "sites"
        there = self.tree.at(block, edit.row, key)
        if there is not None and isinstance(there.value, int | float) and there.value != edit.solved:
            what_is = f"{key} of {edit.row} is edited here and in {there.place.spot[0]}"
            self._note(edit.place, what_is, "edited once", "undo one of the two")
            return
        node = value_of(edit.value, None, edit.place)
        node = replace(node, key_place=edit.place)
        self.tree = assign(self.tree, (block, edit.row, key), node)

    def add_tables(self, tables: list[str]) -> None:
        """Let the sheets that are called like tables be those tables."""
        for table in tables:
            place = Place(str(self.path), 1, 1, table)
            written = self.tree.entries_at("data").get(table)
            if written is not None:
                what_is = f"table {table} is a sheet, and the file {written.value!r}"
                fix = f"delete the sheet, or what is written of {table}"
                self.problems.append(written.place.problem(what_is, "one of the two", fix))
                continue
            self._assign(("data", table), Node(self.path.name, place, place))

    def _value(self, cell: Any, asked: FieldInfo | None, place: Place) -> Node | None:
        try:
            return value_of(cell, asked, place)
        except InputError as error:
            self.problems += error.problems
            return None

    def _assign(self, keys: tuple[str, ...], node: Node) -> None:
        """Lay a value into the tree; what is there already is a problem."""
        there = self.tree.at(*keys)
        if there is not None:
            what_is = f"{'.'.join(keys)} is written in two places"
            self._note(there.key_place or there.place, what_is, "written once", "empty one of them")
            return
        try:
            self.tree = assign(self.tree, keys, node)
        except LookupError as error:
            self._note(node.place, f"the key leads nowhere: {error.args[0]}", "a key", "")

    def _note(self, place: Place, what_is: str, must_be: str, fix: str) -> None:
        self.problems.append(place.problem(what_is, must_be, fix))

    def _grid(self, sheet: str, heads: tuple[str, ...]) -> CellGrid | None:
        """Read the cells of a sheet; None where it has no row of heads."""
        cells = read_workbook(self.raw, sheet)
        for row, column in cells.errors:
            place = Place(str(self.path), row, column, sheet)
            fix = "correct the formula, or empty the cell"
            self._note(place, "an error such as #N/A", "a value or blank", fix)
        filled = {
            (cells.first_row + i, cells.first_column + j): value
            for i, row in enumerate(cells.rows)
            for j, value in enumerate(row)
            if not (isinstance(value, str) and not value.strip())
        }
        start = Place(str(self.path), 1, 1, sheet)
        grid = CellGrid.from_heads(heads, start, filled)
        if grid is None:
            self._note(start, f"no row has the heads {' and '.join(map(repr, heads))}", "a row of heads", _START)
        return grid


def _years(grid: CellGrid) -> dict[int, int]:
    """Return the years by the columns that they head, each where it is first."""
    years: dict[int, int] = {}
    for column, head in grid.heads.items():
        is_year = head.isdecimal() and len(head) == 4 and FIRST_YEAR <= int(head) <= LAST_YEAR
        if is_year and int(head) not in years.values():
            years[column] = int(head)
    return years
