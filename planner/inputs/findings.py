"""Problems and notes gathered while inputs are made, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem, unlisted_problems
from planner.base.sheet_cells import workbook_of
from planner.tables.places import TablePlaces
from planner.tables.sheet import shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from planner.scenario import Scenario

__all__ = ["ASSUMED", "Assumption", "Findings"]

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
