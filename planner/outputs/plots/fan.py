"""What a figure of a sweep may come to: the middle future, and how far the others spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.svg import INK
from planner.outputs.plots.drawing import COLOURS, amounts, sheet, years_below

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.plots.drawing import Drawing

__all__ = ["draw_fan"]

_BANDS: Final = ((0.0, 1.0, "all futures"), (0.1, 0.9, "eight of ten"), (0.25, 0.75, "half"))
_DARKER: Final = 0.22


def draw_fan(results: pd.DataFrame, figure: str, *, title: str) -> Drawing:
    """Draw the spread of a figure over the futures of a sweep by model year."""
    rows = results[results["year"].notna()]
    of = rows[rows["figure"] == figure]
    if of.empty:
        known = ", ".join(dict.fromkeys(rows["figure"].astype(str)))
        message = f"no future has {figure!r} by year; there are {known}"
        raise ValueError(message)
    by_year = of.groupby("year")["value"]
    years = [int(year) for year in sorted(of["year"].unique())]
    unit = str(of["unit"].iloc[0])
    about = f"{figure}, {of['future'].nunique()} futures, each year by itself"
    with sheet(title, about) as (drawing, (axes,)):
        for low, high, label in _BANDS:
            ends = by_year.quantile(low), by_year.quantile(high)
            axes.fill_between(years, *ends, color=COLOURS[0], alpha=_DARKER, lw=0, label=label)
        axes.plot(years, by_year.median(), color=INK, marker="o", markersize=3.5, label="median")
        amounts(axes, unit)
        years_below(axes, years)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing
