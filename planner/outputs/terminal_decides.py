"""The figures that decide what a plan costs, as a table of a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.table import Table
from rich.text import Text

from planner.base.number_format import amount
from planner.outputs.first_order import MARK, cannot_hold
from planner.outputs.labels import figure_names, figure_words, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["decides"]

_DIGITS: Final = 4
_MILLION: Final = 1e6
_PRICE_YEAR: Final = re.compile(r" of \d{4}")
"""What a narrow screen leaves out of a unit, as in USD of 2025/kW."""


def decides(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], cost_musd: float) -> Table:
    """Lay out the figures whose own low and high move the cost of a plan most."""
    names = figure_names(tables)
    shown = Table(box=None, pad_edge=False, header_style="bold")
    # On a narrow screen rich makes columns that may wrap narrower before it cuts those that may
    # not: words give way to numbers. Their texts are cut, not wrapped, so that a row is one line.
    shown.add_column(_cut("Figures that decide"), max_width=24)
    shown.add_column(_cut("unit"), max_width=12)
    for head in ("value", "low", "MUSD", "high", "MUSD"):
        shown.add_column(head, justify="right", no_wrap=True)
    for row in table.to_dict("records"):
        value, low, high = (_short(float(row[name])) for name in ("value", "low", "high"))
        at_low, at_high = (_change(float(row[f"{end}_musd"]), cost_musd) for end in ("low", "high"))
        words_of = figure_words(str(row["item"]), names)
        # A bare number says least: Dallas, 0.889 is the construction index of a market.
        name = _cut(f"{words_of}, {words(str(row['column']))}" if row["unit"] == "-" else words_of)
        unit = _cut(_PRICE_YEAR.sub("", str(row["unit"])))
        shown.add_row(name, unit, value, low, at_low, high, at_high)
    return shown


def _cut(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _short(value: float) -> str:
    """Write a figure with four digits, millions as such."""
    if abs(value) >= _MILLION:
        return f"{amount(value / _MILLION, _DIGITS)} M"
    return amount(value, _DIGITS)


def _change(musd: float, cost_musd: float) -> str:
    if np.isnan(musd):
        return "-"
    mark = MARK if cannot_hold(musd, cost_musd) else ""
    return f"{'-' if musd < 0.0 else '+'}{amount(abs(musd))}{mark}"
