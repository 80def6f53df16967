"""From text cells to typed columns, with everything that is wrong along the way."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
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
    from collections.abc import Sequence

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
    text = pd.DataFrame(
        {field.name: _column(sheet, field.name) for field in present},
        columns=[field.name for field in present],
        dtype="str",
    )
    findings = _Findings(sheet)
    must_be, fix = f"{len(sheet.header)} cells as in the header", "look for a missing or an unquoted comma"
    findings.add_rows(ragged, lambda record: f"the row has {len(sheet.records[record])} cells", must_be, fix)
    frame = pd.DataFrame({field.name: _typed(text[field.name], field, findings) for field in present})
    _check_bounds(frame, schema, present, findings)
    _check_names(text, schema, findings)
    _check_primary_key(frame, schema, findings)
    _check_sums(frame, schema, findings)
    problems += findings.problems()
    if not problems:
        frame = frame.astype({f.name: "int64" for f in present if f.type == "integer" and f.required})
        frame = frame.astype({f.name: "bool" for f in present if f.type == "boolean" and f.required})
    return frame, problems


def check_foreign_keys(
    sheet: Callable[[], Sheet],
    frame: pd.DataFrame,
    schema: TableSchema,
    keys: Callable[[str, str], pd.Series[Any] | None],
) -> list[Problem]:
    """Find ids that the table they point to does not have. Takes `keys` (table, column)."""
    findings: _Findings | None = None
    for link in schema.foreign_keys:
        if link.field not in frame:
            continue
        known = known_ids(link, keys)
        if known is None:
            continue
        column = frame[link.field]
        unknown = column[column.notna() & ~column.isin(known)]
        if unknown.empty:
            continue
        findings = findings or _Findings(sheet())
        fix = partial(_meant, unknown, [str(value) for value in known], link)
        findings.add(unknown.index.to_numpy(dtype=np.int64), link.field, link.must_be, fix)
    return findings.problems() if findings else []


def known_ids(link: ForeignKey, keys: Callable[[str, str], pd.Series[Any] | None]) -> list[Any] | None:
    """Return every id that a column may hold, once each. Takes `keys` (table, column)."""
    lists = [keys(table, key) for table, key in link.targets]
    if any(ids is None for ids in lists):
        return None
    of_tables = (id_ for ids in lists if ids is not None for id_ in ids.unique())
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
        self._is_wrong: dict[int, NDArray[np.bool_]] = {}
        # what must be, how to fix it, and of a row what is, of each cell that may be listed
        self._first: dict[tuple[int, int], tuple[Words, Words, Words]] = {}
        self._whole = np.zeros(len(sheet.records), dtype=np.bool_)

    def problems(self) -> list[Problem]:
        """Return the first problems of the file, and how many more there are."""
        total = int(self._whole.sum()) + sum(int(wrong.sum()) for wrong in self._is_wrong.values())
        most = total if total <= MOST_PROBLEMS + 1 else MOST_PROBLEMS
        listed = [self._problem(*cell) for cell in sorted(self._first)[:most]]
        rest = total - len(listed)
        return [*listed, unlisted_problems(self._sheet.file, rest)] if rest else listed

    def line(self, record: int) -> int:
        """Return the line on which a record begins."""
        return self._sheet.place(record, 0)[0]

    def add_rows(self, is_wrong: NDArray[np.bool_], what_is: Words, must_be: str, fix: str) -> None:
        """Add rows that are wrong as such; of their cells nothing is said any more."""
        self._whole |= is_wrong
        for record in np.flatnonzero(is_wrong)[: MOST_PROBLEMS + 1]:
            self._first[int(record), -1] = must_be, fix, what_is

    def add(self, records: NDArray[np.int64], field: str, must_be: Words, fix: Words = "") -> None:
        """Add cells of a column; those that are wrong already stay what they are."""
        if not len(records):
            return
        position = self._sheet.header.index(field)
        is_wrong = self._is_wrong.setdefault(position, np.zeros(len(self._sheet.records), dtype=np.bool_))
        new = records[~is_wrong[records] & ~self._whole[records]]
        is_wrong[new] = True
        for record in np.sort(new)[: MOST_PROBLEMS + 1]:
            self._first[int(record), position] = must_be, fix, ""

    def _problem(self, record: int, position: int) -> Problem:
        said = self._first[record, position]
        must_be, fix, what_is = (text if isinstance(text, str) else text(record) for text in said)
        if position < 0:
            return self._sheet.problem(record, 0, what_is, must_be, fix)
        value, field = self._sheet.records[record][position], self._sheet.header[position]
        what_is = f"{field} is {_shortened(value)}" if value.strip() else f"{field} is blank"
        return self._sheet.problem(record, position, what_is, must_be, fix)


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


def _column(sheet: Sheet, name: str) -> list[str]:
    """Return the cells of a column; blank ones where the sheet does not have it."""
    position = sheet.header.index(name) if name in sheet.header else len(sheet.header)
    return [cells[position] if position < len(cells) else "" for cells in sheet.records]


def _typed(text: pd.Series[str], field: Field, findings: _Findings) -> pd.Series[Any]:
    """Return the column in its type; a cell that is not of the type is reported and blank."""
    blank = text.str.strip() == ""
    if field.type == "string":
        return text.mask(blank)
    if field.type == "boolean":
        lowered = text.str.strip().str.lower()
        _report(~blank & ~lowered.isin(list(BOOLEANS)), field, "true or false", findings)
        return lowered.map(BOOLEANS).astype("boolean")
    pattern, must_be = (INTEGER, "an integer") if field.type == "integer" else (NUMBER, "a number")
    # Arrow's own expressions take a fraction of the time of Python's on a million rows.
    like = compute.match_substring_regex(arrow.array(text, arrow.large_string()), pattern)
    wrong = ~blank & ~like.to_numpy(zero_copy_only=False)
    numbers = pd.to_numeric(text.mask(blank | wrong), errors="coerce").astype("float64")
    # 1e999 has the form of a number and no finite value.
    wrong |= ~blank & ~np.isfinite(numbers)
    _report(wrong, field, must_be + field.bracket, findings)
    odd = has_odd_size(numbers)
    _report(odd & ~wrong, field, SIZE_MUST_BE + field.bracket, findings)
    numbers = numbers.mask(wrong | odd)
    return numbers.astype("Int64") if field.type == "integer" else numbers


def _report(wrong: pd.Series[bool], field: Field, must_be: str, findings: _Findings) -> None:
    findings.add(np.flatnonzero(wrong), field.name, must_be, _meaning(field))


def _check_bounds(frame: pd.DataFrame, schema: TableSchema, fields: Sequence[Field], findings: _Findings) -> None:
    for field in fields:
        column = frame[field.name]
        is_blank = column.isna().to_numpy(dtype=np.bool_)
        is_missing = is_blank & field.required
        if field.name in schema.ends and _KIND in frame:
            # Of a figure of one's own nobody needs to know how far off it may be.
            is_missing &= frame[_KIND].ne(OWN).to_numpy(dtype=np.bool_)
        wrong = [(is_missing, "given")]
        for bound, sign, word in ((field.minimum, 1.0, "least"), (field.maximum, -1.0, "most")):
            if bound is not None:
                is_beyond = sign * column.to_numpy(dtype=np.float64, na_value=np.nan) < sign * bound
                wrong.append((is_beyond, f"at {word} {bound:g}{field.bracket}"))
        if field.enum:
            is_other = ~column.isin(list(field.enum)).to_numpy(dtype=np.bool_) & ~is_blank
            wrong.append((is_other, f"one of {', '.join(map(str, field.enum))}{field.bracket}"))
        if field.pattern:
            has_form = column.str.fullmatch(field.pattern).to_numpy(dtype=np.bool_, na_value=True)
            wrong.append((~has_form, f"of the form {field.pattern}"))
        for is_wrong, must_be in wrong:
            findings.add(np.flatnonzero(is_wrong), field.name, must_be, _meaning(field))


def _check_names(text: pd.DataFrame, schema: TableSchema, findings: _Findings) -> None:
    """Report ids and names that would break the lines and tables in which they are shown."""
    for name in text.columns:
        if schema.field(name).type != "string" or name not in (*schema.primary_key, _NAME):
            continue
        wrong = compute.match_substring_regex(arrow.array(text[name], arrow.large_string()), f"[{NOT_IN_NAMES}]")
        must_be = "without control characters, ends of lines and changes of direction"
        findings.add(np.flatnonzero(wrong.to_numpy(zero_copy_only=False)), name, must_be, "remove them")


def _check_primary_key(frame: pd.DataFrame, schema: TableSchema, findings: _Findings) -> None:
    keys = [list(schema.primary_key)] + [[field.name] for field in schema.fields if field.unique]
    for key in (key for key in keys if set(key) <= set(frame.columns)):
        _check_key(frame[key].dropna(), findings)


def _check_key(rows: pd.DataFrame, findings: _Findings) -> None:
    """Report rows that are there already."""

    def must_be(record: int) -> str:
        values = rows.loc[record]
        is_same = (rows == values).all(axis=1).to_numpy(dtype=np.bool_)
        line = findings.line(int(rows.index[int(np.argmax(is_same))]))
        named = ", ".join(f"{name}={values[name]}" for name in rows.columns)
        return f"given once: {named} is on line {line} already"

    again = rows.index[rows.duplicated(keep="first")].to_numpy(dtype=np.int64)
    findings.add(again, rows.columns[-1], must_be, "remove or rename one of the two rows")


def _check_sums(frame: pd.DataFrame, schema: TableSchema, findings: _Findings) -> None:
    """Report shares that do not make a whole, at the last row of it."""
    for shares in schema.sums:
        per = list(shares.per)
        if {shares.field, *per} <= set(frame.columns):
            _check_sum(frame[[*per, shares.field]].dropna(subset=per), per, shares.field, findings)


def _check_sum(rows: pd.DataFrame, per: list[str], field: str, findings: _Findings) -> None:
    at = rows.index.to_numpy(dtype=np.int64)
    whole = rows.groupby(per, sort=False).ngroup().to_numpy(dtype=np.int64)
    total = np.bincount(whole, rows[field].to_numpy(dtype=np.float64))
    first = at[np.unique(whole, return_index=True)[1]]
    last = at[len(at) - 1 - np.unique(whole[::-1], return_index=True)[1]]
    wrong = np.flatnonzero(np.abs(total - 1.0) > SHARES_ROUNDING)
    of_record = {int(last[number]): int(number) for number in wrong}

    def must_be(record: int) -> str:
        labels = rows.loc[record].to_dict()
        return f"such that the rows of {', '.join(f'{name}={labels[name]}' for name in per)} sum to 1"

    def fix(record: int) -> str:
        number = of_record[record]
        return f"they sum to {total[number]:.6g}, from line {findings.line(int(first[number]))} on"

    findings.add(np.array(list(of_record), dtype=np.int64), field, must_be, fix)


def _meaning(field: Field) -> str:
    return f"{field.name}: {field.description}"
