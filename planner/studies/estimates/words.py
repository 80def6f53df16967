"""Sentences about the figures that decide."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.words import amount
from planner.outputs.labels import CANNOT_HOLD, cannot_hold, figure_names, figure_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.inputs.inputs import Inputs
    from planner.studies.estimates.table import Estimates

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
