"""A plan beside another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.outputs.plots.drawing import COLOURS, amounts, heading, plain, sheet, years_below

if TYPE_CHECKING:
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_comparison"]


def draw_comparison(run: Run, other: Run) -> Drawing:
    """Draw mean power at the meter by year, and net present value by group of cost items."""
    pair, names = (run, other), [plain(one.label) for one in (run, other)]
    with sheet(f"{names[0]} and {names[1]}", columns=2) as (drawing, (power, cost)):
        for one, name, colour in zip(pair, names, COLOURS, strict=False):
            of = one.tables["summary"].set_index("year")["facility_mean_mw"]
            power.plot(of.index, of, marker="o", markersize=3.5, color=colour, label=name)
        heading(power, "Mean power at the meter")
        years_below(power, sorted({year for one in pair for year in one.years}))
        amounts(power, "MW")
        power.legend(loc="lower right")
        sums = pd.DataFrame({at: _npv(one) for at, one in enumerate(pair)}).fillna(0.0)
        sums = sums[(sums != 0.0).any(axis=1)]
        rows = np.arange(len(sums))
        for at, name in enumerate(names):
            place = rows + 0.2 - 0.4 * at
            cost.barh(place, sums[at], 0.36, color=COLOURS[at], label=name)
        cost.set_yticks(rows, [str(group) for group in sums.index])
        heading(cost, "Net present value by group of items")
        cost.grid(visible=False, axis="y")
        amounts(cost, "MUSD", axis="x")
    return drawing


def _npv(run: Run) -> pd.Series[float]:
    return run.tables["costs"].groupby("group", observed=True)["npv_musd"].sum()
