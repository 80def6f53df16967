"""Cells of a user's own tables outside their plausible range, or their own row's low and high."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.family.table_columns import floats
from planner.plausible.rules import as_text
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.base.errors import Problem
    from planner.plausible.rules import Range
    from planner.tables import TableSchema
    from planner.tables.places import TablePlaces

_LISTED: Final = 5
"""Cells of a column that are listed; a column in a wrong unit is understood after a few."""
_UNIT_OF_ROW: Final = "see unit"
_ROUNDING: Final = 0.005


def implausible_cells(
    tables: Mapping[str, pd.DataFrame], ranges: Iterable[Range], places: TablePlaces
) -> Iterator[Problem]:
    """Find figures of tables that are allowed but implausible."""
    by_table = defaultdict(list)
    for given in ranges:
        by_table[given.table].append(given)
    for table, frame in tables.items():
        by_column: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
        for record, column, what_is, fix in outside(table, frame, by_table[table]):
            by_column[column][record] = what_is, fix
        for column, found in by_column.items():
            listed = sorted(found)[:_LISTED]
            for record in listed:
                what_is, fix = found[record]
                rest = len(found) - len(listed)
                if rest and record == listed[-1]:
                    what_is += f" (and {rest:,} more of this column)"
                yield places.problem(table, record, column, what_is, "", fix)


def outside(table: str, frame: pd.DataFrame, ranges: Iterable[Range]) -> Iterator[tuple[int, str, str, str]]:
    """Find cells of one table outside a range or the row's own low and high, each cell once."""
    schema = load_package()[table]
    wrong: dict[str, Bools] = defaultdict(lambda: np.zeros(len(frame), dtype=np.bool_))
    figures, name_of = partial(floats, frame), partial(_name_of, schema, frame)
    # A ratio is judged where its two figures are plausible each: they are blamed first.
    for given in sorted(ranges, key=lambda given: bool(given.over)):
        rows = _rows(frame, given, schema)
        bounds = schema.field(given.column).between or ()
        for column in (given.column, *(() if given.over else bounds)):
            values = figures(column)
            name = column
            if given.over:
                below = figures(given.over)
                values = values / np.where(below == 0.0, np.nan, below)
                name = f"{column} over {given.over}"
                rows = rows & ~wrong[given.over]
            for record in np.flatnonzero(rows & given.excludes(values) & ~wrong[column]):
                wrong[column][record] = True
                what_is = given.what_is(f"{name_of(int(record))}{name}", float(values[record]))
                yield int(record), column, what_is, given.fix
    yield from _beyond_own_row(schema, figures, wrong, name_of)


def _beyond_own_row(
    schema: TableSchema, figures: Callable[[str], Floats], wrong: Mapping[str, Bools], name_of: Callable[[int], str]
) -> Iterator[tuple[int, str, str, str]]:
    for field in schema.fields:
        if field.between is None:
            continue
        value, low, high = (figures(name) for name in (field.name, *field.between))
        judged = ~(wrong[field.name] | wrong[field.between[0]] | wrong[field.between[1]])
        # Figures that were moved to another year's money end in other decimals than their bounds.
        slack = _ROUNDING * np.abs(value)
        for record in np.flatnonzero(judged & ((value < low - slack) | (value > high + slack))):
            ends = " and ".join(
                f"{name} {as_text(end[record])}"
                for name, end in zip(field.between, (low, high), strict=True)
                if end[record] == end[record]
            )
            what_is = f"{name_of(int(record))}{field.name} is {as_text(value[record])}{field.bracket}"
            fix = "check its unit, or move low and high with it"
            yield int(record), field.name, f"{what_is}, outside its own row's {ends}", fix


def _rows(frame: pd.DataFrame, given: Range, schema: TableSchema) -> Bools:
    """Which rows a range is about; a figure in another unit than the range is not judged."""
    rows = np.ones(len(frame), dtype=np.bool_)
    of_unit = [("unit", (given.unit,))] if schema.field(given.column).unit == _UNIT_OF_ROW else []
    for column, values in (*given.rows, *of_unit):
        rows &= frame[column].isin(values).to_numpy(dtype=np.bool_)
    return rows


def _name_of(schema: TableSchema, frame: pd.DataFrame, record: int) -> str:
    """Say what a row is about, by its key, with a colon after it."""
    parts = [str(frame[name].iloc[record]) for name in schema.primary_key if name in frame]
    return f"{' '.join(parts)}: " if parts else ""
