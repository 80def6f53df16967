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

__all__ = ["Cell", "PreparedScenario", "refuse_short_view"]


def refuse_short_view(scenario: Scenario) -> None:
    """Refuse a scenario that is decided year by year, where all years are decided at once.

    Parameters
    ----------
    scenario : Scenario
        As validated.

    Raises
    ------
    InputError
        If it has a window.
    """
    window = scenario.foresight.window_years
    if window is None:
        return
    found = f"foresight.window_years is {window}, and this study decides all years at once"
    fix = "leave it out; `dcplan myopic` says what foresight is worth"
    place = scenario.place_of("foresight.window_years")
    raise InputError([Problem(*place, found, "no window", fix)])


@dataclass(frozen=True)
class Cell:
    """One figure of a data table, by the row it is in, and a value for it.

    Parameters
    ----------
    table, column : str
        Where the figure stands.
    row : mapping of str to str or float
        Columns and values that only its row has.
    value : float
        What it is to be, in the unit of the column.
    """

    table: str
    column: str
    row: Mapping[str, str | float]
    value: float

    def __str__(self) -> str:
        """Return it as a note for whoever edits the table."""
        where = ", ".join(str(label) for label in self.row.values())
        return f"table {self.table}: {self.column} of {where} = {self.value:.10g}"


@dataclass(frozen=True, eq=False)
class PreparedScenario:
    """A scenario and what the model knows of it.

    Parameters
    ----------
    scenario : Scenario
        As validated.
    inputs : Inputs
        Made from it; holds the tables it was made from.
    """

    scenario: Scenario
    inputs: Inputs

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PreparedScenario:
        """Ask a scenario.

        Raises
        ------
        InputError
            If scenario or data cannot be used, or it is decided year by year.
        """
        refuse_short_view(scenario)
        return cls(scenario, build_inputs(scenario))

    def changed(self, settings: Sequence[Setting], cells: Sequence[Cell] = ()) -> PreparedScenario:
        """Ask with other settings and figures, of the same tables.

        Raises
        ------
        InputError
            If the changed scenario or data cannot be used.
        """
        tables = dict(self.inputs.tables)
        for cell in cells:
            table = tables[cell.table].copy()
            is_row = (table[list(cell.row)] == list(cell.row.values())).all(axis=1)
            table.loc[is_row, cell.column] = cell.value
            tables[cell.table] = table
        scenario = with_settings(self.scenario, settings)
        return PreparedScenario(scenario, inputs_without_notes(scenario, tables))
