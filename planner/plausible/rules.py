"""What is plausible: the ranges of table `plausible_ranges`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError
from planner.tables import load_package
from planner.tables.descriptor import PURE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from planner.base.arrays import Bools
    from planner.tables.places import TablePlaces


RANGES: Final = "plausible_ranges"
_COLUMNS: Final = ("quantity", "table", "column", "rows", "settings", "low", "high", "unit", "hint")
_LARGE = 1e3
_SMALL = 1e-3


class Range:
    """What a figure usually is, and where it is written."""

    def __init__(self, row: Mapping[str, object]) -> None:
        """Read a row of table `plausible_ranges`."""
        cells = {name: str(cell) for name, cell in row.items()}
        self.quantity = cells["quantity"]  # id
        self.table = cells["table"]  # table of the data that has the figure; "" for none
        # its column, and the one that it is divided by; "" where the figure itself is meant
        self.column, _, self.over = cells["column"].partition(" / ")
        rows = (part.partition("=") for part in cells["rows"].split())
        # column and values: of which rows the figure is meant
        self.rows = tuple((name, tuple(values.split("|"))) for name, _, values in rows)
        # key paths of a scenario to the same figure, `*` for each entry
        self.settings = tuple(tuple(keys.split(".")) for keys in cells["settings"].split())
        self.low, self.high = float(cells["low"]), float(cells["high"])  # beyond them a figure is suspicious. [unit]
        self.unit = cells["unit"]  # unit of the figure
        self.hint = cells["hint"]  # which slip it probably is

    def excludes(self, values: ArrayLike) -> Bools:
        """Tell which figures lie outside; a 0 says that there is none, and is no slip.

        >>> made = Range(dict.fromkeys(_COLUMNS, "") | {"low": 20.0, "high": 300.0})
        >>> made.excludes([0.0, 8.2, 82.0, float("nan")]).tolist()
        [False, True, False, False]
        """
        figures = np.asarray(values, dtype=np.float64)
        return np.asarray(((figures < self.low) | (figures > self.high)) & (figures != 0.0), dtype=np.bool_)

    def what_is(self, name: str, value: float) -> str:
        """Say of a figure that it lies outside, and of what."""
        unit = "" if self.unit in PURE_NUMBERS else f" [{self.unit}]"
        bounds = f"{as_text(self.low)} to {as_text(self.high)}"
        return f"{name} is {as_text(value)}{unit}, outside the plausible {bounds}"

    @property
    def fix(self) -> str:
        """Say what to look for."""
        return self.hint or "check its unit"


def as_text(value: float) -> str:
    """Write a figure as a planner would.

    >>> as_text(2460.0), as_text(0.0098), as_text(7e6), as_text(8.2), as_text(1.25e-5)
    ('2,460', '0.0098', '7,000,000', '8.2', '1.25e-05')
    """
    if abs(value) >= _LARGE:
        return f"{value:,.0f}"
    return f"{value:,.4g}" if abs(value) >= _SMALL else f"{value:.3g}"


def ranges_of(table: pd.DataFrame, places: TablePlaces) -> tuple[Range, ...]:
    """Read table `plausible_ranges`, one range for each row."""
    columns = (table[name].to_numpy(dtype=object, na_value="").tolist() for name in _COLUMNS)
    ranges, wrong = _read(tuple(zip(*columns, strict=True)))
    if wrong:
        raise InputError([places.problem(RANGES, *one) for one in wrong])
    return ranges


@lru_cache(maxsize=4)
def _read(rows: tuple[tuple[object, ...], ...]) -> tuple[tuple[Range, ...], tuple[tuple[int, str, str, str, str], ...]]:
    """Return the ranges of some rows, once for all scenarios, and what is wrong by row."""
    ranges = tuple(Range(dict(zip(_COLUMNS, row, strict=True))) for row in rows)
    wrong = tuple((record, *one) for record, given in enumerate(ranges) for one in _wrong(given))
    return ranges, wrong


def _wrong(given: Range) -> Iterator[tuple[str, str, str, str]]:
    """Column, what is, what must be and how to fix it, of names that there are not."""
    tables = load_package().tables
    if not given.table:
        return
    if given.table not in tables:
        found = f"unknown table {given.table!r}"
        yield "table", found, "a table of the data", "`dcplan data list` lists them"
        return
    fields = {field.name: field for field in tables[given.table].fields}
    fix = f"`dcplan data show {given.table}` lists them"
    for name in filter(None, (given.column or "(blank)", given.over)):
        if name not in fields or not fields[name].is_number:
            found = f"table {given.table} has no column of numbers {name!r}"
            yield "column", found, "one of its columns", fix
    for name, values in given.rows:
        if name not in fields or not any(values):
            why = "has no value" if name in fields else f"is no column of table {given.table}"
            found = f"{name!r}, by which rows are chosen, {why}"
            yield "rows", found, "column=value, further values after |", fix
