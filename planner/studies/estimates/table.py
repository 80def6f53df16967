"""The figures that decide, as a table, and how much was solved for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.words import amount
from planner.outputs.answer import Answer
from planner.outputs.labels import CANNOT_HOLD, cannot_hold, figure_names, figure_words
from planner.outputs.own_folder import ESTIMATES
from planner.outputs.table_files import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.inputs.inputs import Inputs
    from planner.inputs.uncertain_figures import UncertainFigure

COLUMNS: Final = (
    *("rank", "table", "item", "column", "unit", "kind", "value", "low", "high", "low_musd", "high_musd"),
    *("swing_musd", "low_resolved_musd", "high_resolved_musd", "racks_moved_mw", "source"),
)
NO_EFFECT_MUSD: Final = 1e-6
"""A change of cost that is none. [MUSD]"""


@dataclass(frozen=True, eq=False, repr=False)
class Estimates(Answer):
    """Which figures decide."""

    kind = ESTIMATES
    saved = ("estimates=table",)

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

    def to_json(self) -> list[dict[str, Any]]:
        """Return the figures that decide."""
        return records(self.table)


@dataclass(frozen=True)
class Again:
    """How much was solved again."""

    solved: int  # ends of figures that were solved again, and all that were to be
    ends: int
    seconds: float  # time that it was given. [s]
    too_slow: int = 0  # ends whose own solve reached the scenario's limit, and so are not among those solved


@dataclass
class FoundFigures:
    """What was found so far: effects of figures at their low and high [MUSD], and others."""

    effects: list[tuple[UncertainFigure, float, float]] = field(default_factory=list)
    in_steps: list[UncertainFigure] = field(default_factory=list)
    without_effect: int = 0


def first_order_row(rank: int, figure: UncertainFigure, low_musd: float, high_musd: float) -> dict[str, object]:
    """Make a row of the table, with what first order says of both ends."""
    return {
        **dict.fromkeys(COLUMNS, np.nan),
        **{name: value for name, value in vars(figure).items() if name in COLUMNS},
        **{"rank": rank, "low_musd": low_musd, "high_musd": high_musd, "swing_musd": swing_musd(low_musd, high_musd)},
    }


def swing_musd(low_musd: float, high_musd: float) -> float:
    """Return the larger change of cost of a figure at its low and its high. [MUSD]"""
    return max(abs(low_musd), abs(high_musd))


# --- The figures that decide in words --------------------------------------------------------------

_NOISE_MW: Final = 0.05
_KINDS: Final = {"seed": "of the brief", "estimate": "an estimate", "own": "your own"}


def sentences(table: pd.DataFrame, inputs: Inputs, cost_musd: float) -> list[str]:
    """Say of each figure how far it may be off and what that does to the cost."""
    names = figure_names(inputs.tables)
    return [_sentence(row, names, cost_musd) for row in table.to_dict("records")]


def note_of(found: Estimates, settings: int) -> str:
    """Say what was not moved, and how much of what was does nothing."""
    text = (
        f"{found.figures:,} figures have a low and a high of their own; the plan does not depend "
        f"on {found.without_effect:,} of them. {found.unmoved:,} figures of the same tables have "
        f"none, among them prices of power, and were not moved, nor were the {settings:,} settings "
        "of the scenario."
    )
    if found.in_steps:
        by_column = Counter((one.table, one.column) for one in found.in_steps)
        listed = ", ".join(
            f"{count} of {column.replace('_', ' ')} (table {table})" for (table, column), count in by_column.items()
        )
        text += f" Not ranked by first order, as they change in steps what can be done when: {listed}."
    again = found.again
    if again is not None and again.solved < again.ends:
        within = f" in the {amount(again.seconds)} s given (--seconds)"
        text += (
            f" Of {again.ends} ends of figures {again.solved} were solved again"
            f"{within if again.solved + again.too_slow < again.ends else ''}; the others are at"
            " first order, and those that change in steps are not ranked."
        )
        if again.too_slow:
            text += f" {again.too_slow} of those ends reached the limit of one solve (solver.time_limit_s)."
    return text


def _sentence(row: Mapping[Any, Any], names: dict[str, str], cost_musd: float) -> str:
    value, low, high = (_number(row[name]) for name in ("value", "low", "high"))
    low_musd, high_musd = float(str(row["low_musd"])), float(str(row["high_musd"]))
    item = figure_words(str(row["item"]), names)
    kind = _KINDS.get(str(row["kind"]), str(row["kind"]))
    unit = "" if row["unit"] == "-" else f" {row['unit']}"
    text = f"{item}, {value}{unit} ({kind}; table {row['table']}): "
    if np.isnan(low_musd):
        text += f"it could be {low} or {high}; its effect comes in steps, which first order cannot estimate"
    else:
        at_low, at_high = (
            f"{_change(musd)}{f', {CANNOT_HOLD}' if cannot_hold(musd, cost_musd) else ''}"
            for musd in (low_musd, high_musd)
        )
        text += f"at {low} the plan costs {at_low}, at {high} {at_high}"
    low_found, high_found, moved = (
        float(str(row[name])) for name in ("low_resolved_musd", "high_resolved_musd", "racks_moved_mw")
    )
    found = [(low, low_found), (high, high_found)]
    again = [f"{_change(musd)} at {end}" for end, musd in found if not np.isnan(musd)]
    if again:
        text += f"; solved again, {' and '.join(again)}"
    if moved > _NOISE_MW:  # not nan
        text += f", with {amount(moved)} MW of racks of another type bought"
    return f"{text}. Source: {row['source']}."


def _number(value: object) -> str:
    return amount(float(str(value)), 4)


def _change(musd: float) -> str:
    return f"{amount(abs(musd))} MUSD {'less' if musd < 0 else 'more'}"
