"""The figures that decide, as a table, and how much was solved for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from planner.inputs.uncertain_figures import UncertainFigure

COLUMNS: Final = (
    "rank",
    "table",
    "item",
    "column",
    "unit",
    "kind",
    "value",
    "low",
    "high",
    "low_musd",
    "high_musd",
    "swing_musd",
    "low_resolved_musd",
    "high_resolved_musd",
    "racks_moved_mw",
    "source",
)
NO_EFFECT_MUSD: Final = 1e-6
"""A change of cost that is none. [MUSD]"""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Which figures decide."""

    # `COLUMNS`, the figure that moves the cost most first; attribute ``note`` says in words what was not moved
    table: pd.DataFrame
    figures: int  # how many figures have a low and a high
    # of these, those that were moved and do nothing to the plan; some that do little are not looked at one by one
    without_effect: int
    # figures that count in steps, as last years of sale and lead times do: what can be done when changes with them, of
    # which first order says nothing
    in_steps: tuple[UncertainFigure, ...]
    unmoved: int  # figures of the same tables that have no low and high, and are not moved
    again: Again | None = None  # how much was solved again; None where that was not asked for


@dataclass(frozen=True)
class Again:
    """How much was solved again."""

    solved: int  # ends of figures that were solved again, and all that were to be
    ends: int
    seconds: float  # time that it was given. [s]
    too_slow: int = 0  # ends whose own solve reached the scenario's limit, and so are not among those solved


def first_order_row(rank: int, figure: UncertainFigure, low_musd: float, high_musd: float) -> dict[str, object]:
    """Make a row of the table, with what first order says of both ends."""
    return {
        "rank": rank,
        "table": figure.table,
        "item": figure.item,
        "column": figure.column,
        "unit": figure.unit,
        "kind": figure.kind,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "low_musd": low_musd,
        "high_musd": high_musd,
        "swing_musd": swing_musd(low_musd, high_musd),
        "low_resolved_musd": np.nan,
        "high_resolved_musd": np.nan,
        "racks_moved_mw": np.nan,
        "source": figure.source,
    }


def swing_musd(low_musd: float, high_musd: float) -> float:
    """Return the larger change of cost of a figure at its low and its high. [MUSD]"""
    return max(abs(low_musd), abs(high_musd))
