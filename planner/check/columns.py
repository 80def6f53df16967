"""Which rule holds which column of the plan's tables, and what is shown only.

The rules of `EVERYWHERE` hold every column of every table: no cell is missing where one must be,
no row comes twice, no label is unknown. Beyond that each column is held by the rules that families
name in `COLUMNS`: change one cell, and one of them is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check.all_checks import ACROSS
from planner.check.families import FAMILIES
from planner.check.rows import FOLLOWS, IMPLIED, WITH_HOURS
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EVERYWHERE: Final = ("cells_there", "rows_once", "labels_known")
"""Rules that hold every column of every table."""

ROWS: Final = "rows"
"""In `COLUMNS`, what stands for the rows of a table."""


def _declared() -> Iterator[tuple[str, str, str]]:
    """List table, column (or `ROWS`) and rule, as families declare them and as rows follow."""
    for family in (*FAMILIES, *ACROSS):
        for table, rules in getattr(family, "COLUMNS", {}).items():
            for name, words in rules.items():
                for word in words.split():
                    yield (table, ROWS, word) if name == ROWS else (table, word, name)
    for table, column, _ in FOLLOWS:
        yield table, column, "labels_follow"
    for table in WITH_HOURS:
        yield table, "hours", "hours_reported"
    for table in IMPLIED:
        yield table, ROWS, "rows_there"
        for column in TABLES[table].primary_key:
            yield table, column, "rows_there"


def _held() -> dict[tuple[str, str], tuple[str, ...]]:
    held: dict[tuple[str, str], tuple[str, ...]] = {}
    for table, column, rule in _declared():
        rules = held.get((table, column), ())
        held[table, column] = rules if rule in rules else (*rules, rule)
    return held


HELD: Final[Mapping[str, tuple[str, ...]]] = {
    f"{table}.{column}": rules for (table, column), rules in _held().items() if column != ROWS
}
"""For each `table.column` the rules that hold it."""
HELD_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    table: rules for (table, column), rules in _held().items() if column == ROWS
}
"""For each table the rules that find a row of it gone, unless it holds nothing but zeros."""
SHOWN_ONLY: Final[Mapping[str, str]] = {
    "solution.found_by": "a note on the solver's methods; plan and program do not have them"
}
"""Each `table.column` that is shown only, and why no rule can hold it."""
