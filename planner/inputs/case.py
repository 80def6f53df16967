"""What of the tables a scenario looks at, and the problems and notes found on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import MOST_PROBLEMS, InputError, Problem, unlisted_problems
from planner.base.sheet_cells import workbook_of
from planner.family.table_columns import dense_by_ids, floats, texts
from planner.scenario import interpolated, path_value
from planner.tables import load_package
from planner.tables.places import TableCell, TablePlaces
from planner.tables.sheet import shown_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Bools, Floats
    from planner.clock.days import Days, ModelYears
    from planner.scenario import Scenario
    from planner.scenario.tree import Keys

    At = Keys | TableCell | str
    Words = Sequence[Any] | Callable[[int], Any] | NDArray[Any]

DUTIES = ("training", "inference")
BASE_YEAR_OF_MONEY = 2025
"""All prices in the tables are real dollars of this year; trends start from it."""


def trend_factor(yearly_frac: ArrayLike, year: ArrayLike) -> Floats:
    r"""Return what costs at a moment over what it cost in the base year of money.

    .. math:: (1 + g)^{\max(y - 2025,\ 0)}

    Whatever the plan's first year, a price of the tables is that of their base year; before
    it prices are taken as they are.
    Takes `yearly_frac` [1/year].

    >>> trend_factor(0.02, [2024, 2025, 2027]).round(6).tolist()
    [1.0, 1.0, 1.0404]
    """
    since_base = np.asarray(year, dtype=np.float64) - BASE_YEAR_OF_MONEY
    return np.asarray((1.0 + np.asarray(yearly_frac, dtype=np.float64)) ** np.maximum(since_base, 0.0))


@dataclass(frozen=True)
class ScopedCase:
    """A scenario with its tables cut down to its scope."""

    scenario: Scenario  # the question
    tables: Mapping[str, pd.DataFrame]  # the data as read, all rows
    findings: Findings  # takes problems and notes
    years: ModelYears  # model years
    days: Days  # days that represent a year, and their time slices
    sites: pd.DataFrame  # one row per site in scope with every figure of a site, the operator's share taken
    regions: pd.DataFrame  # one row per demand region in scope
    # one row per workload in scope, the scenario's figures in place; `placed_redundancy` is what the table says, which
    # is where its racks of the base year stand
    workloads: pd.DataFrame
    racks: pd.DataFrame  # one row per rack type that computes, the scenario's figures in place
    admitted: pd.DataFrame  # pairs of workload and rack that go together
    cooling: pd.DataFrame  # tables of technologies and topologies
    redundancy: pd.DataFrame

    @cached_property
    def year(self) -> NDArray[np.int64]:
        """First calendar year of every model year."""
        return np.asarray(self.years.years, dtype=np.int64)

    @cached_property
    def last_year(self) -> NDArray[np.int64]:
        """Last calendar year that every model year stands for."""
        return self.years.last_calendar_years

    @cached_property
    def gap_years(self) -> NDArray[np.int64]:
        """Years since the model year before; 1 for the first."""
        return np.diff(self.year, prepend=self.year[0] - 1)

    @cached_property
    def duty(self) -> NDArray[np.intp]:
        """Duty of every workload in scope."""
        return np.array([DUTIES.index(duty) for duty in texts(self.workloads, "duty")], np.intp)

    def ids(self, frame: str) -> tuple[str, ...]:
        """Return the ids of `sites`, `regions`, `workloads`, `racks`, `cooling`, `redundancy`."""
        column = {"sites": "site", "regions": "demand_region", "workloads": "workload", "racks": "rack"}.get(
            frame, frame
        )
        return texts(getattr(self, frame), column)

    def named(self, frame: str, which: Bools | NDArray[np.intp]) -> list[str]:
        """Return the ids under a mask or at positions."""
        return [str(id_) for id_ in np.array(self.ids(frame), dtype=object)[which]]

    def item(self, table: str, item: str, unit: str) -> float:
        """Return one figure of a table of items in the unit that is computed with."""
        row = self._row(table, item)
        if row is None:
            return np.nan
        if row["unit"] != unit:
            self.findings.add(table, f"{item} is in {row['unit']}", f"in {unit}", "write the figure in this unit")
            return np.nan
        return float(row["value"])

    def lead_months(self, item: str) -> float:
        """Return a lead of table `lead_times`; a missing one is a problem. [months]"""
        row = self._row("lead_times", item)
        return np.nan if row is None else float(row["lead_months"])

    def _row(self, table: str, item: str) -> Mapping[str, Any] | None:
        """Return the row of an item; without one that is a problem, and None."""
        if (item,) not in self._keyed(table):
            self.findings.add(table, f"there is no item {item!r}", "a row for it", "add it")
            return None
        self.rows_read.add((table, item))
        return self._keyed(table)[(item,)]

    def _keyed(self, table: str) -> Mapping[tuple[str, ...], Mapping[str, Any]]:
        """Return the rows of a table of items by their primary key."""
        if table not in self._tables_keyed:
            rows, key = self.tables[table].to_dict("records"), load_package()[table].primary_key
            self._tables_keyed[table] = {tuple(row[name] for name in key): row for row in rows}
        return self._tables_keyed[table]

    def dense(
        self,
        table: str,
        axes: Mapping[str, Sequence[Any]],
        value: str,
        lacks: str,
        must_be: str = "a row for each",
        fix: str = "add it",
        *,
        rows: pd.DataFrame | None = None,
    ) -> Floats:
        """Return a long table, or rows of it, as a dense array that must be whole.

        `lacks` says what is missing, with the labels of the first axes in place of its `{}`.
        """
        array = dense_by_ids(self.tables[table] if rows is None else rows, axes, value)
        of_axes, named = tuple(axes.values()), lacks.count("{}")
        for at in np.argwhere(np.isnan(array).any(axis=tuple(range(named, array.ndim)))):
            labels = (of_axes[axis][code] for axis, code in enumerate(at))
            self.findings.add(table, lacks.format(*labels), must_be, fix)
        return array

    def on_line(self, rows: pd.DataFrame, value: str) -> Floats:
        """Return a figure by model year: on straight lines between the years of some rows, held beyond them."""
        rows = rows.sort_values("year")
        return np.asarray(np.interp(self.year, floats(rows, "year"), floats(rows, value)))

    def interpolated(self, path: float | Mapping[int, float]) -> Floats:
        """Return a setting by model year, on straight lines between its years."""
        return np.array([interpolated(path, year) for year in self.years.years])

    def by_year(self, path: float | Mapping[int, float] | None) -> Floats:
        """Return a setting by model year, held from each of its years on; NaN where there is none."""
        if path is None:
            return np.full(len(self.years), np.nan)
        found = (path_value(path, year) for year in self.years.years)
        return np.array([np.nan if value is None else value for value in found], dtype=np.float64)

    @cached_property
    def rows_read(self) -> set[tuple[str, ...]]:
        """Rows of tables of items that were read so far: the table and the row's primary key."""
        return set()

    @cached_property
    def _tables_keyed(self) -> dict[str, Mapping[tuple[str, ...], Mapping[Any, Any]]]:
        """Tables of items that were asked for, by their primary key."""
        return {}

    def finance_of(self, item: str, country: str) -> float:
        """Return a figure of table `finance` for a country, else for the world."""
        for region in (country, "world"):
            if (row := self._keyed("finance").get((item, region))) is not None:
                self.rows_read.add(("finance", item, region))
                return float(row["value"])
        self.findings.add("finance", f"{item} is missing for {country}", "a row for it or for `world`", "add it")
        return np.nan

    def finance_by_site(self, item: str) -> Floats:
        """Return a figure of table `finance` for the country of every site."""
        countries = texts(self.sites, "country")
        of_country = {country: self.finance_of(item, country) for country in set(countries)}
        return np.array([of_country[country] for country in countries])


ASSUMED: Final = "Assumed for you"
"""How a note of what is assumed begins, in every output."""


@dataclass(frozen=True)
class Assumption:
    """What a plan assumes in a planner's place, and which of its cost that sets."""

    text: str  # what is assumed, and which setting or table states it
    items: tuple[str, ...] = ()  # lines of the cost list that it sets; none where it sets no price
    sites: tuple[str, ...] = ()  # sites at which it does; none for everywhere


class Findings:
    """What is wrong with a scenario and its tables, and what a planner must know of them."""

    def __init__(self, scenario: Scenario, tables: Mapping[str, pd.DataFrame] | None = None) -> None:
        self._scenario, self._tables = scenario, tables or {}
        self._places = TablePlaces(scenario.data_files)
        self.problems: list[Problem] = []
        self.sha256: dict[Path, str] = {}  # of the bytes of each file read, by full path
        self.notes: list[str] = []
        self.assumed: list[Assumption] = []
        self.noted_settings: list[Problem] = []
        self.warnings: list[Problem] = []

    def problem(self, at: At, what_is: str, must_be: str = "", fix: str = "") -> Problem:
        """Return a problem at a cell, where a setting is written, or in the file of a table."""
        if isinstance(at, TableCell):
            return self._places.problem(*at, what_is, must_be, fix)
        if isinstance(at, str):
            return Problem.of(self._scenario.data_files.get(at, f"data/{at}.csv"), what_is, must_be, fix)
        return self._scenario.problem(at, what_is, must_be, fix)

    def add(self, at: At, what_is: str, must_be: str = "a row for each", fix: str = "add it") -> None:
        """Add a problem."""
        self.problems.append(self.problem(at, what_is, must_be, fix))

    def add_rows(
        self, table: str, wrong: Bools, column: str, what_is: str, must_be: str, fix: str, **words: Words
    ) -> None:
        """Add a problem with each of some rows of a table, the first of them in words.

        `{name}` in a text is the row's cell of that column, or the entry of `words` for the row.
        """
        for record in np.flatnonzero(wrong)[:MOST_PROBLEMS].tolist():
            said = self._words(table, record, words)
            self.add(TableCell(table, record, column), *(text.format_map(said) for text in (what_is, must_be, fix)))
        unlisted = int(wrong.sum()) - MOST_PROBLEMS
        if unlisted > 0:
            self.problems.append(unlisted_problems(shown_path(self._places.path(table)), unlisted))

    def note_rows(self, table: str, idle: Bools, column: str, what_is: str, fix: str, **words: Words) -> None:
        """Add that each of some rows of a table has no effect, in words as those of `add_rows`."""
        for record in np.flatnonzero(idle).tolist():
            said = self._words(table, record, words)
            self.add_idle(TableCell(table, record, column), what_is.format_map(said), fix)

    def _words(self, table: str, record: int, words: Mapping[str, Words]) -> dict[str, Any]:
        own = {name: of(record) if callable(of) else of[record] for name, of in words.items()}
        return {str(name): cell for name, cell in self._tables[table].iloc[record].to_dict().items()} | own

    def place_of(self, at: TableCell) -> str:
        """Return file, line and column of a cell, for a message placed at another one."""
        return self.problem(at, "").place

    def add_note(self, text: str, at: At | None = None) -> None:
        """Add something that a planner must know, where it has one with its place."""
        self.notes.append(text)
        self._note_place(at, text)

    def assume(
        self, text: str, at: At | None = None, *, items: tuple[str, ...] = (), sites: tuple[str, ...] = ()
    ) -> None:
        """Add what is assumed in the planner's place, for the list that comes before all notes."""
        self.assumed.append(Assumption(text, items, sites))
        self._note_place(at, text)

    def _note_place(self, at: At | None, text: str) -> None:
        """Note a place; what an extended file says for its own scope is no mistake."""
        if at is not None:
            noted = self.problem(at, text)
            handed_down = {str(path) for path in self._scenario.source_files[1:]}
            if isinstance(at, TableCell) or workbook_of(noted.file)[0] not in handed_down:
                self.noted_settings.append(noted)

    def add_idle(self, at: At, what_is: str, fix: str) -> None:
        """Add that a row or setting has no effect."""
        self.add_without_effect(self.problem(at, what_is, "", fix))

    def add_without_effect(self, problem: Problem) -> None:
        """Add a setting that has no effect; a note of a plan has no files to point at."""
        self.notes.append(f"{problem.what_is}; {problem.fix}.")
        self.noted_settings.append(problem)

    def stop_if_wrong(self) -> None:
        """Raise every problem found so far."""
        if self.problems:
            raise InputError(self.problems)
