"""What of the tables a scenario looks at, and the problems and notes found on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InputError, Problem, unlisted_problems
from planner.base.sheet_cells import workbook_of
from planner.inputs.table_columns import floats, texts
from planner.tables.places import TablePlaces
from planner.tables.sheet import shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.clock.calendar import ModelYears
    from planner.clock.days import Days
    from planner.scenario import Scenario

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
    growth = 1.0 + np.asarray(yearly_frac, dtype=np.float64)
    return np.asarray(growth ** np.maximum(since_base, 0.0))


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

    def item(self, table: str, item: str, unit: str) -> float:
        """Return one figure of a table of items in the unit that is computed with."""
        row = self._row(table, item, ("value", "unit"))
        if row is None:
            return np.nan
        value, stated = row
        if stated != unit:
            self.findings.add_at_table(table, f"{item} is in {stated}", f"in {unit}", "write the figure in this unit")
            return np.nan
        return float(value)

    def lead_months(self, item: str) -> float:
        """Return a lead of table `lead_times`; a missing one is a problem. [months]"""
        row = self._row("lead_times", item, ("lead_months",))
        return np.nan if row is None else float(row[0])

    def _row(self, table: str, item: str, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
        """Return cells of the row of an item; without such a row that is a problem, and None."""
        key = table, columns
        if key not in self._items:
            frame = self.tables[table]
            cells = (frame[column].tolist() for column in columns)
            rows = zip(*cells, strict=True)
            self._items[key] = dict(zip(frame["item"].tolist(), rows, strict=True))
        if item not in self._items[key]:
            self.findings.add_at_table(table, f"there is no item {item!r}", "a row for it", "add it")
            return None
        self.rows_read.add((table, item))
        return self._items[key][item]

    @cached_property
    def rows_read(self) -> set[tuple[str, ...]]:
        """Rows of tables of items that were read so far: the table and the row's primary key."""
        return set()

    @cached_property
    def _items(self) -> dict[tuple[str, tuple[str, ...]], dict[str, tuple[Any, ...]]]:
        """Cells by item of the tables and columns that were asked for."""
        return {}

    @cached_property
    def _finance(self) -> dict[tuple[str, str], float]:
        """Figures of table `finance` by item and region."""
        table = self.tables["finance"]
        keys = zip(texts(table, "item"), texts(table, "region"), strict=True)
        return dict(zip(keys, floats(table, "value").tolist(), strict=True))

    def finance_of(self, item: str, country: str) -> float:
        """Return a figure of table `finance` for a country, else for the world."""
        for region in (country, "world"):
            if (item, region) in self._finance:
                self.rows_read.add(("finance", item, region))
                return self._finance[item, region]
        self.findings.add_at_table(
            "finance", f"{item} is missing for {country}", "a row for it or for `world`", "add it"
        )
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

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._places = TablePlaces(scenario.data_files)
        self.problems: list[Problem] = []
        self.sha256: dict[Path, str] = {}  # of the bytes of each file read, by full path
        self.notes: list[str] = []
        self.assumed: list[Assumption] = []
        self.noted_settings: list[Problem] = []
        self.warnings: list[Problem] = []

    def add_at_key(self, keys: tuple[str | int, ...], what_is: str, must_be: str, fix: str = "") -> None:
        """Add a problem with a setting, placed where it was written."""
        file, line, column = self._scenario.place_of(keys)
        self.problems.append(Problem(file, line, column, what_is, must_be, fix))

    def add_at_table(self, table: str, what_is: str, must_be: str, fix: str = "") -> None:
        """Add a problem with a table, placed at its file."""
        own = self._scenario.data_files.get(table)
        file = str(own) if own is not None else f"data/{table}.csv"
        self.problems.append(Problem(file, None, None, what_is, must_be, fix))

    def add_at_row(self, table: str, record: int, column: str, what_is: str, must_be: str, fix: str = "") -> None:
        """Add a problem with a row of a table, placed at its line."""
        self.problems.append(self._places.problem(table, record, column, what_is, must_be, fix))

    def place_of_row(self, table: str, record: int, column: str) -> str:
        """Return file, line and column of a cell, for a message placed at another one."""
        return self._places.problem(table, record, column, "").place

    def add_row_without_effect(self, table: str, record: int, column: str, what_is: str, fix: str) -> None:
        """Add that a row of a table has no effect, placed as by `add_at_row`."""
        self.add_without_effect(self._places.problem(table, record, column, what_is, "", fix))

    def add_note_at_row(self, table: str, record: int, column: str, text: str) -> None:
        """Add something that a planner must know of a row of a table, placed as by `add_at_row`."""
        self.notes.append(text)
        self.noted_settings.append(self._places.problem(table, record, column, text))

    def add_unlisted(self, table: str, count: int) -> None:
        """Add that a table has more problems than were listed, where the count is above 0."""
        if count > 0:
            file = shown_path(self._places.path(table))
            self.problems.append(unlisted_problems(file, count))

    def add_note(self, text: str, keys: tuple[str | int, ...] | None = None) -> None:
        """Add something that a planner must know; of a setting also with its place.

        What an extended file says for its own scope is reported without a place: it is no mistake.
        """
        self.notes.append(text)
        if keys is not None:
            self._note_setting(keys, text)

    def assume(
        self,
        text: str,
        keys: tuple[str | int, ...] | None = None,
        *,
        row: tuple[str, int, str] | None = None,
        items: tuple[str, ...] = (),
        sites: tuple[str, ...] = (),
    ) -> None:
        """Add what is assumed in the planner's place, for the list that comes before all notes."""
        self.assumed.append(Assumption(text, items, sites))
        if row is not None:
            self.noted_settings.append(self._places.problem(*row, text))
        elif keys is not None:
            self._note_setting(keys, text)

    def _note_setting(self, keys: tuple[str | int, ...], text: str) -> None:
        file, line, column = self._scenario.place_of(keys)
        handed_down = {str(path) for path in self._scenario.source_files[1:]}
        if workbook_of(file)[0] not in handed_down:
            self.noted_settings.append(Problem(file, line, column, text, ""))

    def add_without_effect(self, problem: Problem) -> None:
        """Add a setting that has no effect; a note of a plan has no files to point at."""
        self.notes.append(f"{problem.what_is}; {problem.fix}.")
        self.noted_settings.append(problem)

    def stop_if_wrong(self) -> None:
        """Raise every problem found so far."""
        if self.problems:
            raise InputError(self.problems)
