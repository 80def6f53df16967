"""From a scenario to the inputs of a plan, once for all that asks about it, and with figures of the data moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.family.table_columns import floats, texts
from planner.inputs.assumed import (
    note_assumed,
    note_early_ends,
    note_fixed_costs,
    note_inherited,
    note_other_currencies,
)
from planner.inputs.inputs import Inputs
from planner.inputs.own_rows import note_own_rows, note_unread_rows, note_unread_tables
from planner.inputs.proportions import warnings_of
from planner.inputs.proportions_company import out_of_proportion
from planner.inputs.scope import make_case
from planner.inputs.sites import note_no_new_halls
from planner.inputs.without_effect import settings_without_effect
from planner.plausible import implausible
from planner.scenario import read_draft, unknown_ids, with_settings
from planner.tables import load_package, read_tables, read_with_hashes, right_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from planner.inputs.case import ScopedCase
    from planner.scenario import Scenario, Setting
    from planner.tables.descriptor import TableSchema

# --- A scenario with its inputs, and the same question with something changed ---------------------


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


# --- From scenario and tables to everything the model knows ---------------------------------------

_OF_NO_PLAN: Final = (
    *("brief", "edge_accelerators", "hall_density", "load_history", "market_inventory", "own_hours", "power_curves"),
    *("source_reliability", "stress_hours", "stress_settings"),
)
TABLES: Final = tuple(sorted({*load_package().tables} - {*_OF_NO_PLAN}))
"""Tables that the model is built from."""


def build_inputs(scenario: Scenario) -> Inputs:
    """Read the tables and make everything the model knows."""
    read = read_with_hashes(TABLES, scenario.data_files)
    return build_inputs_from(scenario, read.frames, read.sha256)


def build_inputs_from(
    scenario: Scenario, tables: Mapping[str, pd.DataFrame], sha256: Mapping[Path, str] | None = None
) -> Inputs:
    """Make everything the model knows from tables that are read already."""
    case = make_case(scenario, tables)
    note_inherited(case)
    case.findings.sha256.update(sha256 or {})
    for problem in settings_without_effect(case):
        case.findings.add_without_effect(problem)
    note_unread_tables(case, TABLES)
    note_own_rows(case)
    note_other_currencies(case)
    note_assumed(case)
    note_early_ends(case)
    note_fixed_costs(case)
    note_no_new_halls(case)
    try:
        case.findings.warnings += (*implausible(scenario, tables), *out_of_proportion(case))
    except InputError as error:  # ranges of a user's own
        case.findings.problems += error.problems
    inputs = _made(case)
    note_unread_rows(case)
    assumed = tuple(case.findings.assumed)
    first = {one.text for one in assumed}
    noted = sorted(case.findings.noted_settings, key=lambda note: note.what_is not in first)
    return inputs.changed(notes=tuple(case.findings.notes), assumed=assumed, noted_settings=tuple(noted))


def inputs_without_notes(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Inputs:
    """Make everything the model knows, for one of many questions on the way to an answer.

    What has no effect, is implausible or ends early is not looked for: nobody reads it there.
    """
    return _made(make_case(scenario, tables))


def _made(case: ScopedCase) -> Inputs:
    try:
        return Inputs(case)
    except InputError as error:
        # What is found missing goes on as NaN, and whoever computes with it may stumble first.
        raise InputError(case.findings.problems or error.problems) from error


@dataclass(frozen=True)
class Validation:
    """What is wrong with a scenario and its data, or else what its settings do not do."""

    problems: tuple[Problem, ...]  # all that keeps a plan from being made
    notes: tuple[Problem, ...] = ()  # settings of a right scenario that have no effect, or that keep sites out
    # figures that are allowed but implausible, also of a scenario that is wrong elsewhere
    warnings: tuple[Problem, ...] = ()


def validated(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Validation:
    """Check the file, the tables it uses, the ids it names, and what they say together."""
    try:
        draft = read_draft(path_or_name, overrides)
    except InputError as error:
        return Validation(error.problems)
    _, problems = draft.checked()
    if not draft.has_its_tables:
        return Validation(problems)
    try:
        tables = read_tables(TABLES, draft.data_files)
    except InputError as error:
        problems = (*problems, *error.problems)
        right = right_tables(TABLES, draft.data_files)
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, right))
    problems = (*problems, *unknown_ids(draft.tree, tables))
    # Figures are judged by what is right of the scenario, so that one round names them all.
    rest = None if draft.problems else draft.rest(problems)
    if rest is None or not rest.has_its_ground:
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, tables))
    try:
        inputs = build_inputs_from(rest.scenario, tables)
    except InputError as error:
        problems = (*problems, *rest.in_whole_blocks(error.problems))
        wrong = {(problem.file, problem.line, problem.column) for problem in problems}
        found = warnings_of(rest.scenario, tables)
        found = tuple(w for w in found if (w.file, w.line, w.column) not in wrong)
        return Validation(problems, (), found)
    return Validation(problems, () if problems else inputs.noted_settings, inputs.warnings)


# --- Figures of the data with a low and a high of their own, and the same data with them moved ----

_FOLLOWS: Final = {("facility_market", "construction_usd_per_w"): "index"}
"""Columns that the model reads in place of one with a low and a high, in proportion to it."""
_NO_QUANTITY: Final = ("year", "source_year", "lat", "lon")
_NO_FIGURES: Final = frozenset({"plausible_ranges"})


@dataclass(frozen=True)
class UncertainFigure:
    """A figure with its low and high; rows of one column that state the same are one figure."""

    table: str  # where it is, in the column that the model reads
    column: str
    rows: tuple[int, ...]  # positions of its rows
    item: str  # what its rows are called, by their key
    unit: str  # its unit
    value: float  # as the table has it, and how low and how high it may well be
    low: float
    high: float
    kind: str  # whether it is published, derived, an estimate or of the brief (``seed``), and where from
    source: str
    is_whole: bool = False  # whether it is an integer, as a year is

    @property
    def is_price(self) -> bool:
        """Whether it is so much money for something: what is paid is in proportion to it."""
        return self.unit.startswith("USD")

    @property
    def further(self) -> float:
        """Low or high, whichever is further away."""
        return self.low if self.value - self.low > self.high - self.value else self.high

    def value_at(self, share: float) -> float:
        """Return the value at a share of the way from low to high. Takes `share` [0, 1]."""
        if self.is_whole:
            steps = round(self.high - self.low)
            return self.low + min(math.floor(share * (steps + 1)), steps)
        return self.low + share * (self.high - self.low)


def figures_of(tables: Mapping[str, pd.DataFrame]) -> list[UncertainFigure]:
    """List the figures of some tables that have a low and a high."""
    schemas = load_package().tables
    return [
        figure
        for name in TABLES
        if name in tables and name not in _NO_FIGURES
        for figure in _of_table(schemas[name], tables[name])
    ]


def unmoved_figures(tables: Mapping[str, pd.DataFrame]) -> int:
    """Count the figures of some tables that have no low and high of their own."""
    count = 0
    for schema in (load_package().tables[name] for name in TABLES if name in tables):
        if schema.name in _NO_FIGURES:
            continue
        frame = tables[schema.name]
        ranged = [field for field in schema.fields if field.between is not None]
        ends = {name for field in ranged if field.between is not None for name in field.between}
        apart = {*schema.primary_key, *ends, *_NO_QUANTITY}
        for field in schema.fields:
            if field.is_number and field.name in frame and field.name not in apart:
                stated = ~np.isnan(floats(frame, field.name))
                if field.between is not None:
                    low, high = (np.isnan(floats(frame, end)) for end in field.between)
                    stated &= low | high
                count += int(stated.sum())
    return count


def _of_table(schema: TableSchema, frame: pd.DataFrame) -> list[UncertainFigure]:
    figures: list[UncertainFigure] = []
    if all(field.between is None for field in schema.fields):
        return figures
    keys = [frame[name].tolist() for name in schema.primary_key if name in frame]
    names = [" ".join(map(str, key)) for key in zip(*keys, strict=True)]
    for field in schema.fields:
        if field.between is None or frame.empty:
            continue
        read = _FOLLOWS.get((schema.name, field.name), field.name)
        values = floats(frame, read)
        scale = values / floats(frame, field.name) if read != field.name else 1.0
        lows, highs = (floats(frame, end) * scale for end in field.between)
        items = texts(frame, "item") if "item" in frame else [""] * len(frame)
        units = _units(schema, frame, read)
        # A rack and its power-capped twin, or one price for all regions: one figure of one source.
        alike: dict[tuple[Any, ...], list[int]] = {}
        for at in np.flatnonzero((lows < highs) & ~np.isnan(values)).tolist():
            figure = float(values[at]), float(lows[at]), float(highs[at]), units[at], items[at]
            alike.setdefault(figure, []).append(at)
        kinds, sources = frame["kind"].tolist(), frame["source"].tolist()
        for (value, low, high, unit, _), positions in alike.items():
            where = schema.name, read, tuple(positions), ", ".join(names[at] for at in positions)
            origin = str(kinds[positions[0]]), str(sources[positions[0]])
            figures.append(UncertainFigure(*where, unit, value, low, high, *origin, field.type == "integer"))
    return figures


def _units(schema: TableSchema, frame: pd.DataFrame, column: str) -> Sequence[str]:
    """Return the unit of each row: of the column, or where it differs by row, its own."""
    (unit,) = (field.unit for field in schema.fields if field.name == column)
    if "unit" in frame and unit in {"see unit", "capex_unit"}:
        return texts(frame, "unit")
    return [unit] * len(frame)


def with_values(
    tables: Mapping[str, pd.DataFrame], values: Sequence[tuple[UncertainFigure, float]]
) -> dict[str, pd.DataFrame]:
    """Return tables with other values of some figures; all else is shared with those given."""
    changed = dict(tables)
    columns: dict[tuple[str, str], NDArray[np.float64]] = {}
    for figure, value in values:
        key = (figure.table, figure.column)
        if key not in columns:
            columns[key] = tables[figure.table][figure.column].to_numpy(np.float64, copy=True)
        columns[key][list(figure.rows)] = value
    for (table, name), column in columns.items():
        changed[table] = changed[table].assign(**{name: column})
    return changed


def moved_figures(values: Sequence[tuple[UncertainFigure, float]]) -> dict[str, str]:
    """Say which figures have other values than in their table."""
    moved: dict[str, list[str]] = {}
    for figure, value in values:
        if value != figure.value:
            column = f"{figure.table}.{figure.column}"
            moved.setdefault(column, []).append(f"{value:.10g} of {figure.item}")
    return {column: ", ".join(said) for column, said in moved.items()}
