"""A scenario with its inputs, and the same question with something changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.inputs.build import build_inputs, inputs_without_notes
from planner.scenario import with_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.inputs.inputs import Inputs
    from planner.scenario import Scenario, Setting


def refuse_short_view(scenario: Scenario) -> None:
    """Refuse a scenario that is decided year by year, where all years are decided at once."""
    window = scenario.foresight.window_years
    if window is None:
        return
    found = f"foresight.window_years is {window}, and this study decides all years at once"
    fix = "leave it out; `dcplan myopic` says what foresight is worth"
    raise InputError([Problem(*scenario.place_of("foresight.window_years"), found, "no window", fix)])


@dataclass(frozen=True)
class Cell:
    """One figure of a data table, by the row it is in, and a value for it."""

    table: str  # where the figure stands
    column: str
    row: Mapping[str, str | float]  # columns and values that only its row has
    value: float  # what it is to be, in the unit of the column

    def __str__(self) -> str:
        """Return it as a note for whoever edits the table."""
        where = ", ".join(str(label) for label in self.row.values())
        return f"table {self.table}: {self.column} of {where} = {self.value:.10g}"


@dataclass(frozen=True, eq=False)
class PreparedScenario:
    """A scenario and what the model knows of it."""

    scenario: Scenario  # as validated
    inputs: Inputs  # made from it; holds the tables it was made from

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PreparedScenario:
        """Ask a scenario."""
        refuse_short_view(scenario)
        return cls(scenario, build_inputs(scenario))

    def changed(self, settings: Sequence[Setting], cells: Sequence[Cell] = ()) -> PreparedScenario:
        """Ask with other settings and figures, of the same tables."""
        tables = dict(self.inputs.tables)
        for cell in cells:
            table = tables[cell.table].copy()
            is_row = (table[list(cell.row)] == list(cell.row.values())).all(axis=1)
            table.loc[is_row, cell.column] = cell.value
            tables[cell.table] = table
        scenario = with_settings(self.scenario, settings)
        return PreparedScenario(scenario, inputs_without_notes(scenario, tables))
