"""From text cells to typed columns, with everything that is wrong along the way."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.errors import Problem
from planner.tables.countries import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandera.pandas as pa

    from planner.tables.descriptor import Field, ForeignKey, TableSchema
    from planner.tables.sheet import Sheet

__all__ = ["check_foreign_keys", "check_sheet", "known_ids", "pandera_schema"]

NUMBER: Final = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
INTEGER: Final = r"\s*[+-]?\d+\s*"
SHARES_ROUNDING: Final = 0.005
"""Shares are often given in whole per cent, so four of them may miss 1 by half of one."""
BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def check_sheet(sheet: Sheet, schema: TableSchema) -> tuple[pd.DataFrame, list[Problem]]:
    """Check raw cells against the descriptor.

    Parameters
    ----------
    sheet : Sheet
        Header and records as text.
    schema : TableSchema
        What the table must be.

    Returns
    -------
    tuple of DataFrame and list of Problem
        One row per record, columns in the order of the descriptor, typed; and every problem
        found. With problems the frame is fit only for looking up ids.
    """
    problems = _check_header(sheet, schema)
    ragged = _check_lengths(sheet)
    problems += ragged.values()
    if not sheet.records and not schema.may_be_empty:
        problems.append(
            Problem(
                sheet.file,
                2,
                1,
                "there is no row under the header",
                "at least one row",
                "write one, or leave the table out under data:",
            )
        )
    present = [field for field in schema.fields if field.name in sheet.header]
    text = pd.DataFrame(
        {field.name: _column(sheet, sheet.header.index(field.name)) for field in present},
        columns=[field.name for field in present],
        dtype="str",
    )
    findings = _Findings(sheet, skip_records=set(ragged))
    frame = pd.DataFrame(
        {field.name: _typed(text[field.name], field, findings) for field in present}
    )
    _check_bounds(frame, schema, present, findings)
    _check_primary_key(frame, schema, findings)
    _check_sums(frame, schema, findings)
    problems += findings.problems
    if not problems:
        frame = frame.astype(
            {f.name: "int64" for f in present if f.type == "integer" and f.required}
        )
        frame = frame.astype(
            {f.name: "bool" for f in present if f.type == "boolean" and f.required}
        )
    return frame, problems


def check_foreign_keys(
    sheet: Callable[[], Sheet],
    frame: pd.DataFrame,
    schema: TableSchema,
    keys: Callable[[str, str], pd.Series[Any] | None],
) -> list[Problem]:
    """Find ids that the table they point to does not have.

    Parameters
    ----------
    sheet : callable
        Returns the raw cells, for places; called only where an id is unknown.
    frame : DataFrame
        The typed table.
    schema : TableSchema
        Its descriptor.
    keys : callable
        (table, column) to the ids that exist; None when that table cannot be read.

    Returns
    -------
    list of Problem
        One per cell with an unknown id; blanks are left to the `required` check.
    """
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
        findings = findings or _Findings(sheet(), skip_records=set())
        names = [str(value) for value in known]
        for record, value in zip(unknown.index, unknown, strict=True):
            near = difflib.get_close_matches(str(value), names, n=1)
            mend = f"did you mean '{near[0]}'?" if near else _add_first(link)
            findings.add(int(record), link.field, link.must_be, mend)
    return findings.problems if findings else []


def known_ids(
    link: ForeignKey, keys: Callable[[str, str], pd.Series[Any] | None]
) -> list[Any] | None:
    """Return every id that a column may hold, once each.

    Parameters
    ----------
    link : ForeignKey
        The column, and the lists that its ids are of.
    keys : callable
        (table, column) to the ids that exist; None when that table cannot be read.

    Returns
    -------
    list or None
        None where one of the tables cannot be read: then nothing can be told to be unknown.
    """
    lists = [keys(table, key) for table, key in link.targets]
    if any(ids is None for ids in lists):
        return None
    of_tables = (id_ for ids in lists if ids is not None for id_ in ids.unique())
    return list(dict.fromkeys([*of_tables, *(COUNTRIES * link.countries), *link.values]))


def _add_first(link: ForeignKey) -> str:
    """Say how an id becomes known; nothing where no table could have it."""
    tables = " or ".join(table for table, _ in link.targets)
    return f"add it to {tables} first" if tables else ""


def pandera_schema(fields: Sequence[Field]) -> pa.DataFrameSchema:
    """Return the bounds of the fields as a pandera schema; error texts say what must be."""
    import pandera.pandas as pa  # half a second, and not needed where every table is kept checked

    return pa.DataFrameSchema({field.name: _pandera_column(field) for field in fields})


def _pandera_column(field: Field) -> pa.Column:
    import pandera.pandas as pa

    unit = field.bracket
    checks = []
    if field.minimum is not None:
        checks.append(pa.Check.ge(field.minimum, error=f"at least {field.minimum:g}{unit}"))
    if field.maximum is not None:
        checks.append(pa.Check.le(field.maximum, error=f"at most {field.maximum:g}{unit}"))
    if field.enum:
        values = ", ".join(str(value) for value in field.enum)
        checks.append(pa.Check.isin(field.enum, error=f"one of {values}{unit}"))
    if field.pattern:
        checks.append(
            pa.Check(
                lambda column, pattern=field.pattern: column.str.fullmatch(pattern),
                error=f"of the form {field.pattern}",
            )
        )
    return pa.Column(None, checks, nullable=not field.required)


class _Findings:
    """Problems of cells, at most one per cell, each with its place."""

    def __init__(self, sheet: Sheet, *, skip_records: set[int]) -> None:
        self._sheet = sheet
        self._skip = skip_records
        self._cells: dict[tuple[int, str], Problem] = {}

    @property
    def problems(self) -> list[Problem]:
        return list(self._cells.values())

    def line(self, record: int) -> int:
        """Return the line on which a record begins."""
        return self._sheet.place(record, 0)[0]

    def add(self, record: int, field: str, must_be: str, mend: str = "") -> None:
        if record in self._skip or (record, field) in self._cells:
            return
        position = self._sheet.header.index(field)
        value = self._sheet.records[record][position]
        line, column = self._sheet.place(record, position)
        what_is = f"{field} is {value}" if value.strip() else f"{field} is blank"
        self._cells[record, field] = Problem(self._sheet.file, line, column, what_is, must_be, mend)


def _check_header(sheet: Sheet, schema: TableSchema) -> list[Problem]:
    problems = []
    missing = [name for name in schema.columns if name not in sheet.header]
    for position, name in enumerate(sheet.header):
        line, column = sheet.place(-1, position)
        if name in sheet.header[:position]:
            problems.append(
                Problem(
                    sheet.file,
                    line,
                    column,
                    f"column '{name}' is there twice",
                    "there once",
                    "remove one of the two",
                )
            )
        elif name not in schema.columns:
            near = difflib.get_close_matches(name, missing, n=1)
            mend = f"did you mean '{near[0]}'?" if near else "remove it"
            must_be = "one of " + ", ".join(schema.columns)
            if len(sheet.header) == 1 and (";" in name or "\t" in name):
                mend = "separate the columns with commas"
            problems.append(
                Problem(sheet.file, line, column, f"unknown column '{name}'", must_be, mend)
            )
    for name in missing:
        field = schema.fields[schema.columns.index(name)]
        problems.append(
            Problem(
                sheet.file,
                sheet.place(-1, 0)[0],
                1,
                f"column '{name}' is missing",
                f"there ({field.type}{field.bracket})",
                field.description,
            )
        )
    return problems


def _check_lengths(sheet: Sheet) -> dict[int, Problem]:
    width = len(sheet.header)
    return {
        record: Problem(
            sheet.file,
            sheet.place(record, 0)[0],
            1,
            f"the row has {len(cells)} cells",
            f"{width} cells as in the header",
            "look for a missing or an unquoted comma",
        )
        for record, cells in enumerate(sheet.records)
        if len(cells) != width
    }


def _column(sheet: Sheet, position: int) -> list[str]:
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
    pattern, must_be = (
        (INTEGER, "a whole number") if field.type == "integer" else (NUMBER, "a number")
    )
    wrong = ~blank & ~text.str.fullmatch(pattern)
    numbers = pd.to_numeric(text.mask(blank | wrong), errors="coerce").astype("float64")
    # 1e999 has the form of a number and no finite value.
    wrong |= ~blank & ~np.isfinite(numbers)
    _report(wrong, field, must_be + field.bracket, findings)
    numbers = numbers.mask(wrong)
    return numbers.astype("Int64") if field.type == "integer" else numbers


def _report(wrong: pd.Series[bool], field: Field, must_be: str, findings: _Findings) -> None:
    for record in np.flatnonzero(wrong):
        findings.add(int(record), field.name, must_be, _meaning(field))


def _check_bounds(
    frame: pd.DataFrame, schema: TableSchema, fields: Sequence[Field], findings: _Findings
) -> None:
    from pandera.errors import SchemaErrors

    try:
        pandera_schema(fields).validate(frame, lazy=True)
    except SchemaErrors as errors:
        by_name = {field.name: field for field in schema.fields}
        for case in errors.failure_cases.itertuples():
            field = by_name[case.column]
            must_be = "given" if case.check == "not_nullable" else case.check
            findings.add(int(case.index), field.name, must_be, _meaning(field))


def _check_primary_key(frame: pd.DataFrame, schema: TableSchema, findings: _Findings) -> None:
    keys = [list(schema.primary_key)] + [[field.name] for field in schema.fields if field.unique]
    for key in keys:
        if not set(key) <= set(frame.columns):
            continue
        complete = frame[key].dropna()
        again = complete.index[complete.duplicated(keep="first")]
        if again.empty:
            continue
        first = complete.drop_duplicates().reset_index().set_index(key)["index"]
        for record in again:
            values = tuple(complete.loc[record])
            line = findings.line(int(first.loc[values if len(key) > 1 else values[0]]))
            named = ", ".join(f"{name}={value}" for name, value in zip(key, values, strict=True))
            findings.add(
                int(record),
                key[-1],
                f"given once: {named} is on line {line} already",
                "remove or rename one of the two rows",
            )


def _check_sums(frame: pd.DataFrame, schema: TableSchema, findings: _Findings) -> None:
    """Report shares that do not make a whole, at the last row of it."""
    for shares in schema.sums:
        if not {shares.field, *shares.per} <= set(frame.columns):
            continue
        for labels, rows in frame.groupby(list(shares.per), sort=False):
            total = rows[shares.field].sum(skipna=False)
            if abs(total - 1.0) > SHARES_ROUNDING:
                whole = ", ".join(
                    f"{name}={label}" for name, label in zip(shares.per, labels, strict=True)
                )
                findings.add(
                    int(rows.index[-1]),
                    shares.field,
                    f"such that the rows of {whole} sum to 1",
                    f"they sum to {total:.6g}, from line {findings.line(int(rows.index[0]))} on",
                )


def _meaning(field: Field) -> str:
    return f"{field.name}: {field.description}"
