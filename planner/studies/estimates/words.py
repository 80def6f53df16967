"""Sentences about the figures that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.say import amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.inputs.inputs import Inputs

__all__ = ["sentences"]

_NOISE_MW: Final = 0.05
_KINDS: Final = {"seed": "of the brief", "estimate": "an estimate", "own": "your own"}


def sentences(table: pd.DataFrame, inputs: Inputs) -> list[str]:
    """Say of each figure how far it may be off and what that does to the cost.

    Parameters
    ----------
    table : DataFrame
        Of `planner.studies.estimates.Estimates`.
    inputs : Inputs
        Its tables hold the names.
    """
    names = _names(inputs)
    return [_sentence(row, names) for row in table.to_dict("records")]


def _sentence(row: Mapping[Any, Any], names: dict[str, str]) -> str:
    value, low, high = (_number(row[name]) for name in ("value", "low", "high"))
    at_low, at_high = float(str(row["low_musd"])), float(str(row["high_musd"]))
    item = ", ".join(names.get(one, one.replace("_", " ")) for one in str(row["item"]).split(", "))
    kind = _KINDS.get(str(row["kind"]), str(row["kind"]))
    unit = "" if row["unit"] == "-" else f" {row['unit']}"
    text = (
        f"{item}, {value}{unit} ({kind}; table {row['table']}): at {low} the plan costs "
        f"{_change(at_low)}, at {high} {_change(at_high)}"
    )
    low_found, high_found, moved = (
        float(str(row[name]))
        for name in ("low_resolved_musd", "high_resolved_musd", "racks_moved_mw")
    )
    if not np.isnan(low_found) and not np.isnan(high_found):
        text += f"; solved again, {_change(low_found)} and {_change(high_found)}"
    if moved > _NOISE_MW:  # not nan
        text += f", with {amount(moved)} MW of racks of another type bought"
    return f"{text}. Source: {row['source']}."


def _number(value: object) -> str:
    return amount(float(str(value)), 4)


def _change(musd: float) -> str:
    return f"{amount(abs(musd))} MUSD {'less' if musd < 0 else 'more'}"


def _names(inputs: Inputs) -> dict[str, str]:
    """Return names by id, of all tables whose key has one."""
    names: dict[str, str] = {}
    for table, key in (
        ("racks", "rack"),
        ("facility_cost", "item"),
        ("cooling", "cooling"),
        ("lead_times", "item"),
        ("facility_market", "market"),
    ):
        frame = inputs.tables[table]
        names |= dict(zip(frame[key].astype(str), frame["name"].astype(str), strict=True))
    return names
