"""Tables of a planner's own with a figure for each pair of a demand region and a site."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import MOST_PROBLEMS, InputError, and_so_many_more
from planner.scenario.keys import closest
from planner.tables.check import check_sheet
from planner.tables.descriptor import TableSchema
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.inputs.case import Case
    from planner.tables.descriptor import Field
    from planner.tables.sheet import Sheet

__all__ = ["read_pairs"]


def read_pairs(
    case: Case, path: Path, name: str, title: str, fields: Sequence[Field], key: Sequence[str]
) -> tuple[pd.DataFrame, Sheet] | None:
    """Read such a table; what is wrong with it is added to the findings.

    Parameters
    ----------
    case : Case
        Scenario, regions and sites; takes the problems.
    path : Path
        The file.
    name, title : str
        What it is called in messages.
    fields : sequence of Field
        Its columns, ``from`` and ``to`` among them; those that are not required may be missing.
    key : sequence of str
        Columns that name a row, as far as they are there.

    Returns
    -------
    (DataFrame, Sheet) or None
        The rows as typed, and the file they are in, which knows their places; None where they
        can not be read.
    """
    try:
        raw = bytes_of(path)
        sheet = sheet_of(raw, path, name)
    except InputError as error:
        case.findings.problems += error.problems
        return None
    case.findings.sha256[path.resolve()] = hashlib.sha256(raw).hexdigest()
    known = tuple(field for field in fields if field.required or field.name in sheet.header)
    schema = TableSchema(
        name=name,
        path=str(path),
        title=title,
        description="",
        vintage="",
        sources=(),
        licences=(),
        fields=known,
        primary_key=tuple(column for column in key if column in {f.name for f in known}),
        foreign_keys=(),
        may_be_empty=False,
    )
    table, problems = check_sheet(sheet, schema)
    case.findings.problems += problems
    if problems:
        return None
    _check_ids(case, table, sheet)
    return table, sheet


def _check_ids(case: Case, table: pd.DataFrame, sheet: Sheet) -> None:
    """Ids must exist, in scope or not; one that does not is placed at its cell."""
    ids = (
        ("from", "demand_regions", set(case.tables["demand_regions"]["demand_region"])),
        ("to", "sites", {*case.tables["sites"]["site"], *case.scenario.new_sites}),
        ("workload", "workloads", set(case.tables["workloads"]["workload"])),
    )
    for column, of, known in ids:
        if column not in table:
            continue
        unknown = np.flatnonzero(~table[column].isin(list(known)))
        for row in unknown[:MOST_PROBLEMS]:
            id_ = str(table[column].iloc[row])
            meant = closest(id_, sorted(map(str, known)))
            mend = f"did you mean {meant!r}?" if meant else f"`dcplan data show {of}` lists them"
            cell = sheet.header.index(column)
            case.findings.problems.append(
                sheet.problem(int(row), cell, f"{column} is {id_!r}", f"an id of table {of}", mend)
            )
        if len(unknown) > MOST_PROBLEMS:
            rest = and_so_many_more(sheet.file, len(unknown) - MOST_PROBLEMS)
            case.findings.problems.append(rest)
