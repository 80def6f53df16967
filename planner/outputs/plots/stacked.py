"""Stacked columns by year: the largest series each in a colour of its own, the rest together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.svg import INK
from planner.outputs.plots.drawing import COLOURS, REST, amounts, key_beside, plain, say_instead, years_below

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["stack"]

_MOST: Final = len(COLOURS)
_WIDTH: Final = 0.72


def stack(axes: Axes, by_year: pd.DataFrame, unit: str) -> None:
    """Draw stacked columns; what is below 0 goes down from 0."""
    shown = _largest(by_year)
    if shown.empty:
        say_instead(axes, "nothing in any year")
        return
    years = [int(year) for year in shown.index]
    top, bottom = np.zeros(len(years)), np.zeros(len(years))
    colours = dict(zip(shown.columns, COLOURS, strict=False))
    for name in shown.columns:
        values = shown[name].to_numpy(dtype=float)
        base = np.where(values >= 0.0, top, bottom)
        colour = colours.get(name, REST)
        axes.bar(years, values, _WIDTH, bottom=base, color=colour, label=plain(str(name)))
        top, bottom = top + np.maximum(values, 0.0), bottom + np.minimum(values, 0.0)
    if (bottom < 0.0).any():
        axes.axhline(0.0, color=INK, linewidth=0.8)
    amounts(axes, unit)
    years_below(axes, years)
    key_beside(axes)


def _largest(by_year: pd.DataFrame) -> pd.DataFrame:
    """Return the largest series and the sum of the others, without those of zeros."""
    used = by_year.loc[:, (by_year != 0.0).any()]
    if len(used.columns) <= _MOST:
        return used
    order = used.abs().sum().nlargest(_MOST).index
    kept = used[[name for name in used.columns if name in order]]
    others = used.drop(columns=list(order)).sum(axis=1)
    return kept.assign(**{f"all {len(used.columns) - _MOST} others": others})
