"""Figures of the data with a low and a high of their own, and the same data with them moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.family.table_columns import floats, texts
from planner.inputs.build import TABLES
from planner.tables.descriptor import load_package

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from planner.tables.descriptor import TableSchema

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
