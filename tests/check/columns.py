"""Ways to spoil a column of a table: by 0.5 %, by a swap, a missing cell, another label."""

from __future__ import annotations

import dataclasses
import random
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from good_plan import MINI, RICH, solved

from planner.check import RULES
from planner.check.case import Case
from planner.check.verdict import judged
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.check.verdict import Rule

RULE = {one.name: one for one in RULES}
EVERYWHERE = ("cells_there", "rows_once", "labels_known")
"""Rules that hold every column of every table."""
SHOWN_ONLY = ("solution.found_by",)
"""Columns that no rule holds: a note on the solver's methods; plan and program do not have them."""
UNKNOWN = "nowhere"
_LAZY = [name for name, of in vars(Case).items() if isinstance(of, cached_property)]
_PARTS = {*_LAZY} - {"_plans", "_data", "computed", "is_complete"}


class Noted(dict):
    """Tables of a plan that say which of them are read."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], note: Callable[[str], None]) -> None:
        super().__init__(tables)
        self.note = note

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> object:
        self.note(name)
        return super().get(name, default)


class Kept(dict):
    """What a case keeps; says when something is asked for that is not there yet, and when it is."""

    def __init__(self, case: Reading) -> None:
        self.case = case

    def __contains__(self, key: object) -> bool:
        there = super().__contains__(key)
        if there:
            self.case.note(*self.case.read_by[key])
        else:
            self.case.begin()
        return there

    def __setitem__(self, key: object, value: object) -> None:
        super().__setitem__(key, value)
        self.case.end(key)


class Reading(Case):
    """A case that notes which tables of the plan each part that it keeps is made of."""

    def __init__(self, **parts: object) -> None:
        self.__dict__.update(read_by={}, open=[set()], computed=Kept(self))
        super().__init__(**parts)
        noted = Noted(self.results.tables, self.note)
        self.__dict__["results"] = dataclasses.replace(self.results, tables=noted)

    def note(self, *tables: str) -> None:
        self.open[-1].update(tables)

    def begin(self) -> None:
        self.open.append(set())

    def end(self, key: object) -> None:
        self.read_by[key] = self.open.pop()
        self.note(*self.read_by[key])

    def plan(self, table: str) -> pd.DataFrame:
        self.note(table)
        return super().plan(table)

    def __getattribute__(self, name: str) -> object:
        if name not in _PARTS:
            return super().__getattribute__(name)
        if name in self.__dict__:
            self.note(*self.read_by[name])
            return self.__dict__[name]
        self.begin()
        part = super().__getattribute__(name)
        self.end(name)
        return part


class World:
    """A good plan, and what of it stays as it is where one table is spoiled."""

    def __init__(self, name: str) -> None:
        self.found: dict[str, list[Rule]] = {}
        self.plan = solved(MINI if name == "mini" else RICH.with_name(f"{name}.yaml"))

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        return self.plan.tables

    def _case(self, kind: type[Case], results: object) -> Case:
        plan = dataclasses.replace(self.plan, results=results)
        return kind(**{of.name: getattr(plan, of.name) for of in dataclasses.fields(plan)})

    @cached_property
    def good(self) -> Reading:
        """The good plan, judged by every rule."""
        case = self._case(Reading, self.plan.results)
        for rule in RULES:
            judged(rule, case)
        return case

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules that the good plan keeps: all, but that one without duals proves no optimum."""
        kept = [rule for rule in RULES if judged(rule, self.good).ok]
        assert {*RULE} - {rule.name for rule in kept} <= {"dual_signs", "bound_proven"}
        return kept

    def finds(self, name: str, table: pd.DataFrame) -> bool:
        """Say whether some rule is broken by a spoiled table, those first that found one before; or fails."""
        case, before = self.with_table(name, table), self.found.setdefault(name, [])
        found = next((rule for rule in (*before, *self.rules) if not judged(rule, case).ok), None)
        if found is not None and found not in before:
            before.insert(0, found)
        return found is not None

    def with_table(self, name: str, table: pd.DataFrame) -> Case:
        """Return the case of the plan with one table spoiled; what it does not touch is kept."""
        tables = {**self.tables, name: table}
        case = self._case(Case, dataclasses.replace(self.plan.results, tables=tables))
        for key, read in self.good.read_by.items():
            if name not in read and key in _PARTS:
                case.__dict__[key] = self.good.__dict__[key]
            elif name not in read:
                case.computed[key] = self.good.computed[key]
        case.__dict__["_data"] = self.good.__dict__["_data"]
        plans = self.good.__dict__["_plans"]
        case.__dict__["_plans"] = {of: plan for of, plan in plans.items() if of != name}
        return case


@cache
def world(name: str) -> World:
    return World(name)


def with_cells(table: pd.DataFrame, column: str, cells: dict[int, object]) -> pd.DataFrame:
    """Return a table with some cells of a column written again."""
    spoiled = table.copy()
    values = spoiled[column].astype("object").to_list()
    for row, cell in cells.items():
        values[row] = cell
    kind = table[column].dtype if all(cell is not None for cell in cells.values()) else "object"
    spoiled[column] = pd.Series(values, index=table.index, dtype=kind)
    return spoiled


def _as_text(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Write a table as text, numbers to nine digits, its rows in order."""
    return sorted(
        tuple(f"{cell:.9g}" if isinstance(cell, float) else str(cell) for cell in row)
        for row in table.itertuples(index=False)
    )


def swapped(table: pd.DataFrame, column: str, row: int) -> pd.DataFrame | None:
    """Swap a cell with the most different one that changes the table; None without one."""
    cells = table[column]
    others = np.flatnonzero((cells != cells.iloc[row]) & cells.notna())
    if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
        apart = np.abs(cells.to_numpy(dtype=np.float64)[others] - float(cells.iloc[row]))
        others = others[np.argsort(-apart, kind="stable")]
    for other in others[:8]:
        spoiled = with_cells(table, column, {row: cells.iloc[other], int(other): cells.iloc[row]})
        before, after = (_as_text(of.iloc[[row, int(other)]]) for of in (table, spoiled))
        if before != after:  # else only rows are in another order
            return spoiled
    return None


def spoiled_columns(name: str, table: pd.DataFrame, only: str | None = None) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Spoil every column of a table in turn, or one: column, how, and the table with it."""
    for column in TABLES[name].fields:
        if only not in (None, column.name):
            continue
        cells = table[column.name]
        row = 0
        if column.dtype == "float64":
            size = np.nan_to_num(np.abs(cells.to_numpy()), nan=-1.0)
            row = int(size.argmax())
            more = cells.iloc[row] * 1.005 if size[row] > 0.0 else 1.0
            yield column.name, "by 0.5 %", with_cells(table, column.name, {row: more})
            if size[row] >= 0.0:
                yield column.name, "missing", with_cells(table, column.name, {row: np.nan})
            if cells.isna().any():
                gap = int(np.argmax(cells.isna()))
                yield column.name, "not missing", with_cells(table, column.name, {gap: 1.0})
        elif column.dtype == "int64":
            yield column.name, "one more", with_cells(table, column.name, {0: cells.iloc[0] + 1})
        elif column.dtype == "bool":
            yield column.name, "turned", with_cells(table, column.name, {0: not cells.iloc[0]})
        else:
            yield column.name, "unknown", with_cells(table, column.name, {0: UNKNOWN})
            yield column.name, "missing", with_cells(table, column.name, {0: None})
            for other in cells[cells != cells.iloc[0]].unique()[:1]:
                yield column.name, "another", with_cells(table, column.name, {0: other})
        swap = swapped(table, column.name, row)
        if swap is not None:
            yield column.name, "swapped", swap


def changed(table: pd.DataFrame, column: str, draw: random.Random) -> tuple[str, pd.DataFrame]:
    """Change one cell, drawn at random: how, and the table with it.

    A number moves by 0.5 % of itself, or of the largest where it is small beside that.
    """
    cells, row = table[column], draw.randrange(len(table))
    if pd.api.types.is_bool_dtype(cells):
        return "turned", with_cells(table, column, {row: not cells.iloc[row]})
    if pd.api.types.is_integer_dtype(cells):
        return "one more", with_cells(table, column, {row: cells.iloc[row] + 1})
    if not pd.api.types.is_float_dtype(cells):
        others = [label for label in cells.unique() if label != cells.iloc[row]]
        label = draw.choice([*others, UNKNOWN])
        how = "unknown" if label == UNKNOWN else "another"
        return how, with_cells(table, column, {row: label})
    numbers = cells.to_numpy()
    if np.isnan(numbers[row]):
        return "not missing", with_cells(table, column, {row: 1.0})
    if draw.random() < 0.1:
        return "missing", with_cells(table, column, {row: np.nan})
    largest = float(np.nanmax(np.abs(numbers)))
    size = abs(numbers[row]) if abs(numbers[row]) > 0.01 * largest else largest
    more = numbers[row] + (0.005 * size if size > 0.0 else 1.0)
    return f"row {row} by 0.5 %", with_cells(table, column, {row: more})
