"""From text cells to typed columns, with everything that is wrong along the way."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as arrow
from pyarrow import compute

from planner.base.errors import MOST_PROBLEMS, Problem, unlisted_problems
from planner.base.words import NOT_IN_NAMES, closest
from planner.tables.descriptor import OWN
from planner.tables.places import COUNTRIES, SIZE_MUST_BE, has_odd_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.tables.descriptor import Field, ForeignKey, TableSchema
    from planner.tables.sheet import Sheet

NUMBER: Final = r"\A\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*\z"
INTEGER: Final = r"\A\s*[+-]?[0-9]+\s*\z"
_KIND: Final = "kind"
_NAME: Final = "name"
SHARES_ROUNDING: Final = 0.005
"""Shares are often given as integer per cent, so four of them may miss 1 by half of one."""
_LONGEST_SHOWN: Final = 200  # characters of a cell or a name in a message
BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def check_sheet(sheet: Sheet, schema: TableSchema) -> tuple[pd.DataFrame, list[Problem]]:
    """Check raw cells against the descriptor."""
    problems = [*sheet.problems, *_check_header(sheet, schema)]
    ragged = np.array([len(cells) != len(sheet.header) for cells in sheet.records], dtype=np.bool_)
    if not sheet.records and not schema.may_be_empty:
        what_is, fix = "there is no row under the header", "add one, or drop the table"
        head = sheet.problem(-1, 0, what_is, "at least one row", f"{fix} under data:")
        problems.append(head if sheet.sheet else replace(head, line=2, column=1))
    present = [f for f in schema.fields if f.name in sheet.header or f.may_be_absent]
    findings = _Findings(sheet)
    must_be, fix = f"{len(sheet.header)} cells as in the header", "look for a missing or an unquoted comma"
    findings.add(ragged, None, must_be, fix, lambda record: f"the row has {len(sheet.records[record])} cells")
    named = zip(sheet.header, zip_longest(*sheet.records, fillvalue=""), strict=False)
    columns = dict(reversed([*named]))  # of a column that is there twice the first
    blank = ("",) * len(sheet.records)
    text = {field.name: columns.get(field.name, blank) for field in present}
    cells = {field.name: _typed(text[field.name], field, findings) for field in present}
    for field in present:
        _check_bounds(cells, field, schema, findings)
    for name in (*schema.primary_key, _NAME):
        if name in text and schema.field(name).type == "string":
            wrong = _matches(text[name], f"[{NOT_IN_NAMES}]")
            must_be = "without control characters, ends of lines and changes of direction"
            findings.add(wrong, name, must_be, "remove them")
    frame = pd.DataFrame({field.name: _held(cells[field.name], field) for field in present})
    keys = [list(schema.primary_key)] + [[field.name] for field in schema.fields if field.unique]
    for key in (key for key in keys if set(key) <= set(frame)):
        _check_key(frame, key, findings)
    for shares in schema.sums:
        if {shares.field, *shares.per} <= set(frame):
            _check_sum(frame[[*shares.per, shares.field]].dropna(subset=shares.per), findings)
    return frame, problems + findings.problems()


_WITH_BLANKS: Final[dict[str, Any]] = {"string": "str", "integer": "Int64", "boolean": "boolean"}
"""Types of pandas with room for a blank cell, where those of numpy have none."""


def _held(cells: NDArray[Any], field: Field) -> Any:
    if field.type == "number":
        return cells
    if field.type != "string" and field.required and not pd.isna(cells).any():
        return cells.astype(field.dtype)
    return pd.array(cells, dtype=_WITH_BLANKS[field.type])


def known_right(raw: bytes, schema: TableSchema) -> pd.DataFrame:
    """Read a table in which nothing is wrong as `check_sheet` does, several times as fast."""
    full = {field.name for field in schema.fields if field.required} - schema.ends
    types = {of.name: of.dtype if of.name in full else _WITH_BLANKS.get(of.type, of.dtype) for of in schema.fields}
    how: dict[str, Any] = {"keep_default_na": False, "na_values": [""], "low_memory": False}
    frame: pd.DataFrame = pd.read_csv(io.BytesIO(raw), dtype=types, **how)
    return frame


def check_foreign_keys(
    sheet: Callable[[], Sheet],
    frame: pd.DataFrame,
    schema: TableSchema,
    keys: Callable[[str, str], pd.Series[Any] | None],
) -> list[Problem]:
    """Find ids that the table they point to does not have. Takes `keys` (table, column)."""
    findings: _Findings | None = None
    for link in schema.foreign_keys:
        known = known_ids(link, keys) if link.field in frame else None
        if known is None:
            continue
        column = frame[link.field]
        if {*column.dropna().tolist()} <= {*known}:
            continue
        unknown = column[column.notna() & ~column.isin(known)]
        findings = findings or _Findings(sheet())
        fix = partial(_meant, unknown, [str(value) for value in known], link)
        findings.add(unknown.index.to_numpy(dtype=np.int64), link.field, link.must_be, fix)
    return findings.problems() if findings else []


def known_ids(link: ForeignKey, keys: Callable[[str, str], pd.Series[Any] | None]) -> list[Any] | None:
    """Return every id that a column may hold, once each. Takes `keys` (table, column)."""
    lists = [keys(table, key) for table, key in link.targets]
    if any(ids is None for ids in lists):
        return None
    of_tables = (id_ for ids in lists if ids is not None for id_ in ids.tolist())
    return list(dict.fromkeys([*of_tables, *(COUNTRIES * link.countries), *link.values]))


def _meant(unknown: pd.Series[Any], names: list[str], link: ForeignKey, record: int) -> str:
    """Say which id was meant, else how it becomes known; nothing where no table could have it."""
    near, tables = closest(str(unknown.loc[record]), names), " or ".join(table for table, _ in link.targets)
    return f"did you mean '{near}'?" if near else f"add it to {tables} first" if tables else ""


Words = str | Callable[[int], str]
"""A text, or one made of the record; it is made for the problems that are listed alone."""


class _Findings:
    """Problems of cells, at most one per cell: the first of them with places, the rest counted.

    A table of a million rows in a wrong unit has as many problems. They are found as arrays, and
    words are made for the few that are listed.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        # by record and column; the last column is the record as such, of whose cells nothing more is said
        self._is_wrong = np.zeros((len(sheet.records), len(sheet.header) + 1), dtype=np.bool_)
        # what must be, how to fix it, and of a record what is, of each cell that may be listed
        self._first: dict[tuple[int, int], tuple[Words, Words, Words]] = {}

    def problems(self) -> list[Problem]:
        """Return the first problems of the file, and how many more there are."""
        total = int(self._is_wrong.sum())
        most = total if total <= MOST_PROBLEMS + 1 else MOST_PROBLEMS
        listed = [self._problem(*cell) for cell in sorted(self._first)[:most]]
        rest = total - len(listed)
        return [*listed, unlisted_problems(self._sheet.file, rest)] if rest else listed

    def line(self, record: int) -> int:
        """Return the line on which a record begins."""
        return self._sheet.place(record, 0)[0]

    def add(self, wrong: NDArray[Any], field: str | None, must_be: Words, fix: Words = "", what_is: Words = "") -> None:
        """Add cells of a column, or records as such; those that are wrong already stay what they are."""
        records = wrong.nonzero()[0] if wrong.dtype == np.bool_ else np.sort(wrong)
        if not len(records):
            return
        position = -1 if field is None else self._sheet.header.index(field)
        new = records[~self._is_wrong[records][:, [position, -1]].any(axis=1)]
        self._is_wrong[new, position] = True
        self._first |= {(int(record), position): (must_be, fix, what_is) for record in new[: MOST_PROBLEMS + 1]}

    def _problem(self, record: int, position: int) -> Problem:
        said = self._first[record, position]
        must_be, fix, what_is = (text if isinstance(text, str) else text(record) for text in said)
        if position >= 0:
            value, field = self._sheet.records[record][position], self._sheet.header[position]
            what_is = f"{field} is {_shortened(value)}" if value.strip() else f"{field} is blank"
        return self._sheet.problem(record, max(position, 0), what_is, must_be, fix)


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."


def _check_header(sheet: Sheet, schema: TableSchema) -> list[Problem]:
    problems = []
    missing = [name for name in schema.columns if name not in sheet.header]
    seen: set[str] = set()
    for position, name in enumerate(sheet.header):
        shown = _shortened(name)
        if name in seen:
            what_is, must_be, fix = f"column '{shown}' is there twice", "there once", "remove one of the two"
        elif name not in schema.columns:
            what_is, must_be = f"unknown column '{shown}'", "one of " + ", ".join(schema.columns)
            near = difflib.get_close_matches(shown, missing, n=1)
            fix = f"did you mean '{near[0]}'?" if near else "remove it"
        elif (unit := sheet.units[position] if sheet.units else "") not in {"", schema.field(name).unit}:
            what_is = f"column '{shown}' is headed [{unit}]"
            must_be = f"in {schema.field(name).unit or 'no unit'}"
            fix = "figures are not converted: give them in that unit, and head the column so"
        else:
            what_is = ""
        seen.add(name)
        if what_is:
            problems.append(sheet.problem(-1, position, what_is, must_be, fix))
        if len(problems) > MOST_PROBLEMS:
            break
    for name in missing:
        field = schema.fields[schema.columns.index(name)]
        if field.may_be_absent:
            continue
        must_be = f"there ({field.type}{field.bracket})"
        problems.append(sheet.problem(-1, 0, f"column '{name}' is missing", must_be, field.description))
    return problems


def _matches(cells: Sequence[str], pattern: str) -> NDArray[np.bool_]:
    """Return which cells a pattern is found in; Arrow takes a fraction of Python's time on a million rows."""
    found = compute.match_substring_regex(arrow.array(cells, arrow.large_string()), pattern)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _typed(text: Sequence[str], field: Field, findings: _Findings) -> NDArray[Any]:
    """Return the column in its type; a cell that is not of the type is reported and blank."""
    cells = np.array(text, dtype=object)
    is_blank = np.array([not cell.strip() for cell in text], dtype=np.bool_)
    cells[is_blank] = None
    if field.type == "string":
        return cells
    if field.type == "boolean":
        found = np.array([BOOLEANS.get(cell.strip().lower()) for cell in text], dtype=object)
        findings.add(pd.isna(found) & ~is_blank, field.name, "true or false", _meaning(field))
        return found
    pattern, must_be = (INTEGER, "an integer") if field.type == "integer" else (NUMBER, "a number")
    cells[~_matches(text, pattern)] = None
    numbers = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)
    # 1e999 has the form of a number and no finite value.
    wrong, odd = ~is_blank & ~np.isfinite(numbers), has_odd_size(numbers)
    findings.add(wrong, field.name, must_be + field.bracket, _meaning(field))
    findings.add(odd, field.name, SIZE_MUST_BE + field.bracket, _meaning(field))
    return np.where(wrong | odd, np.nan, numbers)


def _check_bounds(cells: dict[str, NDArray[Any]], field: Field, schema: TableSchema, findings: _Findings) -> None:
    column = cells[field.name]
    is_blank = pd.isna(column)
    is_missing = is_blank & field.required
    if field.name in schema.ends and _KIND in cells:
        is_missing &= cells[_KIND] != OWN  # of a figure of one's own nobody needs to know how far off it may be
    wrong = [(is_missing, "given")]
    if field.minimum is not None:
        wrong.append((column < field.minimum, f"at least {field.minimum:g}{field.bracket}"))
    if field.maximum is not None:
        wrong.append((column > field.maximum, f"at most {field.maximum:g}{field.bracket}"))
    if field.enum:
        is_other = np.array([cell not in field.enum for cell in column.tolist()], dtype=np.bool_)
        wrong.append((is_other & ~is_blank, f"one of {', '.join(map(str, field.enum))}{field.bracket}"))
    if field.pattern:
        has_form = [re.fullmatch(field.pattern, cell or "") is not None for cell in column]
        wrong.append((~np.array(has_form, dtype=np.bool_) & ~is_blank, f"of the form {field.pattern}"))
    for is_wrong, must_be in wrong:
        findings.add(is_wrong, field.name, must_be, _meaning(field))


def _check_key(frame: pd.DataFrame, key: list[str], findings: _Findings) -> None:
    if len({*zip(*(frame[name].tolist() for name in key), strict=True)}) == len(frame):
        return
    rows = frame[key].dropna()

    def must_be(record: int) -> str:
        values = rows.loc[record]
        is_same = (rows == values).all(axis=1).to_numpy(dtype=np.bool_)
        line = findings.line(int(rows.index[int(np.argmax(is_same))]))
        named = ", ".join(f"{name}={values[name]}" for name in rows.columns)
        return f"given once: {named} is on line {line} already"

    again = rows.index[rows.duplicated(keep="first")].to_numpy(dtype=np.int64)
    findings.add(again, rows.columns[-1], must_be, "remove or rename one of the two rows")


def _check_sum(rows: pd.DataFrame, findings: _Findings) -> None:
    """Report shares, the last column, that do not make a whole of the others, at the last row of it."""
    *per, field = rows.columns
    groups = rows.assign(at=rows.index).groupby(per, sort=False)
    wholes = groups["at"].agg(["first", "last"]).assign(total=groups[field].sum(skipna=False))
    wrong = wholes[(wholes["total"] - 1.0).abs() > SHARES_ROUNDING].set_index("last")

    def must_be(record: int) -> str:
        labels = rows.loc[record].to_dict()
        return f"such that the rows of {', '.join(f'{name}={labels[name]}' for name in per)} sum to 1"

    def fix(record: int) -> str:
        number = wrong.index.get_loc(record)
        total, first = (wrong[name].to_numpy()[number] for name in ("total", "first"))
        return f"they sum to {total:.6g}, from line {findings.line(int(first))} on"

    findings.add(wrong.index.to_numpy(), field, must_be, fix)


def _meaning(field: Field) -> str:
    return f"{field.name}: {field.description}"
